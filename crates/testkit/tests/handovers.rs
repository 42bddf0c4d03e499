//! Cases that go down to a node below, task forces of several nodes, and what the list of duties
//! says to that; over the simulator.

use std::time::Duration;

use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::store::Store;
use engine::view;
use governance::act::{Act, ActKind, Triage, Whistle};
use governance::authorize::Refusal;
use governance::case::{Case, CaseId, Custody, Party, Way};
use governance::change::Phase;
use governance::field;
use record::NodeId;
use testkit::federation::Part;
use testkit::fixture;
use testkit::simulator::{Simulator, Weather};

/// A county with a unit of its own and two streets; a community below each.
struct Line {
    world: Simulator,
    county: NodeId,
    streets: Vec<NodeId>,
}

impl Line {
    fn begin() -> Self {
        let weather = Weather {
            townships: 2,
            communities: 2,
            county_units: 1,
            reports: 0,
            ..Weather::calm()
        };
        let mut world = Simulator::new(4, weather);
        let (county, streets) = (world.of(Part::County)[0], world.of(Part::Township));
        settle(&mut world);
        Self { world, county, streets }
    }

    fn below(&self, node: NodeId, part: Part) -> NodeId {
        let mut of = self.world.of(part).into_iter();
        let parent = |node: &NodeId| self.world.places[node].member.setup.standing.parent();
        of.find(|child| parent(child) == Some(node)).expect("there is one below it")
    }

    fn staff(&self, node: NodeId, role: &str) -> Agent {
        Agent::Staff(self.world.places[&node].staff.of(role).expect("somebody has the role"))
    }

    fn tries(
        &mut self,
        node: NodeId,
        role: &str,
        case: CaseId,
        act: Act,
    ) -> Result<Receipt, Refused> {
        let by = self.staff(node, role);
        let what = What::Act { case: Some(case), act };
        let done = self.world.command(node, Command { by, once: None, what });
        settle(&mut self.world);
        done
    }

    fn does(&mut self, node: NodeId, role: &str, case: CaseId, act: Act) {
        self.tries(node, role, case, act).expect("the act is permitted");
    }

    /// A matter that a resident tells the street itself, about something of a category.
    fn at_street(&mut self, street: NodeId, category: &str) -> CaseId {
        let mut report = fixture::report(1);
        report.category = Some(category.into());
        let what = What::Act { case: None, act: Act::Report(Box::new(report)) };
        let command = Command { by: Agent::Resident { code: None }, once: None, what };
        let receipt = self.world.command(street, command).expect("anyone may report");
        let case = receipt.subject.expect("a case");
        self.does(street, "township_dispatcher", case, Act::Accept {});
        case
    }

    fn down(&self, to: NodeId) -> Act {
        let _ = self;
        Act::HandDown { to, request: "请社区到场处置".into() }
    }

    fn at(&self, node: NodeId, case: CaseId) -> Case {
        self.seen(node, case).expect("the node knows the case")
    }

    fn seen(&self, node: NodeId, case: CaseId) -> Option<Case> {
        let reader = Store::reader(&self.world.places[&node].store);
        view::case(&reader, case).expect("readable")
    }

    fn sent(&self, from: NodeId, to: NodeId) -> u64 {
        let reader = Store::reader(&self.world.places[&from].store);
        let peer = view::peer(&reader, to).expect("readable").expect("a known peer");
        peer.streams.outbox.number
    }
}

fn settle(world: &mut Simulator) {
    let soon = world.now.plus(Duration::from_secs(120));
    world.run_until(soon).expect("every promise holds");
}

#[test]
fn c9_an_order_from_above_goes_down_to_whose_ground_it_is_and_comes_back_done() {
    let mut line = Line::begin();
    let street = line.streets[0];
    let community = line.below(street, Part::Community);
    let case = line.at_street(street, "facility");
    line.does(street, "township_dispatcher", case, line.down(community));
    let offered = line.at(community, case);
    assert!(offered.offer_to(community).is_some_and(|offer| offer.way == Way::Down));
    let mut words: Vec<&str> =
        offered.fields.keys().map(|id| field::by_id(*id).expect("a known field").key).collect();
    words.sort_unstable();
    assert_eq!(words, ["address", "description", "request", "title"], "and never who reported");
    line.does(community, "community_dispatcher", case, Act::AcceptCustody {});
    let there = line.at(community, case);
    assert_eq!((there.is_here(), there.level.as_str()), (true, "community"));
    assert_eq!(line.at(street, case).holder(street), community);
    let opinion = || String::from("已处置");
    line.does(
        community,
        "community_dispatcher",
        case,
        Act::Handle { opinion: opinion(), photos: Vec::new() },
    );
    let home = Act::SendHome { done: true, opinion: opinion() };
    line.does(community, "community_dispatcher", case, home);
    let back = line.at(street, case);
    assert_eq!((back.is_here(), back.phase), (true, Phase::Verifying));
    assert_eq!(back.settled.as_deref(), Some("community"));
}

