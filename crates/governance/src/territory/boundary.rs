//! Points and boundaries in whole units of 1e-7 degree (about a centimetre), so that geometry is
//! exact: every node answers the same, and a point on an edge shared by two grids lies in exactly
//! one of them. Coordinates are WGS-84; an import converts others first.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Units in a degree.
const UNITS: f64 = 1e7;
const LON_MAX: i32 = 1_800_000_000;
const LAT_MAX: i32 = 900_000_000;
/// Most points of a boundary, over all its rings.
pub const MAX_POINTS: usize = 2_000;
/// Most rings of a boundary.
pub const MAX_RINGS: usize = 64;

/// A place on earth in WGS-84, to 1e-7 degree.
///
/// Text formats write it as `[lon, lat]` in degrees (GeoJSON order, RFC 7946 §3.1.1); CBOR as an
/// array of two integers of 1e-7 degree, since records hold no floats.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    lon: i32,
    lat: i32,
}

/// Where a place lies: closed rings of points. A point is inside when a ray from it crosses the
/// rings an odd number of times, all rings taken together. So a ring within a ring is a hole, and
/// a ring beside a ring is a detached part (飞地).
#[derive(Clone, PartialEq, Eq)]
pub struct Boundary {
    rings: Vec<Vec<Point>>,
    southwest: Point,
    northeast: Point,
}

/// Why coordinates are not a point or a boundary.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BoundaryError {
    /// Not a finite number within ±180.
    #[error("longitude is not a number from -180 to 180; is the order [longitude, latitude]?")]
    Longitude,
    /// Not a finite number within ±90.
    #[error("latitude is not a number from -90 to 90; is the order [longitude, latitude]?")]
    Latitude,
    /// No ring, or too many.
    #[error("boundary has {0} rings; it takes 1 to {MAX_RINGS}")]
    Rings(usize),
    /// Too many points.
    #[error("boundary has {0} points; simplify it to at most {MAX_POINTS}")]
    Points(usize),
    /// Too few points to enclose anything.
    #[error("ring {0} has fewer than 4 points, counting the repeated first")]
    Short(usize),
    /// The last point is not the first.
    #[error("ring {0} does not end where it begins")]
    Open(usize),
    /// An edge longer than half the globe, which means the dateline was crossed.
    #[error("ring {0} crosses the 180° meridian, which is not supported: split it there")]
    Dateline(usize),
}

impl Point {
    /// A point from degrees, rounded to 1e-7.
    ///
    /// # Errors
    /// When a coordinate is not finite or out of range.
    pub fn new(lon: f64, lat: f64) -> Result<Self, BoundaryError> {
        let lon = units(lon, LON_MAX).ok_or(BoundaryError::Longitude)?;
        let lat = units(lat, LAT_MAX).ok_or(BoundaryError::Latitude)?;
        Ok(Self { lon, lat })
    }

    /// A point from integers of 1e-7 degree.
    ///
    /// # Errors
    /// When a coordinate is out of range.
    pub fn from_units(lon: i32, lat: i32) -> Result<Self, BoundaryError> {
        if !(-LON_MAX..=LON_MAX).contains(&lon) {
            return Err(BoundaryError::Longitude);
        }
        if !(-LAT_MAX..=LAT_MAX).contains(&lat) {
            return Err(BoundaryError::Latitude);
        }
        Ok(Self { lon, lat })
    }

    /// Longitude in degrees east.
    #[must_use]
    pub fn lon(&self) -> f64 {
        f64::from(self.lon) / UNITS
    }

    /// Latitude in degrees north.
    #[must_use]
    pub fn lat(&self) -> f64 {
        f64::from(self.lat) / UNITS
    }

    /// Longitude and latitude in units of 1e-7 degree.
    #[must_use]
    pub fn to_units(&self) -> (i32, i32) {
        (self.lon, self.lat)
    }
}

fn units(degrees: f64, max: i32) -> Option<i32> {
    let units = (degrees * UNITS).round();
    // NaN fails the comparison, so what is cast is a whole number within i32.
    #[expect(clippy::cast_possible_truncation, reason = "checked against the range of i32")]
    (units.abs() <= f64::from(max)).then_some(units as i32)
}

