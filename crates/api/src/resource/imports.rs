//! Files from outside: territory, roster and reports. Each is first shown as what it would do
//! (`dry_run`), and then done in commands of the engine, which decides on every one of them.

pub(super) mod apply;
pub(crate) mod people;
pub(crate) mod places;
pub(crate) mod reports;
mod told;
pub(super) mod upload;

use std::sync::Arc;

use axum::Json;

use crate::desk::Desk;
use crate::problem::Problem;
use crate::progress::{Brings, Progress, Shown};
use crate::shape::Page;

/// `GET /v1/imports`: one's own that are under way.
pub(crate) async fn under_way(desk: Desk) -> Result<Json<Page<Shown>>, Problem> {
    let items = desk.state.under_way.of(desk.session()?.actor.id);
    std::future::ready(Ok(Json(Page { items, next: None }))).await
}

impl Desk {
    /// An import of the signed-in person begins.
    ///
    /// # Errors
    /// When nobody is signed in.
    fn import(&self, brings: Brings, rows: usize) -> Result<Arc<Progress>, Problem> {
        let by = self.session()?.actor.id;
        Ok(self.state.under_way.begin(by, brings, rows, self.now))
    }
}
