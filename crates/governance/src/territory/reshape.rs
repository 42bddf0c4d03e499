//! Splitting and merging grids (T2): one act ends the old places and founds the new ones at one
//! moment. What lay in the old ones moves; what happened in them keeps the code it was reported
//! under, and is found from the new ones by descent. Nothing of the past is rewritten.

use std::collections::{BTreeMap, BTreeSet};

use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Level, Place, Territory, TerritoryError};
use crate::area::AreaCode;
use crate::roster::{Appointment, Roster};

/// Most places that one act ends or founds.
pub const MAX_RESHAPED: usize = 50;
/// Longest line of descent that is followed.
const MAX_GENERATIONS: usize = 32;

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reshape {
    /// When; not before now.
    pub at: Timestamp,
    /// The places that end, all of one level.
    pub end: Vec<Subject>,
    /// The places that begin, of the same level; they begin at that moment, whatever they say.
    pub found: Vec<Place>,
    /// Where what lies directly in the old places goes: child → new place. May be left out where
    /// only one place begins.
    #[serde(default)]
    pub moves: BTreeMap<Subject, Subject>,
}

/// Who follows whom.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// Since when.
    pub at: Timestamp,
    /// The places that ended.
    pub from: Vec<Subject>,
    /// Their successors.
    pub to: Vec<Subject>,
}

/// What an act amounts to, checked.
#[derive(Clone)]
pub struct Reshaped {
    /// New places and further versions of what moved, in an order in which they can be inserted.
    pub places: Vec<Place>,
    /// Who follows whom.
    pub lineage: Lineage,
    /// The territory after it.
    pub territory: Territory,
}

/// Why places can't be split or merged so.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReshapeError {
    /// None or too many.
    #[error("takes 1 to {MAX_RESHAPED} different places that end and as many that begin")]
    Count,
    /// Would happen in the past.
    #[error("at: lies before {now}; what has been stays as it was")]
    Past {
        /// Now.
        now: Timestamp,
    },
    /// An old place is not there then.
    #[error("end: place {0} is not valid then")]
    Unknown(Subject),
    /// Places of different levels.
    #[error("place {0} is of another level: a reshaping keeps to one")]
    OtherLevel(Subject),
    /// A new place is known already.
    #[error("found: place {0} exists already; give a new one an id of its own")]
    Exists(Subject),
    /// Nobody said where something goes.
    #[error("moves: place {0} lies in one that ends; say in which new one it will lie")]
    Unplaced(Subject),
    /// Something moves that does not lie in an old place, or to no new one.
    #[error("moves: place {0} does not lie in a place that ends, or is not sent to a new one")]
    Stray(Subject),
    /// The result would not hang together.
    #[error(transparent)]
    Territory(#[from] TerritoryError),
}

impl Territory {
    /// What splitting or merging would amount to. Changes nothing itself.
    ///
    /// # Errors
    /// See [`ReshapeError`].
    pub fn reshape(
        &self,
        plan: &Reshape,
        levels: &[Level],
        now: Timestamp,
    ) -> Result<Reshaped, ReshapeError> {
        let at = plan.at;
        self.check_plan(plan, now)?;
        let mut places: Vec<Place> = Vec::new();
        for place in &plan.found {
            places.push(Place { valid_from: at, ..place.clone() });
        }
        places.extend(self.moved(plan)?);
        let mut territory = self.clone();
        for place in &places {
            territory.check(place, levels, now)?;
            territory.insert(place.clone())?;
        }
        for id in &plan.end {
            territory.end(*id, at)?;
        }
        let to = plan.found.iter().map(|place| place.id).collect();
        let lineage = Lineage { at, from: plan.end.clone(), to };
        territory.descend(lineage.clone());
        Ok(Reshaped { places, lineage, territory })
    }

    fn check_plan(&self, plan: &Reshape, now: Timestamp) -> Result<(), ReshapeError> {
        let old: BTreeSet<Subject> = plan.end.iter().copied().collect();
        let new: BTreeSet<Subject> = plan.found.iter().map(|place| place.id).collect();
        let fits = |count: usize, distinct: usize| {
            count == distinct && (1..=MAX_RESHAPED).contains(&count)
        };
        if !fits(plan.end.len(), old.len()) || !fits(plan.found.len(), new.len()) {
            return Err(ReshapeError::Count);
        }
        if plan.at < now {
            return Err(ReshapeError::Past { now });
        }
        let mut level = None;
        for id in &plan.end {
            let place = self.get(*id, plan.at).ok_or(ReshapeError::Unknown(*id))?;
            if *level.get_or_insert(&place.level) != &place.level {
                return Err(ReshapeError::OtherLevel(*id));
            }
        }
        for place in &plan.found {
            if self.latest(place.id).is_some() {
                return Err(ReshapeError::Exists(place.id));
            }
            if level != Some(&place.level) {
                return Err(ReshapeError::OtherLevel(place.id));
            }
        }
        Ok(())
    }

