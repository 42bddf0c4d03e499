//! A county's question to its subordinates, all in one process: asked, counted, answered, every
//! answer's signature verified and the counts added up. Measured against what that number of
//! signature verifications alone takes in the same run: a ratio of two things in one run, which is
//! why it is a program of its own and not among the small things of `record.rs`.
//!
//! `cargo bench -p tests --bench county [-- SUBORDINATES CASES_EACH]`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::wildcard_enum_match_arm, reason = "other effects do not concern it")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use engine::command::{Agent, What};
use engine::engine::{Effect, Engine, Input, Ticket};
use engine::memory::MemoryStore;
use engine::view;
use engine::wire::{Request, Response};
use governance::act::Act;
use governance::certificate::Certificate;
use governance::query::{Answer, Grouping, Matter, Metric, Question, total};
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{NodeId, Signed, Timestamp, Unverified};
use testkit::federation::{Federation, Member, Part};
use testkit::fixture::{NOW, command, greet, introduce, report};

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
        introduce(&mut node.engine, &county);
        for number in 0..cases {
            let what = What::Act { case: None, act: Act::Report(Box::new(report(number))) };
            command(&mut node.engine, Agent::Resident { code: None }, what);
        }
        greet(&mut node.engine, &county);
        nodes.insert(node.member.node(), node);
    }
    let mut top = open(county.clone());
    for node in nodes.values() {
        introduce(&mut top.engine, &node.member);
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
                    let counted = view::count(&top.engine.reader(), &matter, &seat, NOW).ok();
                    next.push(Input::Counted { ask, counted });
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
                    let counted = view::count(&node.engine.reader(), &matter, &seat, NOW).ok();
                    next.push(Input::Counted { ask, counted });
                }
                _ => {}
            }
        }
        assert!(!next.is_empty(), "a question is answered");
        inputs = next;
    }
}
