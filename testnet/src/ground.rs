//! The ground of each node, by the articles' figures: She County has 77 grids in 10 communities
//! (T1), about 300 to 400 households each (T2), and 1,200 building heads for them (R1). Codes and
//! names of areas are real; grids, compounds and buildings are invented and marked 演示.

use rand::RngExt;
use serde::Serialize;

use crate::ids::{self, Nonce};
use crate::plan::{Part, Plan};
use crate::practice::Practice;

/// Grids in a community: 77 / 10.
pub const GRIDS: usize = 8;
/// Fewest households of a grid.
const HOUSEHOLDS: std::ops::RangeInclusive<u32> = 300..=400;
/// Building heads, so buildings, per grid: 1,200 / 77.
const BUILDINGS: std::ops::RangeInclusive<usize> = 15..=16;
/// Side of a grid in degrees: about 400 m.
const SIDE: f64 = 0.004;
/// Before the demo's first day.
const SINCE: &str = "2024-01-01T00:00:00+08:00";

/// A place as the API takes it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Place {
    /// Id, chosen by the client.
    pub id: String,
    /// Level of the policy.
    pub level: &'static str,
    /// Code, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Name.
    pub name: String,
    /// The place it lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Households.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub households: Option<u32>,
    /// Closed rings of `[longitude, latitude]`, WGS-84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Vec<Vec<[f64; 2]>>>,
    /// Since when.
    pub valid_from: &'static str,
}

/// A grid with its buildings.
#[derive(Clone, PartialEq, Debug)]
pub struct Grid {
    /// Its place.
    pub id: String,
    /// Its name.
    pub name: String,
    /// South-west corner, longitude and latitude.
    pub corner: [f64; 2],
    /// Ids and names of its buildings.
    pub buildings: Vec<(String, String)>,
}

/// The ground of one node.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ground {
    /// Every place, parents first.
    pub places: Vec<Place>,
    /// The grids, for communities.
    pub grids: Vec<Grid>,
}

impl Grid {
    /// A point within it, from two numbers from 0 to 1, to six decimals.
    #[must_use]
    pub fn point(&self, east: f64, north: f64) -> [f64; 2] {
        let at =
            |corner: f64, part: f64| ((corner + SIDE * (0.1 + 0.8 * part)) * 1e6).round() / 1e6;
        [at(self.corner[0], east), at(self.corner[1], north)]
    }
}

impl Ground {
    /// The ground of a seat. Units have none.
    #[must_use]
    pub fn of(plan: &Plan, number: usize, nonce: &Nonce, seed: u64) -> Self {
        match plan.seats()[number].part {
            Part::County | Part::Street => above(plan, number, nonce),
            Part::Community => community(plan, number, nonce, seed),
            Part::Unit => Self::default(),
        }
    }
}

fn area(plan: &Plan, number: usize, parent: Option<String>, nonce: &Nonce) -> Place {
    let seat = &plan.seats()[number];
    Place {
        id: nonce.id(&format!("area {}", seat.key)),
        level: Practice::level(seat.part),
        code: Some(seat.area.clone()),
        name: seat.name.clone(),
        parent,
        households: None,
        boundary: None,
        valid_from: SINCE,
    }
}

/// An area with the areas right below it.
fn above(plan: &Plan, number: usize, nonce: &Nonce) -> Ground {
    let own = area(plan, number, None, nonce);
    let below = plan.seats().iter().enumerate();
    let below = below.filter(|(_, seat)| seat.parent == Some(number) && seat.part != Part::Unit);
    let below = below.map(|(child, _)| area(plan, child, Some(own.id.clone()), nonce));
    Ground { places: std::iter::once(own.clone()).chain(below).collect(), grids: Vec::new() }
}

fn community(plan: &Plan, number: usize, nonce: &Nonce, seed: u64) -> Ground {
    let seat = &plan.seats()[number];
    let mut chance = ids::chance(seed, &format!("ground {}", seat.key));
    let corner = corner(plan, number);
    let own = Place {
        boundary: Some(rectangle(corner, SIDE * 4.0, SIDE * 2.0)),
        ..area(plan, number, None, nonce)
    };
    let mut ground = Ground { places: vec![own.clone()], grids: Vec::new() };
    let mut households = 0;
    for index in 0..GRIDS {
        let place = grid(seat, index, &own, corner, chance.random_range(HOUSEHOLDS), nonce);
        households += place.households.unwrap_or(0);
        let count = chance.random_range(BUILDINGS);
        let buildings: Vec<Place> =
            (0..count).map(|at| building(&place, at, count, nonce)).collect();
        ground.grids.push(Grid {
            id: place.id.clone(),
            name: place.name.clone(),
            corner: grid_corner(corner, index),
            buildings: buildings.iter().map(|b| (b.id.clone(), b.name.clone())).collect(),
        });
        ground.places.push(place);
        ground.places.extend(buildings);
    }
    ground.places[0].households = Some(households);
    ground
}

