//! Appointments on paper and growth files (R4): agreements, certificates, the notice in the
//! compound, and what a person learnt and was thanked for. No marks, no ranking.

use axum::Json;
use axum::response::{IntoResponse, Response};
use engine::command::{People as Command, Receipt, What};
use engine::view::{self, Papers};
use governance::growth::Growth;
use governance::roster::{Agreement, Appointment, certificate_number};
use record::{RecordId, Subject, Timestamp};
use serde::Serialize;

use super::created;
use crate::access;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::params::Path;
use crate::print::{self, Certificate, Notice, Posted};
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::names::{Named, NodeName};
use crate::shape::person::Held;
use crate::shape::place::Line;

/// An appointment with its papers.
#[derive(Serialize)]
pub(crate) struct Shown {
    /// The record that made it.
    record: RecordId,
    /// The certificate's number.
    number: String,
    #[serde(flatten)]
    held: Held,
    /// Its text only for the person and those who answer for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<Agreement>,
}

/// What anybody may know of a certificate that they were shown.
#[derive(Serialize)]
pub(crate) struct Checked {
    number: String,
    role: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Line>,
    from: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    in_force: bool,
    node: NodeName,
}

/// An entry of a growth file.
#[derive(Serialize)]
pub(crate) struct Entry {
    record: RecordId,
    written: Timestamp,
    what: Growth,
}

