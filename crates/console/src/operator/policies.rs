//! The versions of the policy: drawn, and what changes from one to another in plain words.

mod compare;
mod graph;
mod plain;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use governance::act::ActKind;
use governance::policy::{ActRule, Policy};
use record::Timestamp;
use serde::Deserialize;

use crate::api::{Ask, segment};
use crate::form::Form;
use crate::page::{Page, go, show};
use crate::shape::name::NodeName;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

use compare::{Change, Kind, compare};
use graph::{Graph, draw};
use plain::Plain;

#[derive(Template)]
#[template(path = "operator/policies.html")]
struct Policies {
    p: Page,
    editions: Vec<Edition>,
}

#[derive(Template)]
#[template(path = "operator/policy.html")]
struct One {
    p: Page,
    edition: Edition,
    policy: Policy,
    graph: Graph,
    others: Vec<Edition>,
    against: Option<Against>,
    once: String,
}

/// What changes against another version.
struct Against {
    edition: Edition,
    policy: Policy,
    changes: Vec<Change>,
}

/// A version.
#[derive(Deserialize)]
struct Edition {
    /// `key/version`
    reference: String,
    recorded: Timestamp,
    in_force: bool,
    in_force_since: Option<Timestamp>,
    published: Option<Timestamp>,
    /// The node above, where it is its publication.
    from: Option<NodeName>,
}

/// A version with its text.
#[derive(Deserialize)]
struct Detail {
    #[serde(flatten)]
    edition: Edition,
    text: String,
}

/// Against which version it is held: `key/version`; the one in force where absent.
#[derive(Deserialize)]
pub(super) struct With {
    with: Option<String>,
}

impl One {
    /// Rules that change a stage, or are done within one, in the policy's order.
    fn rules(&self) -> impl Iterator<Item = &ActRule> {
        self.policy.acts.iter()
    }

    fn stage(&self, key: &str) -> String {
        let stage = self.policy.stage(key);
        stage.map_or_else(|| key.to_owned(), |stage| self.named(&stage.name, &stage.name_en))
    }

    fn stages<'k>(&self, keys: impl IntoIterator<Item = &'k String>) -> String {
        self.list(keys.into_iter().map(|key| self.stage(key)).collect())
    }

    fn roles(&self, rule: &ActRule) -> String {
        let plain = Plain { p: &self.p, policies: [&self.policy, &self.policy] };
        self.list(rule.roles.iter().map(|role| plain.role(role)).collect())
    }

    fn named(&self, zh: &str, en: &str) -> String {
        if self.p.is_english() { en.to_owned() } else { zh.to_owned() }
    }

    fn acts<'a>(&self, acts: impl IntoIterator<Item = &'a ActKind>) -> String {
        self.list(acts.into_iter().map(|act| self.p.of("act", act.key())).collect())
    }

    fn list(&self, words: Vec<String>) -> String {
        plain::list(&self.p, &words)
    }

    /// What a version says, in words that fit between this one and the other.
    fn plain<'s>(&'s self, against: &'s Against) -> Plain<'s> {
        Plain { p: &self.p, policies: [&against.policy, &self.policy] }
    }

    /// Whether it may be put in force here.
    fn may_adopt(&self) -> bool {
        !self.edition.in_force
    }
}

/// `GET /operator/policies`
pub(super) async fn list(staff: Staff) -> Result<Response, Trouble> {
    let editions: Listed<Edition> = staff.read("/v1/policies").await?;
    Ok(show(Policies { p: staff.page("operator"), editions: editions.items }))
}

/// `GET /operator/policies/{key}/{version}`
pub(super) async fn one(
    staff: Staff,
    Path((key, version)): Path<(String, String)>,
    Query(With { with }): Query<With>,
) -> Result<Response, Trouble> {
    let reference = format!("{key}/{version}");
    let editions: Listed<Edition> = staff.read("/v1/policies").await?;
    let in_force = editions.items.iter().find(|edition| edition.in_force);
    let with = with.or(in_force.map(|edition| edition.reference.clone()));
    let (edition, policy) = read(&staff, &reference).await?;
    let against = match with.filter(|with| *with != reference) {
        Some(with) => {
            let (edition, other) = read(&staff, &with).await?;
            let changes = compare(&other, &policy);
            Some(Against { edition, policy: other, changes })
        }
        None => None,
    };
    let mut others = editions.items;
    others.retain(|other| other.reference != reference);
    let (p, graph) = (staff.page("operator"), draw(&policy));
    let once = crate::visit::nonce();
    Ok(show(One { p, edition, policy, graph, others, against, once }))
}

/// `POST /operator/policies/{key}/{version}/adopt`
pub(super) async fn adopt(
    staff: Staff,
    Path((key, version)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Trouble> {
    let (key, version) = (segment(&key), segment(&version));
    let path = format!("/v1/policies/{key}/{version}/adopt");
    staff.carry_out(Ask::bare(hyper::Method::POST, path).once(&form.text("once"))).await?;
    Ok(go(&format!("/operator/policies/{key}/{version}")))
}

async fn read(staff: &Staff, reference: &str) -> Result<(Edition, Policy), Trouble> {
    let (key, version) = reference.split_once('/').ok_or_else(Trouble::not_found)?;
    let path = format!("/v1/policies/{}/{}", segment(key), segment(version));
    let Detail { edition, text } = staff.read(path).await?;
    // What another program version wrote may be beyond this one.
    let policy = Policy::from_toml(&text).map_err(|_| Trouble::not_found())?;
    Ok((edition, policy))
}
