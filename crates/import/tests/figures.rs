//! How fast the real files are read, and what the suggestions find in them. Only where
//! `../shared` is; run with
//! `cargo test --release -p import --test figures -- --ignored --nocapture`.

#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has nothing to clean up")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use governance::case::CaseId;
use governance::territory::{Level, Territory};
use import::columns::Mapping;
use import::coordinates::System;
use import::places::{self, Scope};
use import::reports::{self, Imported, Options, Source};
use import::shape::geojson;
use import::suggest::{Matter, suggest};
use import::table::write::Written;
use import::table::{self, Format};
use import::{ground, moment};
use record::{Subject, Timestamp};

const TAIDI: &str = include_str!("../../../config/imports/taidi2020.toml");
const SF311: &str = include_str!("../../../config/imports/sf311.toml");

fn real(path: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::fs::read(folder.join(path)).ok()
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// Runs it until a second is over and tells how many a second.
fn rate<T>(what: &str, rows: usize, mut run: impl FnMut() -> T) -> T {
    let (start, mut rounds) = (Instant::now(), 0_u32);
    loop {
        let result = run();
        rounds += 1;
        let seconds = start.elapsed().as_secs_f64();
        if seconds > 1.0 {
            let each = seconds / f64::from(rounds);
            let a_second = f64::from(u32::try_from(rows).unwrap()) / each;
            println!("{what}: {:.1} ms for {rows}, {a_second:.0} a second", each * 1e3);
            return result;
        }
    }
}

fn import(bytes: &[u8], mapping: &str) -> Vec<Imported> {
    let source = Source::from_toml(mapping).unwrap();
    let book = table::read(bytes, &source.options()).unwrap();
    reports::read(&book, &source, &Options { territory: None, now: now() }).reports
}

/// A file's rows as a workbook.
fn workbook(bytes: &[u8]) -> Vec<u8> {
    let options = Source::from_toml(TAIDI).unwrap().options();
    let book = table::read(bytes, &options).unwrap();
    let mut rows =
        book.sheets[0].rows.iter().map(|row| row.cells.iter().map(table::Cell::to_text).collect());
    let table = Written { header: rows.next().unwrap(), rows: rows.collect() };
    table.to_bytes(Format::Xlsx).unwrap()
}

#[test]
#[ignore = "figures, not promises"]
fn files_are_read_at_these_rates() {
    let (Some(letters), Some(requests)) =
        (real("complaints/taidi2020_messages_votes.csv"), real("311/sf311_10k.csv"))
    else {
        return;
    };
    rate("letters, CSV", 4_326, || import(&letters, TAIDI));
    rate("service requests, CSV", 10_000, || import(&requests, SF311));
    let (letters, requests) = (workbook(&letters), workbook(&requests));
    rate("letters, workbook", 4_326, || import(&letters, TAIDI));
    rate("service requests, workbook", 10_000, || import(&requests, SF311));
}

fn levels() -> Vec<Level> {
    let level = |key: &str, name: &str| Level {
        key: key.into(),
        name: name.into(),
        name_en: key.into(),
        administrative: true,
        households: None,
    };
    vec![level("county", "县"), level("township", "乡镇"), level("community", "社区")]
}

#[test]
#[ignore = "figures, not promises"]
fn places_are_planned_at_these_rates() {
    let (Some(divisions), Some(counties)) =
        (real("divisions/divisions.csv"), real("boundaries/counties.geojson"))
    else {
        return;
    };
    let (levels, zone) = (levels(), moment::zone("+08:00").unwrap());
    let options = places::Options {
        levels: &levels,
        words: BTreeMap::new(),
        area: None,
        from: now(),
        now: now(),
        scope: Scope::Partial,
    };
    let ids = || {
        let mut next = 0_u128;
        move || {
            next += 1;
            Subject::from_bytes(next.to_be_bytes())
        }
    };
    let table_options = table::Options { limits: places::limits(), ..Default::default() };
    let plan = |territory: &Territory| {
        let book = table::read(&divisions, &table_options).unwrap();
        let drafts = places::from_table(&book, &Mapping::new(), None, zone);
        places::plan(drafts, territory, &options, &mut ids())
    };
    let first = rate("divisions, all new", 3_407, || plan(&Territory::default()));
    let territory = Territory::from_places(first.places).unwrap();
    rate("divisions, all known", 3_407, || plan(&territory));
    let counties = rate("counties from GCJ-02, points", 4_531, || {
        let features = geojson::read(&counties, Some(System::Gcj02)).unwrap();
        places::from_geojson(&features, &Mapping::new(), zone).drafts
    });
    let outlines: Vec<_> = counties.iter().filter_map(|draft| draft.boundary.as_ref()).collect();
    let cover = rate("counties cut against each other, points", 4_531, || {
        ground::cover(&outlines).unwrap()
    });
    let overlaps: f64 =
        cover.pieces.iter().filter(|piece| piece.by.len() > 1).map(|piece| piece.area).sum();
    println!("the counties overlap by {:.3} km² in all", overlaps.abs() / 1e6);
}

#[test]
#[ignore = "figures, not promises"]
fn suggestions_find_these_in_the_letters() {
    let Some(letters) = real("complaints/taidi2020_messages_votes.csv") else { return };
    let matters: Vec<(CaseId, Matter)> = import(&letters, TAIDI)
        .into_iter()
        .zip(1_u128..)
        .map(|(letter, number)| {
            let report = letter.report;
            let text = format!("{}\n{}", report.title, report.description);
            let matter = Matter::new(None, None, None, report.happened.unwrap(), text);
            (CaseId::from_bytes(number.to_be_bytes()), matter)
        })
        .collect();
    rate("one letter against all", matters.len(), || suggest(&matters[100].1, &matters, 10));
    // Matters that many wrote about, by a name that only they have.
    for name in ["丽发新城", "伊景园", "泉星公园", "松雅湖"] {
        let about = |matter: &Matter| import::text::contains(matter.text(), name);
        let group: Vec<&(CaseId, Matter)> =
            matters.iter().filter(|(_, matter)| about(matter)).collect();
        let (mut right, mut shown, mut helped) = (0, 0, 0);
        for (id, matter) in &group {
            let found = suggest(matter, &matters, 6);
            let others: Vec<_> = found.iter().filter(|suggestion| suggestion.case != *id).collect();
            let hits =
                others.iter().filter(|s| group.iter().any(|(case, _)| *case == s.case)).count();
            (right, shown, helped) =
                (right + hits, shown + others.len(), helped + usize::from(hits > 0));
        }
        println!(
            "{name}: {} letters, {helped} are shown another of theirs, {right} of {shown} shown are theirs",
            group.len()
        );
    }
    let mut shown = 0;
    for (id, matter) in matters.iter().step_by(20) {
        shown += usize::from(suggest(matter, &matters, 6).iter().any(|s| s.case != *id));
    }
    println!("{shown} of {} letters are shown any other", matters.len().div_ceil(20));
}
