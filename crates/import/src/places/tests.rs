use std::path::Path;

use chrono::FixedOffset;
use governance::territory::{Level, Territory};
use proptest::prelude::*;

use super::kinds::tests::levels;
use super::*;
use crate::columns::Mapping;
use crate::coordinates::System;
use crate::problem::{Fault, Severity};
use crate::shape::geojson;
use crate::table;

const NOW: i64 = 1_700_000_000_000;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(NOW + minutes * 60_000)
}

fn china() -> FixedOffset {
    crate::moment::zone("+08:00").unwrap()
}

/// Ids in the order in which they are asked for.
fn ids() -> impl FnMut() -> Subject {
    let mut next = 0_u128;
    move || {
        next += 1;
        Subject::from_bytes(next.to_be_bytes())
    }
}

fn options(levels: &[Level], minutes: i64) -> Options<'_> {
    Options {
        levels,
        words: BTreeMap::new(),
        area: None,
        from: Some(at(minutes + 1)),
        now: at(minutes),
        scope: Scope::Partial,
    }
}

/// Whether a file would change nothing.
fn is_empty(plan: &Plan) -> bool {
    plan.places.is_empty() && plan.ends.is_empty()
}

fn drafts(text: &str, system: Option<System>) -> Drafts {
    let book =
        table::read(text.as_bytes(), &table::Options { limits: limits(), ..Default::default() })
            .unwrap();
    from_table(&book, &Mapping::new(), system, china())
}

/// What a file would do to a territory, with ids that no other file's places have.
fn planned(
    text: &str,
    territory: &Territory,
    options: &Options<'_>,
    mut new_id: impl FnMut() -> Subject,
) -> Plan {
    plan(drafts(text, Some(System::Wgs84)), territory, options, &mut new_id)
}

fn apply(territory: &mut Territory, plan: &Plan, now: Timestamp, levels: &[Level]) {
    for place in &plan.places {
        territory
            .check(place, levels, now)
            .unwrap_or_else(|error| panic!("{}: {error}", place.name));
        territory.insert(place.clone()).unwrap();
    }
    plan.ends.iter().for_each(|id| territory.end(*id, now).unwrap());
}

fn errors(plan: &Plan) -> Vec<(Fault, Option<u32>)> {
    let errors = plan.problems.iter().filter(|problem| problem.is_error());
    errors.map(|problem| (problem.fault, problem.spot.row)).collect()
}

fn warnings(plan: &Plan) -> Vec<Fault> {
    let warnings = plan.problems.iter().filter(|p| p.severity == Severity::Warning);
    warnings.map(|problem| problem.fault).collect()
}

fn counts(
    new: usize,
    changed: usize,
    ended: usize,
    unchanged: usize,
    skipped: usize,
    refused: usize,
) -> Counts {
    let rows = new + changed + unchanged + skipped + refused;
    Counts { rows, new, changed, ended, unchanged, skipped, refused }
}

const FILE: &str = "\
代码,名称,层级,上级代码,户数,地址,经度,纬度
341000000000,黄山市,市,340000000000,,,,
341021100003001,一网格,网格,341021100003,320,新安路1号,118.43,29.86
341021100003,城东社区,社区,341021100000,,,,
341021100000,徽城镇,街道,341021000000,,,,
,3栋,楼栋,341021100003001,40,,,
341021000000,歙县,县,341000000000,,,,
341021100003002,二网格,网格,城东社区,280,,,
";

#[test]
fn a_file_founds_its_places_from_the_top_down_and_once_more_changes_nothing() {
    let levels = levels();
    let mut territory = Territory::default();
    let mut new_id = ids();
    let first = planned(FILE, &territory, &options(&levels, 0), &mut new_id);
    assert_eq!(errors(&first), []);
    assert_eq!(first.counts, counts(6, 0, 0, 0, 1, 0));
    let names: Vec<_> = first.places.iter().map(|place| place.name.as_str()).collect();
    assert_eq!(names, ["歙县", "徽城镇", "城东社区", "一网格", "二网格", "3栋"]);
    assert_eq!(first.points.len(), 1);
    apply(&mut territory, &first, at(0), &levels);

    for minutes in [0, 1, 100_000] {
        let again =
            planned(FILE, &territory, &options(&levels, minutes), || panic!("no new place"));
        assert_eq!(again.counts, counts(0, 0, 0, 6, 1, 0));
        assert!(is_empty(&again));
    }
}

