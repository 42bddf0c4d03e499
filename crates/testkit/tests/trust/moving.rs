//! A node that moves to another parent, or gets another code: it keeps its id, its log and its
//! cases, and what it has in common with the parent before it goes on.

use std::time::Duration;

use engine::command::{Refused, What};
use engine::note::Invitation;
use engine::peer::Relation;
use engine::wire::{ChainBytes, Enrol, Hello, PROTOCOL, Request, Response};
use governance::act::{Act, Erasing};
use governance::certificate::Reason;
use record::{NodeId, PublicKey};
use testkit::federation::Part;
use testkit::simulator::Weather;

use crate::renewal::{HOUR, rotates};
use crate::town::Town;

const SECRET: [u8; 32] = [9; 32];

pub(crate) fn two_streets(seed: u64) -> (Town, NodeId) {
    two_streets_in(seed, Weather::calm())
}

fn two_streets_in(seed: u64, weather: Weather) -> (Town, NodeId) {
    let town = Town::of(seed, Weather { townships: 2, ..weather });
    let other = town.world.of(Part::Township).into_iter().find(|node| *node != town.street);
    (town, other.expect("there are two"))
}

pub(crate) fn chain_of(town: &Town, node: NodeId) -> ChainBytes {
    town.world.setup(node).standing.chain().map(|link| link.to_vec().into()).collect()
}

/// An invitation for a community, and the hash of its secret.
pub(crate) fn invitation(town: &Town, area: &str, approval: bool) -> ([u8; 32], Invitation) {
    let invitation = Invitation {
        name: "桃源社区".into(),
        level: "community".into(),
        area: area.into(),
        member: false,
        expires: town.world.now.plus(Duration::from_secs(3_600)),
        by: None,
        approval,
        newcomer: None,
    };
    (*blake3::hash(&SECRET).as_bytes(), invitation)
}

fn invites(town: &mut Town, by: NodeId, area: &str, approval: bool) {
    let (hash, invitation) = invitation(town, area, approval);
    town.console(by, What::PutInvitation { hash, invitation: Some(invitation) }).expect("it may");
}

/// What `by` answers a node that shows the secret and the chain.
pub(crate) fn knocks(
    town: &mut Town,
    by: NodeId,
    node: NodeId,
    chain: Option<ChainBytes>,
) -> Response {
    let key = town.world.setup(node).key.public();
    knocks_with(town, by, key, chain)
}

/// What `by` answers whoever has a key, and shows the secret and the chain.
fn knocks_with(town: &mut Town, by: NodeId, key: PublicKey, chain: Option<ChainBytes>) -> Response {
    let enrol = Enrol { secret: SECRET.to_vec().into(), addresses: Vec::new(), chain };
    town.world.knock(by, key, Request::Enrol(enrol)).expect("an answer")
}

fn is_refused(said: &Response) -> bool {
    matches!(said, Response::Refused)
}

fn approves(town: &mut Town, by: NodeId, node: NodeId) -> Result<(), Refused> {
    let hash = *blake3::hash(&SECRET).as_bytes();
    town.console(by, What::Approve { hash, node }).map(|_| ())
}

fn withdraws(town: &mut Town, by: NodeId) {
    let hash = *blake3::hash(&SECRET).as_bytes();
    town.console(by, What::PutInvitation { hash, invitation: None }).expect("it may");
}

fn takes(town: &mut Town, node: NodeId, chain: ChainBytes) -> Result<(), Refused> {
    let chain = chain.into_iter().map(|link| link.into_vec()).collect();
    town.console(node, What::TakeCertificates { chain, addresses: Vec::new() }).map(|_| ())
}

/// The node gets certificates by `to` and puts them in force.
fn moves(town: &mut Town, node: NodeId, to: NodeId, area: &str) {
    invites(town, to, area, false);
    enters(town, node, to);
}

/// The node, which `to` has invited and approved, puts in force what it is certified there.
pub(crate) fn enters(town: &mut Town, node: NodeId, to: NodeId) {
    let shown = Some(chain_of(town, node));
    let Response::Enrolled(chain) = knocks(town, to, node, shown) else { panic!("it is let in") };
    takes(town, node, chain).expect("they hold");
    town.pass(120);
}

