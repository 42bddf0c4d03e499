//! Cases.

use serde_json::{Map, Value, json};

use super::{Property, count, flag, list, object, one_of, page, text};
use crate::openapi::reference;

/// Schemas of cases.
pub(super) fn put(schemas: &mut Map<String, Value>) {
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    let acts: Vec<&str> = governance::act::ActKind::ALL.iter().map(|kind| kind.key()).collect();
    put("ActKind", one_of(&acts));
    put("Clock", clock());
    put(
        "Fields",
        json!({ "type": "object",
        "description": "Values by field name: only those that the reader may read." }),
    );
    let taken = [
        ("id", reference("Id16")),
        ("record", reference("Id32")),
        ("number", text()),
        ("stage", reference("Named")),
    ];
    put("Taken", object(&taken, &[("code", text()), ("due", reference("Time"))]));
    put("Followed", followed());
    put("CaseSummary", object(&summary_needs(), &summary_may()));
    put("CasesFound", found());
    put("Similar", similar());
    put("Case", case());
    put("Step", object(&step_needs(), &step_may()));
    let mut sealed = step_needs();
    sealed.extend([("seal", seal()), ("fields", reference("Fields"))]);
    let mut may = step_may();
    may.push(("hand", reference("Hand")));
    put("SealedStep", object(&sealed, &may));
    put("Timeline", page("SealedStep"));
    put("OpenActs", open_acts());
    put("Matter", matter());
    put("MatterPage", page("Matter"));
    put("Countersigned", countersigned());
    put("Proof", proof());
}

fn clock() -> Value {
    let state = one_of(&["none", "running", "overdue", "met", "breached"]);
    object(&[("state", state)], &[("due", reference("Time"))])
}

fn followed() -> Value {
    let told = [
        ("time", reference("Time")),
        ("act", reference("ActKind")),
        ("fields", reference("Fields")),
    ];
    let needs = [
        ("number", text()),
        ("stage", reference("Named")),
        ("phase", reference("Phase")),
        ("clock", reference("Clock")),
        ("holder", reference("NodeName")),
        ("opened", reference("Time")),
        ("steps", list(object(&told, &[]))),
        ("may", list(reference("ActKind"))),
    ];
    object(&needs, &[("title", text()), ("closed", reference("Time"))])
}

fn open_acts() -> Value {
    let open = object(&[("act", reference("ActKind")), ("needs", list(text()))], &[]);
    let needs = [
        ("acts", list(open)),
        ("units", list(reference("NodeName"))),
        ("below", list(reference("NodeName"))),
        ("sides", list(reference("NodeName"))),
        ("severities", list(reference("Named"))),
        ("exclusions", list(reference("Named"))),
    ];
    object(&needs, &[])
}

fn matter() -> Value {
    let needs = [
        ("id", reference("Id16")),
        ("category", reference("Named")),
        ("stage", reference("Named")),
        ("phase", reference("Phase")),
        ("clock", reference("Clock")),
        ("opened", reference("Time")),
    ];
    let may = [
        ("grid", reference("PlaceName")),
        ("code", text()),
        ("closed", reference("Time")),
        ("settled", reference("Named")),
    ];
    object(&needs, &may)
}

/// Cases that may be about the same matter.
fn similar() -> Value {
    let reason = object(&[("points", count()), ("zh", text()), ("en", text())], &[]);
    let alike = object(
        &[("case", reference("CaseSummary")), ("score", count()), ("reasons", list(reason))],
        &[],
    );
    object(&[("items", list(alike)), ("compared", count()), ("cut", flag())], &[])
}

/// A page of cases, and how far was searched for it.
fn found() -> Value {
    let searched = object(&[("cases", count())], &[("back_to", reference("Time"))]);
    object(
        &[("items", list(reference("CaseSummary")))],
        &[("next", text()), ("searched", searched)],
    )
}

fn summary_needs() -> Vec<Property<'static>> {
    let offer = [
        ("record", reference("Id32")),
        ("to", reference("NodeName")),
        ("way", one_of(&["up", "down", "back"])),
        ("to_us", flag()),
    ];
    let custody = [("holder", reference("NodeName")), ("here", flag())];
    let custody = object(&custody, &[("offer", object(&offer, &[]))]);
    vec![
        ("id", reference("Id16")),
        ("number", text()),
        ("stage", reference("Named")),
        ("phase", reference("Phase")),
        ("level", reference("Named")),
        ("clock", reference("Clock")),
        ("channel", reference("Named")),
        ("opened", reference("Time")),
        ("home", reference("NodeName")),
        ("custody", custody),
    ]
}

fn summary_may() -> Vec<Property<'static>> {
    vec![
        ("title", text()),
        ("category", reference("Named")),
        ("source", text()),
        ("grid", reference("Area")),
        ("place", reference("Id16")),
        ("point", reference("Point")),
        ("colour", reference("Named")),
        ("assignee", reference("PersonName")),
        ("closed", reference("Time")),
        ("called", reference("Clock")),
    ]
}

