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
use record::{Hash, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::accounts::is_name;
use crate::body::{Body, Empty};
use crate::desk::Desk;
use crate::hex;
use crate::params::Path;
use crate::password;
use crate::problem::{Kind, Problem};
use crate::session::{self, SESSION_HOURS, Secret};
use crate::shape::Page;
use crate::shape::person::Held;
use crate::state::State;

/// What stands for a login where it is remembered by its idempotency key: the same account's.
const LOGIN: [u8; 32] = *b"POST /v1/sessions of the account";

/// An account's name and password. Not printable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    account: String,
    password: String,
    /// Where the account has a second factor: a code of it, or a recovery code.
    #[serde(default)]
    code: Option<String>,
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
    factor: Factor,
    /// For browsers: the token that changing requests repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
}

/// The second factor of the account.
#[derive(Serialize)]
struct Factor {
    /// Whether it is to be set up before anything else is done.
    needed: bool,
    enrolled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Recovery codes that are left.
    recovery: usize,
}

/// `POST /v1/sessions`
pub(crate) async fn begin(desk: Desk, body: Body<Login>) -> Result<Response, Problem> {
    let Login { account, password, code } = body.value;
    try_again(&desk, &account)?;
    let account = proven(&desk, account, password).await?;
    // Only who knows the password tries codes: nobody else makes its owner wait.
    if code.is_some() {
        try_code(&desk, &account.name)?;
    }
    let expires = desk.now.plus(Duration::from_secs(SESSION_HOURS * 3_600));
    let secret = Secret::new();
    let token = Token { account: account.name.clone(), expires, label: None, strong: false };
    let hash = secret.hash();
    let what = What::SignIn { hash, token, code };
    // The password is proven: it is not remembered, not even as a digest.
    let once = desk.once_of(&account.name, LOGIN)?;
    let receipt = desk.command_by(Agent::Staff(account.person), what, once).await;
    let receipt = receipt.inspect_err(|problem| {
        if problem.is(Kind::CODE_NEEDED) {
            // The password was right: asking for the code is no failure, and no success either.
            desk.state.backoff.taken_back(&account.name, desk.address());
        } else if problem.is(Kind::WRONG_CODE) {
            desk.state.metrics.login_failed();
        }
    })?;
    desk.state.backoff.succeeded(&account.name, desk.address());
    desk.state.backoff.code_succeeded(&account.name);
    if receipt.made != Some(Hash::from_bytes(hash)) {
        return Err(Problem::already_made(None));
    }
    let Account { name, person, .. } = account;
    let begun = Begun { csrf: secret.csrf(), expires, account: name, person };
    let mut response = (StatusCode::CREATED, Json(begun)).into_response();
    put_cookie(&mut response, Some(&secret), &desk.state);
    Ok(response)
}

/// `DELETE /v1/sessions/current`
pub(crate) async fn end(desk: Desk, _: Empty) -> Result<Response, Problem> {
    let what = What::PutToken { hash: desk.session()?.hash, token: None };
    desk.command_by(desk.staff()?, what, None).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    put_cookie(&mut response, None, &desk.state);
    Ok(response)
}

