//! How grids are drawn, measured against the rules (T2): a report, not a barrier.

use axum::Json;
use governance::territory::{Level, Place};
use import::division::{self, Question, Report};
use import::problem::{Fault, Problem as Named, Spot};
use record::Subject;
use serde::{Deserialize, Serialize};

use super::{cursor_refused, limit};
use crate::desk::{Desk, View};
use crate::params::Query;
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::names::Named as Titled;

/// Which places that are divided into grids.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    place: Option<Subject>,
    limit: Option<usize>,
    after: Option<Subject>,
}

/// How one place is divided.
#[derive(Serialize)]
pub(crate) struct Checked {
    name: String,
    level: Titled,
    /// What was measured; absent where boundaries have too many points to reckon with.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
    /// Why nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Named>,
}

/// `GET /v1/territory/check`
pub(crate) async fn check(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Checked>>, Problem> {
    let size = limit(listing.limit, 20, 50)?;
    desk.read(move |view| view.divisions(&listing, size)).await.map(Json)
}

impl View {
    fn divisions(&self, listing: &Listing, size: usize) -> Result<Page<Checked>, Problem> {
        let territory = &self.world.territory;
        if listing.after.is_some_and(|after| territory.latest(after).is_none()) {
            return Err(cursor_refused());
        }
        let policy = self.policy();
        let grid = policy.custody.begins.first();
        let grid = grid.and_then(|key| policy.levels.iter().find(|level| level.key == *key));
        let grid = grid.ok_or_else(|| {
            let (zh, en) = ("规则里没有网格一级", "the policy has no level of grids");
            Problem::because(Kind::NOT_IN_POLICY, zh, en)
        })?;
        if let Some(place) = listing.place {
            let place = territory.get(place, self.now).ok_or_else(Problem::not_found)?;
            return Ok(Page { items: vec![self.division(place, grid)], next: None });
        }
        // What has grids directly under it.
        let divided = |place: &&Place| {
            territory.children(place.id, self.now).any(|child| child.level == grid.key)
        };
        let mut found = territory
            .places(self.now)
            .filter(|place| listing.after.is_none_or(|after| place.id > after))
            .filter(divided);
        let page: Vec<&Place> = found.by_ref().take(size).collect();
        let next = found.next().and(page.last()).map(|last| last.id.to_string());
        let items = page.into_iter().map(|place| self.division(place, grid)).collect();
        Ok(Page { items, next })
    }

    fn division(&self, place: &Place, grid: &Level) -> Checked {
        let question = Question {
            territory: &self.world.territory,
            parent: place.id,
            level: grid,
            rule: self.policy().grid.as_ref(),
            at: self.now,
        };
        let (name, level) = (place.name.clone(), self.level(&place.level));
        match division::check(&question) {
            Ok(report) => Checked { name, level, report: Some(report), problem: None },
            Err(_) => {
                let (zh, en) =
                    ("边界的点太多，无法检查", "boundaries have too many points to check");
                let problem = Named::warning(Fault::TooComplex, Spot::default(), zh, en);
                Checked { name, level, report: None, problem: Some(problem) }
            }
        }
    }
}
