//! What a node does as it invites others, and as it revokes them.

use std::time::Duration;

use engine::command::{Agent, Command, Refused, What};
use engine::engine::{Effect, Input, Ticket};
use engine::note::Invitation;
use engine::view;
use governance::certificate::{Certificate, MAX_REVOKED, Reason};
use record::{NodeId, NodeKey};

use crate::node::{Node, POLICIES};

#[test]
fn whoever_holds_an_invitation_finds_the_door_open() {
    let mut node = Node::of(POLICIES[0]);
    drop(node.engine.step(vec![Input::Tick], node.now));
    let invitation = Invitation {
        name: "供水公司".into(),
        level: "community".into(),
        area: "341021100003".into(),
        member: true,
        expires: node.now.plus(Duration::from_secs(3_600)),
        by: None,
        approval: false,
        newcomer: None,
    };
    let what = What::PutInvitation { hash: [7; 32], invitation: Some(invitation) };
    let command = Command { by: Agent::Console, once: None, what };
    let effects = node.engine.step(vec![Input::Command { ticket: Ticket(1), command }], node.now);
    let opened = effects.iter().position(|effect| matches!(effect, Effect::Enrolment(true)));
    let told = effects.iter().position(|effect| matches!(effect, Effect::Reply { .. }));
    assert!(opened.unwrap() < told.unwrap(), "told of it only when the door is open");
}

/// Enters a node that this one has certified.
fn certified(node: &mut Node, number: usize) -> NodeId {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let key = NodeKey::from_seed(&seed);
    let own = node.setup.standing.certificate().clone();
    let id = NodeId::from_genesis(&key.public());
    let certificate = Certificate { node: id, key: key.public(), name: "某单位".into(), ..own };
    let standing = node.setup.standing.issue(&node.setup.key, certificate, node.now).unwrap();
    let chain = standing.chain().map(|link| link.to_vec()).collect();
    node.console(What::PutPeer { chain, addresses: Vec::new() });
    id
}

#[test]
fn a_revocation_that_is_refused_leaves_no_record_of_itself() {
    let mut node = Node::of(POLICIES[0]);
    let revoke = |node: &mut Node, number| {
        let id = certified(node, number);
        let what = What::Revoke { node: id, reason: Reason::Ended, last_good: None };
        node.attempt(Agent::Console, what)
    };
    for number in 0..MAX_REVOKED {
        revoke(&mut node, number).unwrap();
    }
    let acts = |node: &Node| view::trust_acts(&node.reader(), node.whose(), None, 1_000).unwrap();
    let before = acts(&node).len();
    assert!(matches!(revoke(&mut node, MAX_REVOKED), Err(Refused::Invalid { .. })), "no room");
    assert_eq!((before, acts(&node).len()), (MAX_REVOKED, MAX_REVOKED));
    node.check_replay();
}
