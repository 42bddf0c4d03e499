//! Schemas of what is taken and given.

mod cases;
mod ground;
mod imports;
mod node;
mod numbers;
mod people;
mod trust;

use serde_json::{Map, Value, json};

use super::{acts, reference};
use crate::session::MAX_TOKEN_DAYS;
use crate::strict::PATTERN;

/// A named property with its schema.
pub(super) type Property<'a> = (&'a str, Value);

/// An object with nothing else in it.
pub(super) fn object(needs: &[Property<'_>], may: &[Property<'_>]) -> Value {
    let required: Vec<&str> = needs.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = needs
        .iter()
        .chain(may)
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    let mut schema = json!({
        "type": "object", "additionalProperties": false, "properties": properties,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

pub(super) fn flag() -> Value {
    json!({ "type": "boolean" })
}

pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

pub(super) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

pub(super) fn one_of(values: &[&str]) -> Value {
    json!({ "type": "string", "enum": values })
}

fn hex(bytes: usize) -> Value {
    json!({ "type": "string", "pattern": format!("^[0-9a-f]{{{}}}$", 2 * bytes) })
}

/// One page of a list.
pub(super) fn page(items: &str) -> Value {
    object(&[("items", list(reference(items)))], &[("next", text())])
}

/// Every schema by name.
pub(super) fn all() -> Map<String, Value> {
    let mut schemas = Map::new();
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    put("Id16", hex(16));
    put("Id32", hex(32));
    put("Hex", json!({ "type": "string", "pattern": "^([0-9a-f]{2})*$" }));
    put("Time", json!({ "type": "string", "format": "date-time" }));
    put(
        "Area",
        json!({ "type": "string", "pattern": "^(0[1-9]|[1-9][0-9])(([0-9]{2}){0,2}|[0-9]{7}([0-9]{3}){0,2})$" }),
    );
    put("Phase", one_of(&PHASES));
    put("Text", text());
    put("EventStream", text());
    put("File", json!({ "type": "string", "format": "binary" }));
    put("Document", json!({ "type": "object" }));
    put("Health", object(&[("status", one_of(&["alive", "ready"]))], &[]));
    put(
        "Point",
        json!({ "type": "array", "items": { "type": "number" },
        "minItems": 2, "maxItems": 2, "description": "Longitude and latitude, WGS-84." }),
    );
    put("Boundary", list(list(reference("Point"))));
    put("Named", object(&[("key", text())], &[("name", text()), ("name_en", text())]));
    put("NodeName", object(&[("id", reference("Id32")), ("short", text())], &[("name", text())]));
    put("PersonName", object(&[("id", reference("Id16"))], &[("name", text())]));
    put("Receipt", object(&[], &receipt()));
    who(&mut schemas);
    ground(&mut schemas);
    ground::put(&mut schemas);
    people::put(&mut schemas);
    acts::put(&mut schemas);
    cases::put(&mut schemas);
    imports::put(&mut schemas);
    node::put(&mut schemas);
    numbers::put(&mut schemas);
    trust::put(&mut schemas);
    schemas
}

const PHASES: [&str; 11] = [
    "intake",
    "accepted",
    "assigned",
    "handling",
    "verifying",
    "closing",
    "closed",
    "refused",
    "suspended",
    "merged",
    "withdrawn",
];

fn receipt() -> Vec<Property<'static>> {
    vec![
        ("record", reference("Id32")),
        ("subject", reference("Id16")),
        ("number", text()),
        ("code", text()),
        ("pending", flag()),
    ]
}

/// Sessions, tokens, accounts, people.
fn who(schemas: &mut Map<String, Value>) {
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    let id = || ("id", reference("Id32"));
    let (person, expires) = (("person", reference("Id16")), ("expires", reference("Time")));
    let (account, label) = (("account", text()), ("label", text()));
    let any = || json!({ "type": "string", "pattern": PATTERN });
    let password =
        || json!({ "type": "string", "minLength": 10, "maxLength": 512, "pattern": PATTERN });
    put("Login", object(&[("account", any()), ("password", any())], &[("code", any())]));
    put("FactorOffer", object(&[("secret", text()), ("uri", text())], &[]));
    let enrol = [("secret", any()), ("code", any()), ("password", any())];
    put("EnrolFactor", object(&enrol, &[("current", any())]));
    put("FactorEnrolled", object(&[("recovery", list(text()))], &[]));
    let count = json!({ "type": "integer", "minimum": 0 });
    let factor = [("needed", flag()), ("enrolled", flag()), ("recovery", count)];
    put("Factor", object(&factor, &[("since", reference("Time"))]));
    let session = [("csrf", text()), expires.clone(), account.clone(), person.clone()];
    put("Session", object(&session, &[]));
    let ended = json!({ "type": "integer", "minimum": 0 });
    let tokens = json!({ "type": "array", "items": text(),
        "description": "Labels of programs' tokens that ended: those programs need another." });
    put("PasswordChanged", object(&[("sessions", ended), ("tokens", tokens)], &[]));
    put("NewPassword", object(&[("current", any()), ("new", password())], &[]));
    let powers = list(one_of(&[
        "territory",
        "roster",
        "federation",
        "query",
        "personal",
        "policy",
        "intake",
        "notebook",
    ]));
    let me = [
        account,
        person.clone(),
        ("appointments", list(reference("Appointment"))),
        ("powers", powers),
        expires.clone(),
        ("factor", reference("Factor")),
    ];
    put("Me", object(&me, &[("name", text()), ("csrf", text())]));
    let days = json!({ "type": "integer", "minimum": 1, "maximum": MAX_TOKEN_DAYS });
    let new_label =
        json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": PATTERN });
    put("NewToken", object(&[("label", new_label), ("days", days)], &[]));
    put("Token", object(&[id(), label.clone(), expires.clone()], &[]));
    put("TokenPage", page("Token"));
    put("Minted", object(&[id(), label, expires, ("token", text())], &[]));
    let enabled = ("enabled", flag());
    let of_person = [person.clone()];
    put("PutAccount", object(&of_person, &[("password", password()), enabled.clone()]));
    let pending = ("pending", flag());
    let shown = [("name", text()), person, enabled, ("factor", flag())];
    put("Account", object(&shown, &[pending]));
    put("AccountPage", page("Account"));
    let line = || json!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": PATTERN });
    put("Register", object(&[("name", line())], &[("phone", line())]));
    let scope = object(&[("id", reference("Id16"))], &[("name", text())]);
    let (from, until) = (("from", reference("Time")), ("until", reference("Time")));
    let appoint = [
        ("scope", reference("Id16")),
        from.clone(),
        until.clone(),
        ("agreement", people::agreement()),
    ];
    put("Appoint", object(&[("role", text())], &appoint));
    let held = [("role", reference("Named")), from, ("in_force", flag())];
    put("Appointment", object(&held, &[("scope", scope), until]));
    let time = || reference("Time");
    let key = || ("key", reference("Id32"));
    let any = || json!({ "type": "string", "pattern": PATTERN });
    let enrol = [key(), ("label", line()), ("time", time()), ("signature", any())];
    let enrol = [enrol.as_slice(), &[("password", any())]].concat();
    put("EnrolKey", object(&enrol, &[]));
    let revoked = ("revoked", time());
    let shown = [key(), ("label", text()), ("since", time())];
    put("Key", object(&shown, std::slice::from_ref(&revoked)));
    put("KeyPage", page("Key"));
    let certified = [
        key(),
        ("person", reference("Id16")),
        ("since", time()),
        ("record", reference("Id32")),
        ("envelope", text()),
        ("salt", text()),
        ("value", text()),
    ];
    put("KeyCertificate", object(&certified, &[revoked]));
    let number = || json!({ "type": "integer", "minimum": 0 });
    let signing = [
        ("federation", reference("Id32")),
        ("node", reference("Id32")),
        ("person", reference("Id16")),
        ("case", reference("Id16")),
        ("kind", number()),
        ("base", reference("Id32")),
        ("time", number()),
        ("values", text()),
    ];
    put("Signing", object(&signing, &[]));
    let by = one_of(&["person", "forged", "node"]);
    let why = one_of(&["no_key", "device", "program", "form"]);
    let hand = [("why", why), ("key", reference("Id32")), ("time", time()), ("whole", flag())];
    put("Hand", object(&[("by", by)], &hand));
    let proposal = [
        ("id", reference("Id32")),
        ("person", reference("PersonName")),
        ("by", reference("PersonName")),
        ("proposed", reference("Time")),
        ("expires", reference("Time")),
        ("own", flag()),
        ("may_confirm", flag()),
    ];
    let account = object(&[("name", text()), ("password", flag())], &[]);
    let what = [("appointment", reference("Appointment")), ("account", account)];
    put("Proposal", object(&proposal, &what));
    put("ProposalPage", page("Proposal"));
    let person = [("id", reference("Id16")), ("appointments", list(reference("Appointment")))];
    put("Person", object(&person, &[("name", text()), ("phone", text())]));
    put("PersonPage", page("Person"));
}

/// Places.
fn ground(schemas: &mut Map<String, Value>) {
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    let needs = |level: Value| {
        vec![
            ("id", reference("Id16")),
            ("level", level),
            ("name", text()),
            ("valid_from", reference("Time")),
        ]
    };
    let may = [
        ("code", reference("Area")),
        ("parent", reference("Id16")),
        ("households", count()),
        ("boundary", reference("Boundary")),
        ("valid_until", reference("Time")),
    ];
    put("NewPlace", object(&needs(text()), &may));
    put("Place", object(&needs(reference("Named")), &may));
    put("PlacePage", page("Place"));
    let places = json!({ "type": "array", "items": reference("NewPlace"),
        "minItems": 1, "maxItems": engine::command::MAX_PLACES });
    put("Bulk", object(&[("places", places)], &[]));
    put("Established", object(&[("places", count())], &receipt()));
    let line = object(&needs(reference("Named"))[..3], &[]);
    let mut detail = needs(reference("Named"));
    detail.extend([
        ("in_force", flag()),
        ("ancestors", list(line)),
        ("children", count()),
        ("history", list(reference("Place"))),
        ("successor_of", list(reference("PlaceName"))),
        ("succeeded_by", list(reference("PlaceName"))),
    ]);
    put("PlaceDetail", object(&detail, &may));
    let located = [("level", reference("Named")), ("places", list(reference("Place")))];
    put("Located", object(&located, &[]));
}
