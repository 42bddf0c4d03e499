//! The dispatcher's desk.

mod bulk;
mod list;
mod views;

use axum::Router;
use axum::routing::{get, post};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/desk", get(list::list))
        .route("/desk/bulk", post(bulk::dispatch))
        .route("/desk/views", post(views::change))
}
