//! What anybody may know: that there is a matter of a public category in a grid, how far it is, and
//! when it was done. Words, people, places finer than a grid and numbers stay inside. Words are not
//! compared either: whoever may try out words learns what was said.

use axum::Json;
use engine::project::Order;
use engine::view;
use governance::area::AreaCode;
use governance::case::{Case, CaseId};
use governance::change::Phase;
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::{cursor_refused, limit};
use crate::access;
use crate::desk::{Desk, View};
use crate::hex;
use crate::params::{Path, Query};
use crate::problem::Problem;
use crate::shape::Page;
use crate::shape::case::Clock;
use crate::shape::names::Named;
use crate::shape::place::Line;

/// Most cases looked at for one page.
const LOOKED_AT: usize = 2_000;

/// Which matters.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    /// Those that are done, and not those under way.
    #[serde(default)]
    done: bool,
    category: Option<String>,
    /// In this grid.
    ground: Option<Subject>,
    limit: Option<usize>,
    after: Option<String>,
}

/// A matter, as anybody may know it.
#[derive(Serialize)]
pub(crate) struct Matter {
    id: CaseId,
    category: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    grid: Option<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<AreaCode>,
    stage: Named,
    phase: Phase,
    clock: Clock,
    opened: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<Timestamp>,
    /// The level that settled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<Named>,
}

/// `GET /v1/matters`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Matter>>, Problem> {
    desk.limited(&desk.state.codes, desk.address())?;
    let size = limit(listing.limit, 20, 100)?;
    let anybody = Desk::resident(Subject::ZERO);
    desk.read_as(anybody, move |view| view.matters(&listing, size)).await.map(Json)
}

/// `GET /v1/matters/{id}`
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<Matter>, Problem> {
    desk.limited(&desk.state.codes, desk.address())?;
    let id: CaseId = path.id("id")?;
    let matter = desk.read_as(Desk::resident(Subject::ZERO), move |view| {
        let case =
            view::case(&view.reader, id)?.filter(|case| access::is_public(&view.viewer(), case));
        case.map(|case| view.matter_shown(&case)).ok_or_else(Problem::not_found)
    });
    matter.await.map(Json)
}

impl View {
    fn matters(&self, listing: &Listing, size: usize) -> Result<Page<Matter>, Problem> {
        let order = if listing.done { Order::Phase(Phase::Closed) } else { Order::Open };
        let prefix = order.prefix();
        let fits = |key: &Vec<u8>| key.starts_with(&prefix) && key.len() == prefix.len() + 24;
        let after = listing.after.as_ref();
        let after = after.map(|text| hex::decode(text).filter(fits).ok_or_else(cursor_refused));
        let (mut before, mut items) = (after.transpose()?, Vec::new());
        let found = view::cases(&self.reader, order, before.as_deref(), LOOKED_AT)?;
        let exhausted = found.len() < LOOKED_AT;
        for (key, case) in found {
            if items.len() == size {
                return Ok(Page { items, next: before.map(|key| hex::encode(&key)) });
            }
            before = Some(key);
            let of = listing.category.is_none() || case.category == listing.category;
            if of && self.in_grid(listing.ground, &case) && access::is_public(&self.viewer(), &case)
            {
                items.push(self.matter_shown(&case));
            }
        }
        let next = if exhausted { None } else { before.map(|key| hex::encode(&key)) };
        Ok(Page { items, next })
    }

    fn in_grid(&self, ground: Option<Subject>, case: &Case) -> bool {
        let (territory, grid) = (&self.world.territory, case.grid.as_ref());
        ground.is_none_or(|outer| territory.holds(outer, case.place, grid, self.now))
    }

    fn matter_shown(&self, case: &Case) -> Matter {
        let territory = &self.world.territory;
        let grid = case.grid.as_ref().and_then(|code| {
            territory.places(self.now).find(|place| place.code.as_ref() == Some(code))
        });
        Matter {
            id: case.id,
            category: self.category(case.category.as_deref().unwrap_or_default()),
            grid: grid.map(Line::of),
            code: case.grid.clone(),
            stage: self.stage(&case.stage),
            phase: case.phase,
            clock: Clock::of(case, self.now),
            opened: case.opened,
            closed: case.closed,
            settled: case.settled.as_deref().map(|key| self.level(key)),
        }
    }
}
