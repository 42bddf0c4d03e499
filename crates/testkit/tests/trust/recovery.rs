//! A node that lost its newest data: an older copy of the folder, a cloned disk.

use std::collections::BTreeMap;

use engine::command::{Refused, What};
use engine::store::{FrameKind, Store};
use engine::view;
use record::{Header, NodeId, RecordId, Unverified};

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
    }
    assert!(town.case(community, lost).is_none(), "what only the street has, the backup has not");
    // It is not witnessed before somebody at the street accepts the loss.
    assert_eq!(town.world.witnessed(street, community), Some(sealed));
    let told = town.world.contacts(street)[&community].reopened;
    let epoch = told.expect("the street's operator is told");
    assert_eq!(epoch, 1);
    town.console(street, What::AcceptEpoch { node: community, epoch }).expect("it was told");
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
