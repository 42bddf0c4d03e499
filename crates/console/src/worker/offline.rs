//! What makes the pages of a phone work without a signal: the service worker, the manifest by which
//! they are installed, and a fresh token for what waits in the outbox.

use axum::extract::State as At;
use axum::response::{IntoResponse, Response};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::assets;
use crate::page::Page;
use crate::staff::Staff;
use crate::state::State;
use crate::visit::Visit;

/// What the pages of a phone need besides themselves.
const SHELL: [&str; 4] = ["console.css", "console.js", "outbox.js", "icon.svg"];

/// `GET /work/token`
pub(super) async fn token(staff: Staff) -> Response {
    let token = json!({ "token": staff.visit.token() });
    std::future::ready(answer("application/json", token.to_string())).await
}

/// `GET /work/sw.js`: the script, beginning with what it is to keep, so that it changes with that.
pub(super) async fn script() -> Response {
    let files: Vec<Value> = SHELL.iter().map(|name| json!(assets::address(name))).collect();
    let text = format!("const FILES = {};\n{}", Value::from(files), assets::WORKER);
    let mut response = answer("text/javascript; charset=utf-8", text);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let scope = HeaderName::from_static("service-worker-allowed");
    headers.insert(scope, HeaderValue::from_static("/work"));
    std::future::ready(response).await
}

/// `GET /work/manifest.webmanifest`
pub(super) async fn manifest(At(state): At<State>, visit: Visit) -> Response {
    let p = Page::new(&state, &visit, "");
    let icon = json!({ "src": assets::address("icon.svg"), "sizes": "any", "type": "image/svg+xml",
                       "purpose": "any maskable" });
    let manifest = json!({
        "name": format!("{} {}", p.node, p.say("brand")), "short_name": p.say("brand"),
        "lang": p.language.code(), "start_url": "/work", "scope": "/work", "display": "standalone",
        "background_color": "#f5f7fa", "theme_color": "#0b57a4", "icons": [icon],
    });
    std::future::ready(answer("application/manifest+json", manifest.to_string())).await
}

fn answer(kind: &'static str, body: String) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
