//! The territory: places in a tree whose levels are data (T1), each over its periods of validity.
//! Every question takes a time, and a change adds a version, so that history stays what it was
//! (T2: a boundary change never rewrites history).

mod boundary;
mod check;
pub mod indoor;
mod place;
pub mod reshape;

pub use boundary::{Boundary, BoundaryError, MAX_POINTS, MAX_RINGS, Point};
pub use check::TerritoryError;
pub use place::{MAX_KEY, MAX_NAME, Place};

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use crate::area::AreaCode;

/// Most steps from a place to the top; ends a walk even if a policy's levels were reordered
/// under places so that they form a loop.
const MAX_DEPTH: usize = 16;

/// A level of the hierarchy, as the policy lists them from the top down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// How places and rules refer to it: lower-case letters, digits, `_`, `-`.
    pub key: String,
    /// What staff see, such as 网格.
    pub name: String,
    /// The same in English.
    pub name_en: String,
    /// Whether it is an administrative area (county, township, community) with an official code.
    #[serde(default)]
    pub administrative: bool,
    /// How many households a place of this level should have (T2), where the policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub households: Option<Households>,
}

/// A range of households, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Households {
    /// The fewest.
    pub min: u32,
    /// The most.
    pub max: u32,
}

/// What a point lies in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Located {
    /// Exactly one place of the level.
    One(Subject),
    /// No place of the level: somebody has to decide.
    None,
    /// Boundaries overlap here; all that contain the point, ascending.
    Several(Vec<Subject>),
}

/// The places a node knows, with their history.
#[derive(Clone, Default)]
pub struct Territory {
    /// Versions of each place by their beginning; they never overlap.
    versions: BTreeMap<Subject, Vec<Place>>,
    /// Every place that was ever directly under the key, in any version.
    under: BTreeMap<Subject, BTreeSet<Subject>>,
    /// Every place of the level.
    of_level: BTreeMap<String, BTreeSet<Subject>>,
    /// Old place → since when, and the places that followed it (see [`reshape`]).
    heirs: BTreeMap<Subject, (Timestamp, Vec<Subject>)>,
    /// New place → the places that it followed.
    forebears: BTreeMap<Subject, BTreeSet<Subject>>,
    /// Code of places that were followed → those places: cases keep the code of their time.
    former: BTreeMap<AreaCode, BTreeSet<Subject>>,
}

impl Territory {
    /// The territory of places in any order, each with its versions in order of their beginning.
    ///
    /// # Errors
    /// When versions of a place contradict each other.
    pub fn from_places(places: impl IntoIterator<Item = Place>) -> Result<Self, TerritoryError> {
        let mut territory = Self::default();
        places.into_iter().try_for_each(|place| territory.insert(place))?;
        Ok(territory)
    }

    /// Adds a place or a further version of one. An earlier version that was still open ends
    /// where the new one begins. Inserting the last version again changes nothing.
    ///
    /// Only the order of versions is checked here, since a journal that is replayed was checked
    /// when it was written; [`Self::check`] comes first for what is new.
    ///
    /// # Errors
    /// [`TerritoryError::RewritesHistory`] or [`TerritoryError::LevelChanged`].
    pub fn insert(&mut self, place: Place) -> Result<(), TerritoryError> {
        if self.latest(place.id) == Some(&place) {
            return Ok(());
        }
        self.check_succession(&place)?;
        if let Some(parent) = place.parent {
            self.under.entry(parent).or_default().insert(place.id);
        }
        self.of_level.entry(place.level.clone()).or_default().insert(place.id);
        let versions = self.versions.entry(place.id).or_default();
        if let Some(last) = versions.last_mut()
            && last.outlasts(place.valid_from)
        {
            last.valid_until = Some(place.valid_from);
        }
        versions.push(place);
        Ok(())
    }

