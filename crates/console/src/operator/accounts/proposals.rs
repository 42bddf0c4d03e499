//! What waits for a second person, with the two answers that it may be given.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use governance::policy::Power;
use hyper::Method;
use record::{Subject, Timestamp};
use serde::Deserialize;

use crate::api::{Ask, segment};
use crate::form::Form;
use crate::page::{Page, go, show, show_as};
use crate::shape::me::Held;
use crate::shape::name::PersonName;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "operator/proposals.html")]
struct Proposals {
    p: Page,
    proposals: Vec<Proposal>,
    wrong: Option<String>,
}

/// A proposal that waits.
#[derive(Deserialize)]
pub(super) struct Proposal {
    pub(super) id: String,
    pub(super) person: Whom,
    pub(super) by: PersonName,
    pub(super) proposed: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) appointment: Option<Held>,
    pub(super) account: Option<Account>,
    pub(super) own: bool,
    pub(super) may_confirm: bool,
}

#[derive(Deserialize)]
pub(super) struct Whom {
    pub(super) id: Subject,
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) name: String,
    /// Whether it gets a new password.
    pub(super) password: bool,
}

/// Every proposal that waits.
pub(super) async fn waiting(staff: &Staff) -> Result<Vec<Proposal>, Trouble> {
    let listed: Listed<Proposal> = staff.read("/v1/proposals").await?;
    Ok(listed.items)
}

/// How many whoever looks may confirm.
///
/// # Errors
/// What the API answers.
pub(in crate::operator) async fn to_confirm(staff: &Staff) -> Result<usize, Trouble> {
    Ok(waiting(staff).await?.iter().filter(|proposal| proposal.may_confirm).count())
}

/// Those for one person.
pub(super) async fn waiting_for(staff: &Staff, person: Subject) -> Result<Vec<Proposal>, Trouble> {
    let mut all = waiting(staff).await?;
    all.retain(|proposal| proposal.person.id == person);
    Ok(all)
}

/// `GET /operator/proposals`: for whoever may confirm without having the roster, too.
pub(in crate::operator) async fn list(staff: Staff) -> Result<Response, Trouble> {
    let proposals = waiting(&staff).await?;
    Ok(show(Proposals { p: staff.page("operator"), proposals, wrong: None }))
}

/// `POST /operator/proposals/{id}`
pub(in crate::operator) async fn answer(
    staff: Staff,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let path = format!("/v1/proposals/{}", segment(&id));
    let ask = match form.text("what").as_str() {
        "confirm" => Ask::bare(Method::POST, format!("{path}/confirmation")),
        "end" => Ask::bare(Method::DELETE, path),
        _ => return Err(Trouble::malformed()),
    };
    match staff.carry_out(ask).await {
        Ok(_) if staff.me.powers.contains(&Power::Roster) => Ok(go("/operator/accounts")),
        Ok(_) => Ok(go("/operator/proposals")),
        Err(trouble) if trouble.is_mendable() => {
            let p = staff.page("operator").at("/operator/proposals");
            let proposals = waiting(&staff).await?;
            let wrong = Some(p.wrong(&trouble));
            Ok(show_as(trouble.status, Proposals { p, proposals, wrong }))
        }
        Err(trouble) => Err(trouble),
    }
}
