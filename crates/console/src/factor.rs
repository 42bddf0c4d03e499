//! One's second factor: set up with an authenticator app, without any script.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, show_as};
use crate::qr::Qr;
use crate::shape::me::Factor;
use crate::staff::Staff;
use crate::state::State;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "factor.html")]
struct FactorPage {
    p: Page,
    account: String,
    factor: Factor,
    offer: Offer,
    qr: Option<Qr>,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "factor_done.html")]
struct DonePage {
    p: Page,
    recovery: Vec<String>,
}

/// A secret that nobody has taken yet.
#[derive(Deserialize)]
struct Offer {
    secret: String,
    uri: String,
}

#[derive(Deserialize)]
struct Enrolled {
    recovery: Vec<String>,
}

impl Offer {
    /// The secret in groups, as it is typed by whoever can't scan it.
    fn groups(&self) -> Vec<&str> {
        let ends = (0..self.secret.len()).step_by(4);
        ends.filter_map(|at| self.secret.get(at..self.secret.len().min(at + 4))).collect()
    }
}

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/factor", get(ask).post(enrol))
}

/// `GET /factor`
async fn ask(staff: Staff) -> Result<Response, Trouble> {
    let offer = Ask::bare(Method::POST, "/v1/me/factor/offer");
    let offer = staff.carry_out(offer).await?.json()?;
    Ok(page(&staff, StatusCode::OK, offer, None))
}

/// `POST /factor`
async fn enrol(staff: Staff, form: Form) -> Result<Response, Trouble> {
    // The same secret is shown again where the code was wrong: it was scanned already.
    let offer = Offer { secret: form.text("secret"), uri: form.text("uri") };
    let mut body = json!({
        "secret": offer.secret, "code": form.text("code"), "password": form.raw("password"),
    });
    if let Some(current) = form.some("current") {
        body["current"] = current.into();
    }
    match staff.carry_out(Ask::send(Method::PUT, "/v1/me/factor", &body)).await {
        Ok(answer) => {
            let Enrolled { recovery } = answer.json()?;
            Ok(show_as(StatusCode::OK, DonePage { p: staff.page(""), recovery }))
        }
        Err(trouble) if trouble.is_mendable() => {
            let wrong = trouble.title(&staff.page(""));
            Ok(page(&staff, trouble.status, offer, Some(wrong)))
        }
        Err(trouble) => Err(trouble),
    }
}

fn page(staff: &Staff, status: StatusCode, offer: Offer, wrong: Option<String>) -> Response {
    let (p, factor) = (staff.page(""), staff.me.factor.clone());
    let (account, qr) = (staff.me.account.clone(), Qr::of(offer.uri.clone()));
    show_as(status, FactorPage { p, account, factor, offer, qr, wrong })
}
