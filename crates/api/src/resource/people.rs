//! The roster.

use axum::Json;
use axum::response::Response;
use engine::command::{People, Receipt, What};
use engine::view;
use governance::roster::{Agreement, Appointment};
use record::{Subject, Timestamp};
use serde::Deserialize;

use super::{created, cursor_refused, limit};
use crate::body::{Body, Empty};
use crate::desk::Desk;
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::search;
use crate::shape::Page;
use crate::shape::person::Person;

/// Which people, and what part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    /// Only those who hold this role now.
    role: Option<String>,
    /// A part of the name, or its pinyin.
    q: Option<String>,
    limit: Option<usize>,
    after: Option<Subject>,
}

/// A name and, where there is one, a telephone number. Not printable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    name: String,
    #[serde(default)]
    phone: Option<String>,
}

/// An appointment to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Appoint {
    role: String,
    #[serde(default)]
    scope: Option<Subject>,
    /// From now on where absent.
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    until: Option<Timestamp>,
    /// Under which agreement.
    #[serde(default)]
    agreement: Option<Agreement>,
}

/// `GET /v1/people`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Person>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    let page = desk.read(move |view| {
        let roster = &view.world.roster;
        if listing.after.is_some_and(|after| roster.get(after).is_none()) {
            return Err(cursor_refused());
        }
        let holds =
            |held: &Appointment| held.holds(view.now) && Some(&held.role) == listing.role.as_ref();
        let mut ids = roster
            .iter()
            .filter(|(id, _)| listing.after.is_none_or(|after| **id > after))
            .filter(|(_, person)| listing.role.is_none() || person.appointments.iter().any(holds))
            .map(|(id, _)| *id);
        let Some(query) = &listing.q else {
            let found: Vec<Subject> = ids.by_ref().take(size).collect();
            let next = ids.next().and(found.last()).map(ToString::to_string);
            let items = found.into_iter().map(|id| view.person(id));
            return Ok(Page { items: items.collect::<Result<_, _>>()?, next });
        };
        let (mut items, mut last) = (Vec::new(), None);
        for id in ids.by_ref().take(search::READ) {
            last = Some(id);
            let staff = view::staff(&view.reader, view.whose(), id)?;
            if staff.is_some_and(|staff| search::is_named(&staff.name, query)) {
                items.push(view.person(id)?);
                if items.len() == size {
                    break;
                }
            }
        }
        Ok(Page { items, next: ids.next().and(last).map(|last| last.to_string()) })
    });
    page.await.map(Json)
}

/// `GET /v1/people/{id}`
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<Person>, Problem> {
    let id: Subject = path.id("id")?;
    desk.read(move |view| view.person(id)).await.map(Json)
}

/// `POST /v1/people`
pub(crate) async fn register(desk: Desk, body: Body<Register>) -> Result<Response, Problem> {
    let Register { name, phone } = body.value;
    unmasked(phone.as_deref())?;
    let what = What::Register { person: None, name, phone };
    let receipt = desk.command(what, body.digest).await?;
    let id = receipt.subject.unwrap_or(Subject::ZERO);
    Ok(created(&format!("/v1/people/{id}"), &receipt))
}

/// `PUT /v1/people/{id}`
pub(crate) async fn change(
    desk: Desk,
    path: Path,
    body: Body<Register>,
) -> Result<Json<Receipt>, Problem> {
    let id: Subject = path.id("id")?;
    let Register { name, phone } = body.value;
    unmasked(phone.as_deref())?;
    let what = What::Register { person: Some(id), name, phone };
    desk.command(what, body.digest).await.map(Json)
}

/// A number as this API shows it must not take the place of the number itself.
pub(super) fn unmasked(phone: Option<&str>) -> Result<(), Problem> {
    if phone.is_some_and(|phone| phone.contains('*')) {
        let message = "is masked: have it revealed, or write the number itself";
        return Err(Problem::at(Kind::FIELD, "body.phone", message));
    }
    Ok(())
}

/// `POST /v1/people/{id}/appointments`
pub(crate) async fn appoint(
    desk: Desk,
    path: Path,
    body: Body<Appoint>,
) -> Result<Response, Problem> {
    let person: Subject = path.id("id")?;
    let Appoint { role, scope, from, until, agreement } = body.value;
    let from = from.unwrap_or(desk.now);
    let appointment = Appointment { role, scope, from, until };
    let what = match agreement {
        Some(agreement) => {
            What::People(Box::new(People::AppointUnder { person, appointment, agreement }))
        }
        None => What::Appoint { person, appointment },
    };
    let receipt = desk.command(what, body.digest).await?;
    Ok(created(&format!("/v1/people/{person}"), &receipt))
}

/// `DELETE /v1/people/{id}/appointments/{role}`
pub(crate) async fn dismiss(desk: Desk, path: Path, body: Empty) -> Result<Json<Receipt>, Problem> {
    let (person, role) = (path.id("id")?, path.text("role")?.to_owned());
    desk.command(What::Dismiss { person, role }, body.digest).await.map(Json)
}

/// `POST /v1/people/{id}/erasure`
pub(crate) async fn erase(desk: Desk, path: Path, body: Empty) -> Result<Json<Receipt>, Problem> {
    let what = People::ErasePerson { person: path.id("id")? };
    desk.command(What::People(Box::new(what)), body.digest).await.map(Json)
}
