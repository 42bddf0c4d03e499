//! The simulator: a queue of events in virtual time, drawn from one seed.

mod effects;
mod forgetting;
mod invariants;
mod network;
mod people;
mod probe;
mod weather;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use engine::command::{Receipt, Refused};
use engine::engine::{About, Engine, Input, Ticket, Wanted};
use engine::memory::MemoryStore;
use engine::world::{Follow, Setup};
use governance::query::{Answer, Question};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use record::{NodeId, RecordId, Signed, Timestamp};

use crate::federation::{Federation, Member, POLICY, Part};

pub use invariants::Broken;
pub use people::Staff;
pub use weather::Weather;

/// A node in the simulation.
pub struct Place {
    /// Who it is.
    pub member: Member,
    /// Its storage, which outlives crashes.
    pub store: MemoryStore,
    engine: Option<Engine>,
    /// Who works there.
    pub staff: Staff,
    /// Records that were acknowledged to somebody: they must never be missing.
    pub promised: BTreeSet<RecordId>,
    life: u64,
    /// Who it is from its next start on.
    heir: Option<Arc<Setup>>,
}

pub(crate) enum Event {
    /// Something comes in; meant for the node as it was in this life, or whichever is up.
    Input {
        to: NodeId,
        life: Option<u64>,
        input: Box<Input>,
    },
    /// A request arrives.
    Request {
        from: NodeId,
        to: NodeId,
        about: About,
        bytes: (u8, Vec<u8>),
        life: u64,
    },
    /// A response arrives.
    Response {
        from: NodeId,
        to: NodeId,
        about: About,
        bytes: Option<(u8, Vec<u8>)>,
        life: u64,
    },
    /// Somebody at a node looks for work.
    Work(NodeId),
    /// Somebody reports something at a node.
    Report(NodeId),
    /// A node stops without warning, and starts again.
    Crash(NodeId),
    Restart(NodeId),
    /// A node is cut off, and joined again.
    CutOff(NodeId),
    Rejoin(NodeId),
    /// A node's next commit fails.
    Fail(NodeId),
    /// The county publishes the policy, so many versions on.
    Publish(u32),
    /// Time passes at a node.
    Tick(NodeId),
}

/// A response that a node owes, and to whom.
struct Owed {
    to: NodeId,
    about: About,
    life: u64,
}

/// A running simulation.
pub struct Simulator {
    /// The seed it is drawn from.
    pub seed: u64,
    /// Virtual time.
    pub now: Timestamp,
    weather: Weather,
    rng: StdRng,
    /// Every node.
    pub places: BTreeMap<NodeId, Place>,
    queue: BinaryHeap<Reverse<(Timestamp, u64)>>,
    events: BTreeMap<u64, Event>,
    sequence: u64,
    owed: BTreeMap<Ticket, Owed>,
    cut_off: BTreeSet<NodeId>,
    /// Nodes whose clocks go wrong, and by how many milliseconds.
    skews: BTreeMap<NodeId, i64>,
    replies: BTreeMap<Ticket, Result<Receipt, Refused>>,
    answers: BTreeMap<Ticket, Result<(Question, Signed<Answer>), String>>,
    /// A digest of everything that was delivered: equal seeds give equal digests.
    digest: blake3::Hasher,
    /// Telephone numbers that must never leave the node where they were told.
    canaries: Vec<(NodeId, String)>,
    quiet: bool,
    tape: Option<Vec<Captured>>,
    /// The page that each node asked of a neighbour last.
    wanted: BTreeMap<(NodeId, NodeId), Wanted>,
    /// What honest nodes accused each other of: nothing, unless a test plays foul.
    accused: Vec<String>,
}

/// A message as somebody on the wire would have seen it.
#[derive(Clone)]
pub struct Captured {
    /// Who sent it.
    pub from: NodeId,
    /// Whether it asks or answers.
    pub asks: bool,
    /// Its type tag.
    pub tag: u8,
    /// Its body.
    pub body: Vec<u8>,
}

/// 2026-03-02, a Monday, 08:00 in China.
const MORNING: i64 = 1_772_409_600_000;
const DAY: Duration = Duration::from_secs(12 * 3600);
const TICK: Duration = Duration::from_secs(60);

