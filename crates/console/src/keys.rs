//! One's own keys: which there are, one for this browser, and an end to any. Making one takes a
//! script, for the key never leaves the browser; the rest does not.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use hyper::{Method, StatusCode};
use record::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, go, show_as};
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::state::State;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    p: Page,
    federation: String,
    node: String,
    person: String,
    keys: Vec<Key>,
    wrong: Option<String>,
}

/// A key of one's own.
#[derive(Deserialize)]
struct Key {
    key: String,
    label: String,
    since: Timestamp,
    revoked: Option<Timestamp>,
}

impl Key {
    /// Enough of it to tell it from others.
    fn short(&self) -> &str {
        self.key.get(..8).unwrap_or_default()
    }
}

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/keys", get(list).post(enrol)).route("/keys/{key}/revoke", post(revoke))
}

/// `GET /keys`
async fn list(staff: Staff) -> Result<Response, Trouble> {
    page(&staff, StatusCode::OK, None).await
}

/// `POST /keys`
async fn enrol(staff: Staff, form: Form) -> Result<Response, Trouble> {
    let body = json!({
        "key": form.text("key"), "label": form.text("label"), "time": form.text("time"),
        "signature": form.text("signature"), "password": form.raw("password"),
    });
    done(&staff, staff.carry_out(Ask::post("/v1/me/keys", &body)).await).await
}

/// `POST /keys/{key}/revoke`
async fn revoke(staff: Staff, Path(key): Path<String>, _: Form) -> Result<Response, Trouble> {
    let key: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
    let ask = Ask::bare(Method::DELETE, format!("/v1/keys/{key}"));
    done(&staff, staff.carry_out(ask).await).await
}

async fn done(
    staff: &Staff,
    outcome: Result<crate::api::Answer, Trouble>,
) -> Result<Response, Trouble> {
    match outcome {
        Ok(_) => Ok(go("/keys")),
        Err(trouble) if trouble.is_mendable() => {
            let wrong = trouble.detail.clone().unwrap_or_else(|| trouble.title(&staff.page("")));
            page(staff, trouble.status, Some(wrong)).await
        }
        Err(trouble) => Err(trouble),
    }
}

async fn page(
    staff: &Staff,
    status: StatusCode,
    wrong: Option<String>,
) -> Result<Response, Trouble> {
    let person = staff.me.person;
    let keys: Listed<Key> = staff.read(format!("/v1/people/{person}/keys")).await?;
    let setup = staff.state.handle.setup();
    Ok(show_as(
        status,
        Keys {
            p: staff.page(""),
            federation: setup.federation.to_string(),
            node: setup.me().to_string(),
            person: person.to_string(),
            keys: keys.items,
            wrong,
        },
    ))
}
