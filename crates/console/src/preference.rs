//! Language and size of type, kept in the browser.

use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use hyper::header::{HeaderValue, SET_COOKIE};
use serde::Deserialize;

use crate::page::{go, own_path};
use crate::state::State;
use crate::visit::{LANGUAGE, TYPE};

/// What is preferred from now on, and where to go back to.
#[derive(Deserialize)]
struct Preferred {
    language: Option<String>,
    #[serde(rename = "type")]
    size: Option<String>,
    back: Option<String>,
}

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/prefer", get(prefer))
}

/// `GET /prefer`
async fn prefer(Query(preferred): Query<Preferred>) -> Response {
    std::future::ready(kept(&preferred)).await
}

fn kept(preferred: &Preferred) -> Response {
    let mut response = go(own_path(preferred.back.as_deref()));
    let language = preferred.language.as_deref().filter(|code| ["zh", "en"].contains(code));
    let size = preferred.size.as_deref().filter(|size| ["large", "usual"].contains(size));
    for (name, value) in [(LANGUAGE, language), (TYPE, size)] {
        let Some(value) = value else { continue };
        let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}
