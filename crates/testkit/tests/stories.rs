//! Stories over the simulator: what people do, across nodes, told in the domain's own words.

use std::time::Duration;

use engine::command::{Agent, Command, Once, Receipt, Refused, What};
use engine::view;
use governance::act::{Act, ActKind, Report, Whistle};
use governance::authorize::Refusal;
use governance::case::{Case, CaseId, Custody};
use governance::change::Phase;
use governance::field;
use governance::query::{Grouping, Matter, Metric, total};
use record::{NodeId, Timestamp};
use testkit::federation::Part;
use testkit::simulator::{Simulator, Weather};

const PHONE: &str = "13900001234";

/// A county, a street with two member units, a community below the street.
struct Story {
    world: Simulator,
    county: NodeId,
    street: NodeId,
    community: NodeId,
    units: Vec<NodeId>,
}

impl Story {
    fn begin() -> Self {
        let weather = Weather { townships: 1, communities: 1, reports: 0, ..Weather::calm() };
        let mut world = Simulator::new(1, weather);
        let (county, street) = (world.of(Part::County)[0], world.of(Part::Township)[0]);
        let (community, units) = (world.of(Part::Community)[0], world.of(Part::Unit));
        let soon = world.now.plus(Duration::from_secs(120));
        world.run_until(soon).expect("every promise holds");
        Self { world, county, street, community, units }
    }

    fn wait(&mut self, time: Duration) {
        let later = self.world.now.plus(time);
        self.world.run_until(later).expect("every promise holds");
    }

    fn settle(&mut self) {
        self.wait(Duration::from_secs(120));
    }

    fn staff(&self, node: NodeId, role: &str) -> Agent {
        Agent::Staff(self.world.places[&node].staff.of(role).expect("somebody has the role"))
    }

    fn act(&mut self, node: NodeId, by: Agent, case: CaseId, act: Act) -> Result<Receipt, Refused> {
        let what = What::Act { case: Some(case), act };
        self.world.command(node, Command { by, once: None, what })
    }

    fn does(&mut self, node: NodeId, role: &str, case: CaseId, act: Act) {
        let by = self.staff(node, role);
        self.act(node, by, case, act).expect("the act is permitted");
        self.settle();
    }

    fn reports(&mut self) -> (CaseId, String) {
        let act = Act::Report(Box::new(report(self.world.places[&self.community].staff.grids[0])));
        let by = Agent::Resident { code: None };
        let command = Command { by, once: None, what: What::Act { case: None, act } };
        let receipt = self.world.command(self.community, command).expect("anyone may report");
        (receipt.subject.expect("a case"), receipt.code.expect("a code"))
    }

    fn at(&self, node: NodeId, case: CaseId) -> Case {
        let store = &self.world.places[&node].store;
        let reader = engine::store::Store::reader(store);
        view::case(&reader, case).expect("readable").expect("the node knows the case")
    }

    fn knows(&self, node: NodeId, case: CaseId) -> bool {
        let reader = engine::store::Store::reader(&self.world.places[&node].store);
        view::case(&reader, case).expect("readable").is_some()
    }

    /// The case, escalated to the street and accepted there.
    fn at_street(&mut self) -> (CaseId, String) {
        let (case, code) = self.reports();
        self.does(self.community, "grid_worker", case, Act::HandUp { reason: "路面塌陷".into() });
        let reason = "需街道协调".into();
        self.does(self.community, "community_dispatcher", case, Act::Escalate { reason });
        self.does(self.street, "township_dispatcher", case, Act::AcceptCustody {});
        (case, code)
    }

    fn whistles(&mut self, case: CaseId) {
        let (lead, assist) = (self.units[0], vec![self.units[1]]);
        let request = "请到场处置".into();
        let act = Act::Whistle(Whistle { lead, assist, request });
        self.does(self.street, "township_dispatcher", case, act);
    }
}

