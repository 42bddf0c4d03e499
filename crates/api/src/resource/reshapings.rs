//! Splitting and merging grids (T2), and the place that an indoor address names.

use axum::Json;
use axum::response::Response;
use engine::command::{Ground, Receipt, What};
use engine::view;
use governance::territory::indoor::{self, Attached, Indoor};
use governance::territory::reshape::{Reshape, bereft};
use record::Subject;
use serde::{Deserialize, Serialize};

use super::created;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::params::Query;
use crate::problem::{Kind, Problem};
use crate::shape::names::{Named, People, PersonName};
use crate::shape::place::Line;

/// What was done, and what it leaves for somebody to do.
#[derive(Serialize)]
struct Reshaped {
    #[serde(flatten)]
    receipt: Receipt,
    /// Appointments to places that end: nobody follows them by themselves.
    bereft: Vec<Bereft>,
    /// Stations whose place ends.
    stations: Vec<Line>,
    /// Party organisations that cover a place that ends.
    organisations: Vec<Line>,
}

#[derive(Serialize)]
struct Bereft {
    person: PersonName,
    role: Named,
    scope: Line,
}

/// An address in words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    address: String,
    level: Option<String>,
    parent: Option<Subject>,
}

/// An address taken apart, and what it names.
#[derive(Serialize)]
pub(crate) struct Found {
    address: Indoor,
    level: Named,
    /// One place, none, or several of which somebody has to choose.
    places: Vec<Line>,
    /// The place of the level in which the only one lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    grid: Option<Line>,
}

/// `POST /v1/reshapings`
pub(crate) async fn reshape(desk: Desk, body: Body<Reshape>) -> Result<Response, Problem> {
    let plan = body.value;
    // Read before it is done, when what stands in the old places still stands there.
    let (end, at) = (plan.end.clone(), plan.at);
    let left = desk.read(move |view| view.left_by(&end, at)).await?;
    let what = What::Ground(Box::new(Ground::Reshape(plan)));
    let receipt = desk.command(what, body.digest).await?;
    let id = receipt.subject.unwrap_or(Subject::ZERO);
    Ok(created(&format!("/v1/places/{id}"), &Reshaped { receipt, ..left }))
}

/// `GET /v1/attach`
pub(crate) async fn attach(
    desk: Desk,
    Query(asked): Query<Address>,
) -> Result<Json<Found>, Problem> {
    if asked.address.is_empty() {
        return Err(Problem::at(Kind::PARAMETER, "query.address", "takes at least one character"));
    }
    let found = desk.read(move |view| {
        let level = view.level_asked(asked.level)?;
        let address = indoor::parse(&asked.address);
        let attached = view.world.territory.attach(&address, &level, asked.parent, view.now);
        let (places, grid) = match attached {
            Attached::One { place, grid } => (vec![place], grid),
            Attached::None => (Vec::new(), None),
            Attached::Several(places) => (places, None),
        };
        Ok(Found {
            address,
            level: view.level(&level),
            places: places.into_iter().map(|id| view.line(id)).collect(),
            grid: grid.map(|id| view.line(id)),
        })
    });
    found.await.map(Json)
}

impl View {
    fn left_by(&self, end: &[Subject], at: record::Timestamp) -> Result<Reshaped, Problem> {
        let lineage =
            governance::territory::reshape::Lineage { at, from: end.to_vec(), to: Vec::new() };
        let mut people = People::new(self);
        let mut left = Vec::new();
        for (person, held) in bereft(&self.world.roster, &lineage) {
            let scope = self.line(held.scope.unwrap_or(Subject::ZERO));
            let person = people.name(person)?;
            left.push(Bereft { person, role: self.role(&held.role), scope });
        }
        let mut stations = Vec::new();
        for (id, history) in view::stations(&self.reader)? {
            let there = history.at(at).filter(|now| end.contains(&now.what.place));
            stations.extend(there.map(|now| Line { id, name: Some(now.what.name.clone()) }));
        }
        let mut organisations = Vec::new();
        for (id, history) in view::organisations(&self.reader)? {
            let covers = |places: &[Subject]| places.iter().any(|place| end.contains(place));
            let there = history.at(at).filter(|now| covers(&now.what.places));
            organisations.extend(there.map(|now| Line { id, name: Some(now.what.name.clone()) }));
        }
        let receipt = Receipt::empty();
        Ok(Reshaped { receipt, bereft: left, stations, organisations })
    }
}
