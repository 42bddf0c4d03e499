//! The sheet of a node's own numbers: every figure in one pass over the facts of its cases, the
//! three rates with and without what is left out of them, and what a human should look at. Counts
//! and totals only: an empty denominator is said, and nobody is ranked.

mod finding;
mod rates;
mod report;

pub use finding::{Finding, FindingKind, findings};
pub use rates::{RateLine, Rates, rates};
pub use report::{Difference, Figure, FigureRow, Part, Report};

use record::Timestamp;
use serde::{Deserialize, Serialize};

use crate::area::AreaCode;
use crate::query::{Fact, Group, Grouping, Matter, Metric, Seat, Tally};

/// Every figure of a sheet, in the order in which it is read.
pub const FIGURES: &[(Metric, Grouping)] = &[
    (Metric::Received, Grouping::None),
    (Metric::Received, Grouping::Channel),
    (Metric::Received, Grouping::Category),
    (Metric::Received, Grouping::Grid),
    (Metric::Received, Grouping::Month),
    (Metric::Closed, Grouping::None),
    (Metric::Closed, Grouping::LevelSettled),
    (Metric::Closed, Grouping::Closing),
    (Metric::Open, Grouping::None),
    (Metric::Open, Grouping::Phase),
    (Metric::Open, Grouping::Level),
    (Metric::Overdue, Grouping::None),
    (Metric::Overdue, Grouping::Level),
    (Metric::Sleeping, Grouping::None),
    (Metric::Sleeping, Grouping::Grid),
    (Metric::TimeToAnswer, Grouping::None),
    (Metric::TimeToClose, Grouping::None),
    (Metric::OnTime, Grouping::Level),
    (Metric::Returned, Grouping::None),
    (Metric::Misdispatched, Grouping::None),
    (Metric::Reopened, Grouping::None),
    (Metric::Extended, Grouping::None),
    (Metric::Suspended, Grouping::None),
    (Metric::Escalated, Grouping::None),
    (Metric::ReportedIn, Grouping::Unit),
    (Metric::ScoredUnits, Grouping::Unit),
    (Metric::ScoredCallers, Grouping::Unit),
    (Metric::CalledBack, Grouping::None),
    (Metric::Response, Grouping::None),
    (Metric::ResponseKept, Grouping::None),
    (Metric::Solved, Grouping::None),
    (Metric::SolvedKept, Grouping::None),
    (Metric::Satisfied, Grouping::None),
    (Metric::SatisfiedKept, Grouping::None),
    (Metric::Excluded, Grouping::Ground),
    (Metric::Trivial, Grouping::None),
    (Metric::Trivial, Grouping::Grid),
    (Metric::Unverified, Grouping::None),
    (Metric::Unverified, Grouping::Grid),
    (Metric::MonthEnd, Grouping::Month),
];

/// For which time and ground a sheet is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// First moment of the range.
    pub from: Timestamp,
    /// First moment after the range.
    pub until: Timestamp,
    /// Only cases in this area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaCode>,
}

/// A sheet in the making, and made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sheet {
    scope: Scope,
    seat: Seat,
    now: Timestamp,
    figures: Vec<(Matter, Tally)>,
}

impl Sheet {
    /// An empty sheet of `seat` as of `now`.
    #[must_use]
    pub fn new(scope: Scope, seat: Seat, now: Timestamp) -> Self {
        let matter = |metric, grouping| {
            let Scope { from, until, area } = scope.clone();
            Matter { metric, grouping, from, until, area }
        };
        let figures =
            FIGURES.iter().map(|(metric, grouping)| (matter(*metric, *grouping), Tally::default()));
        let figures = figures.collect();
        Self { scope, seat, now, figures }
    }

    /// Counts one case.
    pub fn add(&mut self, fact: &Fact) {
        for (matter, tally) in &mut self.figures {
            tally.count(matter, &self.seat, fact, self.now);
        }
    }

    /// For which time and ground.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whose.
    #[must_use]
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// As of when: what is open and overdue depends on it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Every figure, in the order of [`FIGURES`].
    pub fn figures(&self) -> impl Iterator<Item = (Metric, Grouping, &Tally)> {
        self.figures.iter().map(|(matter, tally)| (matter.metric, matter.grouping, tally))
    }

    /// A figure's tally; an empty one for a figure that the sheet does not have.
    #[must_use]
    pub fn tally(&self, metric: Metric, grouping: Grouping) -> Tally {
        let mut found = self.figures().filter(|(m, g, _)| (*m, *g) == (metric, grouping));
        found.next().map(|(_, _, tally)| tally.clone()).unwrap_or_default()
    }

    /// How many of how many, of a figure that is not divided.
    fn ratio(&self, metric: Metric) -> Part {
        let cell = self.tally(metric, Grouping::None).get(&Group::All).cloned().unwrap_or_default();
        Part { yes: cell.yes, of: cell.count }
    }
}

#[cfg(test)]
mod tests;