    /// Ends a place: from `at` on it is no more. Nothing of its past changes. Ending it again at
    /// the same moment changes nothing.
    ///
    /// # Errors
    /// When it is unknown, ended otherwise, began later, or still has places under it.
    pub fn end(&mut self, id: Subject, at: Timestamp) -> Result<(), TerritoryError> {
        self.check_end(id, at)?;
        if let Some(last) = self.versions.get_mut(&id).and_then(|v| v.last_mut()) {
            last.valid_until = Some(at);
        }
        Ok(())
    }

    /// The place as it was at the time.
    #[must_use]
    pub fn get(&self, id: Subject, at: Timestamp) -> Option<&Place> {
        let versions = self.versions.get(&id)?;
        let begun = versions.partition_point(|v| v.valid_from <= at);
        versions[..begun].last().filter(|v| v.is_valid(at))
    }

    /// The last version of the place, whether ended, in force or still to come.
    #[must_use]
    pub fn latest(&self, id: Subject) -> Option<&Place> {
        self.versions.get(&id)?.last()
    }

    /// All versions of the place, oldest first.
    #[must_use]
    pub fn history(&self, id: Subject) -> &[Place] {
        self.versions.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Every place at the time, by id.
    pub fn places(&self, at: Timestamp) -> impl Iterator<Item = &Place> {
        self.versions.keys().filter_map(move |id| self.get(*id, at))
    }

    /// Every place of the level at the time, by id.
    pub fn of_level(&self, level: &str, at: Timestamp) -> impl Iterator<Item = &Place> {
        let ids = self.of_level.get(level).into_iter().flatten();
        ids.filter_map(move |id| self.get(*id, at))
    }

    /// The places directly under this one at the time, by id.
    pub fn children(&self, id: Subject, at: Timestamp) -> impl Iterator<Item = &Place> {
        let ids = self.under.get(&id).into_iter().flatten();
        ids.filter_map(move |child| self.get(*child, at)).filter(move |c| c.parent == Some(id))
    }

    /// The places this one lies in at the time, nearest first, itself not among them.
    pub fn ancestors(&self, id: Subject, at: Timestamp) -> impl Iterator<Item = &Place> {
        let above = move |place: &&Place| self.get(place.parent?, at);
        iter::successors(self.get(id, at), above).skip(1).take(MAX_DEPTH)
    }

    /// Whether `inner` is `outer` or lies in it at the time.
    #[must_use]
    pub fn covers(&self, outer: Subject, inner: Subject, at: Timestamp) -> bool {
        let known = self.get(inner, at).is_some();
        known && (outer == inner || self.ancestors(inner, at).any(|place| place.id == outer))
    }

    /// The place of the given level in which this one lies at the time, or itself if it is one:
    /// for a building, `at_level(id, "grid", …)` is its grid.
    #[must_use]
    pub fn at_level(&self, id: Subject, level: &str, at: Timestamp) -> Option<&Place> {
        self.get(id, at).into_iter().chain(self.ancestors(id, at)).find(|p| p.level == level)
    }

    /// The official code of the place at the time, or the nearest one above it.
    #[must_use]
    pub fn code_of(&self, id: Subject, at: Timestamp) -> Option<&AreaCode> {
        self.get(id, at).into_iter().chain(self.ancestors(id, at)).find_map(|p| p.code.as_ref())
    }

    /// Which place of the level the point lies in at the time; see [`Boundary::contains`] for
    /// points on an edge.
    #[must_use]
    pub fn locate(&self, point: Point, level: &str, at: Timestamp) -> Located {
        let contains = |place: &&Place| place.boundary.as_ref().is_some_and(|b| b.contains(point));
        let mut found: Vec<_> = self.of_level(level, at).filter(contains).map(|p| p.id).collect();
        match (found.pop(), found.is_empty()) {
            (None, _) => Located::None,
            (Some(only), true) => Located::One(only),
            (Some(last), false) => {
                found.push(last);
                Located::Several(found)
            }
        }
    }
}

#[cfg(test)]
mod tests;
