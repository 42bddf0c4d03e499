//! Places, stations, Party organisations and duty lists on one node: stories of T1–T3, R1–R3.

use std::time::Duration;

use engine::command::{Agent, Ground, People, Refused, What};
use engine::view;
use governance::act::{Act, Report};
use governance::duty::{DutyLists, Item};
use governance::party::{Organisation, coverage};
use governance::policy::Policy;
use governance::roster::{Agreement, Appointment};
use governance::station::{OpeningHours, Shift, Station};
use governance::territory::Place;
use governance::territory::reshape::Reshape;
use record::{Subject, Timestamp};
use testkit::fixture::{NOW, report};

use crate::node::{Node, POLICIES, id, place};

/// A tree with one place of every level of a policy; a level that can't lie in the one before it
/// stands beside it.
fn tree(policy: &Policy) -> Vec<Place> {
    let codes = ["341021", "341021100", "341021100003", "341021100003001"];
    let administrative: Vec<_> =
        policy.levels.iter().filter(|level| level.administrative).collect();
    let first = codes.len() - 1 - administrative.len();
    let mut places: Vec<Place> = Vec::new();
    for (number, level) in (1..).zip(&policy.levels) {
        let nth = first + usize::from(number) - 1;
        let code = codes.get(nth).copied().filter(|_| level.administrative || level.key == "grid");
        let parent = (number > 1).then(|| number - 1);
        places.push(place(number, &level.key, code, parent));
    }
    places
}

#[test]
fn t1_every_level_of_the_six_policies_can_be_established_as_data() {
    for text in POLICIES {
        let mut node = Node::of(text);
        let places = tree(&node.setup.configured.policy.clone());
        let count = places.len();
        node.console(What::Establish(places));
        let world = node.engine.world();
        assert_eq!(
            world.territory.places(NOW).count(),
            count,
            "{}",
            node.setup.configured.policy.key
        );
        for level in &node.setup.configured.policy.levels {
            assert_eq!(world.territory.of_level(&level.key, NOW).count(), 1, "{}", level.key);
        }
        node.check_replay();
    }
}

#[test]
fn t1_three_level_grids_of_weinan_and_villager_groups_of_shanyang() {
    let names = |text: &str| {
        let levels = Policy::from_toml(text).unwrap().levels;
        levels.into_iter().map(|level| level.name).collect::<Vec<_>>()
    };
    let weinan = names(POLICIES[2]);
    assert!(weinan.ends_with(
        &["一级网格（小区）", "二级网格（楼栋）", "三级网格（单元）"].map(str::to_owned)
    ));
    assert!(names(POLICIES[4]).contains(&"村民小组".to_owned()));
    assert_eq!(names(POLICIES[0]).len(), 5, "SX: 五个层级");
    assert!(names(POLICIES[3]).contains(&"社区总网格".to_owned()), "XP");
}

#[test]
fn r1_every_role_of_the_six_policies_can_be_appointed_at_every_level() {
    for text in POLICIES {
        let mut node = Node::of(text);
        let policy = node.setup.configured.policy.clone();
        let places = tree(&policy);
        node.console(What::Establish(places.clone()));
        for role in &policy.roles {
            let register = What::Register { person: None, name: "演示".into(), phone: None };
            let person = node.console(register).subject.unwrap();
            for place in &places {
                let scope = Some(place.id);
                let role = role.key.clone();
                let appointment = Appointment { role, scope, from: NOW, until: None };
                node.console(What::Appoint { person, appointment });
            }
            let actor = node.engine.world().roster.actor(person, NOW).unwrap();
            assert_eq!(actor.appointments().len(), places.len(), "{} {}", policy.key, role.key);
        }
    }
}

#[test]
fn r1_three_and_eight_one_and_one_and_x_and_three_levels_are_roles_of_the_policies() {
    let roles = |text: &str| {
        let roles = Policy::from_toml(text).unwrap().roles;
        roles.into_iter().map(|role| role.name).collect::<Vec<_>>().join(" ")
    };
    let named = |text: &str, names: &[&str]| {
        let roles = roles(text);
        names.iter().for_each(|name| assert!(roles.contains(name), "{name} is not in {roles}"));
    };
    // “3”; the eight forces act as unit_officer on their own units' nodes.
    named(POLICIES[0], &["网格指导员", "专职网格员", "楼栋（街巷）长", "下沉力量"]);
    named(POLICIES[1], &["网格员", "网格信息员"]);
    named(POLICIES[2], &["一级网格", "二级网格", "三级网格"]);
    named(POLICIES[3], &["社区总网格长", "小区（街区）网格长", "楼栋（街巷）网格员"]);
    named(POLICIES[4], &["网格长", "网格指导员", "网格员", "总网格长"]);
}

