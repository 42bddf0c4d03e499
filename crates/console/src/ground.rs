//! The node's grids as anybody may know them: names, codes and outlines, which stand on notices in
//! the street.

use engine::runtime::Handle;
use governance::territory::Place;
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

/// The outlines; `None` where no grid has one.
pub(crate) fn map(handle: &Handle) -> Option<Map> {
    let shapes = places(handle, |place| {
        let boundary = place.boundary.as_ref()?;
        let rings = serde_json::to_value(boundary).ok()?;
        let rings: Vec<Vec<[f64; 2]>> = serde_json::from_value(rings).ok()?;
        Some((Grid::of(place), rings))
    });
    let mut shapes: Vec<_> = shapes.into_iter().flatten().collect();
    shapes.sort_by(|(one, _), (other, _)| (&one.code, &one.name).cmp(&(&other.code, &other.name)));
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
    let at = |[lon, lat]: &[f64; 2]| (whole((lon - west) / across), whole((north - lat) / down));
    let outlines = shapes.iter().map(|(grid, rings)| {
        let rings: Vec<Vec<(i32, i32)>> =
            rings.iter().map(|ring| ring.iter().map(at).collect()).collect();
        Outline { grid: grid.clone(), path: path(&rings), middle: middle(&rings) }
    });
    let height = whole((north - south) / down);
    Some(Map { outlines: outlines.collect(), width: WIDTH, height, west, north, across, down })
}

fn places<T>(handle: &Handle, of: impl Fn(&Place) -> T) -> Vec<T> {
    let world = handle.world();
    let Some(level) = world.policy().custody.begins.first() else { return Vec::new() };
    let now = handle.now();
    world.territory.places(now).filter(|place| place.level == *level).map(of).collect()
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
