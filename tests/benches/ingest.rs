//! How fast a node takes in what a peer gives it: bytes from the wire, decoded, every signature
//! verified, chain-checked, applied, durable in the journal. Measured against the raw rate of
//! `verify_strict` on all processors, in the same run.
//!
//! `cargo bench -p tests --bench ingest [-- RECORDS]`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::wildcard_enum_match_arm, reason = "other effects do not concern it")]

use std::time::{Duration, Instant};

use engine::arrival::verify_page;
use engine::command::{Agent, Command, What};
use engine::engine::{Effect, Engine, Input, Ticket};
use engine::memory::MemoryStore;
use engine::outbox;
use engine::wire::{Hello, PROTOCOL, Request, Response};
use governance::act::{Act, Report};
use governance::roster::Appointment;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Header, NodeKey, Record, RecordId, Signed, Subject, Timestamp, Unverified};
use testkit::federation::{Federation, Member, Part};

const NOW: Timestamp = Timestamp::from_millis(1_772_409_600_000);

fn main() {
    let wanted = std::env::args().filter_map(|text| text.parse().ok()).next_back();
    let records: usize = wanted.unwrap_or(20_000);
    let mut rng = StdRng::seed_from_u64(1);
    let federation = Federation::found(NOW, &mut rng);
    let county = federation.county("341021", &mut rng);
    let street = federation.below(&county, Part::Township, "341021100", &mut rng);
    let community = federation.below(&street, Part::Community, "341021100003", &mut rng);

    let raw = verify_strict_rate(&mut rng);
    println!("verify_strict alone, all processors      {raw:>10.0} signatures/s");

    let pages = pages(&community, &street, records);
    let count: usize = pages.iter().map(|(count, _)| count).sum();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, _) = store::open(folder.path(), &store::Options::default(), &mut rng)
        .expect("a new store opens");
    let mut engine =
        Engine::open(street.setup.clone(), Box::new(store), Box::new(StdRng::seed_from_u64(2)))
            .expect("a new node opens");
    introduce(&mut engine, &community);
    greet(&mut engine, &community);

    let start = Instant::now();
    let mut verifying = Duration::ZERO;
    for (_, bytes) in &pages {
        let began = Instant::now();
        let tag = page_tag();
        let Ok(Response::Page(page)) = Response::decode(tag, bytes) else { panic!("a page") };
        let world = engine.world();
        let verified = verify_page(&street.setup, &world.directory, community.node(), page, NOW);
        verifying += began.elapsed();
        let from = community.node();
        drop(engine.step(vec![Input::Arrived { from, page: verified }], NOW));
    }
    let took = start.elapsed();
    let rate = count as f64 / took.as_secs_f64();
    println!("ingest, wire bytes to durable             {rate:>10.0} records/s");
    println!(
        "  of that decoding and verifying {:.0} %, applying and journalling {:.0} %",
        100.0 * verifying.as_secs_f64() / took.as_secs_f64(),
        100.0 * (took - verifying).as_secs_f64() / took.as_secs_f64()
    );
    println!("ratio, records/s to verify_strict/s       {:>10.2}", rate / raw);
    println!("ratio, signatures/s (two a record)        {:>10.2}", 2.0 * rate / raw);
}

fn page_tag() -> u8 {
    Response::Page(engine::wire::Page { parcels: Vec::new(), chains: Vec::new(), more: false })
        .tag()
}

fn verify_strict_rate(rng: &mut StdRng) -> f64 {
    const EACH: usize = 20_000;
    let key = NodeKey::generate(rng);
    let federation = record::FederationId::of_root(&key.public());
    let sample: Vec<Record> =
        (0..64).map(|n| Signed::sign(header(&key, n), &key, &federation)).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let verifier = key.public().verifier().expect("a sound key");
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for number in 0..EACH {
                    let bytes = sample[number % sample.len()].bytes().clone();
                    let unverified = Unverified::<Header>::parse(bytes).expect("a record");
                    let _ = unverified.verify_with(&federation, &verifier).expect("verifies");
                }
            });
        }
    });
    (EACH * threads) as f64 / start.elapsed().as_secs_f64()
}

fn header(key: &NodeKey, seq: u64) -> Header {
    let prev = if seq == 0 { RecordId::ZERO } else { RecordId::from_bytes([1; 32]) };
    Header {
        author: record::NodeId::from_bytes(*key.public().as_bytes()),
        epoch: 0,
        seq,
        prev,
        time: NOW,
        subject: Subject::ZERO,
        kind: record::Kind(1),
        causes: Vec::new(),
        actor: None,
        commitments: Vec::new(),
    }
}

/// Pages of a community's stream for its street: cases reported, handed up and escalated.
fn pages(community: &Member, street: &Member, records: usize) -> Vec<(usize, Vec<u8>)> {
    let rng = Box::new(StdRng::seed_from_u64(3));
    let store = Box::new(MemoryStore::new());
    let mut engine = Engine::open(community.setup.clone(), store, rng).expect("a node opens");
    introduce(&mut engine, street);
    let dispatcher = appoint(&mut engine);
    for number in 0..records.div_ceil(3) {
        let what = What::Act { case: None, act: Act::Report(Box::new(report(number))) };
        let case = command(&mut engine, Agent::Resident { code: None }, what);
        let by = Agent::Staff(dispatcher);
        for act in [Act::Accept {}, Act::Escalate { reason: "需街道协调处理".into() }] {
            command(&mut engine, by.clone(), What::Act { case: Some(case), act });
        }
    }
    let reader = engine.reader();
    let mut pages = Vec::new();
    let mut after = 0;
    loop {
        let page = outbox::page(&community.setup, &reader, street.node(), after).expect("a page");
        if page.parcels.is_empty() {
            return pages;
        }
        let count = page.parcels.len();
        after += count as u64;
        pages.push((count, Response::Page(page).encode().expect("within the cap")));
    }
}

fn report(number: usize) -> Report {
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
    }
}

fn command(engine: &mut Engine, by: Agent, what: What) -> Subject {
    let ticket = Ticket(1);
    let command = Command { by, once: None, what };
    let effects = engine.step(vec![Input::Command { ticket, command }], NOW);
    let reply = effects.into_iter().find_map(|effect| match effect {
        Effect::Reply { outcome, .. } => Some(outcome),
        _ => None,
    });
    let receipt = reply.expect("a reply").expect("the command is permitted");
    receipt.subject.unwrap_or(Subject::ZERO)
}

fn appoint(engine: &mut Engine) -> Subject {
    let what = What::Register { person: None, name: "演示人员".into(), phone: None };
    let person = command(engine, Agent::Console, what);
    let role = "community_dispatcher".into();
    let appointment = Appointment { role, scope: None, from: NOW, until: None };
    command(engine, Agent::Console, What::Appoint { person, appointment });
    person
}

fn introduce(engine: &mut Engine, other: &Member) {
    let what = What::PutPeer { chain: other.chain(), addresses: Vec::new() };
    command(engine, Agent::Console, what);
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
    let ticket = Ticket(2);
    drop(engine.step(vec![Input::Request { ticket, from, request }], NOW));
}
