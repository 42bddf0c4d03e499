//! Calling for help: whom one can call, and their number. Numbers are masked in lists; looking at one
//! is noted, as for anybody's.

use askama::Template;
use axum::response::Response;
use record::Subject;
use serde::Deserialize;
use serde_json::json;

use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, show};
use crate::shape::person::Contact;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Most people that are looked through.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "worker/help.html")]
struct Help {
    p: Page,
    people: Vec<Contact>,
}

#[derive(Template)]
#[template(path = "worker/call.html")]
struct Call {
    p: Page,
    person: Contact,
    number: Option<String>,
}

/// A number in clear.
#[derive(Deserialize)]
struct Revealed {
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    person_phone: Option<String>,
}

/// `GET /work/help`
pub(super) async fn list(staff: Staff) -> Result<Response, Trouble> {
    let listed: Listed<Contact> = staff.read(format!("/v1/people?limit={MOST}")).await?;
    let mut people = listed.items;
    people.retain(|person| can_help(&staff, person));
    // Whoever shares one's ground knows it best.
    people.sort_by_key(|person| person.appointments.iter().all(|held| held.scope.is_none()));
    Ok(show(Help { p: staff.page("work"), people }))
}

/// Whether somebody else has a number, and serves a place of theirs or the whole ground.
fn can_help(staff: &Staff, person: &Contact) -> bool {
    let own: Vec<Subject> = staff.me.scopes().collect();
    let serves = person.appointments.iter().any(|held| match &held.scope {
        Some(scope) => own.contains(&scope.id),
        None => true,
    });
    person.id != staff.me.person && person.phone.is_some() && serves
}

/// `POST /work/help`
pub(super) async fn call(staff: Staff, form: Form) -> Result<Response, Trouble> {
    let id: Subject = form.raw("person").parse().map_err(|_| Trouble::not_found())?;
    let person: Contact = staff.read(format!("/v1/people/{id}")).await?;
    let ask = Ask::post(format!("/v1/people/{id}/reveal"), &json!({ "purpose": "contact" }));
    let Revealed { fields } = staff.carry_out(ask).await?.json()?;
    Ok(show(Call { p: staff.page("work"), person, number: fields.person_phone }))
}