/// A community moves to another street while one case of its own is held by the old one, another
/// is offered to it, and a third climbs only afterwards: each is finished where it is, and what is
/// erased is erased at the old street, too.
#[test]
fn a_community_moves_to_another_street_and_no_case_is_lost() {
    let (mut town, other) = two_streets(61);
    let (county, old, community) = (town.county, town.street, town.community);
    let held = town.climbs();
    town.accepts(held);
    let offered = town.climbs();
    moves(&mut town, community, other, "341021101009");

    let standing = town.world.setup(community).standing.clone();
    assert_eq!(standing.parent(), Some(other));
    assert_eq!(standing.node(), community, "it is the same node");
    assert_eq!(standing.certificate().area.as_str(), "341021101009");
    assert_eq!(town.relation(community, other), Some(Relation::Parent));
    assert_eq!(town.relation(community, old), Some(Relation::FormerParent));
    assert_eq!(town.relation(old, community), Some(Relation::FormerChild));
    assert_eq!(town.relation(other, community), Some(Relation::Child));

    // The old street finishes what it has, and takes what was offered to it.
    let done = || Act::SendHome { done: true, opinion: "已修复".into() };
    town.does(old, "township_dispatcher", held, done());
    town.accepts(offered);
    town.does(old, "township_dispatcher", offered, done());
    for case in [held, offered] {
        let seen = town.case(community, case).expect("it is its home");
        assert_eq!(seen.holder(community), community);
    }
    // What comes now climbs to the new one, and as far as the county.
    let climbed = town.climbs();
    town.does(other, "township_dispatcher", climbed, Act::AcceptCustody {});
    let up = Act::Escalate { reason: "需县里协调".into() };
    town.does(other, "township_dispatcher", climbed, up);
    assert!(town.case(county, climbed).is_some());
    assert!(town.case(old, climbed).is_none(), "and is no business of the old one");

    // Every holder erases, the old street among them.
    let satisfied = Act::Verify { solved: true, satisfaction: None, photos: vec![] };
    town.does(community, "community_dispatcher", held, satisfied);
    town.does(community, "community_dispatcher", held, Act::Close { special: false });
    let erase = Act::Erase { ground: Erasing::Request };
    town.does(community, "community_dispatcher", held, erase);
    for node in [community, old] {
        assert!(town.case(node, held).is_some_and(|case| case.erased.is_some()));
    }
    assert!(town.case(community, offered).is_some_and(|case| case.erased.is_none()));
}

/// What the move left is so after a crash of everybody, and when the index is built anew.
#[test]
fn who_was_whose_parent_survives_crashes() {
    let (mut town, other) = two_streets(62);
    let (old, community) = (town.street, town.community);
    moves(&mut town, community, other, "341021101009");
    for node in [old, community, other] {
        town.world.crash(node);
        town.world.restart(node);
    }
    town.pass(300);
    assert_eq!(town.relation(community, old), Some(Relation::FormerParent));
    assert_eq!(town.relation(old, community), Some(Relation::FormerChild));
    assert_eq!(town.relation(other, community), Some(Relation::Child));
    // And back again: each is what it was.
    moves(&mut town, community, old, "341021100001");
    assert_eq!(town.relation(community, old), Some(Relation::Parent));
    assert_eq!(town.relation(old, community), Some(Relation::Child));
    assert_eq!(town.relation(other, community), Some(Relation::FormerChild));
    let case = town.climbs();
    town.accepts(case);
}

