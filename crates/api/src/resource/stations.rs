//! Stations with rooms and opening hours (T3). Where they are and when they are open is for
//! everybody.

use axum::Json;
use axum::response::Response;
use engine::command::{Ground, Receipt, What};
use engine::view;
use governance::history::History;
use governance::station::{OpenNow, OpeningHours, Room, Station, circle};
use governance::territory::Point;
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::{created, cursor_refused, limit};
use crate::body::{Body, Empty};
use crate::desk::{Desk, View};
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::names::{Named, named};
use crate::shape::place::Line;

/// What part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    limit: Option<usize>,
    after: Option<Subject>,
}

/// Of which level.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Around {
    level: Option<String>,
}

/// A station to be, or a further version of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Put {
    kind: String,
    name: String,
    place: Subject,
    #[serde(default)]
    point: Option<Point>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    rooms: Vec<Room>,
    hours: OpeningHours,
    #[serde(default)]
    two_in_one: bool,
    /// From now on where absent.
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    until: Option<Timestamp>,
}

/// A station as it is.
#[derive(Serialize)]
pub(crate) struct Shown {
    id: Subject,
    kind: Named,
    name: String,
    place: Line,
    #[serde(skip_serializing_if = "Option::is_none")]
    point: Option<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    rooms: Vec<Room>,
    hours: OpeningHours,
    two_in_one: bool,
    open: Open,
    from: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// Whether it is open now.
#[derive(Serialize)]
struct Open {
    now: bool,
    /// When that changes, within two months.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// The year whose holidays this node has not been told, where that makes it uncertain.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<i32>,
}

/// What lies within a walk of a station.
#[derive(Serialize)]
pub(crate) struct Circle {
    level: Named,
    /// How far one walks, in metres.
    metres: u32,
    reached: Vec<Reached>,
    gaps: Vec<Line>,
    /// Without a boundary: nobody can say.
    unsurveyed: Vec<Line>,
}

#[derive(Serialize)]
struct Reached {
    place: Line,
    metres: u32,
}

/// `GET /v1/stations`: those there are now.
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Shown>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    let page = desk.read_as(Desk::resident(Subject::ZERO), move |view| {
        let all = view::stations(&view.reader)?;
        if listing.after.is_some_and(|after| !all.iter().any(|(id, _)| *id == after)) {
            return Err(cursor_refused());
        }
        let later = |id: Subject| listing.after.is_none_or(|after| id > after);
        let mut rest = all
            .iter()
            .filter(|(id, _)| later(*id))
            .filter_map(|(id, history)| view.station(*id, history));
        let items: Vec<Shown> = rest.by_ref().take(size).collect();
        let next = rest.next().and(items.last()).map(|last| last.id.to_string());
        Ok(Page { items, next })
    });
    page.await.map(Json)
}

/// `GET /v1/stations/{id}`
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<Shown>, Problem> {
    let id: Subject = path.id("id")?;
    let shown = desk.read_as(Desk::resident(Subject::ZERO), move |view| {
        let history = view::station(&view.reader, id)?.unwrap_or_default();
        view.station(id, &history).ok_or_else(Problem::not_found)
    });
    shown.await.map(Json)
}

/// `POST /v1/stations`
pub(crate) async fn found(desk: Desk, body: Body<Put>) -> Result<Response, Problem> {
    let receipt = desk.command(body.value.command(None), body.digest).await?;
    let id = receipt.subject.unwrap_or(Subject::ZERO);
    Ok(created(&format!("/v1/stations/{id}"), &receipt))
}

/// `PUT /v1/stations/{id}`
pub(crate) async fn change(
    desk: Desk,
    path: Path,
    body: Body<Put>,
) -> Result<Json<Receipt>, Problem> {
    let id: Subject = path.id("id")?;
    desk.command(body.value.command(Some(id)), body.digest).await.map(Json)
}

/// `POST /v1/stations/{id}/end`
pub(crate) async fn end(desk: Desk, path: Path, body: Empty) -> Result<Json<Receipt>, Problem> {
    let id: Subject = path.id("id")?;
    let what = What::Ground(Box::new(Ground::EndStation(id)));
    desk.command(what, body.digest).await.map(Json)
}

/// `GET /v1/station-circle`
pub(crate) async fn around(
    desk: Desk,
    Query(around): Query<Around>,
) -> Result<Json<Circle>, Problem> {
    let found = desk.read(move |view| {
        let level = view.level_asked(around.level)?;
        let metres = view.policy().stations.circle.ok_or(Kind::NOT_IN_POLICY)?;
        let all = view::stations(&view.reader)?;
        let in_force = all.iter().filter_map(|(_, history)| history.at(view.now));
        let stations = in_force.map(|period| &period.what);
        let found = circle(stations, &view.world.territory, &level, metres, view.now);
        let reached = found.reached.iter();
        let reached =
            reached.map(|(place, metres)| Reached { place: Line::of(place), metres: *metres });
        Ok(Circle {
            level: view.level(&level),
            metres,
            reached: reached.collect(),
            gaps: found.gaps.iter().map(|place| Line::of(place)).collect(),
            unsurveyed: found.unsurveyed.iter().map(|place| Line::of(place)).collect(),
        })
    });
    found.await.map(Json)
}

impl Put {
    fn command(self, id: Option<Subject>) -> What {
        let Self { kind, name, place, point, address, rooms, hours, two_in_one, from, until } =
            self;
        let station = Station { kind, name, place, point, address, rooms, hours, two_in_one };
        let station = Box::new(station);
        What::Ground(Box::new(Ground::PutStation { id, station, from, until }))
    }
}

impl View {
    /// The stations that stand in a place now, or on a place that lies in it.
    ///
    /// # Errors
    /// When the index can't be read.
    pub(crate) fn stations_in(&self, place: Subject) -> Result<Vec<Shown>, Problem> {
        let all = view::stations(&self.reader)?;
        let territory = &self.world.territory;
        let here = |history: &History<Station>| {
            let now = history.at(self.now);
            now.is_some_and(|now| territory.covers(place, now.what.place, self.now))
        };
        let here = all.iter().filter(|(_, history)| here(history));
        Ok(here.filter_map(|(id, history)| self.station(*id, history)).collect())
    }

    fn station(&self, id: Subject, history: &History<Station>) -> Option<Shown> {
        let period = history.at(self.now)?;
        let Station { kind, name, place, point, address, rooms, hours, two_in_one } =
            period.what.clone();
        let policy = self.policy();
        let known = policy.stations.kinds.iter().find(|known| known.key == kind);
        let OpenNow { open, until, missing } =
            hours.open_at(&self.setup.calendar, &policy.hours, self.now);
        Some(Shown {
            id,
            kind: named(&kind, known.map(|known| (known.name.as_str(), known.name_en.as_str()))),
            name,
            place: self.line(place),
            point,
            address,
            rooms,
            hours,
            two_in_one,
            open: Open { now: open, until, missing },
            from: period.from,
            until: period.until,
        })
    }
}
