//! What this node may still do with the words it has: what was given for a time or withdrawn since
//! is not shown and not given on any more. One place answers, for readers and for the release gate.

use governance::case::{CaseId, Step};
use governance::field;
use record::{FieldId, NodeId, Timestamp};

use crate::entry::Entry;
use crate::note::Withdrawn;
use crate::project;
use crate::staging::{Lookup, compact_row};
use crate::store::{Frame, FrameKind, StoreError, Table};

/// What may be done with the fields of one record.
pub struct Uses {
    own: bool,
    until: Option<Timestamp>,
    withdrawn: Vec<Withdrawn>,
}

/// What may be done with the fields of a step's record, which lies in `frame`.
///
/// # Errors
/// When the index can't be read, or the entry in the frame makes no sense.
pub fn of(
    view: &(impl Lookup + ?Sized),
    me: NodeId,
    case: CaseId,
    step: &Step,
    frame: &Frame,
) -> Result<Uses, StoreError> {
    of_place(view, me, case, (step.author, step.epoch, step.seq), frame)
}

/// What may be done with the fields of the record in a place of its author's log.
///
/// # Errors
/// As [`of`].
pub fn of_place(
    view: &(impl Lookup + ?Sized),
    me: NodeId,
    case: CaseId,
    (author, epoch, seq): (NodeId, u32, u64),
    frame: &Frame,
) -> Result<Uses, StoreError> {
    let damaged = |error| StoreError::Index { what: format!("a stored entry: {error}") };
    let came = frame.entry.as_ref().filter(|_| frame.kind == FrameKind::Foreign);
    let came = came.map(|entry| Entry::decode(entry)).transpose().map_err(damaged)?;
    let until = came.and_then(|entry| entry.until);
    let key = project::withdrawn_key(case, author);
    let known: Vec<Withdrawn> = compact_row(view, Table::Withdrawn, &key)?.unwrap_or_default();
    let later = |known: &Withdrawn| (known.epoch, known.seq) > (epoch, seq);
    let withdrawn = known.into_iter().filter(later).collect();
    Ok(Uses { own: author == me, until, withdrawn })
}

impl Uses {
    /// Whether this node's people may read the field. Its own words stay readable at home: what
    /// was withdrawn is what others were given.
    #[must_use]
    pub fn may_read(&self, id: FieldId, now: Timestamp) -> bool {
        let over = self.until.is_some_and(|until| until <= now);
        let taken = self.withdrawn.iter().any(|known| known.fields.contains(&id.0));
        field::is_structural(id) || self.own || !(over || taken)
    }

    /// Whether the field may be given to a node.
    #[must_use]
    pub fn may_give(&self, id: FieldId, to: NodeId, now: Timestamp) -> bool {
        let taken = |known: &Withdrawn| known.fields.contains(&id.0) && known.concerns(to);
        let taken = self.own && self.withdrawn.iter().any(taken);
        field::is_structural(id) || (self.may_read(id, now) && !taken)
    }
}
