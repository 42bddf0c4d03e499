//! Erasure (S25): what people said goes from every node that was given it, and nothing else does.

use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use engine::blob::Blobs;
use engine::command::{Agent, Command, NewKey, Once, People, Receipt, Refused, What};
use engine::project::Whose;
use engine::store::{Frame, Store};
use engine::view;
use engine::wire::{Pull, Reclaim, Request, Response};
use governance::act::{Act, Erasing, Media, Moment, Photo, Whistle};
use governance::authorize::Refusal;
use governance::case::{Case, CaseId};
use governance::diary::Draft;
use governance::growth::Growth;
use governance::member::{Member, Willingness};
use governance::roster::Appointment;
use record::person::PersonKey;
use record::{ActorId, NodeId, PublicKey, Subject};
use testkit::federation::Part;
use testkit::fixture;
use testkit::simulator::{Simulator, Weather};

/// Words that stand in nothing else.
const CANARIES: [&str; 6] =
    ["金丝雀标题甲", "金丝雀描述乙", "金丝雀地址丙", "金丝雀姓名丁", "0559-canary", "金丝雀意见戊"];

/// A county, a street with units, a community; a case that all three levels and a unit dealt with.
struct Scene {
    world: Simulator,
    county: NodeId,
    street: NodeId,
    community: NodeId,
    unit: NodeId,
    case: CaseId,
    other: CaseId,
}

impl Scene {
    fn begin() -> Self {
        let weather = Weather { townships: 1, communities: 1, reports: 0, ..Weather::calm() };
        let world = Simulator::new(11, weather);
        let (county, street) = (world.of(Part::County)[0], world.of(Part::Township)[0]);
        let (community, unit) = (world.of(Part::Community)[0], world.of(Part::Unit)[0]);
        let (case, other) = (CaseId::ZERO, CaseId::ZERO);
        let mut scene = Self { world, county, street, community, unit, case, other };
        scene.wait(300);
        scene.case = scene.reports(CANARIES[0]);
        scene.other = scene.reports("另一件事");
        scene
    }

    fn reports(&mut self, title: &str) -> CaseId {
        let bytes = title.as_bytes();
        let store = &self.world.places[&self.community].store;
        let hash = store.photos().put(bytes).expect("memory takes it");
        let size = u32::try_from(bytes.len()).expect("small");
        self.act("grid_worker", self.community, What::KeepPhoto { hash, size }).expect("kept");
        let photo = Photo { hash, size, media: Media::Jpeg, moment: Moment::Before, caption: None };
        let mut report = fixture::report(1);
        report.place = Some(self.world.places[&self.community].staff.grids[0]);
        (report.title, report.photos) = (title.into(), vec![photo]);
        report.description = CANARIES[1].into();
        report.address = Some(CANARIES[2].into());
        report.contact_name = Some(CANARIES[3].into());
        report.contact_phone = Some(CANARIES[4].into());
        if title != CANARIES[0] {
            (report.description, report.address) = ("别的描述".into(), None);
            (report.contact_name, report.contact_phone) = (None, None);
        }
        let what = What::Act { case: None, act: Act::Report(Box::new(report)) };
        let done = self.act("grid_worker", self.community, what).expect("a worker may report");
        done.subject.expect("a case")
    }

    fn wait(&mut self, seconds: u64) {
        let later = self.world.now.plus(Duration::from_secs(seconds));
        self.world.run_until(later).expect("every promise holds");
    }

    fn act(&mut self, role: &str, node: NodeId, what: What) -> Result<Receipt, Refused> {
        let by = self.world.places[&node].staff.of(role).expect("somebody has the role");
        self.world.command(node, Command { by: Agent::Staff(by), once: None, what })
    }

    fn tries(&mut self, role: &str, node: NodeId, act: Act) -> Result<Receipt, Refused> {
        let case = Some(self.case);
        self.act(role, node, What::Act { case, act })
    }

    fn does(&mut self, role: &str, node: NodeId, act: Act) {
        self.tries(role, node, act).expect("the act is permitted");
        self.wait(120);
    }

