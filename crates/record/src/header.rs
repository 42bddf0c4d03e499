//! A record's header: who did what to which subject, when, after what. No personal data.

mod codec;

use crate::ids::{ActorId, Commitment, FieldId, Kind, NodeId, RecordId, Subject};
use crate::statement::StatementError;
use crate::time::Timestamp;
use crate::tree;

/// How many records a record may name as its causes.
pub const MAX_CAUSES: usize = 16;
/// How many fields a record's body may have.
pub const MAX_COMMITMENTS: usize = 64;
/// Length of a role's name in bytes.
pub const MAX_ROLE_BYTES: usize = 32;

/// The signed part of a record. Its body travels beside it, as [`crate::Disclosure`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The node whose log this is in.
    pub author: NodeId,
    /// Which life of the log, from 0. An operator opens a new one when the log was rolled back.
    pub epoch: u32,
    /// Place in the epoch's log, from 0, without gaps; below [`tree::MAX_SIZE`].
    pub seq: u64,
    /// The record before this one. [`RecordId::ZERO`] for the very first (epoch 0, seq 0); the
    /// first of a later epoch names the last record of the log that it goes on from.
    pub prev: RecordId,
    /// By the author's clock.
    pub time: Timestamp,
    /// What it is about.
    pub subject: Subject,
    /// What it does.
    pub kind: Kind,
    /// Records that led to this one: up to [`MAX_CAUSES`], each once, in the author's order.
    pub causes: Vec<RecordId>,
    /// The acting person; absent when the node acts by itself.
    pub actor: Option<Actor>,
    /// The body's fields: up to [`MAX_COMMITMENTS`], ascending by field.
    pub commitments: Vec<(FieldId, Commitment)>,
}

/// Who acted, as far as a header tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Opaque outside the author's node.
    pub id: ActorId,
    /// The role they acted in: 1 to [`MAX_ROLE_BYTES`] bytes of `a-z`, `0-9`, `_`, `-`.
    pub role: String,
}

impl Header {
    /// The commitment to `field`, if the body has it.
    pub fn commitment(&self, field: FieldId) -> Option<&Commitment> {
        let found = self.commitments.binary_search_by_key(&field, |(field, _)| *field).ok()?;
        self.commitments.get(found).map(|(_, commitment)| commitment)
    }

    /// The rules that hold for every header, whoever wrote it.
    ///
    /// # Errors
    /// [`StatementError::Rule`], naming the field.
    pub fn check(&self) -> Result<(), StatementError> {
        rule("seq", "is beyond any log's size", self.seq < tree::MAX_SIZE)?;
        rule("prev", "must be zero exactly at the start of the log", self.prev_fits())?;
        rule("causes", "are more than 16", self.causes.len() <= MAX_CAUSES)?;
        rule("causes", "name a record twice", self.causes_differ())?;
        rule("actor", "has a role other than 1 to 32 of a-z 0-9 _ -", self.role_fits())?;
        rule("commitments", "are more than 64", self.commitments.len() <= MAX_COMMITMENTS)?;
        let ascending = self.commitments.is_sorted_by(|(a, _), (b, _)| a < b);
        rule("commitments", "are not ascending by field", ascending)
    }

    fn prev_fits(&self) -> bool {
        match (self.epoch, self.seq) {
            (0, 0) => self.prev.is_zero(),
            // A node that lost everything may open an epoch without knowing what came before.
            (_, 0) => true,
            _ => !self.prev.is_zero(),
        }
    }

    fn causes_differ(&self) -> bool {
        let mut rest = self.causes.as_slice();
        while let Some((first, others)) = rest.split_first() {
            if others.contains(first) {
                return false;
            }
            rest = others;
        }
        true
    }

    fn role_fits(&self) -> bool {
        self.actor.as_ref().is_none_or(|actor| is_role(&actor.role))
    }
}

fn is_role(role: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=MAX_ROLE_BYTES).contains(&role.len()) && role.bytes().all(allowed)
}

fn rule(field: &'static str, rule: &'static str, kept: bool) -> Result<(), StatementError> {
    if kept { Ok(()) } else { Err(StatementError::Rule { field, rule }) }
}

#[cfg(test)]
mod tests;
