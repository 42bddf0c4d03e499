//! Pages for residents: no account, no script, a phone in one hand.

mod done;
mod follow;
mod front;
mod given;
mod map;
mod report;

pub(crate) use report::title;

use axum::Router;
use axum::routing::{get, post};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/", get(front::front))
        .route("/report", get(report::ask).post(report::send))
        .route("/report/map", get(map::choose))
        .route("/r", get(follow::look))
        .route("/r/{code}", get(follow::follow))
        .route("/r/{code}/given", get(given::given))
        .route("/r/{code}/{act}", post(follow::act))
        .route("/done", get(done::list))
        .route("/matter/{id}", get(done::matter))
}