fn case() -> Value {
    let span = [
        ("holder", reference("NodeName")),
        ("level", reference("Named")),
        ("stage", reference("Named")),
        ("from", reference("Time")),
        ("clock", reference("Clock")),
    ];
    let unit = [
        ("node", reference("NodeName")),
        ("part", one_of(&["lead", "assist"])),
        ("called", reference("Time")),
        ("report_in", reference("Clock")),
    ];
    let unit_may = [("reported_in", reference("Time")), ("done", reference("Time"))];
    let mut needs = summary_needs();
    needs.extend([
        ("policy", text()),
        ("returns", count()),
        ("reopens", count()),
        ("wrong_dispatches", count()),
        ("extensions", count()),
        ("reminders", count()),
        ("supervisions", count()),
        ("objected", flag()),
        ("excluded", list(one_of(&["response", "solved", "satisfied"]))),
        ("exclusions", list(exclusion())),
        ("scores", list(score())),
        ("fields", reference("Fields")),
        ("trail", list(reference("NodeName"))),
        ("units", list(object(&unit, &unit_may))),
        ("spans", list(object(&span, &[("until", reference("Time"))]))),
        ("timeline", list(reference("Step"))),
        ("answerable", answerable()),
    ]);
    let scale = |most: u8| json!({ "type": "integer", "minimum": 1, "maximum": most });
    let mut may = summary_may();
    may.extend([
        ("grade", one_of(&["A", "B", "C"])),
        ("importance", scale(3)),
        ("urgency", scale(3)),
        ("answered", reference("Time")),
        ("handled", reference("Time")),
        ("settled", reference("Named")),
        ("closing", one_of(&["normal", "overtime", "special"])),
        ("solved", flag()),
        ("satisfaction", scale(5)),
        ("extension_asked", reference("Time")),
        ("merged_into", reference("Id16")),
        ("written_off", reference("Time")),
        ("erased", erased()),
        ("callback", callback()),
        ("mediation", mediation()),
        ("breach", breach()),
        ("calendar_missing", json!({ "type": "integer" })),
        ("first_receiver", received()),
        ("note", reference("Id16")),
    ]);
    object(&needs, &may)
}

pub(super) fn exclusion() -> Value {
    let needs = [
        ("rate", one_of(&["response", "solved", "satisfied"])),
        ("at", reference("Time")),
        ("node", reference("NodeName")),
        ("record", reference("Id32")),
    ];
    let may = [
        ("ground", reference("Named")),
        ("by", reference("PersonName")),
        ("role", reference("Named")),
    ];
    object(&needs, &may)
}

fn score() -> Value {
    let points = json!({ "type": "integer", "minimum": 1, "maximum": 5 });
    let needs = [
        ("by", reference("Id32")),
        ("of", reference("Id32")),
        ("points", points),
        ("at", reference("Time")),
    ];
    object(&needs, &[])
}

fn received() -> Value {
    let needs = [
        ("node", reference("NodeName")),
        ("person", reference("PersonName")),
        ("since", reference("Time")),
    ];
    object(&needs, &[])
}

fn answerable() -> Value {
    let state = one_of(&["not_received", "first_receiver", "taker", "ended"]);
    object(&[("state", state)], &[("by", received())])
}

fn or_null(value: &str) -> Value {
    json!({ "type": [value, "null"] })
}

fn callback() -> Value {
    let needs = [
        ("at", reference("Time")),
        ("reached", flag()),
        ("solved", or_null("boolean")),
        ("satisfied", or_null("boolean")),
    ];
    object(&needs, &[])
}

/// That people's words and data were erased, and who has not yet signed that they have it.
fn erased() -> Value {
    let late = list(reference("NodeName"));
    let needs = [("at", reference("Time")), ("record", reference("Id32")), ("outstanding", late)];
    object(&needs, &[])
}

/// What is due since a clock ran out.
fn breach() -> Value {
    let act = one_of(&["supervise", "escalate"]);
    object(&[("since", reference("Time"))], &[("act", act), ("owner", reference("Named"))])
}

fn mediation() -> Value {
    let needs = [
        ("severity", text()),
        ("mediators", list(reference("Id16"))),
        ("sessions", count()),
        ("agreed", or_null("boolean")),
    ];
    object(&needs, &[])
}

fn step_needs() -> Vec<Property<'static>> {
    vec![
        ("record", reference("Id32")),
        ("time", reference("Time")),
        ("act", reference("ActKind")),
        ("author", reference("NodeName")),
    ]
}

fn step_may() -> Vec<Property<'static>> {
    vec![("actor", reference("PersonName")), ("role", reference("Named"))]
}

fn seal() -> Value {
    let needs = [
        ("state", one_of(&["verified", "awaiting", "failed"])),
        ("author", reference("Id32")),
        ("record", reference("Id32")),
    ];
    object(&needs, &[("witnessed", flag())])
}

fn countersigned() -> Value {
    let needs = [
        ("witness", reference("Id32")),
        ("epoch", count()),
        ("size", count()),
        ("root", reference("Id32")),
        ("time", reference("Time")),
        ("seal", reference("Hex")),
    ];
    object(&needs, &[])
}

fn proof() -> Value {
    let inclusion = [
        ("index", count()),
        ("tree_size", count()),
        ("root", reference("Id32")),
        ("path", list(reference("Id32"))),
    ];
    let needs = [
        ("record", reference("Id32")),
        ("act", reference("ActKind")),
        ("author", reference("NodeName")),
        ("signer", reference("Id32")),
        ("epoch", count()),
        ("seq", count()),
        ("time", reference("Time")),
        ("envelope", reference("Hex")),
        ("fields", reference("Fields")),
    ];
    let may = [
        ("hand", reference("Hand")),
        ("inclusion", object(&inclusion, &[])),
        ("countersigned", reference("Countersigned")),
    ];
    object(&needs, &may)
}
