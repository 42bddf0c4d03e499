//! The peers a node knows: certificates, addresses, and how far each stream has come.

use std::collections::{BTreeMap, BTreeSet};

use governance::certificate::{Issuer, Lists, Right, Standing};
use record::{Hash, NodeId, PublicKey, Timestamp};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::entry::next_link;
use crate::project::ForkedRow;
use crate::wire::ChainBytes;

/// A peer as it is shown: who it is, how far the streams have come, what was witnessed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerRow {
    /// Its certificates and addresses.
    pub card: Card,
    /// The streams between it and this node.
    pub streams: Streams,
    /// What each has witnessed of the other's log.
    pub witness: Witness,
    /// Where it signed two histories.
    pub forked: Option<ForkedRow>,
}

/// Who a peer is and where it can be reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Its certificate chain, its own certificate first.
    pub chain: ChainBytes,
    /// Where it can be dialled, multiaddr text.
    pub addresses: Vec<String>,
    /// The chain with which it will come next, under a new key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ChainBytes>,
    /// What it was to this node before one of the two moved to another parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
}

/// How far the streams between a peer and this node have come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Streams {
    /// Entries received from it: number and link of the last.
    pub inbox: Mark,
    /// Entries for it: number and link of the last.
    pub outbox: Mark,
    /// How far it has acknowledged.
    pub acknowledged: u64,
}

impl Default for Mark {
    fn default() -> Self {
        Self { number: 0, link: Hash::ZERO }
    }
}

impl Mark {
    /// The mark after an entry. A stream's first entry continues from [`crate::entry::first_link`].
    #[must_use]
    pub fn after(self, entry: &Hash, start: impl FnOnce() -> Hash) -> Self {
        let before = if self.number == 0 { start() } else { self.link };
        Self { number: self.number + 1, link: next_link(&before, entry) }
    }
}

/// What a peer and this node have witnessed of each other's log.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The last checkpoint of its log that this node countersigned.
    pub witnessed: Option<Witnessed>,
    /// The last checkpoint of this node's log that it countersigned.
    pub countersigned: Option<Witnessed>,
    /// The epoch of its log that an officer of this node has accepted though records are lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<u32>,
    /// Its log as it showed it last with records of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
    /// The record that it could not open when it was last asked for it (see
    /// [`crate::wire::Challenge`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unopened: Option<Unopened>,
}

/// A log at a size, as its author showed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Epoch.
    pub epoch: u32,
    /// Records in the log.
    pub size: u64,
    /// Root of its tree.
    pub root: Hash,
}

/// A record that its author could not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unopened {
    /// Its leaf, from 0.
    pub index: u64,
    /// Since when that is known.
    pub since: Timestamp,
}

impl Witness {
    /// The peer's log as it was seen last: in a page, or by a checkpoint that was countersigned.
    #[must_use]
    pub fn seen(&self) -> Option<Shown> {
        let witnessed = self.witnessed.as_ref();
        let witnessed =
            witnessed.map(|seen| Shown { epoch: seen.epoch, size: seen.size, root: seen.root });
        [self.shown, witnessed].into_iter().flatten().max_by_key(|seen| (seen.epoch, seen.size))
    }
}

/// How far a stream has come: number 0 and a zero link at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Number of the last entry.
    pub number: u64,
    /// The stream's link after it.
    pub link: Hash,
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
    /// The signed checkpoint, where this node is the witness.
    pub checkpoint: Option<ByteBuf>,
}

/// What a peer was to this node before one of the two moved to another parent. They go on
/// speaking: cases that both have are finished, and withdrawals and erasures reach whoever was
/// given something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Former {
    /// The parent.
    Above,
    /// A child or a member unit.
    Below,
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
    /// It was the parent until this node moved to another one.
    FormerParent,
    /// It was a child or a unit until it moved to another parent, or was given up as moved.
    FormerChild,
    /// Known from others' records, or revoked; not spoken to.
    Other,
}

impl Relation {
    /// What the peer will have been, should it no longer be that.
    #[must_use]
    pub fn former(self) -> Option<Former> {
        match self {
            Self::Parent | Self::FormerParent => Some(Former::Above),
            Self::Child | Self::Unit | Self::FormerChild => Some(Former::Below),
            Self::Other => None,
        }
    }
}

