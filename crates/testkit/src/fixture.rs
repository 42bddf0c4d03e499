//! What tests and benchmarks put into an engine without a runtime: people, peers, reports, and
//! commands whose outcome is there when the call returns.

use engine::command::{Agent, Command, Receipt, What};
use engine::engine::{Effect, Engine, Input, Ticket};
use engine::wire::{Hello, PROTOCOL, Request};
use governance::act::Report;
use governance::roster::Appointment;
use record::{Subject, Timestamp};

use crate::federation::Member;

/// When all this happens: Monday, 2 March 2026, 08:00 in China.
pub const NOW: Timestamp = Timestamp::from_millis(1_772_409_600_000);

/// A resident's report of everyday length, with all that is personal in it; invented.
#[must_use]
pub fn report(number: usize) -> Report {
    Report {
        title: format!("小区门口路灯不亮 {number}"),
        description: "晚上看不清路，老人出行不便，已经一个多星期了，请尽快处理。".into(),
        channel: "resident".into(),
        category: Some("facility".into()),
        place: None,
        address: Some("演示路 1 号".into()),
        point: None,
        happened: None,
        contact_name: Some("演示居民".into()),
        contact_phone: Some("13900000000".into()),
        involved: None,
        photos: vec![],
    }
}

/// Gives a command, at [`NOW`].
///
/// # Panics
/// When it is refused.
pub fn command(engine: &mut Engine, by: Agent, what: What) -> Receipt {
    let receipts = commands(engine, vec![(by, what)]);
    receipts.into_iter().next().expect("a command has a reply")
}

/// Gives commands that are carried out in one batch with one commit, at [`NOW`]; their receipts
/// come in the same order.
///
/// # Panics
/// When one of them is refused.
pub fn commands(engine: &mut Engine, commands: Vec<(Agent, What)>) -> Vec<Receipt> {
    let inputs = commands.into_iter().zip(0..).map(|((by, what), number)| Input::Command {
        ticket: Ticket(number),
        command: Command { by, once: None, what },
    });
    let effects = engine.step(inputs.collect(), NOW);
    effects.into_iter().filter_map(receipt).collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "other effects are not for whoever commands")]
fn receipt(effect: Effect) -> Option<Receipt> {
    match effect {
        Effect::Reply { outcome, .. } => Some(outcome.expect("the command is permitted")),
        _ => None,
    }
}

/// Puts somebody on the roster with this role, everywhere; gives their id.
///
/// # Panics
/// When policy does not know the role.
pub fn appoint(engine: &mut Engine, role: &str) -> Subject {
    let what = What::Register { person: None, name: "演示人员".into(), phone: None };
    let person = command(engine, Agent::Console, what).subject.expect("a person has an id");
    let appointment = Appointment { role: role.into(), scope: None, from: NOW, until: None };
    command(engine, Agent::Console, What::Appoint { person, appointment });
    person
}

/// Enters another node among the peers.
///
/// # Panics
/// When its certificates do not hold.
pub fn introduce(engine: &mut Engine, other: &Member) {
    let what = What::PutPeer { chain: other.chain(), addresses: Vec::new() };
    command(engine, Agent::Console, what);
}

/// Has another node, which was introduced, connect and say hello.
pub fn greet(engine: &mut Engine, other: &Member) {
    let hello = Hello {
        version: PROTOCOL,
        software: "testkit".into(),
        chain: other.chain().into_iter().map(Into::into).collect(),
        addresses: Vec::new(),
        revocations: Vec::new(),
        seen: None,
    };
    let (from, request) = (other.setup.standing.key(), Request::Hello(hello));
    drop(engine.step(vec![Input::Request { ticket: Ticket(0), from, request }], NOW));
}
