//! Files from outside, and what is told of them.

use serde_json::{Map, Value, json};

use super::super::reference;
use super::{Property, count, flag, list, object, one_of, text};

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
    put("ReportsTold", told(&["rows", "opened", "repeated", "refused"]));
}

fn file() -> Value {
    json!({ "type": "string", "contentEncoding": "base64",
        "description": "A file of at most 15 MiB, in base64 with padding." })
}

/// Counts of one kind, and what is told of every file.
fn told(counts: &[&str]) -> Value {
    let counts: Vec<Property<'_>> = counts.iter().map(|name| (*name, count())).collect();
    let faults = json!({ "type": "object", "additionalProperties": count(),
        "description": "How many problems there are of each kind." });
    object(
        &[
            ("dry_run", flag()),
            ("counts", object(&counts, &[])),
            ("problems", list(reference("FileProblem"))),
            ("errors", count()),
            ("warnings", count()),
            ("notes", count()),
            ("faults", faults),
        ],
        &[],
    )
}