#[test]
fn what_differs_is_shown_and_begins_when_it_should() {
    let levels = levels();
    let mut territory = Territory::default();
    let mut new_id = ids();
    let first = planned(FILE, &territory, &options(&levels, 0), &mut new_id);
    apply(&mut territory, &first, at(0), &levels);

    let text = FILE.replace("一网格,网格,341021100003,320", "一号网格,网格,341021100003,315");
    let later = planned(&text, &territory, &options(&levels, 60), &mut new_id);
    assert_eq!((later.counts.changed, later.counts.unchanged), (1, 5));
    let change = later.changes.iter().find(|change| change.kind == Kind::Changed).unwrap();
    assert!(change.parts == [Part::Name("一网格".into()), Part::Households(Some(320))]);
    assert_eq!(later.places[0].valid_from, at(61));
    apply(&mut territory, &later, at(60), &levels);
    let id = later.places[0].id;
    assert_eq!(territory.get(id, at(30)).unwrap().name, "一网格", "history stays");
    assert_eq!(territory.get(id, at(61)).unwrap().name, "一号网格");
}

#[test]
fn a_revoked_code_is_an_attribute_of_the_same_place() {
    let levels = levels();
    let mut territory = Territory::default();
    let mut new_id = ids();
    let first = planned(FILE, &territory, &options(&levels, 0), &mut new_id);
    apply(&mut territory, &first, at(0), &levels);
    let text = "代码,名称,层级,上级\n341021100003009,二网格,网格,341021100003\n";
    let plan = planned(text, &territory, &options(&levels, 60), &mut new_id);
    assert_eq!((plan.counts.changed, plan.counts.new), (1, 0));
    assert_eq!(warnings(&plan), [Fault::Likely]);
    assert!(plan.changes[0].parts == [Part::Code(Some("341021100003002".parse().unwrap()))]);
    apply(&mut territory, &plan, at(60), &levels);
}

#[test]
fn what_a_place_was_called_before_means_it_no_longer() {
    let levels = levels();
    let mut territory = Territory::default();
    let mut new_id = ids();
    let first = planned(FILE, &territory, &options(&levels, 0), &mut new_id);
    apply(&mut territory, &first, at(0), &levels);
    // 一网格 becomes 三网格, and another grid takes its old name.
    let text = "代码,名称,层级\n341021100003001,三网格,网格\n341021100003005,一网格,网格\n";
    let plan = planned(text, &territory, &options(&levels, 60), &mut new_id);
    assert_eq!((plan.counts.changed, plan.counts.new, plan.counts.refused), (1, 1, 0));
    apply(&mut territory, &plan, at(60), &levels);
    assert!(is_empty(&planned(text, &territory, &options(&levels, 120), &mut new_id)));
}

#[test]
fn a_complete_file_ends_what_it_does_not_have_and_a_faulty_one_ends_nothing() {
    let levels = levels();
    let mut territory = Territory::default();
    let mut new_id = ids();
    let first = planned(FILE, &territory, &options(&levels, 0), &mut new_id);
    apply(&mut territory, &first, at(0), &levels);
    let grids = "代码,名称,层级\n341021100003002,二网格,网格\n";
    let complete = |minutes| Options { scope: Scope::Complete, ..options(&levels, minutes) };
    // Its building still stands in it.
    let plan = planned(grids, &territory, &complete(60), &mut new_id);
    assert_eq!((plan.counts.ended, errors(&plan)[0].0), (0, Fault::NotEmpty));
    let both = format!("{grids},3栋,楼栋\n")
        .replace("层级\n", "层级,上级\n")
        .replace("3栋,楼栋", "3栋,楼栋,341021100003002");
    let plan = planned(&both, &territory, &complete(60), &mut new_id);
    assert_eq!(
        plan.counts,
        counts(1, 0, 2, 1, 0, 0),
        "the building of the ended grid, and a new one"
    );
    apply(&mut territory, &plan, at(60), &levels);
    let faulty = format!("{grids}34102110000300x,三网格,网格\n");
    let plan = planned(&faulty, &territory, &complete(120), &mut new_id);
    assert_eq!((plan.counts.ended, plan.counts.refused), (0, 1));
    assert!(warnings(&plan).contains(&Fault::Conflict));
}

