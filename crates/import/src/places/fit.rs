//! Whether places lie where they should: a wrong coordinate system shows as points outside the
//! parent's boundary, and as a better fit when they are read in another system.

use governance::territory::{Boundary, Place, Point, Territory};
use record::Timestamp;

use super::Plan;
use crate::coordinates::System;
use crate::ground::{TOUCH, outside_by};
use crate::problem::{Fault, Problem, Spot};

/// Most points of a boundary that are looked at; taken at even distances.
const SAMPLE: usize = 50;
/// Most places that are named.
const MAX_NAMED: usize = 50;
/// So many points outside are a pattern and no slip.
const PATTERN: usize = 4;

/// What does not fit, and which system would.
pub(super) fn check(
    next: &Territory,
    plan: &Plan,
    declared: Option<System>,
    at: Timestamp,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut sums = [0_usize; System::ALL.len()];
    let mut looked_at = 0;
    let mut named = 0;
    for place in &plan.places {
        let when = at.max(place.valid_from);
        let parent = place.parent.and_then(|parent| next.get(parent, when));
        let around = parent.and_then(|parent| parent.boundary.as_ref());
        let mark = plan.points.get(&place.id).copied();
        if let (Some(own), Some(point)) = (&place.boundary, mark)
            && outside_by(own, point).is_some_and(|metres| metres > TOUCH)
        {
            problems.push(outside_self(plan, place));
        }
        let Some(around) = around else { continue };
        let points = sample(place.boundary.as_ref(), mark);
        let outside = count(around, &points);
        looked_at += points.len();
        if let Some(declared) = declared {
            for (sum, system) in sums.iter_mut().zip(System::ALL) {
                *sum += if system == declared {
                    outside
                } else {
                    count(around, &reread(&points, declared, system))
                };
            }
        }
        if outside > 0 && named < MAX_NAMED {
            named += 1;
            problems.push(outside_parent(plan, place, outside, points.len()));
        }
    }
    problems.extend(declared.and_then(|declared| better(declared, &sums, looked_at)));
    problems
}

fn sample(boundary: Option<&Boundary>, mark: Option<Point>) -> Vec<Point> {
    let ring: Vec<Point> =
        boundary.iter().flat_map(|b| b.rings().iter().flat_map(|r| &r[1..])).copied().collect();
    let step = ring.len().div_ceil(SAMPLE).max(1);
    ring.into_iter().step_by(step).chain(mark).collect()
}

fn count(around: &Boundary, points: &[Point]) -> usize {
    points
        .iter()
        .filter(|point| outside_by(around, **point).is_some_and(|metres| metres > TOUCH))
        .count()
}

/// The points as they would be if the file were in another system than was declared.
fn reread(points: &[Point], declared: System, other: System) -> Vec<Point> {
    let read = |point: &Point| {
        let (lon, lat) = declared.degrees(*point);
        other.point(lon, lat).ok()
    };
    points.iter().filter_map(read).collect()
}

/// The system in which far fewer points lie outside, if there is one.
fn better(declared: System, sums: &[usize; System::ALL.len()], of: usize) -> Option<Problem> {
    let outside = |system| System::ALL.iter().position(|s| *s == system).map_or(0, |at| sums[at]);
    let now = outside(declared);
    let other = System::ALL.into_iter().filter(|s| *s != declared).min_by_key(|s| outside(*s))?;
    let then = outside(other);
    if now < PATTERN || then * 4 > now {
        return None;
    }
    let (have, fits) = (declared.name(), other.name());
    Some(Problem::warning(
        Fault::LikelySystem,
        Spot::default(),
        format!(
            "声明的坐标系是 {have}，{of} 个点里有 {now} 个落在上级边界之外；如果按 {fits} 解读，只有 {then} 个。坐标系很可能声明错了"
        ),
        format!(
            "{have} was declared, and {now} of {of} points lie outside the parents' boundaries; as {fits} only {then} would. The declaration is probably wrong"
        ),
    ))
}

fn spot_of(plan: &Plan, place: &Place) -> Spot {
    let change = plan.changes.iter().find(|change| change.id == place.id);
    change.map_or_else(Spot::default, |change| change.spot.clone())
}

fn outside_parent(plan: &Plan, place: &Place, outside: usize, of: usize) -> Problem {
    Problem::warning(
        Fault::OutsideParent,
        spot_of(plan, place),
        format!("{of} 个点里有 {outside} 个落在上级边界之外；请核对坐标系和上级"),
        format!("{outside} of {of} points lie outside the parent's boundary: check the coordinate system and the parent"),
    )
    .of(&place.name)
}

fn outside_self(plan: &Plan, place: &Place) -> Problem {
    Problem::warning(
        Fault::OutsideSelf,
        spot_of(plan, place),
        "经纬度落在它自己的边界之外",
        "its longitude and latitude lie outside its own boundary",
    )
    .of(&place.name)
}
