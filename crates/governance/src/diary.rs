//! The grid worker's notebook (民情日记, C13): dated notes about a place, private to their author
//! and to those in authority over the place. A note may become a case.

use chrono::NaiveDate;
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use crate::act::{FieldProblem, MAX_TEXT, text};
use crate::case::CaseId;
use crate::field;
use crate::policy::{Policy, Power};
use crate::roster::Actor;
use crate::territory::Territory;

/// A note to be. Not printable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The place it is about.
    pub place: Subject,
    /// The day it is of.
    pub date: NaiveDate,
    /// What was seen and heard.
    pub text: String,
}

/// A note as the index has it; its words stay in the record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Whose it is.
    pub author: Subject,
    /// The place it is about.
    pub place: Subject,
    /// The day it is of.
    pub date: NaiveDate,
    /// When it was written down.
    pub written: Timestamp,
    /// The case that it became.
    #[serde(default)]
    pub case: Option<CaseId>,
}

/// Why a note is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DiaryError {
    /// The text is out of bounds.
    #[error(transparent)]
    Text(#[from] FieldProblem),
    /// The day lies ahead.
    #[error("date: lies ahead; a note is of a day that has been")]
    Ahead,
    /// The place is not there, or not the author's.
    #[error("place: is not on the ground of an appointment of yours")]
    Ground,
}

impl Draft {
    /// Whether the actor may note this: about the ground of an appointment in force, to a role
    /// that works on cases there or reports them.
    ///
    /// # Errors
    /// See [`DiaryError`].
    pub fn check(
        &self,
        actor: &Actor,
        policy: &Policy,
        territory: &Territory,
        now: Timestamp,
    ) -> Result<(), DiaryError> {
        text(field::DIARY_TEXT, &self.text, MAX_TEXT)?;
        if self.date > policy.hours.date(now) {
            return Err(DiaryError::Ahead);
        }
        let works = |role: &String| policy.acts.iter().any(|rule| rule.roles.contains(role));
        let mut held = actor.appointments().iter().filter(|held| works(&held.role));
        let there = territory.get(self.place, now).is_some();
        if there && held.any(|held| held.covers(territory, Some(self.place), None, now)) {
            Ok(())
        } else {
            Err(DiaryError::Ground)
        }
    }
}

impl Note {
    /// Whether somebody may read it.
    #[must_use]
    pub fn read_by(
        &self,
        actor: &Actor,
        policy: &Policy,
        territory: &Territory,
        now: Timestamp,
    ) -> bool {
        let staff = !actor.appointments().is_empty();
        let over =
            actor.has_power_over(policy, Power::Notebook, territory, Some(self.place), None, now);
        staff && (self.author == actor.id || over)
    }
}
