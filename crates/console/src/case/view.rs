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
}

#[derive(Template)]
#[template(path = "case/drawer.html")]
struct Drawer {
    p: Page,
    s: Shown,
    done: Option<ActKind>,
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

    /// What moves the case on, of the acts that are open.
    pub(crate) fn forward(&self) -> Vec<&OpenAct> {
        self.open.acts.iter().filter(|open| input::is_forward(open.act)).collect()
    }

    /// What else is open.
    pub(crate) fn aside(&self) -> Vec<&OpenAct> {
        self.open.acts.iter().filter(|open| !input::is_forward(open.act)).collect()
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
    let (p, s) = (staff.page("desk"), Shown::read(staff, id).await?);
    Ok(if staff.visit.part { show(Drawer { p, s, done }) } else { show(CasePage { p, s, done }) })
}
