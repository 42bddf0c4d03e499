//! Who is given what, who reads what, and what is masked.

use engine::command::{MAX_VIEW_NAME, MAX_VIEW_QUERY, MAX_VIEWS};
use governance::field::{self, Class};
use serde_json::{Map, Value, json};

use super::{Property, count, flag, list, object, one_of, page, text};
use crate::openapi::reference;

/// Schemas of need to know.
pub(super) fn put(schemas: &mut Map<String, Value>) {
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    let words = field::ALL.iter().filter(|field| field.class != Class::Structural);
    let words: Vec<&str> = words.map(|field| field.key).collect();
    put("WordField", one_of(&words));
    put("Purpose", one_of(&["contact", "identify", "emergency", "supervision", "request"]));
    let fields = || list(reference("WordField"));
    let session = [
        ("id", reference("Id32")),
        ("began", reference("Time")),
        ("expires", reference("Time")),
        ("current", flag()),
    ];
    let sessions = [("items", list(object(&session, &[])))];
    put("SessionPage", object(&sessions, &[]));
    let view = [
        ("name", json!({ "type": "string", "minLength": 1, "maxLength": MAX_VIEW_NAME })),
        ("query", json!({ "type": "string", "maxLength": MAX_VIEW_QUERY })),
    ];
    let views = json!({ "type": "array", "maxItems": MAX_VIEWS, "items": object(&view, &[]) });
    put("SavedViews", object(&[("views", views)], &[]));
    let waiting = [
        ("number", count()),
        ("since", reference("Time")),
        ("record", reference("Id32")),
        ("kind", count()),
        ("subject", reference("Id16")),
        ("purpose", text()),
        ("basis", text()),
        ("fields", fields()),
        ("personal", flag()),
    ];
    put("Waiting", object(&waiting, &[("act", reference("ActKind")), ("case", text())]));
    put("OutboxPage", page("Waiting"));
    put("NarrowedAct", narrowed());
    put("Preview", preview());
    put("Ledger", ledger());
    let from = ("from", list(reference("Id32")));
    put("WithdrawFields", object(&[("fields", some(1, 64))], &[from]));
    put("RevealWhy", object(&[("purpose", reference("Purpose"))], &[]));
    let reveal = [("fields", some(1, 16)), ("purpose", reference("Purpose"))];
    put("Reveal", object(&reveal, &[]));
    put("Revealed", object(&[("fields", reference("Fields"))], &[]));
    let look = one_of(&[
        "list", "search", "case", "timeline", "proof", "photo", "similar", "ledger", "member",
        "preview", "export", "reveal", "log",
    ]);
    let purpose = one_of(&["work", "contact", "identify", "emergency", "supervision", "request"]);
    let entry = [
        ("number", count()),
        ("time", reference("Time")),
        ("person", reference("PersonName")),
        ("role", reference("Named")),
        ("look", look),
        ("fields", fields()),
        ("purpose", purpose),
        ("before", reference("Id32")),
    ];
    let entry = object(&entry, &[("subject", reference("Id16")), ("case", text())]);
    let log = [
        ("items", list(entry)),
        ("count", count()),
        ("link", reference("Id32")),
        ("sealed", count()),
    ];
    put("AccessLog", object(&log, &[("next", count())]));
}

fn some(least: u32, most: u32) -> Value {
    let items = reference("WordField");
    json!({ "type": "array", "items": items, "minItems": least, "maxItems": most })
}

/// An act beside what others are not to be given by it. Its own shape says what else may be there.
fn narrowed() -> Value {
    let withhold = json!({
        "type": "object",
        "description": "Fields that nodes are not to be given by this act: by a node's id, or for \
            everybody by *. It can only take away from what the rules let go.",
        "propertyNames": { "pattern": "^([0-9a-f]{64}|\\*)$" },
        "additionalProperties": list(reference("WordField")),
    });
    let signed = object(
        &[
            ("key", reference("Id32")),
            ("salt", reference("Id32")),
            ("base", reference("Id32")),
            ("time", reference("Time")),
            ("signature", reference("Hex")),
        ],
        &[],
    );
    let unsigned = one_of(&["no_key", "device", "form"]);
    let all = vec![
        reference("Act"),
        object_open(&[("withhold", withhold)]),
        // What a person signs stands at `POST /v1/cases/{id}/signing`.
        object_open(&[("signed", signed)]),
        object_open(&[("unsigned", unsigned)]),
    ];
    json!({ "anyOf": all })
}

fn object_open(properties: &[Property<'_>]) -> Value {
    let properties: Map<String, Value> =
        properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let names = properties.keys().cloned();
    let required: Vec<String> = std::iter::once("act".to_owned()).chain(names).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn preview() -> Value {
    let leaving = [
        ("act", reference("ActKind")),
        ("fields", list(reference("WordField"))),
        ("withheld", list(reference("WordField"))),
        ("purpose", text()),
        ("basis", text()),
    ];
    let leaving = object(&leaving, &[("record", reference("Id32")), ("until", reference("Time"))]);
    let recipient = object(&[("to", reference("NodeName")), ("records", list(leaving))], &[]);
    object(&[("policy", text()), ("recipients", list(recipient))], &[])
}

fn ledger() -> Value {
    let given = [
        ("to", reference("NodeName")),
        ("at", reference("Time")),
        ("record", reference("Id32")),
        ("fields", list(reference("WordField"))),
        ("purpose", text()),
        ("basis", text()),
        ("policy", text()),
        ("acknowledged", flag()),
    ];
    let given_may = [
        ("act", reference("ActKind")),
        ("withheld", list(reference("WordField"))),
        ("until", reference("Time")),
    ];
    let withdrawn =
        [("fields", list(reference("WordField"))), ("from", list(reference("NodeName")))];
    let reads = [("role", reference("Named")), ("count", count())];
    let needs = [
        ("given", list(object(&given, &given_may))),
        ("withdrawn", list(object(&withdrawn, &[]))),
        ("reads", list(object(&reads, &[]))),
        ("others", list(reference("NodeName"))),
    ];
    object(&needs, &[])
}
