//! libp2p behind our own events and handles: this crate alone names it, and gives none of its types
//! away. A node [`start`]s the network once, commands it by a [`Handle`] and listens to [`Event`]s.
//!
//! What is promised: only peers on the allow-list get to speak (while enrolment is open, a few
//! others may send [`Request::Enrol`](engine::wire::Request::Enrol)); a request's peer is the key it
//! proved to hold; every queue, message, wait and count is bounded ([`Config`]); no input panics.
//! What is absent on purpose: gossip, peer discovery, relaying, and any decision on what a peer may
//! be told.

pub mod config;

mod address;
mod admission;
mod arrivals;
mod behaviour;
mod bucket;
mod codec;
mod conduct;
mod event;
mod frame;
mod handle;
#[cfg(any(test, feature = "hostile"))]
pub mod hostile;
mod outbox;
mod peer;
mod redial;
mod service;
mod start;
mod status;
mod timers;
mod transport;

pub use address::{AddressError, MAX_ADDRESS, parse_peer_id, peer_id_text, peer_of_address};
pub use conduct::Offence;
pub use config::{Config, ConfigError};
pub use event::{DialFailure, Event, Reply};
pub use handle::{Handle, MAX_WORDS, RequestError};
pub use start::{StartError, start};
pub use status::{ConnectionStatus, Dialling, PeerStatus};

#[cfg(test)]
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test waits for one kind of event and lets the others pass"
)]
mod tests;
