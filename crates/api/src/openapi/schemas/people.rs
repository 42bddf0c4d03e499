//! People's papers, registrations and notes.

use governance::act::{MAX_LINE, MAX_TEXT};
use serde_json::{Map, Value, json};

use super::{Property, flag, list, object, one_of, page, text};
use crate::openapi::reference;
use crate::strict::PATTERN;

/// Schemas of people.
pub(super) fn put(schemas: &mut Map<String, Value>) {
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    put("Html", json!({ "type": "string", "description": "A page to print." }));
    papers(&mut put);
    members(&mut put);
    notes(&mut put);
}

fn words(most: usize) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": most, "pattern": PATTERN })
}

fn date() -> Value {
    json!({ "type": "string", "format": "date" })
}

/// An agreement, as it is sent.
pub(super) fn agreement() -> Value {
    object(&[("number", words(MAX_LINE))], &[("text", words(MAX_TEXT))])
}

fn papers(put: &mut impl FnMut(&str, Value)) {
    let scope = object(&[("id", reference("Id16"))], &[("name", text())]);
    let (from, until) = (("from", reference("Time")), ("until", reference("Time")));
    let needs = [
        ("record", reference("Id32")),
        ("number", text()),
        ("role", reference("Named")),
        from.clone(),
        ("in_force", flag()),
    ];
    let agreement_shown = object(&[("number", text())], &[("text", text())]);
    let may = [("scope", scope), until.clone(), ("agreement", agreement_shown)];
    put("AppointmentPaper", object(&needs, &may));
    put("AppointmentPage", page("AppointmentPaper"));
    let needs = [
        ("number", text()),
        ("role", reference("Named")),
        from,
        ("in_force", flag()),
        ("node", reference("NodeName")),
    ];
    put("CertificateCheck", object(&needs, &[("place", reference("PlaceName")), until]));
    let is = |entry: &str| ("entry", json!({ "type": "string", "const": entry }));
    let title = || ("title", words(MAX_LINE));
    let hours = json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX });
    let grade = json!({ "type": "integer", "minimum": 0, "maximum": u8::MAX });
    let entries = [
        object(&[is("training"), title(), ("date", date())], &[("hours", hours)]),
        object(&[is("contest"), title(), ("date", date())], &[]),
        object(&[is("commendation"), title(), ("by", words(MAX_LINE)), ("date", date())], &[]),
        object(&[is("grade"), ("post", text()), ("grade", grade), ("date", date())], &[]),
    ];
    put("Growth", json!({ "oneOf": entries, "discriminator": { "propertyName": "entry" } }));
    let needs = [
        ("record", reference("Id32")),
        ("written", reference("Time")),
        ("what", reference("Growth")),
    ];
    put("GrowthEntry", object(&needs, &[]));
    put("GrowthPage", page("GrowthEntry"));
}

fn members(put: &mut impl FnMut(&str, Value)) {
    let times = || list(one_of(&["workdays", "evenings", "days_off", "emergencies"]));
    let services = json!({ "type": "array", "items": text(), "minItems": 1,
        "description": "Kinds of the policy's `willingness`." });
    let consent = json!({ "type": "boolean",
        "description": "To being listed to those who organise the work; without it nothing is kept." });
    let needs = [
        ("place", reference("Id16")),
        ("services", services),
        ("name", words(MAX_LINE)),
        ("phone", words(MAX_LINE)),
        ("consent", consent),
    ];
    put("RegisterMember", object(&needs, &[("times", times()), ("unit", words(MAX_LINE))]));
    put("NewPost", object(&[("name", words(MAX_LINE))], &[]));
    let post = [("id", reference("Id16")), ("name", text()), ("from", reference("Time"))];
    let willing: Vec<Property<'_>> = vec![
        ("place", reference("PlaceName")),
        ("services", list(reference("Named"))),
        ("times", times()),
        ("consented", reference("Time")),
        ("posts", list(object(&post, &[("until", reference("Time"))]))),
    ];
    let withdrawn = ("withdrawn", reference("Time"));
    put("Registration", object(&willing, std::slice::from_ref(&withdrawn)));
    let mut listed = willing;
    listed.extend([("id", reference("Id16")), ("name", text())]);
    put("Member", object(&listed, std::slice::from_ref(&withdrawn)));
    put("MemberPage", page("Member"));
    listed.push(("phone", text()));
    put("MemberDetail", object(&listed, &[withdrawn, ("unit", text())]));
}

fn notes(put: &mut impl FnMut(&str, Value)) {
    let needs = [("place", reference("Id16")), ("date", date()), ("text", words(MAX_TEXT))];
    put("NewNote", object(&needs, &[]));
    let needs = [
        ("id", reference("Id16")),
        ("author", reference("PersonName")),
        ("place", reference("PlaceName")),
        ("date", date()),
        ("written", reference("Time")),
        ("text", text()),
    ];
    put("Note", object(&needs, &[("case", reference("Id16"))]));
    put("NotePage", page("Note"));
    put("Raised", object(&[("case", reference("Id16")), ("number", text())], &[]));
}
