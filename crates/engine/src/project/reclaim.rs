//! What a node lost and others give back: records of its own, from before the epoch that it opened.
//! They are no part of its log any more, whose tree goes on without them; they are part of the
//! cases that they are about.

use std::collections::{BTreeMap, BTreeSet};

use governance::act::ActKind;
use governance::case::CaseId;
use record::{NodeId, Record, RecordId};
use serde::{Deserialize, Serialize};

use super::{
    Done, Readable, Whose, aside, case, erase, photo, position_of, read, revocation, withdrawal,
};
use crate::kind;
use crate::staging::{Lookup, Staging, row};
use crate::store::{Position, StoreError, Table};

/// Row of what was lost.
const LOST: &[u8] = b"lost";

/// Row of the highest epoch of this node's own that a neighbour has shown.
const AHEAD: &[u8] = b"ahead";

/// Why a record was not taken, in words for the operator.
const NOT_LOST: &str = "it bears this node's signature and is not in its log, which has lost nothing \
                        there: another node may run with this key";

/// What a node lost: whatever it signed behind a place of its log, in epochs that are over.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    /// The last place that was left, of the first loss; `None` where nothing was.
    pub after: Option<(u32, u64)>,
    /// The epoch in which it goes on.
    pub before: u32,
    /// Who has given back everything.
    pub given: BTreeSet<NodeId>,
}

/// What this node lost, if it ever opened an epoch.
///
/// # Errors
/// When the index can't be read.
pub fn lost(view: &(impl Lookup + ?Sized)) -> Result<Option<Lost>, StoreError> {
    row(view, Table::Meta, LOST)
}

/// The highest epoch of this node's own log that a neighbour has shown and that is not here; 0 where
/// there is none.
///
/// # Errors
/// When the index can't be read.
pub fn highest_epoch(view: &(impl Lookup + ?Sized)) -> Result<u32, StoreError> {
    Ok(row(view, Table::Meta, AHEAD)?.unwrap_or_default())
}

/// A neighbour has shown an epoch that is not here.
pub(super) fn ahead(staging: &mut Staging<'_>, epoch: u32) -> Result<(), StoreError> {
    let epoch = highest_epoch(staging)?.max(epoch);
    staging.put(Table::Meta, AHEAD.to_vec(), &epoch)
}

/// An epoch was opened behind this place.
pub(super) fn opened(
    staging: &mut Staging<'_>,
    last: Option<(u32, u64)>,
    epoch: u32,
) -> Result<(), StoreError> {
    let known = lost(staging)?;
    let after = known.map_or(last, |known| known.after);
    let row = Lost { after, before: epoch, given: BTreeSet::new() };
    staging.put(Table::Meta, LOST.to_vec(), &row)
}

/// A neighbour has given back everything.
pub(super) fn given(
    staging: &mut Staging<'_>,
    node: NodeId,
    before: u32,
) -> Result<(), StoreError> {
    let Some(mut known) = lost(staging)?.filter(|known| known.before == before) else {
        return Ok(());
    };
    known.given.insert(node);
    staging.put(Table::Meta, LOST.to_vec(), &known)
}

/// Takes in a record of this node's own from a neighbour: one that is lost, or more of it than came
/// before.
pub(super) fn taken_back(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
    sender: NodeId,
) -> Result<Done, StoreError> {
    let record = &readable.record;
    let place = (record.epoch, record.seq);
    let lost = lost(staging)?;
    let is_lost = lost.is_some_and(|lost| lost.after < Some(place) && record.epoch < lost.before);
    if !is_lost {
        return case::hold(staging, at, record, sender, NOT_LOST.to_owned());
    }
    if let Some(narrower) = position_of(staging, record.author, record.epoch, record.seq)? {
        aside::take_up(staging, narrower, record.subject);
    }
    staging.put_log(record, at)?;
    if ActKind::from_kind(record.kind).is_none() && record.kind != kind::FIELDS_WITHDRAWN {
        return case::hold(staging, at, record, sender, "it is about no case".to_owned());
    }
    // Put aside first: telling the case anew takes it in where it belongs, now or once that is here
    // which it follows.
    case::hold(staging, at, record, sender, "not yet in its place".to_owned())?;
    resume(whose, staging, record.subject)
}

