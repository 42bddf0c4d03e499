//! The JSON API of one node, for its local staff, its residents and their programs. The only crate
//! that names axum.
//!
//! The path of a request: [`serve()`] (connections, header limits) → `layers` (headers, problems,
//! log line) → `gate` (who is it, from where, may such a caller come here) → `form` (its address, what it accepts) → `arrival` (the body,
//! in time and in size) → `resource` (parse, call, map) → `access` (what may be seen) or the engine (what may be done) → `problem` (why not).
//!
//! Every route stands in one list, [`route::ROUTES`], from which the router, the OpenAPI document,
//! the metrics' labels and the access tests are made.

mod access;
mod arrival;
mod backoff;
mod body;
mod desk;
mod feed;
mod form;
mod gate;
mod hex;
mod layers;
mod looks;
mod mask;
mod metrics;
mod openapi;
mod params;
mod parts;
pub mod password;
mod print;
mod problem;
mod progress;
mod rate;
mod resource;
pub mod route;
mod search;
mod serve;
mod session;
mod shape;
mod share;
mod sources;
mod state;
mod strict;
#[cfg(test)]
mod tests;

pub use serve::{Limits, Tls, TlsError, serve, serve_within};
pub use sources::Sources;
pub use state::{Addresses, Checks, Config, Quota, Rate, State};

/// The API over one node's state. Needs a tokio runtime when it is served.
pub fn router(state: State) -> axum::Router {
    route::router(state)
}
