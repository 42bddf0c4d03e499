//! The network's task: it owns the swarm and what is known of the peers. Commands of the node come
//! before news from peers.

use std::collections::HashMap;
use std::time::Instant;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use libp2p::core::transport::ListenerId;
use libp2p::request_response::{InboundRequestId, OutboundRequestId};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Swarm};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use record::PublicKey;
use tokio::sync::{mpsc, oneshot};

use crate::address;
use crate::behaviour::{Behaviour, Heard};
use crate::conduct::Offence;
use crate::config::{Backoff, Config};
use crate::event::Event;
use crate::handle::{Answer, Command};
use crate::outbox::Outbox;
use crate::peer::Peer;
use crate::redial::{Redial, State};
use crate::timers::{Due, Timers};
use requests::{Answered, InFlight};
use shutdown::Phase;

mod connections;
mod dials;
mod neighbours;
mod requests;
mod shutdown;

/// The task's state.
pub(crate) struct Service {
    config: Config,
    swarm: Swarm<Behaviour>,
    listeners: Vec<ListenerId>,
    commands: mpsc::Receiver<Command>,
    outbox: Outbox,
    peers: HashMap<PeerId, Peer>,
    timers: Timers,
    /// Requests of ours: whom they went to and who waits for the response.
    asked: HashMap<OutboundRequestId, (PeerId, Answer)>,
    /// Requests of peers, from their arrival until they are answered and the answer is sent.
    answering: HashMap<InboundRequestId, InFlight>,
    /// The node's replies, each with its deadline.
    replies: FuturesUnordered<BoxFuture<'static, Answered>>,
    /// When a response was sent last.
    last_response: Option<Instant>,
    rng: StdRng,
    phase: Phase,
}

impl Service {
    pub(crate) fn new(
        config: Config,
        swarm: Swarm<Behaviour>,
        listeners: Vec<ListenerId>,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        Self {
            config,
            swarm,
            listeners,
            commands,
            outbox: Outbox::new(events),
            peers: HashMap::new(),
            timers: Timers::default(),
            asked: HashMap::new(),
            answering: HashMap::new(),
            replies: FuturesUnordered::new(),
            last_response: None,
            rng: StdRng::from_rng(&mut rand::rng()),
            phase: Phase::Running,
        }
    }

