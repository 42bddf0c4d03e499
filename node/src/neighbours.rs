//! Whom the network lets speak and whom it dials: this node's neighbours, as its certificates
//! make them. Children and member units dial their parent. A parent dials nobody, unless it has
//! moved: then those below it know only where it was, and it knocks where they are.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use engine::peer::{Peer, Relation};
use engine::world::World;
use record::{PublicKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::ports::socket;

/// How long after it has moved a node knocks at those below it. Whoever is away for longer needs
/// `parent.addresses`.
const KNOCKING: Duration = Duration::from_secs(30 * 24 * 3600);

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
    /// Whether the operator wrote down where others reach this node: then moving is the operator's
    /// affair, and nobody is knocked at.
    external: bool,
    /// Whether this node has moved lately.
    moved: bool,
    /// Whether others reach it on this machine alone.
    loopback: bool,
    told: BTreeMap<PublicKey, Terms>,
}

impl Neighbours {
    /// `invited` is where the parent was when it invited this node.
    pub(crate) fn new(network: network::Handle, config: &Config, invited: Vec<String>) -> Self {
        Self {
            network,
            configured: config.parent.addresses.clone(),
            invited,
            external: !config.network.external.is_empty(),
            moved: false,
            loopback: false,
            told: BTreeMap::new(),
        }
    }

    /// Where this node is now, and when it came there; counts from the next [`Self::tell`] on.
    pub(crate) fn here(&mut self, addresses: &[String], moved: Option<Timestamp>, now: Timestamp) {
        self.moved = !self.external && moved.is_some_and(|at| now < at.plus(KNOCKING));
        self.loopback = addresses.iter().all(|address| is_loopback(address));
    }

    /// Tells the network what is new.
    pub(crate) async fn tell(&mut self, world: &World) {
        let wanted: BTreeMap<PublicKey, Terms> = world
            .directory
            .neighbours()
            .flat_map(|(_, peer)| {
                let next = peer.next.map(|key| (key, self.terms_of_next(peer)));
                std::iter::once((peer.standing.key(), self.terms(peer))).chain(next)
            })
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

    /// A neighbour that changes its key comes with another one from the same places, whose
    /// addresses name the old one.
    fn terms_of_next(&self, peer: &Peer) -> Terms {
        let Terms { addresses, dial } = self.terms(peer);
        let bare = |address: String| match address.split_once("/p2p/") {
            Some((place, _)) => place.to_owned(),
            None => address,
        };
        Terms { addresses: addresses.into_iter().map(bare).collect(), dial }
    }

    fn terms(&self, peer: &Peer) -> Terms {
        match peer.relation {
            Relation::Parent => {
                let mut addresses: Vec<String> = Vec::new();
                let keys: Vec<String> =
                    peer.standing.keys().all().map(|key| network::peer_id_text(&key)).collect();
                // What was written down for the parent before it leads to that one.
                let its = |address: &str| {
                    let named = address.split_once("/p2p/").map(|(_, named)| named);
                    named.is_none_or(|named| keys.iter().any(|key| key == named))
                };
                for address in self.configured.iter().chain(&peer.addresses).chain(&self.invited) {
                    if its(address) && !addresses.contains(address) {
                        addresses.push(address.clone());
                    }
                }
                Terms { addresses, dial: true }
            }
            Relation::Child | Relation::Unit if self.moved => {
                // Nobody below makes this node knock at its own machine's ports.
                let far = |address: &&String| self.loopback || is_elsewhere(address);
                let addresses = peer.addresses.iter().filter(far).cloned().collect();
                Terms { addresses, dial: true }
            }
            // It was dialled as the parent, and still is.
            Relation::FormerParent => Terms { addresses: peer.addresses.clone(), dial: true },
            Relation::Child | Relation::Unit | Relation::FormerChild | Relation::Other => {
                Terms { addresses: peer.addresses.clone(), dial: false }
            }
        }
    }
}

fn is_loopback(address: &str) -> bool {
    socket(address).is_some_and(|at| at.ip().to_canonical().is_loopback())
}

/// Whether an address names a machine that can't be this one, by number: a name could be anything.
fn is_elsewhere(address: &str) -> bool {
    socket(address).is_some_and(|at| match at.ip().to_canonical() {
        IpAddr::V4(ip) => {
            !ip.is_loopback() && !ip.is_unspecified() && !ip.is_link_local() && !ip.is_multicast()
        }
        IpAddr::V6(ip) => {
            !ip.is_loopback()
                && !ip.is_unspecified()
                && !ip.is_unicast_link_local()
                && !ip.is_multicast()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_cannot_be_this_machine_are_knocked_at() {
        for elsewhere in ["/ip4/192.0.2.1/tcp/7440/p2p/x", "/ip6/2001:db8::1/tcp/7440"] {
            assert!(is_elsewhere(elsewhere), "{elsewhere}");
        }
        for here in [
            "/ip4/127.0.0.1/tcp/22",
            "/ip6/::ffff:127.0.0.1/tcp/22",
            "/ip4/0.0.0.0/tcp/22",
            "/ip4/169.254.169.254/tcp/80",
            "/ip6/fe80::1/tcp/80",
            "/dns/localhost/tcp/22",
            "",
        ] {
            assert!(!is_elsewhere(here), "{here}");
        }
    }
}
