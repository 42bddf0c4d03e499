//! Dialling and what comes of it.

use std::time::Instant;

use libp2p::swarm::DialError;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId};
use record::PublicKey;

use super::Service;
use crate::address;
use crate::event::{DialFailure, Event};

impl Service {
    /// Dials a peer if it is time and there is anything to try.
    pub(super) fn dial(&mut self, id: &PeerId, now: Instant) {
        let addresses = self.with_peer(id, |peer| match peer.conduct.refused_for(now) {
            Some(rest) => {
                peer.redial.hold(now + rest);
                Vec::new()
            }
            None => peer.redial.due(now),
        });
        let Some(addresses) = addresses.filter(|addresses| !addresses.is_empty()) else {
            return;
        };
        // Dialling from the listening port would let two nodes that dial each other at the same
        // time meet in one TCP connection of which both believe to be the dialler.
        let dial = DialOpts::peer_id(*id)
            .addresses(addresses)
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .allocate_new_port()
            .build();
        if let Err(error) = self.swarm.dial(dial) {
            self.on_dial_failed(id, error);
        }
    }

    pub(super) fn on_dial_failed(&mut self, id: &PeerId, error: DialError) {
        let Some(peer) = self.peers.get(id) else {
            return;
        };
        let key = peer.key;
        let impostor = match error {
            // A connection or another dial is there, whose outcome is told by itself.
            DialError::DialPeerConditionFalse(_) => return,
            DialError::WrongPeerId { obtained, address } => {
                let found = address::public_key(&obtained);
                Some(self.report_impostor(key, address, DialFailure::OtherKey { found }))
            }
            DialError::LocalPeerId { address } => {
                Some(self.report_impostor(key, address, DialFailure::Oneself))
            }
            DialError::Transport(errors) => {
                for (address, error) in errors {
                    self.report(key, Some(address), DialFailure::Unreachable(Box::new(error)));
                }
                None
            }
            DialError::Denied { cause } => {
                self.report(key, None, DialFailure::Denied(Box::new(cause)));
                None
            }
            // Addresses this node listens on itself are left out, and none was left.
            DialError::NoAddresses => {
                self.report(key, None, DialFailure::Oneself);
                None
            }
            DialError::Aborted => None,
        };
        let now = Instant::now();
        self.with_redial(id, |redial, backoff, rng| redial.failed(impostor, now, backoff, rng));
    }

    fn report_impostor(
        &self,
        peer: PublicKey,
        address: Multiaddr,
        reason: DialFailure,
    ) -> Multiaddr {
        self.report(peer, Some(address.clone()), reason);
        address::without_peer(address)
    }

    fn report(&self, peer: PublicKey, address: Option<Multiaddr>, reason: DialFailure) {
        let address = address.map(|address| address.to_string());
        tracing::debug!(%peer, address, %reason, "dial failed");
        self.outbox.notice(Event::DialFailed { peer, address, reason });
    }
}
