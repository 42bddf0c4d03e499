//! Whether the node lives, is ready and how it is doing; and the API's own document.

use std::sync::LazyLock;

use axum::Json;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::desk::Desk;
use crate::openapi;
use crate::problem::{Kind, Problem};

#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
}

/// `GET /livez`: the program answers.
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// `GET /readyz`: the node takes new cases. Why it does not is in its log and in `/metrics`.
pub(crate) async fn ready(desk: Desk) -> Result<Json<Health>, Problem> {
    let handle = &desk.state.handle;
    let stopped = handle.status().frozen.is_some() || handle.reader().health().read_only.is_some();
    if stopped { Err(Kind::NOT_READY.into()) } else { Ok(Json(Health { status: "ready" })) }
}

/// `GET /metrics`: from loopback, or with the operator's token.
pub(crate) async fn metrics(desk: Desk) -> Response {
    let text = desk.state.metrics.text(&desk.state.handle);
    let mut response = text.into_response();
    let version = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, version);
    response
}

/// `GET /openapi.json`
pub(crate) async fn document() -> Response {
    static WRITTEN: LazyLock<Bytes> = LazyLock::new(|| openapi::document().to_string().into());
    let mut response = WRITTEN.clone().into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
