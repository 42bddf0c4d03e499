//! The engine on its own thread. One thread owns all change; it drains a bounded queue, so that a
//! burst becomes one batch and one sync, and does nothing that can wait: pages are read, signatures
//! checked and cases counted on worker threads.

mod photos;
mod worker;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use governance::case::CaseId;
use governance::query::{Answer, Matter, Question};
use record::{NodeId, PublicKey, Signed, Timestamp};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};

use crate::arrival::PageError;
use crate::blob::Blobs;
use crate::command::{Command, Receipt, Refused};
use crate::engine::{About, Contact, Effect, Engine, Input, Keeping, Ticket};
use crate::staging::Log;
use crate::store::Read;
use crate::wire::{Request, Response};
use crate::world::{Setup, World};

/// Inputs that may wait; one more is refused as busy.
const QUEUE: usize = 4_096;
/// Most inputs in one batch.
const BATCH: usize = 512;
/// Changes that a slow listener may miss before it is told to look anew.
const CHANGES: usize = 1_024;
/// Effects for the network that may wait.
const OUTWARD: usize = 1_024;

pub use photos::{KeptPhoto, PhotoRefused};

/// A clock: the only place from which a running engine takes time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// An answer with the question it answers.
pub type Answered = (Box<Question>, Box<Signed<Answer>>);

/// What the network is to do. Whoever receives these must not wait for the engine while it does:
/// requests are put on tasks of their own.
pub enum Outward {
    /// Put a request to a peer and give its response to [`Handle::response`].
    Request {
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
    /// Whether strangers may knock with an invitation.
    Enrolment(bool),
    /// Territory, roster or peers changed: the neighbours may be others now.
    World(Arc<World>),
    /// This node's own certificates are others now: they are to be written down.
    Standing(Arc<Setup>),
    /// This node's key changes: it is to be written down with its certificates, and the node has to
    /// start anew a few seconds later.
    Succession(Arc<Setup>),
    /// A peer broke the protocol.
    Misbehaved {
        /// The key it connected with.
        key: PublicKey,
        /// What it did.
        what: String,
    },
}

/// What is shown of the engine from outside.
#[derive(Clone, Default)]
pub struct Status {
    /// Every neighbour's connection.
    pub contacts: BTreeMap<NodeId, Contact>,
    /// Why the node does not sign, if it does not.
    pub frozen: Option<String>,
    /// Records in the log, epoch, and the root of its tree.
    pub log: Option<Log>,
    /// Batches committed since the start.
    pub batches: u64,
    /// Inputs taken since the start.
    pub inputs: u64,
}

enum Message {
    Input(Input),
    Command(Command, oneshot::Sender<Result<Receipt, Refused>>),
    Ask(Matter, Duration, oneshot::Sender<Result<Answered, Refused>>),
    Peer(PublicKey, Request, oneshot::Sender<Response>),
    Stop,
}

/// A handle on a running engine.
#[derive(Clone)]
pub struct Handle {
    queue: mpsc::Sender<Message>,
    reader: Arc<dyn Read>,
    blobs: Arc<dyn Blobs>,
    /// Millions of pixels that may be decoded at once.
    decoding: Arc<Semaphore>,
    setup: watch::Receiver<Arc<Setup>>,
    world: watch::Receiver<Arc<World>>,
    changes: broadcast::Sender<CaseId>,
    status: Arc<RwLock<Status>>,
    clock: Clock,
}

/// A running engine: its thread, to be waited for at the end.
pub struct Running {
    queue: mpsc::Sender<Message>,
    thread: std::thread::JoinHandle<()>,
}

/// Starts an engine on a thread of its own.
///
/// # Errors
/// When the thread can't be started.
pub fn start(
    engine: Engine,
    clock: Clock,
) -> std::io::Result<(Handle, mpsc::Receiver<Outward>, Running)> {
    let (queue, inbox) = mpsc::channel(QUEUE);
    let (outward, out) = mpsc::channel(OUTWARD);
    let (world_is, world) = watch::channel(engine.world());
    let (setup_is, setup) = watch::channel(engine.setup());
    let (changes, _) = broadcast::channel(CHANGES);
    let status = Arc::new(RwLock::new(Status::default()));
    let handle = Handle {
        queue: queue.clone(),
        reader: engine.reader(),
        blobs: engine.blobs(),
        decoding: Arc::new(Semaphore::new(photos::MEGAPIXELS)),
        setup,
        world,
        changes: changes.clone(),
        status: status.clone(),
        clock: clock.clone(),
    };
    let workers = worker::Workers::start(handle.clone())?;
    let (desk, undone) = (Waiting::default(), Vec::new());
    let cleared = None;
    let mut room = Room {
        engine,
        clock,
        outward,
        world_is,
        setup_is,
        changes,
        status,
        workers,
        desk,
        undone,
        cleared,
    };
    let thread =
        std::thread::Builder::new().name("engine".into()).spawn(move || room.run(inbox))?;
    Ok((handle, out, Running { queue, thread }))
}

impl Handle {
    /// Carries out a command. Returns once it is durable.
    ///
    /// # Errors
    /// [`Refused`], with nothing changed.
    pub async fn command(&self, command: Command) -> Result<Receipt, Refused> {
        let (reply, outcome) = oneshot::channel();
        self.enqueue(Message::Command(command, reply))?;
        outcome.await.unwrap_or(Err(Refused::Stopping))
    }

