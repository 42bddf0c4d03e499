//! The page of a case, and the drawer beside a list that shows the same.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use governance::act::ActKind;
use hyper::header::ETAG;
use record::Subject;
use serde::Deserialize;

use super::input;
use crate::api::Ask;
use crate::page::{Page, show};
use crate::shape::case::{Detail, OpenAct, OpenActs, Step};
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;
use crate::visit::nonce;

/// A case with everything that its page shows.
pub(crate) struct Shown {
    pub(crate) case: Detail,
    pub(crate) steps: Vec<Step>,
    pub(crate) open: OpenActs,
    /// What the case was when it was read: an act on it is refused when it has changed since.
    pub(crate) version: String,
    pub(crate) once: String,
    pub(crate) place: Option<String>,
    /// This node's id.
    pub(crate) me: String,
}

#[derive(Template)]
#[template(path = "case/page.html")]
struct CasePage {
    p: Page,
    s: Shown,
    done: Option<ActKind>,
    not_now: Option<ActKind>,
}

#[derive(Template)]
#[template(path = "case/drawer.html")]
struct Drawer {
    p: Page,
    s: Shown,
    done: Option<ActKind>,
    not_now: Option<ActKind>,
}

/// What has just happened.
#[derive(Deserialize)]
pub(super) struct Just {
    done: Option<ActKind>,
}

#[derive(Deserialize)]
struct PlaceName {
    name: String,
}

impl Shown {
    /// Reads a case.
    ///
    /// # Errors
    /// Not found, whether it is not there or not for them; what else the API says.
    pub(crate) async fn read(staff: &Staff, id: Subject) -> Result<Self, Trouble> {
        let path = format!("/v1/cases/{id}");
        let answer = staff.state.api.ask(&staff.visit, Ask::get(path.as_str())).await?;
        let case: Detail = answer.json()?;
        let steps: Listed<Step> = staff.read(format!("{path}/timeline")).await?;
        let open: OpenActs = staff.read(format!("{path}/acts")).await?;
        let place = match case.summary.place {
            Some(place) => staff.read::<PlaceName>(format!("/v1/places/{place}")).await.ok(),
            None => None,
        };
        Ok(Self {
            case,
            steps: steps.items,
            open,
            version: answer.header(&ETAG).unwrap_or_default().to_owned(),
            once: nonce(),
            place: place.map(|place| place.name),
            me: staff.state.handle.setup().me().to_string(),
        })
    }

    /// Whether an act is open.
    pub(crate) fn may(&self, act: ActKind) -> bool {
        self.open.acts.iter().any(|open| open.act == act)
    }

    /// What moves the case on, of the acts that are open.
    pub(crate) fn forward(&self) -> Vec<&OpenAct> {
        self.open.acts.iter().filter(|open| self.is_forward(open.act)).collect()
    }

    /// What else is open.
    pub(crate) fn aside(&self) -> Vec<&OpenAct> {
        self.open.acts.iter().filter(|open| !self.is_forward(open.act)).collect()
    }

    /// What happened to it along the way.
    pub(crate) fn along(&self, p: &Page) -> String {
        let Detail { returns, reopens, reminders, supervisions, excluded, .. } = &self.case;
        let counts = [
            (*returns, p.told("case-returns", "n", returns)),
            (*reopens, p.told("case-reopens", "n", reopens)),
            (*reminders, p.told("case-reminders", "n", reminders)),
            (*supervisions, p.told("case-supervisions", "n", supervisions)),
            (u32::from(!excluded.is_empty()), p.told("case-excluded", "n", excluded.len())),
        ];
        let some = counts.into_iter().filter(|(count, _)| *count > 0);
        let some: Vec<String> = some.map(|(_, words)| words).collect();
        if some.is_empty() { p.say("case-smooth") } else { some.join(" · ") }
    }

    /// A unit that has reported in, or has told its result, may do so again, which moves nothing on.
    fn is_forward(&self, act: ActKind) -> bool {
        let own = self.case.units.iter().find(|unit| unit.node.id.to_string() == self.me);
        let again = own.is_some_and(|unit| {
            let done = unit.done.is_some();
            (act == ActKind::ReportIn && (done || unit.reported_in.is_some()))
                || (act == ActKind::UnitResult && done)
        });
        input::is_forward(act) && !again
    }

    /// Whether an act says nothing but itself, so that a button is enough.
    pub(crate) fn is_plain(&self, open: &OpenAct) -> bool {
        input::inputs(open.act).is_empty()
    }
}

/// `GET /cases/{id}`: a page, or for htmx the drawer.
pub(super) async fn view(
    staff: Staff,
    Path(id): Path<String>,
    Query(just): Query<Just>,
) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    answer(&staff, id, just.done).await
}

/// The case as it is now.
pub(super) async fn answer(
    staff: &Staff,
    id: Subject,
    done: Option<ActKind>,
) -> Result<Response, Trouble> {
    Ok(shown(staff, Shown::read(staff, id).await?, done, None))
}

/// The case with what can be done now, where an act that can't was asked for.
pub(super) fn not_now(staff: &Staff, s: Shown, act: ActKind) -> Response {
    shown(staff, s, None, Some(act))
}

fn shown(staff: &Staff, s: Shown, done: Option<ActKind>, not_now: Option<ActKind>) -> Response {
    let p = staff.page("desk");
    if staff.visit.part {
        show(Drawer { p, s, done, not_now })
    } else {
        show(CasePage { p, s, done, not_now })
    }
}
