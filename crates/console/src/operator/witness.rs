//! The node's own log, who has witnessed it and whose it has witnessed, and what contradicts.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::node::{Leaf, Node, Peer, Place, Storage};
use super::reason::Reason;
use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, go, show};
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
    /// A reason of the engine's, in the page's language.
    fn why(&self, said: &str) -> Reason {
        Reason::of(&self.p, said)
    }

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

    /// A record's number on the page: people count from 1.
    fn number(&self, leaf: &Leaf) -> u64 {
        leaf.index.saturating_add(1)
    }

    /// Nodes that signed two histories.
    fn forked(&self) -> Vec<(&Peer, &Place)> {
        let forked = self.peers.iter().filter_map(|peer| Some((peer, peer.forked.as_ref()?)));
        forked.collect()
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

/// `POST /operator/witness/{id}/check`: the node is to open the record with that number, or any.
/// What came of it stands on the page a moment later.
pub(super) async fn check(
    staff: Staff,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let number = form.text("number");
    let body = match number.trim() {
        "" => json!({}),
        number => {
            let number: u64 = number.parse().map_err(|_| Trouble::malformed())?;
            json!({ "index": number.checked_sub(1).ok_or_else(Trouble::malformed)? })
        }
    };
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    let known = peers.items.iter().filter(|peer| peer.is_below());
    let node = known.map(|peer| peer.id.to_string()).find(|known| *known == id);
    let path = format!("/v1/peers/{}/challenge", node.ok_or_else(Trouble::not_found)?);
    staff.carry_out(Ask::post(path, &body)).await?;
    Ok(go("/operator/witness"))
}
