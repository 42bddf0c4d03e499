//! The stages of a policy and the ways between them, drawn from the policy itself: a column for
//! each phase, from the report on the left to the ends on the right.

use std::collections::{BTreeMap, BTreeSet};

use governance::act::ActKind;
use governance::change::Phase;
use governance::policy::{ActRule, Policy, Stage, moves};

/// Measures of the drawing, in its own units.
const WIDE: i32 = 148;
const HIGH: i32 = 44;
const ACROSS: i32 = 60;
const DOWN: i32 = 36;
const EDGE: i32 = 24;
/// Room above and below for ways that pass over other stages.
const ROOM: i32 = 96;
/// A stage to which more than so many others lead has only the nearest of those drawn.
const MANY: usize = 4;

/// Widths of letters, at most, and the room at the sides of a box.
const LATIN: i32 = 9;
const CHINESE: i32 = 16;
const WITHIN: i32 = 8;

/// A drawing.
pub(super) struct Graph {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) boxes: Vec<Drawn>,
    pub(super) ways: Vec<Way>,
}

/// A stage.
pub(super) struct Drawn {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) stage: Stage,
    /// How many stages lead to it that are not drawn.
    pub(super) more: usize,
    /// Whether a case begins in it.
    pub(super) first: bool,
}

/// A way from a stage to another.
pub(super) struct Way {
    pub(super) from: Stage,
    pub(super) to: Stage,
    pub(super) acts: BTreeSet<ActKind>,
    /// An SVG path.
    pub(super) path: String,
    /// Whether it leads back.
    pub(super) back: bool,
}

impl Drawn {
    pub(super) fn middle(&self) -> (i32, i32) {
        (self.x + WIDE / 2, self.y + HIGH / 2)
    }

    pub(super) fn size(&self) -> (i32, i32) {
        (WIDE, HIGH)
    }

    /// How wide a name may be drawn, where it would stand out of its box at its usual width.
    pub(super) fn squeezed(&self, name: &str) -> Option<i32> {
        let of = |letter: char| if letter.is_ascii() { LATIN } else { CHINESE };
        let usual: i32 = name.chars().map(of).sum();
        (usual > WIDE - 2 * WITHIN).then_some(WIDE - 2 * WITHIN)
    }
}

/// From left to right.
fn column(phase: Phase) -> usize {
    match phase {
        Phase::Intake => 0,
        Phase::Accepted => 1,
        Phase::Assigned => 2,
        Phase::Handling | Phase::Suspended => 3,
        Phase::Verifying => 4,
        Phase::Closing => 5,
        Phase::Closed | Phase::Refused | Phase::Merged | Phase::Withdrawn => 6,
    }
}

/// Draws a policy.
pub(super) fn draw(policy: &Policy) -> Graph {
    let mut columns: BTreeMap<usize, Vec<&Stage>> = BTreeMap::new();
    for stage in &policy.stages {
        columns.entry(column(stage.phase)).or_default().push(stage);
    }
    let tallest = columns.values().map(Vec::len).max().unwrap_or(1);
    let of = |count: usize| i32::try_from(count).unwrap_or(i32::MAX / 1_000);
    let step = HIGH + DOWN;
    let mut boxes = Vec::new();
    let mut places = BTreeMap::new();
    for (across, stages) in columns.values().enumerate() {
        // Shorter columns stand in the middle.
        let top = EDGE + ROOM + of(tallest - stages.len()) * step / 2;
        for (down, stage) in stages.iter().enumerate() {
            let (x, y) = (EDGE + of(across) * (WIDE + ACROSS), top + of(down) * step);
            places.insert(stage.key.as_str(), (across, x, y));
            boxes.push(Drawn { x, y, stage: (*stage).clone(), more: 0, first: false });
        }
    }
    let mut graph = Graph {
        width: 2 * EDGE + of(columns.len()) * (WIDE + ACROSS) - ACROSS,
        height: 2 * (EDGE + ROOM) + of(tallest) * step - DOWN,
        boxes,
        ways: Vec::new(),
    };
    graph.connect(policy, &places);
    graph
}

/// Column and place of each stage.
type Places<'a> = BTreeMap<&'a str, (usize, i32, i32)>;

