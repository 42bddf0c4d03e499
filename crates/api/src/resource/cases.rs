//! Cases, for staff.

use axum::Json;
use axum::response::{IntoResponse, Response};
use engine::command::{Receipt, What};
use engine::project::Order;
use engine::view;
use governance::act::{Act, Report};
use governance::case::{Case, CaseId, Custody};
use governance::change::Phase;
use hyper::header::{ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use hyper::{HeaderMap, StatusCode};
use record::Subject;
use serde::Deserialize;
use tokio::sync::{RwLockReadGuard, RwLockWriteGuard};

use super::reports::taken;
use super::{created, cursor_refused, limit};
use crate::access;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::hex;
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::case::{Clock, ClockState, Summary};
use crate::shape::names::People;
use crate::shape::timeline::Sealed;

/// Most cases looked at for one page; where few of them are for the reader, the page is short.
const LOOKED_AT: usize = 2_000;

/// Which cases, and what part of the list. All conditions hold together.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    phase: Option<Phase>,
    stage: Option<String>,
    assignee: Option<Subject>,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    offered: bool,
    limit: Option<usize>,
    after: Option<String>,
}

/// `GET /v1/cases`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Summary>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    desk.read(move |view| view.list(&listing, size)).await.map(Json)
}

/// `POST /v1/cases`
pub(crate) async fn create(desk: Desk, body: Body<Report>) -> Result<Response, Problem> {
    let act = Act::Report(Box::new(body.value));
    let receipt = desk.command(What::Act { case: None, act }, body.digest).await?;
    let id = receipt.subject.unwrap_or(Subject::ZERO);
    Ok(created(&format!("/v1/cases/{id}"), &taken(&desk, receipt)?))
}

/// `GET /v1/cases/{id}`
pub(crate) async fn get(desk: Desk, path: Path, headers: HeaderMap) -> Result<Response, Problem> {
    let id: CaseId = path.id("id")?;
    let fresh = desk.read(move |view| {
        let case = view.case(id)?;
        let tag = tag(&case, Clock::of(&case, view.now).state);
        let known = listed(&headers, IF_NONE_MATCH.as_str(), |known| known == tag || known == "*");
        Ok((if known { None } else { Some(view.detail(&case)?) }, tag))
    });
    let (detail, tag) = fresh.await?;
    let mut response = match detail {
        Some(detail) => Json(detail).into_response(),
        None => StatusCode::NOT_MODIFIED.into_response(),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// `GET /v1/cases/{id}/timeline`
pub(crate) async fn timeline(desk: Desk, path: Path) -> Result<Json<Page<Sealed>>, Problem> {
    let id: CaseId = path.id("id")?;
    let items = desk.read(move |view| {
        let case = view.case(id)?;
        view.sealed(&case)
    });
    Ok(Json(Page { items: items.await?, next: None }))
}

/// `POST /v1/cases/{id}/acts`
pub(crate) async fn act(
    desk: Desk,
    path: Path,
    headers: HeaderMap,
    body: Body<Act>,
) -> Result<Json<Receipt>, Problem> {
    let id: CaseId = path.id("id")?;
    let conditional = headers.contains_key(IF_MATCH);
    let _turn = if conditional { desk.turn_alone(id).await } else { desk.turn(id).await };
    let once = desk.once(body.digest)?;
    desk.read(move |view| {
        // A repeat gets its receipt, whatever became of the case since.
        if once.is_some_and(|once| view::repeated(&view.reader, &once).unwrap_or(false)) {
            return Ok(());
        }
        let case = view.case(id)?;
        if conditional && !listed(&headers, IF_MATCH.as_str(), |known| is_at(known, &case)) {
            return Err(Kind::CHANGED.into());
        }
        Ok(())
    })
    .await?;
    let what = What::Act { case: Some(id), act: body.value };
    desk.command(what, body.digest).await.map(Json)
}

/// A place in the order of acts on a case.
pub(super) enum Turn<'a> {
    Shared { _held: RwLockReadGuard<'a, ()> },
    Alone { _held: RwLockWriteGuard<'a, ()> },
}

impl Desk {
    fn lock(&self, id: CaseId) -> &tokio::sync::RwLock<()> {
        let locks = &self.state.cases;
        &locks[usize::from(id.as_bytes()[15]) % locks.len()]
    }

    /// A turn beside other acts: the engine puts them in order.
    pub(super) async fn turn(&self, id: CaseId) -> Turn<'_> {
        Turn::Shared { _held: self.lock(id).read().await }
    }

    /// A turn with no other local act on the case until it is over.
    async fn turn_alone(&self, id: CaseId) -> Turn<'_> {
        Turn::Alone { _held: self.lock(id).write().await }
    }
}

/// How far a case has come, and what its clock says: `"<steps>-<last record>-<clock>"`.
fn tag(case: &Case, clock: ClockState) -> String {
    let clock = match clock {
        ClockState::None => 'n',
        ClockState::Running => 'r',
        ClockState::Overdue => 'o',
        ClockState::Met => 'm',
        ClockState::Breached => 'b',
    };
    format!("\"{}-{clock}\"", version(case))
}

fn version(case: &Case) -> String {
    let last = case.steps.last().map(|step| hex::encode(&step.record.as_bytes()[..8]));
    format!("{}-{}", case.steps.len(), last.unwrap_or_default())
}

/// Whether a tag is of the case as it is. The clock does not count: an act is not stale because
/// time has passed.
fn is_at(known: &str, case: &Case) -> bool {
    let known = known.strip_prefix('"').and_then(|known| known.strip_suffix('"'));
    known.and_then(|known| known.rsplit_once('-')).is_some_and(|(known, _)| known == version(case))
}

/// Whether one of the tags in a header (RFC 9110 §13.1) fits.
fn listed(headers: &HeaderMap, name: &str, fits: impl Fn(&str) -> bool) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|known| {
            let known = known.trim();
            known == "*" || fits(known)
        })
}

