//! A node that lost its newest data: an older copy of the folder, a cloned disk.

use std::collections::BTreeMap;

use engine::command::{Agent, Command, Refused, What};
use engine::peer::Relation;
use engine::project::Whose;
use engine::store::{FrameKind, Store};
use engine::wire::{Reclaim, Request, Response};
use engine::{project, view};
use governance::act::{Act, Whistle};
use governance::case::{Case, Step};
use governance::certificate::{Issuer, Reason};
use governance::field;
use governance::trust::TrustAct;
use record::{Header, NodeId, NodeKey, RecordId, Unverified};

use crate::officers::acts;
use crate::town::Town;

fn open_epoch() -> What {
    What::OpenEpoch { reason: "磁盘损坏，从备份恢复".into(), least: 0 }
}

fn register() -> What {
    What::Register { person: None, name: "演示".into(), phone: None }
}

/// Every record of an author anywhere, by its place: one place, one record.
fn places_of(town: &Town, author: NodeId) -> BTreeMap<(u32, u64), RecordId> {
    let mut places = BTreeMap::new();
    for place in town.world.places.values() {
        for frame in place.store.frames() {
            if !matches!(frame.kind, FrameKind::Own | FrameKind::Foreign) {
                continue;
            }
            let record = Unverified::<Header>::parse(frame.envelope).expect("it was stored");
            let record = record.trust_stored(&place.member.setup.federation);
            if record.author != author {
                continue;
            }
            let known = places.insert((record.epoch, record.seq), record.id());
            assert!(known.is_none_or(|known| known == record.id()), "a number was used twice");
        }
    }
    places
}

/// The node's data folder is put back as it was some time ago.
fn set_back(town: &mut Town, node: NodeId, old: engine::memory::MemoryStore) {
    // Others have what it forgot.
    town.disowned = true;
    town.world.crash(node);
    town.world.places.get_mut(&node).expect("it is there").store = old;
    town.world.restart(node);
    town.pass(120);
}

/// S4: a restored backup stops signing, goes on in a new epoch by a person's word, and is witnessed
/// again by another person's; no number is used twice and nothing in the streams is lost after.
#[test]
fn s4_a_restored_backup_goes_on_in_a_new_epoch_without_using_a_number_twice() {
    let mut town = Town::begin(41);
    let (street, community) = (town.street, town.community);
    let first = town.climbs();
    let old = town.world.places[&community].store.after_crash();
    let lost = town.climbs();
    town.pass(600);
    let sealed = town.world.witnessed(street, community).expect("it was witnessed");
    set_back(&mut town, community, old);
    assert!(matches!(town.console(community, register()), Err(Refused::Frozen(_))));
    // A person's word: it goes on.
    town.console(community, open_epoch()).expect("an operator may");
    let after = town.climbs();
    let more = town.climbs();
    town.pass(600);
    for case in [first, lost, after, more] {
        assert!(town.case(street, case).is_some(), "the street has them all");
        assert!(town.case(community, case).is_some(), "and so has the community again");
    }
    // It is not witnessed before somebody at the street accepts the loss.
    assert_eq!(town.world.witnessed(street, community), Some(sealed));
    let told = town.world.contacts(street)[&community].reopened;
    let epoch = told.expect("the street's operator is told");
    assert_eq!(epoch, 1);
    town.console(street, What::AcceptEpoch { node: community, epoch }).expect("it was told");
    let accepted = TrustAct::AcceptEpoch { node: community, epoch };
    assert_eq!(acts(&town, street)[0].act, accepted, "on record");
    town.pass(600);
    assert_ne!(town.world.witnessed(street, community), Some(sealed));
    let places = places_of(&town, community);
    assert!(places.keys().any(|(epoch, _)| *epoch == 0) && places.contains_key(&(1, 0)));
    // What came of it is a function of the journals.
    for node in [street, community] {
        town.world.crash(node);
        town.world.restart(node);
    }
    assert!(town.case(community, after).is_some());
    assert!(town.console(community, register()).is_ok(), "and it stays so");
    // The evidence of the loss is kept: both checkpoints are the community's own word.
    let kept = town.world.places[&street].store.frames();
    let said = kept
        .iter()
        .filter(|frame| frame.kind == FrameKind::Checkpoint && frame.peer == Some(community));
    assert!(said.count() >= 3);
}

