//! Inviting nodes to join below this one; and revoking the certificate of one that has.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use hyper::Method;
use record::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::node::{Node, Peer};
use crate::api::{Ask, segment};
use crate::form::Form;
use crate::page::{Page, go, show, show_as};
use crate::qr::Qr;
use crate::shape::name::{Named, PersonName};
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;
use crate::visit::nonce;

/// For how many hours an invitation may hold, as the form offers it.
const HOURS: [u32; 4] = [1, 24, 72, 168];
const USUAL_HOURS: u32 = 24;
/// Why a certificate is revoked.
const REASONS: [&str; 3] = ["ended", "moved", "compromised"];

#[derive(Template)]
#[template(path = "operator/invitations.html")]
struct Invitations {
    p: Page,
    node: Node,
    open: Vec<Invitation>,
    levels: Vec<(String, String)>,
    was: Was,
    once: String,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "operator/invited.html")]
struct Invited {
    p: Page,
    name: String,
    told: Told,
    qr: Option<Qr>,
}

#[derive(Template)]
#[template(path = "operator/revoke.html")]
struct Revoke {
    p: Page,
    peer: Peer,
    /// The reason that was chosen before.
    was: String,
    once: String,
    wrong: Option<String>,
}

/// An invitation that nobody has used.
#[derive(Deserialize)]
struct Invitation {
    id: String,
    name: String,
    level: Named,
    area: String,
    member: bool,
    expires: Timestamp,
    by: Option<PersonName>,
    newcomer: Option<Newcomer>,
}

/// The node that came with an invitation.
#[derive(Deserialize)]
struct Newcomer {
    id: String,
    short: String,
    asked: Timestamp,
    approved: Option<Timestamp>,
}

/// What is shown of a new one, once.
#[derive(Deserialize)]
struct Told {
    token: String,
    expires: Timestamp,
    federation_short: String,
    short: String,
}

/// What was filled in before.
struct Was {
    name: String,
    level: String,
    area: String,
    member: bool,
    hours: u32,
}

impl Default for Was {
    fn default() -> Self {
        let (name, level, area) = (String::new(), String::new(), String::new());
        Self { name, level, area, member: false, hours: USUAL_HOURS }
    }
}

impl Invitations {
    /// The hours, with the words for them.
    fn hours(&self) -> [(u32, String); 4] {
        HOURS.map(|hours| {
            let words = match (hours / 24, hours % 24) {
                (days @ 2.., 0) => self.p.told("allowance-d", "n", days),
                _ => self.p.told("allowance-h", "n", hours),
            };
            (hours, words)
        })
    }
}

impl Revoke {
    fn reasons(&self) -> [&'static str; 3] {
        REASONS
    }
}

/// How many newcomers nobody has let in yet.
///
/// # Errors
/// What the API answers.
pub(super) async fn asking(staff: &Staff) -> Result<usize, Trouble> {
    let open: Listed<Invitation> = staff.read("/v1/invitations").await?;
    let waits = |one: &&Invitation| one.newcomer.as_ref().is_some_and(|new| new.approved.is_none());
    Ok(open.items.iter().filter(waits).count())
}

/// `GET /operator/invitations`
pub(super) async fn list(staff: Staff) -> Result<Response, Trouble> {
    Ok(show(read(&staff, Was::default(), None).await?))
}

/// `POST /operator/invitations`
pub(super) async fn create(staff: Staff, form: Form) -> Result<Response, Trouble> {
    let was = Was {
        name: form.text("name"),
        level: form.text("level"),
        area: form.text("area"),
        member: form.text("member") == "yes",
        hours: form.text("hours").parse().unwrap_or(USUAL_HOURS),
    };
    let body = json!({ "name": was.name, "level": was.level, "area": was.area,
        "member": was.member, "hours": was.hours });
    let ask = Ask::post("/v1/invitations", &body).once(&form.text("once"));
    match staff.carry_out(ask).await {
        Ok(answer) => {
            let told: Told = answer.json()?;
            let qr = Qr::of(told.token.clone());
            Ok(show(Invited { p: staff.page("operator"), name: was.name, told, qr }))
        }
        Err(trouble) if trouble.is_mendable() => {
            let status = trouble.status;
            Ok(show_as(status, read(&staff, was, Some(trouble)).await?))
        }
        Err(trouble) => Err(trouble),
    }
}

