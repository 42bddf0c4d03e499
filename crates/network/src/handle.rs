//! The node's side of the network: commands in, answers out.

use std::time::Duration;

use engine::wire::{Request, Response, WireError};
use record::PublicKey;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::address::{self, AddressError};
use crate::codec::Outgoing;
use crate::conduct::Offence;
use crate::config::Requests;
use crate::frame;
use crate::status::PeerStatus;

/// Most characters kept of the words of a [`Handle::strike`].
pub const MAX_WORDS: usize = 200;

/// Commands the network. Cheap to clone; when the last one is dropped, the network shuts down.
#[derive(Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    deadlines: Requests,
}

/// What a [`Handle`] asks of the network's task.
pub(crate) enum Command {
    Request { peer: PublicKey, request: Outgoing, answer: Answer },
    Allow { peer: PublicKey, addresses: Vec<Result<libp2p::Multiaddr, AddressError>>, dial: bool },
    Forbid { peer: PublicKey },
    OpenEnrolment { open: bool },
    DialOnce { peer: PublicKey, addresses: Vec<Result<libp2p::Multiaddr, AddressError>> },
    Addresses { answer: oneshot::Sender<Vec<String>> },
    Status { answer: oneshot::Sender<Vec<PeerStatus>> },
    Strike { peer: PublicKey, what: String },
    Shutdown { deadline: Instant, done: oneshot::Sender<()> },
}

/// Where the response to a request of ours goes.
pub(crate) type Answer = oneshot::Sender<Result<Response, RequestError>>;

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// No connection to the peer is open.
    #[error("the peer is not connected")]
    NotConnected,
    /// There was no response in time. The peer may have acted on the request or not.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// The connection or the stream was lost. The peer may have acted on the request or not.
    #[error("the connection was lost before the answer came")]
    Closed,
    /// The peer answered with what no honest node answers.
    #[error("the peer's answer cannot be used")]
    Malformed(#[source] Offence),
    /// As many requests to the peer are under way as are allowed.
    #[error("as many requests to the peer are under way as are allowed")]
    Busy,
    /// The peer does not speak this protocol.
    #[error("the peer does not speak /wangge/1")]
    Unsupported,
    /// The request itself cannot be sent.
    #[error("the request cannot be sent")]
    Unsendable(#[from] WireError),
    /// The network is shut down.
    #[error("the network is shut down")]
    ShutDown,
}

impl Handle {
    pub(crate) fn new(commands: mpsc::Sender<Command>, deadlines: Requests) -> Self {
        Self { commands, deadlines }
    }

    /// Asks a connected peer. The answer comes within `within` or the deadline of the request's
    /// type, whichever is shorter (see [`Requests`]: `short` for hello, enrolment and poke, `page`
    /// for pull and checkpoint, `ask` for a question).
    ///
    /// # Errors
    /// [`RequestError`]. After `TimedOut` and `Closed` it is unknown whether the peer acted.
    pub async fn request(
        &self,
        peer: &PublicKey,
        request: Request,
        within: Duration,
    ) -> Result<Response, RequestError> {
        let tag = request.tag();
        let deadline = Instant::now() + within.min(answer_within(&self.deadlines, &request));
        let request = Outgoing { frame: frame::frame(tag, &request.encode()?)?, deadline };
        let (answer, answered) = oneshot::channel();
        let exchange = async {
            let command = Command::Request { peer: *peer, request, answer };
            self.commands.send(command).await.map_err(|_| RequestError::ShutDown)?;
            answered.await.map_err(|_| RequestError::ShutDown)?
        };
        timeout_at(deadline, exchange).await.map_err(|_| RequestError::TimedOut)?
    }

    /// Makes a peer a neighbour: it may connect and ask. With `dial`, it is dialled at `addresses`
    /// and at those it tells itself, again and again until it is there, and whenever it is lost.
    /// Calling it again replaces the addresses; new ones are tried at once. At most the first eight
    /// are kept; each unusable one comes back as [`Event::DialFailed`](crate::Event::DialFailed).
    pub async fn allow(&self, peer: PublicKey, addresses: Vec<String>, dial: bool) {
        let addresses = parse_all(&addresses, &peer);
        self.tell(Command::Allow { peer, addresses, dial }).await;
    }

    /// Takes a peer off the allow-list and closes its connections.
    pub async fn forbid(&self, peer: PublicKey) {
        self.tell(Command::Forbid { peer }).await;
    }

    /// Opens or closes the door to unknown peers. While it is open, a few of them may connect for
    /// a short time and send [`Request::Enrol`]; everything else they ask is refused. Closing it
    /// disconnects them.
    pub async fn open_enrolment(&self, open: bool) {
        self.tell(Command::OpenEnrolment { open }).await;
    }

    /// Dials a peer which is not a neighbour, to join its federation: each address is tried once,
    /// and the connection lasts no longer than an enrolment may. The outcome comes as an event.
    pub async fn dial_once(&self, peer: PublicKey, addresses: Vec<String>) {
        let addresses = parse_all(&addresses, &peer);
        self.tell(Command::DialOnce { peer, addresses }).await;
    }

    /// Counts against a peer what the network could not see: a message that could be read, but what
    /// it says does not hold. It costs as much as one that cannot be read, and comes back as
    /// [`Event::Misbehaved`](crate::Event::Misbehaved). Of `what`, words for the operator, the first
    /// [`MAX_WORDS`] characters are kept.
    pub async fn strike(&self, peer: PublicKey, what: &str) {
        let what = what.chars().take(MAX_WORDS).collect();
        self.tell(Command::Strike { peer, what }).await;
    }

    /// The addresses at which others can reach this node, each ending in `/p2p/…`: those the
    /// operator wrote down, else those it listens on. Empty after a shut-down.
    pub async fn addresses(&self) -> Vec<String> {
        let (answer, answered) = oneshot::channel();
        self.tell(Command::Addresses { answer }).await;
        answered.await.unwrap_or_default()
    }

    /// Every neighbour, and every other peer which is connected, by key. Empty after a shut-down.
    pub async fn status(&self) -> Vec<PeerStatus> {
        let (answer, answered) = oneshot::channel();
        self.tell(Command::Status { answer }).await;
        answered.await.unwrap_or_default()
    }

    /// Stops accepting connections and requests, waits until the requests under way are answered or
    /// `deadline` has passed, and closes every connection. Returns when the network's task has
    /// ended.
    pub async fn shutdown(&self, deadline: Duration) {
        let (done, ended) = oneshot::channel();
        self.tell(Command::Shutdown { deadline: Instant::now() + deadline, done }).await;
        // An error means that the task has ended already.
        let _ = ended.await;
    }

    async fn tell(&self, command: Command) {
        // After a shut-down there is nobody to tell and nothing to do.
        let _ = self.commands.send(command).await;
    }
}

/// How long a request of this type may wait for its answer, on both sides.
pub(crate) fn answer_within(deadlines: &Requests, request: &Request) -> Duration {
    match request {
        Request::Hello(_)
        | Request::Enrol(_)
        | Request::Poke
        | Request::Notice(_)
        | Request::Renew(_) => deadlines.short,
        Request::Pull(_)
        | Request::Witness(_)
        | Request::Fetch(_)
        | Request::Challenge(_)
        | Request::Reclaim(_) => deadlines.page,
        Request::Ask(_) => deadlines.ask,
    }
}

fn parse_all(
    addresses: &[String],
    peer: &PublicKey,
) -> Vec<Result<libp2p::Multiaddr, AddressError>> {
    addresses.iter().map(|text| address::parse_for(text, peer)).collect()
}