#[test]
fn every_fault_of_a_row_is_named_with_its_place() {
    let levels = levels();
    let text = "\
代码,名称,层级,上级代码,户数,经度,纬度,边界
341021,歙县,县,,,,,
34102110x,甲,街道,,,,,
341021200,乙,星系,,,,,
341021300,,街道,,,,,
341021400,丙,街道,,-3,,,
341021500,丁,街道,,,118,,
341021600,戊,街道,,,29.8,118.4,
341021700,己,街道,,,,,POLYGON((0 0))
341022100,庚,街道,341021,,,,
,辛,网格,没有的社区,,,,
341021800,壬,街道,,1,,,
341021800,壬,街道,,2,,,
341021800,壬,街道,,1,,,
,癸,街道,341021,,,,
";
    let plan = planned(text, &Territory::default(), &options(&levels, 0), ids());
    let mut found = errors(&plan);
    found.sort_by_key(|(_, row)| *row);
    assert_eq!(
        found,
        [
            (Fault::BadCode, Some(3)),
            (Fault::UnknownLevel, Some(4)),
            (Fault::Empty, Some(5)),
            (Fault::OutOfRange, Some(6)),
            (Fault::HalfPoint, Some(7)),
            (Fault::BadGeometry, Some(8)),
            (Fault::BadGeometry, Some(9)),
            (Fault::RuleBroken, Some(10)),
            (Fault::UnknownParent, Some(11)),
            (Fault::Conflict, Some(13)),
            (Fault::RuleBroken, Some(15)),
        ]
    );
    assert_eq!(plan.counts, counts(2, 0, 0, 0, 1, 11));
    assert_eq!(
        drafts("名称,经度,纬度\na,118,29", None).problems.pop().unwrap().fault,
        Fault::NoSystem
    );
}

#[test]
fn a_place_under_a_refused_one_is_refused_too() {
    let levels = levels();
    let text = "代码,名称,层级,上级代码\n341021,歙县,县,\n3410211,徽城镇,街道,341021\n,一网格,网格,徽城镇\n";
    let plan = planned(text, &Territory::default(), &options(&levels, 0), ids());
    assert_eq!(errors(&plan), [(Fault::BadCode, Some(3)), (Fault::UnknownParent, Some(4))]);
}

#[test]
fn a_node_takes_its_own_area_alone() {
    let levels = levels();
    let area = Some("341021100".parse().unwrap());
    let plan =
        planned(FILE, &Territory::default(), &Options { area, ..options(&levels, 0) }, ids());
    assert_eq!(plan.counts, counts(5, 0, 0, 0, 2, 0));
    assert_eq!(plan.places[0].name, "徽城镇");
    assert!(plan.places[0].parent.is_none());
}

fn square(lon: f64, lat: f64, side: f64) -> String {
    let (east, north) = (lon + side, lat + side);
    format!("[[[{lon},{lat}],[{east},{lat}],[{east},{north}],[{lon},{north}],[{lon},{lat}]]]")
}

fn grids(shapes: &[String]) -> String {
    let features: Vec<String> = (1..).zip(shapes).map(|(n, shape)| {
        format!(r#"{{"type":"Feature","properties":{{"code":"34102110000300{n}","name":"{n}网格","level":"网格"}},"geometry":{{"type":"Polygon","coordinates":{shape}}}}}"#)
    }).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

#[test]
fn a_wrongly_declared_coordinate_system_shows_in_the_preview() {
    let levels = levels();
    // A community whose boundary is known in WGS-84, and its four grids as AMap would draw them.
    let wkt = "MULTIPOLYGON(((118.42 29.86,118.44 29.86,118.44 29.88,118.42 29.88,118.42 29.86)))";
    let text = format!("代码,名称,层级,边界\n341021100003,城东社区,社区,\"{wkt}\"\n");
    let mut territory = Territory::default();
    let mut new_id = ids();
    let community = planned(&text, &territory, &options(&levels, 0), &mut new_id);
    assert_eq!(errors(&community), []);
    apply(&mut territory, &community, at(0), &levels);
    let (dx, dy) = {
        let (x, y) = System::Gcj02.degrees(Point::new(118.43, 29.87).unwrap());
        (x - 118.43, y - 29.87)
    };
    let corners = [(118.42, 29.86), (118.43, 29.86), (118.42, 29.87), (118.43, 29.87)];
    let file = grids(&corners.map(|(x, y)| square(x + dx, y + dy, 0.01)));
    let mut preview = |system| {
        let features = geojson::read(file.as_bytes(), Some(system)).unwrap();
        let drafts = from_geojson(&features, &Mapping::new(), china());
        plan(drafts, &territory, &options(&levels, 60), &mut new_id)
    };
    let right = preview(System::Gcj02);
    assert_eq!((right.counts.new, warnings(&right)), (4, vec![]));
    let wrong = preview(System::Wgs84);
    let faults = warnings(&wrong);
    assert!(faults.contains(&Fault::OutsideParent) && faults.contains(&Fault::LikelySystem));
    let hint = wrong.problems.iter().find(|problem| problem.fault == Fault::LikelySystem).unwrap();
    assert!(hint.en.contains("GCJ-02"), "{}", hint.en);
    assert_eq!(wrong.counts.new, 4, "a warning is no barrier");
}

/// The folder of real files, on machines that have it.
fn real(path: &str) -> Option<Vec<u8>> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path))
        .ok()
}

