//! Bearer tokens, with which programs act for a person.

use std::time::Duration;

use axum::Json;
use axum::response::Response;
use engine::command::What;
use engine::note::Token;
use engine::view;
use hyper::StatusCode;
use record::Timestamp;
use serde::{Deserialize, Serialize};

use super::created;
use super::sessions::of_account;
use crate::body::Body;
use crate::desk::Desk;
use crate::hex;
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::session::{MAX_TOKEN_DAYS, Secret};
use crate::shape::Page;

/// Most tokens of one account.
const MOST: usize = 100;
/// Longest label, in characters.
const MAX_LABEL: usize = 64;

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

/// `POST /v1/tokens`: for oneself. The same request under the same idempotency key gives the same
/// token, until the node restarts.
pub(crate) async fn create(desk: Desk, body: Body<NewToken>) -> Result<Response, Problem> {
    let NewToken { label, days } = body.value;
    check(&label, days)?;
    let session = desk.session()?;
    let key = desk.key_hash()?;
    let secret = key.map_or_else(Secret::new, |key| Secret::repeatable(&desk.state.minting, &key));
    let hash = secret.hash();
    let reader = desk.state.handle.reader();
    let known = view::token(reader, &hash)?;
    let expires = match &known {
        Some(known) if known.label.as_ref() == Some(&label) => known.expires,
        Some(_) => return Err(Kind::KEY_REUSED.into()),
        None => desk.now.plus(Duration::from_secs(u64::from(days) * 86_400)),
    };
    if known.is_none() {
        let live = of_account(&desk.state, &session.account)?;
        if live.iter().filter(|(_, token)| token.label.is_some()).count() >= MOST {
            let message = format!("{MOST} tokens at most: end some first");
            return Err(Problem::at(Kind::FIELD, "body", message));
        }
        let account = session.account.clone();
        let token = Token { account, expires, label: Some(label.clone()) };
        desk.do_it(desk.staff()?, What::PutToken { hash, token: Some(token) }).await?;
    }
    let id = hex::encode(&hash);
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
    let (account, state) = (desk.session()?.account.clone(), desk.state.clone());
    let items = desk.read(move |view| {
        let found = of_account(&state, &account)?;
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
pub(crate) async fn end(desk: Desk, path: Path) -> Result<StatusCode, Problem> {
    let hash = hex::decode(path.text("id")?).and_then(|id| id.try_into().ok());
    let hash: [u8; 32] = hash.ok_or_else(Problem::not_found)?;
    let found = view::token(desk.state.handle.reader(), &hash)?;
    let account = &desk.session()?.account;
    if !found.is_some_and(|token| token.account == *account && token.label.is_some()) {
        return Err(Problem::not_found());
    }
    desk.do_it(desk.staff()?, What::PutToken { hash, token: None }).await?;
    Ok(StatusCode::NO_CONTENT)
}
