//! Bearer tokens, with which programs act for a person.

use std::time::Duration;

use axum::Json;
use axum::response::Response;
use engine::command::{MAX_LABEL, What};
use engine::note::Token;
use engine::view;
use hyper::StatusCode;
use record::{Hash, Timestamp};
use serde::{Deserialize, Serialize};

use super::{created, made};
use crate::body::{Body, Empty};
use crate::desk::Desk;
use crate::hex;
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::session::{MAX_TOKEN_DAYS, Secret};
use crate::shape::Page;

/// What a token is for and how long it is good.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    label: String,
    days: u32,
}

/// A token as it is shown once.
#[derive(Serialize)]
struct Minted {
    id: String,
    label: String,
    expires: Timestamp,
    token: String,
}

/// A token as it is shown ever after.
#[derive(Serialize)]
pub(crate) struct Shown {
    id: String,
    label: String,
    expires: Timestamp,
}

/// `POST /v1/tokens`: for oneself. A repeat under the same idempotency key is told that the token
/// was made, and not what it is: its secret is kept nowhere.
pub(crate) async fn create(desk: Desk, body: Body<NewToken>) -> Result<Response, Problem> {
    let NewToken { label, days } = body.value;
    check(&label, days)?;
    let secret = Secret::new();
    let hash = secret.hash();
    let expires = desk.now.plus(Duration::from_secs(u64::from(days) * 86_400));
    let (account, strong) = (desk.session()?.account.clone(), desk.session()?.strong);
    let token = Token { account, expires, label: Some(label.clone()), strong };
    let what = What::PutToken { hash, token: Some(token) };
    let id = made(&desk.command(what, body.digest).await?, hash, "/v1/tokens")?;
    let minted = Minted { id: id.clone(), label, expires, token: secret.text() };
    Ok(created(&format!("/v1/tokens/{id}"), &minted))
}

fn check(label: &str, days: u32) -> Result<(), Problem> {
    let length = label.chars().count();
    if !(1..=MAX_LABEL).contains(&length) || label.chars().any(char::is_control) {
        let message = format!("takes 1 to {MAX_LABEL} printable characters");
        return Err(Problem::at(Kind::FIELD, "body.label", message));
    }
    if !(1..=MAX_TOKEN_DAYS).contains(&days) {
        let message = format!("takes 1 to {MAX_TOKEN_DAYS}");
        return Err(Problem::at(Kind::FIELD, "body.days", message));
    }
    Ok(())
}

/// `GET /v1/tokens`: one's own.
pub(crate) async fn list(desk: Desk) -> Result<Json<Page<Shown>>, Problem> {
    let account = desk.session()?.account.clone();
    let items = desk.read(move |view| {
        let found = view::tokens_of(&view.reader, &account)?;
        let live = found.into_iter().filter(|(_, token)| view.now < token.expires);
        let shown = |(hash, token): ([u8; 32], Token)| {
            let (id, expires) = (hex::encode(&hash), token.expires);
            token.label.map(|label| Shown { id, label, expires })
        };
        Ok(live.filter_map(shown).collect())
    });
    Ok(Json(Page { items: items.await?, next: None }))
}

/// `DELETE /v1/tokens/{id}`: one's own.
pub(crate) async fn end(desk: Desk, path: Path, body: Empty) -> Result<StatusCode, Problem> {
    let hash: Hash = path.id("id")?;
    let hash = *hash.as_bytes();
    let once = desk.once(body.digest)?;
    if !desk.repeated(once.as_ref()).await? {
        let found = view::token(desk.state.handle.reader(), &hash)?;
        let account = &desk.session()?.account;
        if !found.is_some_and(|token| token.account == *account && token.label.is_some()) {
            return Err(Problem::not_found());
        }
    }
    desk.command_by(desk.staff()?, What::PutToken { hash, token: None }, once).await?;
    Ok(StatusCode::NO_CONTENT)
}
