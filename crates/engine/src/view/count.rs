//! Counting cases: over their facts alone, a page at a time, never over what is sealed.

use std::sync::Arc;

use governance::case::CaseId;
use governance::numbers::{Scope, Sheet};
use governance::query::{Fact, LeftOut, LogState, Matter, Seat, Tally};
use record::{NodeId, Timestamp, tree};

use super::PAGE;
use super::proof::{Stored, unreadable};
use crate::staging::{decode_compact, row};
use crate::store::{Position, Read, StoreError, Table};

/// How often is counted again where something was written meanwhile.
const TRIES: usize = 3;

/// From what state of a node something was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// As of when.
    pub at: Timestamp,
    /// Where the last frame of the journal begins; nothing of an empty one.
    pub last: Option<Position>,
    /// Whether nothing was written while it was counted: only then a recount comes to the same.
    pub still: bool,
    /// The node's own log.
    pub log: LogState,
}

impl State {
    /// How far the journal went, for a report: one past where the last frame begins.
    #[must_use]
    pub fn journal(&self) -> u64 {
        self.last.map_or(0, |last| last.0 + 1)
    }
}

/// A node's sheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Every figure.
    pub sheet: Sheet,
    /// Cases at home here with exclusions in the range.
    pub excluded: Vec<CaseId>,
    /// From what state.
    pub state: State,
}

/// Counts this node's cases for a question.
///
/// # Errors
/// When the index can't be read.
pub fn count(
    reader: &Arc<dyn Read>,
    matter: &Matter,
    seat: &Seat,
    now: Timestamp,
) -> Result<(Tally, State), StoreError> {
    steady(reader, seat.node, now, || {
        let mut tally = Tally::default();
        each_fact(reader, |_, fact| tally.count(matter, seat, &fact, now))?;
        Ok(tally)
    })
}

/// Counts every figure of this node's sheet, in one pass.
///
/// # Errors
/// When the index can't be read.
pub fn sheet(
    reader: &Arc<dyn Read>,
    scope: &Scope,
    seat: &Seat,
    now: Timestamp,
) -> Result<Counted, StoreError> {
    let counted = steady(reader, seat.node, now, || {
        let mut sheet = Sheet::new(scope.clone(), seat.clone(), now);
        let mut excluded = Vec::new();
        each_fact(reader, |case, fact| {
            sheet.add(&fact);
            let made = |made: &LeftOut| scope.from <= made.at && made.at < scope.until;
            if fact.home == seat.node && fact.exclusions.iter().any(made) {
                excluded.extend(case);
            }
        })?;
        Ok((sheet, excluded))
    });
    let ((sheet, excluded), state) = counted?;
    Ok(Counted { sheet, excluded, state })
}

/// Counts until nothing was written meanwhile, or says that something was.
fn steady<T>(
    reader: &Arc<dyn Read>,
    me: NodeId,
    at: Timestamp,
    mut count: impl FnMut() -> Result<T, StoreError>,
) -> Result<(T, State), StoreError> {
    let mut tries = 0;
    loop {
        let last = last(reader)?;
        let log = log_state(reader, me)?;
        let counted = count()?;
        let still = self::last(reader)? == last;
        tries += 1;
        if still || tries == TRIES {
            return Ok((counted, State { at, last, still, log }));
        }
    }
}

fn each_fact(
    reader: &Arc<dyn Read>,
    mut visit: impl FnMut(Option<CaseId>, Fact),
) -> Result<(), StoreError> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = Read::scan(reader.as_ref(), Table::Fact, &[], after.as_deref(), PAGE)?;
        let full = page.len() == PAGE;
        after = page.last().map(|(key, _)| key.clone());
        for (key, value) in page {
            let case = key.try_into().ok().map(CaseId::from_bytes);
            visit(case, decode_compact(&value)?);
        }
        if !full {
            return Ok(());
        }
    }
}

/// Key of the row that says where the last frame begins that the index reflects.
pub(crate) const LAST: &[u8] = b"last";

fn last(reader: &Arc<dyn Read>) -> Result<Option<Position>, StoreError> {
    row(reader, Table::Meta, LAST)
}

fn log_state(reader: &Arc<dyn Read>, me: NodeId) -> Result<LogState, StoreError> {
    let last = Read::scan_back(reader.as_ref(), Table::Log, me.as_bytes(), None, 1)?;
    let epoch = last.first().and_then(|(key, _)| {
        let at = me.as_bytes().len();
        key.get(at..at + 4)?.try_into().map(u32::from_be_bytes).ok()
    });
    let size: u64 = row(reader, Table::Meta, b"size")?.unwrap_or(0);
    let root = tree::root_at(&Stored(reader.as_ref()), size).map_err(unreadable)?;
    Ok(LogState { epoch: epoch.unwrap_or(0), size, root })
}
