//! Each input to whoever deals with it.

use std::sync::Arc;
use std::time::Duration;

use governance::certificate::Certificate;
use record::{NodeId, PublicKey, Unverified};

use super::{About, Effect, Input, Ticket};
use crate::acts::Desk;
use crate::command::{Command, Receipt, Refused, What};
use crate::exchange::{Admission, Given};
use crate::peer::{Peer, Relation};
use crate::store::StoreError;
use crate::wire::{Hello, Request, Response};

impl Desk<'_, '_> {
    /// One input. An error is storage's alone and voids the whole batch.
    pub(super) fn handle(&mut self, input: Input) -> Result<(), Arc<StoreError>> {
        match input {
            Input::Command { ticket, command } => {
                let outcome = storage(self.try_command(command))?;
                self.out.push(Effect::Reply { ticket, outcome });
            }
            Input::Ask { ticket, matter, budget } => self.ask(ticket, matter, budget),
            Input::Request { ticket, from, request } => {
                let response = self.or_undone(|desk| desk.request(ticket, from, request));
                let response = storage(response)?;
                if let Some(response) = response.unwrap_or(Some(Response::Refused)) {
                    self.out.push(Effect::Respond { ticket, response });
                }
            }
            Input::Response { from, about, response } => {
                let taken = self.or_undone(|desk| desk.response(from, about, response));
                if let Err(refused) = storage(taken)? {
                    tracing::warn!(peer = %from, why = %refused, "response not taken in");
                }
            }
            Input::Arrived { from, wanted, page } => {
                let taken = self.or_undone(|desk| desk.arrived(from, wanted, page));
                if let Err(refused) = storage(taken)? {
                    self.bad_page(from, &refused.to_string());
                }
            }
            Input::Counted { ask, counted } => self.counted(ask, counted),
            Input::PhotoKept { from, photo, kept } => {
                let _ = storage(self.photo_kept(from, photo, kept))?;
            }
            Input::Connected(key) => self.connected(key),
            Input::Disconnected(key) => self.disconnected(key),
            Input::Addresses(addresses) => self.talk.addresses = addresses,
            Input::Tick => self.tick()?,
        }
        Ok(())
    }

    fn try_command(&mut self, command: Command) -> Result<Receipt, Refused> {
        // A new epoch is the way out for a node on an older copy of its data. Signing in and reading
        // go on while nothing is signed, and reading is on record then, too.
        let goes_on = matches!(
            command.what,
            What::OpenEpoch { .. }
                | What::Read(_)
                | What::SignIn { .. }
                | What::PutToken { token: None, .. }
        );
        // The root certifies a key that is to follow through somebody's hands.
        let brought = matches!(command.what, What::TakeCertificates { .. }) && self.is_rotating();
        if let Some(why) = self.barred().filter(|_| !goes_on && !brought) {
            return Err(Refused::Frozen(why));
        }
        self.or_undone(|desk| desk.carry_out(command))
    }

    /// What turns out too large for storage is undone alone; the batch, and with it what everybody
    /// else does, goes on (S13).
    fn or_undone<T>(
        &mut self,
        input: impl FnOnce(&mut Self) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let (savepoint, world) = (self.staging.savepoint(), self.world.clone());
        let effects = self.out.len();
        match input(self) {
            Err(Refused::Storage(error)) if matches!(*error, StoreError::TooLarge { .. }) => {
                self.staging.roll_back(savepoint);
                *self.world = world;
                self.out.truncate(effects);
                Err(Refused::Invalid { field: "size", what: error.to_string() })
            }
            other => other,
        }
    }

    /// A peer's request. `None`: the response comes later, through another effect.
    fn request(
        &mut self,
        ticket: Ticket,
        from: PublicKey,
        request: Request,
    ) -> Result<Option<Response>, Refused> {
        let enrols = matches!(request, Request::Enrol(_));
        if enrols && self.barred().is_some() {
            return Ok(Some(Response::Refused));
        }
        match request {
            Request::Hello(hello) => {
                let Some(node) = self.greeted(from, &hello)? else {
                    return Ok(Some(Response::Refused));
                };
                self.settled_in(node);
                Ok(Some(self.hello_back(node)))
            }
            Request::Enrol(enrol) => Ok(Some(match self.enrol(from, &enrol)? {
                Admission::Chain(chain) => Response::Enrolled(chain),
                Admission::Waits => Response::Done,
                Admission::Refused => Response::Refused,
            })),
            Request::Pull(_)
            | Request::Poke
            | Request::Witness(_)
            | Request::Ask(_)
            | Request::Fetch(_)
            | Request::Notice(_)
            | Request::Renew(_)
            | Request::Challenge(_)
            | Request::Reclaim(_) => match self.greeted_as(from) {
                Some(peer) => self.neighbour(ticket, peer, request),
                None => Ok(Some(Response::Refused)),
            },
        }
    }

