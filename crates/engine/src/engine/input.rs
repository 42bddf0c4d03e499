//! What comes in to the engine.

use std::time::Duration;

use governance::query::{Matter, Tally};
use record::{Hash, NodeId, PublicKey};

use crate::arrival::{PageError, VerifiedPage};
use crate::command::Command;
use crate::view::State;
use crate::wire::{Request, Response};

/// Names the asker of a command, request or question, so that the effect can be led back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

/// What comes in.
pub enum Input {
    /// From staff, residents and programs.
    Command {
        /// Who asked.
        ticket: Ticket,
        /// What.
        command: Command,
    },
    /// A question of this node's own staff to its subordinates.
    Ask {
        /// Who asked.
        ticket: Ticket,
        /// What.
        matter: Matter,
        /// How long it may take.
        budget: Duration,
    },
    /// A peer's request. Who it is was proven by the connection.
    Request {
        /// To lead the response back.
        ticket: Ticket,
        /// The key the peer connected with.
        from: PublicKey,
        /// The request.
        request: Request,
    },
    /// A peer's response, or none: refused, cut off, out of time.
    Response {
        /// The peer.
        from: NodeId,
        /// What was asked.
        about: About,
        /// The response.
        response: Option<Response>,
    },
    /// A page, after its signatures were checked.
    Arrived {
        /// The peer.
        from: NodeId,
        /// Which page it is.
        wanted: Wanted,
        /// The page.
        page: Result<VerifiedPage, PageError>,
    },
    /// The count that [`super::Effect::Count`] asked for; `None` when it could not be made.
    Counted {
        /// Which question.
        ask: u64,
        /// The count, and from what state.
        counted: Option<(Tally, State)>,
    },
    /// What became of a photo's bytes that [`super::Effect::KeepPhoto`] brought.
    PhotoKept {
        /// The peer they came from.
        from: NodeId,
        /// The photo.
        photo: Hash,
        /// What became of them.
        kept: Keeping,
    },
    /// A connection is up.
    Connected(PublicKey),
    /// A connection is down.
    Disconnected(PublicKey),
    /// Addresses at which this node can be dialled.
    Addresses(Vec<String>),
    /// Time passes. At least every second; every 50 ms while questions are open.
    Tick,
}

/// What became of a photo's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeping {
    /// They are the photo's, and lie beside the journal, durably.
    Done {
        /// Their number.
        size: u32,
    },
    /// They are others.
    OtherBytes,
    /// They could not be kept: the disk, or nobody had time.
    Failed,
}

/// A page of a peer's stream that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The number after which it begins.
    pub after: u64,
    /// Which of this node's pulls asked, counted since its start: what an earlier one asked for,
    /// and comes late, is not what a later one waits for.
    pub pull: u64,
}

/// What a request to a peer was about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// Greeting.
    Hello,
    /// A page of its stream.
    Pull(Wanted),
    /// Telling it that something waits.
    Poke,
    /// A checkpoint for it to countersign.
    Witness,
    /// A question, by its local number.
    Ask(u64),
    /// The piece of a photo from this byte on.
    Fetch(Hash, u32),
    /// A revocation list that is new.
    Notice,
    /// A new certificate for this node.
    Renew,
    /// A record of its log that it is to open.
    Challenge,
    /// Records of this node that are lost here.
    Reclaim,
}
