//! Files in and out: what a file would do is shown first, with every problem by its cell, and done
//! only when somebody says so.

pub(crate) mod long;
mod told;

use askama::Template;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use governance::policy::Power;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use crate::api::{Answer, Ask};
use crate::form::Form;
use crate::page::{Page, show, show_as};
use crate::staff::Staff;
use crate::trouble::Trouble;

use long::Given;
use told::{Told, sheet};

/// The coordinate systems that a file may have.
const SYSTEMS: [&str; 3] = ["wgs84", "gcj02", "bd09"];
/// The source of work orders where none is named.
const HOTLINE: &str = "hotline-12345";

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Places,
    People,
    Orders,
}

#[derive(Template)]
#[template(path = "operator/files.html")]
struct Files {
    p: Page,
    kinds: Vec<What>,
    /// Files of theirs that are being taken in: id and what they bring.
    running: Vec<(String, What)>,
    wrong: Option<String>,
}

impl What {
    const ALL: [Self; 3] = [Self::Places, Self::People, Self::Orders];

    fn key(self) -> &'static str {
        match self {
            Self::Places => "places",
            Self::People => "people",
            Self::Orders => "orders",
        }
    }

    fn named(key: &str) -> Result<Self, Trouble> {
        Self::ALL.into_iter().find(|what| what.key() == key).ok_or_else(Trouble::not_found)
    }

    /// What somebody needs to bring it in.
    fn power(self) -> Power {
        match self {
            Self::Places => Power::Territory,
            Self::People => Power::Roster,
            Self::Orders => Power::Intake,
        }
    }

    /// What the API calls it.
    fn brings(self) -> &'static str {
        match self {
            Self::Places => "places",
            Self::People => "people",
            Self::Orders => "reports",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Places => "/v1/imports/places",
            Self::People => "/v1/imports/people",
            Self::Orders => "/v1/imports/reports",
        }
    }

    /// The fields of its form besides the file.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Places => &["system", "complete"],
            Self::People => &[],
            Self::Orders => &["source"],
        }
    }
}

impl Files {
    fn systems(&self) -> [&'static str; 3] {
        SYSTEMS
    }

    /// What people's numbers may be wanted for.
    fn purposes(&self) -> [&'static str; 5] {
        ["contact", "identify", "emergency", "supervision", "request"]
    }

    fn source(&self) -> &'static str {
        HOTLINE
    }

    fn may(&self, what: &What) -> bool {
        self.kinds.contains(what)
    }
}

/// `GET /operator/files`
pub(super) async fn files(staff: Staff) -> Result<Response, Trouble> {
    std::future::ready(page(&staff, None)).await.map(show)
}

fn page(staff: &Staff, trouble: Option<&Trouble>) -> Result<Files, Trouble> {
    let p = staff.page("operator");
    let may = |what: &What| staff.me.powers.contains(&what.power());
    let kinds: Vec<What> = What::ALL.into_iter().filter(may).collect();
    if kinds.is_empty() {
        return Err(Trouble::not_found());
    }
    let wrong = trouble.map(|trouble| {
        let faults = trouble.faults.iter().map(|fault| format!(" {}", fault.message));
        format!("{}{}", trouble.title(&p), faults.collect::<String>())
    });
    let running = staff.state.imports.running(staff);
    Ok(Files { p, kinds, running, wrong })
}

/// `POST /operator/files/{what}`: previews a file, takes it in, or gives its problems as a sheet.
pub(super) async fn take(
    staff: Staff,
    Path(what): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let what = What::named(&what)?;
    let file = form.files("file").next().map(|bytes| BASE64.encode(bytes));
    let held = file.unwrap_or_else(|| form.raw("held").to_owned());
    let step = form.text("step");
    let said: Vec<(&'static str, String)> =
        what.fields().iter().map(|name| (*name, form.text(name))).collect();
    let mut body = Map::new();
    body.insert("file".into(), Value::from(held.as_str()));
    body.insert("dry_run".into(), (step != "apply").into());
    for (name, value) in said.iter().filter(|(_, value)| !value.is_empty()) {
        let value = if *name == "complete" { true.into() } else { value.as_str().into() };
        body.insert((*name).into(), value);
    }
    let ask = Ask::post(what.path(), &Value::Object(body));
    match step.as_str() {
        "apply" => long::work(staff, what, None, ask).await,
        "errors" => errors(&staff, ask).await,
        _ => long::work(staff, what, Some(Given { held, said }), ask).await,
    }
}

/// The problems of a file as a sheet.
async fn errors(staff: &Staff, ask: Ask) -> Result<Response, Trouble> {
    let outcome = staff.carry_out(ask).await;
    let told: Told = match outcome.and_then(|answer| answer.json()) {
        Ok(told) => told,
        Err(trouble) if trouble.is_mendable() => {
            return Ok(show_as(trouble.status, page(staff, Some(&trouble))?));
        }
        Err(trouble) => return Err(trouble),
    };
    let sheet = sheet(&staff.page("operator"), &told);
    Ok(download(sheet.into(), "errors.csv", "text/csv; charset=utf-8"))
}

/// `POST /operator/files/export/{what}`
pub(super) async fn give(
    staff: Staff,
    Path(what): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let format = form.text("format");
    let (path, body) = match What::named(&what)? {
        What::Places => {
            let ids = !form.text("ids").is_empty();
            ("/v1/exports/places", json!({ "format": format, "ids": ids }))
        }
        What::Orders => {
            let source = form.text("source");
            ("/v1/exports/orders", json!({ "format": format, "source": source }))
        }
        What::People => {
            let purpose = form.text("purpose");
            ("/v1/exports/people", json!({ "format": format, "purpose": purpose }))
        }
    };
    match staff.carry_out(Ask::post(path, &body)).await {
        Ok(Answer { headers, bytes }) => Ok(passed_on(&headers, bytes)),
        Err(trouble) if trouble.is_mendable() => {
            Ok(show_as(trouble.status, page(&staff, Some(&trouble))?))
        }
        Err(trouble) => Err(trouble),
    }
}

fn download(bytes: Bytes, name: &str, kind: &'static str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    response
}

/// A file as the API gave it.
fn passed_on(of: &HeaderMap, bytes: Bytes) -> Response {
    let mut response = bytes.into_response();
    for name in [CONTENT_TYPE, CONTENT_DISPOSITION] {
        if let Some(value) = of.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
