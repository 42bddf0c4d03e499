//! The peers a node knows: certificates, addresses, and how far each stream has come.

use std::collections::{BTreeMap, BTreeSet};

use governance::certificate::{Right, Standing};
use record::{Hash, NodeId, PublicKey, RecordId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::wire::ChainBytes;

/// What the index keeps of a peer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerRow {
    /// Its certificate chain, its own certificate first.
    pub chain: ChainBytes,
    /// Where it can be dialled, multiaddr text.
    pub addresses: Vec<String>,
    /// Entries received from it: number and id of the last.
    pub inbox: Mark,
    /// Entries for it: number and id of the last.
    pub outbox: Mark,
    /// How far it has acknowledged.
    pub acknowledged: u64,
    /// The last checkpoint of its log that this node countersigned.
    pub witnessed: Option<Witnessed>,
    /// The last checkpoint of this node's log that it countersigned.
    pub countersigned: Option<Witnessed>,
}

/// How far a stream has come: number 0 and a zero id at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Number of the last entry.
    pub number: u64,
    /// Its id.
    pub id: RecordId,
}

/// A log at a size, as a witness saw it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witnessed {
    /// Epoch.
    pub epoch: u32,
    /// Records in the log.
    pub size: u64,
    /// Root of its tree.
    pub root: Hash,
    /// When.
    pub time: Timestamp,
    /// The signed countersignature.
    pub seal: ByteBuf,
}

impl PeerRow {
    /// A peer known by its chain alone.
    #[must_use]
    pub fn new(chain: ChainBytes, addresses: Vec<String>) -> Self {
        let start = Mark { number: 0, id: RecordId::ZERO };
        Self {
            chain,
            addresses,
            inbox: start,
            outbox: start,
            acknowledged: 0,
            witnessed: None,
            countersigned: None,
        }
    }
}

/// What a peer is to this node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It signed this node's certificate.
    Parent,
    /// A jurisdiction whose certificate this node signed.
    Child,
    /// A member unit whose certificate this node signed.
    Unit,
    /// Known from others' records; not spoken to.
    Other,
}

/// A peer with its verified certificates.
#[derive(Clone)]
pub struct Peer {
    /// What it is to this node.
    pub relation: Relation,
    /// Its certificates, verified.
    pub standing: Standing,
    /// Where it can be dialled.
    pub addresses: Vec<String>,
}

/// Every node this one knows.
#[derive(Clone, Default)]
pub struct Directory {
    peers: BTreeMap<NodeId, Peer>,
    by_key: BTreeMap<PublicKey, NodeId>,
}

impl Directory {
    /// Puts a peer; `me` decides what it is to this node.
    pub fn insert(&mut self, me: &Standing, standing: Standing, addresses: Vec<String>) {
        let node = standing.node();
        let relation = relation(me, &standing);
        if let Some(known) = self.peers.get(&node) {
            self.by_key.remove(&known.standing.key());
        }
        self.by_key.insert(standing.key(), node);
        self.peers.insert(node, Peer { relation, standing, addresses });
    }

    /// A peer by node id.
    #[must_use]
    pub fn get(&self, node: NodeId) -> Option<&Peer> {
        self.peers.get(&node)
    }

    /// A peer by the key it connects with.
    #[must_use]
    pub fn by_key(&self, key: PublicKey) -> Option<(NodeId, &Peer)> {
        let node = *self.by_key.get(&key)?;
        self.peers.get(&node).map(|peer| (node, peer))
    }

    /// Everybody.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, &Peer)> {
        self.peers.iter()
    }

    /// Those this node speaks to.
    pub fn neighbours(&self) -> impl Iterator<Item = (&NodeId, &Peer)> {
        self.peers.iter().filter(|(_, peer)| peer.relation != Relation::Other)
    }

    /// Peers of a relation.
    pub fn of(&self, relation: Relation) -> impl Iterator<Item = (&NodeId, &Peer)> {
        self.peers.iter().filter(move |(_, peer)| peer.relation == relation)
    }

    /// Member units of this node.
    #[must_use]
    pub fn units(&self) -> BTreeSet<NodeId> {
        self.of(Relation::Unit).map(|(node, _)| *node).collect()
    }
}

fn relation(me: &Standing, peer: &Standing) -> Relation {
    if me.parent() == Some(peer.node()) {
        Relation::Parent
    } else if peer.parent() != Some(me.node()) {
        Relation::Other
    } else if peer.certificate().rights.contains(&Right::Govern) {
        Relation::Child
    } else {
        Relation::Unit
    }
}