fn branch(places: &[u8], secretary: Option<Subject>) -> Organisation {
    let places = places.iter().map(|number| id(*number)).collect();
    Organisation {
        kind: "branch".into(), name: "幸福里网格党支部".into(), places, secretary
    }
}

#[test]
fn r2_a_branch_is_founded_grows_and_is_dissolved_and_coverage_follows() {
    let mut node = Node::furnished();
    let secretary = node.staff("branch_secretary", Some(2));
    let put =
        |id, organisation| Ground::PutOrganisation { id, organisation, from: None, until: None };
    let found = node.ground(Agent::Console, put(None, branch(&[2], Some(secretary)))).unwrap();
    let covered = |node: &Node, at| {
        let all = view::organisations(&node.reader()).unwrap();
        let in_force: Vec<_> =
            all.iter().filter_map(|(_, history)| history.at(at)).map(|p| p.what.clone()).collect();
        let world = node.engine.world();
        let coverage = coverage(&in_force, &world.territory, "grid", None, at);
        (coverage.percent(), coverage.gaps.iter().map(|gap| gap.name.clone()).collect::<Vec<_>>())
    };
    assert_eq!(covered(&node, node.now), (50, vec!["地点3".to_owned()]));
    node.now = node.now.plus(Duration::from_secs(60));
    node.ground(Agent::Console, put(found.subject, branch(&[2, 3], Some(secretary)))).unwrap();
    assert_eq!(covered(&node, node.now), (100, vec![]));
    assert_eq!(covered(&node, NOW).0, 50, "what has been stays as it was");
    node.now = node.now.plus(Duration::from_secs(60));
    node.ground(Agent::Console, Ground::EndOrganisation(found.subject.unwrap())).unwrap();
    assert_eq!(covered(&node, node.now).0, 0);
    let again = node.ground(Agent::Console, Ground::EndOrganisation(found.subject.unwrap()));
    assert!(matches!(again, Err(Refused::Invalid { .. })));
    node.check_replay();
}

#[test]
fn r2_only_the_power_over_the_roster_of_that_ground_may_say_so() {
    let mut node = Node::furnished();
    let (own, other) = (node.staff("operator", Some(2)), node.staff("operator", Some(3)));
    let worker = node.staff("grid_worker", Some(2));
    let put = || Ground::PutOrganisation {
        id: None,
        organisation: branch(&[2], None),
        from: None,
        until: None,
    };
    for (person, may) in [(own, true), (other, false), (worker, false)] {
        assert_eq!(node.ground(Agent::Staff(person), put()).is_ok(), may);
    }
    let resident = Agent::Resident { code: None };
    assert!(node.ground(resident, put()).is_err());
}

#[test]
fn r3_the_duty_lists_of_a_grid_keep_their_versions() {
    let mut node = Node::furnished();
    let item = |number: &str, what: &str| Item {
        number: number.into(),
        what: what.into(),
        role: "grid_worker".into(),
        hours: Some("每周二、四".into()),
        duty: None,
    };
    let mut lists = DutyLists { management: vec![item("管1", "巡查楼道")], service: vec![] };
    let put = |lists: &DutyLists| Ground::PutDutyLists { place: id(2), lists: lists.clone() };
    node.ground(Agent::Console, put(&lists)).unwrap();
    lists.service.push(item("服1", "量血压"));
    node.ground(Agent::Console, put(&lists)).unwrap();
    let versions = view::duty_versions(&node.reader(), id(2)).unwrap();
    let read = |at: usize| view::duty_lists(&node.reader(), node.whose(), versions[at]).unwrap().1;
    assert_eq!((read(0).service.len(), read(1).service.len()), (0, 1));
    let absent = Ground::PutDutyLists { place: id(99), lists: lists.clone() };
    assert!(matches!(node.ground(Agent::Console, absent), Err(Refused::NotFound("place"))));
    node.check_replay();
}

#[test]
fn t3_a_station_keeps_its_history_and_stands_on_its_ground() {
    let mut node = Node::furnished();
    let day = vec![Shift("08:00".parse().unwrap(), "20:00".parse().unwrap())];
    let week = [0; 7].map(|_| day.clone());
    let hours = OpeningHours { week, holidays: Some(vec![]), make_up: None, exceptions: vec![] };
    let station = Station {
        kind: "post".into(),
        name: "核酸小屋改的驿站".into(),
        place: id(2),
        point: None,
        address: Some("演示路 1 号".into()),
        rooms: vec![],
        hours,
        two_in_one: false,
    };
    let put = |id, station: &Station| Ground::PutStation {
        id,
        station: Box::new(station.clone()),
        from: None,
        until: None,
    };
    let operator = node.staff("operator", Some(3));
    assert!(node.ground(Agent::Staff(operator), put(None, &station)).is_err(), "another's ground");
    let first = node.ground(Agent::Console, put(None, &station)).unwrap().subject;
    // Nor may it be taken away to one's own ground.
    let moved = Station { place: id(3), ..station.clone() };
    node.now = node.now.plus(Duration::from_secs(60));
    assert!(node.ground(Agent::Staff(operator), put(first, &moved)).is_err());
    node.ground(Agent::Console, put(first, &Station { two_in_one: true, ..station })).unwrap();
    let history = view::station(&node.reader(), first.unwrap()).unwrap().unwrap();
    assert!(!history.at(NOW).unwrap().what.two_in_one);
    assert!(history.at(node.now).unwrap().what.two_in_one);
    node.ground(Agent::Console, Ground::EndStation(id(99))).unwrap_err();
    node.check_replay();
}

