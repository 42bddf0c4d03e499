//! Growth files, registrations of serving members, and the notebook on one node: stories of R4,
//! R5 and C13, and who receives first (C12).

use std::time::Duration;

use chrono::NaiveDate;
use engine::command::{Agent, People, Refused, What};
use engine::view;
use governance::act::{Act, Report};
use governance::case::Answerable;
use governance::diary::Draft;
use governance::growth::Growth;
use governance::member::{FreeTime, Member, Willingness};
use record::Subject;
use testkit::fixture::report;

use crate::node::{Node, id};

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1).unwrap()
}

#[test]
fn r4_a_growth_file_is_written_by_the_roster_power_and_kept_sealed() {
    let mut node = Node::furnished();
    let worker = node.staff("grid_worker", Some(2));
    let (own, other) = (node.staff("operator", Some(2)), node.staff("operator", Some(3)));
    let title = "最美网格员".to_owned();
    let entry = Growth::Commendation { title, by: "县委组织部".into(), date: day() };
    let enter = || People::EnterGrowth { person: worker, entry: entry.clone() };
    for (person, may) in [(own, true), (other, false), (worker, false)] {
        assert_eq!(node.people(Agent::Staff(person), enter()).is_ok(), may);
    }
    let file = view::growth(&node.reader(), node.whose(), worker).unwrap();
    assert!(file.len() == 1 && file[0].2 == entry);
    assert!(!node.shows("最美网格员"));
    node.check_replay();
}

const PHONE: &str = "13800138000";

fn willing(services: &[&str]) -> Willingness {
    let services = services.iter().map(|&key| key.to_owned()).collect();
    Willingness { place: id(2), services, times: [FreeTime::Evenings].into() }
}

fn registers(consent: bool) -> People {
    let unit = Some("县农业农村局".into());
    let member = Member { name: "吴秀英".into(), phone: PHONE.into(), unit };
    People::RegisterMember { willingness: willing(&["mediation"]), member, consent }
}

#[test]
fn r5_a_serving_member_registers_takes_a_post_and_withdraws_by_their_code() {
    let mut node = Node::furnished();
    let anyone = || Agent::Resident { code: None };
    assert!(matches!(node.people(anyone(), registers(false)), Err(Refused::Invalid { .. })));
    let receipt = node.people(anyone(), registers(true)).unwrap();
    let (me, code) = (receipt.subject.unwrap(), receipt.code.unwrap());
    let by_code = || Agent::Resident { code: Some(code.clone()) };
    let take =
        || People::TakePost { registration: None, name: "物业纠纷调解·周末值班".into() };
    let post = node.people(by_code(), take()).unwrap().subject.unwrap();
    let shown = view::member(&node.reader(), node.whose(), me).unwrap().unwrap();
    assert_eq!((shown.member.phone.as_str(), shown.posts.len()), (PHONE, 1));
    node.people(by_code(), People::LeavePost { registration: None, post }).unwrap();
    let gone = node.people(by_code(), People::LeavePost { registration: None, post });
    assert!(matches!(gone, Err(Refused::NotFound("post"))));
    node.now = node.now.plus(Duration::from_secs(60));
    node.people(by_code(), People::WithdrawMember { registration: None }).unwrap();
    assert!(node.people(by_code(), take()).is_err(), "nothing more is kept of it");
    let known = view::registrations(&node.reader(), None, 10).unwrap();
    assert!(known.len() == 1 && !known[0].1.holds(node.now));
    for words in [PHONE, "吴秀英", "农业农村局", "周末值班"] {
        assert!(!node.shows(words), "{words} is sealed");
    }
    node.check_replay();
}

#[test]
fn r5_nobody_changes_anothers_registration() {
    let mut node = Node::furnished();
    let anyone = || Agent::Resident { code: None };
    let first = node.people(anyone(), registers(true)).unwrap();
    let other = node.people(anyone(), registers(true)).unwrap().code;
    let withdraw = || People::WithdrawMember { registration: first.subject };
    let (own, next_door) = (node.staff("operator", Some(2)), node.staff("operator", Some(3)));
    let worker = node.staff("grid_worker", Some(2));
    let agents =
        [Agent::Resident { code: other }, anyone(), Agent::Staff(next_door), Agent::Staff(worker)];
    for agent in agents {
        assert!(node.people(agent, withdraw()).is_err());
    }
    node.people(Agent::Staff(own), withdraw()).unwrap();
}

fn note(place: u8) -> Draft {
    Draft { place: id(place), date: day(), text: "1号楼201的老人病了，独居。".into() }
}

#[test]
fn c13_a_note_is_private_to_its_author_and_those_over_the_grid() {
    let mut node = Node::furnished();
    let worker = node.staff("grid_worker", Some(2));
    let id_of = |receipt: engine::command::Receipt| receipt.subject.unwrap();
    let written = id_of(node.people(Agent::Staff(worker), People::Note(note(4))).unwrap());
    let outside = node.people(Agent::Staff(worker), People::Note(note(6)));
    assert!(matches!(outside, Err(Refused::Invalid { field: "note", .. })), "not their grid");
    let readers = [
        ("grid_leader", Some(2), true),
        ("grid_leader", Some(3), false),
        ("community_head", None, true),
        ("grid_worker", Some(2), false),
        ("operator", None, false),
    ];
    for (role, scope, reads) in readers {
        let person = node.staff(role, scope);
        let world = node.engine.world();
        let actor = world.roster.actor(person, node.now).unwrap();
        let known = view::note(&node.reader(), written).unwrap().unwrap();
        let may = known.read_by(&actor, &node.setup.configured.policy, &world.territory, node.now);
        assert_eq!(may, reads, "{role} {scope:?}");
    }
    assert!(!node.shows("老人病了"), "its words are sealed");
    node.check_replay();
}

