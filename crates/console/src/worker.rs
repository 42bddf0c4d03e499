//! The grid worker's pages: a phone, outdoors, with poor signal. What is filed waits in the browser's
//! outbox until the node has it, and is filed once, however often it is sent.

mod grid;
mod help;
mod notes;
mod offline;
pub(crate) mod outbox;
mod report;
mod todo;

use axum::Router;
use axum::routing::{get, post};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/work", get(todo::list))
        .route("/work/report", get(report::ask).post(report::file))
        .route("/work/grid", get(grid::mine))
        .route("/work/notes", get(notes::list).post(notes::write))
        .route("/work/notes/{id}", get(notes::show_one))
        .route("/work/notes/{id}/case", post(notes::raise))
        .route("/work/notes/{id}/erasure", post(notes::erase))
        .route("/work/help", get(help::list).post(help::call))
        .route("/work/offline", get(offline::page))
        .route("/work/token", get(offline::token))
        .route("/work/sw.js", get(offline::script))
        .route("/work/manifest.webmanifest", get(offline::manifest))
}
