//! The life of a policy: published by a parent, adopted by its children, and every case keeps the
//! version it began with.

use std::sync::Arc;
use std::time::Duration;

use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::engine::{Engine, OpenError};
use engine::memory::MemoryStore;
use engine::store::Store;
use engine::view;
use engine::world::{Follow, Setup};
use governance::act::{Act, Report};
use governance::case::{Case, CaseId};
use governance::policy::Version;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::NodeId;
use testkit::federation::{POLICY, Part, later};
use testkit::fixture::{self, NOW};
use testkit::simulator::{Simulator, Weather};

const CALM: fn() -> Weather =
    || Weather { townships: 1, communities: 1, reports: 0, ..Weather::calm() };

struct Town {
    world: Simulator,
    county: NodeId,
    street: NodeId,
    community: NodeId,
}

impl Town {
    fn begin() -> Self {
        let mut world = Simulator::new(3, CALM());
        let (county, street) = (world.of(Part::County)[0], world.of(Part::Township)[0]);
        let community = world.of(Part::Community)[0];
        settle(&mut world);
        Self { world, county, street, community }
    }

    fn console(&mut self, node: NodeId, what: What) -> Result<Receipt, Refused> {
        let done = self.world.command(node, Command { by: Agent::Console, once: None, what });
        settle(&mut self.world);
        done
    }

    fn publish(&mut self, node: NodeId, text: &str) -> Result<Receipt, Refused> {
        self.console(node, What::PutPolicy { text: text.into(), publish: true })
    }

    fn adopt(&mut self, node: NodeId, further: u32) -> Result<Receipt, Refused> {
        self.console(node, What::AdoptPolicy { reference: reference(further) })
    }

    fn report(&mut self) -> CaseId {
        let mut report: Report = fixture::report(1);
        report.place = Some(self.world.places[&self.community].staff.grids[0]);
        let what = What::Act { case: None, act: Act::Report(Box::new(report)) };
        let by = Agent::Resident { code: None };
        let command = Command { by, once: None, what };
        let receipt = self.world.command(self.community, command).expect("anyone may report");
        receipt.subject.expect("a case")
    }

    fn does(&mut self, node: NodeId, role: &str, case: CaseId, act: Act) -> Case {
        let by = Agent::Staff(self.world.places[&node].staff.of(role).expect("somebody has it"));
        let what = What::Act { case: Some(case), act };
        self.world.command(node, Command { by, once: None, what }).expect("it is permitted");
        settle(&mut self.world);
        self.at(node, case)
    }

    fn at(&self, node: NodeId, case: CaseId) -> Case {
        let reader = Store::reader(&self.world.places[&node].store);
        view::case(&reader, case).expect("readable").expect("the node knows the case")
    }

    fn in_force(&self, node: NodeId) -> String {
        self.world.world(node).policy().reference()
    }

    fn dispatches(&mut self, case: CaseId) -> Case {
        let worker = self.world.places[&self.community].staff.of("community_worker");
        let assignee = worker.expect("somebody works there");
        self.does(self.community, "community_dispatcher", case, Act::Dispatch { assignee })
    }
}

fn settle(world: &mut Simulator) {
    let soon = world.now.plus(Duration::from_secs(120));
    world.run_until(soon).expect("every promise holds");
}

fn reference(further: u32) -> String {
    let text = if further == 0 { POLICY.to_owned() } else { later(further) };
    Version::read(&text).expect("it is sound").reference()
}

#[test]
fn a_published_policy_waits_at_the_child_until_an_officer_adopts_it() {
    let mut town = Town::begin();
    town.publish(town.county, &later(1)).expect("the county may publish");
    assert_eq!(town.in_force(town.street), reference(0));
    let parent = Some(town.county);
    let reader = Store::reader(&town.world.places[&town.street].store);
    let known = view::policies(&reader, parent).expect("readable");
    assert!(known.iter().any(|e| e.from == parent && e.reference == reference(1)));
    town.adopt(town.street, 1).expect("the console may adopt");
    assert_eq!(town.in_force(town.street), reference(1));
    // It goes from parent to child, one step at a time.
    assert!(matches!(town.adopt(town.community, 1), Err(Refused::NotFound("policy"))));
}

