//! What the operator sees of each peer.

use std::time::Duration;

use record::PublicKey;

/// One peer.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerStatus {
    /// Its key.
    pub peer: PublicKey,
    /// Whether it is a neighbour.
    pub known: bool,
    /// Addresses (multiaddr text) at which it is dialled.
    pub addresses: Vec<String>,
    /// The connections that are open with it, the oldest first.
    pub connections: Vec<ConnectionStatus>,
    /// What is done to reach it.
    pub dialling: Dialling,
    /// Requests of the peer which are being answered.
    pub inbound: usize,
    /// Requests to the peer which are being answered.
    pub outbound: usize,
    /// Strikes not yet forgiven; see [`crate::Offence::strikes`].
    pub strikes: f64,
    /// For how much longer it is refused because it misbehaved.
    pub refused_for: Option<Duration>,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionStatus {
    /// The peer's end, multiaddr text.
    pub address: String,
    /// Whether this node dialled.
    pub dialled: bool,
    /// How long it has been up.
    pub up: Duration,
    /// The last ping's round trip.
    pub round_trip: Option<Duration>,
}

/// What is done to reach a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialling {
    /// Nothing: it is connected, or is expected to dial itself, or has no known address.
    Not,
    /// It is being dialled now.
    Now {
        /// Dials in a row that failed before.
        failures: u32,
    },
    /// It is dialled again.
    Again {
        /// After this time.
        after: Duration,
        /// Dials in a row that failed.
        failures: u32,
    },
}
