//! The accounts' own stories over the simulator: each by the policy of its place, every node's
//! timeline held against the script, and nobody told more than their part.

use std::time::Duration;

use engine::command::{Agent, Command, What};
use engine::view;
use governance::act::Act;
use governance::case::{Case, CaseId};
use governance::field;
use record::{NodeId, Subject, Timestamp};
use serde_json::{Value, json};
use testkit::federation::Part;
use testkit::simulator::{Simulator, Weather};
use testkit::story::{ALL, CONTACT, Cast, INVOLVED, PHONE, Seat, Step, Story, Who};

const SEATS: [Seat; 5] = [Seat::County, Seat::Street, Seat::Community, Seat::Lead, Seat::Assist];

/// A story under way.
struct Scene {
    world: Simulator,
    nodes: [NodeId; 5],
    /// Whoever reported.
    reporter: Option<Agent>,
}

impl Cast for Scene {
    fn node(&mut self, seat: Seat) -> String {
        self.at(seat).to_string()
    }

    fn person(&mut self, seat: Seat, role: &str) -> String {
        let node = self.at(seat);
        self.world.appointed(node, role).to_string()
    }

    fn in_days(&mut self, days: i64) -> Value {
        let later = Timestamp::from_millis(self.world.now.millis() + days * 86_400_000);
        json!(later.to_string())
    }
}

impl Scene {
    fn set(story: &Story) -> Self {
        let path =
            format!("{}/../../config/policies/{}.toml", env!("CARGO_MANIFEST_DIR"), story.policy);
        let policy = std::fs::read_to_string(path).expect("a policy of the project");
        let weather = Weather { townships: 1, communities: 1, reports: 0, ..Weather::calm() };
        let world = Simulator::under(&policy, 1, weather);
        let units = world.of(Part::Unit);
        let one = |part| world.of(part)[0];
        let nodes =
            [one(Part::County), one(Part::Township), one(Part::Community), units[0], units[1]];
        let mut scene = Self { world, nodes, reporter: None };
        scene.settle();
        scene
    }

    fn at(&self, seat: Seat) -> NodeId {
        self.nodes[SEATS.iter().position(|known| *known == seat).expect("a seat of the scene")]
    }

    fn settle(&mut self) {
        let later = self.world.now.plus(Duration::from_secs(120));
        self.world.run_until(later).expect("every promise holds");
    }

    fn command(&mut self, seat: Seat, by: Agent, case: Option<CaseId>, act: Act) -> Subject {
        let node = self.at(seat);
        let name = act.kind().key();
        let command = Command { by, once: None, what: What::Act { case, act } };
        let done = self.world.command(node, command);
        let receipt = done.unwrap_or_else(|refused| panic!("{name} at {seat:?}: {refused}"));
        if name == "report" && receipt.code.is_some() {
            self.reporter = Some(Agent::Resident { code: receipt.code });
        }
        self.settle();
        receipt.subject.expect("an act concerns a case")
    }

    fn reports(&mut self, story: &Story) -> CaseId {
        let node = self.at(Seat::Community);
        let mut report = story.report.clone();
        report["act"] = json!("report");
        report["place"] = json!(self.world.places[&node].staff.grids[0]);
        let by = match story.reporter {
            Some(role) => Agent::Staff(self.world.appointed(node, role)),
            None => Agent::Resident { code: None },
        };
        self.reporter = Some(by.clone());
        let act = serde_json::from_value(report).expect("a report as the API takes it");
        self.command(Seat::Community, by, None, act)
    }

    fn does(&mut self, case: CaseId, step: &Step) {
        let by = match step.by {
            Who::Role(role) => Agent::Staff(self.world.appointed(self.at(step.at), role)),
            Who::Reporter => self.reporter.clone().expect("somebody reported"),
        };
        let act = serde_json::from_value(step.said(self)).expect("an act as the API takes it");
        self.command(step.at, by, Some(case), act);
    }

    fn case(&self, seat: Seat, case: CaseId) -> Option<Case> {
        let reader = engine::store::Store::reader(&self.world.places[&self.at(seat)].store);
        view::case(&reader, case).expect("readable")
    }

    /// Whether any byte a node keeps holds a text.
    fn holds(&self, seat: Seat, text: &str) -> bool {
        self.world.places[&self.at(seat)].store.frames().iter().any(|frame| {
            let values = frame.open.iter().chain(&frame.sealed).map(|part| part.value.as_slice());
            let mut all = values.chain([frame.note.as_slice(), &frame.envelope]);
            all.any(|bytes| bytes.windows(text.len()).any(|at| at == text.as_bytes()))
        })
    }
}

