//! What the phone's outbox is answered: in JSON, so that it can tell what was done, what was refused
//! and what has to wait.

use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use crate::page::Page;
use crate::trouble::Trouble;

/// It is done. `left` says what of it was not.
pub(super) fn done(id: &str, left: Option<String>) -> Response {
    let told = match left {
        Some(left) => json!({ "id": id, "left": left }),
        None => json!({ "id": id }),
    };
    in_json(StatusCode::CREATED, &told)
}

/// It is not done: why, by a code for the outbox and in words for whoever wrote it.
pub(crate) fn refused(p: &Page, trouble: &Trouble) -> Response {
    let (title, next) = said(p, trouble);
    in_json(trouble.status, &json!({ "code": trouble.code, "title": title, "next": next }))
}

/// What was wrong, and what to do.
pub(super) fn said(p: &Page, trouble: &Trouble) -> (String, String) {
    let title = trouble.detail.clone().unwrap_or_else(|| trouble.title(p));
    (title, p.words().next_step(&trouble.code))
}

pub(super) fn in_json(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
