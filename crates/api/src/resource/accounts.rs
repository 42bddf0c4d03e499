//! Accounts of staff, for those with power over the roster.

use axum::Json;
use engine::command::What;
use engine::note::Account;
use engine::view;
use record::Subject;
use serde::{Deserialize, Serialize};

use super::sessions::hashed;
use super::{cursor_refused, limit};
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::shape::Page;

/// An account to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutAccount {
    person: Subject,
    #[serde(default)]
    password: Option<String>,
    #[serde(default = "enabled")]
    enabled: bool,
}

fn enabled() -> bool {
    true
}

/// An account as shown: never its password's hash.
#[derive(Serialize)]
pub(crate) struct Shown {
    name: String,
    person: Subject,
    enabled: bool,
    /// Whether it has a second factor.
    factor: bool,
    /// Whether what was asked waits for a second person.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
}

/// What part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    limit: Option<usize>,
    after: Option<String>,
}

/// `GET /v1/accounts`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Shown>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    if listing.after.as_deref().is_some_and(|after| !is_name(after)) {
        return Err(cursor_refused());
    }
    let page = desk.read(move |view| {
        let found = view::accounts(&view.reader, listing.after.as_deref(), size)?;
        let next = found.last().filter(|_| found.len() == size);
        let next = next.map(|last| last.name.clone());
        let items = found.into_iter().map(|account| shown(view, account));
        Ok(Page { items: items.collect::<Result<_, _>>()?, next })
    });
    page.await.map(Json)
}

fn shown(view: &View, account: Account) -> Result<Shown, Problem> {
    let Account { name, person, enabled, .. } = account;
    let factor = view::factor(&view.reader, &name)?.is_some();
    Ok(Shown { name, person, enabled, factor, pending: false })
}

/// `PUT /v1/accounts/{name}`: opens an account, or changes whether it is enabled and its password.
/// Either change ends its sessions and tokens.
pub(crate) async fn put(
    desk: Desk,
    path: Path,
    body: Body<PutAccount>,
) -> Result<Json<Shown>, Problem> {
    let PutAccount { person, password, enabled } = body.value;
    let name = path.text("name")?.to_owned();
    if !is_name(&name) {
        let message = "takes 1 to 64 of a-z 0-9 . _ -";
        return Err(Problem::at(Kind::PARAMETER, "path.name", message));
    }
    if desk.state.handle.world().roster.get(person).is_none() {
        return Err(Problem::at(Kind::UNKNOWN_PERSON, "body.person", "is not on the roster"));
    }
    let once = desk.once_with_password(body.digest).await?;
    let what = match password {
        Some(password) => {
            let password = hashed(&desk.state, password, "body.password").await?;
            What::PutAccount(Account { name: name.clone(), person, password, enabled })
        }
        None if view::account(desk.state.handle.reader(), &name)?.is_some() => {
            What::EnableAccount { name: name.clone(), person, enabled }
        }
        None => {
            let message = "is needed for a new account";
            return Err(Problem::at(Kind::FIELD_NEEDED, "body.password", message));
        }
    };
    let pending = desk.command_by(desk.staff()?, what, once).await?.pending;
    let factor = view::factor(desk.state.handle.reader(), &name)?.is_some();
    Ok(Json(Shown { name, person, enabled, factor, pending }))
}

/// Whether a text can be a login name.
pub(super) fn is_name(name: &str) -> bool {
    let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}