#[test]
fn a_case_keeps_the_version_it_began_with_and_a_new_one_begins_under_the_next() {
    let mut town = Town::begin();
    let before = town.report();
    town.publish(town.community, &later(1)).expect("kept");
    town.adopt(town.community, 1).expect("adopted");
    let after = town.report();
    for (case, stage) in [(before, "dispatched"), (after, "dispatched_1")] {
        let act = Act::HandUp { reason: "需社区协调".into() };
        town.does(town.community, "grid_worker", case, act);
        assert_eq!(town.dispatches(case).stage, stage);
    }
    // The same after a crash and from the journal alone.
    town.world.crash(town.community);
    let bare = town.world.places[&town.community].store.without_index();
    town.world.places.get_mut(&town.community).expect("it is there").store = bare;
    town.world.restart(town.community);
    settle(&mut town.world);
    assert_eq!(town.in_force(town.community), reference(1));
    let worker = "community_worker";
    let act = Act::Return { reason: "派单有误".into() };
    town.does(town.community, worker, before, act);
    assert_eq!(town.dispatches(before).stage, "dispatched");
}

#[test]
fn a_case_that_comes_from_a_node_with_another_policy_runs_by_the_receivers_while_it_is_there() {
    let mut town = Town::begin();
    town.publish(town.street, &later(1)).expect("kept");
    town.adopt(town.street, 1).expect("adopted");
    let case = town.report();
    town.does(town.community, "grid_worker", case, Act::HandUp { reason: "难".into() });
    let reason = "需街道协调".into();
    town.does(town.community, "community_dispatcher", case, Act::Escalate { reason });
    town.does(town.street, "township_dispatcher", case, Act::AcceptCustody {});
    let staff = &town.world.places[&town.street].staff;
    let assignee = staff.of("township_dispatcher").expect("somebody works there");
    let there = town.does(town.street, "township_dispatcher", case, Act::Dispatch { assignee });
    assert_eq!(there.stage, "dispatched_1");
    let seen = town.at(town.community, case);
    assert_eq!(seen.version_at(town.street), Some(reference(1).as_str()));
    // A later version there does not touch it either.
    town.publish(town.street, &later(2)).expect("kept");
    town.adopt(town.street, 2).expect("adopted");
    let act = Act::Return { reason: "派单有误".into() };
    town.does(town.street, "township_dispatcher", case, act);
    let there = town.does(town.street, "township_dispatcher", case, Act::Dispatch { assignee });
    assert_eq!(there.stage, "dispatched_1");
    // Home again, it is home's own version that counts.
    let (done, opinion) = (false, "不属街道事项".to_owned());
    town.does(town.street, "township_dispatcher", case, Act::Return { reason: "退回".into() });
    town.does(town.street, "township_dispatcher", case, Act::SendHome { done, opinion });
    assert_eq!(town.dispatches(case).stage, "dispatched");
}

#[test]
fn another_text_under_the_same_version_is_refused() {
    let mut town = Town::begin();
    let other = format!("{POLICY}\n# another text");
    for node in [town.county, town.street] {
        let refused = town.publish(node, &other);
        assert!(matches!(refused, Err(Refused::Invalid { field: "version", .. })));
    }
    town.publish(town.county, &later(1)).expect("the county may publish");
    town.publish(town.street, &format!("{}\n# own", later(1))).expect("kept");
    let refused = town.adopt(town.street, 1);
    assert!(matches!(refused, Err(Refused::Invalid { field: "version", .. })), "{refused:?}");
}

#[test]
fn a_policy_that_would_leave_the_node_stuck_is_not_adopted() {
    let mut town = Town::begin();
    let roster = fixture_operator(&mut town);
    assert!(roster.is_ok());
    let without = later(1)
        .replace("key = \"operator\"", "key = \"keeper\"")
        .replace("\"operator\"", "\"keeper\"");
    town.publish(town.street, &without).expect("kept");
    let refused = town.adopt(town.street, 1);
    assert!(matches!(refused, Err(Refused::Invalid { field: "policy", .. })), "{refused:?}");
}

