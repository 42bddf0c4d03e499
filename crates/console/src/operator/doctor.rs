//! What is wrong with the node and what to do, as `wangge doctor` says it.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use super::node::Storage;
use super::reason::Reason;
use crate::page::{Page, show};
use crate::staff::Staff;
use crate::trouble::Trouble;

/// After these words of a finding stands a reason of the engine's.
const BEFORE_REASON: [&str; 3] = ["停止签名：", "不受理新事件：", "交换出错："];

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

    /// What is so, the engine's reason for it where there is one, and what to do.
    fn told<'f>(&'f self, page: &Page) -> (&'f str, Option<Reason>, &'f str) {
        let whole = if page.is_english() { &self.en } else { &self.zh };
        match parts(whole).filter(|_| !page.is_english()) {
            Some((so, why, next)) => (so, Some(Reason::of(page, why)), next),
            None => (whole, None, ""),
        }
    }
}

/// What the engine says in Chinese with one of its English reasons in it: before, the reason, after.
fn parts(told: &str) -> Option<(&str, &str, &str)> {
    let mark = BEFORE_REASON.iter().find_map(|mark| Some(told.find(mark)? + mark.len()))?;
    let (so, rest) = told.split_at(mark);
    let end = rest.find('。').unwrap_or(rest.len());
    Some((so, &rest[..end], &rest[end..]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_apart_from_the_words_around_it() {
        let found = engine::doctor::signing(None, Some("the disk is full")).zh;
        let (so, why, next) = parts(&found).unwrap();
        assert!(so.ends_with('：') && next.starts_with('。'), "{so} {next}");
        assert_eq!(why, "the disk is full");
        let found = engine::doctor::signing(Some("it is an older copy"), None).zh;
        assert_eq!(parts(&found).map(|(_, why, _)| why), Some("it is an older copy"));
        assert_eq!(parts("节点在工作并签名。"), None);
    }
}
