//! What the network tells the node, and the way to answer.

use std::error::Error;

use engine::wire::{Request, Response};
use record::PublicKey;
use tokio::sync::oneshot;

use crate::address::AddressError;
use crate::conduct::Offence;

/// Something the node has to know of. There is no `Debug`: requests carry personal data.
///
/// `Listening`, `StoppedListening`, `Connected` and `Disconnected` are never lost; while they wait
/// for the node they are merged, so that what arrives is the latest state. `Misbehaved` and
/// `DialFailed` are dropped while the queue is half full, and an `Inbound` that finds no room is
/// answered [`Response::Refused`].
pub enum Event {
    /// Others can connect at this address. Ends in `/p2p/…`.
    Listening {
        /// Multiaddr text.
        address: String,
    },
    /// Others can no longer connect at this address.
    StoppedListening {
        /// Multiaddr text, as it was in [`Event::Listening`].
        address: String,
    },
    /// The first connection to a peer is up. Comes again, with `known` set, when a peer which is
    /// connected becomes a neighbour.
    Connected {
        /// The peer, by the key it proved to hold.
        peer: PublicKey,
        /// Whether it is a neighbour; otherwise it may only enrol.
        known: bool,
    },
    /// The last connection to a peer is gone.
    Disconnected {
        /// The peer.
        peer: PublicKey,
    },
    /// A peer asks something.
    Inbound {
        /// The peer, by the key it proved to hold.
        peer: PublicKey,
        /// Whether it is a neighbour. If not, the request is [`Request::Enrol`].
        known: bool,
        /// What it asks.
        request: Request,
        /// How to answer.
        reply: Reply,
    },
    /// A peer did what an honest node does not do.
    Misbehaved {
        /// The peer.
        peer: PublicKey,
        /// What it did.
        what: Offence,
        /// Whether this was one too many: the peer is disconnected and refused for a while.
        refused: bool,
    },
    /// A peer could not be reached at an address.
    DialFailed {
        /// The peer.
        peer: PublicKey,
        /// Multiaddr text; `None` where no address is to blame.
        address: Option<String>,
        /// Why.
        reason: DialFailure,
    },
}

/// Why a peer could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum DialFailure {
    /// The address cannot be used.
    #[error("the address cannot be used")]
    Address(#[from] AddressError),
    /// Another node answers there.
    #[error("another key answers there: {}", found.map_or("unknown".to_owned(), |key| key.to_string()))]
    OtherKey {
        /// The key that answered, where it is an Ed25519 key.
        found: Option<PublicKey>,
    },
    /// The address is this node's own.
    #[error("this node itself answers there")]
    Oneself,
    /// Nobody answers, or not in our protocols.
    #[error("the address does not answer")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// This node's own lists or limits forbid it.
    #[error("this node does not dial it now")]
    Denied(#[source] Box<dyn Error + Send + Sync>),
}

/// The way to answer one request. Dropping it refuses; so does the deadline of the request's type.
pub struct Reply(oneshot::Sender<Response>);

impl Reply {
    pub(crate) fn new() -> (Self, oneshot::Receiver<Response>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), receiver)
    }

    /// Answers. A response to a peer which has gone or whose deadline is over is dropped.
    pub fn send(self, response: Response) {
        // Nobody is left to be told that it came too late.
        let _ = self.0.send(response);
    }

    /// Whether nobody waits for the answer any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}
