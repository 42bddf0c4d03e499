//! What a case is for counting.

use std::time::Duration;

use record::{NodeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Group, Grouping, Matter, Metric};
use crate::area::AreaCode;
use crate::change::Phase;

/// What a case is for counting: codes and times, nothing personal. A node derives it from its
/// records; it never travels.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// When what is to be done next is due; absent while paused.
    pub due: Option<Timestamp>,
    /// Code of its grid, where known.
    pub grid: Option<AreaCode>,
    /// The node where the case is at home. That node counts it and no other, whoever holds it.
    pub home: NodeId,
    /// Phase, the same under all policies.
    pub phase: Phase,
    /// Stage, a key of the policy.
    pub stage: String,
    /// When it was closed; absent again after it was reopened.
    pub closed: Option<Timestamp>,
    /// When it was reported.
    pub opened: Timestamp,
    /// Way in.
    pub channel: String,
    /// When it was first answered.
    pub answered: Option<Timestamp>,
    /// Category code, once it has one.
    pub category: Option<String>,
    /// Level at which it was settled, once it was.
    pub level_settled: Option<String>,
}

/// Who counts: a node and the area that its certificate gives it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    /// The node.
    pub node: NodeId,
    /// Its area.
    pub area: AreaCode,
}

/// How one case enters a tally.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Measured {
    Counted,
    Took(Duration),
}

impl Fact {
    /// How the case enters the answer of `seat` made at `now`; `None` when it does not.
    pub(super) fn measure(&self, matter: &Matter, seat: &Seat, now: Timestamp) -> Option<Measured> {
        let here = self.home == seat.node && self.is_in(matter, seat);
        if !here {
            return None;
        }
        let within = |moment: Option<Timestamp>| moment.filter(|at| matter.covers(*at));
        let opened = within(Some(self.opened));
        let still_open = opened.filter(|_| !self.is_over());
        let took = |end: Timestamp| Measured::Took(end.since(self.opened));
        match matter.metric {
            Metric::Received => opened.map(|_| Measured::Counted),
            Metric::Closed => within(self.closed).map(|_| Measured::Counted),
            Metric::Open => still_open.map(|_| Measured::Counted),
            Metric::Overdue => {
                still_open.and(self.due).filter(|due| *due < now).map(|_| Measured::Counted)
            }
            Metric::TimeToAnswer => within(self.answered).map(took),
            Metric::TimeToClose => within(self.closed).map(took),
        }
    }

    /// What it is counted under. A grid outside the node's area would make the whole answer
    /// unbelievable; it counts as none.
    pub(super) fn group(&self, grouping: Grouping, seat: &Seat) -> Group {
        match grouping {
            Grouping::None | Grouping::Child => Group::All,
            Grouping::Stage => Group::of(Some(&self.stage)),
            Grouping::Phase => Group::of(Some(self.phase.key())),
            Grouping::Category => Group::of(self.category.as_deref()),
            Grouping::LevelSettled => Group::of(self.level_settled.as_deref()),
            Grouping::Channel => Group::of(Some(&self.channel)),
            Grouping::Grid => {
                let inside = self.grid.as_ref().filter(|grid| grid.is_within(&seat.area));
                Group::of(inside.map(AreaCode::as_str))
            }
        }
    }

    fn is_over(&self) -> bool {
        self.closed.is_some() || self.phase.is_end()
    }

    /// Whether it lies in the area asked for; a case without a grid lies in the node's area.
    fn is_in(&self, matter: &Matter, seat: &Seat) -> bool {
        let place = self.grid.as_ref().unwrap_or(&seat.area);
        matter.area.as_ref().is_none_or(|area| place.is_within(area))
    }
}
