//! Files that take their time, previews as well: the work goes on when the visitor has left the page, and they are told
//! how far it is, and at its end what came of it. Kept for a while, and only while the node runs:
//! the same file once more changes nothing that is done.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use record::{Subject, Timestamp};
use serde::Deserialize;

use super::told::{Shown, Told};
use super::{What, page};
use crate::api::Ask;
use crate::page::{Page, go, show, show_as};
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;
use crate::visit::nonce;

/// How long somebody waits for the outcome before they are shown how far it is.
const BRIEF: Duration = Duration::from_millis(1_500);
/// Most files of which the outcome is kept; with more, the oldest is forgotten.
const MOST: usize = 32;
/// Most previewed files that are held until somebody has them taken in; with more, the oldest has to
/// be chosen again.
const HELD: usize = 4;

/// The files that were taken in lately, and those that are.
#[derive(Default)]
pub(crate) struct Imports(Mutex<VecDeque<Import>>);

#[derive(Clone)]
struct Import {
    id: String,
    by: Subject,
    what: What,
    began: Timestamp,
    /// Of a preview, the file itself.
    given: Option<Arc<Given>>,
    outcome: Option<Result<Arc<Told>, Trouble>>,
}

/// A file that is previewed, to be sent again when it is to be taken, and what the form said of it.
#[derive(Default)]
pub(super) struct Given {
    pub(super) held: String,
    pub(super) said: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "operator/under_way.html")]
struct UnderWay {
    p: Page,
    what: What,
    id: String,
    began: Timestamp,
    progress: Option<Progress>,
}

#[derive(Template)]
#[template(path = "operator/under_way_part.html")]
struct Part {
    p: Page,
    began: Timestamp,
    progress: Option<Progress>,
}

/// How far an import is, as the API says it.
#[derive(Clone, Deserialize)]
pub(super) struct Progress {
    /// `places`, `people`, `reports`.
    brings: String,
    rows: u64,
    done: u64,
}

impl Imports {
    fn begin(&self, staff: &Staff, what: What, given: Option<Given>) -> String {
        let (id, began) = (nonce(), staff.state.handle.now());
        let (by, given) = (staff.me.person, given.map(Arc::new));
        let import = Import { id: id.clone(), by, what, began, given, outcome: None };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_front(import);
        all.truncate(MOST);
        let held = all.iter_mut().filter(|import| import.given.is_some());
        held.skip(HELD).for_each(|import| import.given = None);
        id
    }

    fn end(&self, id: &str, outcome: Result<Told, Trouble>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(import) = all.iter_mut().find(|import| import.id == id) {
            import.outcome = Some(outcome.map(Arc::new));
        }
    }

    fn of(&self, staff: &Staff, id: &str) -> Option<Import> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|import| import.id == id && import.by == staff.me.person).cloned()
    }

    /// Somebody's that are not done: id and what they bring.
    pub(super) fn running(&self, staff: &Staff) -> Vec<(String, What)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = all.iter().filter(|one| one.by == staff.me.person && one.outcome.is_none());
        theirs.map(|import| (import.id.clone(), import.what)).collect()
    }
}

/// Takes a file in, or previews one that is `given`. The outcome is shown at once where it is there
/// at once.
pub(super) async fn work(
    staff: Staff,
    what: What,
    given: Option<Given>,
    ask: Ask,
) -> Result<Response, Trouble> {
    let id = staff.state.imports.begin(&staff, what, given);
    let (worker, of) = (staff.clone(), id.clone());
    let work = tokio::spawn(async move {
        let outcome = worker.carry_out(ask).await.and_then(|answer| answer.json());
        worker.state.imports.end(&of, outcome);
    });
    if tokio::time::timeout(BRIEF, work).await.is_err() {
        return Ok(go(&address(&id)));
    }
    match staff.state.imports.of(&staff, &id) {
        Some(Import { outcome: Some(outcome), given, .. }) => done(&staff, what, given, outcome),
        // It ended without an outcome: a fault of this program.
        Some(_) | None => Err(Trouble::internal()),
    }
}

/// `GET /operator/files/under-way/{id}`
pub(in crate::operator) async fn under_way(
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let import = staff.state.imports.of(&staff, &id).ok_or_else(Trouble::not_found)?;
    let Import { what, began, given, outcome, .. } = import;
    let p = staff.page("operator");
    match outcome {
        Some(_) if p.part => Ok(anew()),
        Some(outcome) => done(&staff, what, given, outcome),
        None => {
            let all: Listed<Progress> = staff.read("/v1/imports").await?;
            let progress = all.items.into_iter().find(|one| one.brings == what.brings());
            Ok(if p.part {
                show(Part { p, began, progress })
            } else {
                show(UnderWay { p, what, id, began, progress })
            })
        }
    }
}

fn address(id: &str) -> String {
    format!("/operator/files/under-way/{id}")
}

/// Tells htmx to load the whole page again.
fn anew() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let name = HeaderName::from_static("hx-refresh");
    response.headers_mut().insert(name, HeaderValue::from_static("true"));
    response
}

fn done(
    staff: &Staff,
    what: What,
    given: Option<Arc<Given>>,
    outcome: Result<Arc<Told>, Trouble>,
) -> Result<Response, Trouble> {
    match outcome {
        // Others were previewed since, and the file is not held any more.
        Ok(told) if told.dry_run && given.is_none() => Ok(go("/operator/files")),
        Ok(told) => {
            let (p, given) = (staff.page("operator"), given.unwrap_or_default());
            Ok(show(Shown { p, what, told, given }))
        }
        Err(trouble) if trouble.is_mendable() => {
            Ok(show_as(trouble.status, page(staff, Some(&trouble))?))
        }
        Err(trouble) => Err(trouble),
    }
}
