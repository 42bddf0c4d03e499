//! Who did what about who belongs to the federation.

use axum::Json;
use engine::store::Position;
use engine::view::{self, Trusted};
use governance::trust::TrustAct;
use record::{Hash, RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::limit;
use crate::desk::{Desk, View};
use crate::params::Query;
use crate::problem::Problem;
use crate::shape::Page;
use crate::shape::names::{Named, NodeName, People, PersonName};

/// What part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    limit: Option<usize>,
    before: Option<u64>,
}

/// An act, as its record says.
#[derive(Serialize)]
pub(crate) struct Shown {
    record: RecordId,
    time: Timestamp,
    /// Who did it; nobody where it was at the node's own console.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<PersonName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Named>,
    act: &'static str,
    /// The other node.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeName>,
    /// Which invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<Hash>,
    /// Whom it invites.
    #[serde(skip_serializing_if = "Option::is_none")]
    invited: Option<Invited>,
    /// Why a node was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<governance::certificate::Reason>,
    /// The epoch that was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<u32>,
}

#[derive(Serialize)]
struct Invited {
    name: String,
    level: Named,
    area: String,
    member: bool,
    approval: bool,
    expires: Timestamp,
}

/// `GET /v1/trust-acts`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Shown>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    let before = listing.before.map(Position);
    desk.read(move |view| view.trust_acts(before, size)).await.map(Json)
}

impl View {
    fn trust_acts(&self, before: Option<Position>, size: usize) -> Result<Page<Shown>, Problem> {
        let found = view::trust_acts(&self.reader, self.whose(), before, size)?;
        let next = found.last().filter(|_| found.len() == size).map(|last| last.at.to_string());
        let mut people = People::new(self);
        let items = found.into_iter().map(|done| self.trust_act(done, &mut people));
        Ok(Page { items: items.collect::<Result<_, _>>()?, next })
    }

    fn trust_act(&self, done: Trusted, people: &mut People<'_>) -> Result<Shown, Problem> {
        let Trusted { record, act, .. } = done;
        let actor = record.actor.as_ref();
        let by = actor.map(|actor| people.name(Subject::from_bytes(*actor.id.as_bytes())));
        Ok(Shown {
            record: record.id(),
            time: record.time,
            by: by.transpose()?,
            role: actor.map(|actor| self.role(&actor.role)),
            act: act.key(),
            node: act.node().map(|node| self.node(node)),
            invitation: act.invitation(),
            reason: act.reason(),
            epoch: act.epoch(),
            invited: self.invited(act),
        })
    }

    fn invited(&self, act: TrustAct) -> Option<Invited> {
        match act {
            TrustAct::Invite { name, level, area, member, approval, expires, .. } => {
                let (level, area) = (self.level(&level), area.to_string());
                Some(Invited { name, level, area, member, approval, expires })
            }
            TrustAct::EndInvitation { .. }
            | TrustAct::Approve { .. }
            | TrustAct::Revoke { .. }
            | TrustAct::AcceptEpoch { .. }
            | TrustAct::TakeCertificates { .. } => None,
        }
    }
}
