//! Certificates that are revoked while a federation is at work.

use std::sync::Arc;
use std::time::Duration;

use engine::command::{Refused, What};
use engine::engine::Engine;
use engine::memory::MemoryStore;
use engine::peer::Relation;
use engine::store::{Commit, Frame, FrameKind, Mark, Store, Table};
use engine::view;
use governance::act::{Act, Whistle};
use governance::case::CaseId;
use governance::certificate::{LastGood, Reason, Status};
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Hash, NodeId, RecordId};

use crate::town::Town;

pub(crate) fn held_back(store: &MemoryStore) -> Vec<(RecordId, CaseId)> {
    let found = view::quarantined(&Store::reader(store), None, 1_000).expect("readable");
    let held = found.into_iter().filter(|(_, held)| held.why.contains("held back"));
    let mut held: Vec<_> = held.map(|(_, held)| (held.record, held.subject)).collect();
    held.sort_unstable();
    held
}

#[test]
fn s11_an_ended_node_is_not_spoken_to_any_more_and_what_it_said_stays() {
    let mut town = Town::begin(21);
    let (street, community) = (town.street, town.community);
    let case = town.climbs();
    town.revokes(street, community, Reason::Ended, None);
    assert_eq!(town.relation(street, community), Some(Relation::Other));
    assert!(town.case(street, case).is_some(), "what it said before its end counts");
    // It shows its certificates again, and is refused.
    for node in [street, community] {
        town.world.crash(node);
        town.world.restart(node);
        town.pass(60);
    }
    assert_eq!(town.relation(street, community), Some(Relation::Other));
    let before = town.received(street, community);
    let _ = town.reports();
    town.pass(600);
    assert_eq!(town.received(street, community), before);
}

#[test]
fn s11_a_node_that_hears_of_its_own_end_signs_no_more() {
    let mut town = Town::begin(24);
    let (street, community) = (town.street, town.community);
    // The others hear of it from the street; the street's word reaches the county, too.
    town.revokes(street, community, Reason::Compromised, None);
    assert_eq!(town.relation(street, community), Some(Relation::Other));
    for node in [town.county, town.units[0]] {
        let world = town.world.world(node);
        let street = governance::certificate::Issuer::Node(street);
        let list = world.lists.of(street).expect("a list that revokes goes to everybody");
        assert_eq!(list.revoked.len(), 1);
    }
    // The list comes to the community by hand.
    let street = governance::certificate::Issuer::Node(street);
    let list = town.world.world(town.county).lists.of(street).unwrap().bytes().to_vec();
    let chain = town.world.places[&town.street].member.chain();
    town.console(community, What::TakeList { list, chain }).unwrap();
    let again = What::Register { person: None, name: "演示".into(), phone: None };
    assert!(matches!(town.console(community, again), Err(Refused::Frozen(_))));
}

/// S11: the state is a function of what was revoked and what was said, not of the order in which
/// they came: the list is put at every place of the journal at which it could have come.
#[test]
fn s11_records_before_after_and_across_a_revocation_come_to_the_same_state() {
    let mut town = Town::begin(22);
    let (street, community) = (town.street, town.community);
    let good = town.climbs();
    let across = town.reports();
    let last = town.end(community);
    // Somebody else has the key from here on: they take a case further, and make one up.
    let up = Act::HandUp { reason: "冒名".into() };
    town.does(community, "grid_worker", across, up);
    let escalate = Act::Escalate { reason: "冒名".into() };
    town.does(community, "community_dispatcher", across, escalate);
    let bad = town.climbs();
    assert!(town.case(street, across).is_some() && town.case(street, bad).is_some());
    town.revokes(street, community, Reason::Compromised, Some(last));
    assert!(town.case(street, good).is_some_and(|case| !case.is_here()));
    assert!(town.case(street, bad).is_none(), "no record of it counts");
    let across_now = town.case(street, across).expect("its report was good");
    assert!(across_now.offer_to(street).is_none(), "but nobody who may has offered it");
    let held = town.held_back(street);
    assert!(held.iter().any(|(_, case)| *case == bad), "kept, and shown: {held:?}");
    assert!(held.iter().any(|(_, case)| *case == across));

    let place = &town.world.places[&street];
    let frames = place.store.frames();
    let met = frames.iter().rposition(is_certificate_of(community)).expect("they met") + 1;
    let list = frames.len() - 1 - frames.iter().rev().position(is_list).expect("it is there");
    let later: Vec<usize> = (met..frames.len()).collect();
    assert!(later.len() > 10, "the list has to have many places");
    let rows = |store: &MemoryStore| -> Vec<(Table, Vec<u8>, Vec<u8>)> {
        let of_cases = [Table::Case, Table::Fact, Table::CaseOrder];
        store.rows().into_iter().filter(|(table, ..)| of_cases.contains(table)).collect()
    };
    let expected = rows(&place.store);
    for to in later {
        let mut order = frames.clone();
        let list = order.remove(list);
        order.insert(to, list);
        let store = stored(order);
        let rng = Box::new(StdRng::seed_from_u64(1));
        let setup = Arc::clone(&place.member.setup);
        let opened = Engine::open(setup, Box::new(store.clone()), rng).expect("it replays");
        drop(opened);
        assert!(rows(&store) == expected, "the list at {to} of {}", frames.len());
        assert_eq!(held_back(&store), held);
    }
}

