//! Inviting another node to join below this one.

use std::time::Duration;

use axum::Json;
use axum::response::Response;
use engine::command::{Receipt, What};
use engine::invitation::{MAX_ADDRESS, MAX_ADDRESSES, Token};
use engine::note::{Invitation, Newcomer};
use engine::view;
use governance::area::AreaCode;
use governance::certificate::{Certificate, Issuer, Right, VERSION};
use hyper::StatusCode;
use record::{Hash, NodeId, RecordId, SerdeStatement, StatementError, Timestamp};
use serde::{Deserialize, Serialize};

use super::{created, limit, made};
use crate::body::{Body, Empty};
use crate::desk::{Desk, View};
use crate::hex;
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::session::Secret;
use crate::shape::Page;
use crate::shape::names::{Named, People, PersonName};

/// Longest validity of an invitation, in hours.
const MAX_HOURS: u32 = 30 * 24;

/// Who is invited.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invite {
    name: String,
    level: String,
    area: AreaCode,
    /// A member unit, or a jurisdiction with grids of its own.
    #[serde(default)]
    member: bool,
    #[serde(default = "day")]
    hours: u32,
    /// Whether an officer here approves the node that comes before it is let in.
    #[serde(default = "yes")]
    approval: bool,
}

fn yes() -> bool {
    true
}

fn day() -> u32 {
    24
}

#[derive(Serialize)]
struct Invited {
    id: String,
    /// The record of its being made.
    record: RecordId,
    /// What the operator of the other node types or scans; shown once.
    token: String,
    expires: Timestamp,
    /// The federation's root, to be compared over the telephone.
    federation_short: String,
    /// This node, to be compared over the telephone.
    short: String,
}

/// An invitation that nobody has used, as it is shown ever after.
#[derive(Serialize)]
pub(crate) struct Shown {
    id: String,
    name: String,
    level: Named,
    area: String,
    member: bool,
    expires: Timestamp,
    /// Who made it; nobody where it was made at the node's own console.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<PersonName>,
    /// Whether the node that comes has to be approved.
    approval: bool,
    /// The node that came and waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    newcomer: Option<Waiting>,
}

/// A node that came with an invitation.
#[derive(Serialize)]
struct Waiting {
    id: NodeId,
    /// What whoever runs it reads out on the telephone.
    short: String,
    asked: Timestamp,
    /// When an officer approved it; it has not asked again since.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<PersonName>,
}

/// Which node is let in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approve {
    node: NodeId,
}

/// What part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    limit: Option<usize>,
    after: Option<Hash>,
}

/// `POST /v1/invitations`: a repeat under the same idempotency key is told that the invitation was
/// made, and not its secret, which is kept nowhere.
pub(crate) async fn create(desk: Desk, body: Body<Invite>) -> Result<Response, Problem> {
    let invite = body.value;
    check(&desk, &invite)?;
    let secret = Secret::new();
    let hash = secret.hash();
    let expires = desk.now.plus(Duration::from_secs(u64::from(invite.hours) * 3_600));
    let Invite { name, level, area, member, approval, .. } = invite;
    let area = area.to_string();
    let invitation =
        Some(Invitation { name, level, area, member, expires, by: None, approval, newcomer: None });
    let what = What::PutInvitation { hash, invitation };
    let receipt = desk.command(what, body.digest).await?;
    let id = made(&receipt, hash, "/v1/invitations")?;
    let setup = desk.state.handle.setup();
    let token = Token {
        root: setup.root,
        parent: setup.me(),
        addresses: addresses(&desk),
        secret: secret.bytes().to_vec().into(),
        expires,
    };
    let invited = Invited {
        id: id.clone(),
        record: receipt.record.ok_or(Kind::INTERNAL)?,
        token: token.encode(),
        expires,
        federation_short: setup.federation.short().to_string(),
        short: setup.me().short().to_string(),
    };
    Ok(created(&format!("/v1/invitations/{id}"), &invited))
}

