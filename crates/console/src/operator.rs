//! Pages for whoever runs the node.

mod access;
mod accounts;
mod doctor;
mod files;
mod install;
mod invitations;
mod node;
mod overview;
mod peers;
mod people;
mod policies;
mod reason;
mod trust;
mod witness;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use files::long::Imports;

use crate::state::State;

/// The operator's pages, in the order of their navigation: path, and the key of its words.
pub(crate) const SECTIONS: [(&str, &str); 11] = [
    ("/operator", "overview"),
    ("/operator/doctor", "doctor"),
    ("/operator/peers", "peers"),
    ("/operator/invitations", "invitations"),
    ("/operator/trust", "trust"),
    ("/operator/streams", "streams"),
    ("/operator/witness", "witness"),
    ("/operator/accounts", "accounts"),
    ("/operator/policies", "policies"),
    ("/operator/files", "files"),
    ("/operator/access", "access"),
];

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/operator", get(overview::overview))
        .route("/operator/doctor", get(doctor::doctor))
        .route("/operator/peers", get(peers::peers))
        .route("/operator/peers/install", post(install::install))
        .route("/operator/peers/{id}/revoke", get(invitations::ask).post(invitations::revoke))
        .route("/operator/invitations", get(invitations::list).post(invitations::create))
        .route("/operator/invitations/{id}/end", post(invitations::end))
        .route("/operator/invitations/{id}/approve", post(invitations::approve))
        .route("/operator/trust", get(trust::trust))
        .route("/operator/streams", get(peers::streams))
        .route("/operator/witness", get(witness::witness))
        .route("/operator/witness/{id}/check", post(witness::check))
        .route("/operator/accounts", get(accounts::list))
        .route("/operator/accounts/new", get(accounts::ask).post(accounts::open))
        .route("/operator/proposals", get(accounts::proposals))
        .route("/operator/proposals/{id}", post(accounts::answer))
        .route("/operator/accounts/{name}", get(accounts::one).post(accounts::change))
        .route("/operator/accounts/{name}/factor", post(accounts::reset_factor))
        .route("/operator/accounts/{name}/roles", post(accounts::roles))
        .route("/operator/accounts/{name}/sessions/{id}/end", post(accounts::end_session))
        .route("/operator/people/{id}/erasure", get(people::ask).post(people::erase))
        .route("/operator/policies", get(policies::list))
        .route("/operator/policies/{key}/{version}", get(policies::one))
        .route("/operator/policies/{key}/{version}/adopt", post(policies::adopt))
        .route("/operator/files", get(files::files))
        .route("/operator/files/under-way/{id}", get(files::long::under_way))
        .route("/operator/files/{what}", post(files::take))
        .route("/operator/files/export/{what}", post(files::give))
        .route("/operator/access", get(access::log))
}
