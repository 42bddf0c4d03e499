//! A case, for staff: facts, what happened with its seals, and what they may do.

mod act;
mod given;
mod input;
mod paper;
mod proof;
mod similar;
mod view;

use axum::Router;
use axum::routing::{get, post};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/cases/{id}", get(view::view))
        .route("/cases/{id}/similar", get(similar::compare))
        .route("/cases/{id}/given", get(given::given))
        .route("/cases/{id}/order", get(paper::order))
        .route("/cases/{id}/agreement", get(paper::agreement))
        .route("/cases/{id}/acts/{act}", get(act::ask).post(act::carry_out))
        .route("/cases/{id}/acts/{act}/signing", post(act::signing))
        .route("/cases/{id}/proof/{record}", get(proof::explain))
        .route("/cases/{id}/proof/{record}/download", get(proof::download))
}
