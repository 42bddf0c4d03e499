//! Revoked certificates: what issuers say, whether their word is still fresh, and saying so.

use axum::Json;
use engine::command::{Receipt, What};
use governance::certificate::{Issuer, LastGood, Lists, Reason, RevocationList, Revoked, Status};
use record::{NodeId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::body::Body;
use crate::desk::{Desk, View};
use crate::hex;
use crate::problem::{Kind, Problem};
use crate::shape::names::NodeName;

/// What is known of revocations.
#[derive(Serialize)]
pub(crate) struct Overview {
    /// Of this node's own certificates.
    status: Trust,
    lists: Vec<List>,
}

/// What the lists say of a node.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trust {
    /// Nothing against it.
    Good,
    /// A list along its chain is overdue: it is given no personal data.
    Stale,
    /// It is not spoken to.
    Revoked,
}

impl From<Status> for Trust {
    fn from(status: Status) -> Self {
        match status {
            Status::Good => Self::Good,
            Status::Stale { .. } => Self::Stale,
            Status::Revoked(_) => Self::Revoked,
        }
    }
}

/// One issuer's list.
#[derive(Serialize)]
struct List {
    /// Absent for the federation's root.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<NodeName>,
    number: u64,
    issued: Timestamp,
    next_update: Timestamp,
    overdue: bool,
    revoked: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    node: NodeName,
    serial: u64,
    since: Timestamp,
    reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_good: Option<LastGood>,
    until: Timestamp,
}

/// Whose certificate is revoked and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    node: NodeId,
    reason: Reason,
    /// Of a compromise; absent where nothing of the node's is its own.
    #[serde(default)]
    last_good: Option<LastGood>,
}

/// A list that came by hand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Install {
    list: String,
    /// The issuer's certificates, its own first; none for the root.
    #[serde(default)]
    chain: Vec<String>,
}

/// `GET /v1/revocations`
pub(crate) async fn get(desk: Desk) -> Result<Json<Overview>, Problem> {
    desk.read(|view| Ok(view.revocations())).await.map(Json)
}

/// `POST /v1/revocations`
pub(crate) async fn revoke(desk: Desk, body: Body<Revoke>) -> Result<Json<Receipt>, Problem> {
    let Revoke { node, reason, last_good } = body.value;
    desk.command(What::Revoke { node, reason, last_good }, body.digest).await.map(Json)
}

/// `POST /v1/revocation-lists`
pub(crate) async fn install(desk: Desk, body: Body<Install>) -> Result<Json<Receipt>, Problem> {
    let Install { list, chain } = body.value;
    let bytes = |field: &'static str, text: &String| {
        hex::decode(text)
            .ok_or_else(|| Problem::at(Kind::FIELD, format!("body.{field}"), "is lower-case hex"))
    };
    let list = bytes("list", &list)?;
    let chain = chain.iter().map(|link| bytes("chain", link)).collect::<Result<_, _>>()?;
    desk.command(What::TakeList { list, chain }, body.digest).await.map(Json)
}

impl View {
    fn revocations(&self) -> Overview {
        let lists: &Lists = &self.world.lists;
        let status = lists.status(&self.setup.standing, self.setup.me(), self.now);
        let lists = lists.iter().map(|list| self.revocation_list(list.value())).collect();
        Overview { status: status.into(), lists }
    }

    fn revocation_list(&self, list: &RevocationList) -> List {
        let issuer = match list.issuer {
            Issuer::Root => None,
            Issuer::Node(node) => Some(self.node(node)),
        };
        let entry = |entry: &Revoked| Entry {
            node: self.node(entry.node),
            serial: entry.serial,
            since: entry.since,
            reason: entry.reason,
            last_good: entry.last_good,
            until: entry.until,
        };
        List {
            issuer,
            number: list.number,
            issued: list.issued,
            next_update: list.next_update,
            overdue: list.next_update <= self.now,
            revoked: list.revoked.iter().map(entry).collect(),
        }
    }
}