fn report(place: record::Subject) -> Report {
    Report {
        title: "老楼漏水".into(),
        description: "三单元楼顶漏水，联系不上物业".into(),
        channel: "resident".into(),
        category: Some("facility".into()),
        place: Some(place),
        address: Some("演示路 3 号".into()),
        point: None,
        happened: None,
        contact_name: Some("演示居民".into()),
        contact_phone: Some(PHONE.into()),
        involved: Some("演示房东".into()),
        photos: vec![],
    }
}

#[test]
fn what_the_grid_worker_settles_on_the_spot_never_leaves_the_community() {
    let mut story = Story::begin();
    let (case, code) = story.reports();
    let opinion = "当场更换灯泡".into();
    story.does(story.community, "grid_worker", case, Act::SettleOnSpot { opinion, photos: vec![] });
    let resident = Agent::Resident { code: Some(code) };
    let verify = Act::Verify { solved: true, satisfaction: Some(5), photos: vec![] };
    story.act(story.community, resident, case, verify).expect("who reports verifies");
    story.does(story.community, "grid_worker", case, Act::Close { special: false });
    let closed = story.at(story.community, case);
    assert_eq!((closed.phase, closed.settled.as_deref()), (Phase::Closed, Some("grid")));
    for node in [story.street, story.county, story.units[0]] {
        assert!(!story.knows(node, case));
    }
}

#[test]
fn a_case_climbs_to_the_county_and_comes_home_by_itself() {
    let mut story = Story::begin();
    let (case, code) = story.at_street();
    let reason = "需县级专班".into();
    story.does(story.street, "township_dispatcher", case, Act::Escalate { reason });
    story.does(story.county, "county_dispatcher", case, Act::AcceptCustody {});
    assert_eq!(story.at(story.community, case).holder(story.community), story.county);
    let opinion = "已协调住建局维修".into();
    story.does(story.county, "county_dispatcher", case, Act::Handle { opinion, photos: vec![] });
    let opinion = "已办结".into();
    story.does(story.county, "county_dispatcher", case, Act::SendHome { done: true, opinion });
    let home = story.at(story.community, case);
    assert_eq!((home.custody.clone(), home.phase), (Custody::Here {}, Phase::Verifying));
    assert_eq!(home.settled.as_deref(), Some("county"));
    let resident = Agent::Resident { code: Some(code) };
    let verify = Act::Verify { solved: true, satisfaction: Some(4), photos: vec![] };
    story.act(story.community, resident, case, verify).expect("who reports verifies");
    // Who was late shows: each holder has its own spans.
    let holders: Vec<NodeId> = home.spans.iter().map(|span| span.holder).collect();
    for node in [story.community, story.street, story.county] {
        assert!(holders.contains(&node));
    }
}

#[test]
fn called_units_are_given_only_their_fields_and_never_who_reported() {
    let mut story = Story::begin();
    let (case, _) = story.at_street();
    story.whistles(case);
    for unit in story.units.clone() {
        let seen = story.at(unit, case);
        let mut words: Vec<&str> =
            seen.fields.keys().map(|id| field::by_id(*id).expect("a known field").key).collect();
        words.sort_unstable();
        assert_eq!(words, ["address", "description", "request", "title"]);
        story.does(unit, "unit_officer", case, Act::ReportIn {});
        story.does(
            unit,
            "unit_officer",
            case,
            Act::UnitResult { opinion: "已修".into(), photos: vec![] },
        );
    }
    let street = story.at(story.street, case);
    assert!(street.units.iter().all(|call| call.reported_in.is_some() && call.done.is_some()));
    for node in [story.street, story.units[0], story.units[1]] {
        for frame in story.world.places[&node].store.frames() {
            let values = frame.open.iter().chain(&frame.sealed).map(|part| &part.value);
            for value in values.chain([&frame.note, &frame.envelope.to_vec()]) {
                assert!(!value.windows(PHONE.len()).any(|at| at == PHONE.as_bytes()));
            }
        }
    }
}

