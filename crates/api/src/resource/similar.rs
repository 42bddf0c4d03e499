//! Cases that may be about one matter, for whoever takes a report in or has one before them. What
//! is compared are live cases held here of some weeks, of one grid or one category: bounded, however
//! many cases there are. Residents are not shown any: even a title may tell who reported.

use std::time::Duration;

use axum::Json;
use engine::access::Look;
use engine::project::Order;
use engine::view;
use governance::act::Report;
use governance::area::AreaCode;
use governance::case::{Case, CaseId};
use governance::field;
use governance::territory::{Located, Point};
use import::suggest::{Likeness, Matter, suggest};
use record::{Subject, Timestamp};
use serde::Serialize;

use crate::access;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::looks::Shown;
use crate::params::Path;
use crate::problem::Problem;
use crate::shape::case::Summary;
use crate::shape::names::People;

/// How far apart in time two reports of one matter are at most.
const WINDOW: Duration = Duration::from_secs(60 * 86_400);
/// Most live cases looked at, newest first, and of those the most whose words are read.
const LOOKED_AT: usize = 5_000;
const READ: usize = 500;
/// Most cases suggested.
const SHOWN: usize = 10;

/// What may be about the same.
#[derive(Serialize)]
pub(crate) struct Similar {
    items: Vec<Alike>,
    /// How many cases' words were compared.
    compared: usize,
    /// Whether there were more than are compared.
    cut: bool,
}

/// A case that may be about the same.
#[derive(Serialize)]
struct Alike {
    case: Summary,
    /// 50 to 100.
    score: u8,
    reasons: Vec<Reason>,
}

/// What speaks for it.
#[derive(Serialize)]
struct Reason {
    points: u8,
    zh: String,
    en: String,
}

/// Where and what a matter is, before any words are read.
struct Ground {
    own: Option<CaseId>,
    category: Option<String>,
    grid: Option<AreaCode>,
    at: Timestamp,
}

/// `GET /v1/cases/{id}/similar`
pub(crate) async fn of_case(desk: Desk, path: Path) -> Result<Json<Similar>, Problem> {
    let id: CaseId = path.id("id")?;
    let similar = desk.read(move |view| {
        let case = view.case(id)?;
        let ground = Ground {
            own: Some(id),
            category: case.category.clone(),
            grid: case.grid.clone(),
            at: case.opened,
        };
        view.similar(&view.matter(&case)?, &ground)
    });
    let similar = similar.await?;
    desk.looked(Shown::of(Look::Similar, id).with(["title"])).await?;
    Ok(Json(similar))
}

/// `POST /v1/cases/similar`
pub(crate) async fn of_report(desk: Desk, body: Body<Report>) -> Result<Json<Similar>, Problem> {
    let report = body.value;
    let similar = desk.read(move |view| {
        let grid = view.grid_of(&report);
        let ground = Ground { own: None, category: report.category.clone(), grid, at: view.now };
        let text = format!("{}\n{}", report.title, report.description);
        let matter = Matter::new(report.category, report.point, report.place, view.now, text);
        view.similar(&matter, &ground)
    });
    let similar = similar.await?;
    desk.looked(Shown::list(Look::Similar).with(["title"])).await?;
    Ok(Json(similar))
}

impl View {
    fn similar(&self, matter: &Matter, ground: &Ground) -> Result<Similar, Problem> {
        let (candidates, cut) = self.candidates(ground)?;
        let mut compared = Vec::with_capacity(candidates.len());
        for case in &candidates {
            compared.push((case.id, self.matter(case)?));
        }
        let mut people = People::new(self);
        let items = suggest(matter, &compared, SHOWN).into_iter().filter_map(|found| {
            let case = candidates.iter().find(|case| case.id == found.case)?;
            let reason = |reason: &import::suggest::Reason| Reason {
                points: reason.points,
                zh: Likeness::zh(&reason.what),
                en: Likeness::en(&reason.what),
            };
            let reasons = found.reasons.iter().map(reason).collect();
            let case = self.summary(case, &mut people);
            Some(case.map(|case| Alike { case, score: found.score, reasons }))
        });
        let items = items.collect::<Result<_, _>>()?;
        Ok(Similar { items, compared: compared.len(), cut })
    }

    /// Live cases near in time, of the same grid or category, that the actor may see; and whether
    /// there are more.
    fn candidates(&self, ground: &Ground) -> Result<(Vec<Case>, bool), Problem> {
        let from = ground.at.millis() - i64::try_from(WINDOW.as_millis()).unwrap_or(i64::MAX);
        // Beginning with what was opened right before the window's end.
        let until = Timestamp::from_millis(ground.at.millis().saturating_mul(2) - from);
        let end = Order::Open.key(until, Subject::from_bytes([0xff; 16]));
        let (mut found, mut before, mut looked) = (Vec::new(), end, 0);
        while looked < LOOKED_AT {
            let page = view::cases(&self.reader, Order::Open, Some(&before), 500)?;
            let last = page.len() < 500;
            looked += page.len();
            for (key, case) in page {
                before = key;
                if case.opened.millis() < from {
                    return Ok((found, false));
                }
                if self.compares(ground, &case) {
                    if found.len() == READ {
                        return Ok((found, true));
                    }
                    found.push(case);
                }
            }
            if last {
                return Ok((found, false));
            }
        }
        Ok((found, true))
    }

    fn compares(&self, ground: &Ground, case: &Case) -> bool {
        let both = |a: &Option<AreaCode>, b: &Option<AreaCode>| {
            a.as_ref().zip(b.as_ref()).is_none_or(|(a, b)| a == b)
        };
        let category = ground.category.is_some() && ground.category == case.category;
        ground.own != Some(case.id)
            && (category || both(&ground.grid, &case.grid))
            && access::sees(&self.viewer(), case)
    }

    fn matter(&self, case: &Case) -> Result<Matter, Problem> {
        let values = self.latest(case, &[field::TITLE, field::DESCRIPTION, field::POINT])?;
        let word = |name: &str| values.get(name).and_then(|v| v.as_str()).unwrap_or_default();
        let text = format!("{}\n{}", word("title"), word("description"));
        let point: Option<Point> =
            values.get("point").and_then(|point| serde_json::from_value(point.clone()).ok());
        Ok(Matter::new(case.category.clone(), point, case.place, case.opened, text))
    }

    /// The grid of what is to be reported.
    fn grid_of(&self, report: &Report) -> Option<AreaCode> {
        let (territory, level) = (&self.world.territory, self.policy().custody.begins.first()?);
        let place =
            report.place.or_else(|| match territory.locate(report.point?, level, self.now) {
                Located::One(id) => Some(id),
                Located::None | Located::Several(_) => None,
            })?;
        territory.at_level(place, level, self.now).and_then(|place| place.code.clone())
    }
}
