//! Filing a report from the field, and saying at once that it was settled.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use record::Subject;
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
use crate::wrong::Wrong;

#[derive(Template)]
#[template(path = "worker/report.html")]
struct Report {
    p: Page,
    places: Vec<(String, String)>,
    categories: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    once: String,
    filed: bool,
    wrong: Option<Wrong>,
    filled: Option<Form>,
}

/// What is left where a report was filed, and could not be settled: that alone.
#[derive(Template)]
#[template(path = "worker/settle.html")]
struct Settle {
    p: Page,
    case: String,
    once: String,
    settled: String,
    wrong: Wrong,
}

/// Why it was not done, or not all of it.
struct Failed {
    /// The case that was filed nonetheless.
    case: Option<String>,
    trouble: Trouble,
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self { case: None, trouble }
    }
}

impl Report {
    /// What stood in an input before.
    fn was(&self, name: &str) -> String {
        self.filled.as_ref().map(|form| form.text(name)).unwrap_or_default()
    }

    /// Whether a choice was made before: where nothing was, that is a choice as well.
    fn had(&self, name: &str, value: &str) -> bool {
        self.filled.as_ref().is_some_and(|form| form.text(name) == value)
    }

    fn is_wrong(&self, name: &str) -> bool {
        self.wrong.as_ref().is_some_and(|wrong| wrong.is_in(name))
    }
}

/// What has just happened.
#[derive(Deserialize)]
pub(super) struct Just {
    filed: Option<String>,
}

/// `GET /work/report`
pub(super) async fn ask(staff: Staff, Query(just): Query<Just>) -> Response {
    let filed = just.filed.is_some();
    std::future::ready(show(page(&staff, filed))).await
}

fn page(staff: &Staff, filed: bool) -> Report {
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
        wrong: None,
        filled: None,
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
        Ok(id) if by_outbox => Ok(outbox::done(&id, None)),
        Ok(_) => Ok(go("/work/report?filed=yes")),
        Err(Failed { case, trouble }) if by_outbox => {
            match case.filter(|_| trouble.is_mendable()) {
                // Once it is filed, a refusal to settle it does not say that it was not.
                Some(id) => Ok(outbox::done(&id, Some(outbox::said(&staff.page(""), &trouble).0))),
                None => Err(trouble),
            }
        }
        Err(failed) if failed.trouble.is_mendable() => {
            let mut wrong = Wrong::of(&staff.page("report"), &failed.trouble, &form);
            if failed.case.is_some() {
                wrong.title = staff.page("report").told("file-unsettled", "why", wrong.title);
            }
            Ok(again(&staff, form, failed, wrong))
        }
        Err(failed) => Err(failed.trouble),
    }
}

/// What is left to be done. A case that is there is not filed again, whatever is changed on the
/// page: only its settling is.
fn again(staff: &Staff, form: Form, failed: Failed, mut wrong: Wrong) -> Response {
    let status = failed.trouble.status;
    let Some(case) = failed.case else {
        let (wrong, filled) = (Some(wrong), Some(form));
        return show_as(status, Report { wrong, filled, ..page(staff, false) });
    };
    // They are kept with the case.
    wrong.photos = false;
    let (p, once) = (staff.page("report"), form.raw("once").to_owned());
    show_as(status, Settle { p, case, once, settled: form.text("settled"), wrong })
}

/// Files it, photos first, and settles it if that is what was said. Repeated, it does nothing twice:
/// every step has a key that follows from the form's.
async fn put(staff: &Staff, form: &Form) -> Result<String, Failed> {
    let id = match form.some("case") {
        Some(case) => case.parse::<Subject>().map_err(|_| Trouble::malformed())?.to_string(),
        None => enter(staff, form).await?,
    };
    if let Some(opinion) = form.some("settled") {
        let settled = settle(staff, &id, &opinion, form.raw("once")).await;
        settled.map_err(|trouble| Failed { case: Some(id.clone()), trouble })?;
    }
    Ok(id)
}

async fn enter(staff: &Staff, form: &Form) -> Result<String, Trouble> {
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
    let ask = Ask::post("/v1/cases", &report).once(form.raw("once"));
    let Filed { id } = staff.carry_out(ask).await?.json()?;
    Ok(id)
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
