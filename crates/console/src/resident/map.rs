//! The map on which a grid is chosen: outlines over no tiles, each of them a link. With a script a
//! tap names the very point, too.

use askama::Template;
use axum::extract::{Query, State as At};
use axum::response::Response;
use serde::Deserialize;

use crate::ground::{self, Map};
use crate::page::{Page, go, show};
use crate::state::State;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "resident/map.html")]
struct Choose {
    p: Page,
    map: Map,
    category: String,
}

/// What was chosen before.
#[derive(Deserialize)]
pub(super) struct Before {
    category: Option<String>,
}

/// `GET /report/map`
pub(super) async fn choose(
    At(state): At<State>,
    visit: Visit,
    Query(before): Query<Before>,
) -> Response {
    let p = Page::new(&state, &visit, "");
    let category = before.category.unwrap_or_default();
    std::future::ready(match ground::map(&state.handle) {
        Some(map) => show(Choose { p, map, category }),
        None => go("/report"),
    })
    .await
}
