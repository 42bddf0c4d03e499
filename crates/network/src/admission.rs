//! Who may connect: first the allow-list, then the limits. It comes before every protocol of ours,
//! so that a peer which is denied never gets to speak any of them.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Instant;

use libp2p::PeerId;
use libp2p::swarm::ConnectionId;

use crate::address;
use crate::arrivals::Arrivals;
use crate::bucket::Rate;
use crate::config::{Connections, Enrolment};

pub(crate) mod gate;

/// Why a connection was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denial {
    /// Not on the allow-list.
    #[error("the peer is not on the allow-list")]
    Unknown,
    /// Not an Ed25519 key.
    #[error("the peer has no ed25519 key")]
    NotEd25519,
    /// A penalty is running.
    #[error("the peer is refused for a while because it misbehaved")]
    Refused,
    /// As many unknown peers as enrolment allows are there.
    #[error("as many unknown peers are connected as enrolment allows")]
    EnrolmentFull,
    /// As many connections as are allowed with one peer.
    #[error("as many connections to the peer are open as are allowed")]
    PeerFull,
    /// As many connections as are allowed in all.
    #[error("as many connections are open as are allowed")]
    Full,
    /// As many handshakes as are allowed are under way.
    #[error("as many connections are being made as are allowed")]
    PendingFull,
    /// One source connects too often.
    #[error("too many connections come from this source")]
    SourceFull,
    /// The node is shutting down.
    #[error("the node is shutting down")]
    Closing,
}

/// The allow-list and what is counted for the limits.
pub(crate) struct Admission {
    limits: Connections,
    enrolment: Enrolment,
    /// Neighbours.
    neighbours: HashSet<PeerId>,
    /// Peers dialled once, for joining.
    expected: HashSet<PeerId>,
    /// Neighbours under a penalty, and until when.
    refused: HashMap<PeerId, Instant>,
    open: bool,
    closing: bool,
    arrivals: Arrivals,
    pending_in: HashMap<ConnectionId, Option<IpAddr>>,
    pending_out: HashSet<ConnectionId>,
    established: HashMap<ConnectionId, PeerId>,
}

impl Admission {
    /// Nobody is allowed, and enrolment is closed.
    pub(crate) fn new(limits: Connections, enrolment: Enrolment) -> Self {
        let rate = Rate { per_second: limits.arrivals_per_second, burst: limits.arrivals_burst };
        Self {
            arrivals: Arrivals::new(limits.pending_per_source, rate),
            limits,
            enrolment,
            neighbours: HashSet::new(),
            expected: HashSet::new(),
            refused: HashMap::new(),
            open: false,
            closing: false,
            pending_in: HashMap::new(),
            pending_out: HashSet::new(),
            established: HashMap::new(),
        }
    }

    /// Puts a neighbour on the allow-list.
    pub(crate) fn allow(&mut self, peer: PeerId) {
        self.expected.remove(&peer);
        self.neighbours.insert(peer);
    }

    /// Takes a peer off every list.
    pub(crate) fn forbid(&mut self, peer: &PeerId) {
        self.neighbours.remove(peer);
        self.expected.remove(peer);
        self.refused.remove(peer);
    }

    /// Lets a peer which is no neighbour be dialled.
    pub(crate) fn expect(&mut self, peer: PeerId) {
        self.expected.insert(peer);
    }

    /// Whether the peer was dialled to be joined.
    pub(crate) fn is_expected(&self, peer: &PeerId) -> bool {
        self.expected.contains(peer)
    }

    /// Refuses a neighbour until then.
    pub(crate) fn refuse(&mut self, peer: PeerId, until: Instant) {
        self.refused.insert(peer, until);
    }

    /// Whether unknown peers may connect, to enrol.
    pub(crate) fn open_enrolment(&mut self, open: bool) {
        self.open = open;
    }

    pub(crate) fn is_enrolment_open(&self) -> bool {
        self.open
    }

    /// Denies everything from now on.
    pub(crate) fn close(&mut self) {
        self.closing = true;
    }

    /// Somebody, yet unknown, connects from `ip`.
    pub(crate) fn arrive(
        &mut self,
        connection: ConnectionId,
        ip: Option<IpAddr>,
        now: Instant,
    ) -> Result<(), Denial> {
        if self.closing {
            return Err(Denial::Closing);
        }
        if self.pending_in.len() >= self.limits.pending_in {
            return Err(Denial::PendingFull);
        }
        if ip.is_some_and(|ip| !self.arrivals.arrive(ip, now)) {
            return Err(Denial::SourceFull);
        }
        self.pending_in.insert(connection, ip);
        Ok(())
    }

    /// This node is about to dial.
    pub(crate) fn dial(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        now: Instant,
    ) -> Result<(), Denial> {
        let peer = peer.ok_or(Denial::Unknown)?;
        self.listed(&peer, now)?;
        if self.pending_out.len() >= self.limits.pending_out {
            return Err(Denial::PendingFull);
        }
        self.pending_out.insert(connection);
        Ok(())
    }

    /// The handshake of a connection is over: `peer` holds the key it claims.
    pub(crate) fn admit(
        &mut self,
        connection: ConnectionId,
        peer: &PeerId,
        inbound: bool,
        now: Instant,
    ) -> Result<(), Denial> {
        self.settle(connection);
        match self.listed(peer, now) {
            Err(Denial::Unknown) if inbound && self.open => self.room_for_a_stranger()?,
            listed => listed?,
        }
        let with_peer = self.established.values().filter(|other| *other == peer).count();
        if with_peer >= self.limits.per_peer {
            return Err(Denial::PeerFull);
        }
        if self.established.len() >= self.limits.total {
            return Err(Denial::Full);
        }
        Ok(())
    }

    /// A connection was admitted by everybody.
    pub(crate) fn established(&mut self, connection: ConnectionId, peer: PeerId) {
        self.established.insert(connection, peer);
    }

    /// An established connection is gone.
    pub(crate) fn closed(&mut self, connection: ConnectionId) {
        self.established.remove(&connection);
    }

    /// A handshake is over, well or not.
    pub(crate) fn settle(&mut self, connection: ConnectionId) {
        self.pending_out.remove(&connection);
        if let Some(Some(ip)) = self.pending_in.remove(&connection) {
            self.arrivals.settle(ip);
        }
    }

    /// The allow-list.
    fn listed(&mut self, peer: &PeerId, now: Instant) -> Result<(), Denial> {
        if self.closing {
            return Err(Denial::Closing);
        }
        if address::public_key(peer).is_none() {
            return Err(Denial::NotEd25519);
        }
        if !self.neighbours.contains(peer) && !self.expected.contains(peer) {
            return Err(Denial::Unknown);
        }
        if self.refused.get(peer).is_some_and(|until| now < *until) {
            return Err(Denial::Refused);
        }
        self.refused.remove(peer);
        Ok(())
    }

    fn room_for_a_stranger(&self) -> Result<(), Denial> {
        let is_stranger = |peer: &&PeerId| !self.neighbours.contains(*peer);
        let strangers = self.established.values().filter(is_stranger).count();
        if strangers >= self.enrolment.connections {
            return Err(Denial::EnrolmentFull);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