    /// Runs until the node shuts the network down or lets go of it.
    pub(crate) async fn run(mut self) {
        while !self.is_over() {
            let phase_ends = self.phase_ends(Instant::now());
            tokio::select! {
                biased;
                command = self.commands.recv(), if self.phase.is_running() => match command {
                    Some(command) => self.on_command(command),
                    None => self.let_go(),
                },
                Some(answered) = self.replies.next(), if !self.replies.is_empty() => {
                    self.on_answered(answered);
                }
                () = self.timers.wait() => self.on_due(),
                () = shutdown::until(phase_ends) => {}
                () = self.outbox.tend(), if !self.outbox.is_closed() => {}
                event = self.swarm.select_next_some() => self.on_event(event),
            }
            if self.outbox.is_closed() && self.phase.is_running() {
                self.let_go();
            }
            self.advance();
        }
        self.end();
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Request { peer, request, answer } => self.ask(&peer, request, answer),
            Command::Allow { peer, addresses, dial } => self.allow(peer, addresses, dial),
            Command::Forbid { peer } => self.forbid(&peer),
            Command::OpenEnrolment { open } => self.open_enrolment(open),
            Command::DialOnce { peer, addresses } => self.dial_once(peer, addresses),
            Command::Addresses { answer } => reply(answer, self.addresses()),
            Command::Status { answer } => reply(answer, self.status()),
            Command::Strike { peer, what } => {
                self.strike(&address::peer_id(&peer), Offence::Untrue(what));
            }
            Command::Shutdown { deadline, done } => self.shut_down(deadline.into_std(), done),
        }
    }

    fn on_due(&mut self) {
        let now = Instant::now();
        while let Some(due) = self.timers.pop(now) {
            match due {
                Due::Dial(peer) => self.dial(&peer, now),
                Due::Leave(peer) => self.see_out(&peer, now),
            }
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "libp2p's enum is non-exhaustive; the other events ask nothing of us"
    )]
    fn on_event(&mut self, event: SwarmEvent<Heard>) {
        match event {
            SwarmEvent::Behaviour(event) => self.on_behaviour(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_established(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, cause, .. } => {
                self.on_closed(&peer_id, connection_id, cause.as_ref());
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), error, .. } => {
                self.on_dial_failed(&peer, error);
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                tracing::debug!(
                    from = %send_back_addr,
                    error = &error as &dyn std::error::Error,
                    "no connection"
                );
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                let address = self.own(address);
                self.outbox.state(Event::Listening { address });
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => self.on_unlisten(address),
            SwarmEvent::ListenerClosed { addresses, reason, .. } => {
                if let Err(error) = reason {
                    tracing::error!(%error, "一个监听端口失效 a listener has failed");
                }
                addresses.into_iter().for_each(|address| self.on_unlisten(address));
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(%error,
                    "无法接受连接：文件句柄是否用尽？ a connection could not be accepted: is the process \
                     out of file descriptors?");
            }
            _ => {}
        }
    }

    fn on_behaviour(&mut self, event: Heard) {
        match event {
            Heard::Identify(event) => self.on_identify(*event),
            Heard::Ping(event) => self.on_ping(&event),
            Heard::Exchange(event) => self.on_exchange(event),
        }
    }

    fn on_unlisten(&mut self, address: Multiaddr) {
        let address = self.own(address);
        self.outbox.state(Event::StoppedListening { address });
    }

    /// The addresses of this node: those the operator wrote down, else those it listens on.
    fn addresses(&self) -> Vec<String> {
        let mut addresses: Vec<String> = Vec::new();
        let external = self.config.external.iter().filter_map(|text| address::parse(text).ok());
        let listening = self.swarm.listeners().filter(|_| self.config.external.is_empty());
        for address in external.chain(listening.cloned()) {
            let address = self.own(address);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    /// An address of this node with its `/p2p/…`.
    fn own(&self, address: Multiaddr) -> String {
        let own = *self.swarm.local_peer_id();
        address.with_p2p(own).unwrap_or_else(|address| address).to_string()
    }

    /// Runs `change` on a peer that is there, keeps an eye on when it is to be dialled, and forgets
    /// it where nothing is left to keep.
    fn with_peer<T>(&mut self, id: &PeerId, change: impl FnOnce(&mut Peer) -> T) -> Option<T> {
        let peer = self.peers.get_mut(id)?;
        let before = peer.redial.state();
        let result = change(peer);
        self.keep_up(id, before);
        Some(result)
    }

    /// As [`Self::with_peer`], for what depends on the back-off.
    fn with_redial(
        &mut self,
        id: &PeerId,
        change: impl FnOnce(&mut Redial, &Backoff, &mut StdRng),
    ) {
        if let Some(peer) = self.peers.get_mut(id) {
            let before = peer.redial.state();
            change(&mut peer.redial, &self.config.backoff, &mut self.rng);
            self.keep_up(id, before);
        }
    }

    fn keep_up(&mut self, id: &PeerId, before: State) {
        let Some(peer) = self.peers.get(id) else {
            return;
        };
        match peer.redial.state() {
            State::Waiting(at) if before != State::Waiting(at) => {
                self.timers.set(at, Due::Dial(*id));
            }
            State::Waiting(_) | State::Idle | State::Dialling | State::Connected(_) => {}
        }
        if peer.is_forgettable() {
            self.peers.remove(id);
            self.swarm.behaviour_mut().gate.admission.forbid(id);
        }
    }
}

/// Answers a question of the node, which may have stopped waiting.
fn reply<T>(answer: oneshot::Sender<T>, value: T) {
    let _ = answer.send(value);
}

/// The id of a key, and whether it is this node's own.
fn is_own(swarm: &Swarm<Behaviour>, key: &PublicKey) -> (PeerId, bool) {
    let id = address::peer_id(key);
    (id, id == *swarm.local_peer_id())
}
