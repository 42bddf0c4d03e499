//! The ground itself: areas and distances in metres, and what covers what. Coordinates are whole
//! units of 1e-7 degree, exact; lengths are reckoned on WGS-84 and good to a part in a million.

mod cover;

use governance::territory::{Boundary, Point};

pub use cover::TooComplex;
pub(crate) use cover::{Piece, cover};

/// How far apart, in metres, boundaries still count as touching: a street lies between compounds,
/// and neighbours are drawn by different hands.
pub(crate) const TOUCH: f64 = 30.0;
/// Semi-major axis of WGS-84, in metres.
const AXIS: f64 = 6_378_137.0;
/// Its first eccentricity squared.
const ECCENTRICITY: f64 = 0.006_694_379_990_141_316;
/// Units in a degree.
const UNITS: f64 = 1e7;

/// Metres to a unit of longitude and of latitude, at a latitude in units.
fn scale(lat: f64) -> (f64, f64) {
    let parallel = (lat / UNITS).to_radians();
    let root = (1.0 - ECCENTRICITY * parallel.sin().powi(2)).sqrt();
    let unit = (1.0 / UNITS).to_radians();
    let east = AXIS / root * parallel.cos() * unit;
    let north = AXIS * (1.0 - ECCENTRICITY) / root.powi(3) * unit;
    (east, north)
}

fn xy(point: Point) -> (f64, f64) {
    let (lon, lat) = point.to_units();
    (f64::from(lon), f64::from(lat))
}

/// Metres between two points. Good to a per mille up to some hundred kilometres, which is what
/// matters here.
#[must_use]
pub(crate) fn metres(a: Point, b: Point) -> f64 {
    let ((ax, ay), (bx, by)) = (xy(a), xy(b));
    let (east, north) = scale(f64::midpoint(ay, by));
    ((ax - bx) * east).hypot((ay - by) * north)
}

/// Area in m², by the even–odd rule, holes taken off.
///
/// # Errors
/// [`TooComplex`].
#[cfg(test)]
pub(crate) fn area(boundary: &Boundary) -> Result<f64, TooComplex> {
    Ok(cover(&[boundary])?.pieces.iter().map(|piece| piece.area).sum())
}

/// How many metres a point lies outside a boundary; `None` for one inside.
#[must_use]
pub(crate) fn outside_by(boundary: &Boundary, point: Point) -> Option<f64> {
    if boundary.contains(point) {
        return None;
    }
    let at = Frame::around(point);
    let edges = boundary.rings().iter().flat_map(|ring| ring.windows(2));
    let to_edge = |edge: &[Point]| to_segment((0.0, 0.0), at.place(edge[0]), at.place(edge[1]));
    edges.map(to_edge).min_by(f64::total_cmp)
}

/// The least distance in metres between two areas, if it is at most `most`. Areas that overlap are
/// at distance zero.
#[must_use]
pub(crate) fn gap(a: &Boundary, b: &Boundary, most: f64) -> Option<f64> {
    let (southwest, _) = a.corners();
    let at = Frame::around(southwest);
    if !meet(&reach(a, &at, most), &reach(b, &at, 0.0)) {
        return None;
    }
    // One wholly within the other has its outline far from the other's.
    if a.contains(b.rings()[0][0]) || b.contains(a.rings()[0][0]) {
        return Some(0.0);
    }
    let near = edges(b, &at, &reach(a, &at, most));
    let mut least = f64::INFINITY;
    for edge in edges(a, &at, &reach(b, &at, most)) {
        for other in &near {
            least = least.min(between(edge, *other));
            if least == 0.0 {
                return Some(0.0);
            }
        }
    }
    (least <= most).then_some(least)
}

/// A flat map in metres around a point.
struct Frame {
    origin: (f64, f64),
    scale: (f64, f64),
}

type Place = (f64, f64);
type Edge = (Place, Place);

impl Frame {
    fn around(point: Point) -> Self {
        let origin = xy(point);
        Self { origin, scale: scale(origin.1) }
    }

    fn place(&self, point: Point) -> Place {
        let (x, y) = xy(point);
        ((x - self.origin.0) * self.scale.0, (y - self.origin.1) * self.scale.1)
    }
}

/// The box around a boundary, widened.
fn reach(boundary: &Boundary, at: &Frame, by: f64) -> Edge {
    let (southwest, northeast) = boundary.corners();
    let ((west, south), (east, north)) = (at.place(southwest), at.place(northeast));
    ((west - by, south - by), (east + by, north + by))
}

/// Whether two boxes, given by two corners each, have a point in common.
fn meet((a, b): &Edge, (c, d): &Edge) -> bool {
    a.0.max(b.0) >= c.0.min(d.0)
        && a.0.min(b.0) <= c.0.max(d.0)
        && a.1.max(b.1) >= c.1.min(d.1)
        && a.1.min(b.1) <= c.1.max(d.1)
}

