//! Whom the network lets speak and whom it dials: this node's neighbours, as its certificates
//! make them. Children and member units dial their parent; a parent dials nobody.

use std::collections::BTreeMap;

use engine::peer::{Peer, Relation};
use engine::world::World;
use record::PublicKey;
use serde::{Deserialize, Serialize};

/// The parent section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parent {
    /// Addresses (multiaddr text ending in `/p2p/…`) at which the parent is dialled before those
    /// it told itself: for a parent that has moved while this node was away.
    pub addresses: Vec<String>,
}

/// How one neighbour is treated.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Terms {
    addresses: Vec<String>,
    dial: bool,
}

/// The neighbours as the network was told of them.
pub(crate) struct Neighbours {
    network: network::Handle,
    /// Addresses of the parent: those configured, and those of the invitation.
    configured: Vec<String>,
    invited: Vec<String>,
    told: BTreeMap<PublicKey, Terms>,
}

impl Neighbours {
    pub(crate) fn new(
        network: network::Handle,
        configured: Vec<String>,
        invited: Vec<String>,
    ) -> Self {
        Self { network, configured, invited, told: BTreeMap::new() }
    }

    /// Tells the network what is new.
    pub(crate) async fn tell(&mut self, world: &World) {
        let wanted: BTreeMap<PublicKey, Terms> = world
            .directory
            .neighbours()
            .map(|(_, peer)| (peer.standing.key(), self.terms(peer)))
            .collect();
        for key in self.told.keys().filter(|key| !wanted.contains_key(key)) {
            self.network.forbid(*key).await;
        }
        for (key, terms) in &wanted {
            if self.told.get(key) != Some(terms) {
                self.network.allow(*key, terms.addresses.clone(), terms.dial).await;
            }
        }
        self.told = wanted;
    }

    fn terms(&self, peer: &Peer) -> Terms {
        match peer.relation {
            Relation::Parent => {
                let mut addresses: Vec<String> = Vec::new();
                for address in self.configured.iter().chain(&peer.addresses).chain(&self.invited) {
                    if !addresses.contains(address) {
                        addresses.push(address.clone());
                    }
                }
                Terms { addresses, dial: true }
            }
            Relation::Child | Relation::Unit | Relation::Other => {
                Terms { addresses: peer.addresses.clone(), dial: false }
            }
        }
    }
}