impl Listing {
    /// The order that leaves the fewest cases to look at.
    fn order(&self) -> Order {
        match (self.assignee, self.offered, self.open, self.phase) {
            (Some(person), ..) => Order::Assignee(person),
            (None, true, ..) => Order::Offered,
            (None, false, true, _) => Order::Open,
            (None, false, false, Some(phase)) => Order::Phase(phase),
            (None, false, false, None) => Order::All,
        }
    }

    fn wants(&self, case: &Case) -> bool {
        let guest = matches!(case.custody, Custody::With { .. });
        self.phase.is_none_or(|phase| case.phase == phase)
            && self.stage.as_ref().is_none_or(|stage| case.stage == *stage)
            && self.assignee.is_none_or(|person| case.assignee == Some(person))
            && (!self.open || (!guest && !case.is_ended()))
            && (!self.offered || (guest && !case.is_ended()))
    }

    fn cursor(&self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(after) = &self.after else { return Ok(None) };
        let prefix = self.order().prefix();
        // A key is its order's prefix, a time of eight bytes and an id of sixteen.
        let fits = |key: &Vec<u8>| key.starts_with(&prefix) && key.len() == prefix.len() + 24;
        hex::decode(after).filter(fits).map(Some).ok_or_else(cursor_refused)
    }
}

impl View {
    /// A page of the cases that the actor may see, newest first.
    fn list(&self, listing: &Listing, size: usize) -> Result<Page<Summary>, Problem> {
        let mut people = People::new(self);
        let (mut items, mut looked) = (Vec::new(), 0);
        let mut before = listing.cursor()?;
        while looked < LOOKED_AT {
            let batch = (size * 2).min(LOOKED_AT - looked);
            let found = view::cases(&self.reader, listing.order(), before.as_deref(), batch)?;
            let exhausted = found.len() < batch;
            looked += batch;
            for (key, case) in found {
                if items.len() == size {
                    return Ok(Page { items, next: before.map(|key| hex::encode(&key)) });
                }
                before = Some(key);
                if listing.wants(&case) && access::sees(&self.viewer(), &case) {
                    items.push(self.summary(&case, &mut people)?);
                }
            }
            if exhausted {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: before.map(|key| hex::encode(&key)) })
    }
}
