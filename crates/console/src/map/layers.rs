//! What lies on the map: areas with what is open in them, single cases, stations, gaps.

use record::Subject;

use super::stations::{self, Gaps, Spot};
use crate::ground::{self, Grid, Map, Outline};
use crate::shape::case::Summary;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Pages of open cases that are looked at, 200 each; the rest is said to be missing.
const PAGES: usize = 5;
/// How long before its due time something is due soon, in milliseconds.
const SOON: i64 = 24 * 3_600_000;

/// Everything on the map.
pub(crate) struct Layers {
    pub(crate) map: Option<Map>,
    pub(crate) areas: Vec<Area>,
    /// Open cases that lie in none of them.
    pub(crate) elsewhere: Vec<Summary>,
    /// Whether there are more open cases than were looked at.
    pub(crate) more: bool,
    pub(crate) stations: Vec<Spot>,
    pub(crate) gaps: Gaps,
}

/// An area: a grid, or the smallest kind of place that this node has outlines of.
pub(crate) struct Area {
    pub(crate) grid: Grid,
    /// Its number on the map; none where it has no outline.
    pub(crate) number: Option<usize>,
    pub(crate) cases: Vec<Summary>,
    pub(crate) overdue: usize,
    pub(crate) soon: usize,
    /// Too far from any station.
    pub(crate) far: bool,
    /// Without a Party organisation.
    pub(crate) without_party: bool,
}

/// A case at its very point.
pub(crate) struct Dot<'l> {
    pub(crate) case: &'l Summary,
    pub(crate) state: &'static str,
    pub(crate) x: i32,
    pub(crate) y: i32,
}

impl Layers {
    /// Reads them; of cases, what whoever is signed in may see.
    ///
    /// # Errors
    /// What the API says.
    pub(crate) async fn read(staff: &Staff) -> Result<Self, Trouble> {
        let handle = &staff.state.handle;
        let map = ground::areas_map(handle);
        let (stations, gaps) = (stations::stations(staff).await?, stations::gaps(staff).await?);
        let numbers: Vec<Subject> =
            map.iter().flat_map(|map| &map.outlines).map(|outline| outline.grid.id).collect();
        let among =
            |lines: &[crate::shape::public::Line], id| lines.iter().any(|line| line.id == id);
        let areas = ground::areas(handle).into_iter().map(|grid| Area {
            number: numbers.iter().position(|id| *id == grid.id).map(|at| at + 1),
            far: gaps.stations.as_ref().is_some_and(|(_, lines)| among(lines, grid.id)),
            without_party: gaps.party.as_ref().is_some_and(|(_, _, lines)| among(lines, grid.id)),
            grid,
            cases: Vec::new(),
            overdue: 0,
            soon: 0,
        });
        let mut layers = Self {
            map,
            areas: areas.collect(),
            elsewhere: Vec::new(),
            more: false,
            stations,
            gaps,
        };
        layers.put_cases(staff).await?;
        // As they are numbered on the map, those without an outline last.
        layers.areas.sort_by_key(|area| (area.number.is_none(), area.number));
        Ok(layers)
    }

    async fn put_cases(&mut self, staff: &Staff) -> Result<(), Trouble> {
        let now = staff.page("map").now.millis();
        let mut after = String::new();
        for _ in 0..PAGES {
            let path = format!("/v1/cases?open=true&limit=200{after}");
            let listed: Listed<Summary> = staff.read(path).await?;
            for case in listed.items {
                let state = state(&case, now);
                match self.areas.iter_mut().find(|area| area.holds(&case)) {
                    Some(area) => {
                        area.overdue += usize::from(state == "overdue");
                        area.soon += usize::from(state == "soon");
                        area.cases.push(case);
                    }
                    None => self.elsewhere.push(case),
                }
            }
            match listed.next {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(()),
            }
        }
        self.more = true;
        Ok(())
    }

    /// An outline's area.
    pub(crate) fn area(&self, outline: &Outline) -> Option<&Area> {
        self.areas.iter().find(|area| area.grid.id == outline.grid.id)
    }

    /// Every case that is shown.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &Summary> {
        self.areas.iter().flat_map(|area| &area.cases).chain(&self.elsewhere)
    }

    /// The cases whose point is known, on the drawing.
    pub(crate) fn dots(&self, now: &record::Timestamp) -> Vec<Dot<'_>> {
        let Some(map) = &self.map else { return Vec::new() };
        let dots = self.cases().filter_map(|case| {
            let (x, y) = map.at(case.point?);
            Some(Dot { case, state: state(case, now.millis()), x, y })
        });
        dots.collect()
    }

    /// The stations whose point is known, on the drawing.
    pub(crate) fn spots(&self) -> Vec<(i32, i32, &Spot)> {
        let Some(map) = &self.map else { return Vec::new() };
        let spots = self.stations.iter().filter_map(|spot| {
            let (x, y) = map.at(spot.point?);
            Some((x, y, spot))
        });
        spots.collect()
    }
}

impl Area {
    /// Whether a case lies in it: codes begin with those of the places around.
    fn holds(&self, case: &Summary) -> bool {
        let code = case.grid.as_deref().unwrap_or_default();
        case.place == Some(self.grid.id)
            || (!self.grid.code.is_empty() && code.starts_with(&self.grid.code))
    }

    /// The worst of what is open in it, as a style.
    pub(crate) fn state(&self) -> &'static str {
        match (self.overdue, self.soon, self.cases.len()) {
            (1.., _, _) => "overdue",
            (_, 1.., _) => "soon",
            (_, _, 1..) => "running",
            _ => "none",
        }
    }

    /// Whether something is missing there.
    pub(crate) fn is_gap(&self) -> bool {
        self.far || self.without_party
    }
}

/// How a case's clock stands, as a style.
pub(crate) fn state(case: &Summary, now: i64) -> &'static str {
    let left = case.clock.due.map(|due| due.millis() - now);
    match (case.clock.state.as_str(), left) {
        ("overdue" | "breached", _) => "overdue",
        (_, Some(left)) if left < SOON => "soon",
        _ => "running",
    }
}
