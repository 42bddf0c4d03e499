//! The engine: inputs in, one commit, effects out. It has no clock, no network and no threads of
//! its own; whoever runs it brings time and carries the effects out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use governance::case::CaseId;
use governance::certificate::{Certificate, Issuer};
use governance::query::{Answer, Matter, Question, Seat, Tally};
use rand::CryptoRng;
use record::chain::Head;
use record::tree::Frontier;
use record::{Hash, NodeId, NodeKey, PublicKey, Signed, Timestamp, Unverified};

use crate::acts::Desk;
use crate::arrival::{PageError, VerifiedPage};
use crate::asking::Asking;
use crate::blob::Blobs;
use crate::command::{Command, Receipt, Refused, What};
use crate::exchange::{self, Acquaintances, Admission, Fetches, Given, Sessions};
use crate::outbox::Bounds;
use crate::peer::{Peer, Relation};
use crate::project;
use crate::sign::whose;
use crate::staging::{Log, Staging, Tips};
use crate::store::{Position, Read, Store, StoreError};
use crate::view::State;
use crate::wire::{Challenge, Fetch, Hello, Page, Request, Response};
use crate::world::{Setup, World};

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
        /// The number after which it was asked for.
        after: u64,
        /// The page.
        page: Result<VerifiedPage, PageError>,
    },
    /// The count that [`Effect::Count`] asked for; `None` when it could not be made.
    Counted {
        /// Which question.
        ask: u64,
        /// The count, and from what state.
        counted: Option<(Tally, State)>,
    },
    /// What became of a photo's bytes that [`Effect::KeepPhoto`] brought.
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

/// What a request to a peer was about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// Greeting.
    Hello,
    /// Pulling its stream after a number.
    Pull(u64),
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
}

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
    /// Check a photo's bytes with [`crate::blob::keep`] and give back [`Input::PhotoKept`].
    KeepPhoto {
        /// The peer they came from.
        from: NodeId,
        /// The photo that they should be.
        photo: Hash,
        /// They.
        bytes: Vec<u8>,
    },
    /// A request to a peer; its response comes back as [`Input::Response`].
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
    /// Check a page with [`crate::arrival::verify_page`] and give back [`Input::Arrived`].
    Verify {
        /// The peer.
        from: NodeId,
        /// The number after which it was asked for.
        after: u64,
        /// The page.
        page: Page,
    },
    /// Count facts with [`crate::view::count`] and give back [`Input::Counted`].
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

/// What the engine knows of its connections and questions; gone with a restart.
#[derive(Default)]
pub struct Talk {
    pub(crate) sessions: Sessions,
    pub(crate) known: Acquaintances,
    pub(crate) addresses: Vec<String>,
    pub(crate) frozen: Option<String>,
    /// The highest epoch of this node's own log that a peer has shown.
    pub(crate) shown_epoch: u32,
    /// Whether the parent has countersigned more of this node's log than there is.
    pub(crate) ahead: bool,
    /// Nodes below that have opened an epoch and gave up records that this node countersigned: the
    /// epoch, and the size that their log has now.
    pub(crate) reopened: BTreeMap<NodeId, (u32, u64)>,
    pub(crate) asking: Asking,
    pub(crate) fetches: Fetches,
    /// Whose revocation list is overdue, since when that is known, and whether the operator was told.
    pub(crate) stale: Option<(Issuer, Timestamp, bool)>,
    /// Who this node is once the batch is durable, where its certificates were renewed.
    pub(crate) renewed: Option<Arc<Setup>>,
    /// Who this node is once it starts anew, under the key that follows: its neighbours are told,
    /// and nothing is signed any more. The second is the same before the batch is durable.
    pub(crate) heir: Option<Arc<Setup>>,
    pub(crate) chosen: Option<Arc<Setup>>,
    /// Whether its neighbours are to be shown certificates that are new.
    pub(crate) announce: bool,
    /// The key that follows.
    pub(crate) next_key: Option<Arc<NodeKey>>,
}

impl Talk {
    /// Who this node is once it starts anew, if it has to.
    pub(crate) fn successor(&self) -> Option<&Arc<Setup>> {
        self.heir.as_ref().or(self.chosen.as_ref())
    }
}

