//! A county's question to its subordinates, all in one process: asked, counted, answered, every
//! answer's signature verified and the counts added up. Measured against what that number of
//! signature verifications alone takes in the same run.
//!
//! `cargo bench -p tests --bench county [-- SUBORDINATES CASES_EACH]`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::wildcard_enum_match_arm, reason = "other effects do not concern it")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use engine::command::{Agent, Command, What};
use engine::engine::{Effect, Engine, Input, Ticket};
use engine::memory::MemoryStore;
use engine::view;
use engine::wire::{Hello, PROTOCOL, Request, Response};
use governance::act::{Act, Report};
use governance::certificate::Certificate;
use governance::query::{Answer, Grouping, Matter, Metric, Question, total};
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{NodeId, Signed, Timestamp, Unverified};
use testkit::federation::{Federation, Member, Part};

const NOW: Timestamp = Timestamp::from_millis(1_772_409_600_000);

struct Node {
    member: Member,
    engine: Engine,
}

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let subordinates = numbers.first().copied().unwrap_or(300);
    let cases = numbers.get(1).copied().unwrap_or(100);
    let mut rng = StdRng::seed_from_u64(1);
    let federation = Federation::found(NOW, &mut rng);
    let county = federation.county("341021", &mut rng);
    let children: Vec<Member> = (0..subordinates)
        .map(|n| {
            let area = format!("341021{:03}{:03}", 100 + n / 100, n % 100 + 1);
            federation.below(&county, Part::Community, &area, &mut rng)
        })
        .collect();
    let mut nodes: BTreeMap<NodeId, Node> = BTreeMap::new();
    for member in children {
        let mut node = open(member);
        command(&mut node.engine, Agent::Console, put_peer(&county));
        for number in 0..cases {
            let act = Act::Report(Box::new(report(number)));
            command(
                &mut node.engine,
                Agent::Resident { code: None },
                What::Act { case: None, act },
            );
        }
        greet(&mut node.engine, &county);
        nodes.insert(node.member.node(), node);
    }
    let mut top = open(county.clone());
    for node in nodes.values() {
        command(&mut top.engine, Agent::Console, put_peer(&node.member));
    }
    for node in nodes.values() {
        greet(&mut top.engine, &node.member);
    }

    let start = Instant::now();
    let (question, answer) = ask(&mut top, &mut nodes);
    let standing = &county.setup.standing;
    let sum = total(&question, &answer, standing, NOW, |_, _| true).expect("sound answers");
    let took = start.elapsed();
    assert!(!sum.is_partial(), "everybody answered");
    assert_eq!(sum.so_far().sum().count, (subordinates * cases) as u64);

    let verifying = verify_alone(&county, subordinates);
    println!("{subordinates} subordinates with {cases} cases each, asked and added up: {took:.1?}");
    println!("as many signature verifications alone:          {verifying:.1?}");
    println!(
        "ratio                                            {:.1}",
        took.as_secs_f64() / verifying.as_secs_f64()
    );
}

/// Question, answer and certificate of each subordinate: three signatures.
fn verify_alone(county: &Member, count: usize) -> Duration {
    let certificate = &county.chain()[0];
    let start = Instant::now();
    for _ in 0..count * 3 {
        Unverified::<Certificate>::parse(certificate.clone())
            .and_then(|read| read.verify(&county.setup.federation, &county.setup.root))
            .expect("the root signed it");
    }
    start.elapsed()
}

fn open(member: Member) -> Node {
    let rng = Box::new(StdRng::seed_from_u64(7));
    let engine = Engine::open(member.setup.clone(), Box::new(MemoryStore::new()), rng)
        .expect("a node opens");
    Node { member, engine }
}

fn put_peer(other: &Member) -> What {
    What::PutPeer { chain: other.chain(), addresses: Vec::new() }
}

fn command(engine: &mut Engine, by: Agent, what: What) {
    let ticket = Ticket(1);
    let command = Command { by, once: None, what };
    drop(engine.step(vec![Input::Command { ticket, command }], NOW));
}

fn report(number: usize) -> Report {
    Report {
        title: format!("路灯不亮 {number}"),
        description: "晚上看不清路".into(),
        channel: "resident".into(),
        category: Some("facility".into()),
        place: None,
        address: None,
        point: None,
        happened: None,
        contact_name: None,
        contact_phone: None,
        involved: None,
    }
}

fn greet(engine: &mut Engine, other: &Member) {
    let hello = Hello {
        version: PROTOCOL,
        software: "bench".into(),
        chain: other.chain().into_iter().map(Into::into).collect(),
        addresses: Vec::new(),
        revocations: None,
        seen: None,
    };
    let (from, request) = (other.setup.standing.key(), Request::Hello(hello));
    drop(engine.step(vec![Input::Request { ticket: Ticket(2), from, request }], NOW));
}

/// Carries messages between the county and its subordinates until the answer is there.
fn ask(top: &mut Node, nodes: &mut BTreeMap<NodeId, Node>) -> (Question, Signed<Answer>) {
    let matter = Matter {
        metric: Metric::Received,
        grouping: Grouping::Channel,
        from: Timestamp::from_millis(0),
        until: NOW.plus(Duration::from_secs(1)),
        area: None,
    };
    let (ticket, budget) = (Ticket(9), Duration::from_secs(60));
    let mut inputs = vec![Input::Ask { ticket, matter, budget }];
    while !inputs.is_empty() {
        let mut next = Vec::new();
        for effect in top.engine.step(std::mem::take(&mut inputs), NOW) {
            match effect {
                Effect::Answered { outcome, .. } => {
                    let (question, answer) = outcome.expect("an answer");
                    return (*question, *answer);
                }
                Effect::Count { ask, matter, seat } => {
                    let tally = view::count(&top.engine.reader(), &matter, &seat, NOW).ok();
                    next.push(Input::Counted { ask, tally });
                }
                Effect::Send { to, about, request, .. } => {
                    let node = nodes.get_mut(&to).expect("a subordinate");
                    let response = serve(node, &top.member, request);
                    next.push(Input::Response { from: to, about, response: Some(response) });
                }
                _ => {}
            }
        }
        inputs = next;
    }
    unreachable!("the question is answered when every subordinate is")
}

fn serve(node: &mut Node, from: &Member, request: Request) -> Response {
    let from = from.setup.standing.key();
    let bytes = request.encode().expect("within the cap");
    let request = Request::decode(request.tag(), &bytes).expect("sound bytes");
    let mut inputs = vec![Input::Request { ticket: Ticket(3), from, request }];
    loop {
        let mut next = Vec::new();
        for effect in node.engine.step(std::mem::take(&mut inputs), NOW) {
            match effect {
                Effect::Respond { response, .. } => return response,
                Effect::Count { ask, matter, seat } => {
                    let tally = view::count(&node.engine.reader(), &matter, &seat, NOW).ok();
                    next.push(Input::Counted { ask, tally });
                }
                _ => {}
            }
        }
        assert!(!next.is_empty(), "a question is answered");
        inputs = next;
    }
}
