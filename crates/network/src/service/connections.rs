//! Connections that come and go, and whether they are still good.

use std::time::Instant;

use libp2p::core::ConnectedPoint;
use libp2p::swarm::{ConnectionError, ConnectionId};
use libp2p::{Multiaddr, PeerId, identify, ping};

use super::Service;
use crate::address;
use crate::conduct::Offence;
use crate::event::Event;
use crate::peer::{Connection, Standing};
use crate::redial::MAX_ADDRESSES;
use crate::timers::Due;

impl Service {
    pub(super) fn on_established(
        &mut self,
        id: PeerId,
        connection: ConnectionId,
        endpoint: &ConnectedPoint,
    ) {
        let Some(key) = address::public_key(&id) else {
            // The gate lets only Ed25519 keys through.
            self.swarm.close_connection(connection);
            return;
        };
        let now = Instant::now();
        if !self.peers.contains_key(&id) {
            let until = now + self.config.enrolment.session;
            self.welcome(id, key, Standing::Guest(until), now);
            self.timers.set(until, Due::Leave(id));
        }
        let first = !self.is_connected(&id);
        let made = made(connection, endpoint, now);
        let superseded = self.with_peer(&id, |peer| {
            // A peer that dials anew has lost its end of the connection it dialled before.
            let again = |old: &Connection| !old.dialled && !made.dialled;
            let superseded = peer.connections.iter().find(|old| again(old)).map(|old| old.id);
            peer.connections.push(made);
            peer.redial.connected(now);
            (peer.is_known(), superseded)
        });
        let Some((known, superseded)) = superseded else {
            return;
        };
        if let Some(old) = superseded {
            self.swarm.close_connection(old);
        }
        if first {
            self.outbox.state(Event::Connected { peer: key, known });
        }
    }

    pub(super) fn on_closed(
        &mut self,
        id: &PeerId,
        connection: ConnectionId,
        cause: Option<&ConnectionError>,
    ) {
        let now = Instant::now();
        let Some(peer) = self.peers.get_mut(id) else {
            return;
        };
        let key = peer.key;
        let cause = cause.map(|cause| cause as &dyn std::error::Error);
        tracing::debug!(peer = %key, cause, "connection closed");
        peer.connections.retain(|open| open.id != connection);
        if peer.is_connected() {
            return;
        }
        self.with_redial(id, |redial, backoff, rng| redial.lost(now, backoff, rng));
        self.outbox.state(Event::Disconnected { peer: key });
    }

    /// A peer says where it listens. Only a neighbour is ever dialled there; a guest may become one.
    pub(super) fn on_identify(&mut self, event: identify::Event) {
        let identify::Event::Received { peer_id, info, .. } = event else {
            return;
        };
        self.with_peer(&peer_id, |peer| {
            let loopback = peer.is_on_loopback();
            let learned: Vec<Multiaddr> = info
                .listen_addrs
                .into_iter()
                .map(address::without_peer)
                .filter(|address| address::is_learnable(address, loopback))
                .take(MAX_ADDRESSES)
                .collect();
            peer.redial.learn(learned, Instant::now());
        });
    }

    pub(super) fn on_ping(&mut self, event: &ping::Event) {
        let most = self.config.ping.failures;
        let dead = self.with_peer(&event.peer, |peer| {
            let mut open = peer.connections.iter_mut();
            let connection = open.find(|open| open.id == event.connection)?;
            match &event.result {
                Ok(round_trip) => {
                    connection.round_trip = Some(*round_trip);
                    connection.ping_failures = 0;
                }
                Err(ping::Failure::Unsupported) => {}
                Err(ping::Failure::Timeout | ping::Failure::Other { .. }) => {
                    connection.ping_failures += 1;
                }
            }
            (connection.ping_failures >= most).then_some(peer.key)
        });
        if let Some(Some(key)) = dead {
            tracing::debug!(peer = %key, "connection is dead: pings do not come back");
            self.swarm.close_connection(event.connection);
        }
    }

    /// Counts an offence. A guest has no second chance; a neighbour is refused for a while when it
    /// was one too many.
    pub(super) fn strike(&mut self, id: &PeerId, offence: Offence) {
        let now = Instant::now();
        let rules = &self.config.conduct;
        let Some(peer) = self.peers.get_mut(id) else {
            return;
        };
        let (key, known) = (peer.key, peer.is_known());
        let penalty = peer.conduct.strike(&offence, now, rules);
        let refused = penalty.is_some() || (!known && offence.strikes() >= 1.0);
        if let Some(until) = penalty.filter(|_| known) {
            self.swarm.behaviour_mut().gate.admission.refuse(*id, until);
            self.with_peer(id, |peer| peer.redial.hold(until));
        }
        if refused {
            // An error only says that the peer has gone by itself.
            let _ = self.swarm.disconnect_peer_id(*id);
        }
        // A flood is told once, when it has become a penalty; else the telling would be another.
        if refused || !matches!(offence, Offence::Flood) {
            let what = offence.clone();
            let told = self.outbox.notice(Event::Misbehaved { peer: key, what, refused });
            if refused && !told {
                tracing::warn!(peer = %key, %offence,
                    "对方屡次违反协议，已断开 a peer that misbehaves was cut off");
            }
        }
    }
}

fn made(id: ConnectionId, endpoint: &ConnectedPoint, since: Instant) -> Connection {
    Connection {
        id,
        address: endpoint.get_remote_address().clone(),
        dialled: endpoint.is_dialer(),
        since,
        ping_failures: 0,
        round_trip: None,
    }
}
