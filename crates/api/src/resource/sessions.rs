//! Signing in and out, and who one is.

use std::time::{Duration, Instant};

use axum::Json;
use axum::response::{IntoResponse, Response};
use engine::command::{Agent, What};
use engine::note::{Account, Token};
use engine::view;
use governance::policy::Power;
use hyper::StatusCode;
use hyper::header::{HeaderValue, SET_COOKIE};
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::accounts::is_name;
use crate::body::Body;
use crate::desk::Desk;
use crate::password;
use crate::problem::{Kind, Problem};
use crate::session::{self, SESSION_HOURS, Secret};
use crate::shape::person::Held;
use crate::state::State;

/// How long a login waits for its turn at hashing.
const PATIENCE: Duration = Duration::from_secs(5);
/// Expired tokens looked for at each login, so that they do not pile up.
const TIDIED: usize = 16;

/// An account's name and password. Not printable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    account: String,
    password: String,
}

/// A new password, with the old one to show that the account's owner asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    current: String,
    new: String,
}

#[derive(Serialize)]
struct Begun {
    csrf: String,
    expires: Timestamp,
    account: String,
    person: Subject,
}

/// Who is signed in, and what they may do here.
#[derive(Serialize)]
pub(crate) struct Me {
    account: String,
    person: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    appointments: Vec<Held>,
    powers: Vec<Power>,
    expires: Timestamp,
    /// For browsers: the token that changing requests repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
}

/// `POST /v1/sessions`
pub(crate) async fn begin(desk: Desk, body: Body<Login>) -> Result<Response, Problem> {
    let Login { account, password } = body.value;
    let account = proven(&desk, account, password).await?;
    let expires = desk.now.plus(Duration::from_secs(SESSION_HOURS * 3_600));
    let secret = Secret::new();
    let token = Token { account: account.name.clone(), expires, label: None };
    let what = What::PutToken { hash: secret.hash(), token: Some(token) };
    desk.do_it(Agent::Staff(account.person), what).await?;
    tidy(&desk).await;
    let Account { name, person, .. } = account;
    let begun = Begun { csrf: secret.csrf(), expires, account: name, person };
    let mut response = (StatusCode::CREATED, Json(begun)).into_response();
    put_cookie(&mut response, Some(&secret), &desk.state);
    Ok(response)
}

/// `DELETE /v1/sessions/current`
pub(crate) async fn end(desk: Desk) -> Result<Response, Problem> {
    let what = What::PutToken { hash: desk.session()?.hash, token: None };
    desk.do_it(desk.staff()?, what).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    put_cookie(&mut response, None, &desk.state);
    Ok(response)
}

/// `GET /v1/me`
pub(crate) async fn me(desk: Desk) -> Result<Json<Me>, Problem> {
    let session = desk.session()?.clone();
    let me = desk.read(move |view| {
        let staff = view::staff(&view.reader, view.whose(), session.actor.id)?;
        let (actor, policy) = (&view.actor, &view.setup.policy);
        let all =
            [Power::Territory, Power::Roster, Power::Federation, Power::Query, Power::Personal];
        Ok(Me {
            account: session.account,
            person: actor.id,
            name: staff.map(|staff| staff.name),
            appointments: actor.appointments().iter().map(|held| view.held(held)).collect(),
            powers: all.into_iter().filter(|power| actor.has_power(policy, *power)).collect(),
            expires: session.expires,
            csrf: session.csrf,
        })
    });
    me.await.map(Json)
}

/// `PUT /v1/me/password`: ends every other session and token of the account.
pub(crate) async fn change_password(
    desk: Desk,
    body: Body<NewPassword>,
) -> Result<StatusCode, Problem> {
    let NewPassword { current, new } = body.value;
    let session = desk.session()?.clone();
    let account = proven(&desk, session.account.clone(), current).await?;
    let password = hashed(&desk.state, new, "body.new").await?;
    desk.do_it(desk.staff()?, What::PutAccount(Account { password, ..account })).await?;
    end_all(&desk, &session.account, Some(session.hash)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The account, if the password is its own. An unknown or disabled account, and a wrong password,
/// give the same answer after the same work (S17).
async fn proven(desk: &Desk, name: String, password: String) -> Result<Account, Problem> {
    let (state, address) = (&desk.state, desk.address());
    let backoff = &state.backoff;
    backoff.check(&name, address, Instant::now()).map_err(|wait| {
        state.metrics.limited();
        Problem::after(Kind::TOO_MANY, wait)
    })?;
    let known = is_name(&name).then(|| view::account(state.handle.reader(), &name));
    let account = known.transpose()?.flatten();
    let stored = account.as_ref().map(|account| account.password.clone());
    backoff.attempt(&name, address, Instant::now());
    let matches = hashing(state, move || password::verify(&password, stored.as_deref())).await?;
    match account.filter(|account| matches && account.enabled) {
        Some(account) => {
            backoff.succeeded(&name, address);
            Ok(account)
        }
        None => {
            state.metrics.login_failed();
            Err(Kind::WRONG_LOGIN.into())
        }
    }
}

/// Hashes a new password.
pub(super) async fn hashed(
    state: &State,
    password: String,
    path: &'static str,
) -> Result<String, Problem> {
    let hash = hashing(state, move || password::hash(&password)).await?;
    hash.map_err(|error| Problem::at(Kind::FIELD, path, error.to_string()))
}

/// Works on a password when it is its turn, so that a flood of logins takes two cores' time and
/// two hashes' memory at most.
async fn hashing<T: Send + 'static>(
    state: &State,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let turn = tokio::time::timeout(PATIENCE, state.hashing.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return Err(Problem::after(Kind::BUSY, PATIENCE)) };
    tokio::task::spawn_blocking(work).await.map_err(|_| Kind::INTERNAL.into())
}

fn put_cookie(response: &mut Response, secret: Option<&Secret>, state: &State) {
    let cookie = session::set_cookie(secret, state.config.tls);
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}

/// Ends sessions and tokens of an account, but for one where given.
pub(super) async fn end_all(
    desk: &Desk,
    account: &str,
    but: Option<[u8; 32]>,
) -> Result<(), Problem> {
    for (hash, _) in of_account(&desk.state, account)? {
        if Some(hash) != but {
            desk.do_it(desk.staff()?, What::PutToken { hash, token: None }).await?;
        }
    }
    Ok(())
}

/// Sessions and tokens of an account.
pub(super) fn of_account(state: &State, account: &str) -> Result<Vec<([u8; 32], Token)>, Problem> {
    const PAGE: usize = 1_000;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = view::tokens(state.handle.reader(), after.as_ref(), PAGE)?;
        let full = page.len() == PAGE;
        after = page.last().map(|(hash, _)| *hash);
        found.extend(page.into_iter().filter(|(_, token)| token.account == account));
        if !full {
            return Ok(found);
        }
    }
}

/// Ends a few expired tokens, from a random place on.
async fn tidy(desk: &Desk) {
    let from = session::random();
    let Ok(found) = view::tokens(desk.state.handle.reader(), Some(&from), TIDIED) else { return };
    for (hash, _) in found.into_iter().filter(|(_, token)| token.expires <= desk.now) {
        // Not the login's business: whoever signs in next tries again.
        let _ = desk.do_it(Agent::Console, What::PutToken { hash, token: None }).await;
    }
}
