use std::f64::consts::TAU;

use proptest::collection::vec;
use proptest::prelude::*;
use record::cbor::{self, Limits};

use super::*;

const LIMITS: Limits = Limits::of_bytes(64 * 1024);

fn point(lon: i32, lat: i32) -> Point {
    Point::from_units(lon, lat).unwrap()
}

/// A closed ring through the corners.
fn ring(corners: &[(i32, i32)]) -> Vec<Point> {
    corners.iter().chain(corners.first()).map(|(lon, lat)| point(*lon, *lat)).collect()
}

fn boundary(rings: &[&[(i32, i32)]]) -> Boundary {
    Boundary::new(rings.iter().map(|corners| ring(corners)).collect()).unwrap()
}

/// How often the rings go around the point, by adding up angles: slow, inexact, and made by
/// another idea. The point is moved a hair north-east first, far less than anything else is away.
fn winds_oddly(rings: &[Vec<Point>], p: Point) -> bool {
    let (east, north) = (f64::from(p.lon) + 1e-2, f64::from(p.lat) + 1e-5);
    let angle = |q: &Point| (f64::from(q.lat) - north).atan2(f64::from(q.lon) - east);
    let turn = |edge: &[Point]| {
        let turn = angle(&edge[1]) - angle(&edge[0]);
        turn - (turn / TAU).round() * TAU
    };
    let turns: f64 = rings.iter().flat_map(|ring| ring.windows(2)).map(turn).sum();
    (turns / TAU).round().rem_euclid(2.0) == 1.0
}

/// Lines through a mesh of 10 × 10 units whose inner corners were moved by up to two units.
fn mesh(cells: usize, moves: &[(i32, i32)]) -> Vec<Vec<(i32, i32)>> {
    let corner = |column: usize, row: usize| {
        let outer = |at: usize| at == 0 || at == cells;
        let (dx, dy) = moves[(row * (cells + 1) + column) % moves.len()];
        let at = |position: usize, by: i32| position as i32 * 10 + by;
        (at(column, if outer(column) { 0 } else { dx }), at(row, if outer(row) { 0 } else { dy }))
    };
    let cell = |column: usize, row: usize| {
        let ends = [(0, 0), (1, 0), (1, 1), (0, 1)];
        let mut corners = ends.map(|(x, y)| corner(column + x, row + y)).to_vec();
        // Neighbours run along a shared edge in opposite senses and from different corners.
        if (column + row) % 2 == 1 {
            corners.reverse();
        }
        corners.rotate_left((column + 2 * row) % 4);
        corners
    };
    (0..cells * cells).map(|at| cell(at % cells, at / cells)).collect()
}

#[test]
fn a_hole_is_outside_and_a_detached_part_inside() {
    let outer: &[_] = &[(0, 0), (10, 0), (10, 10), (0, 10)];
    let hole: &[_] = &[(4, 4), (6, 4), (6, 6), (4, 6)];
    let island: &[_] = &[(20, 0), (30, 0), (30, 10), (20, 10)];
    let area = boundary(&[outer, hole, island]);
    assert!(area.contains(point(1, 1)));
    assert!(!area.contains(point(5, 5)));
    assert!(area.contains(point(25, 5)));
    assert!(!area.contains(point(15, 5)));
    assert!(area.corners() == (point(0, 0), point(30, 10)));
}

#[test]
fn what_cannot_be_a_boundary_is_refused_by_name() {
    let square = ring(&[(0, 0), (10, 0), (10, 10), (0, 10)]);
    let refused = |rings| Boundary::new(rings).err().unwrap();
    assert_eq!(refused(vec![]), BoundaryError::Rings(0));
    assert_eq!(refused(vec![square.clone(); 65]), BoundaryError::Rings(65));
    assert_eq!(refused(vec![square[..3].to_vec()]), BoundaryError::Short(0));
    assert_eq!(refused(vec![square.clone(), square[..4].to_vec()]), BoundaryError::Open(1));
    assert_eq!(refused(vec![square.repeat(401)]), BoundaryError::Points(2005));
    let far = ring(&[(-1_799_999_999, 0), (1_799_999_999, 0), (1_799_999_999, 9)]);
    assert_eq!(refused(vec![far]), BoundaryError::Dateline(0));
}