/// What a node signed and passed on before it lost its data comes back from its neighbours, and the
/// cases are what they were: those that it had taken further, those it had reported since, those
/// that others had answered; work on them goes on on both sides.
#[test]
fn s4_what_neighbours_have_of_a_nodes_own_records_comes_back_to_it() {
    let mut town = Town::begin(45);
    let (county, street, community, unit) =
        (town.county, town.street, town.community, town.units[0]);
    let taken_on = town.climbs();
    let old = town.world.places[&street].store.after_crash();
    // The street takes it, whistles, and passes it up; another climbs and comes home; both are lost.
    town.accepts(taken_on);
    let whistle = Whistle { lead: unit, assist: vec![], request: "请现场处置".into() };
    town.does(street, "township_dispatcher", taken_on, Act::Whistle(whistle));
    town.does(unit, "unit_officer", taken_on, Act::ReportIn {});
    let result = Act::UnitResult { opinion: "已封堵".into(), photos: vec![] };
    town.does(unit, "unit_officer", taken_on, result);
    let up = || Act::Escalate { reason: "需县里协调".into() };
    town.does(street, "township_dispatcher", taken_on, up());
    town.does(county, "county_dispatcher", taken_on, Act::AcceptCustody {});
    let finished = town.climbs();
    town.accepts(finished);
    let home = Act::SendHome { done: true, opinion: "已修复".into() };
    town.does(street, "township_dispatcher", finished, home);
    let before = [taken_on, finished].map(|case| town.case(street, case).expect("it has it"));
    let steps = |case: &Case| case.steps.iter().map(|step| step.record).collect::<Vec<_>>();
    set_back(&mut town, street, old);
    assert_ne!(town.case(street, taken_on).map(|case| steps(&case)), Some(steps(&before[0])));
    town.console(street, open_epoch()).expect("an operator may");
    town.pass(600);
    for before in &before {
        let after = town.case(street, before.id).expect("it is back");
        assert_eq!(steps(&after), steps(before), "every record, in its place");
        let (of_after, of_before) = (after.holder(street), before.holder(street));
        assert_eq!(
            (of_after, &after.stage, &after.trail),
            (of_before, &before.stage, &before.trail)
        );
    }
    // Nobody is asked for ever.
    let reader = Store::reader(&town.world.places[&street].store);
    let lost = project::lost(&reader).expect("readable").expect("it lost some");
    let neighbours = town.world.directory(street);
    assert_eq!(lost.outstanding(neighbours.neighbours().map(|(node, _)| *node)), 0);
    // And what was with the county comes home by way of the street.
    let home = Act::SendHome { done: true, opinion: "县里已解决".into() };
    town.does(county, "county_dispatcher", taken_on, home);
    town.pass(300);
    assert_eq!(town.case(community, taken_on).map(|case| case.holder(community)), Some(community));
    // It is a function of the journal.
    let kept = town.case(street, finished);
    town.world.crash(street);
    let place = town.world.places.get_mut(&street).expect("it is there");
    place.store = place.store.without_index();
    town.world.restart(street);
    assert!(town.case(street, finished) == kept);
    assert!(!places_of(&town, street).is_empty(), "no number stands for two records");
}

/// S4: nobody makes a node take a record for its own that it never signed, nor one of a place in its
/// log that it has not lost.
#[test]
fn s4_a_node_that_lost_nothing_takes_nothing_back() {
    let mut town = Town::begin(46);
    let (street, community) = (town.street, town.community);
    let case = town.climbs();
    town.accepts(case);
    let asked = Reclaim { after: None, before: 1 };
    let key = community.genesis_key();
    // The street gives to the community what is the community's, and to nobody else.
    let done = town.world.knock(street, key, Request::Reclaim(asked));
    assert!(matches!(done, Some(Response::Done)));
    let before = town.case(community, case);
    town.pass(300);
    assert!(town.case(community, case) == before, "it had them");
    let reader = Store::reader(&town.world.places[&community].store);
    assert!(view::quarantined(&reader, None, 10).expect("readable").is_empty());
    let stranger = NodeKey::from_seed(&[7; 32]).public();
    let refused = town.world.knock(street, stranger, Request::Reclaim(asked));
    assert!(matches!(refused, Some(Response::Refused)));
    // Asked again with other bounds, it does not fill the stream again.
    let asked = Reclaim { after: Some((0, 1)), before: 1 };
    let refused = town.world.knock(street, key, Request::Reclaim(asked));
    assert!(matches!(refused, Some(Response::Refused)));
}

