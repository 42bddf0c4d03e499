//! A made-up federation: a root, and nodes with keys, certificates, policy and calendar. Names are
//! invented; the shape is the articles': county, townships, communities, member units.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use engine::world::{Follow, Setup};
use governance::calendar::Calendar;
use governance::certificate::{
    Certificate, Issuer, ROOT_LIST_VALIDITY, RevocationList, Right, Standing, VERSION, issue_root,
};
use governance::policy::{Policy, Version};
use rand::CryptoRng;
use record::{FederationId, NodeId, NodeKey, PublicKey, Signed, Timestamp};

/// The shipped policy.
pub const POLICY: &str = include_str!("../../../config/policies/she-county.toml");
const CALENDAR: &str = include_str!("../../../config/calendars/2026.json");

/// The shipped policy `further` versions on: see [`later_than`].
#[must_use]
pub fn later(further: u32) -> String {
    later_than(POLICY, further)
}

/// A policy `further` versions on, in which two stages have other names: cases of different
/// versions can be told apart by the stages they pass.
///
/// # Panics
/// When the policy is unsound.
#[must_use]
pub fn later_than(policy: &str, further: u32) -> String {
    let is = Policy::from_toml(policy).expect("a shipped policy is sound").version;
    let mut text = policy.replacen(
        &format!("\nversion = {is}\n"),
        &format!("\nversion = {}\n", is + further),
        1,
    );
    for stage in ["dispatched", "verified"] {
        text = text.replace(&format!("\"{stage}\""), &format!("\"{stage}_{further}\""));
    }
    text
}

const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// What a node is in the federation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// 县.
    County,
    /// 乡镇、街道.
    Township,
    /// 社区、村.
    Community,
    /// A member unit of a township's big work committee.
    Unit,
}

/// A member of the federation.
#[derive(Clone)]
pub struct Member {
    /// What it is.
    pub part: Part,
    /// Everything its engine needs.
    pub setup: Arc<Setup>,
}

/// A federation in the making.
pub struct Federation {
    root: NodeKey,
    policy: Arc<Version>,
    /// What a county goes by where that policy knows none.
    above: Arc<Version>,
    calendar: Calendar,
    /// How its nodes take a policy that is published above them.
    pub follow: Follow,
    /// How long its nodes' first revocation lists are good for; the root's always outlasts the
    /// certificates.
    pub lists: Duration,
    /// How long the certificates hold that its nodes issue; the root's hold for a year.
    pub certificates: Duration,
    /// When it was founded; every certificate begins here.
    pub founded: Timestamp,
}

impl Federation {
    /// Founds a federation that goes by the shipped policy.
    pub fn found(founded: Timestamp, rng: &mut impl CryptoRng) -> Self {
        Self::under(POLICY, founded, rng)
    }

    /// Founds a federation that goes by a policy.
    ///
    /// # Panics
    /// When a shipped policy or calendar is unsound, which their own tests exclude.
    pub fn under(policy: &str, founded: Timestamp, rng: &mut impl CryptoRng) -> Self {
        let read = |text| Arc::new(Version::read(text).expect("a shipped policy is sound"));
        Self {
            root: NodeKey::generate(rng),
            policy: read(policy),
            above: read(POLICY),
            follow: Follow::Manual,
            lists: ROOT_LIST_VALIDITY,
            certificates: YEAR,
            calendar: Calendar::from_year_json(CALENDAR).expect("the shipped calendar is sound"),
            founded,
        }
    }

    /// The root's public key.
    #[must_use]
    pub fn root(&self) -> PublicKey {
        self.root.public()
    }

    /// The county, certified by the root.
    pub fn county(&self, area: &str, rng: &mut impl CryptoRng) -> Member {
        let key = NodeKey::generate(rng);
        let certificate = self.certificate(Part::County, &key, area);
        let standing =
            issue_root(&self.root, certificate, self.founded).expect("a root may certify a county");
        let root = self.list(Issuer::Root, &self.root, ROOT_LIST_VALIDITY);
        self.member(Part::County, key, standing, vec![root])
    }

    /// A node certified by another.
    pub fn below(
        &self,
        above: &Member,
        part: Part,
        area: &str,
        rng: &mut impl CryptoRng,
    ) -> Member {
        let key = NodeKey::generate(rng);
        let certificate = self.certificate(part, &key, area);
        let standing = above
            .setup
            .standing
            .issue(&above.setup.key, certificate, self.founded)
            .expect("the parent may certify it");
        self.member(part, key, standing, above.setup.lists.clone())
    }

    /// An issuer's first revocation list.
    fn list(&self, issuer: Issuer, key: &NodeKey, validity: Duration) -> Signed<RevocationList> {
        let list = RevocationList::first(issuer, self.founded, validity);
        Signed::sign(list, key, &FederationId::of_root(&self.root.public()))
    }

    fn certificate(&self, part: Part, key: &NodeKey, area: &str) -> Certificate {
        let (level, rights): (_, BTreeSet<Right>) = match part {
            Part::County => ("county", governing()),
            Part::Township => ("township", governing()),
            Part::Community => ("community", governing()),
            Part::Unit => ("township", [Right::Member].into()),
        };
        let node = NodeId::from_bytes(*key.public().as_bytes());
        let validity = if part == Part::County { YEAR } else { self.certificates };
        Certificate {
            version: VERSION,
            node,
            key: key.public(),
            endorsements: Vec::new(),
            name: format!("{level} {area}"),
            level: level.into(),
            area: area.parse().expect("a fixture's area code is well formed"),
            delegate: rights.contains(&Right::Enrol),
            rights,
            serial: 1,
            not_before: self.founded,
            not_after: self.founded.plus(validity),
            issuer: Issuer::Root,
        }
    }

    /// `lists`: those along its chain.
    fn member(
        &self,
        part: Part,
        key: NodeKey,
        standing: Standing,
        mut lists: Vec<Signed<RevocationList>>,
    ) -> Member {
        if standing.certificate().may_enrol() {
            lists.push(self.list(Issuer::Node(standing.node()), &key, self.lists));
        }
        let knows_county = self.policy.policy.levels.iter().any(|level| level.key == "county");
        let policy = if part == Part::County && !knows_county { &self.above } else { &self.policy };
        let setup = Setup {
            key: Arc::new(key),
            next_key: None,
            root: self.root.public(),
            federation: FederationId::of_root(&self.root.public()),
            standing,
            lists,
            configured: policy.clone(),
            follow: self.follow,
            calendar: self.calendar.clone(),
            software: "testkit".into(),
        };
        Member { part, setup: Arc::new(setup) }
    }
}

fn governing() -> BTreeSet<Right> {
    [Right::Govern, Right::Enrol, Right::Member, Right::Aggregate].into()
}

impl Member {
    /// Its id.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.setup.me()
    }

    /// Its chain as bytes, its own certificate first.
    #[must_use]
    pub fn chain(&self) -> Vec<Vec<u8>> {
        self.setup.standing.chain().map(|link| link.to_vec()).collect()
    }
}
