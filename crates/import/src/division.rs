//! How a community's grids are drawn, measured against the rules (T2): households, gaps, overlaps,
//! one piece each and next to each other. A report, not a barrier.
//!
//! What there is no data for is not judged: whether a closed compound is one grid, and how many
//! villager groups a grid has.

mod finding;

use std::collections::BTreeSet;

use governance::policy::{GridRule, Span};
use governance::territory::{Boundary, Level, Place, Point, Territory};
use record::{Subject, Timestamp};
use serde::Serialize;

pub use crate::ground::TooComplex;
use crate::ground::{Piece, TOUCH, cover, gap};
use crate::problem::Problem;

/// Smaller pieces, in m², are how carefully was drawn, not how it was divided; they count in the
/// sums and are not named one by one.
const SLIVER: f64 = 50.0;
/// Most pieces of a kind that are named.
const MAX_NAMED: usize = 100;

/// What is to be measured.
pub struct Question<'a> {
    /// The places.
    pub territory: &'a Territory,
    /// The community, or any other place that is divided.
    pub parent: Subject,
    /// The level of the grids.
    pub level: &'a Level,
    /// The policy's rules for grids.
    pub rule: Option<&'a GridRule>,
    /// When.
    pub at: Timestamp,
}

/// What was measured.
#[derive(Clone, PartialEq, Serialize)]
pub struct Report {
    /// The place that is divided.
    pub parent: Subject,
    /// Its area in m², where its boundary is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<f64>,
    /// Its grids, by id.
    pub grids: Vec<Grid>,
    /// Ground that no grid covers, the largest first; only where the parent's boundary is known.
    pub gaps: Vec<Ground>,
    /// Ground that several grids cover, the largest first.
    pub overlaps: Vec<Ground>,
    /// Ground of grids outside the parent, the largest first.
    pub beyond: Vec<Ground>,
    /// All gaps in m², those that are not named too.
    pub gap_area: f64,
    /// All overlaps in m².
    pub overlap_area: f64,
    /// All ground beyond in m².
    pub beyond_area: f64,
    /// Grids that touch each other, directly or through others; one group is as it should be.
    pub groups: Vec<Vec<Subject>>,
    /// What breaks a rule or should be looked at.
    pub findings: Vec<Problem>,
}

/// A grid.
#[derive(Clone, PartialEq, Serialize)]
pub struct Grid {
    /// Its id.
    pub id: Subject,
    /// Its name.
    pub name: String,
    /// Its households, where counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub households: Option<u32>,
    /// How that compares with the rule.
    pub size: Size,
    /// Its area in m², where its boundary is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<f64>,
    /// Of how many separate pieces it consists.
    pub pieces: usize,
}

/// Households against the rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// As many as there should be.
    Within,
    /// Too few.
    Below,
    /// Too many.
    Above,
    /// Not counted, or no rule.
    Unknown,
}

/// A piece of ground.
#[derive(Clone, PartialEq, Serialize)]
pub struct Ground {
    /// The grids that cover it.
    pub grids: Vec<Subject>,
    /// Its area in m².
    pub area: f64,
    /// A point in it.
    pub at: Point,
}

/// Measures the grids below a place.
///
/// # Errors
/// [`TooComplex`] for boundaries with very many points.
pub fn check(question: &Question<'_>) -> Result<Report, TooComplex> {
    let Question { territory, parent, level, at, .. } = *question;
    let inside = |place: &&Place| territory.covers(parent, place.id, at) && place.id != parent;
    let places: Vec<&Place> = territory.of_level(&level.key, at).filter(inside).collect();
    let outline = territory.get(parent, at).and_then(|place| place.boundary.as_ref());
    let drawn: Vec<(&Place, &Boundary)> =
        places.iter().filter_map(|place| Some((*place, place.boundary.as_ref()?))).collect();
    let mut report = Report {
        parent,
        area: None,
        grids: places.iter().map(|place| grid(place, households(question))).collect(),
        gaps: vec![],
        overlaps: vec![],
        beyond: vec![],
        gap_area: 0.0,
        overlap_area: 0.0,
        beyond_area: 0.0,
        groups: groups(&drawn),
        findings: vec![],
    };
    survey(&mut report, outline, &drawn)?;
    report.findings = finding::findings(question, &report);
    Ok(report)
}

