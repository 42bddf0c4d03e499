//! The neighbours: how they are, and what has come and gone.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use governance::act::ActKind;
use record::{Kind, Subject, Timestamp};
use serde::Deserialize;

use super::node::Peer;
use super::reason::Reason;
use crate::page::{Page, show};
use crate::shape::name::NodeName;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "operator/peers.html")]
pub(super) struct Peers {
    p: Page,
    peers: Vec<Peer>,
    revocations: Revocations,
    /// Why what was brought by hand was not taken.
    wrong: Option<String>,
    /// Whether something was just taken.
    installed: bool,
}

#[derive(Template)]
#[template(path = "operator/streams.html")]
struct Streams {
    p: Page,
    peers: Vec<Peer>,
    /// What waits, by neighbour: the oldest of it.
    outboxes: Vec<Outbox>,
}

/// What waits for a neighbour.
struct Outbox {
    peer: Peer,
    entries: Vec<Waiting>,
}

/// One thing that waits.
#[derive(Deserialize)]
struct Waiting {
    number: u64,
    since: Timestamp,
    act: Option<ActKind>,
    kind: u16,
    subject: Subject,
    /// The case's number, where it is about one.
    case: Option<String>,
    purpose: String,
    personal: bool,
}

impl Peers {
    /// A reason of the engine's, in the page's language.
    fn why(&self, said: &str) -> Reason {
        Reason::of(&self.p, said)
    }
}

impl Streams {
    /// A reason of the engine's, in the page's language.
    fn why(&self, said: &str) -> Reason {
        Reason::of(&self.p, said)
    }
}

impl Waiting {
    /// What it is, where it is no act.
    fn family(&self) -> &'static str {
        match Kind(self.kind) {
            engine::kind::FIELDS_WITHDRAWN => "withdrawal",
            engine::kind::POLICY => "policy",
            engine::kind::EPOCH_OPENED => "epoch",
            _ => "record",
        }
    }

    /// The beginning of the case's id, enough to find it by.
    fn short(&self) -> String {
        self.subject.to_string().chars().take(8).collect()
    }
}

impl Outbox {
    /// Key of the words for why it is not there yet.
    fn why(&self, entry: &Waiting) -> &'static str {
        match (self.peer.trust.as_str(), self.peer.connected) {
            ("revoked", _) => "revoked",
            (_, false) => "away",
            ("stale", true) if entry.personal => "stale",
            (_, true) => "soon",
        }
    }

    /// How many are not listed.
    fn more(&self) -> u64 {
        self.peer.lag.saturating_sub(self.entries.len() as u64)
    }
}

/// Most neighbours whose waiting entries are listed, and most entries of each.
const OUTBOXES: usize = 20;
const ENTRIES: usize = 20;

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

/// What was done on the page before this one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Done {
    installed: String,
}

/// `GET /operator/peers`
pub(super) async fn peers(staff: Staff, Query(done): Query<Done>) -> Result<Response, Trouble> {
    page(&staff, None, !done.installed.is_empty()).await.map(show)
}

/// The page, with what came of a file that was brought by hand.
///
/// # Errors
/// What the API answers.
pub(super) async fn page(
    staff: &Staff,
    wrong: Option<String>,
    installed: bool,
) -> Result<Peers, Trouble> {
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    let revocations = staff.read("/v1/revocations").await?;
    let (p, mut peers) = (staff.page("operator"), peers.items);
    peers.sort_by(|one, other| one.rank().cmp(&other.rank()));
    Ok(Peers { p, peers, revocations, wrong, installed })
}

/// `GET /operator/streams`
pub(super) async fn streams(staff: Staff) -> Result<Response, Trouble> {
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    let mut peers = peers.items;
    peers.retain(Peer::is_neighbour);
    peers.sort_by(|one, other| other.lag.cmp(&one.lag).then_with(|| one.rank().cmp(&other.rank())));
    let mut outboxes = Vec::new();
    for peer in peers.iter().filter(|peer| peer.lag > 0).take(OUTBOXES) {
        let path = format!("/v1/peers/{}/outbox?limit={ENTRIES}", peer.id);
        let entries: Listed<Waiting> = staff.read(path).await?;
        // What was acknowledged meanwhile waits no longer.
        if !entries.items.is_empty() {
            outboxes.push(Outbox { peer: peer.clone(), entries: entries.items });
        }
    }
    Ok(show(Streams { p: staff.page("operator"), peers, outboxes }))
}
