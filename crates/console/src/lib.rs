//! The pages of one node, for residents and staff. They hold no rules: what is shown and what may
//! be done is asked of the node's API, in the same process and with the visitor's own session, and
//! decided below it by governance.
//!
//! The path of a request: [`router`] → `around` (who, in which language; headers; troubles as pages)
//! → a file by role (`resident`, `worker`, `desk`, `case`, `leader`, `operator`) → `api` (the same
//! node's `/v1`) → `page` and its template.
//!
//! A new page: a template that extends `layout/desk.html` or `layout/phone.html`, words in both
//! `locales/`, a handler that takes a `visit::Visit` or a `staff::Staff`, and a route in its file.

mod api;
mod around;
mod assets;
mod case;
mod desk;
mod factor;
mod form;
mod ground;
mod keys;
mod leader;
mod map;
mod moment;
mod operator;
mod own;
mod page;
mod preference;
mod qr;
mod resident;
mod session;
mod shape;
mod sign;
mod staff;
mod state;
mod tiles;
mod trouble;
mod visit;
mod words;
mod worker;
mod wrong;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::middleware;
use engine::runtime::Handle;
use hyper::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;

pub use state::Settings;
use state::State;
pub use tiles::Tiles;
use trouble::Trouble;

/// The pages, and beside them every route of the API, which `api` serves.
///
/// # Panics
/// When the system gives no random bytes.
pub fn router(api: Router, handle: Handle, settings: Settings) -> Router {
    let state = State::new(api, handle, settings);
    let pages = Router::new()
        .merge(assets::routes())
        .merge(preference::routes())
        .merge(session::routes())
        .merge(factor::routes())
        .merge(keys::routes())
        .merge(own::routes())
        .merge(resident::routes())
        .merge(case::routes())
        .merge(desk::routes())
        .merge(worker::routes())
        .merge(leader::routes())
        .merge(map::routes())
        .merge(sign::routes())
        .merge(operator::routes());
    pages
        .fallback(|| async { Trouble::not_found() })
        .method_not_allowed_fallback(|| async { Trouble::refused(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(CatchPanicLayer::custom(around::panicked))
        .layer(middleware::from_fn_with_state(state.clone(), around::around))
        .with_state(state)
}
