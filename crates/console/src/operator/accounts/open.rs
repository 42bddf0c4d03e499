//! Opening an account: for somebody on the roster, or for somebody new.

use askama::Template;
use axum::response::Response;
use hyper::Method;
use record::Subject;
use serde_json::{Value, json};

use super::{all, choices};
use crate::api::{Ask, segment};
use crate::form::Form;
use crate::ground::Grid;
use crate::page::{Page, go, show, show_as};
use crate::shape::person::Person;
use crate::staff::Staff;
use crate::trouble::Trouble;
use crate::visit::nonce;

#[derive(Template)]
#[template(path = "operator/account_new.html")]
struct New {
    p: Page,
    people: Vec<Person>,
    roles: Vec<(String, String)>,
    grids: Vec<Grid>,
    was: Was,
    once: String,
    wrong: Option<String>,
}

/// What was filled in before.
#[derive(Default)]
struct Was {
    person: String,
    name: String,
    phone: String,
    account: String,
    role: String,
    /// The grid of the role; empty for the whole of what the node has.
    scope: String,
}

/// `GET /operator/accounts/new`
pub(in crate::operator) async fn ask(staff: Staff) -> Result<Response, Trouble> {
    Ok(show(form_of(&staff, Was::default(), None).await?))
}

/// `POST /operator/accounts/new`: enters the person where they are new, gives them the role, opens
/// the account. Each is done once, however often it is sent.
pub(in crate::operator) async fn open(staff: Staff, form: Form) -> Result<Response, Trouble> {
    let mut was = Was {
        person: form.text("person"),
        name: form.text("name"),
        phone: form.text("phone"),
        account: form.text("account"),
        role: form.text("role"),
        scope: form.text("scope"),
    };
    match enter(&staff, &form, &mut was).await {
        Ok(()) => Ok(go(&format!("/operator/accounts/{}", segment(&was.account)))),
        Err(trouble) if trouble.is_mendable() => {
            let status = trouble.status;
            Ok(show_as(status, form_of(&staff, was, Some(trouble)).await?))
        }
        Err(trouble) => Err(trouble),
    }
}

/// What is done stays done: `was` then names the person who was entered, and no role any more nor
/// for what. What is not done keeps everything that was chosen for it.
async fn enter(staff: &Staff, form: &Form, was: &mut Was) -> Result<(), Trouble> {
    let once = form.text("once");
    let password = form.raw("password");
    if was.person.is_empty() {
        let body = json!({ "name": was.name, "phone": some(&was.phone) });
        let entered = Ask::post("/v1/people", &body).once(&format!("{once}-person"));
        let entered: Value = staff.carry_out(entered).await?.json()?;
        was.person = entered["subject"].as_str().unwrap_or_default().to_owned();
        was.name.clear();
        was.phone.clear();
    }
    let person: Subject = was.person.parse().map_err(|_| Trouble::malformed())?;
    if !was.role.is_empty() {
        let body = json!({ "role": was.role, "scope": some(&was.scope) });
        let path = format!("/v1/people/{person}/appointments");
        staff.carry_out(Ask::post(path, &body).once(&format!("{once}-role"))).await?;
        was.role.clear();
        was.scope.clear();
    }
    let body = json!({ "person": person, "password": password });
    let path = format!("/v1/accounts/{}", segment(&was.account));
    staff.carry_out(Ask::send(Method::PUT, path, &body).once(&format!("{once}-account"))).await?;
    Ok(())
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

async fn form_of(staff: &Staff, was: Was, trouble: Option<Trouble>) -> Result<New, Trouble> {
    let mut people: Vec<Person> = all(staff, "/v1/people").await?;
    people.sort_by(|one, other| one.name.cmp(&other.name));
    let p = staff.page("operator");
    let wrong = trouble.map(|trouble| p.wrong(&trouble));
    let (roles, grids) = choices(staff, &p);
    Ok(New { p, people, roles, grids, was, once: nonce(), wrong })
}
