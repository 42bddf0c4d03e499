//! Schemas of acts: one shape per act, told apart by `act`.

use governance::act::{
    ActKind, MAX_DESCRIPTION, MAX_LINE, MAX_MEDIATORS, MAX_PHOTO_BYTES, MAX_PHOTOS, MAX_TEXT,
    MAX_TITLE, MAX_UNITS,
};
use serde_json::{Map, Value, json};

use super::reference;
use super::schemas::{Property, object};
use crate::strict::PATTERN;

/// Schemas of what people do.
pub(super) fn put(schemas: &mut Map<String, Value>) {
    let mut may = report_may();
    may.push(photos());
    schemas.insert("Report".into(), object(&report_needs(), &may));
    schemas.insert("ReportForm".into(), form());
    schemas.insert("KeptPhoto".into(), object(&kept_photo(), &[]));
    let mut photo = kept_photo();
    let moments = json!({ "type": "string", "enum": ["before", "during", "after"] });
    photo.push(("moment", moments));
    schemas.insert("Photo".into(), object(&photo, &[("caption", text(MAX_LINE))]));
    schemas.insert(
        "PhotoBytes".into(),
        json!({ "description": "JPEG, PNG or WebP of at most 12 MiB and 40 megapixels on its way \
            in; always JPEG, written anew, on its way out." }),
    );
    let acts = acts();
    let by_code: Vec<Value> = acts
        .iter()
        .filter(|(name, _)| ["verify", "reopen", "withdraw"].contains(name))
        .map(|(_, schema)| schema.clone())
        .collect();
    let all: Vec<Value> = acts.into_iter().map(|(_, schema)| schema).collect();
    schemas.insert("Act".into(), one_of(all));
    schemas.insert("ReporterAct".into(), one_of(by_code));
}

/// What is known of a photo that is kept.
fn kept_photo() -> Vec<(&'static str, Value)> {
    let size = json!({ "type": "integer", "minimum": 1, "maximum": MAX_PHOTO_BYTES });
    let media = json!({ "type": "string", "enum": ["image/jpeg"] });
    vec![("hash", reference("Id32")), ("size", size), ("media", media)]
}

fn photos() -> Property<'static> {
    let what = "Photos that were kept before and that the act shows.";
    let items = reference("Photo");
    let most = MAX_PHOTOS;
    ("photos", json!({ "type": "array", "items": items, "maxItems": most, "description": what }))
}

/// A report as a page's form sends it, without any script. An empty field is one that was left out.
fn form() -> Value {
    let point = json!({ "type": "string", "description": "Longitude and latitude with a comma." });
    let mut may = report_may();
    may.retain(|(name, _)| *name != "point");
    let file = json!({ "type": "string", "contentMediaType": "image/*" });
    let photos = json!({ "type": "array", "items": file, "maxItems": MAX_PHOTOS });
    may.extend([("point", point), ("photo", photos)]);
    object(&report_needs(), &may)
}

fn one_of(schemas: Vec<Value>) -> Value {
    json!({ "oneOf": schemas, "discriminator": { "propertyName": "act" } })
}

fn text(most: usize) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": most, "pattern": PATTERN })
}

fn report_needs() -> Vec<(&'static str, Value)> {
    vec![
        ("title", text(MAX_TITLE)),
        ("description", text(MAX_DESCRIPTION)),
        ("channel", json!({ "type": "string", "description": "A channel of the policy." })),
    ]
}

fn report_may() -> Vec<(&'static str, Value)> {
    vec![
        ("category", json!({ "type": "string", "description": "A category of the policy." })),
        ("place", reference("Id16")),
        ("address", text(MAX_LINE)),
        ("point", reference("Point")),
        ("happened", reference("Time")),
        ("contact_name", text(MAX_LINE)),
        ("contact_phone", text(MAX_LINE)),
        ("involved", text(MAX_TEXT)),
    ]
}

