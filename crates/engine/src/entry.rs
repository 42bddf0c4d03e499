//! Share streams: what a sender says about each thing it gives to one recipient, and what the
//! recipient says about having it. Every pair of nodes has its own chain and its own numbers, so
//! that a recipient sees gaps and learns nothing of how much others get.
//!
//! An entry is not signed by itself. Each one changes the stream's link, and the sender signs the
//! link at the end of every page ([`StreamHead`]): one signature vouches for all entries up to it.
//! To prove one entry to a third party, the link before it, the entry, the hashes of those after
//! it and the head are enough; the others stay unseen.

use record::cbor::{self, Limits};
use record::{
    Domain, FederationId, FieldId, Hash, NodeId, RecordId, SerdeStatement, StatementError,
    Timestamp,
};
use serde::{Deserialize, Serialize};

/// Version of both statements, and of an entry that says no more than its first form could.
pub const VERSION: u16 = 1;
/// Version of an entry that has a limit of time or fields that staff kept back. Whoever knows the
/// first form alone refuses it, rather than use what it may no longer use.
pub const NARROWED: u16 = 2;

/// An entry of a share stream: the manifest of one record given to one recipient.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// [`VERSION`] or [`NARROWED`]: see [`Entry::form`].
    pub version: u16,
    /// Number in this stream, from 1, without gaps.
    pub number: u64,
    /// The record.
    pub record: RecordId,
    /// The record's author.
    pub author: NodeId,
    /// The author's epoch.
    pub epoch: u32,
    /// The author's sequence number.
    pub seq: u64,
    /// The fields that go along, ascending.
    pub fields: Vec<FieldId>,
    /// What for.
    pub purpose: String,
    /// On what legal basis.
    pub basis: String,
    /// The policy that allowed it: `key/version`.
    pub policy: String,
    /// When.
    pub time: Timestamp,
    /// Until when the recipient may use words and personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The fields that policy would have let go and staff kept back, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<FieldId>,
}

impl Entry {
    const LIMITS: Limits = Limits { bytes: 4096, depth: 4, items: 256 };

    /// The entry in canonical CBOR.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self).expect("an entry has a deterministic encoding")
    }

    /// The version that an entry with these has to have, so that every entry has one form.
    #[must_use]
    pub fn form(until: Option<Timestamp>, withheld: &[FieldId]) -> u16 {
        if until.is_none() && withheld.is_empty() { VERSION } else { NARROWED }
    }

    /// The entry of these bytes, if they are exactly what [`Self::encode`] gives for it.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let entry: Self = cbor::decode(bytes, &Self::LIMITS)?;
        let form = Self::form(entry.until, &entry.withheld);
        if entry.version != form {
            let (found, known) = (entry.version.into(), form.into());
            return Err(StatementError::Version { found, known });
        }
        rule("number", "must be at least 1", entry.number > 0)?;
        let ascend = |fields: &[FieldId]| fields.is_sorted_by(|a, b| a < b);
        rule("fields", "must ascend", ascend(&entry.fields))?;
        rule("withheld", "must ascend", ascend(&entry.withheld))?;
        let apart = entry.withheld.iter().all(|id| entry.fields.binary_search(id).is_err());
        rule("withheld", "must not be among the fields that go along", apart)?;
        Ok(entry)
    }
}

/// The link of a stream that has no entries yet.
#[must_use]
pub fn first_link(federation: &FederationId, sender: NodeId, recipient: NodeId) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("wangge share stream v1");
    hasher.update(federation.as_bytes()).update(sender.as_bytes()).update(recipient.as_bytes());
    Hash::from_bytes(*hasher.finalize().as_bytes())
}

/// The link after an entry, from the one before it and the hash of the entry's bytes.
#[must_use]
pub fn next_link(before: &Hash, entry: &Hash) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("wangge share stream link v1");
    hasher.update(before.as_bytes()).update(entry.as_bytes());
    Hash::from_bytes(*hasher.finalize().as_bytes())
}

/// A sender's word on what a stream is up to a number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamHead {
    /// [`VERSION`].
    pub version: u16,
    /// Who gives, and signs.
    pub sender: NodeId,
    /// Who is given.
    pub recipient: NodeId,
    /// The last number.
    pub number: u64,
    /// The link after that entry: see [`next_link`].
    pub link: Hash,
}

impl SerdeStatement for StreamHead {
    const DOMAIN: Domain = Domain::Stream;
    const LIMITS: Limits = Limits { bytes: 512, depth: 2, items: 16 };

    fn check(&self) -> Result<(), StatementError> {
        version(self.version)?;
        rule("number", "must be at least 1", self.number > 0)
    }
}

/// A recipient's word that it has everything of a stream up to a number: delivery evidence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// [`VERSION`].
    pub version: u16,
    /// Who gave.
    pub sender: NodeId,
    /// Who has it, and signs.
    pub recipient: NodeId,
    /// The last number.
    pub number: u64,
    /// The link after that entry: see [`next_link`].
    pub link: Hash,
}

impl SerdeStatement for Acknowledgement {
    const DOMAIN: Domain = Domain::Acknowledgement;
    const LIMITS: Limits = Limits { bytes: 512, depth: 2, items: 16 };

    fn check(&self) -> Result<(), StatementError> {
        version(self.version)?;
        rule("number", "must be at least 1", self.number > 0)
    }
}

fn version(found: u16) -> Result<(), StatementError> {
    if found == VERSION {
        return Ok(());
    }
    Err(StatementError::Version { found: found.into(), known: VERSION.into() })
}

fn rule(field: &'static str, rule: &'static str, kept: bool) -> Result<(), StatementError> {
    if kept { Ok(()) } else { Err(StatementError::Rule { field, rule }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            version: VERSION,
            number: 3,
            record: RecordId::ZERO,
            author: NodeId::from_bytes([1; 32]),
            epoch: 0,
            seq: 7,
            fields: vec![FieldId(2), FieldId(32)],
            purpose: "whistle".into(),
            basis: "C5".into(),
            policy: "she-county/3".into(),
            time: Timestamp::EPOCH,
            until: None,
            withheld: Vec::new(),
        }
    }

    #[test]
    fn entries_of_the_first_form_are_the_same_bytes_as_ever() {
        let hash = Hash::of(&entry().encode()).to_string();
        assert_eq!(hash, "e64bf3882fe5240301f7300c93f8f12567ef2fbfa20c53ef545c65636cfdaf3c");
        assert!(Entry::decode(&entry().encode()) == Ok(entry()));
    }

    #[test]
    fn a_narrowed_entry_says_so_in_its_version_and_has_one_form() {
        let until = Some(Timestamp::EPOCH);
        let limited = Entry { version: NARROWED, until, ..entry() };
        let withheld = Entry { version: NARROWED, withheld: vec![FieldId(33)], ..entry() };
        for good in [&limited, &withheld] {
            assert!(Entry::decode(&good.encode()).as_ref() == Ok(good));
        }
        let twice = vec![FieldId(33), FieldId(33)];
        for bad in [
            Entry { version: NARROWED, ..entry() },
            Entry { until, ..entry() },
            Entry { version: 3, ..limited.clone() },
            Entry { withheld: vec![FieldId(33)], ..entry() },
            Entry { withheld: vec![FieldId(32)], ..withheld.clone() },
            Entry { withheld: twice, ..withheld.clone() },
        ] {
            assert!(Entry::decode(&bad.encode()).is_err());
        }
    }
}