/// A node's code becomes another: it keeps its parent, and those below it are certified under the
/// new code without anybody's doing.
#[test]
fn a_code_becomes_another_and_those_below_follow() {
    let mut town = Town::begin(63);
    let (county, street, community) = (town.county, town.street, town.community);
    let case = town.climbs();
    town.accepts(case);
    moves(&mut town, street, county, "341021105");
    town.pass(1_800);
    let area = |node| town.world.setup(node).standing.certificate().area.as_str().to_owned();
    assert_eq!((area(street), area(community)), ("341021105".into(), "341021105001".into()));
    assert_eq!(town.relation(street, community), Some(Relation::Child));
    assert_eq!(town.relation(community, street), Some(Relation::Parent));
    let up = Act::Escalate { reason: "需县里协调".into() };
    town.does(street, "township_dispatcher", case, up);
    assert!(town.case(county, case).is_some());
    let case = town.climbs();
    town.accepts(case);
}

/// Nobody moves without an invitation, with another node's certificates, or with certificates
/// older than those that are known; where an officer has to approve, nobody moves before.
#[test]
fn s12_a_node_moves_with_its_own_newest_certificates_and_an_officers_leave_alone() {
    let (mut town, other) = two_streets(64);
    let (street, community) = (town.street, town.community);
    let own = Some(chain_of(&town, community));
    let uninvited = knocks(&mut town, other, community, own.clone());
    assert!(matches!(uninvited, Response::Refused));
    invites(&mut town, other, "341021101009", true);
    let foreign = Some(chain_of(&town, street));
    assert!(matches!(knocks(&mut town, other, community, foreign), Response::Refused));
    assert!(matches!(knocks(&mut town, other, community, own.clone()), Response::Done), "it waits");
    let hash = *blake3::hash(&SECRET).as_bytes();
    town.console(other, What::Approve { hash, node: community }).expect("an operator may");
    let Response::Enrolled(chain) = knocks(&mut town, other, community, own.clone()) else {
        panic!("it is let in")
    };
    // Until it has put them in force it is its old street's child, and nothing has changed.
    assert_eq!(town.relation(street, community), Some(Relation::Child));
    assert!(takes(&mut town, street, chain.clone()).is_err(), "they are another node's");
    takes(&mut town, community, chain).expect("they hold");
    town.pass(60);
    // The old ones are worth nothing any more, neither here nor there.
    invites(&mut town, other, "341021101009", false);
    assert!(matches!(knocks(&mut town, other, community, own.clone()), Response::Refused));
    invites(&mut town, street, "341021100001", false);
    assert!(matches!(knocks(&mut town, street, community, own), Response::Refused));
}

/// A key that was given up is worth no certificates any more: neither with the old ones nor, where
/// it is the one that the node was born with, with none. That holds from the moment at which the
/// next one is certified.
#[test]
fn s11_a_key_that_was_given_up_gets_no_certificates_by_an_invitation() {
    let (mut town, other) = two_streets(65);
    let (street, community) = (town.street, town.community);
    let (old, shown) = (town.world.setup(community).key.public(), chain_of(&town, community));
    invites(&mut town, street, "341021100001", false);
    let key = rotates(&mut town, community, 77);
    let next = |town: &Town| town.world.directory(street).get(community).and_then(|it| it.next);
    for _ in 0..100 {
        if next(&town).is_some() {
            break;
        }
        town.pass(2);
    }
    assert_eq!(next(&town), Some(key.public()), "it is certified, and not in force yet");
    for chain in [Some(shown.clone()), None] {
        assert!(is_refused(&knocks_with(&mut town, street, old, chain)));
    }
    town.pass(600);
    for chain in [Some(shown.clone()), None] {
        assert!(is_refused(&knocks_with(&mut town, street, old, chain)));
    }
    let known = |town: &Town| town.world.directory(street).get(community).unwrap().standing.key();
    assert_eq!(known(&town), key.public());
    assert_eq!(town.relation(street, community), Some(Relation::Child));

    // A street that never met the node can't know. Nobody who did believes its certificates.
    invites(&mut town, other, "341021101009", false);
    let said = knocks_with(&mut town, other, old, Some(shown));
    let Response::Enrolled(chain) = said else { panic!("it knows nothing against it") };
    let hello = Hello {
        version: PROTOCOL,
        software: "thief".into(),
        chain,
        addresses: Vec::new(),
        revocations: Vec::new(),
        seen: None,
    };
    let answer = town.world.knock(street, old, Request::Hello(hello));
    assert!(matches!(answer, Some(Response::Refused)));
    assert_eq!(known(&town), key.public());
    assert_eq!(town.relation(street, community), Some(Relation::Child));
}

