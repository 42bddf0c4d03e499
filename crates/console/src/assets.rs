//! Static files. Their addresses hold a digest of their content, so that browsers may keep them
//! for ever.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};

use crate::state::State;
use crate::trouble::Trouble;

struct Asset {
    kind: &'static str,
    bytes: &'static [u8],
    tag: String,
}

macro_rules! assets {
    ($($name:literal $kind:literal $file:literal;)*) => {
        fn all() -> Vec<(&'static str, &'static str, &'static [u8])> {
            vec![$(($name, $kind, include_bytes!(concat!("../assets/", $file)).as_slice()),)*]
        }
    };
}

assets! {
    "console.css" "text/css; charset=utf-8" "console.css";
    "console.js" "text/javascript; charset=utf-8" "console.js";

    "sign.js" "text/javascript; charset=utf-8" "sign.js";
    "report.js" "text/javascript; charset=utf-8" "report.js";
    "outbox.js" "text/javascript; charset=utf-8" "outbox.js";
    "map.js" "text/javascript; charset=utf-8" "map.js";
    "icon.svg" "image/svg+xml" "icon.svg";
    "leaflet.css" "text/css; charset=utf-8" "vendor/leaflet-1.9.4.css";
    "leaflet.js" "text/javascript; charset=utf-8" "vendor/leaflet-1.9.4.js";
    "chart.js" "text/javascript; charset=utf-8" "chart.js";
    "echarts.js" "text/javascript; charset=utf-8" "vendor/echarts-6.1.0.simple.min.js";
    "htmx.js" "text/javascript; charset=utf-8" "vendor/htmx-2.0.11.min.js";
}

/// The service worker of the phone's pages, which is served at their own path.
pub(crate) const WORKER: &str = include_str!("../assets/worker.js");

static ASSETS: LazyLock<HashMap<&'static str, Asset>> = LazyLock::new(|| {
    let assets = all().into_iter().map(|(name, kind, bytes)| {
        let tag = blake3::hash(bytes).to_hex()[..12].to_owned();
        (name, Asset { kind, bytes, tag })
    });
    assets.collect()
});

/// The address of a file; a test finds one that is missing.
pub(crate) fn address(name: &str) -> String {
    match ASSETS.get(name) {
        Some(asset) => format!("/static/{}/{name}", asset.tag),
        None => format!("/static/missing/{name}"),
    }
}

/// How much a file weighs.
#[cfg(test)]
pub(crate) fn weight(name: &str) -> Option<usize> {
    ASSETS.get(name).map(|asset| asset.bytes.len())
}

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/static/{tag}/{name}", get(file))
}

/// `GET /static/{tag}/{name}`
async fn file(Path((tag, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    std::future::ready(answer(&tag, &name, &headers)).await
}

fn answer(tag: &str, name: &str, headers: &HeaderMap) -> Response {
    // A page that was made by an earlier version of this program asks for an earlier file.
    let Some(asset) = ASSETS.get(name) else { return Trouble::not_found().into_response() };
    let etag = format!("\"{}\"", asset.tag);
    let known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (StatusCode::OK, asset.bytes).into_response()
    };
    let keep = if tag == asset.tag { "public, max-age=31536000, immutable" } else { "no-cache" };
    let to = response.headers_mut();
    to.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    to.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        to.insert(ETAG, etag);
    }
    response
}
