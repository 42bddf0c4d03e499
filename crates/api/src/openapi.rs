//! The API's own description (OpenAPI 3.1), made from the list of routes and the schemas beside
//! this file. Written as data and not derived: the rules' types need not know of it, and what is
//! promised here is compared with what is sent by the tests.

mod acts;
mod parameters;
mod schemas;

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::problem::{Kind, URN};
use crate::route::{Guard, ROUTES, Route};

/// The document.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(write)
}

fn write() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "网格 Wangge",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": DESCRIPTION,
        },
        "paths": paths(),
        "components": {
            "schemas": schemas::all(),
            "responses": { "Problem": problem() },
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "wangge_session",
                    "description": "From POST /v1/sessions; over TLS its name begins with __Host-." },
                "csrf": { "type": "apiKey", "in": "header", "name": "x-wangge-csrf",
                    "description": "With the cookie, on everything but GET: the csrf of the session." },
                "bearer": { "type": "http", "scheme": "bearer",
                    "description": "A program's token from POST /v1/tokens." },
                "operator": { "type": "http", "scheme": "bearer",
                    "description": "The operator's token; none is needed from loopback." },
            },
        },
    })
}

const DESCRIPTION: &str = "The API of one node, for its staff, its residents and their programs. \
Times are RFC 3339 in UTC; ids are lower-case hex; lists give `next`, which is the following \
page's `after`. What one may not see looks the same as what is not there. Errors are RFC 9457 \
problems in Chinese and English.";

fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method_name().to_ascii_lowercase()] = operation(route);
    }
    paths
}

fn operation(route: &Route) -> Value {
    let [en, zh] = route.summary;
    let (status, schema) = route.gives;
    let mut responses = Map::new();
    responses.insert(status.to_string(), success(schema));
    if route.id == "case" {
        responses.insert("304".into(), json!({ "description": "The case is as you know it." }));
    }
    responses.insert("default".into(), json!({ "$ref": "#/components/responses/Problem" }));
    let mut operation = json!({
        "operationId": route.id,
        "summary": format!("{zh} · {en}"),
        "tags": [tag(route)],
        "parameters": parameters::of(route),
        "responses": responses,
        "security": security(route),
    });
    if let Some(schema) = route.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": reference(schema) } },
        });
    }
    if let Guard::Power(power) = route.guard {
        operation["x-wangge-power"] = json!(power);
    }
    operation
}

/// What stands after `/v1/`, or `node` for what is about the program itself.
fn tag(route: &Route) -> &str {
    let rest = route.path.strip_prefix("/v1/").unwrap_or("program");
    rest.split('/').next().unwrap_or(rest)
}

fn success(schema: Option<&str>) -> Value {
    let Some(schema) = schema else { return json!({ "description": "Done." }) };
    let media = match schema {
        "Text" => "text/plain",
        "EventStream" => "text/event-stream",
        _ => "application/json",
    };
    json!({ "description": "Done.", "content": { media: { "schema": reference(schema) } } })
}

fn security(route: &Route) -> Value {
    match route.guard {
        Guard::Anyone => json!([]),
        Guard::Operator => json!([{}, { "operator": [] }]),
        Guard::Account | Guard::Staff | Guard::Power(_) if route.changes() => {
            json!([{ "session": [], "csrf": [] }, { "bearer": [] }])
        }
        Guard::Account | Guard::Staff | Guard::Power(_) => {
            json!([{ "session": [] }, { "bearer": [] }])
        }
    }
}

fn problem() -> Value {
    let kinds: Vec<String> = Kind::ALL.iter().map(|kind| format!("{URN}{}", kind.code)).collect();
    let text = json!({ "type": "string" });
    let schema = json!({
        "type": "object",
        "required": ["type", "title", "title_zh", "title_en", "status"],
        "additionalProperties": false,
        "properties": {
            "type": { "type": "string", "enum": kinds },
            "title": text, "title_zh": text, "title_en": text, "detail": text,
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "errors": { "type": "array", "items": {
                "type": "object", "required": ["path", "message"], "additionalProperties": false,
                "properties": { "path": text, "message": text },
            } },
        },
    });
    json!({
        "description": "Why the request was not carried out (RFC 9457). Nothing was changed.",
        "content": { "application/problem+json": { "schema": schema } },
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}
