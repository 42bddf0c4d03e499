//! What a node does as it invites another.

use std::time::Duration;

use engine::command::{Agent, Command, What};
use engine::engine::{Effect, Input, Ticket};
use engine::note::Invitation;

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
