//! Certificates: who a node is, which area it serves and what it may do. An offline root signs
//! the county, a node signs its children; a child's area lies within its parent's and its rights
//! are among its parent's. A chain runs from a node's own certificate up to the one that the root
//! signed.

mod chain;
mod endorsement;
mod issue;
mod revocation;

pub use chain::{ChainError, Fault, Standing, verify_chain};
pub use endorsement::{Endorsement, Keys, KeysError, MAX_ROTATIONS, Pin};
pub use issue::{IssueError, issue_root};
pub use revocation::{
    LIST_VALIDITY, LastGood, ListError, Lists, MAX_REVOKED, ROOT_LIST_VALIDITY, Reason,
    RevocationList, Revoked, Status,
};

use std::collections::BTreeSet;
use std::time::Duration;

use record::cbor::Limits;
use record::{Domain, NodeId, PublicKey, SerdeStatement, StatementError, Timestamp};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::area::AreaCode;

/// Version of the certificate's form.
pub const VERSION: u16 = 1;
/// Most certificates in a chain.
pub const MAX_CHAIN: usize = 6;
/// Most characters of a node's name.
pub const MAX_NAME: usize = 64;
/// Most bytes of a level's key.
pub const MAX_LEVEL: usize = 32;
/// How long before its beginning a certificate is accepted, for clocks that run behind (S6). An
/// end has no such grace.
pub const CLOCK_SLACK: Duration = Duration::from_secs(10 * 60);

/// What a certificate allows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Have grids and cases of its own.
    Govern,
    /// Sign certificates of children; only together with leave to delegate.
    Enrol,
    /// Take part as a member unit of a big work committee (大工委, L1).
    Member,
    /// Ask the nodes below for numbers.
    Aggregate,
}

/// Who signed a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Issuer {
    /// The federation's root.
    Root,
    /// The node above.
    Node(NodeId),
}

/// A node's certificate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// [`VERSION`].
    pub version: u16,
    /// The node.
    pub node: NodeId,
    /// The key it signs with: the one it was born with, or the last that [`Self::endorsements`]
    /// lead to.
    pub key: PublicKey,
    /// The word of each key given up for the next, the first one first: signed [`Endorsement`]s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endorsements: Vec<ByteBuf>,
    /// What people call the node, 1 to [`MAX_NAME`] characters.
    pub name: String,
    /// Key of the level it works at, such as `township`: `a-z`, `0-9`, `_`, `-`.
    pub level: String,
    /// The area it serves.
    pub area: AreaCode,
    /// What it may do.
    pub rights: BTreeSet<Right>,
    /// Whether it may have children.
    pub delegate: bool,
    /// Counts up with every certificate of this node; the higher one holds (S12).
    pub serial: u64,
    /// First moment at which it holds.
    pub not_before: Timestamp,
    /// First moment at which it no longer holds.
    pub not_after: Timestamp,
    /// Who signed.
    pub issuer: Issuer,
}

impl Certificate {
    /// Whether this is a successor of `known` that may take its place: for the same node, with a
    /// higher serial. The same serial with other contents is a forgery or a mistake.
    #[must_use]
    pub fn supersedes(&self, known: &Self) -> bool {
        self.node == known.node && self.serial > known.serial
    }

    /// Whether it holds at the time, [`CLOCK_SLACK`] included.
    #[must_use]
    pub fn is_valid(&self, at: Timestamp) -> bool {
        self.not_before <= at.plus(CLOCK_SLACK) && at < self.not_after
    }

    /// Whether it may sign children.
    #[must_use]
    pub fn may_enrol(&self) -> bool {
        self.delegate && self.rights.contains(&Right::Enrol)
    }
}

impl SerdeStatement for Certificate {
    const DOMAIN: Domain = Domain::Certificate;
    const LIMITS: Limits = Limits { bytes: 6144, depth: 4, items: 64 };

    fn check(&self) -> Result<(), StatementError> {
        if self.version != VERSION {
            let (found, known) = (u64::from(self.version), u64::from(VERSION));
            return Err(StatementError::Version { found, known });
        }
        rule("name", "must have 1 to 64 visible characters", is_name(&self.name))?;
        rule("level", "must be 1 to 32 of a-z 0-9 _ -", is_key(&self.level))?;
        rule("not_after", "must be later than not_before", self.not_before < self.not_after)?;
        let few = self.endorsements.len() <= MAX_ROTATIONS;
        rule("endorsements", "must be at most 8", few)?;
        let born_with = self.node.genesis_key() == self.key;
        let endorsed = !self.endorsements.is_empty();
        rule("key", "must be the one the node was born with, or endorsed", born_with != endorsed)
    }
}

/// Printable, neither blank nor able to reorder or hide the text around it.
fn is_name(name: &str) -> bool {
    let fits = (1..=MAX_NAME).contains(&name.chars().count());
    fits && name.trim() == name && !name.chars().any(is_deceptive)
}

/// Control characters, and the bidirectional and zero-width ones with which a name could pose as
/// another.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || c == '\u{feff}'
}

fn is_key(key: &str) -> bool {
    let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=MAX_LEVEL).contains(&key.len()) && key.bytes().all(allowed)
}

fn rule(field: &'static str, rule: &'static str, kept: bool) -> Result<(), StatementError> {
    if kept { Ok(()) } else { Err(StatementError::Rule { field, rule }) }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
