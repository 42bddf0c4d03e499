//! Party organisations on the ground (R2): a branch (支部), group (小组) or Party household
//! (党员中心户) stands on one place or on several, and coverage says which places have none.

use std::collections::BTreeSet;

use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use crate::act::{FieldProblem, MAX_LINE, text};
use crate::field;
use crate::policy::Policy;
use crate::roster::Roster;
use crate::territory::{Place, Territory};

/// Most places that one organisation covers.
pub const MAX_PLACES: usize = 200;

/// A Party organisation over one period. Holds a person's id and no names of people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Key of the policy's `party_organisation`.
    pub kind: String,
    /// Its name, 1 to [`MAX_LINE`] characters.
    pub name: String,
    /// The places it covers: grids, compounds, buildings; one to [`MAX_PLACES`].
    pub places: Vec<Subject>,
    /// Its secretary, a person on the roster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secretary: Option<Subject>,
}

/// Why an organisation is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PartyError {
    /// Its name is out of bounds.
    #[error(transparent)]
    Name(#[from] FieldProblem),
    /// The policy has no such kind.
    #[error("kind: is not a party_organisation of the policy")]
    Kind,
    /// None or too many places.
    #[error("places: takes 1 to {MAX_PLACES} different places")]
    Places,
    /// A place is not there when it begins.
    #[error("places: place {0} is not valid then")]
    UnknownPlace(Subject),
    /// The kind does not stand on places of this level.
    #[error("places: place {0} is of a level on which this kind does not stand")]
    Level(Subject),
    /// The secretary is not on the roster.
    #[error("secretary: is nobody on the roster")]
    Secretary,
}

/// How far the places of a level have an organisation on them.
#[derive(Clone, PartialEq, Eq)]
pub struct Coverage<'a> {
    /// Places of the level.
    pub places: usize,
    /// Those that an organisation covers.
    pub covered: usize,
    /// Those that none covers, by id.
    pub gaps: Vec<&'a Place>,
}

impl Organisation {
    /// Whether it may be so from `from` on.
    ///
    /// # Errors
    /// See [`PartyError`].
    pub fn check(
        &self,
        policy: &Policy,
        territory: &Territory,
        roster: &Roster,
        from: Timestamp,
    ) -> Result<(), PartyError> {
        text(field::PARTY_DATA, &self.name, MAX_LINE)?;
        let kind = policy.party_kind(&self.kind).ok_or(PartyError::Kind)?;
        let distinct: BTreeSet<_> = self.places.iter().collect();
        if !(1..=MAX_PLACES).contains(&self.places.len()) || distinct.len() != self.places.len() {
            return Err(PartyError::Places);
        }
        for id in &self.places {
            let place = territory.get(*id, from).ok_or(PartyError::UnknownPlace(*id))?;
            if !kind.levels.is_empty() && !kind.levels.contains(&place.level) {
                return Err(PartyError::Level(*id));
            }
        }
        match self.secretary {
            Some(person) if roster.get(person).is_none() => Err(PartyError::Secretary),
            Some(_) | None => Ok(()),
        }
    }
}

/// Which places of a level the organisations in force cover, in the whole territory or within one
/// place. A place is covered by an organisation that names it: a branch on the compound does not
/// stand in for the building's group, since three-level places have one on each (WN).
pub fn coverage<'t, 'o>(
    in_force: impl IntoIterator<Item = &'o Organisation>,
    territory: &'t Territory,
    level: &str,
    within: Option<Subject>,
    at: Timestamp,
) -> Coverage<'t> {
    let named: BTreeSet<Subject> =
        in_force.into_iter().flat_map(|organisation| organisation.places.iter().copied()).collect();
    let inside = |place: &&Place| within.is_none_or(|outer| territory.covers(outer, place.id, at));
    let all: Vec<&Place> = territory.of_level(level, at).filter(inside).collect();
    let places = all.len();
    let gaps: Vec<&Place> = all.into_iter().filter(|place| !named.contains(&place.id)).collect();
    Coverage { places, covered: places - gaps.len(), gaps }
}

impl Coverage<'_> {
    /// Covered places in a hundred, rounded down, so that 100 means all of them; 100 of none.
    #[must_use]
    pub fn percent(&self) -> usize {
        (self.covered * 100).checked_div(self.places).unwrap_or(100)
    }
}

#[cfg(test)]
mod tests;
