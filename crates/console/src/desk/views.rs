//! The views of the list that somebody keeps: with their account at the node, so that they follow
//! them to another device.

use axum::response::Response;
use hyper::Method;
use serde::{Deserialize, Serialize};

use super::list::Wanted;
use crate::api::Ask;
use crate::form::Form;
use crate::page::go;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Every view of an account.
#[derive(Default, Deserialize, Serialize)]
struct Views {
    views: Vec<Saved>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Saved {
    pub(super) name: String,
    /// The list's query.
    pub(super) query: String,
}

/// The views that somebody keeps.
///
/// # Errors
/// What the API answers.
pub(super) async fn kept(staff: &Staff) -> Result<Vec<Saved>, Trouble> {
    let Views { views } = staff.read("/v1/me/views").await?;
    Ok(views)
}

/// `POST /desk/views`: keeps one, or drops it. One of the same name takes the other's place.
pub(super) async fn change(staff: Staff, form: Form) -> Result<Response, Trouble> {
    // Only what is a list of ours is kept, in the very form in which lists link to themselves.
    let wanted: Wanted = form_urlencoded::parse(form.raw("query").as_bytes()).collect();
    let saved = Saved { name: form.text("name"), query: wanted.query() };
    let mut views = kept(&staff).await?;
    if form.text("step") == "drop" {
        views.retain(|known| *known != saved);
    } else {
        match views.iter_mut().find(|known| known.name == saved.name) {
            Some(known) => known.query.clone_from(&saved.query),
            None => views.push(saved.clone()),
        }
    }
    let ask = Ask::send(Method::PUT, "/v1/me/views", &Views { views });
    staff.carry_out(ask).await?;
    Ok(go(&format!("/desk?{}", saved.query)))
}
