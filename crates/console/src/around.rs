//! What surrounds every page: the visitor, the headers of every answer, and troubles as pages in
//! the visitor's language.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    REFERRER_POLICY, SET_COOKIE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use tower::ServiceExt;

use crate::page::Page;
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::worker::outbox;

/// Nothing from elsewhere, nothing written into the page itself; photos that somebody is about to
/// send are shown from memory.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; \
                      manifest-src 'self'; worker-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Paths of the API.
fn is_of_api(path: &str) -> bool {
    path.starts_with("/v1/") || matches!(path, "/livez" | "/readyz" | "/metrics" | "/openapi.json")
}

/// Surrounds a request.
pub(crate) async fn around(
    axum::extract::State(state): axum::extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    if is_of_api(request.uri().path()) {
        return match state.api.router().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    let (mut parts, body) = request.into_parts();
    let visit = Visit::of(&parts, &state.cookies);
    parts.extensions.insert(visit.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let trouble = response.extensions_mut().remove::<Trouble>();
    if let Some(trouble) = trouble.or_else(|| bare(&response)) {
        let allow = response.headers_mut().remove(ALLOW);
        response = if visit.by_outbox() {
            outbox::refused(&Page::new(&state, &visit, ""), &trouble)
        } else {
            trouble.page(&state, &visit)
        };
        response.headers_mut().extend(allow.map(|allow| (ALLOW, allow)));
    }
    dress(&state, &visit, &mut response);
    response
}

/// What axum itself refuses, as an address that can't be read, it tells in a line of plain text.
fn bare(response: &Response) -> Option<Trouble> {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let plain = kind.is_none_or(|kind| kind.starts_with("text/plain"));
    (failed && plain).then(|| Trouble::refused(status))
}

fn dress(state: &State, visit: &Visit, response: &mut Response) {
    const FIXED: [(HeaderName, &str); 4] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A form's own origin has to be told, or the API takes it for another site's.
        (REFERRER_POLICY, "same-origin"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let tiles = visit.here.split('?').next() == Some("/map");
    let tiles = state.settings.tiles.as_ref().filter(|_| tiles);
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(tiles) = tiles {
        let sources = format!("img-src 'self' {} ", tiles.origin());
        let policy = HeaderValue::from_str(&POLICY.replace("img-src 'self' ", &sources));
        headers.insert(CONTENT_SECURITY_POLICY, policy.unwrap_or(HeaderValue::from_static(POLICY)));
    }
    let allowed = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()";
    headers.insert("permissions-policy", HeaderValue::from_static(allowed));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(VARY).or_insert(HeaderValue::from_static("accept-language, cookie"));
    let page = headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/html")));
    if page
        && visit.form.fresh
        && let Ok(cookie) = HeaderValue::from_str(&visit.form.cookie(&state.cookies))
    {
        headers.append(SET_COOKIE, cookie);
    }
}

/// What a handler that panicked answers.
pub(crate) fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    Trouble::internal().into_response()
}
