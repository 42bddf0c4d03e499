//! Cases that may be about the same matter, side by side with this one, and the way to merge them.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use governance::act::ActKind;
use record::Subject;
use serde::Deserialize;

use super::view::Shown;
use crate::page::{Page, show};
use crate::shape::case::{Detail, Summary};
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Most cases that are compared in full.
const MOST: usize = 5;

#[derive(Template)]
#[template(path = "case/similar.html")]
struct Compared {
    p: Page,
    s: Shown,
    others: Vec<(Alike, Detail)>,
    may_merge: bool,
}

#[derive(Deserialize)]
struct Similar {
    items: Vec<Alike>,
}

/// A case that may be about the same.
#[derive(Deserialize)]
struct Alike {
    case: Summary,
    /// 50 to 100.
    score: u8,
    reasons: Vec<Reason>,
}

/// What speaks for it.
#[derive(Deserialize)]
struct Reason {
    zh: String,
    en: String,
}

impl Compared {
    fn said<'r>(&self, reason: &'r Reason) -> &'r str {
        if self.p.is_english() { &reason.en } else { &reason.zh }
    }
}

/// `GET /cases/{id}/similar`
pub(super) async fn compare(staff: Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    let s = Shown::read(&staff, id).await?;
    let similar: Similar = staff.read(format!("/v1/cases/{id}/similar")).await?;
    let mut others = Vec::new();
    for alike in similar.items.into_iter().take(MOST) {
        let detail = staff.read(format!("/v1/cases/{}", alike.case.id)).await?;
        others.push((alike, detail));
    }
    let may_merge = s.may(ActKind::Merge);
    Ok(show(Compared { p: staff.page("desk"), s, others, may_merge }))
}
