//! Who did what about who belongs to the federation.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use record::{RecordId, Timestamp};
use serde::Deserialize;

use crate::page::{Page, show};
use crate::shape::name::{Named, NodeName, PersonName};
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// What part of the list.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    before: String,
}

#[derive(Template)]
#[template(path = "operator/trust.html")]
struct Shown {
    p: Page,
    acts: Listed<Act>,
}

/// An act, as its record says.
#[derive(Deserialize)]
struct Act {
    record: RecordId,
    time: Timestamp,
    /// Nobody where it was at the node's own console.
    by: Option<PersonName>,
    role: Option<Named>,
    act: String,
    node: Option<NodeName>,
    invitation: Option<String>,
    invited: Option<Invited>,
    reason: Option<String>,
    epoch: Option<u32>,
}

#[derive(Deserialize)]
struct Invited {
    name: String,
    level: Named,
    area: String,
    member: bool,
    approval: bool,
    expires: Timestamp,
}

impl Wanted {
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::from("limit=50"));
        if !self.before.is_empty() {
            query.append_pair("before", &self.before);
        }
        query.finish()
    }
}

impl Act {
    /// The beginning of the record's id, enough to find it by.
    fn record(&self) -> String {
        self.record.to_string().chars().take(12).collect()
    }

    /// The beginning of the invitation's number, enough to tell two apart.
    fn invitation(&self) -> Option<String> {
        self.invitation.as_ref().map(|hash| hash.chars().take(8).collect())
    }
}

/// `GET /operator/trust`
pub(super) async fn trust(staff: Staff, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let acts = staff.read(format!("/v1/trust-acts?{}", wanted.query())).await?;
    Ok(show(Shown { p: staff.page("operator"), acts }))
}
