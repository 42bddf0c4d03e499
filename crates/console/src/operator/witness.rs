//! The node's own log, who has witnessed it and whose it has witnessed, and what contradicts.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use super::node::{Node, Peer, Storage};
use crate::page::{Page, show};
use crate::shape::name::NodeName;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "operator/witness.html")]
struct Witness {
    p: Page,
    node: Node,
    storage: Storage,
    peers: Vec<Peer>,
    held: Vec<Held>,
}

/// Something received and not applied.
#[derive(Deserialize)]
struct Held {
    from: NodeName,
    record: String,
    why: String,
}

impl Held {
    /// Whether two records of one author contradict each other.
    fn is_fork(&self) -> bool {
        engine::doctor::is_fork(&self.why)
    }

    fn short(&self) -> &str {
        self.record.get(..16).unwrap_or(&self.record)
    }
}

impl Witness {
    /// The node above, where this one is not the first.
    fn above(&self) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.relation == "parent")
    }

    fn below(&self) -> Vec<&Peer> {
        self.peers.iter().filter(|peer| peer.is_below()).collect()
    }

    /// How many of its own records nobody above has countersigned yet.
    fn unwitnessed(&self) -> u64 {
        let size = self.storage.log.as_ref().map_or(0, |log| log.size);
        let seen = self.above().and_then(|peer| peer.countersigned.as_ref());
        size.saturating_sub(seen.map_or(0, |seen| seen.size))
    }

    fn forks(&self) -> usize {
        self.held.iter().filter(|held| held.is_fork()).count()
    }
}

/// `GET /operator/witness`
pub(super) async fn witness(staff: Staff) -> Result<Response, Trouble> {
    let node = staff.read("/v1/node").await?;
    let storage = staff.read("/v1/storage").await?;
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    let held: Listed<Held> = staff.read("/v1/quarantine?limit=50").await?;
    let (peers, held) = (peers.items, held.items);
    Ok(show(Witness { p: staff.page("operator"), node, storage, peers, held }))
}
