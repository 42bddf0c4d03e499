//! What is to be done once a batch is durable.

use std::sync::Arc;
use std::time::Duration;

use governance::case::CaseId;
use governance::query::{Answer, Matter, Question, Seat};
use record::{Hash, NodeId, PublicKey, Signed};

use super::{About, Ticket, Wanted};
use crate::command::{Receipt, Refused};
use crate::outbox::Bounds;
use crate::wire::{Challenge, Fetch, Page, Request, Response};
use crate::world::{Setup, World};

/// What is to be done, after the commit.
pub enum Effect {
    /// A command's outcome.
    Reply {
        /// Who asked.
        ticket: Ticket,
        /// What came of it.
        outcome: Result<Receipt, Refused>,
    },
    /// A question's answer.
    Answered {
        /// Who asked.
        ticket: Ticket,
        /// The question and the answer, or why there is none.
        outcome: Result<(Box<Question>, Box<Signed<Answer>>), Refused>,
    },
    /// The response to a peer's request.
    Respond {
        /// To lead it back.
        ticket: Ticket,
        /// The response.
        response: Response,
    },
    /// The response to a pull: the page after a number, read through [`crate::outbox::page`].
    Page {
        /// To lead it back.
        ticket: Ticket,
        /// The peer whose stream it is.
        peer: NodeId,
        /// Entries above this.
        after: u64,
        /// What it may have.
        bounds: Bounds,
    },
    /// The response to a challenge, read through [`crate::outbox::open`].
    Open {
        /// To lead it back.
        ticket: Ticket,
        /// The peer who asks.
        peer: NodeId,
        /// For what.
        asked: Challenge,
    },
    /// The response to a request for a piece of a photo, read through [`crate::outbox::piece`].
    Piece {
        /// To lead it back.
        ticket: Ticket,
        /// The peer who asks.
        peer: NodeId,
        /// For what.
        fetch: Fetch,
    },
    /// Check a photo's bytes with [`crate::blob::keep`] and give back [`super::Input::PhotoKept`].
    KeepPhoto {
        /// The peer they came from.
        from: NodeId,
        /// The photo that they should be.
        photo: Hash,
        /// They.
        bytes: Vec<u8>,
    },
    /// A request to a peer; its response comes back as [`super::Input::Response`].
    Send {
        /// The peer.
        to: NodeId,
        /// The key it connects with.
        key: PublicKey,
        /// What it is about.
        about: About,
        /// The request.
        request: Request,
        /// How long to wait.
        within: Duration,
    },
    /// Check a page with [`crate::arrival::verify_page`] and give back [`super::Input::Arrived`].
    Verify {
        /// The peer.
        from: NodeId,
        /// Which page it is.
        wanted: Wanted,
        /// The page.
        page: Page,
    },
    /// Count facts with [`crate::view::count`] and give back [`super::Input::Counted`].
    Count {
        /// Which question.
        ask: u64,
        /// What.
        matter: Matter,
        /// This node and its area.
        seat: Seat,
    },
    /// A case changed.
    Changed(CaseId),
    /// Territory, roster or peers changed.
    World(Arc<World>),
    /// This node's own certificates are others now.
    Standing(Arc<Setup>),
    /// This node's key is certified to change: it has to start anew under the other one, once its
    /// neighbours were told, which happens at the next tick.
    Succession(Arc<Setup>),
    /// Whether strangers may knock with an invitation.
    Enrolment(bool),
    /// A neighbour's certificates were checked on this connection.
    Greeted {
        /// The neighbour.
        node: NodeId,
    },
    /// A peer broke the protocol.
    Misbehaved {
        /// The key it connected with.
        key: PublicKey,
        /// What it did.
        what: String,
    },
}
