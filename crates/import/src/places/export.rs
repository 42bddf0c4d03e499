//! Places as a table that can be brought back, here or at another node: the columns that
//! [`super::from_table`] reads, and the same places always give the same bytes.

use chrono::{DateTime, SecondsFormat, Utc};
use governance::territory::{Boundary, Level, Place, Territory};
use record::Timestamp;

use crate::moment::Zone;
use crate::table::Format;
use crate::table::write::{WriteError, Written};

/// The header, of which the last stands only where ids are wanted.
const HEADER: [&str; 9] =
    ["层级", "代码", "名称", "上级代码", "户数", "边界", "启用日期", "停用日期", "地点标识"];

/// How places are written out.
pub struct Wanted<'a> {
    /// The policy's levels, from the top down.
    pub levels: &'a [Level],
    /// The zone of its times.
    pub zone: Zone,
    /// Whether each place's own id is written: then a place that is renamed in the file is known
    /// again here; another node knows no such ids.
    pub ids: bool,
    /// As what.
    pub format: Format,
}

/// The places that are valid at a time, upper levels first.
///
/// # Errors
/// [`WriteError`].
pub fn export(
    territory: &Territory,
    at: Timestamp,
    wanted: &Wanted<'_>,
) -> Result<Vec<u8>, WriteError> {
    let columns = columns(wanted);
    let rows = sorted(territory, at, wanted).into_iter().map(|place| {
        let mut row = row(place, territory, at, wanted);
        row.truncate(columns.len());
        row
    });
    let header = columns.iter().map(|name| (*name).to_owned()).collect();
    Written { header, rows: rows.collect() }.to_bytes(wanted.format)
}

/// The columns that are wanted.
pub(super) fn columns(wanted: &Wanted<'_>) -> &'static [&'static str] {
    if wanted.ids { &HEADER } else { &HEADER[..HEADER.len() - 1] }
}

/// The places that are valid at a time, upper levels first.
pub(super) fn sorted<'t>(
    territory: &'t Territory,
    at: Timestamp,
    wanted: &Wanted<'_>,
) -> Vec<&'t Place> {
    let depth = |place: &Place| wanted.levels.iter().position(|level| level.key == place.level);
    let mut places: Vec<&Place> = territory.places(at).collect();
    places.sort_by(|one, other| {
        let key = |place: &Place| (depth(place).unwrap_or(usize::MAX), place.code.clone());
        (key(one), &one.name, one.id).cmp(&(key(other), &other.name, other.id))
    });
    places
}

/// A place's values, under the whole header.
pub(super) fn row(
    place: &Place,
    territory: &Territory,
    at: Timestamp,
    wanted: &Wanted<'_>,
) -> Vec<String> {
    let level = wanted.levels.iter().find(|level| level.key == place.level);
    let parent = place.parent.and_then(|parent| territory.get(parent, at));
    let parent = parent.map(|parent| {
        parent.code.as_ref().map_or_else(|| parent.name.clone(), ToString::to_string)
    });
    let time = |at: Timestamp| {
        let local = DateTime::<Utc>::from(at).with_timezone(&wanted.zone);
        local.to_rfc3339_opts(SecondsFormat::Millis, false)
    };
    vec![
        level.map_or_else(|| place.level.clone(), |level| level.name.clone()),
        place.code.as_ref().map(ToString::to_string).unwrap_or_default(),
        place.name.clone(),
        parent.unwrap_or_default(),
        place.households.map(|households| households.to_string()).unwrap_or_default(),
        place.boundary.as_ref().map(wkt).unwrap_or_default(),
        time(place.valid_from),
        place.valid_until.map(time).unwrap_or_default(),
        place.id.to_string(),
    ]
}

/// The rings as one polygon (OGC 06-103r4, §7), in WGS-84 to the last unit that is kept. Which of
/// them are holes is told by which lie within which, as it is here.
fn wkt(boundary: &Boundary) -> String {
    let rings = boundary.rings().iter().map(|ring| {
        let points = ring.iter().map(|point| {
            let (lon, lat) = point.to_units();
            format!("{} {}", degrees(lon), degrees(lat))
        });
        format!("({})", points.collect::<Vec<_>>().join(", "))
    });
    format!("POLYGON ({})", rings.collect::<Vec<_>>().join(", "))
}