#[test]
fn a_unit_that_was_not_called_can_do_nothing_and_knows_nothing() {
    let mut story = Story::begin();
    let (case, _) = story.at_street();
    let unit = story.units[0];
    assert!(!story.knows(unit, case));
    let by = story.staff(unit, "unit_officer");
    let refused = story.act(unit, by, case, Act::ReportIn {});
    assert!(matches!(refused, Err(Refused::NotFound("case"))));
}

#[test]
fn a_street_that_refuses_custody_is_told_no_more_of_the_case() {
    let mut story = Story::begin();
    let (case, _) = story.reports();
    story.does(story.community, "grid_worker", case, Act::HandUp { reason: "难".into() });
    let reason = || String::from("说明");
    let escalate = Act::Escalate { reason: reason() };
    story.does(story.community, "community_dispatcher", case, escalate.clone());
    let refuse = Act::RefuseCustody { reason: reason() };
    story.does(story.street, "township_dispatcher", case, refuse);
    assert!(story.at(story.community, case).is_here());
    let known = story.at(story.street, case).steps.len();
    story.does(
        story.community,
        "community_dispatcher",
        case,
        Act::Progress { note: reason(), photos: vec![] },
    );
    story.does(
        story.community,
        "community_dispatcher",
        case,
        Act::Handle { opinion: reason(), photos: vec![] },
    );
    assert_eq!(story.at(story.street, case).steps.len(), known);
}

#[test]
fn nothing_can_be_done_with_a_case_that_is_on_offer() {
    let mut story = Story::begin();
    let (case, _) = story.reports();
    story.does(story.community, "grid_worker", case, Act::HandUp { reason: "难".into() });
    story.world.crash(story.street);
    let reason = "需街道协调".into();
    story.does(story.community, "community_dispatcher", case, Act::Escalate { reason });
    let by = story.staff(story.community, "community_dispatcher");
    let refused = story.act(
        story.community,
        by,
        case,
        Act::Handle { opinion: "已办".into(), photos: vec![] },
    );
    assert!(matches!(refused, Err(Refused::Rule(Refusal::NotHolder { .. }))));
    // The street comes back days later and everything is there.
    story.wait(Duration::from_secs(3 * 86_400));
    story.world.restart(story.street);
    story.settle();
    story.does(story.street, "township_dispatcher", case, Act::AcceptCustody {});
    assert!(story.at(story.street, case).is_here());
}

#[test]
fn whoever_dealt_with_a_case_does_not_verify_it() {
    let mut story = Story::begin();
    let place = story.world.places[&story.community].staff.grids[0];
    let mut report = report(place);
    report.channel = "patrol".into();
    let worker = story.staff(story.community, "grid_worker");
    let what = What::Act { case: None, act: Act::Report(Box::new(report)) };
    let command = Command { by: worker.clone(), once: None, what };
    let receipt = story.world.command(story.community, command).expect("a worker may report");
    let case = receipt.subject.expect("a case");
    let opinion = "已清理".into();
    story.does(story.community, "grid_worker", case, Act::SettleOnSpot { opinion, photos: vec![] });
    let verify = Act::Verify { solved: true, satisfaction: None, photos: vec![] };
    let refused = story.act(story.community, worker, case, verify.clone());
    assert!(matches!(refused, Err(Refused::Rule(Refusal::HandlerVerifies))));
    story.does(story.community, "grid_leader", case, verify);
    assert_eq!(story.at(story.community, case).phase, Phase::Closing);
}

#[test]
fn a_resident_sees_and_moves_no_case_but_their_own() {
    let mut story = Story::begin();
    let (first, _) = story.reports();
    let (_, other) = story.reports();
    let stranger = Agent::Resident { code: Some(other) };
    let verify = Act::Verify { solved: true, satisfaction: None, photos: vec![] };
    let refused = story.act(story.community, stranger, first, verify);
    assert!(matches!(refused, Err(Refused::NotFound("case"))));
}