/// A peer with its verified certificates.
#[derive(Clone)]
pub struct Peer {
    /// What it is to this node.
    pub relation: Relation,
    /// Its certificates, verified.
    pub standing: Standing,
    /// The key with which it will come next, where it changes it.
    pub next: Option<PublicKey>,
    /// Where it can be dialled.
    pub addresses: Vec<String>,
    /// What it was to this node before one of the two moved.
    pub former: Option<Former>,
}

impl Peer {
    /// Whether certificates of the same node name the key that is known, or one that it led to. A
    /// key that was given up does not come back.
    #[must_use]
    pub fn leads_to(&self, shown: &Standing) -> bool {
        shown.keys().all().any(|key| key == self.standing.key())
    }

    /// The same, where the key counts with which the peer will come next.
    #[must_use]
    pub fn will_lead_to(&self, shown: &Standing) -> bool {
        self.leads_to(shown)
            && self.next.is_none_or(|next| shown.keys().all().any(|key| key == next))
    }
}

/// A peer as it is put into the directory, which finds out what it is to this node.
pub struct Known {
    /// Its certificates, verified.
    pub standing: Standing,
    /// The key with which it will come next.
    pub next: Option<PublicKey>,
    /// Where it can be dialled.
    pub addresses: Vec<String>,
    /// What it was to this node before one of the two moved.
    pub former: Option<Former>,
}

/// Every node this one knows.
#[derive(Clone, Default)]
pub struct Directory {
    peers: BTreeMap<NodeId, Peer>,
    by_key: BTreeMap<PublicKey, NodeId>,
}

impl Directory {
    /// Puts a peer; `me` and the revocation lists decide what it is to this node.
    pub fn insert(&mut self, me: &Standing, lists: &Lists, known: Known) {
        let Known { standing, next, addresses, former } = known;
        let node = standing.node();
        let relation = relation(me, lists, &standing, former);
        if let Some(known) = self.peers.get(&node) {
            self.by_key.remove(&known.standing.key());
            known.next.map(|key| self.by_key.remove(&key));
        }
        for key in [Some(standing.key()), next].into_iter().flatten() {
            self.by_key.insert(key, node);
        }
        self.peers.insert(node, Peer { relation, standing, next, addresses, former });
    }

    /// Asks anew what everybody is to this node, after its own certificates or the revocation
    /// lists changed.
    pub fn judge(&mut self, me: &Standing, lists: &Lists) {
        for peer in self.peers.values_mut() {
            peer.relation = relation(me, lists, &peer.standing, peer.former);
        }
    }

    /// A peer by node id.
    #[must_use]
    pub fn get(&self, node: NodeId) -> Option<&Peer> {
        self.peers.get(&node)
    }

    /// A peer by the key it connects with, or will connect with next.
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

    /// Jurisdictions below this node.
    #[must_use]
    pub fn children(&self) -> BTreeSet<NodeId> {
        self.of(Relation::Child).map(|(node, _)| *node).collect()
    }

    /// Member units of this node.
    #[must_use]
    pub fn units(&self) -> BTreeSet<NodeId> {
        self.of(Relation::Unit).map(|(node, _)| *node).collect()
    }
}

fn relation(me: &Standing, lists: &Lists, peer: &Standing, former: Option<Former>) -> Relation {
    let given_up = lists.is_disowned(peer, Issuer::Node(me.node()));
    if lists.barred(peer).is_some() || given_up {
        Relation::Other
    } else if me.parent() == Some(peer.node()) {
        Relation::Parent
    } else if peer.parent() != Some(me.node()) {
        match former {
            Some(Former::Above) => Relation::FormerParent,
            Some(Former::Below) => Relation::FormerChild,
            None => Relation::Other,
        }
    } else if lists.against(peer).any(|entry| entry.node == peer.node()) {
        // Given up as moved: it comes with the certificates of its new parent.
        Relation::FormerChild
    } else if peer.certificate().rights.contains(&Right::Govern) {
        Relation::Child
    } else {
        Relation::Unit
    }
}
