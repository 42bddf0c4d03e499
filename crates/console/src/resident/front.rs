//! The front page.

use askama::Template;
use axum::response::Response;

use crate::page::{Page, show};
use crate::state::State;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "resident/front.html")]
struct Front {
    p: Page,
}

/// `GET /`
pub(crate) async fn front(state: axum::extract::State<State>, visit: Visit) -> Response {
    std::future::ready(show(Front { p: Page::new(&state.0, &visit, "") })).await
}