    /// Up to the county, with a unit called by the street, and home again to its end.
    fn lives(&mut self) {
        let (county, street, community, unit) =
            (self.county, self.street, self.community, self.unit);
        let opinion = || String::from(CANARIES[5]);
        self.does("grid_worker", community, Act::HandUp { reason: opinion() });
        self.does("community_dispatcher", community, Act::Escalate { reason: opinion() });
        self.does("township_dispatcher", street, Act::AcceptCustody {});
        let whistle = Whistle { lead: unit, assist: vec![], request: opinion() };
        self.does("township_dispatcher", street, Act::Whistle(whistle));
        if self.world.is_up(unit) {
            self.does("unit_officer", unit, Act::ReportIn {});
            let result = Act::UnitResult { opinion: opinion(), photos: vec![] };
            self.does("unit_officer", unit, result);
        }
        self.does("township_dispatcher", street, Act::Escalate { reason: opinion() });
        self.does("county_dispatcher", county, Act::AcceptCustody {});
        self.does("county_dispatcher", county, Act::Handle { opinion: opinion(), photos: vec![] });
        self.does("county_dispatcher", county, Act::SendHome { done: true, opinion: opinion() });
        let satisfied = Act::Verify { solved: true, satisfaction: Some(5), photos: vec![] };
        self.does("grid_worker", community, satisfied);
        self.does("community_dispatcher", community, Act::Close { special: false });
    }

    fn erases(&mut self) {
        let act = Act::Erase { ground: Erasing::Request };
        self.does("community_dispatcher", self.community, act);
    }

    fn received(&self, node: NodeId, from: NodeId) -> u64 {
        let reader = Store::reader(&self.world.places[&node].store);
        view::peer(&reader, from).expect("readable").map_or(0, |row| row.streams.inbox.number)
    }

    fn at(&self, node: NodeId) -> Case {
        let reader = Store::reader(&self.world.places[&node].store);
        view::case(&reader, self.case).expect("readable").expect("the node knows the case")
    }

    fn outstanding(&self) -> Vec<NodeId> {
        let reader = Store::reader(&self.world.places[&self.community].store);
        view::outstanding(&reader, &self.at(self.community)).expect("readable")
    }

    /// Canaries that a node holds, in whatever it keeps.
    fn held(&self, node: NodeId) -> Vec<&'static str> {
        let store = &self.world.places[&node].store;
        let mut bytes: Vec<Vec<u8>> = store.frames().iter().flat_map(everything).collect();
        bytes.extend(store.rows().into_iter().flat_map(|(_, key, value)| [key, value]));
        let photos = store.photos();
        let known = photos.hashes().into_iter();
        bytes.extend(known.filter_map(|hash| photos.get(&hash).expect("memory")));
        let found = |canary: &&str| bytes.iter().any(|bytes| contains(bytes, canary.as_bytes()));
        CANARIES.into_iter().filter(|canary| found(canary)).collect()
    }

    fn replays_to_the_same(&mut self) {
        for node in self.world.nodes() {
            let before = self.world.places[&node].store.rows();
            self.world.crash(node);
            let bare = self.world.places[&node].store.without_index();
            self.world.places.get_mut(&node).expect("a place").store = bare;
            self.world.restart(node);
            let after = self.world.places[&node].store.rows();
            assert!(before == after, "{node}");
        }
    }
}