fn fixture_operator(town: &mut Town) -> Result<Receipt, Refused> {
    let what = What::Register { person: None, name: "管理员".into(), phone: None };
    let person = town.console(town.street, what)?.subject.expect("a person");
    let from = town.world.now;
    let role = "operator".into();
    let appointment = governance::roster::Appointment { role, scope: None, from, until: None };
    town.console(town.street, What::Appoint { person, appointment })
}

#[test]
fn a_unit_is_given_no_policy_and_a_child_that_joins_later_is() {
    let mut rng = StdRng::seed_from_u64(5);
    let federation = testkit::federation::Federation::found(NOW, &mut rng);
    let county = federation.county("341021", &mut rng);
    let open = |member: &testkit::federation::Member| {
        let rng = StdRng::seed_from_u64(1);
        Engine::open(member.setup.clone(), Box::new(MemoryStore::new()), Box::new(rng))
            .expect("a new node opens")
    };
    let mut engine = open(&county);
    let what = What::PutPolicy { text: later(1), publish: true };
    fixture::command(&mut engine, Agent::Console, what);
    for (part, given) in [(Part::Township, 1), (Part::Unit, 0)] {
        let member = federation.below(&county, part, "341021100", &mut rng);
        fixture::introduce(&mut engine, &member);
        let row = view::peer(&engine.reader(), member.node()).expect("readable").expect("known");
        assert_eq!(row.streams.outbox.number, given, "{part:?}");
    }
}

fn with(setup: &Setup, text: &str) -> Arc<Setup> {
    let key = setup.key.clone();
    Arc::new(Setup {
        key,
        root: setup.root,
        federation: setup.federation,
        next_key: None,
        standing: setup.standing.clone(),
        lists: setup.lists.clone(),
        configured: Arc::new(Version::read(text).expect("it is sound")),
        follow: Follow::Manual,
        calendar: setup.calendar.clone(),
        software: setup.software.clone(),
    })
}

#[test]
fn a_changed_file_comes_into_force_at_the_next_start_and_a_rewritten_one_is_refused() {
    let mut rng = StdRng::seed_from_u64(5);
    let federation = testkit::federation::Federation::found(NOW, &mut rng);
    let county = federation.county("341021", &mut rng);
    let store = MemoryStore::new();
    let open = |text: &str| {
        let rng = StdRng::seed_from_u64(1);
        Engine::open(with(&county.setup, text), Box::new(store.clone()), Box::new(rng))
    };
    let start = |text: &str| {
        let mut engine = open(text).unwrap_or_else(|error| panic!("it opens: {error}"));
        drop(engine.step(Vec::new(), NOW));
        engine.world().policy().reference()
    };
    assert_eq!(start(POLICY), reference(0));
    let rewritten = open(&format!("{POLICY}\n# other"));
    assert!(matches!(rewritten.err(), Some(OpenError::Rewritten { .. })));
    assert_eq!(start(&later(1)), reference(1));
    // Back to the first: the file has changed again.
    assert_eq!(start(POLICY), reference(0));
    let size = store.frames().len();
    assert_eq!(start(POLICY), reference(0));
    assert_eq!(store.frames().len(), size, "nothing is recorded twice");
    // What an officer put in force outlives a restart with the same file.
    let mut engine = open(POLICY).unwrap_or_else(|error| panic!("it opens: {error}"));
    let what = What::AdoptPolicy { reference: reference(1) };
    fixture::command(&mut engine, Agent::Console, what);
    drop(engine);
    assert_eq!(start(POLICY), reference(1));
}

#[test]
fn whoever_has_no_power_over_policies_neither_publishes_nor_adopts() {
    let mut town = Town::begin();
    let worker = town.world.places[&town.community].staff.of("grid_worker").expect("there");
    for what in [
        What::PutPolicy { text: later(1), publish: true },
        What::AdoptPolicy { reference: reference(0) },
    ] {
        let command = Command { by: Agent::Staff(worker), once: None, what };
        let refused = town.world.command(town.community, command);
        assert!(matches!(refused, Err(Refused::Power("policy"))));
    }
}
