//! Certificates and keys that change while a federation is at work.

use std::sync::Arc;
use std::time::Duration;

use engine::command::{Refused, What};
use engine::peer::Relation;
use engine::wire::{Hello, PROTOCOL, Request, Response};
use engine::world::Setup;
use governance::act::Act;
use record::{NodeId, NodeKey};
use testkit::simulator::Weather;

use crate::town::Town;

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

fn serial(town: &Town, node: NodeId) -> u64 {
    town.world.setup(node).standing.certificate().serial
}

/// Every node below the county gets a new certificate before its own runs out, and goes on without
/// a stop; so do its neighbours.
#[test]
fn certificates_are_renewed_in_time_and_nobody_stops() {
    let mut town = Town::under(31, Weather { certificates: 3 * HOUR, ..Weather::calm() });
    let before: Vec<u64> = town.world.nodes().iter().map(|node| serial(&town, *node)).collect();
    let case = town.climbs();
    for _ in 0..5 {
        town.pass(3_600);
    }
    for (node, before) in town.world.nodes().into_iter().zip(before) {
        let setup = town.world.setup(node);
        assert!(setup.standing.is_valid(town.world.now), "{}", node.short());
        assert_eq!(town.world.lives(node), 0, "nobody started anew");
        assert!(node == town.county || serial(&town, node) > before);
    }
    town.accepts(case);
    let escalate = Act::Escalate { reason: "需县里协调".into() };
    town.does(town.street, "township_dispatcher", case, escalate);
    assert!(town.case(town.county, case).is_some(), "and the work goes on");
    // What was renewed is still so after a crash.
    for node in town.world.nodes() {
        let chain: Vec<_> = town.world.setup(node).standing.chain().cloned().collect();
        town.world.crash(node);
        town.world.restart(node);
        let again: Vec<_> = town.world.setup(node).standing.chain().cloned().collect();
        assert!(again == chain);
    }
}

/// S12: a certificate older than one that was shown before is refused.
#[test]
fn s12_an_older_certificate_is_refused_after_a_newer_one() {
    let mut town = Town::under(32, Weather { certificates: 3 * HOUR, ..Weather::calm() });
    let (street, community) = (town.street, town.community);
    let old = town.world.places[&community].member.chain();
    town.pass(9_000);
    assert!(town.world.setup(community).standing.certificate().serial > 1);
    let hello = Hello {
        version: PROTOCOL,
        software: "older copy".into(),
        chain: old.into_iter().map(Into::into).collect(),
        addresses: Vec::new(),
        revocations: Vec::new(),
        seen: None,
    };
    let key = community.genesis_key();
    let answer = town.world.knock(street, key, Request::Hello(hello));
    assert!(matches!(answer, Some(Response::Refused)));
}

pub(crate) fn rotates(town: &mut Town, node: NodeId, seed: u8) -> Arc<NodeKey> {
    let key = Arc::new(NodeKey::from_seed(&[seed; 32]));
    let place = town.world.places.get_mut(&node).expect("it is there");
    // Written down before anything is said, as a node does.
    let setup = Setup { next_key: Some(key.clone()), ..place.member.setup.as_ref().clone() };
    place.member.setup = Arc::new(setup);
    town.console(node, What::Rotate { key: key.clone() }).expect("an operator may");
    key
}

/// The old key endorses the new one and pins its last record; everybody believes the records of
/// both, each for its part of the log, and nobody the old key any more.
#[test]
fn s11_a_key_is_changed_in_operation_and_the_old_one_is_worth_nothing_then() {
    let mut town = Town::begin(33);
    let (county, street, community) = (town.county, town.street, town.community);
    let before = town.climbs();
    town.accepts(before);
    let old_chain = town.world.places[&community].member.chain();
    let key = rotates(&mut town, community, 77);
    let register = What::Register { person: None, name: "演示".into(), phone: None };
    let refused = town.console(community, register);
    assert!(matches!(refused, Err(Refused::Frozen(_))), "nothing is signed behind the pin");
    town.pass(600);
    assert_eq!(town.world.setup(community).key.public(), key.public());
    assert_eq!(town.relation(street, community), Some(Relation::Child));
    let known = town.world.directory(street).get(community).unwrap().standing.key();
    assert_eq!(known, key.public());
    // Records of both keys climb as far as the county, which never met the community.
    let after = town.climbs();
    town.accepts(after);
    for case in [before, after] {
        let escalate = Act::Escalate { reason: "需县里协调".into() };
        town.does(street, "township_dispatcher", case, escalate);
        assert!(town.case(county, case).is_some());
    }
    // Whoever has the old key shows the old certificates.
    let hello = Hello {
        version: PROTOCOL,
        software: "thief".into(),
        chain: old_chain.into_iter().map(Into::into).collect(),
        addresses: Vec::new(),
        revocations: Vec::new(),
        seen: None,
    };
    let answer = town.world.knock(street, community.genesis_key(), Request::Hello(hello));
    assert!(matches!(answer, Some(Response::Refused)));
}

/// A node in the middle changes its key: those below it are told first and get certificates under
/// the new one, and are not started anew.
#[test]
fn a_parent_that_changes_its_key_takes_those_below_along() {
    let mut town = Town::begin(34);
    let (county, street, community) = (town.county, town.street, town.community);
    let case = town.climbs();
    let key = rotates(&mut town, street, 78);
    town.pass(1_800);
    assert_eq!(town.world.setup(street).key.public(), key.public());
    for node in [community, town.units[0], town.units[1]] {
        assert_eq!(town.world.lives(node), 0);
        let above = town.world.setup(node).standing.key_of(street);
        assert_eq!(above, Some(key.public()), "certified under the new key");
    }
    town.accepts(case);
    let escalate = Act::Escalate { reason: "需县里协调".into() };
    town.does(street, "township_dispatcher", case, escalate);
    assert!(town.case(county, case).is_some());
    assert!(town.received(county, street) > 0);
}

/// A change of the key that is cut short by a crash, with the parent away, is completed.
#[test]
fn a_change_of_the_key_survives_a_crash_and_waits_for_the_parent() {
    let mut town = Town::begin(35);
    let (street, community) = (town.street, town.community);
    town.world.cut_off(street);
    let key = rotates(&mut town, community, 79);
    town.pass(120);
    town.world.crash(community);
    town.world.restart(community);
    town.pass(120);
    let register = || What::Register { person: None, name: "演示".into(), phone: None };
    assert!(matches!(town.console(community, register()), Err(Refused::Frozen(_))));
    town.world.rejoin(street);
    town.pass(900);
    assert_eq!(town.world.setup(community).key.public(), key.public());
    assert!(town.console(community, register()).is_ok());
}
