//! The territory.

use axum::Json;
use axum::response::Response;
use engine::command::{Receipt, What};
use governance::area::AreaCode;
use governance::territory::{Boundary, Located, Place, Point};
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::{created, cursor_refused, limit};
use crate::body::{Body, Empty};
use crate::desk::{Desk, View};
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::names::Named;
use crate::shape::place::Line as Name;

/// Which places, and what part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    level: Option<String>,
    parent: Option<Subject>,
    /// Whether boundaries are given, too.
    #[serde(default)]
    boundary: bool,
    limit: Option<usize>,
    after: Option<Subject>,
}

/// A point and the level at which to look.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Where {
    lon: f64,
    lat: f64,
    level: Option<String>,
}

/// Places to establish: new ones, or further versions, parents first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bulk {
    places: Vec<Place>,
}

/// One version of a place.
#[derive(Serialize)]
pub(crate) struct Shown {
    id: Subject,
    level: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<AreaCode>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    households: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boundary: Option<Boundary>,
    valid_from: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
}

/// A place with where it lies and what it was.
#[derive(Serialize)]
pub(crate) struct Detail {
    /// The version in force, or the last one.
    #[serde(flatten)]
    now: Shown,
    in_force: bool,
    /// Nearest first.
    ancestors: Vec<Line>,
    children: usize,
    /// Every version, oldest first.
    history: Vec<Shown>,
    /// The places that it followed when grids were split or merged.
    successor_of: Vec<Name>,
    /// The places that followed it.
    succeeded_by: Vec<Name>,
}

#[derive(Serialize)]
struct Line {
    id: Subject,
    level: Named,
    name: String,
}

#[derive(Serialize)]
struct Established {
    places: usize,
    #[serde(flatten)]
    receipt: Receipt,
}

/// What lies at a point: one place, none, or several whose boundaries overlap.
#[derive(Serialize)]
pub(crate) struct Found {
    level: Named,
    places: Vec<Shown>,
}

/// `GET /v1/places`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Shown>>, Problem> {
    // A boundary has up to 2,000 points: some 80 KB of JSON.
    let (usual, most) = if listing.boundary { (50, 50) } else { (200, 1_000) };
    let size = limit(listing.limit, usual, most)?;
    let page = desk.read(move |view| {
        let territory = &view.world.territory;
        if listing.after.is_some_and(|after| territory.latest(after).is_none()) {
            return Err(cursor_refused());
        }
        let mut found = territory
            .places(view.now)
            .filter(|place| listing.after.is_none_or(|after| place.id > after))
            .filter(|place| listing.level.as_ref().is_none_or(|level| place.level == *level))
            .filter(|place| listing.parent.is_none() || place.parent == listing.parent);
        let items: Vec<Place> = found.by_ref().take(size).cloned().collect();
        let next = found.next().and(items.last()).map(|last| last.id.to_string());
        let shown = items.iter().map(|place| view.place(place, listing.boundary));
        Ok(Page { items: shown.collect(), next })
    });
    page.await.map(Json)
}

/// `GET /v1/places/{id}`
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<Detail>, Problem> {
    let id: Subject = path.id("id")?;
    let detail = desk.read(move |view| {
        let (territory, now) = (&view.world.territory, view.now);
        let place = territory.get(id, now).or_else(|| territory.latest(id));
        let place = place.ok_or_else(Problem::not_found)?;
        let line = |above: &Place| Line {
            id: above.id,
            level: view.level(&above.level),
            name: above.name.clone(),
        };
        Ok(Detail {
            now: view.place(place, true),
            in_force: place.is_valid(now),
            ancestors: territory.ancestors(id, now).map(line).collect(),
            children: territory.children(id, now).count(),
            history: territory.history(id).iter().map(|place| view.place(place, true)).collect(),
            successor_of: territory.successor_of(id).into_iter().map(|id| view.line(id)).collect(),
            succeeded_by: territory.succeeded_by(id).iter().map(|id| view.line(*id)).collect(),
        })
    });
    detail.await.map(Json)
}

/// `POST /v1/places`
pub(crate) async fn establish(desk: Desk, body: Body<Bulk>) -> Result<Response, Problem> {
    let Bulk { places } = body.value;
    let (count, first) = (places.len(), places.first().map(|place| place.id));
    let receipt = desk.command(What::Establish(places), body.digest).await?;
    let location = first.map(|id| format!("/v1/places/{id}")).unwrap_or_default();
    Ok(created(&location, &Established { places: count, receipt }))
}

/// `POST /v1/places/{id}/end`
pub(crate) async fn end(desk: Desk, path: Path, body: Empty) -> Result<Json<Receipt>, Problem> {
    let id: Subject = path.id("id")?;
    desk.command(What::EndPlace(id), body.digest).await.map(Json)
}

/// `GET /v1/locate`
pub(crate) async fn locate(desk: Desk, Query(at): Query<Where>) -> Result<Json<Found>, Problem> {
    // A point is rounded to what a record holds: what lies off the globe by less is off it, too.
    for (name, value, most) in [("lon", at.lon, 180.0), ("lat", at.lat, 90.0)] {
        if value.abs() > most {
            let message = format!("takes -{most} to {most}");
            return Err(Problem::at(Kind::PARAMETER, format!("query.{name}"), message));
        }
    }
    let point = Point::new(at.lon, at.lat)
        .map_err(|error| Problem::at(Kind::PARAMETER, "query", error.to_string()))?;
    let found = desk.read(move |view| {
        let policy = view.policy();
        let level = at.level.or_else(|| policy.custody.begins.first().cloned());
        let level = level.filter(|key| policy.levels.iter().any(|level| level.key == *key));
        let unknown = || Problem::at(Kind::PARAMETER, "query.level", "is not in the policy");
        let level = level.ok_or_else(unknown)?;
        let territory = &view.world.territory;
        let ids = match territory.locate(point, &level, view.now) {
            Located::One(id) => vec![id],
            Located::None => Vec::new(),
            Located::Several(ids) => ids,
        };
        let places = ids.iter().filter_map(|id| territory.get(*id, view.now));
        let places = places.map(|place| view.place(place, false)).collect();
        Ok(Found { level: view.level(&level), places })
    });
    found.await.map(Json)
}

impl View {
    fn place(&self, place: &Place, boundary: bool) -> Shown {
        Shown {
            id: place.id,
            level: self.level(&place.level),
            code: place.code.clone(),
            name: place.name.clone(),
            parent: place.parent,
            households: place.households,
            boundary: place.boundary.clone().filter(|_| boundary),
            valid_from: place.valid_from,
            valid_until: place.valid_until,
        }
    }
}