#[test]
fn a_child_may_object_and_the_case_stays_above_and_is_not_told_twice() {
    let mut line = Line::begin();
    let street = line.streets[0];
    let community = line.below(street, Part::Community);
    let case = line.at_street(street, "facility");
    let before = line.sent(street, community);
    line.does(street, "township_dispatcher", case, line.down(community));
    let first = line.sent(street, community) - before;
    let refuse = Act::RefuseCustody { reason: "不在本社区地界".into() };
    line.does(community, "community_dispatcher", case, refuse);
    let kept = line.at(street, case);
    assert_eq!((kept.is_here(), kept.counts.returns), (true, 1));
    assert!(!kept.parties.contains_key(&community), "it is told no more");
    line.does(
        street,
        "township_dispatcher",
        case,
        Act::Progress { note: "再核实".into(), photos: Vec::new() },
    );
    let before = line.sent(street, community);
    line.does(street, "township_dispatcher", case, line.down(community));
    let again = line.sent(street, community) - before;
    assert!(first >= 3 && again < first, "{again} of {first} anew");
    line.does(community, "community_dispatcher", case, Act::AcceptCustody {});
    assert!(line.at(community, case).is_here());
}

#[test]
fn what_a_child_could_not_do_stays_with_whoever_sent_it_down() {
    let mut line = Line::begin();
    let (county, street) = (line.county, line.streets[0]);
    let other = line.streets[1];
    let community = line.below(street, Part::Community);
    let case = line.at_street(street, "facility");
    let reason = || String::from("需县级协调");
    line.does(street, "township_dispatcher", case, Act::Escalate { reason: reason() });
    line.does(county, "county_dispatcher", case, Act::AcceptCustody {});
    // It is given back to whoever had it, and handed on to whoever had not.
    let refused = line.tries(county, "county_dispatcher", case, line.down(street));
    assert!(matches!(refused, Err(Refused::Rule(Refusal::CameFrom { .. }))));
    let refused = line.tries(county, "county_dispatcher", case, line.down(community));
    assert!(matches!(refused, Err(Refused::Rule(Refusal::UnknownChild { .. }))));
    line.does(county, "county_dispatcher", case, line.down(other));
    line.does(other, "township_dispatcher", case, Act::AcceptCustody {});
    let up = Act::Escalate { reason: reason() };
    let refused = line.tries(other, "township_dispatcher", case, up);
    assert!(matches!(refused, Err(Refused::Rule(Refusal::CameFrom { .. }))));
    let undone = Act::SendHome { done: false, opinion: "无此职权".into() };
    line.does(other, "township_dispatcher", case, undone);
    let kept = line.at(county, case);
    assert!(kept.is_here(), "it does not fall through to where it was reported");
    assert_eq!((kept.phase, kept.counts.returns), (Phase::Accepted, 1));
    assert_eq!(line.at(street, case).holder(street), county);
}

#[test]
fn a_duty_that_was_taken_back_is_not_handed_down_and_a_shared_one_needs_its_lead() {
    let mut line = Line::begin();
    let street = line.streets[0];
    let community = line.below(street, Part::Community);
    let policy = line.world.world(street);
    let of = |kind| {
        let duty = policy.policy().duties.iter().find(|duty| duty.kind == kind);
        let duty = duty.expect("the list has one");
        (duty.number.clone(), duty.categories.first().expect("of a category").clone())
    };
    let (taken, category) = of(governance::policy::DutyKind::TakenBack);
    let case = line.at_street(street, &category);
    let refused = line.tries(street, "township_dispatcher", case, line.down(community));
    let Err(Refused::Rule(Refusal::TakenBack { number, .. })) = refused else {
        panic!("it is refused: {refused:?}")
    };
    assert_eq!(number, taken, "citing the item");
    let (shared, category) = of(governance::policy::DutyKind::Cooperative);
    let case = line.at_street(street, &category);
    let refused = line.tries(street, "township_dispatcher", case, line.down(community));
    let Err(Refused::Rule(Refusal::NeedsLead { number, .. })) = refused else {
        panic!("it is refused: {refused:?}")
    };
    assert_eq!(number, shared, "citing the item");
    assert!(line.seen(community, case).is_none(), "nothing was shared");
}