impl Boundary {
    /// A boundary from its rings. Beyond size, closure and the dateline nothing is checked: a
    /// ring that crosses itself is taken by the even–odd rule as it stands.
    ///
    /// # Errors
    /// See [`BoundaryError`].
    pub fn new(rings: Vec<Vec<Point>>) -> Result<Self, BoundaryError> {
        if rings.is_empty() || rings.len() > MAX_RINGS {
            return Err(BoundaryError::Rings(rings.len()));
        }
        let points = rings.iter().map(Vec::len).sum();
        if points > MAX_POINTS {
            return Err(BoundaryError::Points(points));
        }
        rings.iter().enumerate().try_for_each(|(at, ring)| check_ring(at, ring))?;
        let all = || rings.iter().flatten();
        let extreme = |of: fn(&Point) -> i32| {
            (all().map(of).min().unwrap_or_default(), all().map(of).max().unwrap_or_default())
        };
        let ((west, east), (south, north)) = (extreme(|p| p.lon), extreme(|p| p.lat));
        let southwest = Point { lon: west, lat: south };
        let northeast = Point { lon: east, lat: north };
        Ok(Self { rings, southwest, northeast })
    }

    /// The rings, each closed.
    #[must_use]
    pub fn rings(&self) -> &[Vec<Point>] {
        &self.rings
    }

    /// The south-western and north-eastern corners of the box around the boundary.
    #[must_use]
    pub fn corners(&self) -> (Point, Point) {
        (self.southwest, self.northeast)
    }

    /// Whether the point is inside. A point exactly on an edge belongs to the side that lies a
    /// hair north-east of it: inside on western and southern edges, outside on eastern and
    /// northern ones. So of any areas that meet without gap or overlap, exactly one contains it.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        self.boxed(point)
            && self
                .rings
                .iter()
                .flat_map(|ring| ring.windows(2))
                .fold(false, |inside, edge| inside ^ ray_crosses(point, edge[0], edge[1]))
    }

    fn boxed(&self, point: Point) -> bool {
        (self.southwest.lon..=self.northeast.lon).contains(&point.lon)
            && (self.southwest.lat..=self.northeast.lat).contains(&point.lat)
    }
}

fn check_ring(at: usize, ring: &[Point]) -> Result<(), BoundaryError> {
    if ring.len() < 4 {
        return Err(BoundaryError::Short(at));
    }
    if ring.first() != ring.last() {
        return Err(BoundaryError::Open(at));
    }
    let far = |edge: &[Point]| edge[0].lon.abs_diff(edge[1].lon) > LON_MAX.unsigned_abs();
    if ring.windows(2).any(far) { Err(BoundaryError::Dateline(at)) } else { Ok(()) }
}

/// Whether the ray from `p` to the east crosses the edge. Half-open in latitude, so that a vertex
/// is crossed once; strict in longitude, so that an edge does not hold the points on it.
fn ray_crosses(p: Point, a: Point, b: Point) -> bool {
    if (a.lat > p.lat) == (b.lat > p.lat) {
        return false;
    }
    let (low, high) = if a.lat < b.lat { (a, b) } else { (b, a) };
    side(low, high, p) > 0
}

/// Positive when `p` lies to the left of the line from `low` to `high`, zero when on it. Exact.
fn side(low: Point, high: Point, p: Point) -> i128 {
    let wide = |x: i32, y: i32| i128::from(x) - i128::from(y);
    wide(high.lon, low.lon) * wide(p.lat, low.lat) - wide(p.lon, low.lon) * wide(high.lat, low.lat)
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            (self.lon(), self.lat()).serialize(serializer)
        } else {
            (self.lon, self.lat).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let point = if deserializer.is_human_readable() {
            <(f64, f64)>::deserialize(deserializer).map(|(lon, lat)| Self::new(lon, lat))
        } else {
            <(i32, i32)>::deserialize(deserializer).map(|(lon, lat)| Self::from_units(lon, lat))
        };
        point?.map_err(serde::de::Error::custom)
    }
}

impl Serialize for Boundary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rings.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Boundary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
