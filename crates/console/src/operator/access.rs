//! Who read what and why.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use record::{Subject, Timestamp};
use serde::Deserialize;

use crate::page::{Page, show};
use crate::shape::name::Named;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Whose looks, or at what, and what part of the list.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    person: String,
    subject: String,
    before: String,
}

#[derive(Template)]
#[template(path = "operator/access.html")]
struct Shown {
    p: Page,
    wanted: Wanted,
    log: Log,
}

/// A part of the log, newest first.
#[derive(Deserialize)]
struct Log {
    items: Vec<Entry>,
    next: Option<u64>,
    count: u64,
    /// Up to which entry a signed record binds it.
    sealed: u64,
}

#[derive(Deserialize)]
struct Entry {
    number: u64,
    time: Timestamp,
    person: Who,
    role: Named,
    look: String,
    subject: Option<Subject>,
    /// The case's number, where it was one.
    case: Option<String>,
    fields: Vec<String>,
    purpose: String,
}

#[derive(Deserialize)]
struct Who {
    id: Subject,
    name: Option<String>,
}

impl Who {
    fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| short(&self.id))
    }
}

impl Entry {
    /// An id's beginning, enough to tell two apart.
    fn short(&self, id: &Subject) -> String {
        short(id)
    }

    fn fields(&self, page: &Page) -> String {
        let fields: Vec<String> = self.fields.iter().map(|field| page.of("datum", field)).collect();
        fields.join(if page.is_english() { ", " } else { "、" })
    }
}

impl Wanted {
    fn is_narrowed(&self) -> bool {
        !self.person.is_empty() || !self.subject.is_empty()
    }

    /// The query for what comes after an entry.
    fn after(&self, number: u64) -> String {
        let mut query = self.query();
        query.append_pair("before", &number.to_string());
        query.finish()
    }

    /// The query for this part of the list.
    fn here(&self) -> String {
        let mut query = self.query();
        if !self.before.is_empty() {
            query.append_pair("before", &self.before);
        }
        query.finish()
    }

    fn query(&self) -> form_urlencoded::Serializer<'_, String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let said = [("person", &self.person), ("subject", &self.subject)];
        for (name, value) in said.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query
    }
}

fn short(id: &Subject) -> String {
    id.to_string().chars().take(8).collect()
}

/// `GET /operator/access`
pub(super) async fn log(staff: Staff, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let log = staff.read(format!("/v1/access-log?{}", wanted.here())).await?;
    Ok(show(Shown { p: staff.page("operator"), wanted, log }))
}
