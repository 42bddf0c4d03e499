//! Accounts of staff, what their people hold, and where they are signed in.

mod open;
mod proposals;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use governance::certificate::Right;
use governance::policy::Role;
use hyper::Method;
use record::{Subject, Timestamp};
use serde::Deserialize;
use serde_json::json;

pub(super) use open::{ask, open};
pub(super) use proposals::{answer, list as proposals, to_confirm};

use crate::api::{Ask, segment};
use crate::form::Form;
use crate::page::{Page, go, show, show_as};
use crate::shape::person::Person;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;
use crate::visit::nonce;
use proposals::Proposal;

/// Pages of a list that are read at most, of 200 each.
const PAGES: usize = 25;

#[derive(Template)]
#[template(path = "operator/accounts.html")]
struct Accounts {
    p: Page,
    accounts: Vec<(Account, Option<Person>)>,
    without: Vec<Person>,
    proposals: Vec<Proposal>,
}

#[derive(Template)]
#[template(path = "operator/account.html")]
struct One {
    p: Page,
    account: Account,
    person: Person,
    sessions: Vec<Session>,
    roles: Vec<(String, String)>,
    grids: Vec<crate::ground::Grid>,
    proposals: Vec<Proposal>,
    once: String,
    wrong: Option<String>,
    /// The role that was asked for, and for which grid.
    was: (String, String),
}

/// An account.
#[derive(Clone, Deserialize)]
pub(super) struct Account {
    name: String,
    person: Subject,
    enabled: bool,
    /// Whether it has a second factor.
    factor: bool,
}

