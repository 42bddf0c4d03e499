//! The node and its neighbours at a glance.

use askama::Template;
use axum::response::Response;
use record::Timestamp;
use serde::Deserialize;

use crate::page::{Page, show};
use crate::shape::name::Named;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Days before a certificate's end from which on it is marked.
const SOON: i64 = 30;

#[derive(Template)]
#[template(path = "operator/overview.html")]
struct Overview {
    p: Page,
    node: Node,
    peers: Vec<Peer>,
}

/// This node.
#[derive(Deserialize)]
struct Node {
    short: String,
    level: Named,
    area: String,
    federation_short: String,
    policy: String,
    certificate: Validity,
}

/// A node that this one knows.
#[derive(Deserialize)]
struct Peer {
    short: String,
    name: String,
    relation: String,
    connected: bool,
    trouble: Option<String>,
    last_sync: Option<Timestamp>,
    certificate: Validity,
    lag: u64,
}

#[derive(Deserialize)]
struct Validity {
    days_left: i64,
}

impl Validity {
    /// The state of its days, as a style.
    fn state(&self) -> &'static str {
        match self.days_left {
            ..=0 => "overdue",
            1..=SOON => "soon",
            _ => "met",
        }
    }
}

/// `GET /operator`
pub(super) async fn overview(staff: Staff) -> Result<Response, Trouble> {
    let node = staff.read("/v1/node").await?;
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    Ok(show(Overview { p: staff.page("operator"), node, peers: peers.items }))
}
