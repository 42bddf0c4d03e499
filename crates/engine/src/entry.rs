//! Share streams: what a sender says about each thing it gives to one recipient, and what the
//! recipient says about having it. Every pair of nodes has its own chain and its own numbers, so
//! that a recipient sees gaps and learns nothing of how much others get.

use record::cbor::Limits;
use record::{Domain, FieldId, NodeId, RecordId, SerdeStatement, StatementError, Timestamp};
use serde::{Deserialize, Serialize};

/// Version of both statements.
pub const VERSION: u16 = 1;

/// An entry of a share stream: the manifest of one record given to one recipient.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// [`VERSION`].
    pub version: u16,
    /// Who gives.
    pub sender: NodeId,
    /// Who is given.
    pub recipient: NodeId,
    /// Number in this stream, from 1, without gaps.
    pub number: u64,
    /// Id of the entry before; zero for the first.
    pub prev: RecordId,
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
}

impl SerdeStatement for Entry {
    const DOMAIN: Domain = Domain::Entry;
    const LIMITS: Limits = Limits { bytes: 4096, depth: 4, items: 256 };

    fn check(&self) -> Result<(), StatementError> {
        version(self.version)?;
        rule("number", "must be at least 1", self.number > 0)?;
        rule(
            "prev",
            "must be zero exactly at number 1",
            self.prev.is_zero() == (self.number == 1),
        )?;
        rule("fields", "must ascend", self.fields.is_sorted_by(|a, b| a < b))
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
    /// The id of that entry.
    pub entry: RecordId,
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