/// `POST /operator/invitations/{id}/end`
pub(super) async fn end(
    staff: Staff,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let path = format!("/v1/invitations/{}", segment(&id));
    staff.carry_out(Ask::bare(Method::DELETE, path).once(&form.text("once"))).await?;
    Ok(go("/operator/invitations"))
}

/// `POST /operator/invitations/{id}/approve`
pub(super) async fn approve(
    staff: Staff,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let page = read(&staff, Was::default(), None).await?;
    let came = page.open.iter().find(|one| one.id == id);
    let came = came.and_then(|one| one.newcomer.as_ref()).ok_or_else(Trouble::not_found)?;
    // Whoever runs it has read it out: the officer types what they heard, not what is shown.
    if !came.short.eq_ignore_ascii_case(form.text("short").trim()) {
        let wrong = Some(page.p.say("approve-other"));
        return Ok(show_as(hyper::StatusCode::UNPROCESSABLE_ENTITY, Invitations { wrong, ..page }));
    }
    let path = format!("/v1/invitations/{}/approval", segment(&id));
    staff.carry_out(Ask::post(path, &json!({ "node": came.id }))).await?;
    Ok(go("/operator/invitations"))
}

/// `GET /operator/peers/{id}/revoke`
pub(super) async fn ask(staff: Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    Ok(show(revoking(&staff, &id, None).await?))
}

/// `POST /operator/peers/{id}/revoke`
pub(super) async fn revoke(
    staff: Staff,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let page = revoking(&staff, &id, None).await?;
    // Who has its short id before their eyes means this node and no other.
    if !page.peer.short.eq_ignore_ascii_case(&form.text("short")) {
        let (wrong, was) = (Some(page.p.say("revoke-other")), form.text("reason"));
        return Ok(show_as(hyper::StatusCode::UNPROCESSABLE_ENTITY, Revoke { wrong, was, ..page }));
    }
    let reason = form.text("reason");
    let reason = REASONS.into_iter().find(|known| *known == reason);
    let body = json!({ "node": page.peer.id, "reason": reason.ok_or_else(Trouble::malformed)? });
    let ask = Ask::post("/v1/revocations", &body).once(&form.text("once"));
    match staff.carry_out(ask).await {
        Ok(_) => Ok(go("/operator/peers")),
        Err(trouble) if trouble.is_mendable() => {
            let status = trouble.status;
            let page = revoking(&staff, &id, Some(trouble)).await?;
            Ok(show_as(status, Revoke { was: form.text("reason"), ..page }))
        }
        Err(trouble) => Err(trouble),
    }
}

/// The page on revoking a node that this one has enrolled.
async fn revoking(staff: &Staff, id: &str, trouble: Option<Trouble>) -> Result<Revoke, Trouble> {
    let peers: Listed<Peer> = staff.read("/v1/peers").await?;
    let mut found = peers.items.into_iter().filter(Peer::is_below);
    let peer = found.find(|peer| peer.id.to_string() == id).ok_or_else(Trouble::not_found)?;
    let p = staff.page("operator");
    let wrong = trouble.map(|trouble| p.wrong(&trouble));
    Ok(Revoke { p, peer, was: String::new(), once: nonce(), wrong })
}

async fn read(staff: &Staff, was: Was, trouble: Option<Trouble>) -> Result<Invitations, Trouble> {
    let node: Node = staff.read("/v1/node").await?;
    let open: Listed<Invitation> = staff.read("/v1/invitations?limit=200").await?;
    let p = staff.page("operator").at("/operator/invitations");
    let wrong = trouble.map(|trouble| p.wrong(&trouble));
    let world = staff.state.handle.world();
    // Whoever joins stands below this node, or beside it as a member unit of it.
    let levels = world.policy().levels.iter().skip_while(|level| level.key != node.level.key);
    let levels = levels.filter(|level| level.administrative);
    let levels = levels.map(|level| {
        let name = if p.is_english() { &level.name_en } else { &level.name };
        (level.key.clone(), name.clone())
    });
    let levels: Vec<(String, String)> = levels.collect();
    let mut was = was;
    if was.level.is_empty() {
        // The usual guest stands on the next level.
        let own = levels.iter().position(|(key, _)| *key == node.level.key);
        let next = own.and_then(|own| levels.get(own + 1)).or(levels.last());
        was.level = next.map(|(key, _)| key.clone()).unwrap_or_default();
    }
    Ok(Invitations { p, node, open: open.items, levels, was, once: nonce(), wrong })
}
