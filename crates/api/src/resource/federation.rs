//! This node, how it works, the nodes it knows, and what came from them but could not be applied.

use std::collections::BTreeSet;

use axum::Json;
use engine::command::{Receipt, What};
use engine::peer::{self, PeerRow, Relation};
use engine::project;
use engine::store::Position;
use engine::view;
use governance::area::AreaCode;
use governance::certificate::{Certificate, Right};
use governance::policy::Policy;
use record::{FederationId, Hash, NodeId, RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::proofs::Countersigned;
use super::revocations::Trust;
use super::{cursor_refused, limit};
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::hex;
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::names::{Named, NodeName};

/// This node, as anybody may know it.
#[derive(Serialize)]
pub(crate) struct Node {
    id: NodeId,
    short: String,
    name: String,
    level: Named,
    area: AreaCode,
    rights: BTreeSet<Right>,
    federation: FederationId,
    federation_short: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<NodeName>,
    /// `key/version` of the policy in force.
    policy: String,
    certificate: Validity,
}

#[derive(Serialize)]
struct Validity {
    serial: u64,
    not_before: Timestamp,
    not_after: Timestamp,
    days_left: i64,
}

/// A node that this one knows.
#[derive(Serialize)]
pub(crate) struct Peer {
    id: NodeId,
    short: String,
    name: String,
    level: Named,
    area: AreaCode,
    relation: Relation,
    /// What the revocation lists say of it.
    trust: Trust,
    addresses: Vec<String>,
    /// Connected, with its certificates checked.
    connected: bool,
    /// What was wrong with the last thing it sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// Program and version by its own account, once it has said so since this node started.
    #[serde(skip_serializing_if = "Option::is_none")]
    software: Option<String>,
    /// When it last read on in our stream, or we found nothing more in its; since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sync: Option<Timestamp>,
    /// The epoch that it opened after a loss, until somebody here accepts that.
    #[serde(skip_serializing_if = "Option::is_none")]
    reopened: Option<u32>,
    /// Where it signed two histories, until somebody here accepts the epoch with which it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    forked: Option<Forked>,
    /// The leaf of its log that it opened last when this node asked it to, and when.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<Leaf>,
    /// The one that it could not open, and since when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    unopened: Option<Leaf>,
    certificate: Validity,
    /// What it has given us.
    received: Head,
    /// What we have for it.
    sent: Head,
    /// How much of that it has acknowledged.
    acknowledged: u64,
    /// How much it has not.
    lag: u64,
    /// The last state of its log that we countersigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    witnessed: Option<LogState>,
    /// The last state of our log that it countersigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    countersigned: Option<Countersigned>,
}

/// A record of a log, by its leaf from 0.
#[derive(Serialize)]
struct Leaf {
    index: u64,
    time: Timestamp,
}

/// A place in a log that two different records have.
#[derive(Serialize)]
struct Forked {
    epoch: u32,
    number: u64,
}

/// The end of a stream: number of its last entry and the link after it; 0 at the start.
#[derive(Serialize)]
struct Head {
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Hash>,
}

#[derive(Serialize)]
struct LogState {
    epoch: u32,
    size: u64,
    root: Hash,
    time: Timestamp,
}

/// Something received and not applied.
#[derive(Serialize)]
pub(crate) struct Held {
    position: u64,
    from: NodeName,
    record: RecordId,
    case: Subject,
    why: String,
}

/// What part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    limit: Option<usize>,
    after: Option<String>,
}

/// `GET /v1/node`
pub(crate) async fn node(desk: Desk) -> Result<Json<Node>, Problem> {
    let node = desk.read_as(Desk::resident(Subject::ZERO), |view| {
        let setup = &view.setup;
        let certificate = setup.standing.certificate();
        Ok(Node {
            id: setup.me(),
            short: setup.me().short().to_string(),
            name: certificate.name.clone(),
            level: view.level(&certificate.level),
            area: certificate.area.clone(),
            rights: certificate.rights.clone(),
            federation: setup.federation,
            federation_short: setup.federation.short().to_string(),
            parent: setup.standing.parent().map(|parent| view.node(parent)),
            policy: view.policy().reference(),
            certificate: validity(certificate, setup.standing.expires(), view.now),
        })
    });
    node.await.map(Json)
}

/// `GET /v1/policy`: public, so that everybody can know by which rules their case is handled and
/// what of it may be shared with whom and why.
pub(crate) async fn policy(desk: Desk) -> Json<Policy> {
    Json(desk.state.handle.world().policy().clone())
}

/// `GET /v1/peers`
pub(crate) async fn peers(desk: Desk) -> Result<Json<Page<Peer>>, Problem> {
    let contacts = desk.state.handle.status().contacts;
    let items = desk.read(move |view| {
        let peers = view.world.directory.iter().map(|(id, peer)| {
            let row = view::peer(&view.reader, *id)?.ok_or(Kind::INTERNAL)?;
            Ok(view.peer(*id, peer, row, contacts.get(id).cloned().unwrap_or_default()))
        });
        peers.collect::<Result<Vec<_>, Problem>>()
    });
    Ok(Json(Page { items: items.await?, next: None }))
}

