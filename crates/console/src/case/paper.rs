//! A case on paper: the work order that goes along, and what a mediation led to, both with room for
//! signatures and with the record that proves them.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use governance::act::ActKind;
use record::{Subject, Timestamp};

use super::view::Shown;
use crate::page::{Page, show};
use crate::qr::Qr;
use crate::shape::case::{Mediation, Step};
use crate::shape::person::Person;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Sessions for which a blank record has rows, where none was held.
const BLANK_SESSIONS: usize = 2;

#[derive(Template)]
#[template(path = "case/order.html")]
struct Order {
    p: Page,
    s: Shown,
    /// The proof of the report.
    proof: Option<Proof>,
}

#[derive(Template)]
#[template(path = "case/agreement.html")]
struct Agreement {
    p: Page,
    s: Shown,
    mediation: Mediation,
    /// How serious the dispute is.
    severity: String,
    /// Names of who mediates; none for people of another node.
    mediators: Vec<Option<String>>,
    /// The proof of the agreement, once there is one.
    proof: Option<Proof>,
}

/// The record that a paper rests on.
struct Proof {
    /// The beginning of its id, enough to find it.
    record: String,
    node: String,
    time: Timestamp,
    /// Where it is explained and can be downloaded.
    qr: Option<Qr>,
}

impl Agreement {
    /// The sessions, in order.
    fn sessions(&self) -> Vec<&Step> {
        self.s.steps.iter().filter(|step| step.act == ActKind::Session).collect()
    }

    /// Rows to be written in by hand.
    fn blank_sessions(&self) -> usize {
        BLANK_SESSIONS.saturating_sub(self.sessions().len())
    }

    /// When a session was held.
    fn held(&self, step: &Step) -> String {
        let held = step.text("held").and_then(|text| text.parse().ok());
        self.p.exact(&held.unwrap_or(step.time))
    }

    /// When it ended with an agreement, or without.
    fn ended(&self) -> Option<Timestamp> {
        last(&self.s, ActKind::Agreement).map(|step| step.time)
    }
}

/// `GET /cases/{id}/order`
pub(super) async fn order(staff: Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    let (p, s) = (staff.page("desk"), Shown::read(&staff, id).await?);
    let proof = s.steps.first().map(|step| proof(&staff, &p, id, step));
    Ok(show(Order { p, s, proof }))
}

/// `GET /cases/{id}/agreement`: of a case that is or was mediated; before its end a form to be
/// filled in by hand.
pub(super) async fn agreement(staff: Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    let (p, mut s) = (staff.page("desk"), Shown::read(&staff, id).await?);
    let mediation = s.case.mediation.take().ok_or_else(Trouble::not_found)?;
    let mut mediators = Vec::new();
    for mediator in &mediation.mediators {
        let person = staff.read::<Person>(format!("/v1/people/{mediator}")).await;
        mediators.push(person.ok().and_then(|person| person.name));
    }
    let severity = severity(&staff, &p, &mediation.severity);
    let proof = last(&s, ActKind::Agreement).map(|step| proof(&staff, &p, id, step));
    Ok(show(Agreement { p, s, mediation, severity, mediators, proof }))
}

/// The name of a severity of the policy, or its key where the policy has it no more.
fn severity(staff: &Staff, p: &Page, key: &str) -> String {
    let world = staff.state.handle.world();
    let known = world.policy().severities.iter().find(|known| known.key == key);
    let name = known.map(|known| if p.is_english() { &known.name_en } else { &known.name });
    name.cloned().unwrap_or_else(|| key.to_owned())
}

fn last(s: &Shown, act: ActKind) -> Option<&Step> {
    s.steps.iter().rfind(|step| step.act == act)
}

fn proof(staff: &Staff, p: &Page, id: Subject, step: &Step) -> Proof {
    let path = format!("/cases/{id}/proof/{}", step.record);
    Proof {
        record: step.record.to_string().chars().take(16).collect(),
        node: p.node_name(&step.author),
        time: step.time,
        qr: Qr::to(&staff.state, &staff.visit, &path),
    }
}
