//! Pages for leaders and for the county: numbers of this node and of those below it. They are asked
//! for anew each time; nothing of them is kept here. Nobody is ranked.

mod chart;
mod figure;
mod numbers;
mod range;

use axum::Router;
use axum::routing::get;

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/numbers", get(numbers::numbers))
}
