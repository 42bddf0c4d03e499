//! An author that signed two histories (S2): the second record in one place is kept beside the
//! first and never applied. From the moment it is found nothing that the author signs counts here,
//! until an officer of this node accepts the epoch with which it goes on.

use std::collections::BTreeSet;

use record::{NodeId, Record};
use serde::{Deserialize, Serialize};

use super::revocation::Told;
use super::{Done, Whose, case, position_of, read, revocation};
use crate::note::Quarantined;
use crate::staging::{Lookup, Staging, decode, row};
use crate::store::{FrameKind, Position, StoreError, Table};

/// Why a record was not applied, in words for the operator.
pub(super) const FROZEN: &str = "its author signed two different histories: nothing from it counts \
                                 until the epoch with which it goes on is accepted here";

/// What the index keeps of an author that signed two histories.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkedRow {
    /// The earliest place that is known to be taken twice: its epoch.
    pub epoch: u32,
    /// And its number in that epoch.
    pub seq: u64,
    /// From which epoch on an officer of this node lets its records count again.
    pub counts_from: Option<u32>,
}

impl ForkedRow {
    /// Whether nothing that the author signs in this place counts.
    #[must_use]
    pub fn holds_back(&self, epoch: u32, seq: u64) -> bool {
        let accepted = self.counts_from.is_some_and(|from| epoch >= from);
        (epoch, seq) >= (self.epoch, self.seq) && !accepted
    }

    /// Whether an officer has yet to decide.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.counts_from.is_none()
    }
}

/// What is known of an author's forks.
///
/// # Errors
/// When the index can't be read.
pub fn forked(
    view: &(impl Lookup + ?Sized),
    author: NodeId,
) -> Result<Option<ForkedRow>, StoreError> {
    row(view, Table::Forked, author.as_bytes())
}

/// The place that an author must have given to two records, by what is known of those before and
/// behind this one: each names the one before it. `None` where all fit, or none is known. `fresh`:
/// nothing of its author's log is known from this record on.
pub(super) fn contradicted(
    whose: Whose,
    staging: &mut Staging<'_>,
    record: &Record,
    fresh: bool,
) -> Result<Option<u64>, StoreError> {
    let beside = |staging: &Staging<'_>, seq: u64| -> Result<Option<Record>, StoreError> {
        let at = position_of(staging, record.author, record.epoch, seq)?;
        let read = |at: Position| Ok(read(whose, at, staging.frame_at(at)?.as_ref())?.record);
        at.map(read).transpose()
    };
    if let Some(seq) = record.seq.checked_sub(1)
        && staging.is_known_up_to(record, seq)?
        && beside(staging, seq)?.is_some_and(|before| before.id() != record.prev)
    {
        return Ok(Some(seq));
    }
    let behind = record.seq.checked_add(1).filter(|_| !fresh);
    let Some(seq) = behind else { return Ok(None) };
    let behind = beside(staging, seq)?;
    Ok(behind.filter(|behind| behind.prev != record.id()).map(|_| record.seq))
}

/// Takes in a record whose place in its author's log another record has, or which does not fit to
/// those around it: `seq` is the place that was given twice.
pub(super) fn found(
    staging: &mut Staging<'_>,
    at: Position,
    record: &Record,
    seq: u64,
    sender: NodeId,
) -> Result<Done, StoreError> {
    let epoch = record.epoch;
    let known = forked(staging, record.author)?;
    // A fork of an epoch that was accepted since is a new one.
    let news = known.is_none_or(|known| known.counts_from.is_some_and(|from| epoch >= from));
    let earlier = known.is_some_and(|known| (epoch, seq) < (known.epoch, known.seq));
    if news || earlier {
        let counts_from = known.filter(|_| !news).and_then(|known| known.counts_from);
        let row = ForkedRow { epoch, seq, counts_from };
        staging.put(Table::Forked, record.author.as_bytes().to_vec(), &row)?;
    }
    case::fork(staging, at, record, seq, sender)
}

/// Whether a record that comes in now is of an author that signed two histories.
pub(super) fn is_frozen(
    whose: Whose,
    staging: &Staging<'_>,
    record: &Record,
) -> Result<bool, StoreError> {
    // Of its own log this node knows what it signed; a second history of it is for its operator.
    if record.author == whose.me {
        return Ok(false);
    }
    let known = forked(staging, record.author)?;
    Ok(known.is_some_and(|known| known.holds_back(record.epoch, record.seq)))
}

/// An officer accepts the epoch with which an author goes on; gives the cases that are others by
/// what was held back of it.
pub(super) fn accepted(
    whose: Whose,
    staging: &mut Staging<'_>,
    author: NodeId,
    epoch: u32,
) -> Result<Told, StoreError> {
    let Some(known) = forked(staging, author)?.filter(|known| epoch > known.epoch) else {
        return Ok(Told::default());
    };
    let row = ForkedRow { counts_from: Some(epoch), ..known };
    staging.put(Table::Forked, author.as_bytes().to_vec(), &row)?;
    let mut touched = BTreeSet::new();
    for (key, value) in staging.all(Table::Quarantine, &[])? {
        let held: Quarantined = decode(&value)?;
        let Some(at) = Position::from_bytes(&key) else { continue };
        let frame = staging.frame_at(at)?;
        if frame.kind != FrameKind::Foreign {
            continue;
        }
        let record = read(whose, at, &frame)?.record;
        if record.author == author && record.epoch >= epoch {
            touched.insert(held.subject);
        }
    }
    revocation::tell_anew(whose, staging, touched)
}
