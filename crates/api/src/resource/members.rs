//! Serving Party members who register where they live (双报到, R5): by themselves with a code, or
//! on a card that staff take down. Listed only to the power over the roster on that ground, and
//! only as long as they consent.

use axum::Json;
use axum::response::Response;
use engine::access::Look;
use engine::code;
use engine::command::{Agent, People, Receipt, What};
use engine::view::{self, MemberShown};
use governance::member::{FreeTime, Member, Registration, Willingness};
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::people::unmasked;
use super::{created, cursor_refused, limit};
use crate::body::{Body, Empty};
use crate::desk::{Desk, View};
use crate::looks::Shown;
use crate::params::{Path, Query};
use crate::problem::Problem;
use crate::rate::Key;
use crate::shape::Page;
use crate::shape::names::{Named, named};
use crate::shape::place::Line;

/// Most registrations looked at for one page.
const LOOKED_AT: usize = 2_000;

/// What part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    limit: Option<usize>,
    after: Option<Subject>,
}

/// What somebody registers with. Not printable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    place: Subject,
    services: BTreeSet<String>,
    #[serde(default)]
    times: BTreeSet<FreeTime>,
    name: String,
    phone: String,
    #[serde(default)]
    unit: Option<String>,
    /// To being listed to those who organise the work; without it nothing is kept.
    consent: bool,
}

/// A project and a post in it, in words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPost {
    name: String,
}

/// What they said, without who they are: for their own code, which gets around more easily than a
/// person's data should, and for lists.
#[derive(Serialize)]
pub(crate) struct Willing {
    place: Line,
    services: Vec<Named>,
    times: BTreeSet<FreeTime>,
    consented: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<Timestamp>,
    posts: Vec<PostShown>,
}

#[derive(Serialize)]
struct PostShown {
    id: Subject,
    name: String,
    from: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// A member in a list: no telephone number.
#[derive(Serialize)]
pub(crate) struct Listed {
    id: Subject,
    name: String,
    #[serde(flatten)]
    willing: Willing,
}

/// A member with their number.
#[derive(Serialize)]
pub(crate) struct Detail {
    #[serde(flatten)]
    listed: Listed,
    phone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

/// `POST /v1/registrations`
pub(crate) async fn register(desk: Desk, body: Body<Register>) -> Result<Response, Problem> {
    desk.limited(&desk.state.reports, desk.address())?;
    desk.limited(&desk.state.reports_of_all, Key::All)?;
    let once = desk.once(body.digest)?;
    unmasked(Some(&body.value.phone))?;
    let what = body.value.command();
    let receipt = desk.command_by(Agent::Resident { code: None }, what, once).await?;
    let code = receipt.code.clone().unwrap_or_default();
    Ok(created(&format!("/v1/registrations/{code}"), &receipt))
}

/// `GET /v1/registrations/{code}`
pub(crate) async fn own(desk: Desk, path: Path) -> Result<Json<Willing>, Problem> {
    let (id, _) = owner(&desk, &path)?;
    let shown = desk.read_as(Desk::resident(id), move |view| {
        let member = view::member(&view.reader, view.whose(), id)?;
        Ok(view.willing(&member.ok_or_else(Problem::not_found)?))
    });
    shown.await.map(Json)
}

/// `DELETE /v1/registrations/{code}`
pub(crate) async fn withdraw_own(
    desk: Desk,
    path: Path,
    body: Empty,
) -> Result<Json<Receipt>, Problem> {
    let command = People::WithdrawMember { registration: None };
    by_code(&desk, &path, command, body.digest).await
}

/// `POST /v1/registrations/{code}/posts`
pub(crate) async fn take_own(
    desk: Desk,
    path: Path,
    body: Body<NewPost>,
) -> Result<Json<Receipt>, Problem> {
    let command = People::TakePost { registration: None, name: body.value.name };
    by_code(&desk, &path, command, body.digest).await
}

/// `DELETE /v1/registrations/{code}/posts/{post}`
pub(crate) async fn leave_own(
    desk: Desk,
    path: Path,
    body: Empty,
) -> Result<Json<Receipt>, Problem> {
    let command = People::LeavePost { registration: None, post: path.id("post")? };
    by_code(&desk, &path, command, body.digest).await
}

/// `GET /v1/members`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Listed>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    desk.read(move |view| view.members(&listing, size)).await.map(Json)
}

/// `POST /v1/members`
pub(crate) async fn take_down(desk: Desk, body: Body<Register>) -> Result<Response, Problem> {
    unmasked(Some(&body.value.phone))?;
    let receipt = desk.command(body.value.command(), body.digest).await?;
    let id = receipt.subject.unwrap_or(Subject::ZERO);
    Ok(created(&format!("/v1/members/{id}"), &receipt))
}

/// `GET /v1/members/{id}`
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<Detail>, Problem> {
    let id: Subject = path.id("id")?;
    let detail = desk.read(move |view| {
        let found = view::member(&view.reader, view.whose(), id)?;
        let found = found.filter(|found| view.sees_member(&found.registration));
        let found = found.ok_or_else(Problem::not_found)?;
        let Member { phone, unit, .. } = found.member.clone();
        let phone = governance::roster::masked(&phone);
        Ok(Detail { listed: view.listed(id, &found), phone, unit })
    });
    let detail = detail.await?;
    desk.looked(Shown::of(Look::Member, id).with(["member_name", "member_unit"])).await?;
    Ok(Json(detail))
}

/// `DELETE /v1/members/{id}`
pub(crate) async fn withdraw(
    desk: Desk,
    path: Path,
    body: Empty,
) -> Result<Json<Receipt>, Problem> {
    let command = People::WithdrawMember { registration: Some(path.id("id")?) };
    desk.command(What::People(Box::new(command)), body.digest).await.map(Json)
}

/// `POST /v1/members/{id}/posts`
pub(crate) async fn take(
    desk: Desk,
    path: Path,
    body: Body<NewPost>,
) -> Result<Json<Receipt>, Problem> {
    let registration = Some(path.id("id")?);
    let command = People::TakePost { registration, name: body.value.name };
    desk.command(What::People(Box::new(command)), body.digest).await.map(Json)
}

/// `DELETE /v1/members/{id}/posts/{post}`
pub(crate) async fn leave(desk: Desk, path: Path, body: Empty) -> Result<Json<Receipt>, Problem> {
    let registration = Some(path.id("id")?);
    let command = People::LeavePost { registration, post: path.id("post")? };
    desk.command(What::People(Box::new(command)), body.digest).await.map(Json)
}

/// Whose code it is. Guessing is slowed down per address; it has 80 bits besides.
fn owner(desk: &Desk, path: &Path) -> Result<(Subject, String), Problem> {
    desk.limited(&desk.state.codes, desk.address())?;
    let code = path.text("code")?;
    let id = code::reporter(code).ok_or_else(Problem::not_found)?;
    Ok((id, code.to_owned()))
}

async fn by_code(
    desk: &Desk,
    path: &Path,
    command: People,
    digest: [u8; 32],
) -> Result<Json<Receipt>, Problem> {
    let (_, code) = owner(desk, path)?;
    let once = desk.once(digest)?;
    let by = Agent::Resident { code: Some(code) };
    desk.command_by(by, What::People(Box::new(command)), once).await.map(Json)
}

impl Register {
    fn command(self) -> What {
        let Self { place, services, times, name, phone, unit, consent } = self;
        let willingness = Willingness { place, services, times };
        let member = Member { name, phone, unit };
        What::People(Box::new(People::RegisterMember { willingness, member, consent }))
    }
}

impl View {
    pub(super) fn sees_member(&self, registration: &Registration) -> bool {
        let (policy, ground) = (self.policy(), &self.world.territory);
        registration.seen_by(&self.actor, policy, ground, self.now)
    }

