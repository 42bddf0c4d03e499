//! Roles that one person proposes and another confirms (four eyes): which they are is policy. Until
//! it is confirmed a proposal gives nothing; it can be refused, taken back, or lapses.

use std::collections::BTreeSet;

use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use crate::policy::{Policy, Power};
use crate::roster::{Actor, Person};

/// Longest time for which a proposal may wait, in days.
pub const MAX_DAYS: u32 = 30;

/// Which roles two people grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRule {
    /// The roles: appointing to one, and opening or taking over an account of whoever holds one.
    pub roles: BTreeSet<String>,
    /// The power that the second person needs.
    pub confirmed_by: Power,
    /// For how many days a proposal waits, 1 to [`MAX_DAYS`].
    #[serde(default = "week")]
    pub days: u32,
}

fn week() -> u32 {
    7
}

/// Why somebody can't confirm a proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecondRefused {
    /// It is their own.
    #[error("you proposed it yourself: another person confirms it")]
    Proposer,
    /// It is for them.
    #[error("it is for yourself: another person confirms it")]
    Beneficiary,
    /// The roster has proposer and confirmer under one name and number.
    #[error("the roster has you and whoever proposed it under one name and telephone number")]
    Twin,
    /// Whoever proposed it could not propose it any more.
    #[error("whoever proposed it has no power over the roster any more: refuse it")]
    Stale,
}

impl SecondRefused {
    /// The same in Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Proposer => "这是您本人提出的，须由另一人确认",
            Self::Beneficiary => "这是给您本人的，须由另一人确认",
            Self::Twin => "名册上您与提出人的姓名和电话相同，须由另一人确认",
            Self::Stale => "提出人已没有名册权限，请不予确认",
        }
    }
}

/// A proposal that somebody is about to confirm.
pub struct Confirming<'a> {
    /// Who proposed it, as they are now; nobody where they are not on the roster any more.
    pub proposer: Option<&'a Actor>,
    /// Whom it is for.
    pub person: Subject,
    /// Whether name and telephone number of proposer and confirmer are the same.
    pub twins: bool,
}

impl Confirming<'_> {
    /// Whether somebody may confirm it; that they have the power was asked before.
    ///
    /// # Errors
    /// [`SecondRefused`].
    pub fn check(&self, policy: &Policy, by: &Actor) -> Result<(), SecondRefused> {
        let proposer = self.proposer.ok_or(SecondRefused::Stale)?;
        if proposer.id == by.id {
            return Err(SecondRefused::Proposer);
        }
        if self.person == by.id {
            return Err(SecondRefused::Beneficiary);
        }
        if self.twins {
            return Err(SecondRefused::Twin);
        }
        if !proposer.has_power(policy, Power::Roster) {
            return Err(SecondRefused::Stale);
        }
        Ok(())
    }
}

impl Policy {
    /// The rule by which two people grant a role, if they have to.
    #[must_use]
    pub fn granted_by_two(&self, role: &str) -> Option<&GrantRule> {
        self.grant.as_ref().filter(|rule| rule.roles.contains(role))
    }

    /// The rule for accounts of a person: of whoever holds such a role, or is to.
    #[must_use]
    pub fn opened_by_two(&self, person: &Person, now: Timestamp) -> Option<&GrantRule> {
        let lasts = person.appointments.iter().filter(|held| held.until.is_none_or(|t| now < t));
        lasts.into_iter().find_map(|held| self.granted_by_two(&held.role))
    }

    /// The power with which a proposal is confirmed: also one that was made under an earlier rule.
    #[must_use]
    pub fn confirming(&self) -> Power {
        self.grant.as_ref().map_or(Power::Roster, |rule| rule.confirmed_by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{Appointment, Standing};

    const SHE: &str = include_str!("../../../config/policies/she-county.toml");

    fn actor(number: u8, role: &str) -> Actor {
        let from = Timestamp::from_millis(0);
        let held = Appointment { role: role.into(), scope: None, from, until: None };
        Actor { id: id(number), standing: Standing::Staff(vec![held]) }
    }

    fn id(number: u8) -> Subject {
        Subject::from_bytes([number; 16])
    }

    #[test]
    fn s18_a_second_person_is_another_than_proposer_and_beneficiary() {
        let policy = Policy::from_toml(SHE).unwrap();
        let (one, two, gone) =
            (actor(1, "operator"), actor(2, "operator"), actor(3, "grid_worker"));
        let of = |proposer: Option<&Actor>, person: u8, twins: bool, by: &Actor| {
            Confirming { proposer, person: id(person), twins }.check(&policy, by)
        };
        assert_eq!(of(Some(&one), 9, false, &two), Ok(()));
        assert_eq!(of(Some(&one), 9, false, &one), Err(SecondRefused::Proposer));
        assert_eq!(of(Some(&one), 2, false, &two), Err(SecondRefused::Beneficiary));
        assert_eq!(of(Some(&one), 9, true, &two), Err(SecondRefused::Twin));
        assert_eq!(of(Some(&gone), 9, false, &two), Err(SecondRefused::Stale));
        assert_eq!(of(None, 9, false, &two), Err(SecondRefused::Stale));
    }
}