    /// Asks this node and its subordinates.
    ///
    /// # Errors
    /// [`Refused`] when too many questions are open or this node itself could not count.
    pub async fn ask(&self, matter: Matter, budget: Duration) -> Result<Answered, Refused> {
        let (reply, outcome) = oneshot::channel();
        self.enqueue(Message::Ask(matter, budget, reply))?;
        outcome.await.unwrap_or(Err(Refused::Stopping))
    }

    /// A peer's request, and its response.
    pub async fn request(&self, from: PublicKey, request: Request) -> Response {
        let (reply, outcome) = oneshot::channel();
        if self.enqueue(Message::Peer(from, request, reply)).is_err() {
            return Response::Refused;
        }
        outcome.await.unwrap_or(Response::Refused)
    }

    /// A peer's response to an [`Outward::Request`]; `None` where none came. Waits for room in
    /// the queue: a response that was asked for is not thrown away.
    pub async fn response(&self, from: NodeId, about: About, response: Option<Response>) {
        self.put(Input::Response { from, about, response }).await;
    }

    /// A connection is up or down.
    pub async fn connection(&self, key: PublicKey, up: bool) {
        self.put(if up { Input::Connected(key) } else { Input::Disconnected(key) }).await;
    }

    /// Addresses at which this node can be dialled.
    pub async fn addresses(&self, addresses: Vec<String>) {
        self.put(Input::Addresses(addresses)).await;
    }

    /// Reading.
    #[must_use]
    pub fn reader(&self) -> &Arc<dyn Read> {
        &self.reader
    }

    /// Who this node is and how it works, now.
    #[must_use]
    pub fn setup(&self) -> Arc<Setup> {
        self.setup.borrow().clone()
    }

    /// Territory, roster and peers now.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        self.world.borrow().clone()
    }

    /// Cases as they change, from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<CaseId> {
        self.changes.subscribe()
    }

    /// How the engine is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Now, by the engine's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn enqueue(&self, message: Message) -> Result<(), Refused> {
        self.queue.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Busy(Duration::from_secs(1)),
            mpsc::error::TrySendError::Closed(_) => Refused::Stopping,
        })
    }

    async fn put(&self, input: Input) {
        // A closed queue means that the node is stopping: nobody is interested any more.
        let _ = self.queue.send(Message::Input(input)).await;
    }

    /// From a worker thread.
    fn put_blocking(&self, input: Input) {
        let _ = self.queue.blocking_send(Message::Input(input));
    }
}

