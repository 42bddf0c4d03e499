//! One's own account: where one is signed in, what programs have, and a new password.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use hyper::{Method, StatusCode};
use record::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::api::{Answer, Ask};
use crate::form::Form;
use crate::page::{Page, go, show_as};
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::state::State;
use crate::trouble::Trouble;

/// The label of the token in the node's own data folder.
const OPERATOR: &str = "operator.token";

#[derive(Template)]
#[template(path = "own.html")]
struct Own {
    p: Page,
    account: String,
    sessions: Vec<Session>,
    tokens: Vec<Token>,
    /// What a new password has ended.
    ended: Option<Ended>,
    wrong: Option<String>,
}

/// Where one is signed in.
#[derive(Deserialize)]
struct Session {
    id: String,
    began: Timestamp,
    expires: Timestamp,
    current: bool,
}

/// What a program acts with.
#[derive(Deserialize)]
struct Token {
    id: String,
    label: String,
    expires: Timestamp,
}

/// What a new password has ended.
#[derive(Deserialize)]
struct Ended {
    sessions: usize,
    /// Labels of programs' tokens.
    tokens: Vec<String>,
}

impl Own {
    /// Whether the token of the machine itself would end with the password.
    fn has_operator(&self) -> bool {
        self.tokens.iter().any(|token| token.label == OPERATOR)
    }
}

impl Ended {
    fn labels(&self) -> String {
        self.tokens.join(", ")
    }

    fn operator(&self) -> bool {
        self.tokens.iter().any(|label| label == OPERATOR)
    }
}

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/account", get(show))
        .route("/account/password", post(change))
        .route("/account/sessions/{id}/end", post(end_session))
        .route("/account/tokens/{id}/end", post(end_token))
}

/// `GET /account`
async fn show(staff: Staff) -> Result<Response, Trouble> {
    page(&staff, StatusCode::OK, None, None).await
}

/// `POST /account/password`
async fn change(staff: Staff, form: Form) -> Result<Response, Trouble> {
    let body = json!({ "current": form.raw("current"), "new": form.raw("new") });
    match staff.carry_out(Ask::send(Method::PUT, "/v1/me/password", &body)).await {
        Ok(answer) => page(&staff, StatusCode::OK, Some(answer.json()?), None).await,
        Err(trouble) if trouble.is_mendable() => {
            let status = trouble.status;
            let wrong = staff.page("").wrong(&trouble);
            page(&staff, status, None, Some(wrong)).await
        }
        Err(trouble) => Err(trouble),
    }
}

/// `POST /account/sessions/{id}/end`
async fn end_session(staff: Staff, Path(id): Path<String>, _: Form) -> Result<Response, Trouble> {
    end(&staff, format!("/v1/sessions/{}", segment(&id))).await
}

/// `POST /account/tokens/{id}/end`
async fn end_token(staff: Staff, Path(id): Path<String>, _: Form) -> Result<Response, Trouble> {
    end(&staff, format!("/v1/tokens/{}", segment(&id))).await
}

async fn end(staff: &Staff, path: String) -> Result<Response, Trouble> {
    let outcome: Result<Answer, Trouble> = staff.carry_out(Ask::bare(Method::DELETE, path)).await;
    match outcome {
        // What has ended meanwhile needs no end any more.
        Ok(_) => Ok(go("/account")),
        Err(trouble) if trouble.status == StatusCode::NOT_FOUND => Ok(go("/account")),
        Err(trouble) => Err(trouble),
    }
}

fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn page(
    staff: &Staff,
    status: StatusCode,
    ended: Option<Ended>,
    wrong: Option<String>,
) -> Result<Response, Trouble> {
    let sessions: Listed<Session> = staff.read("/v1/sessions").await?;
    let tokens: Listed<Token> = staff.read("/v1/tokens").await?;
    let (p, account) = (staff.page(""), staff.me.account.clone());
    let (sessions, tokens) = (sessions.items, tokens.items);
    Ok(show_as(status, Own { p, account, sessions, tokens, ended, wrong }))
}
