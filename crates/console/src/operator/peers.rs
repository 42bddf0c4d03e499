//! The neighbours: how they are, and what has come and gone.

use askama::Template;
use axum::response::Response;
use record::Timestamp;
use serde::Deserialize;

use super::node::Peer;
use crate::page::{Page, show};
use crate::shape::name::NodeName;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "operator/peers.html")]
struct Peers {
    p: Page,
    peers: Vec<Peer>,
    revocations: Revocations,
}

#[derive(Template)]
#[template(path = "operator/streams.html")]
struct Streams {
    p: Page,
    peers: Vec<Peer>,
}

/// What issuers say of certificates.
#[derive(Deserialize)]
struct Revocations {
    /// Of this node's own: `good`, `stale`, `revoked`.
    status: String,
    lists: Vec<List>,
}

/// One issuer's list.
#[derive(Deserialize)]
struct List {
    /// None for the federation's root.
    issuer: Option<NodeName>,
    number: u64,
    next_update: Timestamp,
    overdue: bool,
    revoked: Vec<Revoked>,
}

#[derive(Deserialize)]
struct Revoked {
    node: NodeName,
    since: Timestamp,
    /// `ended`, `moved`, `compromised`.
    reason: String,
}

/// `GET /operator/peers`
pub(super) async fn peers(staff: Staff) -> Result<Response, Trouble> {
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    let revocations = staff.read("/v1/revocations").await?;
    Ok(show(Peers { p: staff.page("operator"), peers: peers.items, revocations }))
}

/// `GET /operator/streams`
pub(super) async fn streams(staff: Staff) -> Result<Response, Trouble> {
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    let mut peers = peers.items;
    peers.retain(Peer::is_neighbour);
    peers.sort_by_key(|peer| std::cmp::Reverse(peer.lag));
    Ok(show(Streams { p: staff.page("operator"), peers }))
}
