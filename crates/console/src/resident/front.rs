//! The front page; and what stands in its place for a query code that there is not.

use askama::Template;
use axum::response::Response;
use hyper::StatusCode;

use crate::page::{Page, show, show_as};
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "resident/front.html")]
struct Front {
    p: Page,
    /// A code that there is not, as it was typed.
    typed: Option<String>,
}

/// `GET /`
pub(crate) async fn front(state: axum::extract::State<State>, visit: Visit) -> Response {
    std::future::ready(show(page(&state.0, &visit, None))).await
}

fn page(state: &State, visit: &Visit, typed: Option<&str>) -> Front {
    Front { p: Page::new(state, visit, ""), typed: typed.map(str::to_owned) }
}

/// The form for a code once more, for one that there is not.
pub(super) fn unknown(state: &State, visit: &Visit, typed: &str) -> Response {
    show_as(StatusCode::NOT_FOUND, page(state, visit, Some(typed)))
}

/// What came of reading by a code: where there is no such code, it can be mended.
pub(super) fn or_unknown(
    found: Result<Response, Trouble>,
    state: &State,
    visit: &Visit,
    typed: &str,
) -> Result<Response, Trouble> {
    match found {
        Err(trouble) if trouble.code == "not-found" => Ok(unknown(state, visit, typed)),
        found => found,
    }
}
