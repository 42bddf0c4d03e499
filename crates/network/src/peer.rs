//! What is kept of one peer: a neighbour, or whoever is connected.

use std::time::{Duration, Instant};

use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};
use record::PublicKey;

use crate::address;
use crate::bucket::{Bucket, Rate};
use crate::conduct::Conduct;
use crate::config::Config;
use crate::redial::{Redial, State};
use crate::status::{ConnectionStatus, Dialling, PeerStatus};

/// What a peer is to this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// On the allow-list.
    Neighbour,
    /// Not on the allow-list: it came to enrol, or was dialled to be joined. It leaves at this
    /// time at the latest.
    Guest(Instant),
}

/// One peer.
pub(crate) struct Peer {
    pub(crate) id: PeerId,
    pub(crate) key: PublicKey,
    pub(crate) standing: Standing,
    pub(crate) redial: Redial,
    pub(crate) conduct: Conduct,
    pub(crate) connections: Vec<Connection>,
    /// Requests of the peer being answered.
    pub(crate) inbound: usize,
    /// Requests to the peer being answered.
    pub(crate) outbound: usize,
    bucket: Bucket,
}

/// One established connection.
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) address: Multiaddr,
    pub(crate) dialled: bool,
    pub(crate) since: Instant,
    pub(crate) ping_failures: u32,
    pub(crate) round_trip: Option<Duration>,
}

impl Peer {
    pub(crate) fn new(
        id: PeerId,
        key: PublicKey,
        standing: Standing,
        config: &Config,
        now: Instant,
    ) -> Self {
        Self {
            id,
            key,
            standing,
            redial: Redial::new(),
            conduct: Conduct::clean(now),
            connections: Vec::new(),
            inbound: 0,
            outbound: 0,
            bucket: Bucket::full(rate(standing, config), now),
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.standing == Standing::Neighbour
    }

    pub(crate) fn is_connected(&self) -> bool {
        !self.connections.is_empty()
    }

    /// Whether nothing of it has to be kept.
    pub(crate) fn is_forgettable(&self) -> bool {
        let is_used = self.is_known() || self.is_connected() || self.inbound + self.outbound > 0;
        !is_used && self.redial.state() == State::Idle
    }

    /// The peer becomes a neighbour or a guest; its quota of requests is another then.
    pub(crate) fn change_standing(&mut self, standing: Standing, config: &Config, now: Instant) {
        let was_known = self.is_known();
        self.standing = standing;
        if was_known != self.is_known() {
            self.bucket = Bucket::full(rate(standing, config), now);
        }
    }

    /// Whether a request is within the rate at which the peer may ask.
    pub(crate) fn may_ask(&mut self, now: Instant) -> bool {
        self.bucket.take(now)
    }

    /// Requests it may have in flight.
    pub(crate) fn in_flight(&self, config: &Config) -> usize {
        match self.standing {
            Standing::Neighbour => config.requests.inbound_per_peer,
            Standing::Guest(_) => config.enrolment.in_flight,
        }
    }

    /// Whether one of its connections is over loopback.
    pub(crate) fn is_on_loopback(&self) -> bool {
        let is_loopback = |connection: &Connection| {
            address::ip(&connection.address).is_some_and(|ip| ip.to_canonical().is_loopback())
        };
        self.connections.iter().any(is_loopback)
    }

    pub(crate) fn status(&self, config: &Config, now: Instant) -> PeerStatus {
        let failures = self.redial.failures();
        let dialling = match self.redial.state() {
            State::Idle | State::Connected(_) => Dialling::Not,
            State::Dialling => Dialling::Now { failures },
            State::Waiting(at) => {
                Dialling::Again { after: at.saturating_duration_since(now), failures }
            }
        };
        PeerStatus {
            peer: self.key,
            known: self.is_known(),
            addresses: self.redial.addresses().iter().map(Multiaddr::to_string).collect(),
            connections: self.connections.iter().map(|connection| connection.status(now)).collect(),
            dialling,
            inbound: self.inbound,
            outbound: self.outbound,
            strikes: self.conduct.strikes(now, &config.conduct),
            refused_for: self.conduct.refused_for(now),
        }
    }
}

impl Connection {
    fn status(&self, now: Instant) -> ConnectionStatus {
        ConnectionStatus {
            address: self.address.to_string(),
            dialled: self.dialled,
            up: now.saturating_duration_since(self.since),
            round_trip: self.round_trip,
        }
    }
}

fn rate(standing: Standing, config: &Config) -> Rate {
    match standing {
        Standing::Neighbour => {
            Rate { per_second: config.requests.per_second, burst: config.requests.burst }
        }
        Standing::Guest(_) => {
            Rate { per_second: config.enrolment.per_second, burst: config.enrolment.burst }
        }
    }
}
