//! Requests and responses, in both directions.

use std::io;
use std::time::Instant;

use engine::wire::{Request, Response};
use futures::FutureExt as _;
use libp2p::PeerId;
use libp2p::request_response::{
    self, InboundRequestId, Message, OutboundFailure, OutboundRequestId, ResponseChannel,
};
use record::PublicKey;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Service;
use crate::address;
use crate::codec::{Carried, Outgoing};
use crate::conduct::Offence;
use crate::event::{Event, Reply};
use crate::handle::{self, Answer, RequestError};

/// A request of a peer. It counts against the peer until both its reply is made and its stream is
/// done with, whichever comes last: so neither hanging up nor reading slowly makes room for more.
pub(super) struct InFlight {
    peer: PeerId,
    answered: bool,
    done: bool,
}

/// The reply to a request of a peer.
pub(super) struct Answered {
    request: InboundRequestId,
    channel: ResponseChannel<Response>,
    response: Response,
}

impl Service {
    /// Sends a request of ours.
    pub(super) fn ask(&mut self, key: &PublicKey, request: Outgoing, answer: Answer) {
        if answer.is_closed() {
            return;
        }
        let id = address::peer_id(key);
        let exchange = &mut self.swarm.behaviour_mut().exchange;
        let peer = self.peers.get_mut(&id).filter(|_| exchange.is_connected(&id));
        let Some(peer) = peer else {
            return super::reply(answer, Err(RequestError::NotConnected));
        };
        if peer.outbound >= self.config.requests.outbound_per_peer {
            return super::reply(answer, Err(RequestError::Busy));
        }
        peer.outbound += 1;
        let request = exchange.send_request(&id, Carried::Out(request));
        self.asked.insert(request, (id, answer));
    }

    pub(super) fn on_exchange(&mut self, event: request_response::Event<Carried, Response>) {
        match event {
            request_response::Event::Message {
                peer,
                message: Message::Request { request_id, request, channel },
                ..
            } => self.on_request(&peer, request_id, request, channel),
            request_response::Event::Message {
                message: Message::Response { request_id, response },
                ..
            } => self.on_response(request_id, Ok(response)),
            request_response::Event::OutboundFailure { peer, request_id, error, .. } => {
                let error = self.judge(&peer, error);
                self.on_response(request_id, Err(error));
            }
            request_response::Event::InboundFailure { request_id, .. } => {
                self.settle(request_id, |flight| flight.done = true);
            }
            request_response::Event::ResponseSent { request_id, .. } => {
                self.last_response = Some(Instant::now());
                self.settle(request_id, |flight| flight.done = true);
            }
        }
    }

    /// The node has answered, or let the deadline pass.
    pub(super) fn on_answered(&mut self, answered: Answered) {
        let Answered { request, channel, response } = answered;
        // Where the peer has gone, the failure of its stream has been or will be told.
        let _ = self.swarm.behaviour_mut().exchange.send_response(channel, response);
        self.settle(request, |flight| flight.answered = true);
    }

    fn on_response(&mut self, id: OutboundRequestId, result: Result<Response, RequestError>) {
        let Some((peer, answer)) = self.asked.remove(&id) else {
            return;
        };
        self.with_peer(&peer, |peer| peer.outbound = peer.outbound.saturating_sub(1));
        super::reply(answer, result);
    }

    fn on_request(
        &mut self,
        id: &PeerId,
        request_id: InboundRequestId,
        carried: Carried,
        channel: ResponseChannel<Response>,
    ) {
        let request = match carried {
            Carried::In(Ok(request)) => request,
            // Dropping the channel closes the stream.
            Carried::In(Err(offence)) => return self.strike(id, offence),
            Carried::Out(_) => return,
        };
        match self.admit(id, &request) {
            Some(known) => self.forward(id, known, request_id, request, channel),
            None => {
                // Where the peer has gone, there is nobody to refuse.
                let _ =
                    self.swarm.behaviour_mut().exchange.send_response(channel, Response::Refused);
            }
        }
    }

    /// Whether a request is to be answered by the node, and whether its peer is a neighbour.
    fn admit(&mut self, id: &PeerId, request: &Request) -> Option<bool> {
        let enrolment = self.swarm.behaviour().gate.admission.is_enrolment_open();
        let peer = self.peers.get_mut(id)?;
        if !peer.may_ask(Instant::now()) {
            self.strike(id, Offence::Flood);
            return None;
        }
        let known = peer.is_known();
        let allowed = known || (enrolment && matches!(request, Request::Enrol(_)));
        let room = peer.inbound < peer.in_flight(&self.config)
            && self.answering.len() < self.config.requests.inbound_total;
        (allowed && room && self.phase.is_running()).then_some(known)
    }

    fn forward(
        &mut self,
        id: &PeerId,
        known: bool,
        request_id: InboundRequestId,
        request: Request,
        channel: ResponseChannel<Response>,
    ) {
        let Some(peer) = self.peers.get_mut(id) else {
            return;
        };
        peer.inbound += 1;
        self.answering.insert(request_id, InFlight { peer: *id, answered: false, done: false });
        let within = handle::answer_within(&self.config.requests, &request);
        let (reply, answer) = Reply::new();
        self.outbox.request(Event::Inbound { peer: peer.key, known, request, reply });
        let answered = async move {
            let response = timeout(within, answer).await;
            Answered { request: request_id, channel, response: or_refused(response) }
        };
        self.replies.push(answered.boxed());
    }

    /// Notes how far a request of a peer has come, and lets it go when both ends are done.
    fn settle(&mut self, request: InboundRequestId, note: impl FnOnce(&mut InFlight)) {
        let Some(flight) = self.answering.get_mut(&request) else {
            return;
        };
        note(flight);
        if flight.answered && flight.done {
            let peer = flight.peer;
            self.answering.remove(&request);
            self.with_peer(&peer, |peer| peer.inbound = peer.inbound.saturating_sub(1));
        }
    }

    /// Why a request of ours failed; counts it where the peer is to blame.
    fn judge(&mut self, id: &PeerId, failure: OutboundFailure) -> RequestError {
        tracing::debug!(peer = %id, error = &failure as &dyn std::error::Error, "request failed");
        match failure {
            OutboundFailure::DialFailure => RequestError::NotConnected,
            OutboundFailure::Timeout => RequestError::TimedOut,
            OutboundFailure::ConnectionClosed => RequestError::Closed,
            OutboundFailure::UnsupportedProtocols => RequestError::Unsupported,
            OutboundFailure::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                RequestError::TimedOut
            }
            OutboundFailure::Io(error) => match error.downcast::<Offence>() {
                Ok(offence) => {
                    self.strike(id, offence.clone());
                    RequestError::Malformed(offence)
                }
                Err(_) => RequestError::Closed,
            },
        }
    }
}

/// The node's answer; a refusal where it dropped the reply or took too long.
fn or_refused<E>(answer: Result<Result<Response, oneshot::error::RecvError>, E>) -> Response {
    answer.ok().and_then(Result::ok).unwrap_or(Response::Refused)
}