#[test]
fn the_real_divisions_of_four_provinces_import_once() {
    let Some(bytes) = real("divisions/divisions.csv") else { return };
    let levels = levels();
    let book =
        table::read(&bytes, &table::Options { limits: limits(), ..Default::default() }).unwrap();
    let read = || from_table(&book, &Mapping::new(), None, china());
    let mut territory = Territory::default();
    let first = plan(read(), &territory, &options(&levels, 0), &mut ids());
    assert_eq!(errors(&first), []);
    assert_eq!(first.counts, counts(15 + 204 + 3_179, 0, 0, 0, 4 + 5, 0));
    apply(&mut territory, &first, at(0), &levels);
    let again = plan(read(), &territory, &options(&levels, 9), &mut || panic!("no new place"));
    assert_eq!(again.counts.unchanged, 3_398);
    assert!(is_empty(&again));
}

#[test]
fn the_real_county_outlines_import_from_gcj_02_and_have_their_known_areas() {
    let Some(bytes) = real("boundaries/counties.geojson") else { return };
    let levels = levels();
    let features = geojson::read(&bytes, Some(System::Gcj02)).unwrap();
    let drafts = from_geojson(&features, &Mapping::new(), china());
    let plan = plan(drafts, &Territory::default(), &options(&levels, 0), &mut ids());
    assert_eq!(errors(&plan), []);
    assert_eq!(plan.counts.new, 15);
    // Areas in km² as the counties give them.
    for (name, published) in
        [("歙县", 2_122.0), ("蒲城县", 1_584.0), ("富平县", 1_242.0), ("澄城县", 1_121.0)]
    {
        let place = plan.places.iter().find(|place| place.name == name).unwrap();
        let area = crate::ground::area(place.boundary.as_ref().unwrap()).unwrap() / 1e6;
        assert!((area / published - 1.0).abs() < 0.01, "{name}: {area:.0} km²");
    }
    assert!(geojson::read(&bytes, None).is_err(), "undeclared");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_a_file_says_the_engine_takes_the_plan_and_the_file_once_more_changes_nothing(
        rows in prop::collection::vec(("(341021|341021100|341021100003|34102110000300[1-4]||x)", "[甲乙丙丁]{0,1}", "(县|街道|社区|网格|楼栋||星系)", "(341021|341021100|341021100003|甲|乙|)", "[0-9]{0,3}"), 0..12),
        changed in prop::collection::vec(("(341021|341021100|341021100003|34102110000300[1-4]||x)", "[甲乙丙丁]{0,1}", "(县|街道|社区|网格|楼栋||星系)", "(341021|341021100|341021100003|甲|乙|)", "[0-9]{0,3}"), 0..12),
    ) {
        let levels = levels();
        let file = |rows: &[(String, String, String, String, String)]| {
            let lines = rows.iter().map(|(a, b, c, d, e)| format!("{a},{b},{c},{d},{e}\n"));
            format!("代码,名称,层级,上级,户数\n{}", lines.collect::<String>())
        };
        let mut territory = Territory::default();
        let mut new_id = ids();
        for (minutes, rows) in [(0, &rows), (60, &changed)] {
            let options = options(&levels, minutes);
            let plan = planned(&file(rows), &territory, &options, &mut new_id);
            let counted = plan.counts;
            prop_assert_eq!(counted.rows, rows.iter().filter(|r| [&r.0, &r.1, &r.2, &r.3, &r.4].iter().any(|cell| !cell.is_empty())).count());
            apply(&mut territory, &plan, at(minutes), &levels);
            let again = planned(&file(rows), &territory, &options, &mut new_id);
            prop_assert!(is_empty(&again), "{:?}", again.counts);
        }
    }
}
