//! Erasing what is said of somebody who left: what goes, what stays, and only when their name is
//! typed.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use hyper::{Method, StatusCode};
use record::Subject;
use serde::Deserialize;

use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, show, show_as};
use crate::shape::me::Scope;
use crate::shape::name::Named;
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "operator/person_erase.html")]
struct Erase {
    p: Page,
    person: Person,
    /// Whether it was done just now.
    done: bool,
    wrong: Option<String>,
}

/// Somebody on the roster.
#[derive(Deserialize)]
struct Person {
    id: Subject,
    name: Option<String>,
    appointments: Vec<Held>,
}

/// A post of theirs, now or before.
#[derive(Deserialize)]
struct Held {
    role: Named,
    scope: Option<Scope>,
    in_force: bool,
}

impl Erase {
    fn name(&self) -> Option<&str> {
        self.person.name.as_deref().filter(|name| !name.is_empty())
    }

    /// Posts that they hold: while there is one, nothing is erased.
    fn held(&self) -> Vec<&Held> {
        self.person.appointments.iter().filter(|held| held.in_force).collect()
    }
}

/// `GET /operator/people/{id}/erasure`
pub(super) async fn ask(staff: Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    Ok(show(page(&staff, subject(&id)?, false, None).await?))
}

/// `POST /operator/people/{id}/erasure`
pub(super) async fn erase(
    staff: Staff,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let id = subject(&id)?;
    let asked = page(&staff, id, false, None).await?;
    if asked.name() != Some(form.text("name").trim()) {
        let wrong = Some(asked.p.say("person-erase-other"));
        return Ok(show_as(StatusCode::UNPROCESSABLE_ENTITY, Erase { wrong, ..asked }));
    }
    let ask = Ask::bare(Method::POST, format!("/v1/people/{id}/erasure"));
    match staff.carry_out(ask).await {
        Ok(_) => Ok(show(page(&staff, id, true, None).await?)),
        Err(trouble) if trouble.is_mendable() => {
            let mut wrong = trouble.title(&asked.p);
            for fault in &trouble.faults {
                wrong.push_str(&format!(" {}", fault.message));
            }
            Ok(show_as(trouble.status, Erase { wrong: Some(wrong), ..asked }))
        }
        Err(trouble) => Err(trouble),
    }
}

fn subject(text: &str) -> Result<Subject, Trouble> {
    text.parse().map_err(|_| Trouble::not_found())
}

async fn page(
    staff: &Staff,
    id: Subject,
    done: bool,
    wrong: Option<String>,
) -> Result<Erase, Trouble> {
    let person = staff.read(format!("/v1/people/{id}")).await?;
    Ok(Erase { p: staff.page("operator"), person, done, wrong })
}
