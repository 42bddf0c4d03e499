//! Who is a neighbour, who a guest.

use std::time::Instant;

use libp2p::{Multiaddr, PeerId};
use record::PublicKey;

use super::{Service, is_own};
use crate::address::AddressError;
use crate::event::Event;
use crate::peer::{Peer, Standing};
use crate::redial::{Effort, Redial};
use crate::status::PeerStatus;
use crate::timers::Due;

impl Service {
    pub(super) fn allow(
        &mut self,
        key: PublicKey,
        addresses: Vec<Result<Multiaddr, AddressError>>,
        dial: bool,
    ) {
        let (id, own) = is_own(&self.swarm, &key);
        if own {
            tracing::warn!("本节点不能是自己的相邻节点 this node cannot be its own neighbour");
            return;
        }
        let now = Instant::now();
        let addresses = self.usable(key, addresses);
        self.swarm.behaviour_mut().gate.admission.allow(id);
        let was_guest = self.welcome(id, key, Standing::Neighbour, now);
        let effort = if dial { Effort::Always } else { Effort::None };
        self.with_peer(&id, |peer| peer.redial.tell(addresses, effort, now));
        if was_guest && self.is_connected(&id) {
            self.outbox.state(Event::Connected { peer: key, known: true });
        }
    }

    pub(super) fn forbid(&mut self, key: &PublicKey) {
        let (id, _) = is_own(&self.swarm, key);
        self.swarm.behaviour_mut().gate.admission.forbid(&id);
        self.turn_out(&id);
    }

    pub(super) fn open_enrolment(&mut self, open: bool) {
        self.swarm.behaviour_mut().gate.admission.open_enrolment(open);
        if open {
            return;
        }
        let admission = &self.swarm.behaviour().gate.admission;
        let uninvited = |peer: &&Peer| !peer.is_known() && !admission.is_expected(&peer.id);
        let guests: Vec<PeerId> =
            self.peers.values().filter(uninvited).map(|peer| peer.id).collect();
        for id in guests {
            self.turn_out(&id);
        }
    }

    pub(super) fn dial_once(
        &mut self,
        key: PublicKey,
        addresses: Vec<Result<Multiaddr, AddressError>>,
    ) {
        let (id, own) = is_own(&self.swarm, &key);
        if own {
            tracing::warn!("本节点不能加入自己 this node cannot join itself");
            return;
        }
        let now = Instant::now();
        let addresses = self.usable(key, addresses);
        let known = self.peers.get(&id).is_some_and(Peer::is_known);
        if !known {
            self.swarm.behaviour_mut().gate.admission.expect(id);
            let until = now + self.config.enrolment.session;
            self.welcome(id, key, Standing::Guest(until), now);
            self.timers.set(until, Due::Leave(id));
        }
        if self.is_connected(&id) {
            self.outbox.state(Event::Connected { peer: key, known });
            return;
        }
        self.with_peer(&id, |peer| {
            let effort = match peer.redial.effort() {
                Effort::Always => Effort::Always,
                Effort::Once | Effort::None => Effort::Once,
            };
            peer.redial.tell(addresses, effort, now);
        });
    }

    /// A guest's time may be over.
    pub(super) fn see_out(&mut self, id: &PeerId, now: Instant) {
        let over = |peer: &Peer| matches!(peer.standing, Standing::Guest(until) if until <= now);
        if self.peers.get(id).is_some_and(over) {
            self.turn_out(id);
        }
    }

    pub(super) fn status(&self) -> Vec<PeerStatus> {
        let now = Instant::now();
        let mut all: Vec<PeerStatus> =
            self.peers.values().map(|peer| peer.status(&self.config, now)).collect();
        all.sort_by_key(|status| status.peer);
        all
    }

    pub(super) fn is_connected(&self, id: &PeerId) -> bool {
        self.peers.get(id).is_some_and(Peer::is_connected)
    }

    /// Gives a peer, new or not, this standing. Returns whether it was a guest before.
    pub(super) fn welcome(
        &mut self,
        id: PeerId,
        key: PublicKey,
        standing: Standing,
        now: Instant,
    ) -> bool {
        if let Some(peer) = self.peers.get_mut(&id) {
            let was_guest = !peer.is_known();
            peer.change_standing(standing, &self.config, now);
            return was_guest;
        }
        self.peers.insert(id, Peer::new(id, key, standing, &self.config, now));
        false
    }

    /// Closes the connections of a peer and makes it nobody.
    fn turn_out(&mut self, id: &PeerId) {
        let now = Instant::now();
        let config = &self.config;
        if let Some(peer) = self.peers.get_mut(id) {
            peer.change_standing(Standing::Guest(now), config, now);
            peer.redial = Redial::new();
        }
        // An error only says that the peer is not connected.
        let _ = self.swarm.disconnect_peer_id(*id);
        self.with_peer(id, |_| ());
    }

    /// The addresses that can be used; the others are reported.
    fn usable(
        &self,
        peer: PublicKey,
        addresses: Vec<Result<Multiaddr, AddressError>>,
    ) -> Vec<Multiaddr> {
        let report = |error: AddressError| {
            let reason = error.into();
            self.outbox.notice(Event::DialFailed { peer, address: None, reason });
        };
        addresses.into_iter().filter_map(|address| address.map_err(report).ok()).collect()
    }
}