#[test]
fn the_same_request_again_gives_the_same_receipt_and_one_case() {
    let mut story = Story::begin();
    let place = story.world.places[&story.community].staff.grids[0];
    let mut send = |digest: u8| {
        let act = Act::Report(Box::new(report(place)));
        let once = Some(Once { key: [1; 32], digest: [digest; 32] });
        let by = Agent::Resident { code: None };
        let command = Command { by, once, what: What::Act { case: None, act } };
        story.world.command(story.community, command)
    };
    let first = send(1).expect("a report");
    let second = send(1).expect("the same report");
    assert_eq!(first, second);
    assert!(matches!(send(2), Err(Refused::KeyReused)));
    assert_eq!(story.world.cases_of(story.community).expect("readable").len(), 1);
}

#[test]
fn a_full_disk_refuses_in_words_and_keeps_nothing_half() {
    let mut story = Story::begin();
    let before = story.world.places[&story.community].store.frames().len();
    story.world.places[&story.community].store.fail_after(0);
    let act = Act::Report(Box::new(report(story.world.places[&story.community].staff.grids[0])));
    let command = Command {
        by: Agent::Resident { code: None },
        once: None,
        what: What::Act { case: None, act },
    };
    let refused = story.world.command(story.community, command);
    assert!(matches!(refused, Err(Refused::Storage(_))));
    assert_eq!(story.world.places[&story.community].store.frames().len(), before);
    assert!(story.world.cases_of(story.community).expect("readable").is_empty());
}

#[test]
fn an_answer_without_a_cut_off_community_says_so_by_name() {
    let mut story = Story::begin();
    story.reports();
    story.settle();
    story.world.crash(story.community);
    let matter = Matter {
        metric: Metric::Received,
        grouping: Grouping::None,
        from: Timestamp::from_millis(0),
        until: story.world.now.plus(Duration::from_secs(86_400)),
        area: None,
    };
    let asked = story.world.ask(story.county, matter, Duration::from_secs(30));
    let (question, answer) = asked.expect("the county itself answers");
    let standing = story.world.places[&story.county].member.setup.standing.clone();
    let sum = total(&question, &answer, &standing, story.world.now, |_, _| true).expect("sound");
    assert!(sum.is_partial() && sum.complete().is_none());
    let missing = &sum.completeness().pending;
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].node, story.community);
    assert!(missing[0].name.as_deref().is_some_and(|name| name.contains("community")));
}

#[test]
fn a_node_on_an_older_copy_of_its_data_stops_signing() {
    let mut story = Story::begin();
    story.reports();
    let old = story.world.places[&story.community].store.after_crash();
    story.reports();
    story.wait(Duration::from_secs(600));
    story.world.crash(story.community);
    story.world.places.get_mut(&story.community).expect("it is there").store = old;
    story.world.restart(story.community);
    story.settle();
    let act = Act::Report(Box::new(report(story.world.places[&story.community].staff.grids[0])));
    let command = Command {
        by: Agent::Resident { code: None },
        once: None,
        what: What::Act { case: None, act },
    };
    let refused = story.world.command(story.community, command);
    assert!(matches!(&refused, Err(Refused::Frozen(why)) if why.contains("older copy")));
}

#[test]
fn every_kind_of_act_that_policy_names_was_told_in_a_story_or_a_day() {
    // The simulated days exercise every act: a new kind must join them.
    // Reopening is done by hand.
    let mut unseen: Vec<ActKind> = ActKind::ALL.to_vec();
    unseen.retain(|act| *act != ActKind::Reopen);
    for seed in 0..40 {
        let mut day = Simulator::new(seed, Weather::storm());
        day.play().expect("every promise holds");
        for node in day.nodes() {
            for case in day.cases_of(node).expect("readable") {
                unseen.retain(|act| case.steps.iter().all(|step| step.act != *act));
            }
        }
        if unseen.is_empty() {
            return;
        }
    }
    let unseen: Vec<&str> = unseen.into_iter().map(ActKind::key).collect();
    panic!("{unseen:?}");
}