/// Where an account is signed in.
#[derive(Deserialize)]
struct Session {
    id: String,
    began: Timestamp,
    expires: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

impl One {
    /// Whether it is the account of whoever looks: nobody shuts themselves out by mistake.
    fn is_own(&self) -> bool {
        self.p.me.as_ref().is_some_and(|me| me.account == self.account.name)
    }
}

/// `GET /operator/accounts`
pub(super) async fn list(staff: Staff) -> Result<Response, Trouble> {
    let known: Vec<Account> = all(&staff, "/v1/accounts").await?;
    let mut people: Vec<Person> = all(&staff, "/v1/people").await?;
    let mut accounts: Vec<_> = known
        .into_iter()
        .map(|account| {
            let person = people.iter().find(|person| person.id == account.person).cloned();
            (account, person)
        })
        .collect();
    accounts.sort_by(|one, other| one.0.name.cmp(&other.0.name));
    people.retain(|person| accounts.iter().all(|(account, _)| account.person != person.id));
    let proposals = proposals::waiting(&staff).await?;
    Ok(show(Accounts { p: staff.page("operator"), accounts, without: people, proposals }))
}

/// `GET /operator/accounts/{name}`
pub(super) async fn one(staff: Staff, Path(name): Path<String>) -> Result<Response, Trouble> {
    Ok(show(read(&staff, &name).await?))
}

/// `POST /operator/accounts/{name}/sessions/{id}/end`
pub(super) async fn end_session(
    staff: Staff,
    Path((name, id)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Trouble> {
    let ask = Ask::bare(Method::DELETE, format!("/v1/sessions/{}", segment(&id)));
    done(&staff, &name, &form, staff.carry_out(ask.once(&form.text("once"))).await).await
}

/// `POST /operator/accounts/{name}`: enables or disables it, or sets a password. Either ends its
/// sessions.
pub(super) async fn change(
    staff: Staff,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let account = named(&staff, &name).await?;
    let mut body = json!({ "person": account.person, "enabled": account.enabled });
    match form.text("what").as_str() {
        "disable" => body["enabled"] = false.into(),
        "enable" => body["enabled"] = true.into(),
        "password" => body["password"] = form.raw("password").into(),
        _ => return Err(Trouble::malformed()),
    }
    let ask = Ask::send(Method::PUT, format!("/v1/accounts/{}", segment(&name)), &body);
    done(&staff, &name, &form, staff.carry_out(ask.once(&form.text("once"))).await).await
}

/// `POST /operator/accounts/{name}/roles`: appoints its person to a role, or ends one.
pub(super) async fn roles(
    staff: Staff,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let person = named(&staff, &name).await?.person;
    let role = form.text("role");
    let path = format!("/v1/people/{person}/appointments");
    let ask = match form.text("what").as_str() {
        "appoint" => Ask::post(path, &json!({ "role": role, "scope": form.some("scope") })),
        "dismiss" => Ask::bare(Method::DELETE, format!("{path}/{}", segment(&role))),
        _ => return Err(Trouble::malformed()),
    };
    done(&staff, &name, &form, staff.carry_out(ask.once(&form.text("once"))).await).await
}

/// `POST /operator/accounts/{name}/factor`: takes away a second factor that its owner has lost.
pub(super) async fn reset_factor(
    staff: Staff,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let ask = Ask::bare(Method::DELETE, format!("/v1/accounts/{}/factor", segment(&name)));
    done(&staff, &name, &form, staff.carry_out(ask).await).await
}

/// Back to the account; with what was wrong where it can be mended.
async fn done(
    staff: &Staff,
    name: &str,
    form: &Form,
    outcome: Result<crate::api::Answer, Trouble>,
) -> Result<Response, Trouble> {
    match outcome {
        Ok(_) => Ok(go(&format!("/operator/accounts/{}", segment(name)))),
        Err(trouble) if trouble.is_mendable() => {
            let page = read(staff, name).await?;
            let was = match form.text("what").as_str() {
                "appoint" => (form.text("role"), form.text("scope")),
                _ => Default::default(),
            };
            let wrong = Some(page.p.wrong(&trouble));
            Ok(show_as(trouble.status, One { wrong, was, ..page }))
        }
        Err(trouble) => Err(trouble),
    }
}

async fn read(staff: &Staff, name: &str) -> Result<One, Trouble> {
    let account = named(staff, name).await?;
    let sessions = format!("/v1/accounts/{}/sessions", segment(name));
    let sessions: Listed<Session> = staff.read(sessions).await?;
    let person = staff.read(format!("/v1/people/{}", account.person)).await?;
    let proposals = proposals::waiting_for(staff, account.person).await?;
    let p = staff.page("operator").at(format!("/operator/accounts/{}", segment(name)));
    let (roles, grids) = choices(staff, &p);
    let (sessions, once) = (sessions.items, nonce());
    let (wrong, was) = (None, Default::default());
    Ok(One { p, account, person, sessions, roles, grids, proposals, once, wrong, was })
}

async fn named(staff: &Staff, name: &str) -> Result<Account, Trouble> {
    let known: Vec<Account> = all(staff, "/v1/accounts").await?;
    known.into_iter().find(|account| account.name == name).ok_or_else(Trouble::not_found)
}

/// The roles that somebody on this node may have, and the grids that an appointment may be for.
fn choices(staff: &Staff, p: &Page) -> (Vec<(String, String)>, Vec<crate::ground::Grid>) {
    let handle = &staff.state.handle;
    let (world, setup) = (handle.world(), handle.setup());
    let (policy, certificate) = (world.policy(), setup.standing.certificate());
    let ground = world.territory.places(handle.now()).map(|place| place.level.clone()).collect();
    let roles: Vec<_> = if certificate.rights.contains(&Right::Govern) {
        policy.roles_at(&certificate.level, &ground).collect()
    } else {
        policy.roles_of_units().collect()
    };
    let named = |role: &Role| {
        let name = if p.is_english() { &role.name_en } else { &role.name };
        (role.key.clone(), name.clone())
    };
    (roles.into_iter().map(named).collect(), crate::ground::grids(handle))
}

/// Every item of a list, page by page.
async fn all<T: serde::de::DeserializeOwned>(staff: &Staff, path: &str) -> Result<Vec<T>, Trouble> {
    let (mut items, mut next) = (Vec::new(), None::<String>);
    for _ in 0..PAGES {
        let after = next.map(|next| format!("&after={}", segment(&next))).unwrap_or_default();
        let page: Listed<T> = staff.read(format!("{path}?limit=200{after}")).await?;
        items.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(items)
}