    /// A request that only a greeted neighbour may make.
    fn neighbour(
        &mut self,
        ticket: Ticket,
        peer: NodeId,
        request: Request,
    ) -> Result<Option<Response>, Refused> {
        match request {
            Request::Pull(pull) => {
                let served = self.serve_pull(ticket, peer, pull)?;
                if served {
                    self.synced(peer);
                }
                Ok(if served { None } else { Some(Response::Refused) })
            }
            Request::Poke => {
                self.pull(peer);
                Ok(Some(Response::Done))
            }
            Request::Witness(asked) => {
                if self.barred().is_some() {
                    return Ok(Some(Response::Refused));
                }
                let seal = self.witness(peer, &asked)?;
                Ok(Some(seal.map_or(Response::Refused, Response::Witnessed)))
            }
            Request::Ask(asked) => Ok(self.asked(ticket, peer, &asked.question)),
            Request::Fetch(fetch) => {
                // A photo is people's data.
                if !self.may_have_personal(peer)? {
                    return Ok(Some(Response::Refused));
                }
                self.out.push(Effect::Piece { ticket, peer, fetch });
                Ok(None)
            }
            Request::Notice(notice) => {
                self.noticed(peer, notice)?;
                Ok(Some(Response::Done))
            }
            Request::Renew(asked) => {
                if self.barred().is_some() {
                    return Ok(Some(Response::Refused));
                }
                let chain = self.renew(peer, &asked)?;
                Ok(Some(chain.map_or(Response::Refused, Response::Enrolled)))
            }
            Request::Reclaim(asked) => {
                // Its fields are people's words, too.
                let may = self.barred().is_none() && self.may_have_personal(peer)?;
                let done = may && self.give_back(peer, asked)?;
                Ok(Some(if done { Response::Done } else { Response::Refused }))
            }
            Request::Challenge(asked) => {
                if !self.is_to_open(peer, &asked) {
                    return Ok(Some(Response::Refused));
                }
                self.out.push(Effect::Open { ticket, peer, asked });
                Ok(None)
            }
            Request::Hello(_) | Request::Enrol(_) => Ok(Some(Response::Refused)),
        }
    }

    fn greeted_as(&self, from: PublicKey) -> Option<NodeId> {
        let (node, peer) = self.world.directory.by_key(from)?;
        if peer.relation == Relation::Other {
            return None;
        }
        let greeted = self.talk.sessions.get(&node).is_some_and(|session| session.greeted);
        (greeted && peer.standing.check(self.now).is_ok()).then_some(node)
    }

    fn response(
        &mut self,
        from: NodeId,
        about: About,
        response: Option<Response>,
    ) -> Result<(), Refused> {
        if matches!(&response, Some(Response::Page(page)) if page.parcels.is_empty()) {
            self.caught_up(from);
        }
        match (about, response) {
            (About::Hello, Some(Response::Hello(hello))) => {
                let key = self.world.directory.get(from).map(|peer| shown_key(peer, &hello));
                match key {
                    Some(key) if self.greeted(key, &hello)? == Some(from) => self.settled_in(from),
                    _ => self.not_greeted(from),
                }
            }
            (About::Hello, _) => self.not_greeted(from),
            (About::Pull(wanted), Some(Response::Page(page))) => self.paged(from, wanted, page),
            (About::Pull(wanted), _) => self.unanswered(from, wanted),
            (About::Witness, Some(Response::Witnessed(seal))) => {
                self.countersigned(from, &seal)?;
            }
            (About::Witness, Some(Response::Refused)) => {
                tracing::error!(peer = %from,
                    "对方没有副署本节点的账本检查点：请与对方核对 a neighbour did not countersign this \
                     node's checkpoint: ask its operator what its log says");
            }
            (About::Renew, Some(Response::Enrolled(chain))) => self.renewed(from, &chain)?,
            (About::Challenge, answer) => self.challenged(from, answer)?,
            (About::Reclaim, Some(Response::Done)) => self.given_back(from)?,
            // A list that was lost is told of at the next greeting.
            (About::Poke, Some(Response::Done))
            | (About::Witness | About::Notice | About::Reclaim, _) => {}
            (About::Renew, _) => self.not_renewed(from),
            (About::Poke, _) => {
                if let Some(session) = self.talk.sessions.get_mut(&from) {
                    session.poke = true;
                }
            }
            (About::Ask(ask), Some(Response::Answer(answer))) => {
                self.child_answered(ask, from, Some(answer.into_vec()));
            }
            (About::Ask(ask), Some(Response::Refused)) => self.child_answered(ask, from, None),
            (About::Ask(ask), _) => self.child_silent(ask, from),
            (About::Fetch(photo, offset), response) => {
                let given = match response {
                    Some(Response::Piece(piece)) => Given::Piece(piece),
                    Some(_) => Given::Refused,
                    None => Given::Nothing,
                };
                self.fetched(from, photo, offset, given)?;
            }
        }
        Ok(())
    }

    fn not_greeted(&mut self, node: NodeId) {
        let retry = self.now.plus(Duration::from_secs(5));
        if let Some(session) = self.talk.sessions.get_mut(&node) {
            session.greeting = false;
            session.retry = Some(retry);
        }
    }
}

/// The key with which a peer answered a hello: the next one where it has come to that.
fn shown_key(peer: &Peer, hello: &Hello) -> PublicKey {
    let own = hello.chain.first().map(|own| Unverified::<Certificate>::parse(own.to_vec()));
    let named = own.and_then(Result::ok).map(|own| own.peek().key);
    peer.next.filter(|next| Some(*next) == named).unwrap_or(peer.standing.key())
}

/// Storage errors void the batch; every other refusal is an outcome.
pub(super) fn storage<T>(
    outcome: Result<T, Refused>,
) -> Result<Result<T, Refused>, Arc<StoreError>> {
    match outcome {
        Err(Refused::Storage(error)) => Err(error),
        other => Ok(other),
    }
}
