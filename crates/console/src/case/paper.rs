//! A case on paper: the work order that goes along, with room for signatures.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use record::Subject;

use super::view::Shown;
use crate::page::{Page, show};
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "case/order.html")]
struct Order {
    p: Page,
    s: Shown,
}

/// `GET /cases/{id}/order`
pub(super) async fn order(staff: Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    let s = Shown::read(&staff, id).await?;
    Ok(show(Order { p: staff.page("desk"), s }))
}