/// Whoever changed its key is let in with the new one.
#[test]
fn a_node_that_changed_its_key_moves_with_the_new_one() {
    let (mut town, other) = two_streets(66);
    let community = town.community;
    let key = rotates(&mut town, community, 78);
    town.pass(600);
    moves(&mut town, community, other, "341021101009");
    let known = town.world.directory(other).get(community).unwrap().standing.key();
    assert_eq!(known, key.public());
    assert_eq!(town.relation(other, community), Some(Relation::Child));
}

/// A key that others may have, as whoever certified it says, is certified nowhere; a node whose work
/// was over is wanted again.
#[test]
fn s11_a_key_that_others_may_have_is_certified_nowhere() {
    let (mut town, other) = two_streets(67);
    let (street, community) = (town.street, town.community);
    let own = chain_of(&town, community);
    town.revokes(street, community, Reason::Compromised, None);
    for (by, area) in [(other, "341021101009"), (street, "341021100001")] {
        invites(&mut town, by, area, false);
        for chain in [Some(own.clone()), None] {
            assert!(is_refused(&knocks(&mut town, by, community, chain)));
        }
    }
    town.revokes(street, community, Reason::Ended, None);
    for by in [other, street] {
        let said = knocks(&mut town, by, community, Some(own.clone()));
        assert!(matches!(said, Response::Enrolled(_)));
    }
}

/// The old street gives the community up as moved before it has moved: whether the community hears
/// of that at once or was away, they go on with what they have in common.
#[test]
fn a_community_that_is_given_up_as_moved_before_it_moves_is_spoken_to_afterwards() {
    for (seed, away) in [(68, true), (69, false)] {
        let (mut town, other) = two_streets(seed);
        let (old, community) = (town.street, town.community);
        let case = town.climbs();
        town.accepts(case);
        if away {
            town.world.cut_off(community);
        }
        town.revokes(old, community, Reason::Moved, None);
        town.disowned = false;
        assert_eq!(town.relation(old, community), Some(Relation::FormerChild));
        // Also where both start anew before it has moved.
        for node in [old, community] {
            town.world.crash(node);
            town.world.restart(node);
        }
        town.pass(300);
        moves(&mut town, community, other, "341021101009");
        town.world.rejoin(community);
        town.pass(600);
        assert_eq!(town.relation(community, old), Some(Relation::FormerParent));
        assert_eq!(town.relation(old, community), Some(Relation::FormerChild));
        let done = Act::SendHome { done: true, opinion: "已修复".into() };
        town.does(old, "township_dispatcher", case, done);
        let satisfied = Act::Verify { solved: true, satisfaction: None, photos: vec![] };
        town.does(community, "community_dispatcher", case, satisfied);
        town.does(community, "community_dispatcher", case, Act::Close { special: false });
        let erase = Act::Erase { ground: Erasing::Request };
        town.does(community, "community_dispatcher", case, erase);
        for node in [community, old] {
            assert!(town.case(node, case).is_some_and(|case| case.erased.is_some()), "{away}");
        }
    }
}

/// A parent that was given up as moved goes on with those below it, who get new certificates.
#[test]
fn those_below_a_street_that_is_given_up_as_moved_go_on_with_it() {
    let mut town = Town::begin(70);
    let (county, street, community) = (town.county, town.street, town.community);
    town.revokes(county, street, Reason::Moved, None);
    town.disowned = false;
    assert_eq!(town.relation(street, community), Some(Relation::Child));
    assert_eq!(town.relation(community, street), Some(Relation::Parent));
    // It is wanted again, under another code.
    moves(&mut town, street, county, "341021105");
    town.pass(1_800);
    let area = town.world.setup(community).standing.certificate().area.as_str().to_owned();
    assert_eq!(area, "341021105001");
    assert_eq!(town.relation(county, street), Some(Relation::Child));
    let case = town.climbs();
    town.accepts(case);
}

