//! The duty book of a place (R3): one net, one person, one book. Composed of the policy's
//! catalogue, the place's two lists, and whoever serves there now.

use axum::Json;
use engine::command::{Ground, Receipt, What};
use engine::project::Dated;
use engine::view;
use governance::clock::WorkingHours;
use governance::duty::{DutyLists, Item};
use governance::policy::Duty;
use governance::roster::Appointment;
use record::{RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::{party, stations};
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::shape::names::{Named, People, PersonName};
use crate::shape::place::Line;

/// Which version of the lists.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Counted from 1; the last one where absent.
    version: Option<usize>,
}

/// A duty book.
#[derive(Serialize)]
pub(crate) struct Book {
    place: Line,
    level: Named,
    /// 职责目录: the policy's.
    catalogue: Vec<Duty>,
    /// 管理清单.
    management: Vec<Entry>,
    /// 服务清单.
    service: Vec<Entry>,
    /// Which version of the two lists this is, from 1; 0 where none was written.
    version: usize,
    /// The record that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<RecordId>,
    versions: Vec<Version>,
    /// Who serves here now, and in what.
    people: Vec<Serving>,
    organisations: Vec<party::Shown>,
    stations: Vec<stations::Shown>,
    /// Office hours of the place.
    hours: WorkingHours,
}

#[derive(Serialize)]
struct Version {
    version: usize,
    written: Timestamp,
}

#[derive(Serialize)]
struct Entry {
    number: String,
    what: String,
    role: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duty: Option<String>,
}

#[derive(Serialize)]
struct Serving {
    person: PersonName,
    role: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Line>,
}

/// `GET /v1/places/{id}/duty-book`
pub(crate) async fn get(
    desk: Desk,
    path: Path,
    Query(which): Query<Which>,
) -> Result<Json<Book>, Problem> {
    let id: Subject = path.id("id")?;
    desk.read(move |view| view.duty_book(id, which.version)).await.map(Json)
}

/// `PUT /v1/places/{id}/duty-book`
pub(crate) async fn put(
    desk: Desk,
    path: Path,
    body: Body<DutyLists>,
) -> Result<Json<Receipt>, Problem> {
    let place: Subject = path.id("id")?;
    let what = What::Ground(Box::new(Ground::PutDutyLists { place, lists: body.value }));
    desk.command(what, body.digest).await.map(Json)
}

impl View {
    fn duty_book(&self, id: Subject, version: Option<usize>) -> Result<Book, Problem> {
        let place = self.world.territory.get(id, self.now).ok_or_else(Problem::not_found)?;
        let versions = view::duty_versions(&self.reader, id)?;
        let version = version.unwrap_or(versions.len());
        let chosen = match (version, versions.is_empty()) {
            (0, true) => None,
            (0, false) => return Err(no_such_version()),
            (number, _) => Some(*versions.get(number - 1).ok_or_else(no_such_version)?),
        };
        let read = |version: Dated| view::duty_lists(&self.reader, self.whose(), version);
        let (record, lists) = chosen.map(read).transpose()?.unzip();
        let lists = lists.unwrap_or_default();
        let entries = |items: Vec<Item>| items.into_iter().map(|item| self.entry(item)).collect();
        Ok(Book {
            place: Line::of(place),
            level: self.level(&place.level),
            catalogue: self.policy().duties.clone(),
            management: entries(lists.management),
            service: entries(lists.service),
            version,
            record,
            versions: (1..)
                .zip(&versions)
                .map(|(version, dated)| Version { version, written: dated.at })
                .collect(),
            people: self.serving(id)?,
            organisations: self.organisations_on(id)?,
            stations: self.stations_in(id)?,
            hours: self.policy().hours.clone(),
        })
    }

    fn entry(&self, item: Item) -> Entry {
        let Item { number, what, role, hours, duty } = item;
        Entry { number, what, role: self.role(&role), hours, duty }
    }

    fn serving(&self, place: Subject) -> Result<Vec<Serving>, Problem> {
        let mut people = People::new(self);
        let mut found = Vec::new();
        for (id, held) in self.serves(place) {
            let person = people.name(id)?;
            let scope = held.scope.map(|scope| self.line(scope));
            found.push(Serving { person, role: self.role(&held.role), scope });
        }
        Ok(found)
    }

    /// Whose appointments in force are to this place, to one above it, or to one in it.
    fn serves(&self, place: Subject) -> impl Iterator<Item = (Subject, &Appointment)> {
        let (territory, now) = (&self.world.territory, self.now);
        let here = move |held: &&Appointment| {
            held.holds(now)
                && held.scope.is_some_and(|scope| {
                    territory.covers(scope, place, now) || territory.covers(place, scope, now)
                })
        };
        self.world.roster.iter().flat_map(move |(id, person)| {
            person.appointments.iter().filter(here).map(move |held| (*id, held))
        })
    }
}

fn no_such_version() -> Problem {
    Problem::at(Kind::PARAMETER, "query.version", "there is no such version")
}