/// A neighbour's connection, for the operator.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// Whether it is connected and its certificates were checked.
    pub greeted: bool,
    /// What was wrong with its last page.
    pub trouble: Option<String>,
    /// Program and version by its own account: at most 64 printable ASCII characters.
    pub software: Option<Arc<str>>,
    /// When it last read on in this node's stream, or this node found nothing more in its.
    pub last_sync: Option<Timestamp>,
    /// The epoch that it has opened, giving up records which this node countersigned: an officer
    /// has to accept that before it is witnessed again.
    pub reopened: Option<u32>,
    /// The leaf of its log that it opened last when this node asked it to, and when.
    pub opened: Option<(u64, Timestamp)>,
}

/// The engine of one node.
pub struct Engine {
    setup: Arc<Setup>,
    store: Box<dyn Store>,
    reader: Arc<dyn Read>,
    world: Arc<World>,
    log: Log,
    tips: Tips,
    rng: Box<dyn CryptoRng + Send>,
    talk: Talk,
    enrolment: Option<bool>,
}

/// Why a node can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configured policy has another text than the one recorded under its version.
    #[error(
        "the configured policy calls itself {reference}, but is not the text that this node \
         recorded under it: raise its version, or put the recorded text back"
    )]
    Rewritten {
        /// `key/version`.
        reference: String,
    },
}

/// Frames replayed in one batch of the index.
const REPLAY: usize = 20_000;

impl Engine {
    /// Opens a node on its store: whatever the index lacks is replayed from the journal.
    ///
    /// # Errors
    /// When the store can't be read, or the configured policy is another one than was recorded
    /// under its version.
    pub fn open(
        setup: Arc<Setup>,
        mut store: Box<dyn Store>,
        rng: Box<dyn CryptoRng + Send>,
    ) -> Result<Self, OpenError> {
        let mut tips = Tips::default();
        let log = replay(&setup, store.as_mut(), &mut tips)?;
        let reader = store.reader();
        let next_key = setup.next_key.clone();
        let setup = exchange::current(setup, &reader)?;
        let world = Arc::new(World::load(&setup, &reader)?);
        let talk = Talk { next_key, ..Talk::default() };
        Ok(Self { setup, store, reader, world, log, tips, rng, talk, enrolment: None })
    }

    /// Handles for reading.
    #[must_use]
    pub fn reader(&self) -> Arc<dyn Read> {
        self.reader.clone()
    }

    /// The photos beside the journal.
    #[must_use]
    pub fn blobs(&self) -> Arc<dyn Blobs> {
        self.store.blobs()
    }

