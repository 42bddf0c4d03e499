//! What a case is for counting.

mod derive;

pub use derive::{ASLEEP_AFTER, TRIVIAL_WITHIN};

use std::time::Duration;

use record::{NodeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::month::Month;
use super::{Group, Grouping, Matter, Metric};
use crate::act::{Closing, Rate};
use crate::area::AreaCode;
use crate::case::{Callback, Counts};
use crate::change::Phase;

/// What a case is for counting: codes and times, nothing personal. A node derives it from its
/// records with [`Fact::of`]; it never travels.
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
    /// The level that is responsible.
    pub level: String,
    /// When it was closed; absent again after it was reopened.
    pub closed: Option<Timestamp>,
    /// How it was closed.
    pub closing: Option<Closing>,
    /// When it was reported.
    pub opened: Timestamp,
    /// Way in.
    pub channel: String,
    /// When it was first answered.
    pub answered: Option<Timestamp>,
    /// Whether no clock had run out before it was answered.
    pub answered_in_time: bool,
    /// Category code, once it has one.
    pub category: Option<String>,
    /// Level at which it was settled, once it was.
    pub level_settled: Option<String>,
    /// What happened on the way, counted.
    pub counts: Counts,
    /// The times at which this node had it, level by level.
    pub turns: Vec<Turn>,
    /// The units that this node called.
    pub calls: Vec<Call>,
    /// The scores between this node and the units it called.
    pub scores: Vec<Scored>,
    /// What the reporter said when asked afterwards.
    pub callback: Option<Callback>,
    /// The rates it is left out of.
    pub exclusions: Vec<LeftOut>,
    /// Reported, settled and closed by the same hand within half an hour, nobody outside reporting.
    pub trivial: bool,
    /// Closed, not by decision, without the reporter's word on it before.
    pub unverified: bool,
    /// When something was last done.
    pub moved: Timestamp,
}

/// A stretch of time in which a node had a case at one level: each has its own clock (C8).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Turn {
    /// The level.
    pub level: String,
    /// When it ended; absent while it goes on.
    pub until: Option<Timestamp>,
    /// The first due time in it that was overrun.
    pub missed: Option<Timestamp>,
    /// The due time that is running.
    pub due: Option<Timestamp>,
    /// Whether there was a clock at all.
    pub clocked: bool,
}

/// A call of a unit (C5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Call {
    /// The unit.
    pub unit: NodeId,
    /// Until when it has to report in.
    pub by: Option<Timestamp>,
    /// When it did.
    pub reported_in: Option<Timestamp>,
}

/// A score between this node and a unit it called (C5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Scored {
    /// The unit.
    pub unit: NodeId,
    /// Whether the unit gave it.
    pub by_unit: bool,
    /// 1 to 5.
    pub points: u8,
    /// When.
    pub at: Timestamp,
}

/// An exclusion from a rate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeftOut {
    /// The rate.
    pub rate: Rate,
    /// The ground, a key of the policy.
    pub ground: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Whether the reporter had said no before.
    pub after_no: bool,
}

/// Who counts: a node and the area that its certificate gives it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    /// The node.
    pub node: NodeId,
    /// Its area.
    pub area: AreaCode,
}

/// One thing that a metric counts, and the moment that has to lie in the range.
pub(super) struct Item<'a> {
    pub(super) at: Timestamp,
    /// Whether what the metric looks for holds.
    pub(super) yes: bool,
    /// How often something happened, or points.
    pub(super) sum: u64,
    pub(super) took: Option<Duration>,
    about: About<'a>,
}