/// Which epoch is accepted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accept {
    epoch: u32,
}

/// `POST /v1/peers/{id}/epoch`
pub(crate) async fn accept_epoch(
    desk: Desk,
    path: Path,
    body: Body<Accept>,
) -> Result<Json<Receipt>, Problem> {
    let id: Hash = path.id("id")?;
    let (node, epoch) = (NodeId::from_bytes(*id.as_bytes()), body.value.epoch);
    desk.command(What::AcceptEpoch { node, epoch }, body.digest).await.map(Json)
}

/// Which record a node below is to open.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    /// Its leaf in that node's log, from 0; any where there is none.
    index: Option<u64>,
}

/// `POST /v1/peers/{id}/challenge`
pub(crate) async fn challenge(
    desk: Desk,
    path: Path,
    body: Body<Open>,
) -> Result<Json<Receipt>, Problem> {
    let id: Hash = path.id("id")?;
    let (node, index) = (NodeId::from_bytes(*id.as_bytes()), body.value.index);
    desk.command(What::Challenge { node, index }, body.digest).await.map(Json)
}

/// Certificates of this node.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certificates {
    /// Its own first.
    chain: Vec<String>,
    /// Where another parent can be dialled.
    #[serde(default)]
    addresses: Vec<String>,
}

/// `POST /v1/certificates`
pub(crate) async fn install_certificates(
    desk: Desk,
    body: Body<Certificates>,
) -> Result<Json<Receipt>, Problem> {
    let chain = body.value.chain.iter().map(|link| {
        hex::decode(link).ok_or_else(|| Problem::at(Kind::FIELD, "body.chain", "is lower-case hex"))
    });
    let chain = chain.collect::<Result<_, _>>()?;
    let addresses = body.value.addresses;
    desk.command(What::TakeCertificates { chain, addresses }, body.digest).await.map(Json)
}

/// `GET /v1/quarantine`
pub(crate) async fn quarantine(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Held>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    let before = listing.after.map(|after| after.parse().map(Position));
    let before = before.transpose().map_err(|_| cursor_refused())?;
    let page = desk.read(move |view| {
        let found = view::quarantined(&view.reader, before, size)?;
        let next = found.last().filter(|_| found.len() == size).map(|(at, _)| at.to_string());
        let held = found.into_iter().map(|(at, held)| Held {
            position: at.0,
            from: view.node(held.from),
            record: held.record,
            case: held.subject,
            why: held.why,
        });
        Ok(Page { items: held.collect(), next })
    });
    page.await.map(Json)
}

fn validity(certificate: &Certificate, expires: Timestamp, now: Timestamp) -> Validity {
    Validity {
        serial: certificate.serial,
        not_before: certificate.not_before,
        not_after: expires,
        days_left: (expires.millis() - now.millis()).div_euclid(86_400_000),
    }
}

fn head(mark: peer::Mark) -> Head {
    Head { number: mark.number, link: (mark.number > 0).then_some(mark.link) }
}

impl View {
    fn peer(
        &self,
        id: NodeId,
        peer: &peer::Peer,
        row: PeerRow,
        contact: engine::engine::Contact,
    ) -> Peer {
        let certificate = peer.standing.certificate();
        let PeerRow { streams, witness, forked, .. } = row;
        let forked = forked.filter(project::ForkedRow::is_open);
        let lag = streams.outbox.number.saturating_sub(streams.acknowledged);
        let state = |seen: peer::Witnessed| LogState {
            epoch: seen.epoch,
            size: seen.size,
            root: seen.root,
            time: seen.time,
        };
        Peer {
            id,
            short: id.short().to_string(),
            name: certificate.name.clone(),
            level: self.level(&certificate.level),
            area: certificate.area.clone(),
            relation: peer.relation,
            trust: self.world.lists.status(&peer.standing, self.setup.me(), self.now).into(),
            addresses: peer.addresses.clone(),
            connected: contact.greeted,
            trouble: contact.trouble,
            software: contact.software.map(|software| software.to_string()),
            last_sync: contact.last_sync,
            reopened: contact.reopened,
            forked: forked.map(|found| Forked { epoch: found.epoch, number: found.seq }),
            opened: contact.opened.map(|(index, time)| Leaf { index, time }),
            unopened: witness
                .unopened
                .map(|unopened| Leaf { index: unopened.index, time: unopened.since }),
            certificate: validity(certificate, peer.standing.expires(), self.now),
            received: head(streams.inbox),
            sent: head(streams.outbox),
            acknowledged: streams.acknowledged,
            lag,
            witnessed: witness.witnessed.map(state),
            countersigned: witness.countersigned.map(|seen| Countersigned::by(id, &seen)),
        }
    }
}
