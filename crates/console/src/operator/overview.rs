//! The node at a glance: who it is, and what needs somebody.

use askama::Template;
use axum::response::Response;
use governance::certificate::Right;
use governance::policy::Power;

use super::node::{Node, Peer, Storage};
use super::reason::Reason;
use super::{accounts, invitations};
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
    /// Newcomers whom nobody has let in yet.
    asking: usize,
    /// Proposals that whoever looks may confirm.
    confirming: usize,
    /// The policy's name.
    policy: String,
    /// What a node that was just set up lacks: grids, and accounts besides the operator's.
    lacks: Lacks,
}

struct Lacks {
    grids: bool,
    people: bool,
}

impl Overview {
    /// A reason of the engine's, in the page's language.
    fn why(&self, said: &str) -> Reason {
        Reason::of(&self.p, said)
    }

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

/// What is lacking of what whoever looks may see to.
async fn lacks(staff: &Staff) -> Result<Lacks, Trouble> {
    let (handle, powers) = (&staff.state.handle, &staff.me.powers);
    let governs = handle.setup().standing.certificate().rights.contains(&Right::Govern);
    let grids = powers.contains(&Power::Territory) && governs;
    let people = powers.contains(&Power::Roster) && {
        let accounts: Listed<serde_json::Value> = staff.read("/v1/accounts?limit=2").await?;
        accounts.items.len() < 2
    };
    Ok(Lacks { grids: grids && crate::ground::areas(handle).is_empty(), people })
}

/// `GET /operator`
pub(super) async fn overview(staff: Staff) -> Result<Response, Trouble> {
    let node = staff.read("/v1/node").await?;
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    let storage = staff.read("/v1/storage").await?;
    let asking = invitations::asking(&staff).await?;
    let confirming = accounts::to_confirm(&staff).await?;
    let lacks = lacks(&staff).await?;
    let (p, peers) = (staff.page("operator"), peers.items);
    let world = staff.state.handle.world();
    let policy = if p.is_english() { &world.policy().name_en } else { &world.policy().name };
    let policy = policy.clone();
    Ok(show(Overview { p, node, peers, storage, asking, confirming, policy, lacks }))
}
