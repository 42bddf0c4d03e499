//! What is wrong with the node and what to do, as `wangge doctor` says it.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use super::node::Storage;
use crate::page::{Page, show};
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "operator/doctor.html")]
struct Doctor {
    p: Page,
    findings: Vec<Finding>,
    storage: Storage,
}

#[derive(Deserialize)]
struct Told {
    findings: Vec<Finding>,
}

/// One thing that was looked at.
#[derive(Deserialize)]
struct Finding {
    /// `wrong`, `watch`, `good`.
    state: String,
    what: String,
    zh: String,
    en: String,
}

impl Finding {
    /// Its state as a style.
    fn style(&self) -> &'static str {
        match self.state.as_str() {
            "good" => "met",
            "watch" => "soon",
            _ => "failed",
        }
    }

    /// Where it is dealt with, where that is a page of the console.
    fn page(&self) -> Option<&'static str> {
        match (self.state.as_str(), self.what.as_str()) {
            ("good", _) => None,
            (_, "proposals") => Some("/operator/proposals"),
            (_, "factors") => Some("/operator/accounts"),
            (_, "peer" | "certificate" | "revocations") => Some("/operator/peers"),
            (_, "quarantine" | "record" | "fork" | "witness") => Some("/operator/witness"),
            _ => None,
        }
    }

    fn told(&self, page: &Page) -> &str {
        if page.is_english() { &self.en } else { &self.zh }
    }
}

impl Doctor {
    fn count(&self, state: &str) -> usize {
        self.findings.iter().filter(|finding| finding.state == state).count()
    }
}

/// `GET /operator/doctor`
pub(super) async fn doctor(staff: Staff) -> Result<Response, Trouble> {
    let Told { findings } = staff.read("/v1/doctor").await?;
    let storage = staff.read("/v1/storage").await?;
    Ok(show(Doctor { p: staff.page("operator"), findings, storage }))
}
