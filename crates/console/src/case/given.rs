//! Who was given what of a case (给了谁), for staff.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use record::Subject;

use super::view::Shown;
use crate::page::{Page, show};
use crate::shape::ledger::Ledger;
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "case/given.html")]
struct Given {
    p: Page,
    s: Shown,
    ledger: Ledger,
}

/// `GET /cases/{id}/given`
pub(super) async fn given(staff: Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    let s = Shown::read(&staff, id).await?;
    let ledger = staff.read(format!("/v1/cases/{id}/ledger")).await?;
    Ok(show(Given { p: staff.page("desk"), s, ledger }))
}
