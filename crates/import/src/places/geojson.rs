//! Places as GeoJSON (RFC 7946) that can be brought back, and that programs for maps open: the
//! columns of [`super::export()`] as properties, boundaries as polygons in WGS-84, which is the only
//! system that the format has (§4).

use governance::territory::{Boundary, Place, Point, Territory};
use record::Timestamp;
use serde_json::{Map, Value, json};

use super::export::{Wanted, columns, row, sorted};

/// The header whose values are numbers.
const HOUSEHOLDS: &str = "户数";
/// The header whose values are geometries.
const BOUNDARY: &str = "边界";

/// The places that are valid at a time, upper levels first; those without a boundary have no
/// geometry.
#[must_use]
pub fn export(territory: &Territory, at: Timestamp, wanted: &Wanted<'_>) -> Vec<u8> {
    let features: Vec<Value> = sorted(territory, at, wanted)
        .into_iter()
        .map(|place| {
            let properties: Map<String, Value> = columns(wanted)
                .iter()
                .zip(row(place, territory, at, wanted))
                .filter(|(name, value)| **name != BOUNDARY && !value.is_empty())
                .map(|(name, value)| {
                    let number = (*name == HOUSEHOLDS).then(|| value.parse::<u64>().ok()).flatten();
                    ((*name).to_owned(), number.map_or_else(|| value.into(), Value::from))
                })
                .collect();
            json!({ "type": "Feature", "properties": properties, "geometry": geometry(place) })
        })
        .collect();
    let collection = json!({ "type": "FeatureCollection", "features": features });
    collection.to_string().into_bytes()
}

fn geometry(place: &Place) -> Value {
    let Some(boundary) = &place.boundary else { return Value::Null };
    let polygons = polygons(boundary);
    match polygons.as_slice() {
        [only] => json!({ "type": "Polygon", "coordinates": only }),
        several => json!({ "type": "MultiPolygon", "coordinates": several }),
    }
}

/// The rings, each outer one followed by its holes (§3.1.6). Which is which follows from which lie
/// within which, as it does here.
fn polygons(boundary: &Boundary) -> Vec<Vec<&Vec<Point>>> {
    let rings = boundary.rings();
    let alone: Vec<Option<Boundary>> =
        rings.iter().map(|ring| Boundary::new(vec![ring.clone()]).ok()).collect();
    let around = |at: usize| -> Vec<usize> {
        let within = |other: &usize| {
            *other != at && alone[*other].as_ref().is_some_and(|ring| ring.contains(rings[at][0]))
        };
        (0..rings.len()).filter(within).collect()
    };
    let around: Vec<Vec<usize>> = (0..rings.len()).map(around).collect();
    let outer = (0..rings.len()).filter(|at| around[*at].len().is_multiple_of(2));
    outer
        .map(|outer| {
            let depth = around[outer].len();
            let hole = |at: &usize| around[*at].len() == depth + 1 && around[*at].contains(&outer);
            let holes = (0..rings.len()).filter(hole).map(|at| &rings[at]);
            std::iter::once(&rings[outer]).chain(holes).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(west: i32, south: i32, side: i32) -> Vec<Point> {
        [(0, 0), (side, 0), (side, side), (0, side), (0, 0)]
            .map(|(x, y)| Point::from_units(west + x, south + y).unwrap())
            .to_vec()
    }

    #[test]
    fn a_hole_goes_with_its_own_outline_and_an_island_in_it_is_another() {
        let rings =
            vec![square(0, 0, 100), square(10, 10, 50), square(20, 20, 10), square(500, 0, 100)];
        let boundary = Boundary::new(rings.clone()).unwrap();
        let found = polygons(&boundary);
        let expected: Vec<Vec<&Vec<Point>>> =
            vec![vec![&rings[0], &rings[1]], vec![&rings[2]], vec![&rings[3]]];
        assert!(found == expected);
    }
}
