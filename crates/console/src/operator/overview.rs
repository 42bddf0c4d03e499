//! The node at a glance: who it is, and what needs somebody.

use askama::Template;
use axum::response::Response;

use super::node::{Node, Peer, Storage};
use crate::page::{Page, show};
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "operator/overview.html")]
struct Overview {
    p: Page,
    node: Node,
    peers: Vec<Peer>,
    storage: Storage,
}

impl Overview {
    fn connected(&self) -> usize {
        self.neighbours().filter(|peer| peer.connected).count()
    }

    fn neighbours(&self) -> impl Iterator<Item = &Peer> {
        self.peers.iter().filter(|peer| peer.is_neighbour())
    }

    fn waiting(&self) -> u64 {
        self.neighbours().map(|peer| peer.lag).sum()
    }

    /// Neighbours of whom something is to be told.
    fn wanting(&self) -> Vec<&Peer> {
        let well = |peer: &&Peer| {
            peer.connected
                && peer.trouble.is_none()
                && peer.trust == "good"
                && peer.certificate.state() == "met"
        };
        self.neighbours().filter(|peer| !well(peer)).collect()
    }
}

/// `GET /operator`
pub(super) async fn overview(staff: Staff) -> Result<Response, Trouble> {
    let node = staff.read("/v1/node").await?;
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    let storage = staff.read("/v1/storage").await?;
    Ok(show(Overview { p: staff.page("operator"), node, peers: peers.items, storage }))
}
