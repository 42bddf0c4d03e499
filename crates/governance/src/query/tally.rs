//! Counts and durations by group. Merging is adding up: commutative and associative.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use record::{StatementError, Timestamp};
use serde::{Deserialize, Serialize};

use super::fact::Item;
use super::question::rule;
use super::{Fact, Group, Grouping, Histogram, MAX_COUNT, Matter, Measure, Month, Seat};
use crate::area::AreaCode;

/// Most groups in one node's answer; what comes after them, in the order of codes, is counted
/// together under [`Group::Other`].
pub const MAX_GROUPS: usize = 1_000;

/// What was counted, by group.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tally(BTreeMap<Group, Cell>);

/// What was counted under one group.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// How many cases, turns, calls …: what the metric counts.
    #[serde(rename = "n")]
    pub count: u64,
    /// For how many of them what the metric looks for holds.
    #[serde(rename = "y", default, skip_serializing_if = "is_zero")]
    pub yes: u64,
    /// How often something happened in all, or points.
    #[serde(rename = "s", default, skip_serializing_if = "is_zero")]
    pub sum: u64,
    /// How long they took, for the metrics that ask for it.
    #[serde(rename = "t", default, skip_serializing_if = "Histogram::is_empty")]
    pub times: Histogram,
}

impl Tally {
    /// What `seat` answers at `now`, from its cases. Cases at home elsewhere are not counted.
    pub fn from_facts<F: Borrow<Fact>>(
        matter: &Matter,
        seat: &Seat,
        facts: impl IntoIterator<Item = F>,
        now: Timestamp,
    ) -> Self {
        let mut tally = Self::default();
        for fact in facts {
            tally.count(matter, seat, fact.borrow(), now);
        }
        tally.fold_beyond(MAX_GROUPS);
        tally
    }

    /// Counts one case. A tally that was counted so may have more than [`MAX_GROUPS`] groups.
    pub fn count(&mut self, matter: &Matter, seat: &Seat, fact: &Fact, now: Timestamp) {
        fact.items(matter, seat, now, |item| {
            self.cell(fact.group(matter.grouping, &item, seat)).add(&item);
        });
    }

    /// Adds everything in the other.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(group, cell)| self.cell(group.clone()).merge(cell));
    }

    /// What was counted under the group.
    #[must_use]
    pub fn get(&self, group: &Group) -> Option<&Cell> {
        self.0.get(group)
    }

    /// The groups in order: [`Group::All`], codes, nodes, [`Group::Unset`], [`Group::Other`].
    pub fn iter(&self) -> impl Iterator<Item = (&Group, &Cell)> {
        self.0.iter()
    }

    /// How many groups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All groups together.
    #[must_use]
    pub fn sum(&self) -> Cell {
        let mut sum = Cell::default();
        self.0.values().for_each(|cell| sum.merge(cell));
        sum
    }

    /// The same numbers under other groups.
    #[must_use]
    pub(super) fn regrouped(&self, to: impl Fn(&Group) -> Group) -> Self {
        let mut tally = Self::default();
        self.0.iter().for_each(|(group, cell)| tally.cell(to(group)).merge(cell));
        tally
    }

    /// Whether this can be one node's answer about the matter.
    pub(super) fn check(&self, matter: &Matter) -> Result<(), StatementError> {
        rule("tally", "must have at most 1000 groups", self.0.len() <= MAX_GROUPS)?;
        let groups = self.0.keys().all(|group| is_asked_for(group, matter.grouping));
        rule("tally", "has a group that was not asked for", groups)?;
        let cells = self.0.values().all(|cell| cell.fits(matter));
        rule("tally", "has counts that do not fit the metric", cells)
    }

    /// Whether all grids counted lie in the area.
    pub(super) fn is_within(&self, area: &AreaCode) -> bool {
        let inside = |group: &Group| match group {
            Group::Code(code) => code.parse().is_ok_and(|grid: AreaCode| grid.is_within(area)),
            Group::All | Group::Node(_) | Group::Unset | Group::Other => true,
        };
        self.0.keys().all(inside)
    }

    pub(super) fn cell(&mut self, group: Group) -> &mut Cell {
        self.0.entry(group).or_default()
    }

    /// Counts what comes after the first groups together, so that `most` remain.
    pub(super) fn fold_beyond(&mut self, most: usize) {
        if self.0.len() <= most {
            return;
        }
        // One place is kept for `Other` itself, which sorts last.
        let first_beyond = self.0.keys().nth(most - 1).cloned();
        let beyond = first_beyond.map(|group| self.0.split_off(&group)).unwrap_or_default();
        beyond.values().for_each(|cell| self.cell(Group::Other).merge(cell));
    }
}

/// Whether a node may count under the group when asked for the grouping.
fn is_asked_for(group: &Group, grouping: Grouping) -> bool {
    match group {
        Group::All => matches!(grouping, Grouping::None | Grouping::Child),
        Group::Code(code) => has_code(grouping, code),
        Group::Unset | Group::Other => !matches!(grouping, Grouping::None | Grouping::Child),
        Group::Node(_) => grouping == Grouping::Unit,
    }
}

fn has_code(grouping: Grouping, code: &str) -> bool {
    match grouping {
        Grouping::None | Grouping::Child | Grouping::Unit => false,
        Grouping::Month => Month::parse(code).is_some(),
        Grouping::Stage
        | Grouping::Phase
        | Grouping::Category
        | Grouping::LevelSettled
        | Grouping::Channel
        | Grouping::Grid
        | Grouping::Level
        | Grouping::Closing
        | Grouping::Ground => true,
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Cell {
    fn add(&mut self, item: &Item<'_>) {
        self.count = self.count.saturating_add(1);
        self.yes = self.yes.saturating_add(item.yes.into());
        self.sum = self.sum.saturating_add(item.sum);
        if let Some(time) = item.took {
            self.times.record(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        }
    }

    /// Adds everything in the other.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.yes = self.yes.saturating_add(other.yes);
        self.sum = self.sum.saturating_add(other.sum);
        self.times.merge(&other.times);
    }

    /// Whether these can be counts of the metric.
    fn fits(&self, matter: &Matter) -> bool {
        let Self { count, yes, sum, times } = self;
        let nothing = (*yes, *sum) == (0, 0);
        let plain = (1..=MAX_COUNT).contains(count) && (*sum <= MAX_COUNT);
        let fits = match matter.metric.measure() {
            Measure::Count | Measure::Times => nothing,
            Measure::Share => yes <= count && *sum == 0,
            // What happened at all happened at least once.
            Measure::Events => yes <= count && yes <= sum && (*yes > 0 || *sum == 0),
            Measure::Points => *yes == 0 && (*count..=count.saturating_mul(5)).contains(sum),
        };
        plain && fits && times.count() == if matter.is_timed() { *count } else { 0 }
    }
}

#[cfg(test)]
mod tests;