    /// Territory, roster and peers now.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        self.world.clone()
    }

    /// Who this node is now.
    #[must_use]
    pub fn setup(&self) -> Arc<Setup> {
        self.setup.clone()
    }

    /// This node's log now.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Whether questions are open, so that ticks must come often.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        !self.talk.asking.is_empty()
    }

    /// Every neighbour's connection, and what is remembered of those that are gone.
    #[must_use]
    pub fn contacts(&self) -> BTreeMap<NodeId, Contact> {
        let mut contacts = exchange::contacts(&self.talk.sessions, &self.talk.known);
        for (node, (epoch, _)) in &self.talk.reopened {
            contacts.entry(*node).or_default().reopened = Some(*epoch);
        }
        contacts
    }

    /// Why the node does not sign, if it does not.
    #[must_use]
    pub fn frozen(&self) -> Option<String> {
        self.talk.frozen.clone().or_else(|| exchange::revoked(&self.setup, &self.world))
    }

    /// Takes in a batch, commits once, and gives what is to be done then. When the commit fails,
    /// nothing of the batch has happened and every command in it is refused.
    pub fn step(&mut self, inputs: Vec<Input>, now: Timestamp) -> Vec<Effect> {
        let mut out = Vec::new();
        let mut world = self.world.clone();
        let tickets: Vec<Asked> = inputs.iter().filter_map(asked).collect();
        let mut staging = Staging::new(self.store.as_ref(), self.log.clone(), &mut self.tips);
        let mut desk = Desk {
            setup: &self.setup,
            world: &mut world,
            staging: &mut staging,
            rng: self.rng.as_mut(),
            now,
            talk: &mut self.talk,
            out: &mut out,
        };
        let settled = storage(desk.settle_policy()).map(|_| ());
        let handled =
            settled.and_then(|()| inputs.into_iter().try_for_each(|input| desk.handle(input)));
        let staged = handled.and_then(|()| staging.finish().map_err(Arc::new));
        let committed = staged.and_then(|(commit, log)| {
            if !commit.frames.is_empty() {
                self.store.commit(commit).map_err(Arc::new)?;
            }
            Ok(log)
        });
        match committed {
            Ok(log) => {
                self.log = log;
                if let Some(setup) = self.talk.renewed.take() {
                    self.setup = setup;
                    out.insert(0, Effect::Standing(self.setup.clone()));
                }
                if let Some(heir) = self.talk.chosen.take() {
                    self.talk.heir = Some(heir.clone());
                    out.push(Effect::Succession(heir));
                }
                self.tell_world(world, &mut out);
                // Asked after the commit: a scan does not see what is only staged.
                let open = exchange::invitations_open(&self.reader, now);
                self.tell_enrolment(open, &mut out);
                out
            }
            Err(error) => self.failed(&error, tickets),
        }
    }

    fn tell_world(&mut self, world: Arc<World>, out: &mut Vec<Effect>) {
        if !Arc::ptr_eq(&world, &self.world) {
            self.world = world;
            // Before the replies: whoever is told that something is done must find it done.
            out.insert(0, Effect::World(self.world.clone()));
        }
    }

    fn tell_enrolment(&mut self, open: Result<bool, StoreError>, out: &mut Vec<Effect>) {
        let open = open.unwrap_or(false);
        if self.enrolment != Some(open) {
            self.enrolment = Some(open);
            out.push(Effect::Enrolment(open));
        }
    }

    /// A batch that could not be kept: everybody who asked is told so, and exchanges start anew.
    fn failed(&mut self, error: &Arc<StoreError>, tickets: Vec<Asked>) -> Vec<Effect> {
        tracing::error!(error = %error,
            "一批更改没能写入，其中一项也没有确认：请查磁盘 a batch could not be kept, nothing in it was \
             acknowledged: check the disk");
        for session in self.talk.sessions.values_mut() {
            session.pulling = None;
            session.greeting = false;
        }
        self.talk.fetches.start_over();
        self.talk.renewed = None;
        self.talk.chosen = None;
        self.talk.announce = false;
        tickets.into_iter().map(|asked| asked.refused(error)).collect()
    }
}

/// Who waits for an outcome.
enum Asked {
    Command(Ticket),
    Question(Ticket),
    Peer(Ticket),
}

fn asked(input: &Input) -> Option<Asked> {
    match input {
        Input::Command { ticket, .. } => Some(Asked::Command(*ticket)),
        Input::Ask { ticket, .. } => Some(Asked::Question(*ticket)),
        Input::Request { ticket, .. } => Some(Asked::Peer(*ticket)),
        Input::Response { .. }
        | Input::Arrived { .. }
        | Input::Counted { .. }
        | Input::PhotoKept { .. }
        | Input::Connected(_)
        | Input::Disconnected(_)
        | Input::Addresses(_)
        | Input::Tick => None,
    }
}

impl Asked {
    fn refused(self, error: &Arc<StoreError>) -> Effect {
        let refused = Refused::Storage(error.clone());
        match self {
            Self::Command(ticket) => Effect::Reply { ticket, outcome: Err(refused) },
            Self::Question(ticket) => Effect::Answered { ticket, outcome: Err(refused) },
            Self::Peer(ticket) => Effect::Respond { ticket, response: Response::Refused },
        }
    }
}

