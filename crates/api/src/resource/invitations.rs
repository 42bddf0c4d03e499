//! Inviting another node to join below this one.

use std::time::Duration;

use axum::response::Response;
use engine::command::What;
use engine::invitation::{MAX_ADDRESS, MAX_ADDRESSES, Token};
use engine::note::Invitation;
use engine::view;
use governance::area::AreaCode;
use governance::certificate::{Certificate, Issuer, Right, VERSION};
use record::{SerdeStatement, StatementError, Timestamp};
use serde::{Deserialize, Serialize};

use super::created;
use crate::body::Body;
use crate::desk::Desk;
use crate::hex;
use crate::problem::{Kind, Problem};
use crate::session::Secret;

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
}

fn day() -> u32 {
    24
}

#[derive(Serialize)]
struct Invited {
    id: String,
    /// What the operator of the other node types or scans; shown once.
    token: String,
    expires: Timestamp,
    /// The federation's root, to be compared over the telephone.
    federation_short: String,
    /// This node, to be compared over the telephone.
    short: String,
}

/// `POST /v1/invitations`: the same request under the same idempotency key gives the same
/// invitation, until the node restarts.
pub(crate) async fn create(desk: Desk, body: Body<Invite>) -> Result<Response, Problem> {
    let invite = body.value;
    check(&desk, &invite)?;
    let secret = match desk.key_hash()? {
        Some(key) => Secret::repeatable(&desk.state.minting, &key),
        None => Secret::new(),
    };
    let hash = secret.hash();
    let known = view::invitation(desk.state.handle.reader(), &hash)?;
    if known.as_ref().is_some_and(|known| !is_for(known, &invite)) {
        return Err(Kind::KEY_REUSED.into());
    }
    let lasts = Duration::from_secs(u64::from(invite.hours) * 3_600);
    let expires = known.as_ref().map_or(desk.now.plus(lasts), |known| known.expires);
    if known.is_none() {
        let by = Some(desk.session()?.actor.id);
        let Invite { name, level, area, member, .. } = invite;
        let area = area.to_string();
        let invitation = Some(Invitation { name, level, area, member, expires, by });
        desk.do_it(desk.staff()?, What::PutInvitation { hash, invitation }).await?;
    }
    let setup = desk.state.handle.setup();
    let token = Token {
        root: setup.root,
        parent: setup.me(),
        addresses: addresses(&desk),
        secret: secret.bytes().to_vec().into(),
        expires,
    };
    let id = hex::encode(&hash);
    let invited = Invited {
        id: id.clone(),
        token: token.encode(),
        expires,
        federation_short: setup.federation.short().to_string(),
        short: setup.me().short().to_string(),
    };
    Ok(created(&format!("/v1/invitations/{id}"), &invited))
}

fn is_for(known: &Invitation, invite: &Invite) -> bool {
    known.name == invite.name
        && known.level == invite.level
        && known.area == invite.area.as_str()
        && known.member == invite.member
}

fn addresses(desk: &Desk) -> Vec<String> {
    let mut addresses = (desk.state.addresses)();
    addresses.retain(|address| address.len() <= MAX_ADDRESS);
    addresses.truncate(MAX_ADDRESSES);
    addresses
}

/// What could not be honoured when the newcomer knocks is refused now.
fn check(desk: &Desk, invite: &Invite) -> Result<(), Problem> {
    let standing = &desk.state.handle.setup().standing;
    let own = standing.certificate();
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