impl Graph {
    fn connect(&mut self, policy: &Policy, places: &Places<'_>) {
        let all = moves(policy);
        for drawn in &mut self.boxes {
            let to = drawn.stage.key.as_str();
            let leading = || all.iter().filter(|((_, known), _)| *known == to);
            let begins = |rules: &[(&ActRule, bool)]| {
                rules.iter().any(|(rule, _)| rule.act == ActKind::Report)
            };
            drawn.first = leading().any(|((from, _), rules)| from.is_none() && begins(rules));
            let Some(own) = places.get(to) else { continue };
            let columns = leading().filter_map(|((from, _), _)| Some(places.get((*from)?)?.0));
            let nearest = columns.clone().filter(|column| *column < own.0).max();
            let many = columns.count() > MANY;
            for ((from, _), rules) in leading() {
                let Some(from) = from.and_then(|from| policy.stage(from)) else { continue };
                let Some(place) = places.get(from.key.as_str()) else { continue };
                if many && Some(place.0) != nearest {
                    drawn.more += 1;
                    continue;
                }
                let acts = rules.iter().map(|(rule, _)| rule.act).collect();
                let (path, back) = (path(*place, *own), own.0 < place.0);
                let (from, to) = (from.clone(), drawn.stage.clone());
                self.ways.push(Way { from, to, acts, path, back });
            }
        }
    }
}

/// A curve between two stages: straight on to the next column, above the stages that lie between,
/// and below them where it leads back.
fn path((a, ax, ay): (usize, i32, i32), (b, bx, by): (usize, i32, i32)) -> String {
    let (start, end) = (ay + HIGH / 2, by + HIGH / 2);
    if b == a {
        let (x, out) = (ax + WIDE, ax + WIDE + ACROSS / 2);
        return format!("M{x} {start}C{out} {start} {out} {end} {} {end}", x + 2);
    }
    if b == a + 1 {
        let (from, middle) = (ax + WIDE, (ax + WIDE + bx) / 2);
        return format!("M{from} {start}C{middle} {start} {middle} {end} {bx} {end}");
    }
    let apart = i32::try_from(a.abs_diff(b)).unwrap_or(1);
    let bow = 30 + apart * 22;
    let (from, to) = (ax + WIDE / 2, bx + WIDE / 2);
    if b > a {
        // Out at the top, and in from the left: what stands above it in its column stays clear.
        let (over, aside) = (ay.min(by) - bow, bx - ACROSS);
        format!("M{from} {ay}C{from} {over} {aside} {end} {bx} {end}")
    } else {
        let (from_y, to_y) = (ay + HIGH, by + HIGH);
        let under = from_y.max(to_y) + bow;
        format!("M{from} {from_y}C{from} {under} {to} {under} {to} {to_y}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies() -> Vec<Policy> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/policies");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|end| end == "toml"));
        files
            .map(|path| Policy::from_toml(&std::fs::read_to_string(path).unwrap()).unwrap())
            .collect()
    }

    #[test]
    fn every_stage_of_every_policy_is_drawn_once_within_the_drawing_and_no_two_overlap() {
        for policy in policies() {
            let graph = draw(&policy);
            assert_eq!(graph.boxes.len(), policy.stages.len(), "{}", policy.key);
            let spots: BTreeSet<_> = graph.boxes.iter().map(|drawn| (drawn.x, drawn.y)).collect();
            assert_eq!(spots.len(), graph.boxes.len());
            for drawn in &graph.boxes {
                assert!(drawn.x >= 0 && drawn.x + WIDE <= graph.width, "{}", policy.key);
                assert!(drawn.y >= 0 && drawn.y + HIGH <= graph.height, "{}", policy.key);
            }
            assert_eq!(graph.boxes.iter().filter(|drawn| drawn.first).count(), 1);
        }
    }

    #[test]
    fn a_name_that_is_too_long_for_its_box_is_drawn_narrower() {
        let graph = draw(&policies()[0]);
        let drawn = &graph.boxes[0];
        assert_eq!(drawn.squeezed("已受理"), None);
        assert_eq!(drawn.squeezed("being handled"), None);
        assert_eq!(drawn.squeezed("waiting for a call back"), Some(WIDE - 2 * WITHIN));
    }

    #[test]
    fn every_way_between_stages_is_drawn_or_counted() {
        for policy in policies() {
            let graph = draw(&policy);
            let hidden: usize = graph.boxes.iter().map(|drawn| drawn.more).sum();
            let all = moves(&policy).keys().filter(|(from, _)| from.is_some()).count();
            assert_eq!(graph.ways.len() + hidden, all, "{}", policy.key);
            let reached = |key: &str| graph.ways.iter().any(|way| way.to.key == key);
            for drawn in graph.boxes.iter().filter(|drawn| !drawn.first) {
                assert!(reached(&drawn.stage.key), "{}: {}", policy.key, drawn.stage.key);
            }
        }
    }
}
