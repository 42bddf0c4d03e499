//! A small federation for tests: an offline root, and nodes with a key each.

use std::collections::BTreeSet;
use std::time::Duration;

use record::{FederationId, NodeId, NodeKey, Timestamp};

use super::{Certificate, Issuer, Right, Standing, VERSION, issue_root};

/// When tests happen.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);
/// Every right there is.
pub(crate) const ALL: [Right; 4] = [Right::Govern, Right::Enrol, Right::Member, Right::Aggregate];

/// A node with its key.
pub(crate) struct Node {
    pub(crate) key: NodeKey,
    pub(crate) standing: Standing,
}

/// The same key for the same number.
pub(crate) fn key(number: u8) -> NodeKey {
    NodeKey::from_seed(&[number; 32])
}

pub(crate) fn root() -> NodeKey {
    key(0)
}

pub(crate) fn federation() -> FederationId {
    FederationId::of_root(&root().public())
}

/// A certificate for node `number` that holds for a year around [`NOW`].
pub(crate) fn certificate(number: u8, level: &str, area: &str) -> Certificate {
    let half_a_year = Duration::from_secs(182 * 86_400);
    let key = key(number).public();
    Certificate {
        version: VERSION,
        node: NodeId::from_genesis(&key),
        key,
        endorsements: Vec::new(),
        name: format!("{level} {number}"),
        level: level.to_owned(),
        area: area.parse().unwrap(),
        rights: BTreeSet::from(ALL),
        delegate: true,
        serial: 1,
        not_before: NOW.minus(half_a_year),
        not_after: NOW.plus(half_a_year),
        issuer: Issuer::Root,
    }
}

/// A node that the root certifies.
pub(crate) fn top(number: u8, level: &str, area: &str) -> Node {
    let standing = issue_root(&root(), certificate(number, level, area), NOW).unwrap();
    Node { key: key(number), standing }
}

impl Node {
    /// A node that this one certifies.
    pub(crate) fn child(&self, number: u8, level: &str, area: &str) -> Self {
        let issued = self.standing.issue(&self.key, certificate(number, level, area), NOW);
        Self { key: key(number), standing: issued.unwrap() }
    }

    pub(crate) fn id(&self) -> NodeId {
        self.standing.node()
    }

    /// Its own certificate as signed.
    pub(crate) fn own(&self) -> std::sync::Arc<[u8]> {
        self.standing.chain().next().unwrap().clone()
    }
}