/// S4: whatever somebody asks to have back, its stream grows by it no more than once in a day.
#[test]
fn s4_what_is_given_back_is_bounded_however_it_is_asked_for() {
    let mut town = Town::begin(47);
    let (street, community) = (town.street, town.community);
    for _ in 0..70 {
        let case = town.reports();
        for (role, act) in [
            ("grid_worker", Act::HandUp { reason: "路面塌陷".into() }),
            ("community_dispatcher", Act::Escalate { reason: "需街道协调".into() }),
        ] {
            let by = town.world.places[&community].staff.of(role).expect("somebody has the role");
            let what = What::Act { case: Some(case), act };
            let command = Command { by: Agent::Staff(by), once: None, what };
            town.world.command(community, command).expect("the act is permitted");
        }
    }
    town.pass(600);
    let sent = |town: &Town| {
        let reader = Store::reader(&town.world.places[&street].store);
        let row = view::peer(&reader, community).expect("readable").expect("it is known");
        row.streams.outbox.number
    };
    let asks = |town: &mut Town, before| {
        let asked = Request::Reclaim(Reclaim { after: None, before });
        town.world.knock(street, community.genesis_key(), asked);
    };
    let before = sent(&town);
    asks(&mut town, 1);
    let given = sent(&town);
    assert_eq!(given - before, 200, "so many at a time");
    for other in 2..20 {
        asks(&mut town, other);
    }
    assert_eq!(sent(&town), given);
    asks(&mut town, 1);
    asks(&mut town, 1);
    assert_eq!(sent(&town) - before, 210, "all that there are");
}

/// S4: whoever could not keep what it gave back does not say that it did.
#[test]
fn s4_what_could_not_be_given_back_for_want_of_room_is_given_once_there_is_some() {
    let mut town = Town::begin(48);
    let (street, community) = (town.street, town.community);
    let case = town.climbs();
    town.accepts(case);
    let asks = |town: &mut Town| {
        let asked = Request::Reclaim(Reclaim { after: None, before: 1 });
        town.world.knock(street, community.genesis_key(), asked)
    };
    let sent = |town: &Town| {
        let reader = Store::reader(&town.world.places[&street].store);
        view::peer(&reader, community).expect("readable").expect("known").streams.outbox.number
    };
    let before = sent(&town);
    town.world.places[&street].store.fail_after(0);
    assert!(matches!(asks(&mut town), Some(Response::Refused)));
    town.world.places[&street].store.fail_after(u64::MAX);
    assert!(matches!(asks(&mut town), Some(Response::Done)));
    assert!(sent(&town) > before);
}

/// S4: what comes back before that which it follows waits for it: a street's own words on a case
/// come by way of the county while the community, whose report it is, is away.
#[test]
fn s4_what_comes_back_before_the_report_that_it_follows_takes_its_place_when_that_comes() {
    let mut town = Town::begin(49);
    let (county, street, community) = (town.county, town.street, town.community);
    let old = town.world.places[&street].store.after_crash();
    let case = town.climbs();
    town.accepts(case);
    let what =
        What::Act { case: Some(case), act: Act::Escalate { reason: "需县里协调".into() } };
    let by = town.world.places[&street].staff.of("township_dispatcher").expect("somebody");
    town.world.command(street, Command { by: Agent::Staff(by), once: None, what }).expect("may");
    town.pass(60);
    town.does(county, "county_dispatcher", case, Act::AcceptCustody {});
    let before = town.case(street, case).expect("it has it");
    town.world.crash(community);
    set_back(&mut town, street, old);
    town.console(street, open_epoch()).expect("an operator may");
    town.pass(600);
    town.world.restart(community);
    town.pass(600);
    let after = town.case(street, case).expect("it is back");
    let steps = |case: &Case| case.steps.iter().map(|step| step.record).collect::<Vec<_>>();
    assert_eq!(steps(&after), steps(&before), "every record, in its place");
    let reader = Store::reader(&town.world.places[&street].store);
    assert!(view::quarantined(&reader, None, 10).expect("readable").is_empty());
    // What the county says next goes on from there, and home.
    let home = Act::SendHome { done: true, opinion: "县里已解决".into() };
    town.does(county, "county_dispatcher", case, home);
    town.pass(300);
    assert_eq!(town.case(community, case).map(|case| case.holder(community)), Some(community));
    replays_to_the_same(&mut town, street);
}

