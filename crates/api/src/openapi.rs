//! The API's own description (OpenAPI 3.1), made from the list of routes and the schemas beside
//! this file. Written as data and not derived: the rules' types need not know of it, and what is
//! promised here is compared with what is sent by the tests.

mod acts;
mod parameters;
mod schemas;

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::problem::{Kind, URN};
use crate::route::{Guard, Photos, ROUTES, Route};

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
        "x-problems": problems(),
        "components": {
            "schemas": schemas::all(),
            "responses": { "Problem": problem() },
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "wangge_session",
                    "description": "From POST /v1/sessions; its name ends in _ and the first five \
                        characters of the node's short id in lower case, and begins with __Host- \
                        over TLS." },
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
problems in Chinese and English, whose types are listed under `x-problems`. No text may hold \
control characters other than line feed and tab, nor characters that turn the direction of \
writing. \
\
A changing request may bear an `Idempotency-Key`. The same request under the same key is carried \
out once, for at least seven days and over restarts of the node: the repeat gets the same answer. \
Where the first answer showed a secret (a session, a token, an invitation), which the node does \
not keep, a repeat gets 409 `already-made` instead, with the address of what was made where it \
has one: end it, and ask anew under another key. A key that was used for another request is \
refused with 422 `key-reused`. After 503 `late`, 503 `stopping`, or no answer at all, repeat the \
request under its key.";

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
    responses.insert(status.to_string(), success(route, status, schema));
    if route.path.ends_with("{hash}") {
        responses.insert("304".into(), json!({ "description": "The photo is as you know it." }));
    }
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
        let content = match route.photos {
            Photos::None => json!({ "application/json": { "schema": reference(schema) } }),
            Photos::Form => json!({
                "application/json": { "schema": reference(schema) },
                "multipart/form-data": { "schema": reference("ReportForm") },
            }),
            Photos::Body => json!({ "image/jpeg": {}, "image/png": {}, "image/webp": {} }),
        };
        operation["requestBody"] = json!({ "required": true, "content": content });
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

fn success(route: &Route, status: u16, schema: Option<&str>) -> Value {
    let mut success = json!({ "description": "Done." });
    if let (Some(schema), Some(media)) = (schema, route.media()) {
        success["content"] = json!({ media: { "schema": reference(schema) } });
    }
    let header = |text: &str| json!({ "description": text, "schema": { "type": "string" } });
    match (route.id, status) {
        // A photo is where its case is, once an act shows it.
        ("keepPhoto" | "keepPhotoByCode", _) => {}
        ("photo" | "photoByCode", _) => {
            success["headers"] = json!({ "ETag": header("The photo's hash.") });
        }
        ("case", _) => success["headers"] = json!({ "ETag": header("The case as it is now.") }),
        // The session is where its cookie is sent to.
        ("beginSession", _) => {
            success["headers"] = json!({ "Set-Cookie": header("The session's cookie.") });
        }
        (_, 201) => success["headers"] = json!({ "Location": header("Where it is.") }),
        _ => {}
    }
    success
}

/// Every type of problem with its status and titles.
fn problems() -> Vec<Value> {
    let one = |kind: &Kind| {
        json!({
            "type": format!("{URN}{}", kind.code), "status": kind.status.as_u16(),
            "title_zh": kind.zh, "title_en": kind.en,
        })
    };
    Kind::ALL.iter().map(one).collect()
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
        "description": "Why the request was not carried out (RFC 9457). Nothing was changed, but \
            after `late` and `stopping`: then it may have been.",
        "headers": {
            "Retry-After": { "description": "Seconds to wait, where waiting helps.",
                "schema": { "type": "integer" } },
            "Location": { "description": "With `already-made`: where what was made is.",
                "schema": { "type": "string" } },
        },
        "content": { "application/problem+json": { "schema": schema } },
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}
