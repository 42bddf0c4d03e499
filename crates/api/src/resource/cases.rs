//! Cases, for staff.

use axum::Json;
use axum::response::{IntoResponse, Response};
use engine::access::Look;
use engine::command::{Receipt, Version, What};
use engine::project::Order;
use engine::view;
use governance::act::Act;
use governance::case::{Case, CaseId, Custody};
use governance::change::Phase;
use governance::hand::NodeOnly;
use governance::release::Withhold;
use hyper::header::{ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use hyper::{HeaderMap, StatusCode};
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::previews::Asked;
use super::reports::taken;
use super::signing::hand;
use super::{created, cursor_refused, limit};
use crate::access;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::hex;
use crate::looks::Shown;
use crate::params::{Path, Query};
use crate::parts::Parts;
use crate::problem::Problem;
use crate::search::{self, Searched};
use crate::shape::Page;
use crate::shape::case::{Clock, ClockState, Summary};
use crate::shape::names::People;
use crate::shape::timeline::Sealed;

/// Most cases looked at for one page; where few of them are for the reader, the page is short.
const LOOKED_AT: usize = 2_000;

/// Cases looked at in one go while searching.
const BATCH: usize = 500;

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
    overdue: bool,
    #[serde(default)]
    offered: bool,
    #[serde(default)]
    unplaced: bool,
    source: Option<String>,
    /// On this ground, however its grids were named when the case was reported.
    ground: Option<Subject>,
    /// Words, a number, pinyin: see [`crate::search`].
    q: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

/// A page of cases, and how far was searched for it.
#[derive(Serialize)]
pub(crate) struct Found {
    #[serde(flatten)]
    page: Page<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    searched: Option<Searched>,
}

/// `GET /v1/cases`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Found>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    let look = if listing.q.is_some() { Look::Search } else { Look::List };
    let found = desk.read(move |view| view.list(&listing, size)).await?;
    desk.looked(Shown::list(look).with(["title", "point"])).await?;
    Ok(Json(found))
}

/// `POST /v1/cases`
pub(crate) async fn create(desk: Desk, body: Parts) -> Result<Response, Problem> {
    let (by, once) = (desk.staff()?, desk.once(body.digest)?);
    let act = Act::Report(Box::new(desk.with_photos(&by, body, once.as_ref()).await?));
    // There is no case yet for which a signature would count once.
    let hand = hand(desk.session()?, None, Some(NodeOnly::Form))?;
    let (expected, withhold) = (None, Withhold::default());
    let what = What::InPerson { case: None, act, expected, withhold, hand };
    let receipt = desk.command_by(by, what, once).await?;
    let id = receipt.subject.unwrap_or(Subject::ZERO);
    Ok(created(&format!("/v1/cases/{id}"), &taken(&desk, receipt)?))
}

/// `GET /v1/cases/{id}`
pub(crate) async fn get(desk: Desk, path: Path, headers: HeaderMap) -> Result<Response, Problem> {
    let id: CaseId = path.id("id")?;
    let fresh = desk.read(move |view| {
        let case = view.case(id)?;
        let tag = tag(&case, Clock::of(&case, view.now).state);
        let known = listed(&headers, IF_NONE_MATCH.as_str(), |known| known == tag);
        Ok((if known { None } else { Some(view.detail(&case)?) }, tag))
    });
    let (detail, tag) = fresh.await?;
    if let Some(detail) = &detail {
        desk.looked(Shown::of(Look::Case, id).with(detail.shown())).await?;
    }
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
    let items = items.await?;
    let shown = items.iter().flat_map(Sealed::shown);
    desk.looked(Shown::of(Look::Timeline, id).with(shown)).await?;
    Ok(Json(Page { items, next: None }))
}

/// `POST /v1/cases/{id}/acts`
pub(crate) async fn act(
    desk: Desk,
    path: Path,
    headers: HeaderMap,
    body: Body<Asked>,
) -> Result<Json<Receipt>, Problem> {
    let id: CaseId = path.id("id")?;
    let once = desk.once(body.digest)?;
    // A repeat gets its receipt, whatever became of the case since.
    if !desk.repeated(once.as_ref()).await? {
        desk.read(move |view| view.case(id).map(|_| ())).await?;
    }
    let withhold = body.value.withhold()?;
    let Asked { act, signed, unsigned, .. } = body.value;
    let (hand, expected) = (hand(desk.session()?, signed, unsigned)?, expected(&headers));
    let what = What::InPerson { case: Some(id), act, expected, withhold, hand };
    desk.command_by(desk.staff()?, what, once).await.map(Json)
}

