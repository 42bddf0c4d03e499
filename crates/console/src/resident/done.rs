//! What anybody may know: what was done, and how far a public matter is.

use askama::Template;
use axum::extract::{Path, Query, State as At};
use axum::response::Response;
use record::Subject;
use serde::Deserialize;

use crate::api::Ask;
use crate::page::{Page, show};
use crate::shape::public::{Listed, Matter};
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "resident/done.html")]
struct Done {
    p: Page,
    under_way: bool,
    matters: Listed<Matter>,
    later: bool,
}

#[derive(Template)]
#[template(path = "resident/matter.html")]
struct Shown {
    p: Page,
    matter: Matter,
}

/// Which part of the list.
#[derive(Deserialize)]
pub(super) struct Part {
    open: Option<String>,
    after: Option<String>,
}

/// `GET /done`
pub(super) async fn list(
    At(state): At<State>,
    visit: Visit,
    Query(part): Query<Part>,
) -> Result<Response, Trouble> {
    let p = Page::new(&state, &visit, "");
    let under_way = part.open.is_some();
    let after = part.after.as_ref().map(|after| format!("&after={}", p.escaped(after)));
    let path = format!("/v1/matters?done={}&limit=20{}", !under_way, after.unwrap_or_default());
    let matters = state.api.read(&visit, Ask::get(path)).await?;
    Ok(show(Done { p, under_way, matters, later: part.after.is_some() }))
}

/// `GET /matter/{id}`
pub(super) async fn matter(
    At(state): At<State>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    let matter = state.api.read(&visit, Ask::get(format!("/v1/matters/{id}"))).await?;
    Ok(show(Shown { p: Page::new(&state, &visit, ""), matter }))
}
