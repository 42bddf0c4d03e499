//! What makes the pages of a phone work without a signal: the service worker, the manifest by which
//! they are installed, and a fresh token for what waits in the outbox.

use askama::Template;
use axum::extract::State as At;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE};
use serde_json::{Value, json};

use super::outbox;
use crate::assets;
use crate::page::{Page, show};
use crate::staff::Staff;
use crate::state::State;
use crate::visit::Visit;

/// What the pages of a phone need besides themselves.
const SHELL: [&str; 5] = ["console.css", "console.js", "sign.js", "outbox.js", "icon.svg"];

/// What is shown in place of a page that is not kept.
#[derive(Template)]
#[template(path = "worker/offline.html")]
struct Offline {
    p: Page,
}

/// `GET /work/offline`: the same for everybody, signed in or not.
pub(super) async fn page(At(state): At<State>, visit: Visit) -> Response {
    std::future::ready(show(Offline { p: Page::new(&state, &visit, "") })).await
}

/// `GET /work/token`: with whose it is, since nobody's words go in another's name.
pub(super) async fn token(staff: Staff) -> Response {
    let node = staff.state.handle.setup().me().to_string();
    let token = json!({ "token": staff.visit.token(), "person": staff.me.person, "node": node });
    let mut response = outbox::in_json(StatusCode::OK, &token);
    // A browser that was closed may have lost the secret and kept the session.
    let cookie = staff.visit.form.cookie(&staff.state.cookies);
    if staff.visit.form.fresh
        && let Ok(cookie) = HeaderValue::from_str(&cookie)
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    std::future::ready(response).await
}

/// `GET /work/sw.js`: the script, beginning with what it is to keep, so that it changes with that.
pub(super) async fn script() -> Response {
    let files: Vec<Value> = SHELL.iter().map(|name| json!(assets::address(name))).collect();
    let text = format!("const FILES = {};\n{}", Value::from(files), assets::WORKER);
    let mut response = answer("text/javascript; charset=utf-8", text);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let scope = HeaderName::from_static("service-worker-allowed");
    headers.insert(scope, HeaderValue::from_static("/"));
    std::future::ready(response).await
}

/// `GET /work/manifest.webmanifest`
pub(super) async fn manifest(At(state): At<State>, visit: Visit) -> Response {
    let p = Page::new(&state, &visit, "");
    let icon = json!({ "src": assets::address("icon.svg"), "sizes": "any", "type": "image/svg+xml",
                       "purpose": "any maskable" });
    let manifest = json!({
        "name": format!("{} {}", p.node, p.say("brand")), "short_name": p.say("brand"),
        "lang": p.language.code(), "start_url": "/work", "scope": "/", "display": "standalone",
        "background_color": "#f5f7fa", "theme_color": "#0b57a4", "icons": [icon],
    });
    std::future::ready(answer("application/manifest+json", manifest.to_string())).await
}

fn answer(kind: &'static str, body: String) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