impl Desk<'_, '_> {
    /// One input. An error is storage's alone and voids the whole batch.
    fn handle(&mut self, input: Input) -> Result<(), Arc<StoreError>> {
        match input {
            Input::Command { ticket, command } => {
                let outcome = storage(self.try_command(command))?;
                self.out.push(Effect::Reply { ticket, outcome });
            }
            Input::Ask { ticket, matter, budget } => self.ask(ticket, matter, budget),
            Input::Request { ticket, from, request } => {
                let response = storage(self.request(ticket, from, request))?;
                if let Some(response) = response.unwrap_or(Some(Response::Refused)) {
                    self.out.push(Effect::Respond { ticket, response });
                }
            }
            Input::Response { from, about, response } => {
                let _ = storage(self.response(from, about, response))?;
            }
            Input::Arrived { from, after, page } => {
                if let Err(refused) = storage(self.arrived(from, after, page))? {
                    tracing::warn!(peer = %from, why = %refused, "page not taken in");
                    self.pull_failed(from);
                }
            }
            Input::Counted { ask, counted } => self.counted(ask, counted),
            Input::PhotoKept { from, photo, kept } => {
                let _ = storage(self.photo_kept(from, photo, kept))?;
            }
            Input::Connected(key) => self.connected(key),
            Input::Disconnected(key) => self.disconnected(key),
            Input::Addresses(addresses) => self.talk.addresses = addresses,
            Input::Tick => {
                self.tick();
                let _ = storage(self.keep_own_list())?;
                self.watch_lists();
                self.announce();
                self.seek_certificate();
                let _ = storage(self.sweep_receipts())?;
                let _ = storage(self.sweep_uploads())?;
                let _ = storage(self.sweep_cases())?;
                if self.barred().is_none() {
                    let _ = storage(self.seal_access())?;
                }
                self.fetch_all().map_err(Arc::new)?;
            }
        }
        Ok(())
    }