/// `GET /v1/people/{id}/appointments`
pub(crate) async fn list(desk: Desk, path: Path) -> Result<Json<Page<Shown>>, Problem> {
    let id: Subject = path.id("id")?;
    let items = desk.read(move |view| {
        view.world.roster.get(id).ok_or_else(Problem::not_found)?;
        let records = view::papers_of(&view.reader, id)?;
        let shown = records.into_iter().map(|record| view.appointment(record));
        shown.collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(Page { items: items.await?, next: None }))
}

/// `GET /v1/certificates/{record}`: to be printed.
pub(crate) async fn certificate(desk: Desk, path: Path) -> Result<Response, Problem> {
    let record: RecordId = path.id("record")?;
    let sheet = desk.read(move |view| view.certificate(record)).await?;
    Ok(print::certificate(&sheet).into_response())
}

/// `GET /v1/certificates/{record}/check`: whether a certificate that one is shown is good. Says
/// nothing of the person, whose name is on it.
pub(crate) async fn check(desk: Desk, path: Path) -> Result<Json<Checked>, Problem> {
    desk.limited(&desk.state.codes, desk.address())?;
    let record: RecordId = path.id("record")?;
    let checked = desk.read_as(Desk::resident(Subject::ZERO), move |view| {
        let (papers, held) = view.papers(record)?;
        Ok(Checked {
            number: view.number(&papers),
            role: view.role(&held.role),
            place: held.scope.map(|scope| view.line(scope)),
            from: held.from,
            until: held.until,
            in_force: held.holds(view.now),
            node: view.node(view.setup.me()),
        })
    });
    checked.await.map(Json)
}

/// `GET /v1/places/{id}/notice`: who serves here, to be posted in the compound.
pub(crate) async fn notice(desk: Desk, path: Path) -> Result<Response, Problem> {
    let id: Subject = path.id("id")?;
    let sheet = desk.read(move |view| view.notice(id)).await?;
    Ok(print::notice(&sheet).into_response())
}

/// `GET /v1/people/{id}/growth`
pub(crate) async fn growth(desk: Desk, path: Path) -> Result<Json<Page<Entry>>, Problem> {
    let id: Subject = path.id("id")?;
    let items = desk.read(move |view| {
        if !access::reads_papers(&view.viewer(), &view.world.roster, id) {
            return Err(Problem::not_found());
        }
        let file = view::growth(&view.reader, view.whose(), id)?;
        let entry = |(record, written, what)| Entry { record, written, what };
        Ok(file.into_iter().map(entry).collect())
    });
    Ok(Json(Page { items: items.await?, next: None }))
}

/// `POST /v1/people/{id}/growth`
pub(crate) async fn enter(desk: Desk, path: Path, body: Body<Growth>) -> Result<Response, Problem> {
    let person: Subject = path.id("id")?;
    let what = What::People(Box::new(Command::EnterGrowth { person, entry: body.value }));
    let receipt: Receipt = desk.command(what, body.digest).await?;
    Ok(created(&format!("/v1/people/{person}/growth"), &receipt))
}

impl View {
    /// An appointment's papers, and the appointment.
    fn papers(&self, record: RecordId) -> Result<(Papers, Appointment), Problem> {
        let papers = view::papers(&self.reader, self.whose(), record)?;
        let papers = papers.ok_or_else(Problem::not_found)?;
        let person = self.world.roster.get(papers.person).ok_or(Kind::INTERNAL)?;
        let held = person.appointments.get(papers.ordinal).ok_or(Kind::INTERNAL)?;
        Ok((papers, held.clone()))
    }

    fn number(&self, papers: &Papers) -> String {
        let (area, hours) = (&self.setup.standing.certificate().area, &self.policy().hours);
        let record = &papers.record;
        certificate_number(area, record.time, record.epoch, record.seq, hours)
    }

    fn appointment(&self, record: RecordId) -> Result<Shown, Problem> {
        let (papers, held) = self.papers(record)?;
        let reads = access::reads_papers(&self.viewer(), &self.world.roster, papers.person);
        let number = self.number(&papers);
        let agreement = papers.agreement.map(|agreement| {
            let text = agreement.text.filter(|_| reads);
            Agreement { text, ..agreement }
        });
        Ok(Shown { record, number, held: self.held(&held), agreement })
    }

    fn certificate(&self, record: RecordId) -> Result<Certificate, Problem> {
        let (papers, held) = self.papers(record)?;
        let staff = view::staff(&self.reader, self.whose(), papers.person)?;
        let role = self.role(&held.role);
        let own = self.setup.standing.certificate();
        let hours = &self.policy().hours;
        Ok(Certificate {
            number: self.number(&papers),
            name: staff.map(|staff| staff.name).unwrap_or_default(),
            role,
            place: held
                .scope
                .and_then(|scope| self.line(scope).name)
                .unwrap_or_else(|| own.name.clone()),
            from: hours.date(held.from),
            until: held.until.map(|until| hours.date(until)),
            in_force: held.holds(self.now),
            agreement: papers.agreement.map(|agreement| agreement.number),
            issued: hours.date(papers.record.time),
            issuer: own.name.clone(),
            issuer_short: self.setup.me().short().to_string(),
            record,
        })
    }

    fn notice(&self, id: Subject) -> Result<Notice, Problem> {
        let (territory, now) = (&self.world.territory, self.now);
        let place = territory.get(id, now).ok_or_else(Problem::not_found)?;
        let mut people = Vec::new();
        for (person, known) in self.world.roster.iter() {
            let here = |held: &Appointment| {
                held.holds(now) && held.scope.is_some_and(|scope| territory.covers(id, scope, now))
            };
            if !known.appointments.iter().any(here) {
                continue;
            }
            let staff = view::staff(&self.reader, self.whose(), *person)?;
            for record in view::papers_of(&self.reader, *person)? {
                let (papers, held) = self.papers(record)?;
                if here(&held) {
                    people.push(self.posted(&papers, &held, staff.as_ref()));
                }
            }
        }
        let own = self.setup.standing.certificate();
        Ok(Notice {
            place: place.name.clone(),
            people,
            issuer: own.name.clone(),
            issuer_short: self.setup.me().short().to_string(),
            date: self.policy().hours.date(now),
        })
    }

    fn posted(&self, papers: &Papers, held: &Appointment, staff: Option<&view::Staff>) -> Posted {
        let hours = &self.policy().hours;
        Posted {
            name: staff.map(|staff| staff.name.clone()).unwrap_or_default(),
            phone: staff
                .and_then(|staff| staff.phone.as_deref())
                .map(governance::roster::masked)
                .unwrap_or_default(),
            role: self.role(&held.role),
            place: held.scope.and_then(|scope| self.line(scope).name).unwrap_or_default(),
            from: hours.date(held.from),
            until: held.until.map(|until| hours.date(until)),
            number: self.number(papers),
            record: papers.record.id(),
        }
    }
}
