//! Serving Party members who register where they live (双报到, R5): what they are willing to do and
//! when, by their own consent and until they withdraw it. Names and numbers stay in the records.

use std::collections::BTreeSet;

use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use crate::act::{FieldProblem, MAX_LINE, text};
use crate::field;
use crate::policy::{Policy, Power};
use crate::roster::Actor;
use crate::territory::Territory;

/// Most posts one member holds at a time.
pub const MAX_POSTS: usize = 20;

/// What is said at registration, in codes and ids.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Willingness {
    /// Where they live: a place of this node's territory.
    pub place: Subject,
    /// What they are willing to do: keys of the policy's `willingness`.
    pub services: BTreeSet<String>,
    /// When they have time.
    #[serde(default)]
    pub times: BTreeSet<FreeTime>,
}

/// When somebody has time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreeTime {
    /// By day on working days.
    Workdays,
    /// In the evening, 八小时以外.
    Evenings,
    /// On days off.
    DaysOff,
    /// Whenever there is an emergency.
    Emergencies,
}

/// Who registers. Not printable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: String,
    /// The unit in which they serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// A registration as the index has it: codes, ids and times.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// What they said.
    pub willingness: Willingness,
    /// When they consented to being listed.
    pub consented: Timestamp,
    /// When they withdrew it, which ends the registration.
    #[serde(default)]
    pub withdrawn: Option<Timestamp>,
    /// The posts they took, ended ones too.
    #[serde(default)]
    pub posts: Vec<Post>,
}

/// A post in a project.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Which.
    pub id: Subject,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Why something about a registration is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MemberError {
    /// A text is out of bounds.
    #[error(transparent)]
    Text(#[from] FieldProblem),
    /// Without consent nothing is kept.
    #[error("consent: must be given, or nothing is kept")]
    Consent,
    /// The place is not there.
    #[error("place: no such place is valid now")]
    Place,
    /// Nothing, or something the policy does not list.
    #[error("services: takes one or more of the policy's willingness")]
    Services,
    /// It has been withdrawn.
    #[error("registration: has been withdrawn; nothing more is kept of it")]
    Withdrawn,
    /// Too many posts.
    #[error("posts: a member holds at most {MAX_POSTS} at a time")]
    Posts,
}

impl Willingness {
    /// Whether it may be registered now.
    ///
    /// # Errors
    /// See [`MemberError`].
    pub fn check(
        &self,
        policy: &Policy,
        territory: &Territory,
        now: Timestamp,
    ) -> Result<(), MemberError> {
        if territory.get(self.place, now).is_none() {
            return Err(MemberError::Place);
        }
        let listed = |key: &String| policy.willingness.iter().any(|kind| kind.key == *key);
        if self.services.is_empty() || !self.services.iter().all(listed) {
            return Err(MemberError::Services);
        }
        Ok(())
    }
}

impl Member {
    /// Whether every text is within bounds.
    ///
    /// # Errors
    /// [`MemberError::Text`].
    pub fn check(&self) -> Result<(), MemberError> {
        text(field::MEMBER_NAME, &self.name, MAX_LINE)?;
        text(field::MEMBER_PHONE, &self.phone, MAX_LINE)?;
        self.unit.as_ref().map_or(Ok(()), |unit| text(field::MEMBER_UNIT, unit, MAX_LINE))?;
        Ok(())
    }
}

impl Registration {
    /// Whether it stands.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.consented <= at && self.withdrawn.is_none_or(|withdrawn| at < withdrawn)
    }

    /// Whether a further post may be taken now.
    ///
    /// # Errors
    /// [`MemberError::Withdrawn`] or [`MemberError::Posts`].
    pub fn check_post(&self, now: Timestamp) -> Result<(), MemberError> {
        if !self.holds(now) {
            return Err(MemberError::Withdrawn);
        }
        let held = self.posts.iter().filter(|post| post.until.is_none()).count();
        if held < MAX_POSTS && self.posts.len() < MAX_POSTS * 10 {
            Ok(())
        } else {
            Err(MemberError::Posts)
        }
    }

    /// Whether somebody may see it: by the power over the roster on the ground where the member
    /// lives, and only as long as they consent.
    #[must_use]
    pub fn seen_by(
        &self,
        actor: &Actor,
        policy: &Policy,
        territory: &Territory,
        now: Timestamp,
    ) -> bool {
        self.holds(now) && answers_for(actor, policy, territory, self.willingness.place, now)
    }
}

/// Whether somebody has the power over the roster on a place's ground.
#[must_use]
pub fn answers_for(
    actor: &Actor,
    policy: &Policy,
    territory: &Territory,
    place: Subject,
    now: Timestamp,
) -> bool {
    actor.has_power_over(policy, Power::Roster, territory, Some(place), None, now)
}

#[cfg(test)]
mod tests;
