//! The node's grids as anybody may know them: names, codes and outlines, which stand on notices in
//! the street.

use engine::runtime::Handle;
use governance::territory::{Boundary, Place};
use record::Subject;

/// A grid.
#[derive(Clone)]
pub(crate) struct Grid {
    pub(crate) id: Subject,
    pub(crate) code: String,
    pub(crate) name: String,
}

/// A grid's outline, to be drawn in a [`Map`].
pub(crate) struct Outline {
    pub(crate) grid: Grid,
    /// An SVG path.
    pub(crate) path: String,
    /// Where its name stands.
    pub(crate) middle: (i32, i32),
}

/// Every grid that has an outline, drawn over no tiles.
pub(crate) struct Map {
    pub(crate) outlines: Vec<Outline>,
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// Degrees at the left and at the top, and degrees for one unit to the right and down.
    pub(crate) west: f64,
    pub(crate) north: f64,
    pub(crate) across: f64,
    pub(crate) down: f64,
}

/// Width of a map in its own units; a unit is about a pixel of a phone.
const WIDTH: i32 = 640;

/// Every grid, by code.
pub(crate) fn grids(handle: &Handle) -> Vec<Grid> {
    let mut grids = places(handle, Grid::of);
    grids.sort_by(|one, other| (&one.code, &one.name).cmp(&(&other.code, &other.name)));
    grids
}

/// The grid that a code or an id names, such as the one on a sign's QR code.
pub(crate) fn named(handle: &Handle, text: &str) -> Option<Grid> {
    grids(handle).into_iter().find(|grid| grid.code == text || grid.id.to_string() == text)
}

/// The grids' outlines; `None` where no grid has one.
pub(crate) fn map(handle: &Handle) -> Option<Map> {
    draw(rings(places(handle, |place| (Grid::of(place), place.boundary.clone()))))
}

/// The areas of a node's own map: its grids, or the smallest kind of place that it has, as at a
/// street whose ground its communities have divided. By code.
pub(crate) fn areas(handle: &Handle) -> Vec<Grid> {
    let mut areas = of_areas(handle, Grid::of);
    areas.sort_by(|one, other| (&one.code, &one.name).cmp(&(&other.code, &other.name)));
    areas
}

/// Their outlines; `None` where none has one.
pub(crate) fn areas_map(handle: &Handle) -> Option<Map> {
    draw(areas_rings(handle))
}

/// Their outlines as rings of longitude and latitude, WGS-84. All rings of an area are taken
/// together, as GeoJSON's polygons are drawn: one within another is a hole.
pub(crate) fn areas_rings(handle: &Handle) -> Vec<(Grid, Vec<Vec<[f64; 2]>>)> {
    rings(of_areas(handle, |place| (Grid::of(place), place.boundary.clone())))
}

fn rings(places: Vec<(Grid, Option<Boundary>)>) -> Vec<(Grid, Vec<Vec<[f64; 2]>>)> {
    let shapes = places.into_iter().filter_map(|(grid, boundary)| {
        let rings = serde_json::to_value(boundary?).ok()?;
        Some((grid, serde_json::from_value(rings).ok()?))
    });
    let mut shapes: Vec<_> = shapes.collect();
    shapes.sort_by(|(one, _), (other, _): &(Grid, _)| {
        (&one.code, &one.name).cmp(&(&other.code, &other.name))
    });
    shapes
}

fn draw(shapes: Vec<(Grid, Vec<Vec<[f64; 2]>>)>) -> Option<Map> {
    let points = || shapes.iter().flat_map(|(_, rings)| rings.iter().flatten());
    let bound = |side: usize, pick: fn(f64, f64) -> f64, from: f64| {
        points().map(|point| point[side]).fold(from, pick)
    };
    points().next()?;
    let (west, east) = (bound(0, f64::min, 180.0), bound(0, f64::max, -180.0));
    let (south, north) = (bound(1, f64::min, 90.0), bound(1, f64::max, -90.0));
    let across = ((east - west) / f64::from(WIDTH)).max(1e-7);
    // A degree to the east is shorter than one to the north.
    let down = across * ((south + north) / 2.0).to_radians().cos();
    let height = whole((north - south) / down);
    let mut map = Map { outlines: Vec::new(), width: WIDTH, height, west, north, across, down };
    for (grid, rings) in shapes {
        let rings: Vec<Vec<(i32, i32)>> = rings
            .iter()
            .map(|ring| ring.iter().map(|[lon, lat]| map.at((*lon, *lat))).collect())
            .collect();
        map.outlines.push(Outline { grid, path: path(&rings), middle: middle(&rings) });
    }
    Some(map)
}

impl Map {
    /// Where a longitude and latitude lies on the drawing.
    pub(crate) fn at(&self, (lon, lat): (f64, f64)) -> (i32, i32) {
        (whole((lon - self.west) / self.across), whole((self.north - lat) / self.down))
    }
}

/// The places of the level at which cases begin.
fn places<T>(handle: &Handle, of: impl Fn(&Place) -> T) -> Vec<T> {
    let world = handle.world();
    let Some(level) = world.policy().custody.begins.first() else { return Vec::new() };
    let now = handle.now();
    world.territory.places(now).filter(|place| place.level == *level).map(of).collect()
}

/// The places of that level, or of the next one above it of which there are any.
fn of_areas<T>(handle: &Handle, of: impl Fn(&Place) -> T) -> Vec<T> {
    let (world, now) = (handle.world(), handle.now());
    let policy = world.policy();
    let Some(begins) = policy.custody.begins.first() else { return Vec::new() };
    // Levels stand in a policy from above.
    let levels = policy.levels.iter().rev().skip_while(|level| level.key != *begins);
    for level in levels {
        let found = world.territory.places(now).filter(|place| place.level == level.key);
        let found: Vec<T> = found.map(&of).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

impl Grid {
    fn of(place: &Place) -> Self {
        let code = place.code.as_ref().map(ToString::to_string).unwrap_or_default();
        Self { id: place.id, code, name: place.name.clone() }
    }
}

/// To the nearest unit; outlines are bounded in degrees, so that it always fits.
#[expect(clippy::cast_possible_truncation, reason = "a float outside the range becomes its end")]
fn whole(value: f64) -> i32 {
    value.round() as i32
}

fn path(rings: &[Vec<(i32, i32)>]) -> String {
    let mut path = String::new();
    for ring in rings {
        let mut last = None;
        for point in ring.iter().filter(|point| last.replace(**point) != Some(**point)) {
            let letter = if path.is_empty() || path.ends_with('Z') { 'M' } else { 'L' };
            path.push_str(&format!("{letter}{} {}", point.0, point.1));
        }
        path.push('Z');
    }
    path
}

fn middle(rings: &[Vec<(i32, i32)>]) -> (i32, i32) {
    let first = rings.first().map_or(&[][..], Vec::as_slice);
    // A ring ends where it begins: that corner counts once.
    let first = first.get(1..).unwrap_or(first);
    let count = i64::try_from(first.len()).unwrap_or(1).max(1);
    let mean = |side: fn(&(i32, i32)) -> i32| {
        let sum: i64 = first.iter().map(|point| i64::from(side(point))).sum();
        i32::try_from(sum / count).unwrap_or_default()
    };
    (mean(|point| point.0), mean(|point| point.1))
}
