//! Which clock runs: by stage and level, and by what the matter is (C2, C3, C4, C8).

use std::collections::BTreeSet;

use record::Timestamp;
use serde::{Deserialize, Serialize};

use super::Policy;
use crate::act::Grade;
use crate::calendar::Calendar;
use crate::case::Case;
use crate::clock::Allowance;

/// How long a stage may last at a level. The first rule from the top that fits is the one that
/// runs, so that the narrow ones stand before the general one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRule {
    /// The key.
    pub key: String,
    /// Stages it runs in.
    pub stages: BTreeSet<String>,
    /// Levels it binds; every level where empty.
    #[serde(default)]
    pub levels: BTreeSet<String>,
    /// Only for these difficulty classes (C2); for every case where empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub grades: BTreeSet<Grade>,
    /// Only for these colours (C3); for every case where empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub colours: BTreeSet<String>,
    /// Only for these categories and what is a kind of them; for every case where empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<String>,
    /// Only for disputes of these severities (C4); for every case where empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub severities: BTreeSet<String>,
    /// How long.
    pub allowance: Allowance,
    /// What is shown as due when it has run out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach: Option<Breach>,
    /// The role that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// What is due when a clock has run out. People do it: no act is invented by a machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breach {
    /// Supervision (督办).
    Supervise,
    /// Handing it to the next level.
    Escalate,
}

/// What a clock may depend on besides stage and level.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traits<'a> {
    /// Difficulty class.
    pub grade: Option<Grade>,
    /// Colour, a key of the policy.
    pub colour: Option<&'a str>,
    /// Category code.
    pub category: Option<&'a str>,
    /// Severity of a dispute, a key of the policy.
    pub severity: Option<&'a str>,
}

/// A clock that has run out: what is due now, and who answers for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overdue<'a> {
    /// Since when.
    pub since: Timestamp,
    /// What is due; nothing where policy names nothing.
    pub breach: Option<Breach>,
    /// The role that answers for it.
    pub owner: Option<&'a str>,
}

impl ClockRule {
    /// Whether it has no condition besides stage and level.
    pub(super) fn is_general(&self) -> bool {
        self.grades.is_empty()
            && self.colours.is_empty()
            && self.categories.is_empty()
            && self.severities.is_empty()
    }

    pub(super) fn fits(
        &self,
        policy: &Policy,
        stage: &str,
        level: &str,
        traits: &Traits<'_>,
    ) -> bool {
        let named = |set: &BTreeSet<String>, value: Option<&str>| {
            set.is_empty() || value.is_some_and(|value| set.contains(value))
        };
        self.stages.contains(stage)
            && (self.levels.is_empty() || self.levels.contains(level))
            && (self.grades.is_empty() || traits.grade.is_some_and(|g| self.grades.contains(&g)))
            && named(&self.colours, traits.colour)
            && named(&self.severities, traits.severity)
            && (self.categories.is_empty()
                || traits.category.is_some_and(|key| self.is_about(policy, key)))
    }

    /// Whether a category or one that it is a kind of is named.
    fn is_about(&self, policy: &Policy, category: &str) -> bool {
        let mut at = Some(category);
        // A policy whose categories go round in a circle is refused; deeper than this is none.
        for _ in 0..8 {
            let Some(key) = at else { return false };
            if self.categories.contains(key) {
                return true;
            }
            let known = policy.categories.iter().find(|known| known.key == key);
            at = known.and_then(|known| known.parent.as_deref());
        }
        false
    }
}

impl Policy {
    /// The clock that runs in a stage at a level for a matter: the first from the top that fits.
    #[must_use]
    pub fn clock(&self, stage: &str, level: &str, traits: &Traits<'_>) -> Option<&ClockRule> {
        self.clocks.iter().find(|clock| clock.fits(self, stage, level, traits))
    }

    /// What of a case its clock depends on.
    #[must_use]
    pub fn traits<'a>(&'a self, case: &'a Case) -> Traits<'a> {
        Traits {
            grade: case.grade,
            colour: self.colour(case.importance, case.urgency).map(|colour| colour.key.as_str()),
            category: case.category.as_deref(),
            severity: case.mediation.as_ref().map(|mediation| mediation.severity.as_str()),
        }
    }

    /// What is due on a case whose clock has run out; `None` while it has not.
    #[must_use]
    pub fn overdue(&self, case: &Case, now: Timestamp) -> Option<Overdue<'_>> {
        let since = case.due.filter(|due| *due < now && !case.is_ended())?;
        let rule = self.clock(&case.stage, &case.level, &self.traits(case));
        Some(Overdue {
            since,
            breach: rule.and_then(|rule| rule.breach),
            owner: rule.and_then(|rule| rule.owner.as_deref()),
        })
    }

    /// The first year without a holiday announcement that a case's due time leans on: the time
    /// stands by the weekday rule alone, and has to be shown as such.
    #[must_use]
    pub fn calendar_gap(&self, case: &Case, calendar: &Calendar) -> Option<i32> {
        let (from, due) = (case.spans.last()?.from, case.due?);
        let rule = self.clock(&case.stage, &case.level, &self.traits(case))?;
        match rule.allowance {
            Allowance::Minutes(_) | Allowance::SameDay => None,
            Allowance::WorkingMinutes(_) | Allowance::WorkingDays(_) => {
                let days = self.hours.date(from)..=self.hours.date(due);
                calendar.missing_from(days).first().copied()
            }
        }
    }
}
