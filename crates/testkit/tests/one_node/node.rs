//! One node without network or disk: its engine, its store, and people who command it.

use std::sync::Arc;

use engine::command::{Agent, Command, Ground, People, Receipt, Refused, What};
use engine::engine::{Effect, Engine, Input, Ticket};
use engine::memory::MemoryStore;
use engine::project::Whose;
use engine::store::Read;
use engine::world::Setup;
use governance::roster::Appointment;
use governance::territory::Place;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Subject, Timestamp};
use testkit::federation::{Federation, Part};
use testkit::fixture::NOW;

/// The shipped policies by file.
pub(super) const POLICIES: [&str; 6] = [
    include_str!("../../../../config/policies/she-county.toml"),
    include_str!("../../../../config/policies/mingguang-road.toml"),
    include_str!("../../../../config/policies/weinan.toml"),
    include_str!("../../../../config/policies/xiapu.toml"),
    include_str!("../../../../config/policies/shanyang.toml"),
    include_str!("../../../../config/policies/beijing-jiesujiban.toml"),
];

/// A node.
pub(super) struct Node {
    pub(super) engine: Engine,
    pub(super) store: MemoryStore,
    pub(super) setup: Arc<Setup>,
    pub(super) now: Timestamp,
}

/// A place's id.
pub(super) fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

/// A place that began long ago.
pub(super) fn place(number: u8, level: &str, code: Option<&str>, parent: Option<u8>) -> Place {
    Place {
        id: id(number),
        level: level.into(),
        code: code.map(|code| code.parse().unwrap()),
        name: format!("地点{number}"),
        parent: parent.map(id),
        households: None,
        boundary: None,
        valid_from: Timestamp::from_millis(NOW.millis() - 1_000_000),
        valid_until: None,
    }
}

impl Node {
    /// A community's node under a policy.
    pub(super) fn of(policy: &str) -> Self {
        let mut rng = StdRng::seed_from_u64(7);
        let federation = Federation::under(policy, NOW, &mut rng);
        let county = federation.county("341021", &mut rng);
        let town = federation.below(&county, Part::Township, "341021100", &mut rng);
        let member = federation.below(&town, Part::Community, "341021100003", &mut rng);
        let setup = member.setup;
        let store = MemoryStore::new();
        let engine = Self::open(&setup, &store);
        Self { engine, store, setup, now: NOW }
    }

    /// She County's, with two grids of two buildings each.
    pub(super) fn furnished() -> Self {
        let mut node = Self::of(POLICIES[0]);
        node.console(What::Establish(vec![
            place(1, "community", Some("341021100003"), None),
            place(2, "grid", Some("341021100003001"), Some(1)),
            place(3, "grid", Some("341021100003002"), Some(1)),
            place(4, "building", None, Some(2)),
            place(5, "building", None, Some(2)),
            place(6, "building", None, Some(3)),
            place(7, "building", None, Some(3)),
        ]));
        node
    }

    fn open(setup: &Arc<Setup>, store: &MemoryStore) -> Engine {
        let rng = StdRng::seed_from_u64(store.frames().len() as u64);
        Engine::open(setup.clone(), Box::new(store.clone()), Box::new(rng)).unwrap()
    }

    /// Does something, or is refused.
    pub(super) fn attempt(&mut self, by: Agent, what: What) -> Result<Receipt, Refused> {
        let command = Command { by, once: None, what };
        let input = Input::Command { ticket: Ticket(1), command };
        let effects = self.engine.step(vec![input], self.now);
        let reply = effects.into_iter().find_map(|effect| {
            if let Effect::Reply { outcome, .. } = effect { Some(outcome) } else { None }
        });
        reply.expect("a command has a reply")
    }

    pub(super) fn console(&mut self, what: What) -> Receipt {
        self.attempt(Agent::Console, what).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn ground(&mut self, by: Agent, ground: Ground) -> Result<Receipt, Refused> {
        self.attempt(by, What::Ground(Box::new(ground)))
    }

    pub(super) fn people(&mut self, by: Agent, people: People) -> Result<Receipt, Refused> {
        self.attempt(by, What::People(Box::new(people)))
    }

    /// Somebody new in a role.
    pub(super) fn staff(&mut self, role: &str, scope: Option<u8>) -> Subject {
        let what =
            What::Register { person: None, name: format!("演示{role}"), phone: Some("1".into()) };
        let person = self.console(what).subject.unwrap();
        let from = self.now;
        let appointment =
            Appointment { role: role.into(), scope: scope.map(id), from, until: None };
        self.console(What::Appoint { person, appointment });
        person
    }

    pub(super) fn reader(&self) -> Arc<dyn Read> {
        self.engine.reader()
    }

    pub(super) fn whose(&self) -> Whose {
        Whose { me: self.setup.me(), federation: self.setup.federation }
    }

    /// The index is a function of the journal: without it, it comes to the same rows; and whoever
    /// opens the node again finds the same world.
    pub(super) fn check_replay(&self) {
        let bare = self.store.without_index();
        let again = Self::open(&self.setup, &bare);
        assert!(bare.rows() == self.store.rows(), "replay comes to other rows");
        let (before, after) = (self.engine.world(), again.world());
        for at in [NOW, self.now, Timestamp::MAX] {
            let places = |territory: &governance::territory::Territory| {
                territory.places(at).map(|p| (p.id, p.parent)).collect::<Vec<_>>()
            };
            assert_eq!(places(&before.territory), places(&after.territory));
            for number in 0..=255 {
                let heirs = |world: &engine::world::World| world.territory.heirs(id(number), at);
                assert_eq!(heirs(&before), heirs(&after));
            }
        }
    }

    /// Whether some words lie in clear anywhere: in an index row or in a frame's open part.
    pub(super) fn shows(&self, words: &str) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(words.len()).any(|w| w == words.as_bytes());
        let rows = self.store.rows();
        let open = self.store.frames();
        rows.iter().any(|(_, key, value)| holds(key) || holds(value))
            || open.iter().any(|frame| {
                holds(&frame.envelope) || frame.open.iter().any(|field| holds(&field.value))
            })
    }
}
