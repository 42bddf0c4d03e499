//! Files from outside, and what is told of them.

use serde_json::{Map, Value, json};

use super::super::reference;
use super::{Property, count, flag, list, object, one_of, page, text};

pub(super) fn put(schemas: &mut Map<String, Value>) {
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    put(
        "FileProblem",
        object(
            &[
                ("severity", one_of(&["note", "warning", "error"])),
                ("fault", text()),
                ("zh", text()),
                ("en", text()),
            ],
            &[("sheet", text()), ("row", count()), ("column", text()), ("value", text())],
        ),
    );
    let source: [Property<'_>; 2] = [
        ("source", text()),
        ("mapping", json!({ "type": "string", "description": "A mapping file's text (TOML)." })),
    ];
    let [key, mapping] = source.clone();
    put("ReportsFile", object(&[("file", file())], &[key, mapping, ("dry_run", flag())]));
    put("ReportsTold", told(&["rows", "opened", "repeated", "refused"], &[]));
    places(&mut put);
    division(&mut put);
    put("PeopleTold", told(&["rows", "new", "appointments", "unchanged", "refused"], &[]));
    let people = ("PeopleFile", object(&[("file", file())], &table()));
    put(people.0, people.1);
    let [key, mapping] = source;
    let since = [("opened_from", reference("Time")), ("changed_from", reference("Time"))];
    let format = ("format", one_of(&["csv", "xlsx", "json"]));
    let wanted: Vec<Property<'_>> = [key, mapping, format].into_iter().chain(since).collect();
    put("OrdersWanted", object(&[], &wanted));
    let format = ("format", one_of(&["csv", "xlsx", "json"]));
    let purpose = ("purpose", reference("Purpose"));
    put("PeopleWanted", object(&[format, purpose], &[("zone", zone())]));
    let format = ("format", one_of(&["csv", "xlsx", "json", "geojson"]));
    put("PlacesWanted", object(&[format], &[("ids", flag())]));
    let import = [
        ("brings", one_of(&["places", "people", "reports"])),
        ("began", reference("Time")),
        ("rows", count()),
        ("done", count()),
    ];
    put("Import", object(&import, &[]));
    put("ImportPage", page("Import"));
}

fn zone() -> Value {
    json!({ "type": "string", "description": "Such as +08:00, which it is without." })
}

fn places(put: &mut impl FnMut(&str, Value)) {
    let words = json!({ "type": "object", "additionalProperties": text() });
    let mut more = table();
    more.extend([
        ("format", one_of(&["csv", "xlsx", "json", "geojson"])),
        ("system", one_of(&["wgs84", "gcj02", "bd09"])),
        ("levels", words),
        ("complete", flag()),
        ("from", reference("Time")),
    ]);
    put("PlacesFile", object(&[("file", file())], &more));
    let change = object(
        &[
            ("spot", object(&[], &[("sheet", text()), ("row", count()), ("column", text())])),
            ("id", reference("Id16")),
            ("level", text()),
            ("name", text()),
            ("kind", one_of(&["new", "changed", "ended"])),
        ],
        &[("code", reference("Area")), ("parts", list(json!({})))],
    );
    put("PlaceChange", change);
    let counts = ["rows", "new", "changed", "ended", "unchanged", "skipped", "refused"];
    put("PlacesTold", told(&counts, &[("changes", list(reference("PlaceChange")))]));
}

/// How a table is to be understood.
fn table() -> Vec<Property<'static>> {
    let columns = json!({ "type": "object", "additionalProperties": text(),
        "description": "Headers of the file for columns, by the columns' keys." });
    vec![("sheet", text()), ("columns", columns), ("zone", zone()), ("dry_run", flag())]
}

/// How a place is divided (T2).
fn division(put: &mut impl FnMut(&str, Value)) {
    let number = || json!({ "type": "number" });
    let grid = object(
        &[
            ("id", reference("Id16")),
            ("name", text()),
            ("size", one_of(&["within", "below", "above", "unknown"])),
            ("pieces", count()),
        ],
        &[("households", count()), ("area", number())],
    );
    let ids = || list(reference("Id16"));
    let ground = object(&[("grids", ids()), ("area", number()), ("at", reference("Point"))], &[]);
    let report = object(
        &[
            ("parent", reference("Id16")),
            ("grids", list(grid)),
            ("gaps", list(ground.clone())),
            ("overlaps", list(ground.clone())),
            ("beyond", list(ground)),
            ("gap_area", number()),
            ("overlap_area", number()),
            ("beyond_area", number()),
            ("groups", list(ids())),
            ("findings", list(reference("FileProblem"))),
        ],
        &[("area", number())],
    );
    let checked = object(
        &[("name", text()), ("level", reference("Named"))],
        &[("report", report), ("problem", reference("FileProblem"))],
    );
    put("Division", checked);
    put("DivisionPage", page("Division"));
}

fn file() -> Value {
    json!({ "type": "string", "contentEncoding": "base64",
        "description": "A file of at most 15 MiB, in base64 with padding." })
}

/// Counts of one kind, and what is told of every file.
fn told(counts: &[&str], more: &[Property<'_>]) -> Value {
    let counts: Vec<Property<'_>> = counts.iter().map(|name| (*name, count())).collect();
    let faults = json!({ "type": "object", "additionalProperties": count(),
        "description": "How many problems there are of each kind." });
    let needs: Vec<Property<'_>> = [
        ("dry_run", flag()),
        ("counts", object(&counts, &[])),
        ("problems", list(reference("FileProblem"))),
        ("errors", count()),
        ("warnings", count()),
        ("notes", count()),
        ("faults", faults),
    ]
    .into_iter()
    .chain(more.iter().cloned())
    .collect();
    object(&needs, &[])
}