/// S4: what a node took back from a unit stays taken back, though the unit's word of it comes while
/// the case itself is with nobody who can be reached.
#[test]
fn s4_a_withdrawal_of_its_own_that_comes_back_before_the_case_holds_once_that_comes() {
    let mut town = Town::begin(52);
    let (county, street, community, unit) =
        (town.county, town.street, town.community, town.units[0]);
    let old = town.world.places[&street].store.after_crash();
    let case = town.climbs();
    town.accepts(case);
    let whistle = Whistle { lead: unit, assist: vec![], request: "请现场处置".into() };
    town.does(street, "township_dispatcher", case, Act::Whistle(whistle));
    let by = town.world.places[&street].staff.of("township_dispatcher").expect("somebody");
    let (fields, from) = ([field::REQUEST].into(), [].into());
    let what = What::WithdrawFields { case, fields, from };
    town.world.command(street, Command { by: Agent::Staff(by), once: None, what }).expect("may");
    town.pass(120);
    let taken_back = |town: &Town| {
        let reader = Store::reader(&town.world.places[&street].store);
        let found = view::withdrawn(&reader, case, street).expect("readable");
        found.into_iter().map(|row| (row.epoch, row.seq, row.fields)).collect::<Vec<_>>()
    };
    let before = taken_back(&town);
    assert_eq!(before.len(), 1);
    for node in [county, community] {
        town.world.crash(node);
    }
    set_back(&mut town, street, old);
    town.console(street, open_epoch()).expect("an operator may");
    town.pass(600);
    assert!(town.case(street, case).is_none(), "the report is the community's");
    assert_eq!(taken_back(&town), []);
    for node in [county, community] {
        town.world.restart(node);
    }
    town.pass(600);
    assert!(town.case(street, case).is_some());
    assert_eq!(taken_back(&town), before);
    let reader = Store::reader(&town.world.places[&street].store);
    assert!(view::quarantined(&reader, None, 10).expect("readable").is_empty());
    replays_to_the_same(&mut town, street);
}

/// S4: of a record that comes back from several neighbours the one with the most words stays.
#[test]
fn s4_words_come_back_though_somebody_without_them_was_faster() {
    let mut town = Town::begin(50);
    let (county, street, community, unit) =
        (town.county, town.street, town.community, town.units[0]);
    let case = town.climbs();
    let old = town.world.places[&street].store.after_crash();
    town.accepts(case);
    let whistle = Whistle { lead: unit, assist: vec![], request: "请现场处置".into() };
    town.does(street, "township_dispatcher", case, Act::Whistle(whistle));
    town.does(unit, "unit_officer", case, Act::ReportIn {});
    let result = Act::UnitResult { opinion: "已封堵".into(), photos: vec![] };
    town.does(unit, "unit_officer", case, result);
    let up = Act::Escalate { reason: "需县里协调".into() };
    town.does(street, "township_dispatcher", case, up);
    town.does(county, "county_dispatcher", case, Act::AcceptCustody {});
    let words = |town: &Town| {
        let reader = Store::reader(&town.world.places[&street].store);
        let whose = Whose { me: street, federation: town.world.setup(street).federation };
        let has = view::case(&reader, case).expect("readable").expect("it has it");
        let read = |step: &Step| {
            let found = view::record_of(&reader, whose, case, step).expect("readable");
            let (_, fields, _) = found.expect("known");
            (step.record, fields.iter().map(|(id, _)| id).collect::<Vec<_>>())
        };
        let of_own = has.steps.iter().filter(|step| step.author == street);
        of_own.map(read).collect::<Vec<_>>()
    };
    let before = words(&town);
    // The unit was told that the case went up, and not why.
    for node in [county, community] {
        town.world.crash(node);
    }
    set_back(&mut town, street, old);
    town.console(street, open_epoch()).expect("an operator may");
    town.pass(600);
    assert_ne!(words(&town), before);
    for node in [county, community] {
        town.world.restart(node);
    }
    town.pass(600);
    assert_eq!(words(&town), before);
    let reader = Store::reader(&town.world.places[&street].store);
    assert!(view::quarantined(&reader, None, 10).expect("readable").is_empty());
    replays_to_the_same(&mut town, street);
}