/// What of a case an item is about, where not the whole.
enum About<'a> {
    Case,
    Level(&'a str),
    Unit(NodeId),
    Ground(Option<&'a str>),
}

impl Fact {
    /// Every item of this case that the answer of `seat` made at `now` has, in the range and the
    /// area asked for.
    pub(super) fn items<'a>(
        &'a self,
        matter: &Matter,
        seat: &Seat,
        now: Timestamp,
        mut visit: impl FnMut(Item<'a>),
    ) {
        if !self.is_in(matter, seat) {
            return;
        }
        let mut put = |item: Item<'a>| {
            if matter.covers(item.at) {
                visit(item);
            }
        };
        let scored = |by_unit| self.scores.iter().filter(move |score| score.by_unit == by_unit);
        let home = self.home == seat.node;
        // What the node itself did, wherever the case is at home, and what is counted at home.
        match matter.metric {
            Metric::OnTime => {
                self.turns.iter().filter_map(|turn| turn.item(now)).for_each(&mut put)
            }
            Metric::ReportedIn => {
                self.calls.iter().filter_map(|call| call.item(now)).for_each(&mut put);
            }
            Metric::ScoredUnits => scored(false).map(Scored::item).for_each(&mut put),
            Metric::ScoredCallers => scored(true).map(Scored::item).for_each(&mut put),
            Metric::Excluded => {
                let made = self.exclusions.iter().filter(|_| home);
                made.map(LeftOut::item).for_each(&mut put);
            }
            Metric::Received
            | Metric::Closed
            | Metric::Open
            | Metric::Overdue
            | Metric::Sleeping
            | Metric::TimeToAnswer
            | Metric::TimeToClose
            | Metric::Returned
            | Metric::Misdispatched
            | Metric::Reopened
            | Metric::Extended
            | Metric::Suspended
            | Metric::Escalated
            | Metric::CalledBack
            | Metric::Response
            | Metric::Solved
            | Metric::Satisfied
            | Metric::ResponseKept
            | Metric::SolvedKept
            | Metric::SatisfiedKept
            | Metric::Trivial
            | Metric::Unverified
            | Metric::MonthEnd => {
                let item = home.then(|| self.item(matter.metric, now)).flatten();
                item.into_iter().for_each(&mut put);
            }
        }
    }

    /// The case itself, as a metric of the node at home counts it.
    fn item(&self, metric: Metric, now: Timestamp) -> Option<Item<'_>> {
        let counted = |at: Timestamp| Item::of(at, false);
        let still_open = Some(self.opened).filter(|_| !self.is_over());
        let took = |end: Timestamp| Item { took: Some(end.since(self.opened)), ..counted(end) };
        let counts = &self.counts;
        let events =
            |times: u32| Some(Item { sum: times.into(), ..Item::of(self.opened, times > 0) });
        match metric {
            Metric::Received => Some(counted(self.opened)),
            Metric::Closed => self.closed.map(counted),
            Metric::Open => still_open.map(counted),
            Metric::Overdue => {
                let late = self.due.is_some_and(|due| due < now);
                still_open.filter(|_| late).map(counted)
            }
            Metric::Sleeping => {
                let asleep = self.moved.plus(ASLEEP_AFTER) < now;
                let waits = self.phase != Phase::Suspended;
                still_open.filter(|_| waits).map(|at| Item::of(at, asleep))
            }
            Metric::TimeToAnswer => self.answered.map(took),
            Metric::TimeToClose => self.closed.map(took),
            Metric::Returned => events(counts.returns),
            Metric::Misdispatched => events(counts.wrong_dispatches),
            Metric::Reopened => events(counts.reopens),
            Metric::Extended => events(counts.extensions),
            Metric::Suspended => events(counts.suspensions),
            Metric::Escalated => events(counts.escalations),
            Metric::CalledBack => self.callback.map(|said| Item::of(said.at, said.reached)),
            Metric::Response => self.rated(Rate::Response),
            Metric::Solved => self.rated(Rate::Solved),
            Metric::Satisfied => self.rated(Rate::Satisfied),
            Metric::ResponseKept => self.kept(Rate::Response),
            Metric::SolvedKept => self.kept(Rate::Solved),
            Metric::SatisfiedKept => self.kept(Rate::Satisfied),
            Metric::Trivial => self.closed.map(|at| Item::of(at, self.trivial)),
            Metric::Unverified => {
                let decided = self.closing == Some(Closing::Special);
                self.closed.filter(|_| !decided).map(|at| Item::of(at, self.unverified))
            }
            Metric::MonthEnd => {
                self.closed.map(|at| Item::of(at, Month::of(at).is_in_last_days(at)))
            }
            // Counted by whoever had the case, or one by one.
            Metric::OnTime
            | Metric::ReportedIn
            | Metric::ScoredUnits
            | Metric::ScoredCallers
            | Metric::Excluded => None,
        }
    }

    /// A valid call-back, for a rate.
    fn rated(&self, rate: Rate) -> Option<Item<'_>> {
        let said = self.callback.filter(|said| said.reached)?;
        let yes = match rate {
            Rate::Response => Some(self.answered.is_some() && self.answered_in_time),
            Rate::Solved => said.solved,
            Rate::Satisfied => said.satisfied,
        };
        yes.map(|yes| Item::of(said.at, yes))
    }

    /// The same, unless the case is left out of the rate.
    fn kept(&self, rate: Rate) -> Option<Item<'_>> {
        let kept = self.exclusions.iter().all(|made| made.rate != rate);
        self.rated(rate).filter(|_| kept)
    }

    /// What an item is counted under. A grid outside the node's area would make the whole answer
    /// unbelievable; it counts as none.
    pub(super) fn group(&self, grouping: Grouping, item: &Item<'_>, seat: &Seat) -> Group {
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
            Grouping::Level => match item.about {
                About::Level(level) => Group::of(Some(level)),
                About::Case | About::Unit(_) | About::Ground(_) => Group::of(Some(&self.level)),
            },
            Grouping::Closing => Group::of(self.closing.map(Closing::key)),
            Grouping::Month => Group::of(Month::of(item.at).code().as_deref()),
            Grouping::Unit => match item.about {
                About::Unit(unit) => Group::Node(unit),
                About::Case | About::Level(_) | About::Ground(_) => Group::Unset,
            },
            Grouping::Ground => match item.about {
                About::Ground(ground) => Group::of(ground),
                About::Case | About::Level(_) | About::Unit(_) => Group::Unset,
            },
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

impl<'a> Item<'a> {
    fn of(at: Timestamp, yes: bool) -> Self {
        Self { at, yes, sum: 0, took: None, about: About::Case }
    }
}

impl Turn {
    /// A turn is late at the first due time that it overran, whether it goes on or not, and in
    /// time when it ends without. Before that, and without any clock, nothing can be said.
    fn item(&self, now: Timestamp) -> Option<Item<'_>> {
        let missed = self.missed.or(self.due.filter(|due| *due < now));
        let ended = self.until.filter(|_| self.clocked);
        let about = About::Level(&self.level);
        let (at, yes) = missed.map(|at| (at, false)).or(ended.map(|at| (at, true)))?;
        Some(Item { about, ..Item::of(at, yes) })
    }
}

impl Call {
    /// A call is missed at its due time, and answered when the unit reports in before.
    fn item(&self, now: Timestamp) -> Option<Item<'_>> {
        let late = |by: &Timestamp| *by < self.reported_in.unwrap_or(now);
        let missed = self.by.filter(late);
        let (at, yes) = missed.map(|at| (at, false)).or(self.reported_in.map(|at| (at, true)))?;
        Some(Item { about: About::Unit(self.unit), ..Item::of(at, yes) })
    }
}

impl Scored {
    fn item(&self) -> Item<'_> {
        let about = About::Unit(self.unit);
        Item { sum: self.points.into(), about, ..Item::of(self.at, false) }
    }
}

impl LeftOut {
    fn item(&self) -> Item<'_> {
        let about = About::Ground(self.ground.as_deref());
        Item { about, ..Item::of(self.at, self.after_no) }
    }
}
