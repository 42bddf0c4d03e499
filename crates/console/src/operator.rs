//! Pages for whoever runs the node.

mod overview;

use axum::Router;
use axum::routing::get;

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/operator", get(overview::overview))
}
