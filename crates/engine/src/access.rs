//! The access log: who read what, in codes, ids and times. Each entry names the link of those
//! before it, so none can be taken out or changed without all later ones; now and then a signed
//! record says how far the log had come ([`crate::kind::ACCESS_SEALED`]), and with that record's
//! log others witness it, too.
//!
//! Entries are frames of the journal, not records: a record's sequence number is seen by whoever is
//! given the next one, and nobody outside is to learn how much is read here.

use std::time::Duration;

use record::cbor::{self, Limits};
use record::{FederationId, FieldId, Hash, NodeId, StatementError, Subject, Timestamp};
use serde::{Deserialize, Serialize};

/// Version of the entry.
pub const VERSION: u16 = 1;
/// Most fields that an entry names.
pub const MAX_FIELDS: usize = 64;
/// The same look at the same thing by the same person is put on record once in so long.
pub const SAME_LOOK: Duration = Duration::from_secs(600);
/// An entry is bound to the signed log at the latest so long after it was made.
pub const SEALED_WITHIN: Duration = Duration::from_secs(3_600);

/// What was looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// A list of cases.
    List,
    /// Cases found by words.
    Search,
    /// A case.
    Case,
    /// What happened to a case.
    Timeline,
    /// The proof of a step.
    Proof,
    /// A photo.
    Photo,
    /// Cases that are like another.
    Similar,
    /// Who was given what of a case.
    Ledger,
    /// A registration of a serving member.
    Member,
    /// What an act would give to others.
    Preview,
    /// Cases for another system.
    Export,
    /// Values that are masked otherwise.
    Reveal,
    /// This log.
    Log,
}

/// What for, out of a fixed list: nobody can write a name into the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The work on the case itself.
    Work,
    /// To reach the person.
    Contact,
    /// To find out who they are.
    Identify,
    /// Somebody is in danger.
    Emergency,
    /// To look into how a case was dealt with.
    Supervision,
    /// The person asked.
    Request,
}

/// What somebody looked at.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Reading {
    /// In which role.
    pub role: String,
    /// What.
    pub look: Look,
    /// The case, person or registration; none for lists.
    pub subject: Option<Subject>,
    /// The fields of words and personal data that were shown, ascending.
    pub fields: Vec<FieldId>,
    /// What for.
    pub purpose: Purpose,
}

/// An entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessEntry {
    /// [`VERSION`].
    pub version: u16,
    /// Number in the log, from 1, without gaps.
    pub number: u64,
    /// The log's link before this entry.
    pub before: Hash,
    /// When.
    pub time: Timestamp,
    /// Opaque id of the person.
    pub person: Subject,
    /// In which role.
    pub role: String,
    /// What was looked at.
    pub look: Look,
    /// The case, person or registration; none for lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The fields of words and personal data that were shown, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldId>,
    /// What for.
    pub purpose: Purpose,
}

/// How far the log has come: no entries and [`first_link`] at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccessMark {
    /// Number of the last entry.
    pub number: u64,
    /// The link after it.
    pub link: Hash,
}

impl AccessEntry {
    const LIMITS: Limits = Limits { bytes: 1024, depth: 4, items: 128 };

    /// The entry in canonical CBOR.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self).expect("an entry has a deterministic encoding")
    }

    /// The entry of these bytes, if they are exactly what [`Self::encode`] gives for it.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let entry: Self = cbor::decode(bytes, &Self::LIMITS)?;
        if entry.version != VERSION {
            let (found, known) = (entry.version.into(), VERSION.into());
            return Err(StatementError::Version { found, known });
        }
        let rule = |field, rule, kept: bool| {
            if kept { Ok(()) } else { Err(StatementError::Rule { field, rule }) }
        };
        rule("number", "must be at least 1", entry.number > 0)?;
        rule("fields", "must ascend", entry.fields.is_sorted_by(|a, b| a < b))?;
        rule("fields", "must be at most 64", entry.fields.len() <= MAX_FIELDS)?;
        Ok(entry)
    }
}

impl AccessMark {
    /// The start of a node's log.
    #[must_use]
    pub fn start(federation: &FederationId, node: NodeId) -> Self {
        Self { number: 0, link: first_link(federation, node) }
    }

    /// The mark after an entry, which is given as its bytes.
    #[must_use]
    pub fn after(self, entry: &[u8]) -> Self {
        Self { number: self.number + 1, link: next_link(&self.link, entry) }
    }

    /// Whether the entry is the next one.
    #[must_use]
    pub fn continues(&self, entry: &AccessEntry) -> bool {
        (entry.number, entry.before) == (self.number + 1, self.link)
    }
}

/// The link of a log without entries.
#[must_use]
pub fn first_link(federation: &FederationId, node: NodeId) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("wangge access log v1");
    hasher.update(federation.as_bytes()).update(node.as_bytes());
    Hash::from_bytes(*hasher.finalize().as_bytes())
}

fn next_link(before: &Hash, entry: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("wangge access log link v1");
    hasher.update(before.as_bytes()).update(entry);
    Hash::from_bytes(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(mark: AccessMark) -> AccessEntry {
        AccessEntry {
            version: VERSION,
            number: mark.number + 1,
            before: mark.link,
            time: Timestamp::EPOCH,
            person: Subject::from_bytes([1; 16]),
            role: "grid_worker".into(),
            look: Look::Case,
            subject: Some(Subject::from_bytes([2; 16])),
            fields: vec![FieldId(32), FieldId(33)],
            purpose: Purpose::Work,
        }
    }

    #[test]
    fn every_byte_of_an_entry_is_held_by_the_link() {
        let start =
            AccessMark::start(&FederationId::from_bytes([9; 32]), NodeId::from_bytes([8; 32]));
        let bytes = entry(start).encode();
        let after = start.after(&bytes);
        assert!(after.continues(&entry(after)) && !start.continues(&entry(after)));
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_ne!(start.after(&other), after);
            let read = AccessEntry::decode(&other);
            assert!(read.as_ref().is_err() || read.ok() != Some(entry(start)));
        }
    }
}