/// S4: the same old backup, restored a second time, does not use the numbers of the epoch again that
/// was opened after the first: the neighbours' word is remembered until somebody opens the next one.
#[test]
fn s4_a_backup_restored_twice_opens_an_epoch_that_was_never_there() {
    let mut town = Town::begin(51);
    let (county, street, community) = (town.county, town.street, town.community);
    let old = town.world.places[&community].store.after_crash();
    town.climbs();
    for expected in [1, 2] {
        set_back(&mut town, community, old.after_crash());
        // The epoch is opened at the stopped node, and nobody is there to be asked.
        for node in [county, street] {
            town.world.cut_off(node);
        }
        town.world.crash(community);
        town.world.restart(community);
        town.console(community, open_epoch()).expect("an operator may");
        assert!(town.console(community, register()).is_ok());
        assert_eq!(town.end(community).epoch, expected);
        for node in [county, street] {
            town.world.rejoin(node);
        }
        town.pass(600);
        let epoch = expected;
        town.console(street, What::AcceptEpoch { node: community, epoch }).expect("it was told");
        town.climbs();
        town.pass(600);
    }
    places_of(&town, community);
}

/// What a node keeps is a function of its journal.
fn replays_to_the_same(town: &mut Town, node: NodeId) {
    let before = town.world.places[&node].store.rows();
    town.world.crash(node);
    let place = town.world.places.get_mut(&node).expect("it is there");
    place.store = place.store.without_index();
    town.world.restart(node);
    assert!(town.world.places[&node].store.rows() == before);
}

/// S4, S11: whoever was revoked stays revoked though the node that did it is restored from before;
/// its neighbours show it its own word again.
#[test]
fn s4_a_restored_node_learns_from_its_neighbours_whom_it_had_revoked() {
    let mut town = Town::begin(53);
    let (street, community, unit) = (town.street, town.community, town.units[0]);
    let old = town.world.places[&street].store.after_crash();
    town.revokes(street, unit, Reason::Compromised, None);
    town.pass(600);
    town.world.cut_off(unit);
    set_back(&mut town, street, old);
    assert_eq!(town.relation(street, unit), Some(Relation::Other), "by what the community shows");
    town.console(street, open_epoch()).expect("an operator may");
    town.world.rejoin(unit);
    // The next regular list comes after a week.
    town.pass(8 * 86_400);
    for node in [town.county, street, community] {
        let world = town.world.world(node);
        let list = world.lists.of(Issuer::Node(street)).expect("it issues lists");
        assert!(list.revoked.iter().any(|entry| entry.node == unit));
        assert!(list.number > 2, "and goes on: {}", list.number);
    }
    assert_eq!(town.relation(street, unit), Some(Relation::Other));
}

/// S4: a witness that lost what it had seen goes on from what it has, and accuses nobody.
#[test]
fn s4_a_witness_that_was_restored_goes_on_witnessing_an_honest_neighbour() {
    let mut town = Town::begin(44);
    let (street, community) = (town.street, town.community);
    let grows = |town: &mut Town| {
        let case = town.climbs();
        town.accepts(case);
        town.pass(3_700);
    };
    grows(&mut town);
    let old = town.world.places[&community].store.after_crash();
    let seen = town.world.witnessed(community, street);
    grows(&mut town);
    assert_ne!(town.world.witnessed(community, street), seen, "it has seen more since");
    set_back(&mut town, community, old);
    town.console(community, open_epoch()).expect("an operator may");
    grows(&mut town);
    grows(&mut town);
    let end = town.end(street);
    let seen = town.world.witnessed(community, street).map(|(size, _)| size);
    assert_eq!(seen, Some(end.seq + 1));
}

/// S4: of two nodes with one key and one past, the one that is behind stops.
#[test]
fn s4_of_a_cloned_disk_only_one_goes_on() {
    let mut town = Town::begin(42);
    let (street, community) = (town.street, town.community);
    let clone = town.world.places[&community].store.after_crash();
    let case = town.climbs();
    town.pass(600);
    set_back(&mut town, community, clone);
    assert!(matches!(town.console(community, register()), Err(Refused::Frozen(_))));
    assert!(town.case(street, case).is_some(), "what the other one said stands");
    let reader = Store::reader(&town.world.places[&street].store);
    assert!(view::quarantined(&reader, None, 10).expect("readable").is_empty());
}

/// Nobody opens an epoch, or accepts one, without a word from the other side.
#[test]
fn an_epoch_that_was_not_told_of_is_not_accepted() {
    let mut town = Town::begin(43);
    let what = What::AcceptEpoch { node: town.community, epoch: 1 };
    assert!(matches!(town.console(town.street, what), Err(Refused::NotFound("epoch"))));
}
