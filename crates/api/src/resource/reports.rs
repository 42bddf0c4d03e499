//! Reports by people without an account, and what they may do with the code on their receipt.

use axum::Json;
use axum::response::Response;
use engine::code;
use engine::command::{Agent, Receipt, What};
use engine::view;
use governance::act::{Act, ActKind};
use governance::case::{Case, CaseId};
use governance::change::Phase;
use record::{RecordId, Subject, Timestamp};
use serde::Serialize;

use super::created;
use crate::access;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::params::Path;
use crate::parts::Parts;
use crate::problem::{Kind, Problem};
use crate::rate::Key;
use crate::shape::case::Clock;
use crate::shape::fields::Values;
use crate::shape::names::{Named, NodeName};

/// What somebody who reports is handed.
#[derive(Serialize)]
pub(super) struct Taken {
    id: CaseId,
    record: RecordId,
    number: String,
    /// With which they follow, verify and reopen it; for people without an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Until when they are to be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Timestamp>,
    stage: Named,
}

/// What a reporter is told of their case.
#[derive(Serialize)]
pub(crate) struct Followed {
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<serde_json::Value>,
    stage: Named,
    phase: Phase,
    clock: Clock,
    holder: NodeName,
    opened: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<Timestamp>,
    steps: Vec<Told>,
    /// What they may do now.
    may: Vec<ActKind>,
}

#[derive(Serialize)]
struct Told {
    time: Timestamp,
    act: ActKind,
    fields: Values,
}

/// `POST /v1/reports`
pub(crate) async fn create(desk: Desk, body: Parts) -> Result<Response, Problem> {
    desk.limited(&desk.state.reports, desk.address())?;
    desk.limited(&desk.state.reports_of_all, Key::All)?;
    let once = desk.once(body.digest)?;
    let by = Agent::Resident { code: None };
    let report = desk.with_photos(&by, body, once.as_ref()).await?;
    let what = What::Act { case: None, act: Act::Report(Box::new(report)) };
    let receipt = desk.command_by(by, what, once).await?;
    let taken = taken(&desk, receipt)?;
    let location = taken.code.as_deref().map(|code| format!("/v1/reports/{code}"));
    Ok(created(&location.unwrap_or_default(), &taken))
}

/// What is handed over for the receipt of a report.
pub(super) fn taken(desk: &Desk, receipt: Receipt) -> Result<Taken, Problem> {
    let Receipt { record, subject, number, code, made: _, pending: _ } = receipt;
    let (Some(record), Some(id), Some(number)) = (record, subject, number) else {
        return Err(Kind::INTERNAL.into());
    };
    let handle = &desk.state.handle;
    let case = view::case(handle.reader(), id)?.ok_or(Kind::INTERNAL)?;
    let view = View::new(&desk.state, Desk::resident(Subject::ZERO), desk.now);
    let stage = view.stage(&case.stage);
    Ok(Taken { id, record, number, code, due: case.due, stage })
}

/// `GET /v1/reports/{code}`
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<Followed>, Problem> {
    let reporter = reporter(&desk, &path)?;
    let followed = desk.read_as(Desk::resident(reporter), move |view| {
        let case = view.reported(reporter)?;
        view.followed(&case)
    });
    followed.await.map(Json)
}

/// `POST /v1/reports/{code}/acts`
pub(crate) async fn act(desk: Desk, path: Path, body: Body<Act>) -> Result<Json<Receipt>, Problem> {
    let reporter = reporter(&desk, &path)?;
    let find = move |view: &View| view.reported(reporter).map(|case| case.id);
    let case = desk.read_as(Desk::resident(reporter), find).await?;
    if !access::resident_may(body.value.kind()) {
        return Err(Kind::ROLE.into());
    }
    let code = Some(path.text("code")?.to_owned());
    let once = desk.once(body.digest)?;
    let what = What::Act { case: Some(case), act: body.value };
    desk.command_by(Agent::Resident { code }, what, once).await.map(Json)
}

/// Whom a code stands for. Guessing is slowed down per address; it has 80 bits besides.
pub(super) fn reporter(desk: &Desk, path: &Path) -> Result<Subject, Problem> {
    desk.limited(&desk.state.codes, desk.address())?;
    code::reporter(path.text("code")?).ok_or_else(Problem::not_found)
}

impl View {
    pub(super) fn reported(&self, reporter: Subject) -> Result<Case, Problem> {
        let id = view::reported(&self.reader, reporter)?;
        self.case(id.ok_or_else(Problem::not_found)?)
    }

    fn followed(&self, case: &Case) -> Result<Followed, Problem> {
        let steps = case.steps.iter().map(|step| {
            let fields = self.record(case, step)?.map(|(_, fields)| fields).unwrap_or_default();
            Ok(Told { time: step.time, act: step.act, fields })
        });
        let steps = steps.collect::<Result<Vec<_>, Problem>>()?;
        Ok(Followed {
            number: case.number.clone(),
            title: steps.first().and_then(|told| told.fields.get("title").cloned()),
            stage: self.stage(&case.stage),
            phase: case.phase,
            clock: Clock::of(case, self.now),
            holder: self.node(case.holder(self.setup.me())),
            opened: case.opened,
            closed: case.closed,
            steps,
            may: self.reporter_may(case),
        })
    }

    fn reporter_may(&self, case: &Case) -> Vec<ActKind> {
        let open = engine::open::acts(&self.setup, &self.world, case, &self.actor, self.now);
        open.into_iter().map(|open| open.act).filter(|act| access::resident_may(*act)).collect()
    }
}
