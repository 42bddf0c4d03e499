//! What surrounds every request: the headers of every answer, problems in the client's language, a
//! count, and one line in the log that holds route, status and duration and nothing of the
//! request's own.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::HeaderMap;
use hyper::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};

use crate::problem::{Kind, Problem, wants_english};
use crate::state::State;

/// Surrounds a request.
pub(crate) async fn around(
    axum::extract::State(state): axum::extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let english = wants_english(request.headers().get(ACCEPT_LANGUAGE));
    let method = request.method().clone();
    let template = request.extensions().get::<MatchedPath>().cloned();
    let template = template.as_ref().map(MatchedPath::as_str);
    let number = next_number();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let written = problem.respond(english);
        let (headers, kept) = (std::mem::take(response.headers_mut()), written.status());
        response = written;
        keep(response.headers_mut(), &headers);
        debug_assert_eq!(kept, problem.status());
    }
    let styled = response.extensions_mut().remove::<Styled>();
    dress(response.headers_mut(), number);
    if let Some(policy) = styled.and_then(|styled| styled.policy()) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    let (status, took) = (response.status(), began.elapsed());
    state.metrics.answered(&method, template, status, took);
    tracing::info!(
        target: "http",
        method = %method,
        route = template.unwrap_or("unmatched"),
        status = status.as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        request = number,
        "answered"
    );
    response
}

/// An answer that is a page with one style of its own, let through by its nonce, and nothing else.
#[derive(Clone)]
pub(crate) struct Styled {
    /// Hex digits, new for every answer.
    pub(crate) nonce: String,
}

impl Styled {
    /// The content security policy of the page.
    fn policy(&self) -> Option<HeaderValue> {
        let Self { nonce } = self;
        let text = format!("default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'");
        HeaderValue::from_str(&text).ok()
    }
}

/// Headers that a handler set beside its problem, such as `Allow`.
fn keep(headers: &mut HeaderMap, of_handler: &HeaderMap) {
    for (name, value) in of_handler {
        headers.entry(name).or_insert_with(|| value.clone());
    }
}

fn dress(headers: &mut HeaderMap, number: u64) {
    const FIXED: [(HeaderName, &str); 4] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept-language, authorization, cookie"),
    ];
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A photo has a stricter one of its own.
    let strict = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(strict);
    headers.insert("x-request-id", HeaderValue::from(number));
}

/// Numbers from the start of the program: unique in its log, and nothing to learn from.
fn next_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Relaxed) + 1
}

/// What a handler that panicked answers.
pub(crate) fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    Problem::from(Kind::INTERNAL).into_response()
}
