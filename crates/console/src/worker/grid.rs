//! One's grids: what they are answerable for, who else works there, and where they lie.

use askama::Template;
use axum::response::Response;
use record::Subject;
use serde::Deserialize;

use crate::map::{Area, Layers, Spot};
use crate::page::{Page, show};
use crate::shape::person::Contact;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Most places and people of one grid that are shown.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "worker/grid.html")]
struct Mine {
    p: Page,
    grids: Vec<Ground>,
    layers: Layers,
}

/// A place that one is appointed to.
struct Ground {
    id: Subject,
    place: Place,
    book: Option<Book>,
    parts: Vec<Place>,
    people: Vec<Contact>,
}

#[derive(Deserialize)]
struct Place {
    name: String,
    code: Option<String>,
    households: Option<u32>,
}

/// What a place answers for.
#[derive(Deserialize)]
struct Book {
    catalogue: Vec<Duty>,
    management: Vec<Entry>,
    service: Vec<Entry>,
}

#[derive(Deserialize)]
struct Duty {
    number: String,
    name: String,
}

#[derive(Deserialize)]
struct Entry {
    number: String,
    what: String,
    hours: Option<String>,
}

impl Mine {
    fn is_mine(&self, id: &Subject) -> bool {
        self.grids.iter().any(|ground| ground.id == *id)
    }

    /// What is open on a ground of theirs.
    fn area(&self, ground: &Ground) -> Option<&Area> {
        self.layers.areas.iter().find(|area| area.grid.id == ground.id)
    }

    /// The stations that stand on it.
    fn stations(&self, ground: &Ground) -> Vec<&Spot> {
        self.layers.stations.iter().filter(|spot| spot.place == ground.id).collect()
    }
}

/// `GET /work/grid`
pub(super) async fn mine(staff: Staff) -> Result<Response, Trouble> {
    let people: Listed<Contact> = staff.read(format!("/v1/people?limit={MOST}")).await?;
    let mut grids = Vec::new();
    for id in staff.me.scopes() {
        let parts: Listed<Place> =
            staff.read(format!("/v1/places?limit={MOST}&parent={id}")).await?;
        let serves = |person: &&Contact| {
            let mut scopes = person.appointments.iter().map(|held| held.scope.as_ref());
            scopes.any(|scope| scope.is_none_or(|scope| scope.id == id))
        };
        grids.push(Ground {
            id,
            place: staff.read(format!("/v1/places/{id}")).await?,
            book: staff.read(format!("/v1/places/{id}/duty-book")).await.ok(),
            parts: parts.items,
            people: people.items.iter().filter(serves).cloned().collect(),
        });
    }
    let layers = Layers::read(&staff).await?;
    Ok(show(Mine { p: staff.page("grid"), grids, layers }))
}

/// Whether there is anything in it.
impl Book {
    fn is_empty(&self) -> bool {
        self.catalogue.is_empty() && self.management.is_empty() && self.service.is_empty()
    }
}
