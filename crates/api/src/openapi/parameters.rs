//! Parameters of paths, queries and headers.

use serde_json::{Value, json};

use super::reference;
use crate::route::Route;

/// A login name.
const NAME: &str = "^[a-z0-9._-]{1,64}$";

/// Every parameter of a route.
pub(super) fn of(route: &Route) -> Vec<Value> {
    let in_path = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| in_path(route, name));
    let in_query = route.query.iter().map(|name| in_query(route, name));
    let mut all: Vec<Value> = in_path.chain(in_query).collect();
    if route.once {
        all.push(header(
            "Idempotency-Key",
            "A random text of one's own: the same request under it is carried out once. People \
             without an account need 16 characters or more.",
            json!({ "type": "string", "minLength": 1, "maxLength": 128 }),
        ));
    }
    let text = json!({ "type": "string" });
    match route.id {
        "act" => all.push(header(
            "If-Match",
            "The case's ETag: the act is refused when the case has changed since.",
            text,
        )),
        "case" => all.push(header("If-None-Match", "The ETag of the case as known.", text)),
        "events" => all.push(header("Last-Event-ID", "The id of the last event received.", text)),
        _ => {}
    }
    all
}

fn in_path(route: &Route, name: &str) -> Value {
    let schema = match (route.id, name) {
        (
            "endToken" | "endInvitation" | "approveNewcomer" | "revokeSession" | "acceptEpoch"
            | "confirmProposal" | "endProposal" | "keyCertificate" | "revokeKey",
            _,
        )
        | (_, "record") => reference("Id32"),
        (_, "id") => reference("Id16"),
        (_, "key") => json!({ "type": "string", "pattern": "^[a-z0-9_-]{1,32}$" }),
        (_, "version") => json!({ "type": "string", "pattern": "^(0|[1-9][0-9]{0,9})$" }),
        (_, "code") => json!({ "type": "string", "maxLength": 64 }),
        (_, "name") => json!({ "type": "string", "pattern": NAME }),
        _ => json!({ "type": "string", "minLength": 1, "maxLength": 64 }),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn in_query(route: &Route, name: &str) -> Value {
    let (name, required, schema, description) = match name {
        "phase" => (name, false, reference("Phase"), "Only cases in this phase."),
        "stage" => (name, false, json!({ "type": "string" }), "Only cases in this stage."),
        "assignee" => (name, false, reference("Id16"), "Only live cases given to this person."),
        "open" => (name, false, json!({ "type": "boolean" }), "Only live cases held here."),
        "offered" => {
            let what = "Only live cases of other nodes, offered to this one or called to.";
            (name, false, json!({ "type": "boolean" }), what)
        }
        "overdue" => {
            let what = "Only live cases held here whose time is over.";
            (name, false, json!({ "type": "boolean" }), what)
        }
        "unplaced" => {
            let what = "Only live cases held here whose point and address told no grid.";
            (name, false, json!({ "type": "boolean" }), what)
        }
        "source" => {
            let what = "Only cases that this source had first: a mapping's key.";
            (name, false, json!({ "type": "string", "maxLength": 32 }), what)
        }
        "ground" => {
            let what =
                "Only cases of this place, also those reported under a grid that it followed.";
            (name, false, reference("Id16"), what)
        }
        "done" => (name, false, json!({ "type": "boolean" }), "Those done, not those under way."),
        "category" => {
            let schema = json!({ "type": "string", "maxLength": 64 });
            (name, false, schema, "Only of this category.")
        }
        "mine" => (name, false, json!({ "type": "boolean" }), "Only one's own notes."),
        "address" => {
            let schema = json!({ "type": "string", "minLength": 1, "maxLength": 200 });
            (name, true, schema, "An address, such as 幸福里小区3栋2单元501室.")
        }
        "version" => {
            let schema = json!({ "type": "integer", "minimum": 1 });
            (name, false, schema, "Which version, from 1; the last one where absent.")
        }
        "q" => {
            let schema = json!({ "type": "string", "maxLength": 256 });
            let what = if route.id == "people" {
                "A part of the name, or its pinyin or initials."
            } else {
                "Words of title, description or address, in Simplified or Traditional; a number; \
                 or pinyin or initials of title or address."
            };
            (name, false, schema, what)
        }
        "subject" => (name, false, reference("Id16"), "Only looks at this case or person."),
        "person" => (name, false, reference("Id16"), "Only looks by this person."),
        "before" => {
            let schema = json!({ "type": "integer", "minimum": 1 });
            (name, false, schema, "`next` of the page before.")
        }
        "place" => (name, false, reference("Id16"), "Only this place."),
        "level" => (name, false, json!({ "type": "string" }), "A level of the policy."),
        "parent" => (
            name,
            false,
            reference("Id16"),
            "Only in this place; of places, only those directly in it.",
        ),
        "boundary" => {
            let what = "With boundaries; a page has then at most 50 places.";
            (name, false, json!({ "type": "boolean" }), what)
        }
        "from" => {
            (name, false, reference("Time"), "First moment of the range; all time if absent.")
        }
        "until" => (name, false, reference("Time"), "First moment after the range; now if absent."),
        "area" => (name, false, reference("Area"), "Only cases in this area."),
        "role" => (name, false, json!({ "type": "string" }), "Only holders of this role."),
        "lon" => {
            let schema = json!({ "type": "number", "minimum": -180, "maximum": 180 });
            (name, true, schema, "Longitude, WGS-84.")
        }
        "lat" => {
            let schema = json!({ "type": "number", "minimum": -90, "maximum": 90 });
            (name, true, schema, "Latitude, WGS-84.")
        }
        "afterId" => ("after", false, reference("Id16"), "`next` of the page before."),
        "afterHash" => ("after", false, reference("Id32"), "`next` of the page before."),
        "after" => {
            let pattern = match route.id {
                "accounts" => NAME,
                "notes" => "^([0-9a-f]{2}){21,37}$",
                "quarantine" => "^[0-9]{1,20}$",
                _ => "^([0-9a-f]{2}){25,41}$",
            };
            let schema = json!({ "type": "string", "pattern": pattern });
            (name, false, schema, "`next` of the page before.")
        }
        _ => {
            let most = if route.id == "places" { 1_000 } else { 200 };
            let schema = json!({ "type": "integer", "minimum": 1, "maximum": most });
            (name, false, schema, "Size of the page.")
        }
    };
    json!({
        "name": name, "in": "query", "required": required, "schema": schema,
        "description": description,
    })
}

fn header(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "header", "schema": schema, "description": description })
}
