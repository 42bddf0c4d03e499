//! Whether a record goes on from the last one of its author's log.
//!
//! Within an epoch a log is a chain without gaps: seq 0, 1, 2, …, each naming the one before. A
//! node that was rolled back can't go on in its epoch without forking, so an operator opens the
//! next one; the first record there says where it goes on from.

mod fork;

pub use fork::{ForkError, ForkProof, Forkable, Slot, UnverifiedForkProof};

use crate::Record;
use crate::ids::{NodeId, RecordId};
use crate::time::Timestamp;

/// The last known record of an author's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Whose log.
    pub author: NodeId,
    /// The epoch it is in.
    pub epoch: u32,
    /// Its place there, from 0.
    pub seq: u64,
    /// The record.
    pub id: RecordId,
    /// The record's time, by the author's clock.
    pub time: Timestamp,
}

/// How a record goes on from the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The first record of the author that is known here, at the start of its epoch.
    Start,
    /// The next one of the same epoch.
    Next,
    /// The first one of the next epoch, going on from the head.
    NewEpoch,
    /// The first one of the next epoch, going on from another record than the head: what came
    /// after `continues` was given up. Never without an operator's reason; to be shown.
    Rollback {
        /// The last record that the author kept.
        continues: RecordId,
    },
}

/// Why a record doesn't go on from the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Another author's record.
    #[error("record is by {found}, the log is of {log}")]
    OtherAuthor {
        /// Whose log.
        log: NodeId,
        /// Whose record.
        found: NodeId,
    },
    /// Records in between are missing.
    #[error("record has seq {found} where {expected} is next; fetch what is missing")]
    Gap {
        /// The next place in this epoch.
        expected: u64,
        /// The record's place.
        found: u64,
    },
    /// Another record with the head's place: keep both, see [`ForkProof`].
    #[error("record {found} has the place of {known}: the author signed two histories")]
    Fork {
        /// The head.
        known: RecordId,
        /// The other one.
        found: RecordId,
    },
    /// In the next place, but not after the head: the author has another history below it.
    #[error("record goes on from {found}, not from the head {head}: fetch its place and compare")]
    WrongPrev {
        /// The head.
        head: RecordId,
        /// What the record names.
        found: RecordId,
    },
    /// At or below the head. If its id isn't the one that is kept for its place, it is a fork.
    #[error("record has seq {found}, which was passed; the head is at {head}")]
    Replay {
        /// The head's place.
        head: u64,
        /// The record's place.
        found: u64,
    },
    /// In a closed epoch, or in one that doesn't start with its first record or isn't the next.
    #[error("record is in epoch {found} at seq {seq}, the log is in epoch {log}")]
    EpochNotAllowed {
        /// The head's epoch.
        log: u32,
        /// The record's epoch.
        found: u32,
        /// The record's place there.
        seq: u64,
    },
}

impl Head {
    /// The head after `record`.
    pub fn of(record: &Record) -> Self {
        Self {
            author: record.author,
            epoch: record.epoch,
            seq: record.seq,
            id: record.id(),
            time: record.time,
        }
    }
}

/// How `record` goes on from `head`, the last known record of its author. Times are not compared:
/// a clock may be set back, order comes from the chain.
///
/// # Errors
/// [`ChainError`].
pub fn follows(head: Option<&Head>, record: &Record) -> Result<Link, ChainError> {
    let Some(head) = head else { return start(record) };
    if record.author != head.author {
        return Err(ChainError::OtherAuthor { log: head.author, found: record.author });
    }
    if record.epoch == head.epoch { within_epoch(head, record) } else { next_epoch(head, record) }
}

fn start(record: &Record) -> Result<Link, ChainError> {
    if record.seq == 0 {
        Ok(Link::Start)
    } else {
        Err(ChainError::Gap { expected: 0, found: record.seq })
    }
}

fn within_epoch(head: &Head, record: &Record) -> Result<Link, ChainError> {
    let found = record.seq;
    if found == head.seq && record.id() != head.id {
        return Err(ChainError::Fork { known: head.id, found: record.id() });
    }
    if found <= head.seq {
        return Err(ChainError::Replay { head: head.seq, found });
    }
    // No overflow: something is above the head.
    let expected = head.seq + 1;
    if found != expected {
        return Err(ChainError::Gap { expected, found });
    }
    if record.prev != head.id {
        return Err(ChainError::WrongPrev { head: head.id, found: record.prev });
    }
    Ok(Link::Next)
}

fn next_epoch(head: &Head, record: &Record) -> Result<Link, ChainError> {
    if head.epoch.checked_add(1) != Some(record.epoch) || record.seq != 0 {
        let (log, found, seq) = (head.epoch, record.epoch, record.seq);
        return Err(ChainError::EpochNotAllowed { log, found, seq });
    }
    if record.prev == head.id {
        Ok(Link::NewEpoch)
    } else {
        Ok(Link::Rollback { continues: record.prev })
    }
}

#[cfg(test)]
mod tests;