impl Running {
    /// Lets the engine finish what is in its queue, closes the store, and waits for both.
    pub async fn stop(self) {
        let _ = self.queue.send(Message::Stop).await;
        let thread = self.thread;
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

/// Who waits for what.
#[derive(Default)]
struct Waiting {
    next: u64,
    commands: HashMap<Ticket, oneshot::Sender<Result<Receipt, Refused>>>,
    questions: HashMap<Ticket, oneshot::Sender<Result<Answered, Refused>>>,
    peers: HashMap<Ticket, oneshot::Sender<Response>>,
}

/// The engine's thread.
struct Room {
    engine: Engine,
    clock: Clock,
    outward: mpsc::Sender<Outward>,
    world_is: watch::Sender<Arc<World>>,
    setup_is: watch::Sender<Arc<Setup>>,
    changes: broadcast::Sender<CaseId>,
    status: Arc<RwLock<Status>>,
    workers: worker::Workers,
    desk: Waiting,
    /// Jobs that no worker took, as inputs of the next turn.
    undone: Vec<Input>,
    /// When photos that nobody keeps were last cleared away.
    cleared: Option<Instant>,
}

impl Room {
    fn run(&mut self, mut inbox: mpsc::Receiver<Message>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let Ok(runtime) = runtime else {
            tracing::error!("the engine's timer could not be started");
            return;
        };
        let mut messages = Vec::with_capacity(BATCH);
        let mut ticked = Instant::now();
        loop {
            let pause = Duration::from_millis(if self.engine.is_asking() { 50 } else { 1_000 });
            let left = pause.saturating_sub(ticked.elapsed());
            // Made inside the runtime: a timer can't be made outside one.
            let waited = runtime.block_on(async {
                tokio::time::timeout(left, inbox.recv_many(&mut messages, BATCH)).await
            });
            if waited == Ok(0) {
                return;
            }
            let mut stop = false;
            let mut inputs = std::mem::take(&mut self.undone);
            for message in messages.drain(..) {
                stop |= matches!(message, Message::Stop);
                inputs.push(self.desk.take(message));
            }
            // Also when there is always something to do: retries and witnesses hang on it.
            if waited.is_err() || ticked.elapsed() >= pause {
                inputs.push(Input::Tick);
                ticked = Instant::now();
                self.clear_photos();
            }
            self.turn(inputs);
            if stop {
                return;
            }
        }
    }

    fn turn(&mut self, inputs: Vec<Input>) {
        let count = inputs.len() as u64;
        let effects = self.engine.step(inputs, (self.clock)());
        for effect in effects {
            self.carry_out(effect);
        }
        let mut status = self.status.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        status.batches += 1;
        status.inputs += count;
        status.contacts = self.engine.contacts();
        status.frozen = self.engine.frozen();
        status.log = Some(self.engine.log().clone());
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Reply { ticket, outcome } => {
                if let Some(reply) = self.desk.commands.remove(&ticket) {
                    let _ = reply.send(outcome);
                }
            }
            Effect::Answered { ticket, outcome } => {
                if let Some(reply) = self.desk.questions.remove(&ticket) {
                    let _ = reply.send(outcome);
                }
            }
            Effect::Respond { ticket, response } => {
                if let Some(reply) = self.desk.peers.remove(&ticket) {
                    let _ = reply.send(response);
                }
            }
            Effect::Page { ticket, peer, after, bounds } => {
                if let Some(reply) = self.desk.peers.remove(&ticket) {
                    self.work(worker::Job::Page { peer, after, bounds, reply });
                }
            }
            Effect::Open { ticket, peer, asked } => {
                if let Some(reply) = self.desk.peers.remove(&ticket) {
                    self.work(worker::Job::Open { peer, asked, reply });
                }
            }
            Effect::Verify { from, wanted, page } => {
                let world = self.engine.world();
                self.work(worker::Job::Verify { from, wanted, page, world });
            }
            Effect::Piece { ticket, peer, fetch } => {
                if let Some(reply) = self.desk.peers.remove(&ticket) {
                    self.work(worker::Job::Piece { peer, fetch, reply });
                }
            }
            Effect::KeepPhoto { from, photo, bytes } => {
                self.work(worker::Job::KeepPhoto { from, photo, bytes });
            }
            Effect::Count { ask, matter, seat } => {
                self.work(worker::Job::Count { ask, matter, seat });
            }
            Effect::Send { to, key, about, request, within } => {
                self.outward(Outward::Request { to, key, about, request, within });
            }
            Effect::Changed(case) => {
                let _ = self.changes.send(case);
            }
            Effect::World(world) => {
                let _ = self.world_is.send(world.clone());
                self.outward(Outward::World(world));
            }
            Effect::Standing(setup) => {
                let _ = self.setup_is.send(setup.clone());
                self.outward(Outward::Standing(setup));
            }
            Effect::Succession(setup) => self.outward(Outward::Succession(setup)),
            Effect::Enrolment(open) => self.outward(Outward::Enrolment(open)),
            Effect::Misbehaved { key, what } => self.outward(Outward::Misbehaved { key, what }),
            Effect::Greeted { node } => tracing::debug!(peer = %node, "certificates checked"),
        }
    }

    /// Has photos cleared away that nothing keeps any more.
    fn clear_photos(&mut self) {
        if self.cleared.is_none_or(|at| at.elapsed() >= photos::CLEARED_EVERY) {
            self.cleared = Some(Instant::now());
            self.work(worker::Job::ClearPhotos);
        }
    }

    /// Gives a job to the worker threads. When they are too busy the engine is told so at its
    /// next turn: a pull is tried again later, a question is answered without this node.
    fn work(&mut self, job: worker::Job) {
        match self.workers.put(job) {
            None | Some(worker::Job::ClearPhotos) => {}
            Some(worker::Job::KeepPhoto { from, photo, .. }) => {
                let kept = Keeping::Failed;
                self.undone.push(Input::PhotoKept { from, photo, kept });
            }
            Some(
                worker::Job::Page { reply, .. }
                | worker::Job::Piece { reply, .. }
                | worker::Job::Open { reply, .. },
            ) => {
                let _ = reply.send(Response::Refused);
            }
            Some(worker::Job::Verify { from, wanted, .. }) => {
                let page = Err(PageError::NotChecked);
                self.undone.push(Input::Arrived { from, wanted, page });
            }
            Some(worker::Job::Count { ask, .. }) => {
                self.undone.push(Input::Counted { ask, counted: None });
            }
        }
    }

    /// The network takes effects at its own pace; when it lags, the engine waits for it rather
    /// than forget what it owes. Whoever receives must therefore never wait for the engine.
    fn outward(&self, effect: Outward) {
        let _ = self.outward.blocking_send(effect);
    }
}

impl Waiting {
    fn take(&mut self, message: Message) -> Input {
        self.next += 1;
        let ticket = Ticket(self.next);
        match message {
            Message::Input(input) => input,
            Message::Command(command, reply) => {
                self.commands.insert(ticket, reply);
                Input::Command { ticket, command }
            }
            Message::Ask(matter, budget, reply) => {
                self.questions.insert(ticket, reply);
                Input::Ask { ticket, matter, budget }
            }
            Message::Peer(from, request, reply) => {
                self.peers.insert(ticket, reply);
                Input::Request { ticket, from, request }
            }
            Message::Stop => Input::Tick,
        }
    }
}