/// A journal of these frames, not indexed yet.
fn stored(frames: Vec<Frame>) -> MemoryStore {
    let mut store = MemoryStore::new();
    let mark = Mark { epoch: 0, count: 0, head: RecordId::ZERO, root: Hash::ZERO };
    let (mutations, tree) = (Vec::new(), Vec::new());
    store
        .commit(Commit { frames, mutations, tree, mark, erasures: Vec::new() })
        .expect("memory is ample");
    store.after_crash()
}

fn is_certificate_of(node: NodeId) -> impl Fn(&Frame) -> bool {
    move |frame| frame.kind == FrameKind::Certificate && frame.peer == Some(node)
}

/// This node's own list: a certificate's frame of nobody else.
fn is_list(frame: &Frame) -> bool {
    frame.kind == FrameKind::Certificate && frame.peer.is_none()
}

/// What was passed on before anybody knew is taken back there, too.
#[test]
fn s11_a_compromise_reaches_whoever_has_the_records_by_way_of_others() {
    let mut town = Town::begin(23);
    let (county, street, community) = (town.county, town.street, town.community);
    let last = town.end(community);
    let bad = town.climbs();
    town.accepts(bad);
    let escalate = Act::Escalate { reason: "需县里协调".into() };
    town.does(street, "township_dispatcher", bad, escalate);
    let before = [street, county].map(|node| town.case(node, bad));
    assert!(before.iter().all(Option::is_some));
    town.revokes(street, community, Reason::Compromised, Some(last));
    for node in [street, county] {
        assert!(town.case(node, bad).is_none(), "the report was nobody's");
    }
    // A correction: it was the community's own after all.
    town.revokes(street, community, Reason::Compromised, Some(LastGood { epoch: 9, seq: 0 }));
    let after = [street, county].map(|node| town.case(node, bad));
    assert!(before == after, "what was held back counts again, with all that followed from it");
    assert!([street, county].iter().all(|node| town.held_back(*node).is_empty()));
}

#[test]
fn s11_only_whoever_certified_a_node_can_hold_back_its_records() {
    let mut town = Town::begin(26);
    let (county, street, community) = (town.county, town.street, town.community);
    let case = town.climbs();
    // The county did not certify the community.
    let what = What::Revoke { node: community, reason: Reason::Compromised, last_good: None };
    assert!(matches!(town.console(county, what), Err(Refused::NotFound("node"))));
    assert!(town.case(street, case).is_some());
}

/// S12: without fresh lists people's data stays where it is; everything else goes on.
#[test]
fn s12_when_the_lists_are_overdue_work_goes_on_and_personal_data_stays() {
    let hour = Duration::from_secs(3_600);
    let mut town = Town::with_lists(25, hour);
    let (county, street) = (town.county, town.street);
    let unit = town.units[0];
    let case = town.climbs();
    town.accepts(case);
    town.world.cut_off(county);
    town.pass(4 * 3_600);
    let stale = |town: &Town| {
        let setup = &town.world.places[&street].member.setup;
        let status = town.world.world(street).status(setup, unit, town.world.now);
        matches!(status, Some(Status::Stale { .. }))
    };
    assert!(stale(&town), "the county's list is overdue");
    let (lead, assist) = (unit, vec![town.units[1]]);
    let request = "请到场处置".into();
    let whistle = Act::Whistle(Whistle { lead, assist, request });
    town.does(street, "township_dispatcher", case, whistle);
    town.pass(3_600);
    assert!(town.case(unit, case).is_none(), "queued, and not released");
    let reader = Store::reader(&town.world.places[&street].store);
    let queued = view::peer(&reader, unit).unwrap().unwrap().streams;
    assert!(queued.outbox.number > 0 && queued.acknowledged == 0);
    // The county is back with a new list: the work reaches the unit.
    town.world.rejoin(county);
    town.pass(600);
    assert!(!stale(&town));
    assert!(town.case(unit, case).is_some(), "released");
}

/// S12: what was withheld follows as soon as the missing list is there, also where it comes from the
/// very neighbour that waits, and nothing else happens.
#[test]
fn s12_what_was_withheld_follows_when_the_list_comes_from_whoever_waits() {
    let mut town = Town::with_lists(26, Duration::from_secs(3_600));
    let (street, community) = (town.street, town.community);
    // The clocks above are behind, so that no list is renewed before it is overdue.
    for minutes in [20, 40, 60] {
        town.pass(1_200);
        for node in [town.county, street] {
            town.world.set_clock(node, -minutes * 60_000);
        }
    }
    let setup = town.world.setup(community);
    let status = town.world.world(community).status(&setup, street, town.world.now);
    assert!(matches!(status, Some(Status::Stale { .. })), "{status:?}");
    let case = town.climbs();
    assert!(town.case(street, case).is_none(), "queued, and not released");
    for node in [town.county, street] {
        town.world.set_clock(node, 0);
    }
    town.pass(180);
    assert!(town.case(street, case).is_some(), "released");
}