/// How far a case has come, and what its clock says: `"<records>-<last record>-<clock>"`.
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
    let Version { steps, last } = Version::of(case);
    format!("{steps}-{last}")
}

/// The versions that `If-Match` names (RFC 9110 §13.1.1); `None` where any will do. What is no tag
/// of ours, a weak one too, is of no version. The clock does not count: an act is not stale
/// because time has passed.
fn expected(headers: &HeaderMap) -> Option<Vec<Version>> {
    if !headers.contains_key(IF_MATCH) || listed(headers, IF_MATCH.as_str(), |_| false) {
        return None;
    }
    Some(tags(headers, IF_MATCH.as_str()).filter_map(read).collect())
}

fn read(tag: &str) -> Option<Version> {
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    let mut parts = tag.split('-');
    let (steps, last, _clock) = (parts.next()?, parts.next()?, parts.next()?);
    let version = Version { steps: steps.parse().ok()?, last: last.parse().ok()? };
    parts.next().is_none().then_some(version)
}

/// Whether one of the tags in a header (RFC 9110 §13.1) fits; `*` always does.
pub(super) fn listed(headers: &HeaderMap, name: &str, fits: impl Fn(&str) -> bool) -> bool {
    tags(headers, name).any(|known| known == "*" || fits(known))
}

fn tags<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|text| text.split(',')).map(str::trim)
}

impl Listing {
    /// The order that leaves the fewest cases to look at.
    fn order(&self) -> Order {
        match (self.assignee, self.phase, &self.source) {
            (Some(person), ..) => Order::Assignee(person),
            _ if self.offered => Order::Offered,
            _ if self.unplaced => Order::Unplaced,
            _ if self.open || self.overdue => Order::Open,
            (None, _, Some(source)) => Order::of_source(source),
            (None, Some(phase), None) => Order::Phase(phase),
            (None, None, None) => Order::All,
        }
    }

    fn wants(&self, case: &Case, now: Timestamp) -> bool {
        let guest = matches!(case.custody, Custody::With { .. });
        self.phase.is_none_or(|phase| case.phase == phase)
            && self.stage.as_ref().is_none_or(|stage| case.stage == *stage)
            && self.assignee.is_none_or(|person| case.assignee == Some(person))
            && (!(self.open || self.overdue) || (!guest && !case.is_ended()))
            && (!self.overdue || Clock::of(case, now).state == ClockState::Overdue)
            && (self.source.is_none() || case.source == self.source)
            && (!self.unplaced || (case.place.is_none() && case.grid.is_none()))
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
    fn on_ground(&self, ground: Option<Subject>, case: &Case) -> bool {
        let territory = &self.world.territory;
        let grid = case.grid.as_ref();
        ground.is_none_or(|outer| territory.holds(outer, case.place, grid, self.now))
    }

    /// A page of the cases that the actor may see, newest first.
    fn list(&self, listing: &Listing, size: usize) -> Result<Found, Problem> {
        let mut people = People::new(self);
        let mut search = listing.q.as_ref().map(|_| Searched::default());
        let (mut items, mut looked) = (Vec::new(), 0);
        let mut before = listing.cursor()?;
        let found = |items, before: Option<Vec<u8>>, searched| {
            let next = before.map(|key: Vec<u8>| hex::encode(&key));
            Ok(Found { page: Page { items, next }, searched })
        };
        let most = if search.is_some() { search::READ } else { LOOKED_AT };
        while looked < most {
            let batch = if search.is_some() { BATCH } else { size * 2 }.min(most - looked);
            let batch_of = view::cases(&self.reader, listing.order(), before.as_deref(), batch)?;
            let exhausted = batch_of.len() < batch;
            looked += batch;
            for (key, case) in batch_of {
                if items.len() == size {
                    return found(items, before, search);
                }
                before = Some(key);
                let here = self.on_ground(listing.ground, &case);
                if here
                    && listing.wants(&case, self.now)
                    && access::sees(&self.viewer(), &case)
                    && self.sought(listing, &case, search.as_mut())?
                {
                    items.push(self.summary(&case, &mut people)?);
                }
            }
            if exhausted {
                return found(items, None, search);
            }
        }
        found(items, before, search)
    }

    /// Whether a case is one that is searched for, if anything is.
    fn sought(
        &self,
        listing: &Listing,
        case: &Case,
        search: Option<&mut Searched>,
    ) -> Result<bool, Problem> {
        let (Some(query), Some(searched)) = (&listing.q, search) else { return Ok(true) };
        searched.cases += 1;
        searched.back_to = Some(case.opened);
        self.tells(case, query)
    }
}
