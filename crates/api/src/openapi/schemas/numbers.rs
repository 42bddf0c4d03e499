//! Questions, answers and numbers.

use governance::query::{Grouping, Metric};
use serde_json::{Map, Value, json};

use super::{Property, count, flag, list, object, one_of, text};
use crate::openapi::reference;

/// Schemas of numbers.
pub(super) fn put(schemas: &mut Map<String, Value>) {
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    let metrics: Vec<&str> = Metric::ALL.iter().map(|metric| metric.key()).collect();
    let groupings: Vec<&str> = Grouping::ALL.iter().map(|grouping| grouping.key()).collect();
    put("Metric", one_of(&metrics));
    put("Grouping", one_of(&groupings));
    put("Ask", ask());
    put("Answered", answered());
    put("Numbers", numbers());
}

/// What a group has besides its count.
fn counts() -> Vec<Property<'static>> {
    vec![("yes", count()), ("sum", count()), ("median_ms", count()), ("p90_ms", count())]
}

fn row() -> Value {
    let mut may = vec![("code", reference("Named")), ("node", reference("NodeName"))];
    may.extend(counts());
    object(&[("group", text()), ("count", count())], &may)
}

fn part() -> Value {
    object(&[("yes", count()), ("of", count())], &[])
}

fn numbers() -> Value {
    let log = [("epoch", count()), ("size", count()), ("root", reference("Id32"))];
    let figure = [
        ("metric", reference("Metric")),
        ("name", text()),
        ("name_en", text()),
        ("grouping", reference("Grouping")),
        ("rows", list(row())),
    ];
    let line = [
        ("rate", one_of(&["response", "solved", "satisfied"])),
        ("weight", count()),
        ("all", part()),
        ("kept", part()),
    ];
    let scores = [("score_all", count()), ("score_kept", count())];
    let finding = [
        (
            "kind",
            one_of(&["month_end_burst", "trivial_cases", "closed_unverified", "excluded_after_no"]),
        ),
        ("rule", reference("Named")),
        ("grouping", reference("Grouping")),
        ("group", text()),
        ("part", part()),
    ];
    let named = [("code", reference("Named")), ("node", reference("NodeName"))];
    let excluded = [
        ("case", reference("Id16")),
        ("number", text()),
        ("exclusions", list(super::cases::exclusion())),
    ];
    let reasons = [("reasons", list(json!({ "type": ["string", "null"] })))];
    let needs = [
        ("node", reference("Id32")),
        ("name", reference("NodeName")),
        ("policy", text()),
        ("from", reference("Time")),
        ("until", reference("Time")),
        ("as_of", reference("Time")),
        ("journal", count()),
        ("still", flag()),
        ("log", object(&log, &[])),
        ("figures", list(object(&figure, &[]))),
        ("findings", list(object(&finding, &named))),
        ("exclusions", list(object(&excluded, &reasons))),
        ("more_exclusions", count()),
    ];
    let rates = object(&[("lines", list(object(&line, &[])))], &scores);
    object(&needs, &[("area", reference("Area")), ("rates", rates)])
}

fn matter() -> Vec<Property<'static>> {
    vec![
        ("metric", reference("Metric")),
        ("grouping", reference("Grouping")),
        ("from", reference("Time")),
        ("until", reference("Time")),
    ]
}

fn ask() -> Value {
    let budget = json!({ "type": "integer", "minimum": 500, "maximum": 25_000, "default": 5_000 });
    let signed = json!({ "type": "boolean", "default": false });
    let under = reference("Id32");
    let may =
        [("area", reference("Area")), ("under", under), ("budget_ms", budget), ("signed", signed)];
    object(&matter(), &may)
}

fn answered() -> Value {
    let numbers = || object(&[("count", count())], &counts());
    let line = object(
        &[("node", reference("Id32"))],
        &[("name", text()), ("under", reference("Id32")), ("age_ms", count()), ("fault", text())],
    );
    let lists = ["answered", "stale", "pending", "refused", "omitted", "invalid"];
    let lists: Vec<Property<'_>> =
        lists.into_iter().map(|name| (name, list(line.clone()))).collect();
    let needs = [
        ("question", reference("Id16")),
        ("answer", reference("Id32")),
        ("answered_at", reference("Time")),
        ("matter", object(&matter(), &[("area", reference("Area"))])),
        ("partial", flag()),
        ("rows", list(row())),
        ("completeness", object(&lists, &[("coarse", list(line)), ("short", count())])),
    ];
    let signed = [("answer", text()), ("certificates", list(text())), ("root", reference("Id32"))];
    let signed = object(&signed, &[]);
    object(&needs, &[("total", numbers()), ("so_far", numbers()), ("signed", signed)])
}