#[test]
fn c6_a_task_force_of_streets_and_units_works_on_one_case_and_each_is_told_its_part() {
    let mut line = Line::begin();
    let (county, street) = (line.county, line.streets[0]);
    let other = line.streets[1];
    let unit = line.below(county, Part::Unit);
    let case = line.at_street(street, "facility");
    let reason = "需县级专班".into();
    line.does(street, "township_dispatcher", case, Act::Escalate { reason });
    line.does(county, "county_dispatcher", case, Act::AcceptCustody {});
    // Where it came from, another street, and a unit: all in one task force.
    let request = "请派人参加专班".into();
    let force = Whistle { lead: street, assist: vec![other, unit], request };
    line.does(county, "county_head", case, Act::Convene(force));
    let parties = line.at(county, case).parties;
    assert_eq!(parties.get(&street), Some(&Party::Below), "it goes on being told all it was");
    assert_eq!([parties.get(&other), parties.get(&unit)], [Some(&Party::Unit); 2]);
    for node in [other, unit] {
        let seen = line.at(node, case);
        let mut words: Vec<&str> =
            seen.fields.keys().map(|id| field::by_id(*id).expect("a known field").key).collect();
        words.sort_unstable();
        assert_eq!(words, ["address", "description", "request", "title"]);
        assert!(!seen.steps.iter().any(|step| step.act == ActKind::Accept), "no more than that");
    }
    for (node, role) in
        [(street, "township_dispatcher"), (other, "township_dispatcher"), (unit, "unit_officer")]
    {
        // Nobody of the force moves the case but whoever holds it.
        let handle = Act::Handle { opinion: "已办".into(), photos: Vec::new() };
        assert!(line.tries(node, role, case, handle).is_err());
        line.does(node, role, case, Act::ReportIn {});
        line.does(
            node,
            role,
            case,
            Act::UnitResult { opinion: "已到场".into(), photos: Vec::new() },
        );
    }
    let held = line.at(county, case);
    assert!(held.units.iter().all(|call| call.reported_in.is_some() && call.done.is_some()));
    line.does(
        county,
        "county_dispatcher",
        case,
        Act::Handle { opinion: "专班已处置".into(), photos: Vec::new() },
    );
    let home = Act::SendHome { done: true, opinion: "专班已处置".into() };
    line.does(county, "county_dispatcher", case, home);
    assert!(line.at(street, case).is_here());
    // Everybody knows who has it now, the county and the force alike.
    for node in [county, other, unit] {
        assert!(
            matches!(line.at(node, case).custody, Custody::With { node, offer: None } if node == street)
        );
    }
}

#[test]
fn c2_sorting_gives_a_small_matter_its_shorter_clock_from_when_the_stage_began() {
    let mut line = Line::begin();
    let street = line.streets[0];
    let community = line.below(street, Part::Community);
    let case = line.at_street(street, "facility");
    line.does(street, "township_dispatcher", case, line.down(community));
    line.does(community, "community_dispatcher", case, Act::AcceptCustody {});
    let before = line.at(community, case);
    let began = before.spans.last().expect("a clock runs").from;
    let grade = Some(governance::act::Grade::A);
    let triage = Triage { category: None, grade, importance: None, urgency: None, place: None };
    line.does(community, "community_dispatcher", case, Act::Triage(triage));
    let after = line.at(community, case);
    assert_eq!(after.due, Some(began.plus(Duration::from_secs(2 * 3_600))));
    assert!(after.due < before.due);
    // Sorting it once more the same way leaves the clock alone.
    let triage = Triage { category: None, grade, importance: Some(2), urgency: None, place: None };
    line.does(community, "community_dispatcher", case, Act::Triage(triage));
    assert_eq!(line.at(community, case).due, after.due);
}