impl Simulator {
    /// A federation on the morning of its first day, by the shipped policy.
    #[must_use]
    pub fn new(seed: u64, weather: Weather) -> Self {
        Self::under(POLICY, seed, weather)
    }

    /// A federation on the morning of its first day, by this policy.
    #[must_use]
    pub fn under(policy: &str, seed: u64, weather: Weather) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let now = Timestamp::from_millis(MORNING);
        let mut federation = Federation::under(policy, now, &mut rng);
        if weather.policies > 0 {
            federation.follow = Follow::Automatic;
        }
        federation.lists = weather.lists;
        federation.certificates = weather.certificates;
        let members = members(&federation, &weather, &mut rng);
        let mut simulator = Self {
            seed,
            now,
            weather,
            rng,
            places: BTreeMap::new(),
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            sequence: 0,
            owed: BTreeMap::new(),
            cut_off: BTreeSet::new(),
            skews: BTreeMap::new(),
            replies: BTreeMap::new(),
            answers: BTreeMap::new(),
            digest: blake3::Hasher::new(),
            canaries: Vec::new(),
            quiet: false,
            tape: None,
            wanted: BTreeMap::new(),
            accused: Vec::new(),
        };
        for member in members {
            simulator.settle(member);
        }
        simulator.introduce();
        let nodes: Vec<NodeId> = simulator.nodes();
        for node in &nodes {
            simulator.hire(*node);
        }
        for node in nodes {
            simulator.connect(node);
        }
        simulator
    }

    /// Plays the day with everything that can go wrong, then heals and lets people finish.
    ///
    /// # Errors
    /// The first promise that was broken.
    pub fn play(&mut self) -> Result<(), Broken> {
        self.schedule_day();
        let evening = self.now.plus(DAY);
        self.run_until(evening)?;
        self.heal();
        // A working week is ample for whatever is left.
        for _ in 0..60 {
            let later = self.now.plus(Duration::from_secs(2 * 3600));
            self.run_until(later)?;
            if self.is_finished() {
                break;
            }
        }
        self.quiet = true;
        let later = self.now.plus(Duration::from_secs(1800));
        self.run_until(later)?;
        self.check_end()?;
        self.forget_some()
    }

    /// Runs until a moment.
    ///
    /// # Errors
    /// The first promise that was broken.
    pub fn run_until(&mut self, end: Timestamp) -> Result<(), Broken> {
        self.advance(end);
        self.check_always()
    }

    fn advance(&mut self, end: Timestamp) {
        while let Some(Reverse((at, number))) = self.queue.peek().copied() {
            if at > end {
                break;
            }
            self.queue.pop();
            self.now = self.now.max(at);
            if let Some(event) = self.events.remove(&number) {
                self.happen(event);
            }
        }
        self.now = self.now.max(end);
    }

    /// The digest of everything delivered so far.
    #[must_use]
    pub fn digest(&self) -> String {
        self.digest.finalize().to_hex().to_string()
    }

    /// Every node's id.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeId> {
        self.places.keys().copied().collect()
    }

    /// Nodes of a part.
    #[must_use]
    pub fn of(&self, part: Part) -> Vec<NodeId> {
        let places = self.places.iter().filter(|(_, place)| place.member.part == part);
        places.map(|(node, _)| *node).collect()
    }

    /// Whether a node is up.
    #[must_use]
    pub fn is_up(&self, node: NodeId) -> bool {
        self.places.get(&node).is_some_and(|place| place.engine.is_some())
    }

    /// Cuts a node off from everybody.
    pub fn cut_off(&mut self, node: NodeId) {
        self.happen(Event::CutOff(node));
    }

    /// Joins a node that was cut off.
    pub fn rejoin(&mut self, node: NodeId) {
        self.happen(Event::Rejoin(node));
    }

    /// Stops a node without warning.
    pub fn crash(&mut self, node: NodeId) {
        let Some(place) = self.places.get_mut(&node) else { return };
        if place.engine.take().is_none() {
            return;
        }
        place.life += 1;
        place.store = place.store.after_crash();
        self.hang_up(node);
    }

    /// Starts a node again on what its store kept.
    pub fn restart(&mut self, node: NodeId) {
        let Some(place) = self.places.get_mut(&node) else { return };
        if place.engine.is_some() {
            return;
        }
        if let Some(heir) = place.heir.take() {
            place.member.setup = heir;
        }
        place.engine = Some(open(&place.member, &place.store, self.seed ^ place.life));
        self.connect(node);
    }

    fn settle(&mut self, member: Member) {
        let store = MemoryStore::new();
        let node = member.node();
        let engine = Some(open(&member, &store, self.seed));
        let (staff, promised) = (Staff::default(), BTreeSet::new());
        self.places
            .insert(node, Place { member, store, engine, staff, promised, life: 0, heir: None });
        let start = self.rng.random_range(0..TICK.as_millis() as u64);
        self.at(Duration::from_millis(start), Event::Tick(node));
    }

    /// An input and everything it leads to at this node now.
    fn step(&mut self, node: NodeId, inputs: Vec<Input>) {
        let mut inputs = inputs;
        while !inputs.is_empty() {
            let now = self.clock_of(node);
            let Some(place) = self.places.get_mut(&node) else { return };
            let Some(engine) = place.engine.as_mut() else { return };
            let effects = engine.step(std::mem::take(&mut inputs), now);
            for effect in effects {
                self.carry_out(node, effect, &mut inputs);
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Input { to, life, input } => {
                let fits = self.places.get(&to).is_some_and(|p| life.is_none_or(|l| l == p.life));
                if fits {
                    self.step(to, vec![*input]);
                }
            }
            Event::Request { from, to, about, bytes, life } => {
                self.request_arrives(from, to, about, &bytes, life);
            }
            Event::Response { from, to, about, bytes, life } => {
                self.response_arrives(from, to, about, bytes.as_ref(), life);
            }
            Event::Work(node) => self.work(node),
            Event::Report(node) => self.report(node),
            Event::Crash(node) => self.crash(node),
            Event::Restart(node) => self.restart(node),
            Event::CutOff(node) => {
                self.cut_off.insert(node);
                self.hang_up(node);
            }
            Event::Rejoin(node) => {
                self.cut_off.remove(&node);
                self.connect(node);
            }
            Event::Fail(node) => {
                if let Some(place) = self.places.get(&node) {
                    place.store.fail_after(0);
                }
                // A disk that was full is made room on, and the node restarted.
                self.at(Duration::from_secs(600), Event::Crash(node));
                self.at(Duration::from_secs(660), Event::Restart(node));
            }
            Event::Publish(further) => self.publish(further),
            Event::Tick(node) => {
                self.step(node, vec![Input::Tick]);
                self.at(TICK, Event::Tick(node));
            }
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.sequence += 1;
        Ticket(self.sequence)
    }

    fn at(&mut self, after: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert(self.sequence, event);
        self.queue.push(Reverse((self.now.plus(after), self.sequence)));
    }
}

fn open(member: &Member, store: &MemoryStore, seed: u64) -> Engine {
    let mut own = *blake3::hash(member.node().as_bytes()).as_bytes();
    own[..8].copy_from_slice(&seed.to_be_bytes());
    let rng = Box::new(StdRng::from_seed(own));
    Engine::open(Arc::clone(&member.setup), Box::new(store.clone()), rng)
        .expect("what a store kept can be opened")
}

fn members(federation: &Federation, weather: &Weather, rng: &mut StdRng) -> Vec<Member> {
    let county = federation.county("341021", rng);
    let mut all = vec![county.clone()];
    let townships: Vec<Member> = (0..weather.townships)
        .map(|t| federation.below(&county, Part::Township, &format!("341021{:03}", 100 + t), rng))
        .collect();
    for c in 0..weather.communities {
        let (t, above) = (c % townships.len(), &townships[c % townships.len()]);
        let area = format!("341021{:03}{:03}", 100 + t, 1 + c);
        all.push(federation.below(above, Part::Community, &area, rng));
    }
    for (t, above) in townships.iter().enumerate() {
        for _ in 0..2 {
            all.push(federation.below(above, Part::Unit, &format!("341021{:03}", 100 + t), rng));
        }
    }
    for _ in 0..weather.county_units {
        all.push(federation.below(&county, Part::Unit, "341021", rng));
    }
    all.extend(townships);
    all
}