    /// Further versions of what lies directly in the places that end.
    fn moved(&self, plan: &Reshape) -> Result<Vec<Place>, ReshapeError> {
        let only = if let [only] = plan.found.as_slice() { Some(only.id) } else { None };
        let mut moved = Vec::new();
        let mut left: BTreeSet<Subject> = plan.moves.keys().copied().collect();
        for child in plan.end.iter().flat_map(|old| self.children(*old, plan.at)) {
            left.remove(&child.id);
            let to = plan.moves.get(&child.id).copied().or(only);
            let to = to.ok_or(ReshapeError::Unplaced(child.id))?;
            if !plan.found.iter().any(|place| place.id == to) {
                return Err(ReshapeError::Stray(child.id));
            }
            let parent = Some(to);
            moved.push(Place { parent, valid_from: plan.at, ..child.clone() });
        }
        left.first().map_or(Ok(moved), |stray| Err(ReshapeError::Stray(*stray)))
    }

    /// Takes in who follows whom, as a journal has it.
    pub fn descend(&mut self, lineage: Lineage) {
        for old in &lineage.from {
            if let Some(code) = self.latest(*old).and_then(|place| place.code.clone()) {
                self.former.entry(code).or_default().insert(*old);
            }
        }
        for new in &lineage.to {
            self.forebears.entry(*new).or_default().extend(&lineage.from);
        }
        for old in &lineage.from {
            self.heirs.insert(*old, (lineage.at, lineage.to.clone()));
        }
    }

    /// The place itself where it is valid at the time, else those that followed it and are.
    #[must_use]
    pub fn heirs(&self, place: Subject, at: Timestamp) -> BTreeSet<Subject> {
        let mut found = BTreeSet::new();
        let mut open = BTreeSet::from([place]);
        for _ in 0..MAX_GENERATIONS {
            let mut next = BTreeSet::new();
            for id in open {
                if self.get(id, at).is_some() {
                    found.insert(id);
                } else if let Some((_, to)) = self.heirs.get(&id).filter(|(since, _)| *since <= at)
                {
                    next.extend(to);
                }
            }
            open = next;
        }
        found
    }

    /// The places that this one directly follows: `successor_of`.
    #[must_use]
    pub fn successor_of(&self, place: Subject) -> Vec<Subject> {
        self.forebears.get(&place).into_iter().flatten().copied().collect()
    }

    /// The places that directly follow this one.
    #[must_use]
    pub fn succeeded_by(&self, place: Subject) -> &[Subject] {
        self.heirs.get(&place).map_or(&[], |(_, to)| to)
    }

    /// Whether a matter lies in `outer` at the time: by its place, or what followed it, where this
    /// territory has it; else by the code of its grid, or of what followed a grid of that code.
    #[must_use]
    pub fn holds(
        &self,
        outer: Subject,
        place: Option<Subject>,
        grid: Option<&AreaCode>,
        at: Timestamp,
    ) -> bool {
        let followed =
            |id: Subject| self.heirs(id, at).into_iter().any(|p| self.covers(outer, p, at));
        if let Some(place) = place.filter(|place| self.latest(*place).is_some()) {
            return self.covers(outer, place, at)
                || (self.get(place, at).is_none() && followed(place));
        }
        let Some(grid) = grid else { return false };
        // A building has no code of its own: by its grid's it would cover the whole grid.
        let code = self.get(outer, at).and_then(|place| place.code.as_ref());
        code.is_some_and(|code| grid.is_within(code))
            || self.former.get(grid).is_some_and(|old| old.iter().any(|id| followed(*id)))
    }
}

/// The appointments in force or to come that lose their ground when these places end: somebody has
/// to make them anew, since a new grid's people are not guessed.
#[must_use]
pub fn bereft<'r>(roster: &'r Roster, lineage: &Lineage) -> Vec<(Subject, &'r Appointment)> {
    let lasts = |held: &&Appointment| held.until.is_none_or(|until| lineage.at < until);
    let lost = |held: &&Appointment| held.scope.is_some_and(|scope| lineage.from.contains(&scope));
    let people = roster
        .iter()
        .flat_map(|(id, person)| person.appointments.iter().map(move |held| (*id, held)));
    people.filter(|(_, held)| lasts(held) && lost(held)).collect()
}

#[cfg(test)]
mod tests;