fn everything(frame: &Frame) -> Vec<Vec<u8>> {
    let parts = frame.open.iter().chain(&frame.sealed).map(|part| part.value.clone());
    parts.chain([frame.envelope.to_vec(), frame.note.clone()]).collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn s25_what_people_said_is_gone_from_every_node_and_every_signature_still_verifies() {
    let mut scene = Scene::begin();
    scene.lives();
    let nodes = [scene.community, scene.street, scene.county, scene.unit];
    assert_eq!(scene.held(scene.community), CANARIES, "there is something to erase");
    assert!(nodes.iter().all(|node| !scene.held(*node).is_empty()));
    let steps: Vec<usize> = nodes.iter().map(|node| scene.at(*node).steps.len()).collect();
    scene.erases();
    for (node, steps) in nodes.into_iter().zip(steps) {
        assert_eq!(scene.held(node), [""; 0], "{node}");
        let case = scene.at(node);
        assert!(case.erased.is_some() && case.fields.is_empty());
        assert_eq!(case.steps.len(), steps + 1, "what was done and when stays");
    }
    assert_eq!(scene.outstanding(), []);
    let other = scene.world.places[&scene.community].store.photos().hashes();
    assert_eq!(other.len(), 1, "the other case's photo stays");
    // Records, streams and checkpoints verify as before, and a replay comes to the same.
    scene.wait(600);
    scene.replays_to_the_same();
    scene.wait(600);
    let again =
        scene.tries("community_dispatcher", scene.community, Act::Reopen { reason: "再办".into() });
    assert!(matches!(again, Err(Refused::Rule(Refusal::Erased))));
}

/// Whoever refused a case was given words with the offer, and is told of no step after it; the
/// erasure still reaches it, and whom it had called when it had the case before.
#[test]
fn s25_a_street_that_refused_a_case_and_its_unit_erase_it_too() {
    let mut scene = Scene::begin();
    let (street, community, unit) = (scene.street, scene.community, scene.unit);
    let opinion = || String::from(CANARIES[5]);
    scene.does("grid_worker", community, Act::HandUp { reason: opinion() });
    scene.does("community_dispatcher", community, Act::Escalate { reason: opinion() });
    scene.does("township_dispatcher", street, Act::AcceptCustody {});
    let whistle = Whistle { lead: unit, assist: vec![], request: opinion() };
    scene.does("township_dispatcher", street, Act::Whistle(whistle));
    scene.does("unit_officer", unit, Act::ReportIn {});
    scene.does("unit_officer", unit, Act::UnitResult { opinion: opinion(), photos: vec![] });
    scene.does("township_dispatcher", street, Act::SendHome { done: false, opinion: opinion() });
    scene.does("community_dispatcher", community, Act::Escalate { reason: opinion() });
    scene.does("township_dispatcher", street, Act::RefuseCustody { reason: opinion() });
    assert!(!scene.at(community).parties.contains_key(&street), "it is told no more");
    scene.does(
        "community_dispatcher",
        community,
        Act::Handle { opinion: opinion(), photos: vec![] },
    );
    let satisfied = Act::Verify { solved: true, satisfaction: Some(5), photos: vec![] };
    scene.does("grid_worker", community, satisfied);
    scene.does("community_dispatcher", community, Act::Close { special: false });
    assert!([street, unit].iter().all(|node| !scene.held(*node).is_empty()));
    scene.erases();
    for node in [community, street, unit] {
        assert_eq!(scene.held(node), [""; 0], "{node}");
        assert!(scene.at(node).erased.is_some());
    }
    assert_eq!(scene.outstanding(), []);
}

#[test]
fn s25_a_holder_that_was_away_is_named_until_it_has_erased_and_is_told_no_words_any_more() {
    let mut scene = Scene::begin();
    let (unit, street) = (scene.unit, scene.street);
    scene.world.crash(unit);
    scene.lives();
    scene.world.crash(street);
    let act = Act::Erase { ground: Erasing::Request };
    scene.tries("community_dispatcher", scene.community, act).expect("it is permitted");
    scene.wait(120);
    assert_eq!(scene.held(scene.community), [""; 0]);
    assert!(scene.outstanding().contains(&street), "the street has not said so");
    assert!(!scene.held(street).is_empty());
    scene.world.restart(street);
    scene.wait(600);
    assert_eq!(scene.outstanding(), []);
    scene.world.restart(unit);
    scene.wait(600);
    for node in [scene.community, street, scene.county, unit] {
        assert_eq!(scene.held(node), [""; 0], "{node}");
    }
    assert!(scene.at(unit).erased.is_some(), "it learns that there was a case, and no words");
    scene.replays_to_the_same();
}

/// A unit gives a street that lost data its own words back, and they come after the erasure: they are
/// kept no longer than it takes to see that.
#[test]
fn s25_words_that_come_again_after_the_erasure_go_at_once() {
    let mut scene = Scene::begin();
    let (street, unit) = (scene.street, scene.unit);
    let old = scene.world.places[&street].store.after_crash();
    scene.lives();
    scene.world.crash(street);
    let place = scene.world.places.get_mut(&street).expect("a place");
    // What it promised is with its neighbours.
    place.promised.clear();
    place.store = old;
    scene.world.restart(street);
    let later = |scene: &mut Scene, seconds| {
        let later = scene.world.now.plus(Duration::from_secs(seconds));
        // Until all has come back, the street knows less than the others.
        let _ = scene.world.run_until(later);
    };
    later(&mut scene, 60);
    let what = What::OpenEpoch { reason: "磁盘损坏".into(), least: 0 };
    let opens = Command { by: Agent::Console, once: None, what };
    scene.world.command(street, opens).expect("an operator may");
    later(&mut scene, 600);
    assert!(scene.held(street).contains(&CANARIES[5]), "its own words are back");
    // The unit puts them into its stream once more, and is away before anybody reads on in it.
    scene.world.crash(unit);
    scene.world.restart(unit);
    later(&mut scene, 5);
    let asked = Request::Reclaim(Reclaim { after: None, before: 1 });
    let given = scene.world.knock(unit, street.genesis_key(), asked);
    assert!(matches!(given, Some(Response::Done)));
    let after = scene.received(street, unit);
    let pull = Request::Pull(Pull { after, acknowledgement: None, held: None });
    let page = scene.world.knock(unit, street.genesis_key(), pull);
    let Some(Response::Page(page)) = page else { panic!("it is a neighbour") };
    let bytes = Response::Page(page.clone()).encode().expect("it fits");
    let words = CANARIES[5].as_bytes();
    assert!(bytes.windows(words.len()).any(|window| window == words), "the words are on their way");
    scene.world.crash(unit);
    scene.erases();
    assert_eq!(scene.held(street), [""; 0]);
    assert!(!scene.held(unit).is_empty());
    // The page comes as soon as the two have greeted each other, ahead of all that was said since.
    scene.world.restart(unit);
    let greeted = (0..1_000).any(|_| {
        let soon = scene.world.now.plus(Duration::from_millis(5));
        let _ = scene.world.run_until(soon);
        let poked = scene.world.knock(street, unit.genesis_key(), Request::Poke);
        matches!(poked, Some(Response::Done))
    });
    assert!(greeted);
    scene.world.answer_pull(street, unit, page);
    later(&mut scene, 1);
    assert!(scene.received(street, unit) > after, "it was taken in");
    assert_eq!(scene.held(street), [""; 0]);
    scene.wait(600);
    for node in [scene.community, street, scene.county, unit] {
        assert_eq!(scene.held(node), [""; 0], "{node}");
    }
    assert_eq!(scene.outstanding(), []);
    scene.replays_to_the_same();
}

#[test]
fn s25_only_whoever_took_it_in_erases_it_and_only_once_it_has_ended() {
    let mut scene = Scene::begin();
    let erase = || Act::Erase { ground: Erasing::Request };
    let early = scene.tries("community_dispatcher", scene.community, erase());
    assert!(matches!(early, Err(Refused::Rule(Refusal::Stage { .. }))));
    scene.lives();
    let worker = scene.tries("grid_worker", scene.community, erase());
    assert!(matches!(worker, Err(Refused::Rule(Refusal::Role { .. } | Refusal::Scope { .. }))));
    let above = scene.tries("township_dispatcher", scene.street, erase());
    assert!(matches!(above, Err(Refused::Rule(Refusal::NotAtHome { .. }))));
    let early = Act::Erase { ground: Erasing::Retention };
    let kept = scene.tries("community_dispatcher", scene.community, early);
    assert!(matches!(kept, Err(Refused::Rule(Refusal::StillKept))));
    assert!(!scene.held(scene.community).is_empty());
    // Three years later the node does it by itself.
    scene.world.now = scene.world.now.plus(Duration::from_secs(1_096 * 86_400));
    scene.wait(600);
    assert_eq!(scene.held(scene.community), [""; 0]);
    assert!(scene.outstanding().contains(&scene.street), "certificates ran out meanwhile");
}

/// S25: what is said of staff who hold no post any more, of a member who takes their consent back,
/// and in a note, goes like what residents said; the ids under which they signed stay.
/// A key of a person's own, and what they call the device.
fn key(scene: &Scene, node: NodeId, person: Subject, label: &str) -> NewKey {
    let key = SigningKey::from_bytes(&[7; 32]);
    let statement = PersonKey {
        federation: scene.world.setup(node).federation,
        node,
        person: ActorId::from_bytes(*person.as_bytes()),
        key: PublicKey::from_bytes(key.verifying_key().to_bytes()),
        time: scene.world.now,
    };
    let signature = key.sign(&statement.message()).to_bytes();
    NewKey { key: statement.key, label: label.into(), time: statement.time, signature }
}

#[test]
fn s25_names_of_staff_who_left_of_members_who_withdrew_and_words_of_notes_are_erased() {
    let mut scene = Scene::begin();
    let node = scene.community;
    let grid = scene.world.places[&node].staff.grids[0];
    let writer = scene.world.places[&node].staff.of("grid_worker").expect("somebody");
    // Each is asked for under a key of its own, so that it would be known again.
    let mut asked = 0;
    let mut console = |scene: &mut Scene, what| {
        asked += 1;
        let once = Some(Once { key: [asked; 32], digest: [asked; 32] });
        scene.world.command(node, Command { by: Agent::Console, once, what })
    };
    let people = |what| What::People(Box::new(what));
    let name = |name: &str| (name.to_owned(), Some(CANARIES[4].to_owned()));
    let mut person = None;
    // Under two names, one after the other.
    for (name, phone) in [name(CANARIES[3]), name(CANARIES[0])] {
        let what = What::Register { person, name, phone };
        person = console(&mut scene, what).expect("an operator may").subject.or(person);
    }
    let person = person.expect("a person");
    let from = scene.world.now;
    let held = Appointment { role: "grid_leader".into(), scope: Some(grid), from, until: None };
    console(&mut scene, What::Appoint { person, appointment: held }).expect("it may");
    let title = CANARIES[1].into();
    let date = "2026-03-01".parse().expect("a day");
    let entry = Growth::Training { title, date, hours: None };
    console(&mut scene, people(People::EnterGrowth { person, entry })).expect("it may");
    let enrols = What::EnrolKey(Box::new(key(&scene, node, person, CANARIES[2])));
    let by = Agent::Staff(person);
    let enrolled = scene.world.command(node, Command { by, once: None, what: enrols });
    enrolled.expect("whoever holds a post may");
    let offered = scene.world.world(node).policy().willingness[0].key.clone();
    let willingness = Willingness { place: grid, services: [offered].into(), times: [].into() };
    let member = Member {
        name: CANARIES[3].into(),
        phone: "13900000000".into(),
        unit: Some(CANARIES[2].into()),
    };
    let registers = People::RegisterMember { willingness, member, consent: true };
    let registration = console(&mut scene, people(registers)).expect("it may").subject;
    let draft = Draft { place: grid, date, text: CANARIES[5].into() };
    let by = Agent::Staff(writer);
    let what = people(People::Note(draft));
    let note = scene.world.command(node, Command { by: by.clone(), once: None, what });
    let note = note.expect("a grid worker may").subject.expect("a note");
    assert_eq!(scene.held(node), CANARIES);

    let erases = || people(People::ErasePerson { person });
    let early = console(&mut scene, erases());
    assert!(matches!(early, Err(Refused::Invalid { field: "person", .. })), "in office");
    console(&mut scene, What::Dismiss { person, role: "grid_leader".into() }).expect("it may");
    scene.wait(60);
    console(&mut scene, erases()).expect("nobody's post any more");
    console(&mut scene, people(People::WithdrawMember { registration })).expect("it may");
    let what = people(People::EraseNote { note });
    let stranger = scene.world.places[&node].staff.of("community_dispatcher").expect("somebody");
    let others = Command { by: Agent::Staff(stranger), once: None, what: what.clone() };
    assert!(matches!(scene.world.command(node, others), Err(Refused::NotFound("note"))));
    scene.world.command(node, Command { by, once: None, what }).expect("one's own");
    // The case's own words are another matter.
    scene.lives();
    scene.erases();
    assert_eq!(scene.held(node), [""; 0]);
    // What lay with the words is not known again, and nobody else's command suffers from that.
    for key in 1..=asked {
        let once = Some(Once { key: [key; 32], digest: [key; 32] });
        let what = What::Dismiss { person, role: "grid_leader".into() };
        let again = scene.world.command(node, Command { by: Agent::Console, once, what });
        assert!(!matches!(again, Err(Refused::Storage(_))), "{key}");
    }
    let reader = Store::reader(&scene.world.places[&node].store);
    let whose = Whose { me: node, federation: scene.world.setup(node).federation };
    assert!(view::growth(&reader, whose, person).expect("readable").is_empty());
    let named = view::staff(&reader, whose, person).expect("readable").expect("known");
    assert_eq!(named.name, "");
    assert!(
        view::note_text(&reader, whose, note).expect("readable").expect("known").text.is_empty()
    );
    scene.replays_to_the_same();
    assert_eq!(scene.held(node), [""; 0]);
}