/// Every act with what it takes.
fn acts() -> Vec<(&'static str, Value)> {
    let reason = || vec![("reason", text(MAX_TEXT))];
    let opinion = || vec![("opinion", text(MAX_TEXT))];
    let flag = json!({ "type": "boolean" });
    let scale = |most: u8| json!({ "type": "integer", "minimum": 1, "maximum": most });
    let grade = json!({ "type": "string", "enum": ["A", "B", "C"] });
    let person = |name: &'static str| (name, reference("Id16"));
    let rate = json!({ "type": "string", "enum": ["response", "solved", "satisfied"] });
    let people = json!({ "type": "array", "items": reference("Id16"), "maxItems": MAX_MEDIATORS });
    let units = json!({ "type": "array", "items": reference("Id32"), "maxItems": MAX_UNITS - 1 });
    let shapes: Vec<(&'static str, Vec<Property<'_>>, Vec<Property<'_>>)> = vec![
        ("report", report_needs(), report_may()),
        ("accept", vec![], vec![]),
        ("refuse", reason(), vec![("instead", text(MAX_TEXT))]),
        (
            "triage",
            vec![],
            vec![
                ("category", json!({ "type": "string" })),
                ("grade", grade),
                ("importance", scale(3)),
                ("urgency", scale(3)),
                ("place", reference("Id16")),
            ],
        ),
        ("settle_on_spot", opinion(), vec![]),
        ("hand_up", reason(), vec![]),
        ("dispatch", vec![("assignee", reference("Id16"))], vec![]),
        ("take", vec![], vec![]),
        ("return", reason(), vec![]),
        ("progress", vec![("note", text(MAX_TEXT))], vec![]),
        ("handle", opinion(), vec![]),
        ("verify", vec![("solved", flag.clone())], vec![("satisfaction", scale(5))]),
        ("close", vec![], vec![("special", flag.clone())]),
        ("reopen", reason(), vec![]),
        ("escalate", reason(), vec![]),
        ("send_home", vec![("done", flag.clone()), ("opinion", text(MAX_TEXT))], vec![]),
        ("hand_down", vec![("to", reference("Id32")), ("request", text(MAX_TEXT))], vec![]),
        ("accept_custody", vec![], vec![]),
        ("refuse_custody", reason(), vec![]),
        (
            "whistle",
            vec![("lead", reference("Id32")), ("request", text(MAX_TEXT))],
            vec![("assist", units.clone())],
        ),
        ("report_in", vec![], vec![]),
        ("unit_result", opinion(), vec![]),
        ("check", vec![("found", flag.clone()), ("note", text(MAX_TEXT))], vec![]),
        ("transfer", vec![person("assignee"), ("reason", text(MAX_TEXT))], vec![]),
        ("redispatch", vec![person("assignee")], vec![]),
        ("object", reason(), vec![]),
        ("rule_objection", vec![("upheld", flag.clone()), ("reason", text(MAX_TEXT))], vec![]),
        ("ask_extension", vec![("until", reference("Time")), ("reason", text(MAX_TEXT))], vec![]),
        ("decide_extension", vec![("granted", flag.clone()), ("reason", text(MAX_TEXT))], vec![]),
        ("suspend", vec![("review", reference("Time")), ("reason", text(MAX_TEXT))], vec![]),
        ("resume", reason(), vec![]),
        ("remind", vec![("note", text(MAX_TEXT))], vec![]),
        ("supervise", vec![("note", text(MAX_TEXT))], vec![]),
        (
            "call_back",
            vec![("reached", flag.clone())],
            vec![("solved", flag.clone()), ("satisfied", flag.clone()), ("note", text(MAX_TEXT))],
        ),
        ("write_off", vec![("ledger", text(MAX_LINE))], vec![]),
        ("merge", vec![person("into")], vec![]),
        ("split", reason(), vec![]),
        ("withdraw", reason(), vec![]),
        (
            "exclude",
            vec![("rate", rate), ("exclusion", text(MAX_LINE)), ("reason", text(MAX_TEXT))],
            vec![],
        ),
        (
            "score",
            vec![("node", reference("Id32")), ("points", scale(5))],
            vec![("note", text(MAX_TEXT))],
        ),
        (
            "convene",
            vec![("lead", reference("Id32")), ("request", text(MAX_TEXT))],
            vec![("assist", units)],
        ),
        ("mediate", vec![("severity", text(MAX_LINE)), ("mediators", people)], vec![]),
        ("session", vec![("held", reference("Time")), ("note", text(MAX_TEXT))], vec![]),
        ("agreement", vec![("reached", flag), ("text", text(MAX_DESCRIPTION))], vec![]),
        (
            "erase",
            vec![("ground", json!({ "enum": ["request", "retention", "unlawful"] }))],
            vec![],
        ),
    ];
    shapes
        .into_iter()
        .map(|(name, mut needs, mut may)| {
            needs.insert(0, ("act", json!({ "const": name })));
            let kind = ActKind::ALL.iter().find(|kind| kind.key() == name);
            may.extend(kind.filter(|kind| kind.shows_photos()).map(|_| photos()));
            (name, object(&needs, &may))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_described_in_its_order() {
        let described: Vec<&str> = acts().into_iter().map(|(name, _)| name).collect();
        let known: Vec<&str> = ActKind::ALL.iter().map(|kind| kind.key()).collect();
        assert_eq!(described, known);
    }
}