#[test]
fn c13_a_note_becomes_one_case_however_often_it_is_asked() {
    let mut node = Node::furnished();
    let worker = node.staff("grid_worker", Some(2));
    let colleague = node.staff("grid_worker", Some(2));
    let written = node.people(Agent::Staff(worker), People::Note(note(4))).unwrap();
    let note = written.subject.unwrap();
    let raise = || {
        let report = Report { channel: "patrol".into(), ..report(1) };
        People::Raise { note, report: Box::new(report) }
    };
    let others = node.people(Agent::Staff(colleague), raise());
    assert!(matches!(others, Err(Refused::NotFound("note"))));
    let first = node.people(Agent::Staff(worker), raise()).unwrap();
    let again = node.people(Agent::Staff(worker), raise()).unwrap();
    assert_eq!((first.subject, &first.number), (again.subject, &again.number));
    let case = view::case(&node.reader(), first.subject.unwrap()).unwrap().unwrap();
    assert_eq!(case.place, Some(id(4)), "the note's own place");
    assert_eq!(view::note_of(&node.reader(), case.id).unwrap(), Some(note), "and back");
    let known = view::note(&node.reader(), note).unwrap().unwrap();
    assert_eq!(known.case, Some(case.id));
    node.check_replay();
}

#[test]
fn c13_a_note_whose_case_is_refused_stays_a_note() {
    let mut node = Node::furnished();
    let worker = node.staff("grid_worker", Some(2));
    let written = node.people(Agent::Staff(worker), People::Note(note(4))).unwrap();
    let (note, before) = (written.subject.unwrap(), node.store.frames().len());
    let report = Report { channel: "pigeon".into(), ..report(1) };
    let raise = People::Raise { note, report: Box::new(report) };
    assert!(node.people(Agent::Staff(worker), raise).is_err());
    assert_eq!(node.store.frames().len(), before);
    assert_eq!(view::note(&node.reader(), note).unwrap().unwrap().case, None);
}

/// Who answers for a case now, by role in the story.
fn answers(node: &Node, case: Subject) -> Answerable {
    view::case(&node.reader(), case).unwrap().unwrap().answerable()
}

#[test]
fn c12_whoever_receives_first_answers_until_somebody_takes_it_and_again_when_it_comes_back() {
    let mut node = Node::furnished();
    let window = node.staff("reception", None);
    let (dispatcher, worker) =
        (node.staff("community_dispatcher", None), node.staff("grid_worker", Some(2)));
    let said = Report { channel: "counter".into(), place: Some(id(2)), ..report(1) };
    let open = What::Act { case: None, act: Act::Report(Box::new(said)) };
    let case = node.attempt(Agent::Staff(window), open).unwrap().subject.unwrap();
    let first = |answers| matches!(answers, Answerable::FirstReceiver(by) if by.person == window);
    let taker = |answers, who| matches!(answers, Answerable::Taker(by) if by.person == who);
    let act = |node: &mut Node, by: Subject, act: Act| {
        node.now = node.now.plus(Duration::from_secs(1));
        node.attempt(Agent::Staff(by), What::Act { case: Some(case), act }).unwrap();
        answers(node, case)
    };
    assert!(first(answers(&node, case)), "the window, as soon as it has the report");
    let pressed = Act::Remind { note: "请尽快受理".into() };
    assert!(first(act(&mut node, window, pressed)));
    assert!(taker(act(&mut node, dispatcher, Act::Accept {}), dispatcher));
    let hand_on = Act::Dispatch { assignee: worker };
    assert!(first(act(&mut node, dispatcher, hand_on)), "given, but not taken");
    assert!(taker(act(&mut node, worker, Act::Take {}), worker));
    let back = Act::Return { reason: "不在本网格".into() };
    assert!(first(act(&mut node, worker, back)), "and it is the window's again");
    let found = view::case(&node.reader(), case).unwrap().unwrap();
    assert_eq!(found.first_receiver().map(|by| by.person), Some(window));
}

#[test]
fn c12_a_residents_own_report_is_answered_for_by_whoever_first_touches_it() {
    let mut node = Node::furnished();
    let worker = node.staff("grid_worker", Some(2));
    let said = Report { place: Some(id(2)), ..report(1) };
    let open = What::Act { case: None, act: Act::Report(Box::new(said)) };
    let case = node.attempt(Agent::Resident { code: None }, open).unwrap().subject.unwrap();
    assert_eq!(answers(&node, case), Answerable::NotReceived);
    let accept = What::Act { case: Some(case), act: Act::Accept {} };
    node.attempt(Agent::Staff(worker), accept).unwrap();
    assert!(matches!(answers(&node, case), Answerable::Taker(by) if by.person == worker));
}