/// Units of 1e-7 degree as a decimal number, exactly.
fn degrees(units: i32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let all = units.unsigned_abs();
    format!("{sign}{}.{:07}", all / 10_000_000, all % 10_000_000)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use governance::territory::Point;
    use proptest::prelude::*;
    use record::Subject;

    use super::*;
    use crate::columns::Mapping;
    use crate::coordinates::System;
    use crate::places::{Options, Scope, from_geojson, from_table, geojson, limits, plan};
    use crate::table;

    fn levels() -> Vec<Level> {
        let level = |key: &str, name: &str, administrative| Level {
            key: key.into(),
            name: name.into(),
            name_en: key.into(),
            administrative,
            households: None,
        };
        vec![
            level("community", "社区（村）", true),
            level("grid", "小区（网格）", false),
            level("building", "楼栋（街巷）", false),
        ]
    }

    fn zone() -> Zone {
        Zone::east_opt(8 * 3_600).unwrap()
    }

    fn now() -> Timestamp {
        "2026-06-01T00:00:00.000Z".parse().unwrap()
    }

    fn wanted(levels: &[Level], format: Format) -> Wanted<'_> {
        Wanted { levels, zone: zone(), ids: false, format }
    }

    /// Brings a file into a territory; every row has to be taken. Gives how many changed something.
    fn bring(file: &[u8], territory: &mut Territory, seed: u8) -> usize {
        let drafts = if file.starts_with(b"{") {
            let features = crate::shape::geojson::read(file, Some(System::Wgs84)).unwrap();
            from_geojson(&features, &Mapping::default(), zone())
        } else {
            let options = table::Options { limits: limits(), ..table::Options::default() };
            let book = table::read(file, &options).unwrap();
            from_table(&book, &Mapping::default(), Some(System::Wgs84), zone())
        };
        let levels = levels();
        let options = Options {
            levels: &levels,
            words: BTreeMap::new(),
            area: None,
            from: None,
            now: now(),
            scope: Scope::Partial,
        };
        let mut next = 0_u8;
        let mut new_id = || {
            next += 1;
            let mut id = [seed; Subject::LEN];
            id[1] = next;
            Subject::from_bytes(id)
        };
        let plan = plan(drafts, territory, &options, &mut new_id);
        assert!(plan.counts.refused == 0, "{:?}", plan.problems);
        let count = plan.places.len();
        for place in plan.places {
            territory.insert(place).unwrap();
        }
        count
    }

    /// A community with grids and buildings, some of them without a code.
    fn sample(grids: &[(u32, i32, bool)]) -> Territory {
        let mut territory = Territory::default();
        let id = |at: usize| Subject::from_bytes([u8::try_from(at).unwrap() + 1; Subject::LEN]);
        let place = |at: usize, level: &str, code: Option<String>, name: String, parent| Place {
            id: id(at),
            level: level.into(),
            code: code.map(|code| code.parse().unwrap()),
            name,
            parent,
            households: None,
            boundary: None,
            valid_from: "2024-01-01T02:03:04.567Z".parse().unwrap(),
            valid_until: None,
        };
        let community = Some("341021100001".to_owned());
        territory.insert(place(0, "community", community, "新安社区".into(), None)).unwrap();
        for (at, (households, west, building)) in grids.iter().enumerate() {
            let code = format!("341021100001{:03}", at + 1);
            let name = format!("第{}网格, “东\"西”", at + 1);
            let mut grid = place(2 * at + 1, "grid", Some(code), name, Some(id(0)));
            grid.households = Some(*households);
            let at_corner =
                |lon: i32, lat: i32| Point::from_units(1_184_200_000 + lon, lat).unwrap();
            let (south, north) = (298_600_001, 298_640_003);
            let corners =
                [(*west, south), (west + 40_007, south), (west + 40_007, north), (*west, south)];
            let ring = corners.iter().map(|(lon, lat)| at_corner(*lon, *lat)).collect();
            grid.boundary = Some(Boundary::new(vec![ring]).unwrap());
            territory.insert(grid).unwrap();
            if *building {
                let name = format!("{} 号楼", at + 1);
                let in_grid = Some(id(2 * at + 1));
                territory.insert(place(2 * at + 2, "building", None, name, in_grid)).unwrap();
            }
        }
        territory
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_is_exported_and_brought_back_changes_nothing_and_elsewhere_gives_the_same_file(
            grids in proptest::collection::vec((0..100_000_u32, -500_000..500_000_i32, any::<bool>()), 0..8),
            format in 0..3_u8,
        ) {
            let (mut here, levels) = (sample(&grids), levels());
            let written = |territory: &Territory| match format {
                0 => export(territory, now(), &wanted(&levels, Format::Csv)).unwrap(),
                1 => export(territory, now(), &wanted(&levels, Format::Xlsx)).unwrap(),
                _ => geojson::export(territory, now(), &wanted(&levels, Format::Json)),
            };
            let first = written(&here);
            prop_assert_eq!(bring(&first, &mut here, 100), 0);
            let mut there = Territory::default();
            bring(&first, &mut there, 200);
            let second = written(&there);
            prop_assert!(first == second);
        }

        #[test]
        fn degrees_are_exact(units in -1_800_000_000..=1_800_000_000_i32) {
            let read: f64 = degrees(units).parse().unwrap();
            prop_assert_eq!((read * 1e7).round() as i64, i64::from(units));
        }
    }
}
