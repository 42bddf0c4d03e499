//! The simulator: a queue of events in virtual time, drawn from one seed.

mod invariants;
mod network;
mod people;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use engine::arrival;
use engine::command::{Command, Receipt, Refused};
use engine::engine::{About, Contact, Effect, Engine, Input, Ticket};
use engine::memory::MemoryStore;
use engine::outbox::{self, Bounds};
use engine::peer::Directory;
use engine::wire::{PIECE_BYTES, Request, Response};
use engine::world::{Follow, Setup, World};
use engine::{blob, view};
use governance::certificate::ROOT_LIST_VALIDITY;
use governance::query::{Answer, Matter, Question};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use record::{Hash, NodeId, PublicKey, RecordId, Signed, Timestamp};

use crate::federation::{Federation, Member, POLICY, Part};

pub use invariants::Broken;
pub use people::Staff;

/// What can go wrong, and how much happens.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Townships; each has two member units.
    pub townships: usize,
    /// Communities, spread over the townships.
    pub communities: usize,
    /// Reports in the day.
    pub reports: usize,
    /// Chance that a message is lost, in a thousand.
    pub loss: u32,
    /// Chance that a request arrives twice, in a thousand.
    pub doubling: u32,
    /// Longest delay of a message.
    pub delay: Duration,
    /// Crashes in the day.
    pub crashes: usize,
    /// Times in the day at which a node is cut off for a while.
    pub partitions: usize,
    /// Commits that fail in the day, as on a full disk.
    pub failures: usize,
    /// Member units of the county itself.
    pub county_units: usize,
    /// Times in the day at which the county publishes a new version of the policy, which all nodes
    /// follow.
    pub policies: u32,
    /// How long the nodes' first revocation lists are good for.
    pub lists: Duration,
    /// How long the certificates hold that nodes issue at the beginning.
    pub certificates: Duration,
}

impl Weather {
    /// 25 nodes and a bad day.
    #[must_use]
    pub fn storm() -> Self {
        Self {
            townships: 4,
            communities: 12,
            reports: 40,
            loss: 60,
            doubling: 40,
            delay: Duration::from_secs(20),
            crashes: 8,
            partitions: 6,
            failures: 3,
            county_units: 0,
            policies: 2,
            lists: ROOT_LIST_VALIDITY,
            certificates: YEAR,
        }
    }