/// `GET /v1/invitations`: those that may still be used.
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Shown>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    let page = desk.read(move |view| {
        let after = listing.after.map(|after| *after.as_bytes());
        let found = view::invitations(&view.reader, after.as_ref(), size)?;
        let next = found.last().filter(|_| found.len() == size);
        let next = next.map(|(hash, _)| hex::encode(hash));
        let mut people = People::new(view);
        let live = found.into_iter().filter(|(_, offer)| view.now < offer.expires);
        let items = live.map(|(hash, offer)| view.invitation(&hash, offer, &mut people));
        Ok(Page { items: items.collect::<Result<_, _>>()?, next })
    });
    page.await.map(Json)
}

/// `DELETE /v1/invitations/{id}`
pub(crate) async fn end(desk: Desk, path: Path, body: Empty) -> Result<StatusCode, Problem> {
    let hash: Hash = path.id("id")?;
    let what = What::PutInvitation { hash: *hash.as_bytes(), invitation: None };
    desk.command(what, body.digest).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/invitations/{id}/approval`
pub(crate) async fn approve(
    desk: Desk,
    path: Path,
    body: Body<Approve>,
) -> Result<Json<Receipt>, Problem> {
    let hash: Hash = path.id("id")?;
    let what = What::Approve { hash: *hash.as_bytes(), node: body.value.node };
    desk.command(what, body.digest).await.map(Json)
}

impl View {
    fn invitation(
        &self,
        hash: &[u8; 32],
        offer: Invitation,
        people: &mut People<'_>,
    ) -> Result<Shown, Problem> {
        let Invitation { name, level, area, member, expires, by, approval, newcomer } = offer;
        let by = by.map(|id| people.name(id)).transpose()?;
        let (id, level) = (hex::encode(hash), self.level(&level));
        let newcomer = newcomer.map(|newcomer| waiting(newcomer, people)).transpose()?;
        Ok(Shown { id, name, level, area, member, expires, by, approval, newcomer })
    }
}

fn waiting(newcomer: Newcomer, people: &mut People<'_>) -> Result<Waiting, Problem> {
    let id = newcomer.node();
    let Newcomer { asked, approved, .. } = newcomer;
    let by = approved.as_ref().and_then(|approval| approval.by);
    let approved_by = by.map(|id| people.name(id)).transpose()?;
    let approved = approved.map(|approval| approval.at);
    Ok(Waiting { id, short: id.short().to_string(), asked, approved, approved_by })
}

fn addresses(desk: &Desk) -> Vec<String> {
    let mut addresses = (desk.state.addresses)();
    addresses.retain(|address| address.len() <= MAX_ADDRESS);
    addresses.truncate(MAX_ADDRESSES);
    addresses
}

/// What could not be honoured when the newcomer knocks is refused now.
fn check(desk: &Desk, invite: &Invite) -> Result<(), Problem> {
    let setup = desk.state.handle.setup();
    let own = setup.standing.certificate();
    if !own.may_enrol() {
        return Err(Problem::because(
            Kind::POWER,
            "本节点的证书不允许发展下级",
            "this node's certificate does not allow it to enrol others",
        ));
    }
    if !invite.area.is_within(&own.area) {
        let message = format!("must lie within this node's area, {}", own.area);
        return Err(Problem::at(Kind::FIELD, "body.area", message));
    }
    if !(1..=MAX_HOURS).contains(&invite.hours) {
        let message = format!("takes 1 to {MAX_HOURS}");
        return Err(Problem::at(Kind::FIELD, "body.hours", message));
    }
    let rights = if invite.member { [Right::Member].into() } else { own.rights.clone() };
    let likely = Certificate {
        version: VERSION,
        node: own.node,
        key: own.key,
        endorsements: own.endorsements.clone(),
        name: invite.name.clone(),
        level: invite.level.clone(),
        area: invite.area.clone(),
        rights,
        delegate: !invite.member,
        serial: 1,
        not_before: own.not_before,
        not_after: own.not_after,
        issuer: Issuer::Node(own.node),
    };
    match likely.check() {
        Ok(()) => Ok(()),
        Err(StatementError::Rule { field, rule }) => {
            Err(Problem::at(Kind::FIELD, format!("body.{field}"), rule))
        }
        Err(StatementError::Cbor(_) | StatementError::Version { .. }) => Err(Kind::INTERNAL.into()),
    }
}