#[test]
fn coordinates_off_the_globe_are_refused_by_name() {
    for lon in [180.1, -180.1, f64::NAN, f64::INFINITY, 1e300] {
        assert_eq!(Point::new(lon, 0.0).err(), Some(BoundaryError::Longitude), "{lon}");
    }
    for lat in [90.1, -90.1, f64::NAN, f64::NEG_INFINITY, 118.4] {
        assert_eq!(Point::new(0.0, lat).err(), Some(BoundaryError::Latitude), "{lat}");
    }
    assert_eq!(Point::new(-180.0, 90.0).unwrap().to_units(), (-LON_MAX, LAT_MAX));
    assert_eq!(Point::from_units(LON_MAX + 1, 0).err(), Some(BoundaryError::Longitude));
    assert_eq!(Point::from_units(0, i32::MIN).err(), Some(BoundaryError::Latitude));
}

#[test]
fn geometry_is_exact_across_the_whole_globe() {
    let (west, east, south, north) = (-899_999_999, 900_000_001, -LAT_MAX, LAT_MAX);
    let half = boundary(&[&[(west, south), (east, south), (east, north)]]);
    // The diagonal passes the origin half a unit to the east.
    assert!(half.contains(point(1, 0)));
    assert!(!half.contains(point(0, 0)));
}

#[test]
fn json_has_degrees_and_cbor_whole_units() {
    let here = Point::new(118.415_67, 29.861_31).unwrap();
    assert_eq!(serde_json::to_string(&here).unwrap(), "[118.41567,29.86131]");
    assert!(serde_json::from_str::<Point>("[29.86131,118.41567]").is_err());
    let bytes = cbor::encode(&here).unwrap();
    assert_eq!(bytes[..2], [0x82, 0x1a], "two integers");
    assert!(cbor::decode::<Point>(&bytes, &LIMITS).unwrap() == here);
    let full = Boundary::new(vec![ring(&[(0, 0), (10, 0), (10, 10), (0, 10)]).repeat(400)]);
    let bytes = cbor::encode(&full.unwrap()).unwrap();
    assert!(cbor::decode::<Boundary>(&bytes, &record::fields::VALUE_LIMITS).is_ok());
}

proptest! {
    #[test]
    fn contains_agrees_with_a_slow_winding_number(
        rings in vec(vec((0_i32..8, 0_i32..8), 3..9), 1..4),
    ) {
        let rings: Vec<_> = rings.iter().map(|corners| ring(corners)).collect();
        let area = Boundary::new(rings.clone()).unwrap();
        for (lon, lat) in (-1..9).flat_map(|lon| (-1..9).map(move |lat| (lon, lat))) {
            let p = point(lon, lat);
            prop_assert_eq!(area.contains(p), winds_oddly(&rings, p), "at {}, {}", lon, lat);
        }
    }

    #[test]
    fn of_areas_that_share_their_edges_exactly_one_has_any_point(
        moves in vec((-2_i32..=2, -2_i32..=2), 16),
    ) {
        let cells: Vec<_> = mesh(3, &moves).iter().map(|cell| boundary(&[cell])).collect();
        for (lon, lat) in (0..30).flat_map(|lon| (0..30).map(move |lat| (lon, lat))) {
            let holders = cells.iter().filter(|cell| cell.contains(point(lon, lat))).count();
            prop_assert_eq!(holders, 1, "at {}, {}", lon, lat);
        }
    }

    #[test]
    fn degrees_survive_json(lon in -LON_MAX..=LON_MAX, lat in -LAT_MAX..=LAT_MAX) {
        let here = point(lon, lat);
        let text = serde_json::to_string(&here).unwrap();
        prop_assert!(serde_json::from_str::<Point>(&text).unwrap() == here);
    }
}
