//! Divisions and grids from files, as places for the engine's `Establish` and the ends for its
//! `EndPlace`, with a preview: what would be new, changed, ended, unchanged. Nothing is applied
//! here, and the same file once more changes nothing.
//!
//! Tables and GeoJSON become [`Draft`]s, and [`plan`] compares drafts with the territory.

mod aside;
mod draft;
mod export;
mod fit;
pub mod geojson;
mod kinds;
mod outcome;
mod parent;
mod plan;
mod refusal;

use std::collections::BTreeMap;
use std::time::Duration;

use governance::area::AreaCode;
use governance::territory::{Level, Place, Point};
use record::{Subject, Timestamp};
use serde::Serialize;

pub use draft::{Draft, Drafts, columns, from_geojson, from_table};
pub use export::{Wanted, export};
pub use plan::plan;

use crate::problem::{Problem, Spot};
use crate::table::Limits;

/// Characters of a cell: a boundary of 2,000 points in WKT has some 45,000.
const MAX_CELL: usize = 64 * 1024;

/// The engine refuses a change that begins before the moment at which it carries it out: one that is
/// to begin now begins so much later.
pub const AHEAD: Duration = Duration::from_secs(60);

/// The bounds for tables of places.
#[must_use]
pub fn limits() -> Limits {
    Limits { text: MAX_CELL, ..Limits::default() }
}

/// How a file of places is to be understood.
pub struct Options<'a> {
    /// The policy's levels, from the top down.
    pub levels: &'a [Level],
    /// What the file calls levels, where that is not one of the usual words: word → level key. An
    /// empty key leaves those rows out.
    pub words: BTreeMap<String, String>,
    /// The area that this node governs; rows with codes outside it are left out.
    pub area: Option<AreaCode>,
    /// When what is new or changed begins, where a row does not say: what is new now, and what is
    /// changed as soon as it can, where absent.
    pub from: Option<Timestamp>,
    /// The time now.
    pub now: Timestamp,
    /// Whether what the file does not have is to end.
    pub scope: Scope,
}

/// What a file covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Some places; nothing is said about the others.
    Partial,
    /// Every place of the levels that occur in it, within the node's area: those it does not have
    /// would end.
    Complete,
}

/// What a file would do.
#[derive(Default)]
pub struct Plan {
    /// New places and further versions of places, parents first.
    pub places: Vec<Place>,
    /// Places that would end, those at the bottom first.
    pub ends: Vec<Subject>,
    /// Each row's outcome, top level first, and the ends.
    pub changes: Vec<Change>,
    /// Points, which a place itself does not keep: they tell a wrong coordinate system.
    points: BTreeMap<Subject, Point>,
    /// What is wrong, and what to look at.
    pub problems: Vec<Problem>,
    /// How many of each.
    pub counts: Counts,
}

/// How many rows came to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Rows that say something: the new, changed, unchanged, skipped and refused ones together.
    pub rows: usize,
    /// Places that are not there yet.
    pub new: usize,
    /// Places that differ.
    pub changed: usize,
    /// Places that would end.
    pub ended: usize,
    /// Places that are as the file says.
    pub unchanged: usize,
    /// Rows of other levels or areas, and repetitions.
    pub skipped: usize,
    /// Rows with errors.
    pub refused: usize,
}

/// What happens to a place.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its row.
    pub spot: Spot,
    /// The place.
    pub id: Subject,
    /// Its level.
    pub level: String,
    /// Its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<AreaCode>,
    /// Its name.
    pub name: String,
    /// What happens.
    pub kind: Kind,
    /// What differs, for a change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// What happens to a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is founded.
    New,
    /// A further version begins.
    Changed,
    /// It ends.
    Ended,
    /// Nothing.
    Unchanged,
}

/// One thing that differs.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The name was this.
    Name(String),
    /// The code was this.
    Code(Option<AreaCode>),
    /// It lay in this place.
    Parent(Option<Subject>),
    /// It had so many households.
    Households(Option<u32>),
    /// Its boundary.
    Boundary,
    /// Its end was this.
    Until(Option<Timestamp>),
}

#[cfg(test)]
mod tests;
