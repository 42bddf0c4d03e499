//! The versions of the policy: what this node works and worked by, and what the node above
//! published.

use axum::Json;
use axum::response::Response;
use engine::command::{Receipt, What};
use engine::view::{self, Edition};
use governance::policy::split_reference;
use record::{Hash, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::created;
use crate::body::{Body, Empty};
use crate::desk::{Desk, View};
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::names::NodeName;

/// A version to keep.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Put {
    /// TOML.
    text: String,
    /// Whether the nodes below are given it.
    #[serde(default)]
    publish: bool,
}

/// A version.
#[derive(Serialize)]
pub(crate) struct Shown {
    reference: String,
    /// blake3 of the text.
    digest: Hash,
    recorded: Timestamp,
    /// Whether what begins now begins under it.
    in_force: bool,
    /// When it last came into force here.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force_since: Option<Timestamp>,
    /// When this node last published it to those below.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<Timestamp>,
    /// The node above, where it is its publication and not kept here.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<NodeName>,
}

/// A version with its text.
#[derive(Serialize)]
pub(crate) struct Detail {
    #[serde(flatten)]
    shown: Shown,
    /// TOML.
    text: String,
}

/// `GET /v1/policies`
pub(crate) async fn list(desk: Desk) -> Result<Json<Page<Shown>>, Problem> {
    let items = desk.read(|view| {
        let editions = view::policies(&view.reader, view.setup.standing.parent())?;
        let kept = |reference: &str| view.world.policies.get(reference).is_some();
        let shown = editions.iter().filter(|known| known.from.is_none() || !kept(&known.reference));
        Ok(shown.map(|edition| view.edition(edition)).collect())
    });
    Ok(Json(Page { items: items.await?, next: None }))
}

/// `GET /v1/policies/{key}/{version}`: public for what this node works or worked by; what the node
/// above published and nobody put in force is for staff.
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<Detail>, Problem> {
    let reference = reference(&path)?;
    let staff = desk.session().is_ok_and(|session| !session.actor.appointments().is_empty());
    let detail = desk.read_as(Desk::resident(Subject::ZERO), move |view| {
        let parent = view.setup.standing.parent().filter(|_| staff);
        let mut editions = view::policies(&view.reader, parent)?.into_iter();
        let edition = editions.find(|known| known.reference == reference);
        let edition = edition.ok_or_else(Problem::not_found)?;
        let text = view::policy_text(&view.reader, view.whose(), &edition.row)?;
        Ok(Detail { shown: view.edition(&edition), text })
    });
    detail.await.map(Json)
}

/// `POST /v1/policies`
pub(crate) async fn put(desk: Desk, body: Body<Put>) -> Result<Response, Problem> {
    let Put { text, publish } = body.value;
    let receipt = desk.command(What::PutPolicy { text, publish }, body.digest).await?;
    Ok(created("/v1/policies", &receipt))
}

/// `POST /v1/policies/{key}/{version}/adopt`
pub(crate) async fn adopt(desk: Desk, path: Path, body: Empty) -> Result<Json<Receipt>, Problem> {
    let reference = reference(&path)?;
    desk.command(What::AdoptPolicy { reference }, body.digest).await.map(Json)
}

fn reference(path: &Path) -> Result<String, Problem> {
    let reference = format!("{}/{}", path.text("key")?, path.text("version")?);
    match split_reference(&reference) {
        Some(_) => Ok(reference),
        None => Err(Problem::at(Kind::PARAMETER, "path.version", "is a whole number, such as 3")),
    }
}

impl View {
    fn edition(&self, edition: &Edition) -> Shown {
        let row = &edition.row;
        let own = edition.from.is_none();
        Shown {
            reference: edition.reference.clone(),
            digest: row.digest,
            recorded: row.recorded,
            in_force: own && edition.reference == self.policy().reference(),
            in_force_since: row.in_force,
            published: row.published,
            from: edition.from.map(|node| self.node(node)),
        }
    }
}
