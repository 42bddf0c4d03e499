//! The fifteen-minute circle (15分钟服务圈): which places lie within a walk of a station.

use record::Timestamp;

use super::Station;
use crate::territory::{Place, Point, Territory};

/// Mean radius of the earth in metres (IUGG).
const EARTH: f64 = 6_371_008.8;

/// What lies within the circles of some stations, of the places of one level.
#[derive(Clone, PartialEq, Eq)]
pub struct Circle<'t> {
    /// Places within a walk of a station, with the way in metres as the crow flies, by id.
    pub reached: Vec<(&'t Place, u32)>,
    /// Places too far from every station, by id.
    pub gaps: Vec<&'t Place>,
    /// Places without a boundary, of which nobody can say, by id.
    pub unsurveyed: Vec<&'t Place>,
}

/// Which places of a level lie within `radius` metres of a station that has a point. A place is
/// where the middle of the box around its boundary is.
#[must_use]
pub fn circle<'t, 's>(
    stations: impl IntoIterator<Item = &'s Station>,
    territory: &'t Territory,
    level: &str,
    radius: u32,
    at: Timestamp,
) -> Circle<'t> {
    let doors: Vec<Point> = stations.into_iter().filter_map(|station| station.point).collect();
    let (mut reached, mut gaps, mut unsurveyed) = (Vec::new(), Vec::new(), Vec::new());
    for place in territory.of_level(level, at) {
        let Some(middle) = middle(place) else {
            unsurveyed.push(place);
            continue;
        };
        let way = doors.iter().map(|door| metres(*door, middle)).min();
        match way.filter(|way| *way <= radius) {
            Some(way) => reached.push((place, way)),
            None => gaps.push(place),
        }
    }
    Circle { reached, gaps, unsurveyed }
}

/// The way between two points in whole metres as the crow flies, rounded up.
#[must_use]
pub fn metres(from: Point, to: Point) -> u32 {
    let (a, b) = (from.lat().to_radians(), to.lat().to_radians());
    let half = |from: f64, to: f64| ((to - from) / 2.0).sin().powi(2);
    let (north, east) = (half(a, b), half(from.lon().to_radians(), to.lon().to_radians()));
    // The haversine formula; rounding may carry it a hair beyond 1 for antipodes.
    let way = 2.0 * EARTH * (north + a.cos() * b.cos() * east).min(1.0).sqrt().asin();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "half the earth's girth is some 20,015 km"
    )]
    let whole = way.ceil() as u32;
    whole
}

/// The middle of the box around a place's boundary.
fn middle(place: &Place) -> Option<Point> {
    let ((west, south), (east, north)) = {
        let (southwest, northeast) = place.boundary.as_ref()?.corners();
        (southwest.to_units(), northeast.to_units())
    };
    Point::from_units(west.midpoint(east), south.midpoint(north)).ok()
}
