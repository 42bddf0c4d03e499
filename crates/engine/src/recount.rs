//! Counting anew from the frames of a journal, without an index: what an audit does with the
//! records that it has verified.

use std::collections::{BTreeMap, HashMap};

use governance::case::{self, Case, CaseId};
use governance::numbers::{Scope, Sheet};
use governance::query::{Fact, LogState, Matter, Seat, Tally};
use record::chain::Head;
use record::tree::{Frontier, leaf_hash};
use record::{NodeId, RecordId, Timestamp};

use crate::project::{self, Readable, Whose};
use crate::store::{Frame, FrameKind, Position, StoreError};

/// The cases that the frames so far amount to.
pub struct Recount {
    whose: Whose,
    cases: BTreeMap<CaseId, Case>,
    known: HashMap<(NodeId, u32, u64), RecordId>,
    frontier: Frontier,
    head: Option<Head>,
    last: Option<Position>,
    latest: Timestamp,
    unapplied: u64,
}

impl Recount {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(whose: Whose) -> Self {
        Self {
            whose,
            cases: BTreeMap::new(),
            known: HashMap::new(),
            frontier: Frontier::default(),
            head: None,
            last: None,
            latest: Timestamp::EPOCH,
            unapplied: 0,
        }
    }

    /// Takes the next frame. Its signatures were verified; frames that hold no record change
    /// nothing.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn take(&mut self, at: Position, frame: &Frame) -> Result<(), StoreError> {
        self.last = Some(at);
        match frame.kind {
            FrameKind::Own => {
                let readable = project::read(self.whose, at, frame)?;
                let grown = leaf_hash(readable.record.id().as_bytes());
                let _ = self.frontier.append(grown);
                self.head = Some(Head::of(&readable.record));
                self.record(&readable, self.whose.me);
            }
            FrameKind::Foreign => {
                let readable = project::read(self.whose, at, frame)?;
                if let Some(sender) = frame.peer {
                    self.record(&readable, sender);
                }
            }
            FrameKind::Sent
            | FrameKind::Acknowledged
            | FrameKind::Certificate
            | FrameKind::Checkpoint
            | FrameKind::Countersigned
            | FrameKind::Local
            | FrameKind::StreamHead
            | FrameKind::Access => {}
        }
        Ok(())
    }

    fn record(&mut self, readable: &Readable, sender: NodeId) {
        let record = &readable.record;
        self.latest = self.latest.max(record.time);
        let place = (record.author, record.epoch, record.seq);
        let first = *self.known.entry(place).or_insert(record.id());
        // Of two records in one place neither the second nor what follows from it counts.
        if first != record.id() {
            self.unapplied += 1;
            return;
        }
        let Some(event) = project::event_of(readable, sender) else { return };
        let before = self.cases.get(&event.case);
        match case::apply(before, &event, self.whose.me) {
            Ok(after) => {
                self.cases.insert(after.id, after);
            }
            Err(case::Rejected::Known) => {}
            Err(_) => self.unapplied += 1,
        }
    }

    /// Every case.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }

    /// How many cases there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there is no case.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Records that are kept and change nothing, as a node that lies sends them.
    #[must_use]
    pub fn unapplied(&self) -> u64 {
        self.unapplied
    }

    /// The time of the latest record, by its author's clock.
    #[must_use]
    pub fn latest(&self) -> Timestamp {
        self.latest
    }

    /// Where the last frame begins.
    #[must_use]
    pub fn last(&self) -> Option<Position> {
        self.last
    }

    /// The node's own log.
    #[must_use]
    pub fn log(&self) -> LogState {
        let epoch = self.head.map_or(0, |head| head.epoch);
        LogState { epoch, size: self.frontier.size(), root: self.frontier.root() }
    }

    /// Every figure of a node's sheet, as far as its cases are known here.
    #[must_use]
    pub fn sheet(&self, scope: &Scope, seat: &Seat, now: Timestamp) -> Sheet {
        let mut sheet = Sheet::new(scope.clone(), seat.clone(), now);
        self.cases().for_each(|case| sheet.add(&Fact::of(case, seat.node)));
        sheet
    }

    /// A node's answer about one matter.
    #[must_use]
    pub fn tally(&self, matter: &Matter, seat: &Seat, now: Timestamp) -> Tally {
        let facts = self.cases().map(|case| Fact::of(case, seat.node));
        Tally::from_facts(matter, seat, facts, now)
    }
}