fn edges(boundary: &Boundary, at: &Frame, within: &Edge) -> Vec<Edge> {
    let meets = |edge: &Edge| meet(edge, within);
    let rings = boundary.rings().iter().flat_map(|ring| ring.windows(2));
    rings.map(|edge| (at.place(edge[0]), at.place(edge[1]))).filter(meets).collect()
}

fn to_segment(p: Place, a: Place, b: Place) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let long = dx * dx + dy * dy;
    let along = if long > 0.0 { ((p.0 - a.0) * dx + (p.1 - a.1) * dy) / long } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    (p.0 - a.0 - along * dx).hypot(p.1 - a.1 - along * dy)
}

fn between((a, b): Edge, (c, d): Edge) -> f64 {
    if cross(a, b, c, d) {
        return 0.0;
    }
    let ends = [to_segment(a, c, d), to_segment(b, c, d), to_segment(c, a, b), to_segment(d, a, b)];
    ends.into_iter().fold(f64::INFINITY, f64::min)
}

fn cross(a: Place, b: Place, c: Place, d: Place) -> bool {
    let side = |p: Place, q: Place, r: Place| (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0);
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A rectangle from its south-western corner, in degrees.
    pub(crate) fn rectangle(lon: f64, lat: f64, wide: f64, high: f64) -> Boundary {
        let corner = |x: f64, y: f64| Point::new(lon + x, lat + y).unwrap();
        let ring = [
            corner(0.0, 0.0),
            corner(wide, 0.0),
            corner(wide, high),
            corner(0.0, high),
            corner(0.0, 0.0),
        ];
        Boundary::new(vec![ring.to_vec()]).unwrap()
    }

    fn point(lon: f64, lat: f64) -> Point {
        Point::new(lon, lat).unwrap()
    }

    #[test]
    fn a_degree_is_as_long_as_the_tables_say() {
        // Lengths of a degree on WGS-84 at latitude 30° (NGA.STND.0036): 110,852 and 96,486 m.
        let north = metres(point(118.0, 29.5), point(118.0, 30.5));
        let east = metres(point(118.0, 30.0), point(119.0, 30.0));
        assert!((north - 110_852.0).abs() < 2.0, "{north}");
        assert!((east - 96_486.0).abs() < 2.0, "{east}");
    }

    #[test]
    fn areas_take_off_holes_and_add_parts() {
        let square = area(&rectangle(118.0, 30.0, 0.01, 0.01)).unwrap();
        let sides = metres(point(118.0, 30.005), point(118.01, 30.005))
            * metres(point(118.0, 30.0), point(118.0, 30.01));
        assert!((square / sides - 1.0).abs() < 1e-6, "{square} {sides}");
        let ring = |b: &Boundary| b.rings()[0].clone();
        let (outer, hole) =
            (rectangle(118.0, 30.0, 0.02, 0.02), rectangle(118.005, 30.005, 0.01, 0.01));
        let holed = Boundary::new(vec![ring(&outer), ring(&hole)]).unwrap();
        let both = area(&outer).unwrap() - area(&hole).unwrap();
        assert!((area(&holed).unwrap() / both - 1.0).abs() < 1e-7);
    }

    #[test]
    fn distances_to_and_between_outlines() {
        let a = rectangle(118.0, 30.0, 0.01, 0.01);
        assert_eq!(outside_by(&a, point(118.005, 30.005)), None);
        let off = outside_by(&a, point(118.011, 30.005)).unwrap();
        assert!((off - 96.49).abs() < 0.1, "{off}");
        let beside = rectangle(118.010_1, 30.0, 0.01, 0.01);
        let between = gap(&a, &beside, TOUCH).unwrap();
        assert!((between - 9.65).abs() < 0.1, "{between}");
        assert_eq!(gap(&a, &rectangle(118.02, 30.0, 0.01, 0.01), TOUCH), None);
        assert_eq!(gap(&a, &rectangle(118.005, 30.005, 0.01, 0.01), TOUCH), Some(0.0));
        assert_eq!(gap(&a, &rectangle(118.01, 30.0, 0.01, 0.01), TOUCH), Some(0.0));
        assert_eq!(gap(&a, &rectangle(118.004, 30.004, 0.001, 0.001), TOUCH), Some(0.0));
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_only_at_the_point(ax in 73.0..135.0_f64, ay in 18.0..53.0_f64, bx in 73.0..135.0_f64, by in 18.0..53.0_f64) {
            let (a, b) = (point(ax, ay), point(bx, by));
            prop_assert!((metres(a, b) - metres(b, a)).abs() < 1e-6);
            prop_assert_eq!(metres(a, b) == 0.0, a == b);
        }
    }
}