fn tell(story: &Story) {
    let mut scene = Scene::set(story);
    let case = scene.reports(story);
    for step in &story.steps {
        scene.does(case, step);
    }
    let home = scene.case(Seat::Community, case).expect("the community knows its case");
    let end = story.end;
    assert_eq!((home.phase.key(), home.settled.as_deref()), (end.phase, end.settled));
    // Home is told of every act but what a unit and its street keep to themselves, and takes the
    // case back by itself.
    let acts: Vec<&str> = home.steps.iter().map(|step| step.act.key()).collect();
    let mut told = acts.iter().filter(|act| **act != "accept_custody");
    let here = |act: &&str| !["accept_custody", "report_in", "unit_result", "score"].contains(act);
    let wanted: Vec<&str> = story.acts().into_iter().filter(here).collect();
    assert!(wanted.iter().all(|act| told.any(|known| known == act)), "{acts:?} of {wanted:?}");
    for seat in SEATS.into_iter().filter(|seat| *seat != Seat::Community) {
        assert_eq!(scene.case(seat, case).is_some(), end.told.contains(&seat), "{seat:?}");
        for secret in [CONTACT, PHONE, INVOLVED] {
            assert!(!scene.holds(seat, secret), "{seat:?} holds {secret}");
        }
    }
    for secret in [CONTACT, PHONE, INVOLVED] {
        assert!(scene.holds(Seat::Community, secret), "the search finds what is there");
    }
    units_have_their_fields(&scene, case);
}

fn units_have_their_fields(scene: &Scene, case: CaseId) {
    let policy = &scene.world.places[&scene.at(Seat::Street)].member.setup.configured.policy;
    let rules = policy.disclosures.iter().filter(|rule| rule.to == governance::case::Party::Unit);
    let named: Vec<&String> = rules.flat_map(|rule| &rule.fields).collect();
    for seat in [Seat::Lead, Seat::Assist] {
        let Some(seen) = scene.case(seat, case) else { continue };
        for id in seen.fields.keys() {
            let known = field::by_id(*id).expect("a field of the registry");
            // What the unit said itself is its own.
            let own = known.key == "opinion" || known.key == "note";
            assert!(own || named.iter().any(|key| *key == known.key), "{seat:?} has {}", known.key);
        }
    }
}

macro_rules! stories {
    ($($name:ident = $at:literal;)*) => {
        $(#[test] fn $name() { tell(&ALL[$at]()); })*
    };
}

stories! {
    c11_sx_a_property_fee_dispute_is_mediated_and_written_off = 0;
    c5_mg_a_leaking_old_building_is_deliberated_and_repaired_by_units = 1;
    c7_mg_ground_locks_are_handled_until_whoever_reported_says_so = 2;
    c13_wn_a_lamp_post_of_a_notebook_is_put_up_by_departments = 3;
    c8_wn_a_charging_pile_takes_longer_with_leave = 4;
    c5_xp_an_illegal_building_is_dealt_with_by_several_departments = 5;
    c10_sy_an_e_bike_shed_is_built_by_the_grid = 6;
}

#[test]
fn every_story_has_its_test() {
    let told: std::collections::BTreeSet<&str> = ALL.iter().map(|story| story().name).collect();
    assert_eq!(told.len(), 7);
}

#[test]
fn c1_every_way_in_of_every_policy_leads_to_a_case_and_no_other_does() {
    for story in ALL.map(|story| story()) {
        let mut scene = Scene::set(&story);
        let policy =
            scene.world.places[&scene.at(Seat::Community)].member.setup.configured.policy.clone();
        let mut opened = 0;
        for channel in &policy.channels {
            let report = Story { report: told_through(&story, &channel.key), ..story_of(&story) };
            let case = scene.reports(&report);
            let case = scene.case(Seat::Community, case).expect("the case is there");
            assert_eq!(case.channel, channel.key);
            opened += 1;
        }
        assert!(opened >= 5, "{}: {opened} ways in", story.policy);
        let unknown = told_through(&story, "telepathy");
        let act = serde_json::from_value(unknown).expect("a report in form");
        let command = Command {
            by: Agent::Resident { code: None },
            once: None,
            what: What::Act { case: None, act },
        };
        let node = scene.at(Seat::Community);
        assert!(scene.world.command(node, command).is_err(), "a channel that no policy names");
    }
}

fn told_through(story: &Story, channel: &str) -> Value {
    let mut report = story.report.clone();
    report["act"] = json!("report");
    report["channel"] = json!(channel);
    report
}

/// The same place and reporter, another story.
fn story_of(story: &Story) -> Story {
    Story { report: story.report.clone(), steps: Vec::new(), ..*story }
}