    /// A command that turns out too large for storage is undone alone; the batch goes on.
    fn try_command(&mut self, command: Command) -> Result<Receipt, Refused> {
        // A new epoch is the way out for a node on an older copy of its data. Reading goes on while
        // nothing is signed, and is on record then, too.
        let goes_on = matches!(command.what, What::OpenEpoch { .. } | What::Read(_));
        if let Some(why) = self.barred().filter(|_| !goes_on) {
            return Err(Refused::Frozen(why));
        }
        let (savepoint, world) = (self.staging.savepoint(), self.world.clone());
        let effects = self.out.len();
        let outcome = self.carry_out(command);
        match outcome {
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
            | Request::Challenge(_) => match self.greeted_as(from) {
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
            Request::Challenge(asked) => {
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
            (About::Pull(after), Some(Response::Page(page))) => self.paged(from, after, page),
            (About::Pull(after), _) => self.unanswered(from, after),
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
            // A list that was lost is told of at the next greeting; a certificate is asked for again.
            (About::Poke, Some(Response::Done))
            | (About::Witness | About::Notice | About::Renew, _) => {}
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

    /// Time passes: retries, witnesses, questions that run out.
    fn tick(&mut self) {
        let due: Vec<(NodeId, bool)> = self
            .talk
            .sessions
            .iter()
            .filter(|(_, session)| session.retry.is_some_and(|at| at <= self.now))
            .map(|(node, session)| (*node, session.greeted))
            .collect();
        for (node, greeted) in due {
            if let Some(session) = self.talk.sessions.get_mut(&node) {
                session.retry = None;
            }
            let key = self.world.directory.get(node).map(|peer| peer.standing.key());
            match key {
                Some(_) if greeted => self.pull(node),
                Some(key) => self.connected(key),
                None => {}
            }
        }
        self.poke_again();
        if self.barred().is_none() {
            self.seek_witness();
        }
        if let Err(error) = self.check_on_those_below() {
            tracing::error!(error = %error, "无法抽查下级的账本 nodes below can't be asked to open records");
        }
        self.questions_run_out();
    }

    /// Pokes neighbours that did not hear of what there is for them, or may have now what was
    /// withheld: nothing else would tell them.
    fn poke_again(&mut self) {
        let sessions = self.talk.sessions.iter();
        let unheard = sessions.filter(|(_, session)| session.poke || session.withheld);
        let unheard: Vec<NodeId> = unheard.map(|(node, _)| *node).collect();
        for node in unheard {
            let may = self.may_have_personal(node).unwrap_or(false);
            let Some(session) = self.talk.sessions.get_mut(&node) else { continue };
            let free = may && std::mem::take(&mut session.withheld);
            if std::mem::take(&mut session.poke) || free {
                self.poke(node);
            }
        }
    }

    pub(crate) fn poke(&mut self, node: NodeId) {
        let greeted = self.talk.sessions.get(&node).is_some_and(|session| session.greeted);
        let key = self.world.directory.get(node).map(|peer| peer.standing.key());
        let waiting = self.out.iter().any(
            |effect| matches!(effect, Effect::Send { to, about: About::Poke, .. } if *to == node),
        );
        if let Some(key) = key.filter(|_| greeted && !waiting) {
            self.send(node, key, About::Poke, Request::Poke, Duration::from_secs(10));
        }
    }

    pub(crate) fn send(
        &mut self,
        to: NodeId,
        key: PublicKey,
        about: About,
        request: Request,
        within: Duration,
    ) {
        self.out.push(Effect::Send { to, key, about, request, within });
    }
}

/// The key with which a peer answered a hello: the next one where it has come to that.
fn shown_key(peer: &Peer, hello: &Hello) -> PublicKey {
    let own = hello.chain.first().map(|own| Unverified::<Certificate>::parse(own.to_vec()));
    let named = own.and_then(Result::ok).map(|own| own.peek().key);
    peer.next.filter(|next| Some(*next) == named).unwrap_or(peer.standing.key())
}

/// Storage errors void the batch; every other refusal is an outcome.
fn storage<T>(outcome: Result<T, Refused>) -> Result<Result<T, Refused>, Arc<StoreError>> {
    match outcome {
        Err(Refused::Storage(error)) => Err(error),
        other => Ok(other),
    }
}

/// Brings the index up to the journal and gives the log's end.
fn replay(setup: &Setup, store: &mut dyn Store, tips: &mut Tips) -> Result<Log, StoreError> {
    let mut log = stored_log(setup, store)?;
    loop {
        let from = store.indexed_up_to();
        let (frames, next) = store.replay(from, REPLAY)?;
        if frames.is_empty() {
            return Ok(log);
        }
        let mut staging = Staging::new(store, log.clone(), tips);
        for (at, frame) in &frames {
            project::project(whose(setup), &mut staging, *at, frame)?;
        }
        let replayed = staging.finish_replay(frames.last().map(|(at, _)| *at))?;
        log = replayed.log;
        // First, so that the index never knows of an erasure that was not carried out.
        // A photo may have been uploaded again since; what is left of one is cleared like any other
        // that no row tells of.
        let mut erasures = replayed.erasures;
        erasures.iter_mut().for_each(|erasure| erasure.photos.clear());
        store.erase(&erasures)?;
        store.index(replayed.mutations, replayed.tree, log.mark(), next)?;
    }
}

fn stored_log(setup: &Setup, store: &dyn Store) -> Result<Log, StoreError> {
    let reader = store.reader();
    let key = setup.me().as_bytes().to_vec();
    let last = reader.scan_back(crate::store::Table::Log, &key, None, 1)?;
    let Some((_, value)) = last.first() else {
        return Ok(Log { head: None, frontier: Frontier::default(), opening: None });
    };
    let damaged = || StoreError::Index { what: "the log's last row".into() };
    let at = Position::from_bytes(value).ok_or_else(damaged)?;
    let readable = project::read(whose(setup), at, &reader.frame(at)?)?;
    let size: u64 =
        crate::staging::row(&reader, crate::store::Table::Meta, b"size")?.ok_or_else(damaged)?;
    let frontier = Frontier::at(&TreeOf(reader.as_ref()), size)
        .map_err(|error| StoreError::Index { what: error.to_string() })?;
    Ok(Log { head: Some(Head::of(&readable.record)), frontier, opening: None })
}

struct TreeOf<'a>(&'a dyn Read);

impl record::tree::Nodes for TreeOf<'_> {
    type Error = StoreError;

    fn node(&self, position: u64) -> Result<Hash, StoreError> {
        self.0.tree_node(position)
    }
}