/// The officer approves the id that the node keeps, whatever its key is by now; that key without the
/// node's certificates is another node's.
#[test]
fn s12_a_node_that_changed_its_key_is_approved_by_the_id_that_it_keeps() {
    let (mut town, other) = two_streets(71);
    let community = town.community;
    let key = rotates(&mut town, community, 79);
    town.pass(600);
    let own = Some(chain_of(&town, community));
    invites(&mut town, other, "341021101009", true);
    assert!(matches!(knocks(&mut town, other, community, own.clone()), Response::Done), "it waits");
    town.world.crash(other);
    town.world.restart(other);
    let as_key = NodeId::from_bytes(*key.public().as_bytes());
    assert!(approves(&mut town, other, as_key).is_err(), "nobody reads that out");
    approves(&mut town, other, community).expect("it is the node that came");
    assert!(is_refused(&knocks(&mut town, other, community, None)));
    let Response::Enrolled(chain) = knocks(&mut town, other, community, own) else {
        panic!("it is let in")
    };
    takes(&mut town, community, chain).expect("they hold");
    town.pass(120);
    assert_eq!(town.relation(other, community), Some(Relation::Child));
}

/// A new parent that has not heard yet of a certificate above it, which the mover shows, lets the
/// mover in when it has, with the same invitation.
#[test]
fn s12_a_parent_whose_own_certificates_are_behind_the_movers_lets_it_in_later() {
    let (mut town, other) = two_streets(72);
    let (county, street, community) = (town.county, town.street, town.community);
    moves(&mut town, other, street, "341021100");
    town.world.cut_off(other);
    moves(&mut town, street, county, "341021100");
    town.pass(1_800);
    let above = |town: &Town, node| {
        let setup = town.world.setup(node);
        let serial = setup.standing.ancestors().next().map(|above| above.serial);
        serial.expect("it has a parent")
    };
    assert!(above(&town, community) > above(&town, other), "it has not heard");
    invites(&mut town, other, "341021100", false);
    let own = chain_of(&town, community);
    assert!(is_refused(&knocks(&mut town, other, community, Some(own.clone()))));
    town.world.rejoin(other);
    town.pass(1_800);
    let said = knocks(&mut town, other, community, Some(own));
    let Response::Enrolled(chain) = said else { panic!("the invitation is not used up") };
    takes(&mut town, community, chain).expect("they hold");
    town.pass(120);
    assert_eq!(town.relation(other, community), Some(Relation::Child));
    assert_eq!(town.relation(community, other), Some(Relation::Parent));
}

/// The street is gone for good, and the community's certificates have run out: it moves where an
/// officer approves it, and nowhere else.
#[test]
fn s12_a_node_whose_certificates_ran_out_moves_with_an_officers_approval_alone() {
    let weather = Weather { certificates: 3 * HOUR, ..Weather::calm() };
    let (mut town, other) = two_streets_in(73, weather);
    let (old, community) = (town.street, town.community);
    town.world.crash(old);
    for _ in 0..5 {
        town.pass(3_600);
    }
    assert!(!town.world.setup(community).standing.is_valid(town.world.now));
    let own = chain_of(&town, community);
    invites(&mut town, other, "341021101009", false);
    assert!(is_refused(&knocks(&mut town, other, community, Some(own.clone()))));
    withdraws(&mut town, other);
    invites(&mut town, other, "341021101009", true);
    let said = knocks(&mut town, other, community, Some(own.clone()));
    assert!(matches!(said, Response::Done), "it waits");
    approves(&mut town, other, community).expect("an operator may");
    let said = knocks(&mut town, other, community, Some(own));
    let Response::Enrolled(chain) = said else { panic!("it is let in") };
    takes(&mut town, community, chain).expect("they hold");
    town.pass(120);
    assert_eq!(town.relation(other, community), Some(Relation::Child));
    assert_eq!(town.relation(community, other), Some(Relation::Parent));
    assert_eq!(town.relation(community, old), Some(Relation::FormerParent));
    let case = town.climbs();
    assert!(town.case(other, case).is_some(), "its work goes on there");
}