fn grid(
    seat: &crate::plan::Seat,
    index: usize,
    parent: &Place,
    corner: [f64; 2],
    households: u32,
    nonce: &Nonce,
) -> Place {
    let number = index + 1;
    Place {
        id: nonce.id(&format!("grid {} {number}", seat.key)),
        level: "grid",
        code: Some(format!("{}{number:03}", seat.area)),
        name: format!("{}第{number}网格（演示）", seat.name),
        parent: Some(parent.id.clone()),
        households: Some(households),
        boundary: Some(rectangle(grid_corner(corner, index), SIDE, SIDE)),
        valid_from: SINCE,
    }
}

fn building(grid: &Place, at: usize, count: usize, nonce: &Nonce) -> Place {
    let all = grid.households.unwrap_or(0);
    let (count, index) = (u32::try_from(count).unwrap_or(1), u32::try_from(at).unwrap_or(0));
    // Even shares, the remainder one by one to the first.
    let share = all / count + u32::from(index < all % count);
    Place {
        id: nonce.id(&format!("building {} {at}", grid.id)),
        level: "building",
        code: None,
        name: format!("{}幢（演示）", at + 1),
        parent: Some(grid.id.clone()),
        households: Some(share),
        boundary: None,
        valid_from: SINCE,
    }
}

/// The south-west corner of a community: side by side around the two towns' centres, which are
/// about 118.44° E, 29.86° N and 118.56° E, 29.81° N.
fn corner(plan: &Plan, number: usize) -> [f64; 2] {
    let seat = &plan.seats()[number];
    let remote = seat.parent == Some(plan.behind_forwarder());
    let [lon, lat] = if remote { [118.53, 29.79] } else { [118.42, 29.85] };
    let elder = |(other, elder): &(usize, &crate::plan::Seat)| {
        *other < number && elder.parent == seat.parent
    };
    let place = plan.of_part(Part::Community).filter(elder).count();
    let (column, row) = (step(place % 4), step(place / 4));
    [lon + column * SIDE * 4.5, lat + row * SIDE * 2.5]
}

fn step(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(0))
}

/// Two rows of four.
fn grid_corner([lon, lat]: [f64; 2], index: usize) -> [f64; 2] {
    [lon + step(index % 4) * SIDE, lat + step(index / 4) * SIDE]
}

fn rectangle([west, south]: [f64; 2], width: f64, height: f64) -> Vec<Vec<[f64; 2]>> {
    let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
    let (west, east) = (round(west), round(west + width));
    let (south, north) = (round(south), round(south + height));
    vec![vec![[west, south], [east, south], [east, north], [west, north], [west, south]]]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn grounds() -> Vec<Ground> {
        let plan = Plan::of(20).unwrap();
        let nonce = Nonce::new("test");
        (0..20).map(|number| Ground::of(&plan, number, &nonce, 1)).collect()
    }

    #[test]
    fn grids_are_as_even_as_the_articles_say() {
        for ground in grounds().iter().filter(|ground| !ground.grids.is_empty()) {
            assert_eq!(ground.grids.len(), GRIDS);
            let of = |level: &str| {
                let places = ground.places.iter().filter(|place| place.level == level);
                places.filter_map(|place| place.households).collect::<Vec<_>>()
            };
            let grids = of("grid");
            assert!(grids.iter().all(|households| HOUSEHOLDS.contains(households)));
            let sum: u32 = grids.iter().sum();
            assert_eq!(of("community"), [sum]);
            assert_eq!(of("building").iter().sum::<u32>(), sum);
        }
    }

    #[test]
    fn places_have_ids_of_their_own_and_follow_their_parents() {
        let mut ids = BTreeSet::new();
        for ground in grounds() {
            let mut here = BTreeSet::new();
            for place in &ground.places {
                assert!(place.parent.as_ref().is_none_or(|parent| here.contains(parent)));
                here.insert(place.id.clone());
            }
            ids.extend(ground.grids.iter().map(|grid| grid.id.clone()));
        }
        assert_eq!(ids.len(), 15 * GRIDS);
    }

    #[test]
    fn communities_do_not_overlap() {
        let plan = Plan::of(20).unwrap();
        let corners: Vec<_> =
            plan.communities().into_iter().map(|number| corner(&plan, number)).collect();
        for (index, one) in corners.iter().enumerate() {
            for other in &corners[..index] {
                let apart = (one[0] - other[0]).abs() >= SIDE * 4.0
                    || (one[1] - other[1]).abs() >= SIDE * 2.0;
                assert!(apart, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_point_lies_well_within_its_grid() {
        let ground = grounds().into_iter().find(|ground| !ground.grids.is_empty()).unwrap();
        for (east, north) in [(0.0, 0.0), (1.0, 1.0), (0.5, 0.3)] {
            let grid = &ground.grids[5];
            let [lon, lat] = grid.point(east, north);
            assert!(lon > grid.corner[0] && lon < grid.corner[0] + SIDE);
            assert!(lat > grid.corner[1] && lat < grid.corner[1] + SIDE);
        }
    }
}