/// Whether records of this node's own wait for a case to be told as far as they follow from it.
pub(super) fn waits(whose: Whose, staging: &Staging<'_>, case: CaseId) -> Result<bool, StoreError> {
    if lost(staging)?.is_none() {
        return Ok(false);
    }
    for at in aside::about(staging, case)? {
        let record = read(whose, at, staging.frame_at(at)?.as_ref())?.record;
        if record.author == whose.me && position_of_record(staging, &record)? == Some(at) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Tells a case anew with what waits for it, and does for each record that is taken up by that what
/// is done for one that comes in its turn.
pub(super) fn resume(
    whose: Whose,
    staging: &mut Staging<'_>,
    id: CaseId,
) -> Result<Done, StoreError> {
    let before = staging.case(id)?;
    let waited = aside::about(staging, id)?;
    let judged = revocation::tell_in_order(whose, staging, id)?;
    let Some(after) = staging.case(id)? else { return Ok(Done { judged, ..Done::default() }) };
    let still = aside::about(staging, id)?;
    for at in waited {
        let frame = staging.frame_at(at)?;
        let readable = read(whose, at, &frame)?;
        if after.erased.is_some() {
            erase::late(staging, at, id);
        } else if !still.contains(&at) {
            if let Some(sender) = frame.peer {
                photo::received(staging, at, &frame, &readable, sender)?;
            }
            case::opened_here(whose, staging, &readable, before.is_none(), &after)?;
        }
        let own = readable.record.author == whose.me;
        if own && readable.record.kind == kind::FIELDS_WITHDRAWN && still.contains(&at) {
            take_withdrawal(staging, at, &readable)?;
        }
    }
    let erased = before.is_some_and(|before| before.erased.is_some());
    let gone = if after.erased.is_some() && !erased {
        erase::erased(whose, staging, &after)?
    } else {
        Vec::new()
    };
    Ok(Done { judged, gone, ..Done::default() })
}

/// A withdrawal of this node's own holds again. Whoever was to be told was told then.
fn take_withdrawal(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<(), StoreError> {
    let current = position_of_record(staging, &readable.record)? == Some(at);
    if current && withdrawal::withdrawn(staging, readable)?.is_ok() {
        aside::take_up(staging, at, readable.record.subject);
    }
    Ok(())
}

fn position_of_record(
    staging: &Staging<'_>,
    record: &Record,
) -> Result<Option<Position>, StoreError> {
    position_of(staging, record.author, record.epoch, record.seq)
}

/// Records of one case in an order in which each comes after those that it names as its causes, and
/// an author's own come as they stand in its log; as they are otherwise.
pub(super) fn in_order(
    whose: Whose,
    staging: &Staging<'_>,
    positions: &[Position],
) -> Result<Vec<Position>, StoreError> {
    let mut waiting: BTreeMap<usize, Record> = BTreeMap::new();
    for (index, at) in positions.iter().enumerate() {
        let record = read(whose, *at, staging.frame_at(*at)?.as_ref())?.record;
        // A second delivery of the same record waits for nothing of its own.
        if position_of_record(staging, &record)? == Some(*at) {
            waiting.insert(index, record);
        }
    }
    let mut ordered = Vec::with_capacity(waiting.len());
    while let Some(next) = next_of(&waiting) {
        waiting.remove(&next);
        ordered.push(positions[next]);
    }
    Ok(ordered)
}

fn next_of(waiting: &BTreeMap<usize, Record>) -> Option<usize> {
    let ids: BTreeSet<RecordId> = waiting.values().map(|record| record.id()).collect();
    let ready = |record: &Record| {
        let after_causes = record.causes.iter().all(|cause| !ids.contains(cause));
        let place = (record.epoch, record.seq);
        let earlier =
            |other: &Record| other.author == record.author && (other.epoch, other.seq) < place;
        after_causes && !waiting.values().any(earlier)
    };
    let first = waiting.iter().find(|(_, record)| ready(record));
    first.or_else(|| waiting.iter().next()).map(|(index, _)| *index)
}
