//! Signing in and out, by the API's own sessions.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use hyper::Method;
use hyper::header::{HeaderMap, SET_COOKIE};
use serde::Deserialize;
use serde_json::json;

use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, go, own_path, show, show_as};
use crate::shape::me::Me;
use crate::staff::Staff;
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::Visit;

type At = axum::extract::State<State>;

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    p: Page,
    next: String,
    account: String,
    /// Whether a code of the authenticator app is asked for, too.
    code: bool,
    /// Whether only the code was missing.
    asked: bool,
    wrong: Option<String>,
}

#[derive(Deserialize)]
struct Next {
    next: Option<String>,
}

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/login", get(ask).post(begin))
        .route("/logout", post(end))
        .route("/home", get(home))
}

/// `GET /login`
async fn ask(at: At, visit: Visit, Query(next): Query<Next>) -> Response {
    let next = next.next.map(|next| own_path(Some(&next)).to_owned()).unwrap_or_default();
    let p = Page::new(&at.0, &visit, "login");
    std::future::ready(show(Login {
        p,
        next,
        account: String::new(),
        code: false,
        asked: false,
        wrong: None,
    }))
    .await
}

/// `POST /login`
async fn begin(at: At, visit: Visit, form: Form) -> Result<Response, Trouble> {
    let (account, next) = (form.text("account"), form.text("next"));
    let mut body = json!({ "account": account, "password": form.raw("password") });
    if let Some(code) = form.some("code") {
        body["code"] = code.into();
    }
    match at.0.api.ask(&visit, Ask::post("/v1/sessions", &body)).await {
        Ok(answer) => {
            let next = if next.is_empty() { "/home" } else { own_path(Some(&next)) };
            let mut response = go(next);
            pass_cookies(&answer.headers, &mut response);
            Ok(response)
        }
        Err(trouble) if trouble.is_mendable() => {
            let p = Page::new(&at.0, &visit, "login");
            let (status, wrong) = (trouble.status, Some(trouble.title(&p)));
            let asked = trouble.code == "code-needed";
            let code = body.get("code").is_some() || asked;
            Ok(show_as(status, Login { p, next, account, code, asked, wrong }))
        }
        Err(trouble) => Err(trouble),
    }
}

/// `POST /logout`
async fn end(staff: Staff, _: Form) -> Result<Response, Trouble> {
    let answer = staff.carry_out(Ask::bare(Method::DELETE, "/v1/sessions/current")).await?;
    let mut response = go("/login");
    pass_cookies(&answer.headers, &mut response);
    Ok(response)
}

/// `GET /home`: where somebody's day begins.
async fn home(staff: Staff) -> Response {
    std::future::ready(go(start_of(&staff.me))).await
}

fn start_of(me: &Me) -> &'static str {
    if me.factor.needed {
        "/factor"
    } else if me.appointments.is_empty() {
        "/"
    } else if me.is_operator() {
        "/operator"
    } else if me.is_outdoors() {
        "/work"
    } else if me.leads() {
        "/numbers"
    } else {
        "/desk"
    }
}

fn pass_cookies(from: &HeaderMap, response: &mut Response) {
    for cookie in from.get_all(SET_COOKIE) {
        response.headers_mut().append(SET_COOKIE, cookie.clone());
    }
}
