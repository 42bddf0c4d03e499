//! What a person signs of an act, and by whose hand it is done.

use axum::Json;
use governance::act::Act;
use governance::case::CaseId;
use governance::hand::{Hand, NodeOnly, Signed};
use record::person::values;
use record::{ActorId, FederationId, NodeId, PublicKey, RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::bytes;
use super::previews::Asked;
use crate::body::Body;
use crate::desk::Desk;
use crate::hex;
use crate::params::Path;
use crate::problem::Problem;
use crate::session::Session;

/// A person's signature, as a browser sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    key: PublicKey,
    /// 32 random bytes in hex.
    salt: String,
    base: RecordId,
    time: Timestamp,
    /// In hex.
    signature: String,
}

/// What is to be signed: see `record::person::PersonAct`.
#[derive(Serialize)]
pub(crate) struct Signing {
    federation: FederationId,
    node: NodeId,
    person: ActorId,
    case: Subject,
    /// The act's number in records.
    kind: u16,
    base: RecordId,
    /// Milliseconds UTC, by the node's clock.
    time: i64,
    /// What the act says, as the record commits to it, in hex.
    values: String,
}

/// `POST /v1/cases/{id}/signing`: what one would sign of an act; nothing changes.
pub(crate) async fn prepare(
    desk: Desk,
    path: Path,
    body: Body<Asked>,
) -> Result<Json<Signing>, Problem> {
    let (id, act): (CaseId, Act) = (path.id("id")?, body.value.act);
    let signing = desk.read(move |view| {
        let case = view.case(id)?;
        Ok(Signing {
            federation: view.setup.federation,
            node: view.setup.me(),
            person: ActorId::from_bytes(*view.actor.id.as_bytes()),
            case: id,
            kind: act.kind().kind().0,
            base: case.steps.last().map_or(RecordId::ZERO, |step| step.record),
            time: view.now.millis(),
            values: hex::encode(&values(&act.fields())),
        })
    });
    signing.await.map(Json)
}

/// By whose hand a request is: the person's where they signed it; else the node's alone, with the
/// reason, for which a browser is believed and a program need not be asked.
pub(super) fn hand(
    session: &Session,
    sent: Option<Sent>,
    unsigned: Option<NodeOnly>,
) -> Result<Hand, Problem> {
    let Some(Sent { key, salt, base, time, signature }) = sent else {
        let program = session.csrf.is_none();
        let why = if program { NodeOnly::Program } else { unsigned.unwrap_or(NodeOnly::NoKey) };
        return Ok(Hand::Node(why));
    };
    let salt = bytes(&salt, "body.signed.salt")?;
    let signature = bytes(&signature, "body.signed.signature")?;
    Ok(Hand::Person(Box::new(Signed { key, salt, base, time, signature })))
}