    /// A small federation on a calm day.
    #[must_use]
    pub fn calm() -> Self {
        Self {
            townships: 2,
            communities: 3,
            reports: 12,
            loss: 0,
            doubling: 0,
            delay: Duration::from_millis(200),
            crashes: 0,
            partitions: 0,
            failures: 0,
            county_units: 0,
            policies: 0,
            lists: ROOT_LIST_VALIDITY,
            certificates: YEAR,
        }
    }
}

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
/// How long a certificate holds, where nothing else is said.
const YEAR: Duration = Duration::from_secs(365 * 86_400);
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
        self.check_end()
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

    /// Captures every message from now on.
    pub fn capture(&mut self) {
        self.tape = Some(Vec::new());
    }

    /// What was captured.
    pub fn captured(&mut self) -> Vec<Captured> {
        self.tape.take().unwrap_or_default()
    }

    /// Puts a request to a node as if it came over a connection with this key, and gives its
    /// response where there is one at once.
    pub fn knock(&mut self, node: NodeId, from: PublicKey, request: Request) -> Option<Response> {
        let ticket = self.ticket();
        let now = self.clock_of(node);
        let place = self.places.get_mut(&node)?;
        let effects =
            place.engine.as_mut()?.step(vec![Input::Request { ticket, from, request }], now);
        for effect in effects {
            if let Effect::Page { ticket: of, peer, after, bounds } = &effect
                && *of == ticket
            {
                let place = &self.places[&node];
                let reader = place.engine.as_ref()?.reader();
                let page =
                    outbox::page(&place.member.setup, &reader, *peer, *after, *bounds).ok()?;
                return Some(Response::Page(page));
            }
            if let Effect::Open { ticket: of, peer, asked } = &effect
                && *of == ticket
            {
                let place = &self.places[&node];
                let reader = place.engine.as_ref()?.reader();
                let opened = outbox::open(&place.member.setup, &reader, *peer, asked).ok()?;
                return Some(opened.map_or(Response::Refused, Response::Opened));
            }
            if let Effect::Piece { ticket: of, peer, fetch } = &effect
                && *of == ticket
            {
                let place = &self.places[&node];
                let (reader, blobs) = (place.engine.as_ref()?.reader(), place.store.photos());
                let setup = &place.member.setup;
                let piece = outbox::piece(setup, &reader, blobs, *peer, fetch, PIECE_BYTES).ok()?;
                return Some(piece.map_or(Response::Refused, Response::Piece));
            }
            if let Effect::Respond { ticket: of, response } = effect
                && of == ticket
            {
                return Some(response);
            }
        }
        None
    }

    /// The peers a node knows.
    ///
    /// # Panics
    /// When the node is down.
    #[must_use]
    pub fn directory(&self, node: NodeId) -> Directory {
        let engine = self.places[&node].engine.as_ref().expect("the node is up");
        engine.world().directory.as_ref().clone()
    }

    /// Who a node is now.
    ///
    /// # Panics
    /// When the node is down.
    #[must_use]
    pub fn setup(&self, node: NodeId) -> Arc<Setup> {
        self.places[&node].engine.as_ref().expect("the node is up").setup()
    }

    /// How a node's neighbours are, as its operator sees them.
    ///
    /// # Panics
    /// When the node is down.
    #[must_use]
    pub fn contacts(&self, node: NodeId) -> BTreeMap<NodeId, Contact> {
        self.places[&node].engine.as_ref().expect("the node is up").contacts()
    }

    /// How often a node has stopped.
    #[must_use]
    pub fn lives(&self, node: NodeId) -> u64 {
        self.places[&node].life
    }

    /// What a node keeps in memory.
    ///
    /// # Panics
    /// When the node is down.
    #[must_use]
    pub fn world(&self, node: NodeId) -> Arc<World> {
        self.places[&node].engine.as_ref().expect("the node is up").world()
    }

    /// Size and root of `peer`'s log as `node` countersigned it last.
    #[must_use]
    pub fn witnessed(&self, node: NodeId, peer: NodeId) -> Option<(u64, Hash)> {
        let reader = engine::store::Store::reader(&self.places[&node].store);
        let row = view::peer(&reader, peer).ok().flatten()?;
        row.witness.witnessed.map(|seen| (seen.size, seen.root))
    }

    /// Gives a node a new history under its old key, longer than the old one, as a dishonest
    /// operator would.
    pub fn rewrite(&mut self, node: NodeId) {
        self.crash(node);
        let Some(place) = self.places.get_mut(&node) else { return };
        place.promised.clear();
        place.store = MemoryStore::new();
        place.staff = Staff::default();
        place.engine = Some(open(&place.member, &place.store, self.seed ^ 0xbad));
        self.introduce();
        self.hire(node);
        self.register_extras(node, 60);
        self.connect(node);
    }

    /// Puts a response to a node as if it had asked for it.
    pub fn answer_unasked(&mut self, node: NodeId, from: NodeId, about: About, said: Response) {
        self.step(node, vec![Input::Response { from, about, response: Some(said) }]);
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

    /// Puts a command to a node and gives its outcome; the node must be up.
    ///
    /// # Errors
    /// The node's refusal.
    ///
    /// # Panics
    /// When the node is down.
    pub fn command(&mut self, node: NodeId, command: Command) -> Result<Receipt, Refused> {
        let ticket = self.ticket();
        self.step(node, vec![Input::Command { ticket, command }]);
        let outcome = self.replies.remove(&ticket).expect("a node that is up replies at once");
        if let Ok(Receipt { record: Some(record), .. }) = &outcome
            && let Some(place) = self.places.get_mut(&node)
        {
            place.promised.insert(*record);
        }
        outcome
    }

    /// Asks a node and its subordinates; runs until the answer is there.
    ///
    /// # Errors
    /// The node's refusal in words.
    ///
    /// # Panics
    /// When no answer comes within the budget.
    pub fn ask(
        &mut self,
        node: NodeId,
        matter: Matter,
        budget: Duration,
    ) -> Result<(Question, Signed<Answer>), String> {
        let ticket = self.ticket();
        self.step(node, vec![Input::Ask { ticket, matter, budget }]);
        for _ in 0..4_000 {
            if let Some(answer) = self.answers.remove(&ticket) {
                return answer;
            }
            let asking = |place: &Place| place.engine.as_ref().is_some_and(Engine::is_asking);
            let busy: Vec<NodeId> =
                self.places.iter().filter(|(_, p)| asking(p)).map(|(node, _)| *node).collect();
            for other in busy {
                self.step(other, vec![Input::Tick]);
            }
            self.advance(self.now.plus(Duration::from_millis(50)));
        }
        panic!("no answer within the budget (seed {})", self.seed)
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

    /// Sets a node's clock wrong by so many milliseconds.
    pub fn set_clock(&mut self, node: NodeId, skew: i64) {
        self.skews.insert(node, skew);
    }

    /// What a node's clock says.
    #[must_use]
    pub fn clock_of(&self, node: NodeId) -> Timestamp {
        let skew = self.skews.get(&node).copied().unwrap_or_default();
        Timestamp::from_millis(self.now.millis() + skew)
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

    fn carry_out(&mut self, node: NodeId, effect: Effect, next: &mut Vec<Input>) {
        match effect {
            Effect::Reply { ticket, outcome } => {
                self.replies.insert(ticket, outcome);
            }
            Effect::Answered { ticket, outcome } => {
                let outcome = outcome.map(|(question, answer)| (*question, *answer));
                self.answers.insert(ticket, outcome.map_err(|refused| refused.to_string()));
            }
            Effect::Respond { ticket, response } => self.respond(node, ticket, response),
            Effect::Open { ticket, peer, asked } => {
                let place = &self.places[&node];
                let reader = place.engine.as_ref().expect("it just acted").reader();
                let opened = outbox::open(&place.member.setup, &reader, peer, &asked);
                let opened = opened.expect("a record can be read");
                let response = opened.map_or(Response::Refused, Response::Opened);
                self.respond(node, ticket, response);
            }
            Effect::Page { ticket, peer, after, bounds } => {
                let place = &self.places[&node];
                let reader = place.engine.as_ref().expect("it just acted").reader();
                // Small pages, so that a stream takes many.
                let entries = self.rng.random_range(1..=4);
                let bounds = Bounds { entries, ..bounds };
                let page = outbox::page(&place.member.setup, &reader, peer, after, bounds)
                    .expect("a page can be read");
                self.respond(node, ticket, Response::Page(page));
            }
            Effect::Verify { from, after, page } => {
                let place = &self.places[&node];
                let world = place.engine.as_ref().expect("it just acted").world();
                let setup = &place.member.setup;
                let now = self.clock_of(node);
                let page = arrival::verify_page(setup, &world.directory, from, page, now);
                // Checked on other threads: it takes its time, and pages overtake each other.
                let input = Box::new(Input::Arrived { from, after, page });
                let takes = Duration::from_millis(self.rng.random_range(0..50));
                self.at(takes, Event::Input { to: node, life: Some(place.life), input });
            }
            Effect::Piece { ticket, peer, fetch } => {
                let place = &self.places[&node];
                let reader = place.engine.as_ref().expect("it just acted").reader();
                // Small pieces, so that a photo takes many.
                let most = self.rng.random_range(20..=60);
                let (setup, blobs) = (&place.member.setup, place.store.photos());
                let piece = outbox::piece(setup, &reader, blobs, peer, &fetch, most)
                    .expect("a photo can be read");
                let piece = piece.map_or(Response::Refused, Response::Piece);
                self.respond(node, ticket, piece);
            }
            Effect::KeepPhoto { from, photo, bytes } => {
                let place = &self.places[&node];
                let kept = blob::keep(place.store.photos(), &photo, &bytes);
                let input = Box::new(Input::PhotoKept { from, photo, kept });
                let takes = Duration::from_millis(self.rng.random_range(0..50));
                self.at(takes, Event::Input { to: node, life: Some(place.life), input });
            }
            Effect::Count { ask, matter, seat } => {
                let reader = self.places[&node].engine.as_ref().expect("it just acted").reader();
                let counted = view::count(&reader, &matter, &seat, self.clock_of(node)).ok();
                next.push(Input::Counted { ask, counted });
            }
            Effect::Send { to, about, request, within, .. } => {
                self.send(node, to, about, &request, within);
            }
            Effect::Misbehaved { what, .. } => {
                self.accused.push(format!("an honest peer was accused: {what}"));
            }
            Effect::Standing(setup) => {
                let Some(place) = self.places.get_mut(&node) else { return };
                place.member.setup = setup;
            }
            Effect::Succession(setup) => {
                let Some(place) = self.places.get_mut(&node) else { return };
                // Written down; in force from the next start on.
                place.heir = Some(setup);
                self.at(TICK * 2, Event::Crash(node));
                self.at(TICK * 2 + Duration::from_secs(1), Event::Restart(node));
            }
            Effect::Changed(_)
            | Effect::World(_)
            | Effect::Enrolment(_)
            | Effect::Greeted { .. } => {}
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

    fn schedule_day(&mut self) {
        let communities = self.of(Part::Community);
        for _ in 0..self.weather.reports {
            let node = communities[self.rng.random_range(0..communities.len())];
            let at = self.moment();
            self.at(at, Event::Report(node));
        }
        for further in 1..=self.weather.policies {
            let at = DAY * further / (self.weather.policies + 1);
            self.at(at, Event::Publish(further));
        }
        for node in self.nodes() {
            let first = Duration::from_secs(self.rng.random_range(60..1_800));
            self.at(first, Event::Work(node));
        }
        for _ in 0..self.weather.crashes {
            let (node, at, down) = (self.somebody(), self.moment(), self.while_());
            self.at(at, Event::Crash(node));
            self.at(at + down, Event::Restart(node));
        }
        for _ in 0..self.weather.partitions {
            let (node, at, away) = (self.somebody(), self.moment(), self.while_() * 4);
            self.at(at, Event::CutOff(node));
            self.at(at + away, Event::Rejoin(node));
        }
        for _ in 0..self.weather.failures {
            let (node, at) = (self.somebody(), self.moment());
            self.at(at, Event::Fail(node));
        }
    }

    /// Everything is mended: nobody is down or cut off, nothing more is lost.
    fn heal(&mut self) {
        self.weather.loss = 0;
        self.weather.doubling = 0;
        for node in self.nodes() {
            self.cut_off.remove(&node);
            self.crash(node);
        }
        for node in self.nodes() {
            self.restart(node);
        }
    }

    fn somebody(&mut self) -> NodeId {
        let nodes = self.nodes();
        nodes[self.rng.random_range(0..nodes.len())]
    }

    fn moment(&mut self) -> Duration {
        Duration::from_secs(self.rng.random_range(0..DAY.as_secs() * 3 / 4))
    }

    fn while_(&mut self) -> Duration {
        Duration::from_secs(self.rng.random_range(30..1_800))
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