/// A browser's session, without its secret.
#[derive(Serialize)]
pub(crate) struct Open {
    id: String,
    began: Timestamp,
    expires: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// `GET /v1/sessions`: one's own.
pub(crate) async fn list(desk: Desk) -> Result<Json<Page<Open>>, Problem> {
    let session = desk.session()?.clone();
    open(&desk, session.account, session.hash).await
}

/// `GET /v1/accounts/{name}/sessions`
pub(crate) async fn of_account(desk: Desk, path: Path) -> Result<Json<Page<Open>>, Problem> {
    let name = path.text("name")?.to_owned();
    let known = is_name(&name).then(|| view::account(desk.state.handle.reader(), &name));
    known.transpose()?.flatten().ok_or_else(Problem::not_found)?;
    let current = desk.session()?.hash;
    open(&desk, name, current).await
}

async fn open(
    desk: &Desk,
    account: String,
    current: [u8; 32],
) -> Result<Json<Page<Open>>, Problem> {
    let items = desk.read(move |view| {
        let found = view::tokens_of(&view.reader, &account)?;
        let live = |token: &Token| token.label.is_none() && view.now < token.expires;
        let live = found.into_iter().filter(|(_, token)| live(token));
        let shown = live.map(|(hash, token)| Open {
            id: hex::encode(&hash),
            began: token.expires.minus(Duration::from_secs(SESSION_HOURS * 3_600)),
            expires: token.expires,
            current: hash == current,
        });
        Ok(shown.collect())
    });
    Ok(Json(Page { items: items.await?, next: None }))
}

/// `DELETE /v1/sessions/{id}`: one's own, or whosever with the power over the roster.
pub(crate) async fn revoke(desk: Desk, path: Path, body: Empty) -> Result<StatusCode, Problem> {
    let hash: Hash = path.id("id")?;
    let hash = *hash.as_bytes();
    let once = desk.once(body.digest)?;
    if !desk.repeated(once.as_ref()).await? {
        let found = view::token(desk.state.handle.reader(), &hash)?;
        let session = desk.session()?;
        let world = desk.state.handle.world();
        let answers = session.actor.has_power(world.policy(), Power::Roster);
        let theirs = |token: &Token| token.account == session.account || answers;
        if !found.is_some_and(|token| token.label.is_none() && theirs(&token)) {
            return Err(Problem::not_found());
        }
    }
    desk.command_by(desk.staff()?, What::PutToken { hash, token: None }, once).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/me`
pub(crate) async fn me(desk: Desk) -> Result<Json<Me>, Problem> {
    let session = desk.session()?.clone();
    let needed = desk.state.lacks_factor(&session);
    let me = desk.read(move |view| {
        let staff = view::staff(&view.reader, view.whose(), session.actor.id)?;
        let (actor, policy) = (&view.actor, view.policy());
        let all = [
            Power::Territory,
            Power::Roster,
            Power::Federation,
            Power::Query,
            Power::Personal,
            Power::Policy,
            Power::Intake,
            Power::Notebook,
        ];
        let known = view::factor(&view.reader, &session.account)?;
        let factor = Factor {
            needed,
            enrolled: known.is_some(),
            since: known.as_ref().map(|known| known.since),
            recovery: known.map_or(0, |known| known.recovery.len()),
        };
        Ok(Me {
            factor,
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

/// What a new password has ended.
#[derive(Serialize, Default)]
pub(crate) struct Ended {
    /// How many other sessions.
    sessions: usize,
    /// Labels of programs' tokens: those programs need another.
    tokens: Vec<String>,
}

/// `PUT /v1/me/password`: ends every other session and token of the account, and says which.
pub(crate) async fn change_password(
    desk: Desk,
    body: Body<NewPassword>,
) -> Result<Json<Ended>, Problem> {
    let NewPassword { current, new } = body.value;
    let session = desk.session()?.clone();
    // Asking whether it was done before tries a password, too.
    try_again(&desk, &session.account)?;
    let once = desk.once_with_password(body.digest).await?;
    if desk.repeated(once.as_ref()).await? {
        desk.state.backoff.succeeded(&session.account, desk.address());
        return Ok(Json(Ended::default()));
    }
    let account = proven(&desk, session.account, current).await?;
    desk.state.backoff.succeeded(&account.name, desk.address());
    let password = hashed(&desk.state, new, "body.new").await?;
    let (name, kept) = (account.name.clone(), session.hash);
    let before = desk.read(move |view| {
        let held = view::tokens_of(&view.reader, &name)?.into_iter();
        let live = held.filter(|(hash, token)| *hash != kept && view.now < token.expires);
        Ok(live.map(|(_, token)| token.label).collect::<Vec<_>>())
    });
    let before = before.await?;
    let what = What::ChangePassword { name: account.name, password, keep: Some(session.hash) };
    desk.command_by(desk.staff()?, what, once).await?;
    let sessions = before.iter().filter(|label| label.is_none()).count();
    Ok(Json(Ended { sessions, tokens: before.into_iter().flatten().collect() }))
}

/// Counts an attempt at the codes of an account, if there may be one now.
pub(super) fn try_code(desk: &Desk, name: &str) -> Result<(), Problem> {
    desk.state.backoff.try_code(name, Instant::now()).map_err(|wait| {
        desk.state.metrics.limited();
        Problem::after(Kind::TOO_MANY, wait)
    })
}

/// Counts an attempt at an account's password, if there may be one now.
pub(super) fn try_again(desk: &Desk, name: &str) -> Result<(), Problem> {
    let (backoff, address) = (&desk.state.backoff, desk.address());
    backoff.check(name, address, Instant::now()).map_err(|wait| {
        desk.state.metrics.limited();
        Problem::after(Kind::TOO_MANY, wait)
    })?;
    backoff.attempt(name, address, Instant::now());
    Ok(())
}

/// The account, if the password is its own. An unknown or disabled account, and a wrong password,
/// give the same answer after the same work (S17). The attempt was counted by [`try_again`], and
/// stays counted until all is right.
pub(super) async fn proven(
    desk: &Desk,
    name: String,
    password: String,
) -> Result<Account, Problem> {
    let state = &desk.state;
    let known = is_name(&name).then(|| view::account(state.handle.reader(), &name));
    let account = known.transpose()?.flatten();
    let stored = account.as_ref().map(|account| account.password.clone());
    let matches = state.hash(move || password::verify(&password, stored.as_deref())).await?;
    match account.filter(|account| matches && account.enabled) {
        Some(account) => Ok(account),
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
    let hash = state.hash(move || password::hash(&password)).await?;
    hash.map_err(|error| Problem::at(Kind::FIELD, path, error.to_string()))
}

fn put_cookie(response: &mut Response, secret: Option<&Secret>, state: &State) {
    let cookie = session::set_cookie(secret, &state.cookie, state.config.tls);
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}
