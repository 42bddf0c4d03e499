//! What stands on the ground: Party organisations, stations, duty books, new shapes of grids.

use governance::act::MAX_LINE;
use governance::duty::MAX_ITEMS;
use serde_json::{Map, Value, json};

use super::{Property, count, flag, list, object, one_of, page, receipt, text};
use crate::openapi::reference;
use crate::strict::PATTERN;

/// Schemas of the ground.
pub(super) fn put(schemas: &mut Map<String, Value>) {
    let mut put = |name: &str, schema: Value| {
        schemas.insert(name.to_owned(), schema);
    };
    put("PlaceName", object(&[("id", reference("Id16"))], &[("name", text())]));
    party(&mut put);
    stations(&mut put);
    duties(&mut put);
    reshaping(&mut put);
}

fn line() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": MAX_LINE, "pattern": PATTERN })
}

fn names() -> Value {
    list(reference("PlaceName"))
}

fn party(put: &mut impl FnMut(&str, Value)) {
    let places = json!({ "type": "array", "items": reference("Id16"), "minItems": 1, "uniqueItems": true,
            "maxItems": governance::party::MAX_PLACES });
    let needs = [("kind", text()), ("name", line()), ("places", places)];
    let (from, until) = (("from", reference("Time")), ("until", reference("Time")));
    let may = [("secretary", reference("Id16")), from.clone(), until.clone()];
    put("PutOrganisation", object(&needs, &may));
    let needs = [
        ("id", reference("Id16")),
        ("kind", reference("Named")),
        ("name", text()),
        ("places", names()),
        from,
        ("in_force", flag()),
        ("versions", count()),
    ];
    put("Organisation", object(&needs, &[("secretary", reference("PersonName")), until]));
    put("OrganisationPage", page("Organisation"));
    let needs = [
        ("level", reference("Named")),
        ("places", count()),
        ("covered", count()),
        ("percent", json!({ "type": "integer", "minimum": 0, "maximum": 100 })),
        ("gaps", names()),
    ];
    put("PartyCoverage", object(&needs, &[]));
}

fn stations(put: &mut impl FnMut(&str, Value)) {
    let time = json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$" });
    let shift = json!({ "type": "array", "items": time, "minItems": 2, "maxItems": 2 });
    let shifts = || json!({ "type": "array", "items": shift, "maxItems": 6 });
    let date = json!({ "type": "string", "format": "date" });
    let exception = object(&[("date", date)], &[("shifts", shifts())]);
    let week = json!({ "type": "array", "items": shifts(), "minItems": 7, "maxItems": 7,
        "description": "Monday first; a day without shifts is closed." });
    let hours_may = [
        ("holidays", shifts()),
        ("make_up", shifts()),
        ("exceptions", json!({ "type": "array", "items": exception, "maxItems": 100 })),
    ];
    put("OpeningHours", object(&[("week", week)], &hours_may));
    let seats = json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX });
    put("Room", object(&[("name", line())], &[("seats", seats)]));
    let (from, until) = (("from", reference("Time")), ("until", reference("Time")));
    let (point, address) = (("point", reference("Point")), ("address", line()));
    let rooms = ("rooms", list(reference("Room")));
    let hours = ("hours", reference("OpeningHours"));
    let needs = [("kind", text()), ("name", line()), ("place", reference("Id16")), hours.clone()];
    let two = ("two_in_one", flag());
    let may =
        [point.clone(), address.clone(), rooms.clone(), two.clone(), from.clone(), until.clone()];
    put("PutStation", object(&needs, &may));
    let year = json!({ "type": "integer" });
    let open = object(&[("now", flag())], &[("until", reference("Time")), ("missing", year)]);
    let needs = [
        ("id", reference("Id16")),
        ("kind", reference("Named")),
        ("name", text()),
        ("place", reference("PlaceName")),
        rooms,
        hours,
        two,
        ("open", open),
        from,
    ];
    put("Station", object(&needs, &[point, address, until]));
    put("StationPage", page("Station"));
    let reached = object(&[("place", reference("PlaceName")), ("metres", count())], &[]);
    let needs = [
        ("level", reference("Named")),
        ("metres", count()),
        ("reached", list(reached)),
        ("gaps", names()),
        ("unsurveyed", names()),
    ];
    put("StationCircle", object(&needs, &[]));
}

fn duties(put: &mut impl FnMut(&str, Value)) {
    let may = [("hours", line()), ("duty", text())];
    let item = object(&[("number", line()), ("what", line()), ("role", text())], &may);
    let items = || json!({ "type": "array", "items": item, "maxItems": MAX_ITEMS });
    put("DutyLists", object(&[], &[("management", items()), ("service", items())]));
    let needs = [("number", text()), ("what", text()), ("role", reference("Named"))];
    let entry = list(object(&needs, &[("hours", text()), ("duty", text())]));
    let kind = one_of(&["basic", "cooperative", "taken_back"]);
    let or_null = || json!({ "type": ["string", "null"] });
    let duty: [Property<'_>; 6] = [
        ("number", text()),
        ("name", text()),
        ("kind", kind),
        ("lead", or_null()),
        ("categories", list(text())),
        ("source", or_null()),
    ];
    let version = object(&[("version", count()), ("written", reference("Time"))], &[]);
    let serving = [("person", reference("PersonName")), ("role", reference("Named"))];
    let needs = [
        ("place", reference("PlaceName")),
        ("level", reference("Named")),
        ("catalogue", list(object(&duty, &[]))),
        ("management", entry.clone()),
        ("service", entry),
        ("version", count()),
        ("versions", list(version)),
        ("people", list(object(&serving, &[("scope", reference("PlaceName"))]))),
        ("organisations", list(reference("Organisation"))),
        ("stations", list(reference("Station"))),
        ("hours", json!({ "type": "object", "description": "Office hours of the policy." })),
    ];
    put("DutyBook", object(&needs, &[("record", reference("Id32"))]));
}

fn reshaping(put: &mut impl FnMut(&str, Value)) {
    let most = governance::territory::reshape::MAX_RESHAPED;
    let array =
        |items: Value| json!({ "type": "array", "items": items, "minItems": 1, "maxItems": most });
    let moves = json!({ "type": "object", "additionalProperties": reference("Id16"),
        "description": "What lies in an old place → the new place in which it will lie; may be left \
            out where only one place begins." });
    let needs = [
        ("at", reference("Time")),
        ("end", array(reference("Id16"))),
        ("found", array(reference("NewPlace"))),
    ];
    put("Reshape", object(&needs, &[("moves", moves)]));
    let bereft = [
        ("person", reference("PersonName")),
        ("role", reference("Named")),
        ("scope", reference("PlaceName")),
    ];
    let needs =
        [("bereft", list(object(&bereft, &[]))), ("stations", names()), ("organisations", names())];
    put("Reshaped", object(&needs, &receipt()));
    let floor = json!({ "type": "integer" });
    let parts = [
        ("before", text()),
        ("building", text()),
        ("unit", text()),
        ("floor", floor),
        ("room", text()),
    ];
    let needs =
        [("address", object(&[], &parts)), ("level", reference("Named")), ("places", names())];
    put("Attached", object(&needs, &[("grid", reference("PlaceName"))]));
}
