//! Filing a report from the field, and saying at once that it was settled.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::outbox;
use crate::api::Ask;
use crate::form::Form;
use crate::ground::{self, Grid};
use crate::page::{Page, go, show, show_as};
use crate::resident::title;
use crate::shape::case::OpenActs;
use crate::shape::public::Filed;
use crate::staff::Staff;
use crate::trouble::Trouble;
use crate::visit::nonce;

#[derive(Template)]
#[template(path = "worker/report.html")]
struct Report {
    p: Page,
    places: Vec<(String, String)>,
    categories: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    once: String,
    filed: bool,
    wrong: Option<(String, String)>,
    description: String,
}

/// What has just happened.
#[derive(Deserialize)]
pub(super) struct Just {
    filed: Option<String>,
}

/// `GET /work/report`
pub(super) async fn ask(staff: Staff, Query(just): Query<Just>) -> Response {
    let filed = just.filed.is_some();
    std::future::ready(show(page(&staff, filed, None, String::new()))).await
}

fn page(staff: &Staff, filed: bool, wrong: Option<(String, String)>, words: String) -> Report {
    let p = staff.page("report");
    let world = staff.state.handle.world();
    let policy = world.policy();
    let named = |zh: &str, en: &str| if p.is_english() { en.to_owned() } else { zh.to_owned() };
    let categories = policy.categories.iter();
    let categories =
        categories.map(|known| (known.key.clone(), named(&known.name, &known.name_en)));
    let channels = policy.channels.iter();
    let channels = channels.map(|known| (known.key.clone(), named(&known.name, &known.name_en)));
    Report {
        places: places(staff),
        categories: categories.collect(),
        channels: channels.collect(),
        once: nonce(),
        filed,
        wrong,
        description: words,
        p,
    }
}

/// The places of one's appointments, or every grid for whoever has the whole ground.
fn places(staff: &Staff) -> Vec<(String, String)> {
    let own = staff.me.appointments.iter().filter_map(|held| held.scope.as_ref());
    let own = own.map(|at| (at.id.to_string(), at.name.clone().unwrap_or_default()));
    let own: Vec<_> = own.collect();
    if own.is_empty() {
        let all = ground::grids(&staff.state.handle).into_iter();
        all.map(|Grid { id, name, .. }| (id.to_string(), name)).collect()
    } else {
        own
    }
}

/// `POST /work/report`: by a browser, or by its outbox, which wants to know in JSON.
pub(super) async fn file(staff: Staff, form: Form) -> Result<Response, Trouble> {
    let by_outbox = staff.visit.by_outbox();
    match put(&staff, &form).await {
        Ok((id, left)) if by_outbox => Ok(outbox::done(&id, left)),
        Ok((_, None)) => Ok(go("/work/report?filed=yes")),
        Ok((id, Some(_))) => Ok(go(&format!("/cases/{id}"))),
        Err(trouble) if trouble.is_mendable() && !by_outbox => {
            let wrong = outbox::said(&staff.page("report"), &trouble);
            let words = form.text("description");
            Ok(show_as(trouble.status, page(&staff, false, Some(wrong), words)))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Files it, photos first, and settles it if that is what was said. Repeated, it does nothing twice:
/// every step has a key that follows from the form's. Gives its id, and what is left to be done on
/// its page: once it is filed, a refusal to settle it does not say that it was not.
async fn put(staff: &Staff, form: &Form) -> Result<(String, Option<String>), Trouble> {
    let once = form.raw("once");
    let mut photos = Vec::new();
    for photo in form.files("photo") {
        let ask = Ask::bytes("/v1/photos", "application/octet-stream", photo.clone());
        let mut kept: Value = staff.carry_out(ask).await?.json()?;
        kept["moment"] = json!("before");
        photos.push(kept);
    }
    let words = form.text("description");
    let mut report = json!({
        "title": title(&words), "description": words, "channel": form.raw("channel"),
        "photos": photos,
    });
    for name in ["category", "place", "address", "contact_name", "contact_phone"] {
        if let Some(value) = form.some(name) {
            report[name] = json!(value);
        }
    }
    let filed = staff.carry_out(Ask::post("/v1/cases", &report).once(once)).await?;
    let Filed { id } = filed.json()?;
    let Some(opinion) = form.some("settled") else { return Ok((id, None)) };
    match settle(staff, &id, &opinion, once).await {
        Ok(()) => Ok((id, None)),
        Err(trouble) if trouble.is_mendable() => {
            Ok((id, Some(outbox::said(&staff.page(""), &trouble).0)))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Says that it was settled on the spot, if that is open to whoever filed it; it is else left to the
/// case's page, which tells what is.
async fn settle(staff: &Staff, id: &str, opinion: &str, once: &str) -> Result<(), Trouble> {
    let path = format!("/v1/cases/{id}/acts");
    for act in ["accept", "settle_on_spot"] {
        let open: OpenActs = staff.read(path.as_str()).await?;
        if open.acts.iter().any(|open| open.act.key() == act) {
            let said = match act {
                "accept" => json!({ "act": act }),
                _ => json!({ "act": act, "opinion": opinion }),
            };
            staff.carry_out(Ask::post(path.as_str(), &said).once(&format!("{once}-{act}"))).await?;
        }
    }
    Ok(())
}
