//! What one person proposed and another has to confirm: appointments to the roles that policy
//! names, and accounts of whoever holds one.

use axum::Json;
use engine::command::{Receipt, What};
use engine::note::{Proposed, Proposing};
use engine::view;
use governance::grant::Confirming;
use governance::policy::Power;
use record::{RecordId, Timestamp};
use serde::Serialize;

use crate::body::Empty;
use crate::desk::{Desk, View};
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::names::{People, PersonName};
use crate::shape::person::Held;

/// A proposal that waits.
#[derive(Serialize)]
pub(crate) struct Shown {
    /// The record that made it.
    id: RecordId,
    person: PersonName,
    by: PersonName,
    proposed: Timestamp,
    expires: Timestamp,
    /// The appointment, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment: Option<Held>,
    /// The account, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
    /// Whether it is the asker's own.
    own: bool,
    /// Whether the asker may confirm it.
    may_confirm: bool,
}

#[derive(Serialize)]
struct Account {
    name: String,
    /// Whether it gets a new password.
    password: bool,
}

/// `GET /v1/proposals`: for whoever may propose or confirm.
pub(crate) async fn list(desk: Desk) -> Result<Json<Page<Shown>>, Problem> {
    let page = desk.read(|view| {
        let (actor, policy) = (&view.actor, view.policy());
        let may = [Power::Roster, policy.confirming()];
        if !may.into_iter().any(|power| actor.has_power(policy, power)) {
            return Err(Kind::POWER.into());
        }
        let mut people = People::new(view);
        let mut live = view::proposals(&view.reader)?;
        live.retain(|proposed| view.now < proposed.expires);
        live.sort_by_key(|proposed| proposed.at);
        let items = live.into_iter().map(|proposed| view.proposal(proposed, &mut people));
        Ok(Page { items: items.collect::<Result<_, _>>()?, next: None })
    });
    page.await.map(Json)
}

/// `POST /v1/proposals/{id}/confirmation`
pub(crate) async fn confirm(desk: Desk, path: Path, _: Empty) -> Result<Json<Receipt>, Problem> {
    let what = What::Confirm { proposal: path.id("id")? };
    desk.command_by(desk.staff()?, what, None).await.map(Json)
}

/// `DELETE /v1/proposals/{id}`: refuses it, or takes one's own back.
pub(crate) async fn end(desk: Desk, path: Path, _: Empty) -> Result<Json<Receipt>, Problem> {
    let what = What::EndProposal { proposal: path.id("id")? };
    desk.command_by(desk.staff()?, what, None).await.map(Json)
}

impl View {
    fn proposal(&self, known: Proposed, people: &mut People<'_>) -> Result<Shown, Problem> {
        let (policy, roster) = (self.policy(), &self.world.roster);
        let proposer = roster.actor(known.by, self.now);
        // Whether the roster has one person twice is found out where it is confirmed.
        let confirming =
            Confirming { proposer: proposer.as_ref(), person: known.person, twins: false };
        let may_confirm = self.actor.has_power(policy, policy.confirming())
            && confirming.check(policy, &self.actor).is_ok();
        let (appointment, account) = match known.what {
            Proposing::Role(appointment) => (Some(self.held(&appointment)), None),
            Proposing::Account { name, password, .. } => {
                (None, Some(Account { name, password: password.is_some() }))
            }
        };
        Ok(Shown {
            id: known.record,
            person: people.name(known.person)?,
            by: people.name(known.by)?,
            proposed: known.at,
            expires: known.expires,
            appointment,
            account,
            own: known.by == self.actor.id,
            may_confirm,
        })
    }
}
