//! The dispatcher's desk.

mod list;

use axum::Router;
use axum::routing::get;

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/desk", get(list::list))
}