/// The rule for households: the policy's for grids, or else that of the level.
fn households(question: &Question<'_>) -> Option<Span> {
    let of_level = question.level.households.map(|rule| Span { min: rule.min, max: rule.max });
    question.rule.and_then(|rule| rule.households).or(of_level)
}

fn grid(place: &Place, rule: Option<Span>) -> Grid {
    let size = match (place.households, rule) {
        (Some(have), Some(rule)) if have < rule.min => Size::Below,
        (Some(have), Some(rule)) if have > rule.max => Size::Above,
        (Some(_), Some(_)) => Size::Within,
        (None, _) | (_, None) => Size::Unknown,
    };
    Grid {
        id: place.id,
        name: place.name.clone(),
        households: place.households,
        size,
        area: None,
        pieces: 0,
    }
}

/// Areas, gaps, overlaps and what lies beyond, from one cut through all boundaries.
fn survey(
    report: &mut Report,
    outline: Option<&Boundary>,
    drawn: &[(&Place, &Boundary)],
) -> Result<(), TooComplex> {
    let around = outline.map(|_| drawn.len());
    let all: Vec<&Boundary> = drawn.iter().map(|(_, boundary)| *boundary).chain(outline).collect();
    let found = cover(&all)?;
    report.area = around.map(|around| sum(&found.pieces, |by| by.contains(&around)));
    for (index, (place, boundary)) in drawn.iter().enumerate() {
        let Some(grid) = report.grids.iter_mut().find(|grid| grid.id == place.id) else { continue };
        grid.area = Some(sum(&found.pieces, |by| by.contains(&index)));
        grid.pieces =
            cover(&[boundary])?.pieces.iter().filter(|piece| piece.area >= SLIVER).count();
    }
    let grids_of = |piece: &Piece| -> Vec<Subject> {
        piece.by.iter().filter_map(|index| drawn.get(*index)).map(|(place, _)| place.id).collect()
    };
    let collect = |fits: &dyn Fn(&Piece, usize) -> bool| {
        let pieces = found.pieces.iter().filter(|piece| fits(piece, grids_of(piece).len()));
        let mut grounds: Vec<Ground> = pieces
            .map(|piece| Ground { grids: grids_of(piece), area: piece.area, at: piece.at })
            .collect();
        grounds.sort_by(|a, b| b.area.total_cmp(&a.area));
        let area = grounds.iter().map(|ground| ground.area).fold(0.0, |sum, area| sum + area);
        grounds.retain(|ground| ground.area >= SLIVER);
        grounds.truncate(MAX_NAMED);
        (grounds, area)
    };
    (report.gaps, report.gap_area) = collect(&|_, grids| grids == 0);
    (report.overlaps, report.overlap_area) = collect(&|_, grids| grids > 1);
    if let Some(around) = around {
        (report.beyond, report.beyond_area) = collect(&|piece, _| !piece.by.contains(&around));
    }
    Ok(())
}

fn sum(pieces: &[Piece], of: impl Fn(&[usize]) -> bool) -> f64 {
    // Not `sum`, which makes -0 of nothing.
    let of = pieces.iter().filter(|piece| of(&piece.by));
    of.map(|piece| piece.area).fold(0.0, |sum, area| sum + area)
}

/// Grids that touch, or have but a street between them.
fn groups(drawn: &[(&Place, &Boundary)]) -> Vec<Vec<Subject>> {
    let mut left: BTreeSet<usize> = (0..drawn.len()).collect();
    let mut groups = Vec::new();
    while let Some(first) = left.pop_first() {
        let mut group = vec![first];
        let mut next = 0;
        while let Some(member) = group.get(next).copied() {
            next += 1;
            let touches = |other: &usize| gap(drawn[member].1, drawn[*other].1, TOUCH).is_some();
            let found: Vec<usize> = left.iter().copied().filter(touches).collect();
            left.retain(|other| !found.contains(other));
            group.extend(found);
        }
        group.sort_unstable();
        groups.push(group.into_iter().map(|index| drawn[index].0.id).collect::<Vec<_>>());
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups
}

#[cfg(test)]
mod tests;