    fn members(&self, listing: &Listing, size: usize) -> Result<Page<Listed>, Problem> {
        let mut after = listing.after;
        if let Some(after) = after
            && view::member(&self.reader, self.whose(), after)?.is_none()
        {
            return Err(cursor_refused());
        }
        let (mut items, mut looked) = (Vec::new(), 0);
        while looked < LOOKED_AT {
            let batch = (size * 2).min(LOOKED_AT - looked);
            let found = view::registrations(&self.reader, after, batch)?;
            let exhausted = found.len() < batch;
            looked += batch;
            for (id, registration) in found {
                if items.len() == size {
                    return Ok(Page { items, next: after.map(|id| id.to_string()) });
                }
                after = Some(id);
                if self.sees_member(&registration)
                    && let Some(member) = view::member(&self.reader, self.whose(), id)?
                {
                    items.push(self.listed(id, &member));
                }
            }
            if exhausted {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: after.map(|id| id.to_string()) })
    }

    fn listed(&self, id: Subject, member: &MemberShown) -> Listed {
        Listed { id, name: member.member.name.clone(), willing: self.willing(member) }
    }

    fn willing(&self, member: &MemberShown) -> Willing {
        let registration = &member.registration;
        let kinds = &self.policy().willingness;
        let service = |key: &String| {
            let kind = kinds.iter().find(|kind| kind.key == *key);
            named(key, kind.map(|kind| (kind.name.as_str(), kind.name_en.as_str())))
        };
        let posts = registration.posts.iter().zip(&member.posts);
        let posts = posts.map(|(post, name)| PostShown {
            id: post.id,
            name: name.clone(),
            from: post.from,
            until: post.until,
        });
        Willing {
            place: self.line(registration.willingness.place),
            services: registration.willingness.services.iter().map(service).collect(),
            times: registration.willingness.times.clone(),
            consented: registration.consented,
            withdrawn: registration.withdrawn,
            posts: posts.collect(),
        }
    }
}