/// Grid 2 is split: building 4 goes to grid 12, building 5 to grid 13.
fn split(at: Timestamp) -> Reshape {
    let found =
        |number, code| Place { valid_from: at, ..place(number, "grid", Some(code), Some(1)) };
    Reshape {
        at,
        end: vec![id(2)],
        found: vec![found(12, "341021100003011"), found(13, "341021100003012")],
        moves: [(id(4), id(12)), (id(5), id(13))].into(),
    }
}

#[test]
fn t2_a_case_of_a_split_grid_keeps_its_code_and_is_worked_on_from_the_new_grids() {
    let mut node = Node::furnished();
    let old = node.staff("grid_worker", Some(2));
    let report = Report { place: Some(id(2)), ..report(1) };
    let act = Act::Report(Box::new(report));
    let opened = node.console_report(act);
    node.now = node.now.plus(Duration::from_secs(60));
    let at = node.now;
    node.ground(Agent::Console, Ground::Reshape(split(at))).unwrap();
    let new = [node.staff("grid_worker", Some(12)), node.staff("grid_worker", Some(13))];
    let next_door = node.staff("grid_worker", Some(3));
    let case = view::case(&node.reader(), opened).unwrap().unwrap();
    assert_eq!(case.grid.as_ref().unwrap().as_str(), "341021100003001", "as it was reported");
    let accept = || What::Act { case: Some(opened), act: Act::Accept {} };
    for outsider in [old, next_door] {
        assert!(node.attempt(Agent::Staff(outsider), accept()).is_err());
    }
    node.attempt(Agent::Staff(new[1]), accept()).unwrap();
    node.check_replay();
}

#[test]
fn t2_a_reshaping_is_all_or_nothing() {
    let mut node = Node::furnished();
    let before = node.store.frames().len();
    let mut plan = split(node.now);
    plan.moves.remove(&id(5));
    assert!(matches!(
        node.ground(Agent::Console, Ground::Reshape(plan)),
        Err(Refused::Invalid { field: "reshape", .. })
    ));
    assert_eq!(node.store.frames().len(), before);
    assert!(node.engine.world().territory.get(id(12), Timestamp::MAX).is_none());
    let worker = node.staff("grid_worker", Some(2));
    let plan = Ground::Reshape(split(node.now));
    assert!(matches!(node.ground(Agent::Staff(worker), plan), Err(Refused::Power("territory"))));
}

impl Node {
    fn console_report(&mut self, act: Act) -> Subject {
        let by = Agent::Resident { code: None };
        self.attempt(by, What::Act { case: None, act }).unwrap().subject.unwrap()
    }
}

#[test]
fn r4_an_appointment_has_its_agreement_and_its_record() {
    let mut node = Node::furnished();
    let register = What::Register { person: None, name: "演示".into(), phone: None };
    let person = node.console(register).subject.unwrap();
    let role = "grid_worker".to_owned();
    let appointment = Appointment { role, scope: Some(id(2)), from: NOW, until: None };
    let text = Some("由街道签订聘任协议，社区颁发聘书，在小区公示。".to_owned());
    let agreement = Agreement { number: "徽聘〔2026〕7号".into(), text };
    let under = |agreement: &Agreement| People::AppointUnder {
        person,
        appointment: appointment.clone(),
        agreement: agreement.clone(),
    };
    let receipt = node.people(Agent::Console, under(&agreement)).unwrap();
    node.console(What::Appoint { person, appointment: appointment.clone() });
    let records = view::papers_of(&node.reader(), person).unwrap();
    assert_eq!((records.len(), Some(records[0])), (2, receipt.record));
    let papers = view::papers(&node.reader(), node.whose(), records[0]).unwrap().unwrap();
    assert!(papers.agreement == Some(agreement.clone()) && papers.ordinal == 0);
    let plain = view::papers(&node.reader(), node.whose(), records[1]).unwrap().unwrap();
    assert!(plain.agreement.is_none() && plain.ordinal == 1);
    let empty = Agreement { number: String::new(), ..agreement };
    assert!(matches!(node.people(Agent::Console, under(&empty)), Err(Refused::Invalid { .. })));
    assert!(!node.shows("颁发聘书"), "the agreement's words are sealed");
    node.check_replay();
}
