//! How fast a node takes in what a peer gives it: bytes from the wire, decoded, every signature
//! verified, chain-checked, applied, durable in the journal. Measured against the raw rate of
//! `verify_strict` on all processors, in the same run.
//!
//! `cargo bench -p tests --bench ingest [-- RECORDS]`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::wildcard_enum_match_arm, reason = "other effects do not concern it")]

use std::sync::Arc;
use std::time::Instant;

use engine::command::{Agent, Command, What};
use engine::engine::{About, Effect, Engine, Input, Ticket};
use engine::memory::MemoryStore;
use engine::outbox;
use engine::runtime::{self, Handle, Outward};
use engine::wire::{Hello, PAGE_ENTRIES, PROTOCOL, Page, Request, Response};
use governance::act::{Act, Report};
use governance::roster::Appointment;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Header, NodeKey, Record, RecordId, Signed, Subject, Timestamp, Unverified};
use testkit::federation::{Federation, Member, Part};
use tokio::sync::mpsc;

const NOW: Timestamp = Timestamp::from_millis(1_772_409_600_000);

fn main() {
    let wanted = std::env::args().filter_map(|text| text.parse().ok()).next_back();
    let records: usize = wanted.unwrap_or(50_000);
    let mut rng = StdRng::seed_from_u64(1);
    let federation = Federation::found(NOW, &mut rng);
    let county = federation.county("341021", &mut rng);
    let street = federation.below(&county, Part::Township, "341021100", &mut rng);
    let community = federation.below(&street, Part::Community, "341021100003", &mut rng);
    let pages = pages(&community, &street, records);
    let count: usize = pages.iter().map(|(count, _)| count).sum();

    let raw = verify_strict_rate(&mut rng);
    println!("verify_strict alone, all processors  {raw:>10.0} signatures/s");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, _) = store::open(folder.path(), &store::Options::default(), &mut rng)
        .expect("a new store opens");
    let mut engine =
        Engine::open(street.setup.clone(), Box::new(store), Box::new(StdRng::seed_from_u64(2)))
            .expect("a new node opens");
    introduce(&mut engine, &community);
    let before = cpu();
    let rate = count as f64 / ingest(engine, &community, pages);
    let each = (cpu() - before) / count as f64;
    println!("ingest, wire bytes to durable        {rate:>10.0} records/s");
    println!("  processor time of a record         {:>10.1} µs", each * 1e6);
    println!("ratio                                {:>10.2}", rate / raw);
}

/// Runs the node until it has acknowledged every page. Seconds.
fn ingest(engine: Engine, community: &Member, pages: Vec<(usize, Vec<u8>)>) -> f64 {
    let wait = tokio::runtime::Builder::new_current_thread().enable_all().build();
    wait.expect("a runtime").block_on(async {
        let (handle, out, running) =
            runtime::start(engine, Arc::new(|| NOW)).expect("the engine's thread starts");
        let start = Instant::now();
        handle.connection(community.setup.standing.key(), true).await;
        give(&handle, out, community, pages).await;
        let took = start.elapsed().as_secs_f64();
        running.stop().await;
        took
    })
}

/// Plays the community: answers pulls with its pages, until all are acknowledged.
async fn give(
    handle: &Handle,
    mut out: mpsc::Receiver<Outward>,
    community: &Member,
    pages: Vec<(usize, Vec<u8>)>,
) {
    let node = community.node();
    let tag = Response::Page(Page::default()).tag();
    let last: u64 = pages.iter().map(|(count, _)| *count as u64).sum();
    let (mut at, mut pages) = (0, pages.into_iter());
    while let Some(outward) = out.recv().await {
        let Outward::Request { about, request, .. } = outward else { continue };
        let response = match (about, request) {
            (About::Hello, _) => Response::Hello(hello(community)),
            (About::Pull(wanted), Request::Pull(_)) if wanted.after == last => return,
            (About::Pull(wanted), _) => {
                assert_eq!(wanted.after, at, "pages are asked for in order");
                let (count, bytes) = pages.next().expect("not after the last");
                at += count as u64;
                Response::decode(tag, &bytes).expect("a page")
            }
            _ => Response::Refused,
        };
        let handle = handle.clone();
        tokio::spawn(async move { handle.response(node, about, Some(response)).await });
    }
}

/// Processor time of this process so far, in seconds: 1/100 s is the kernel's unit (proc(5)).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| after_name.split_whitespace().nth(at)?.parse::<f64>().ok();
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

fn verify_strict_rate(rng: &mut StdRng) -> f64 {
    const EACH: usize = 20_000;
    let key = NodeKey::generate(rng);
    let federation = record::FederationId::of_root(&key.public());
    let sample: Vec<Record> =
        (0..64).map(|n| Signed::sign(header(&key, n), &key, &federation)).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let verifier = key.public().verifier().expect("a sound key");
    let (start, before) = (Instant::now(), cpu());
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
    let each = (cpu() - before) / (EACH * threads) as f64;
    println!("  processor time of a signature      {:>10.1} µs", each * 1e6);
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
    let by = || Agent::Staff(dispatcher);
    let numbers: Vec<usize> = (0..records.div_ceil(3)).collect();
    for some in numbers.chunks(500) {
        let open = |number: &usize| {
            let act = Act::Report(Box::new(report(*number)));
            (Agent::Resident { code: None }, What::Act { case: None, act })
        };
        let cases = commands(&mut engine, some.iter().map(open));
        for act in [Act::Accept {}, Act::Escalate { reason: "需街道协调处理".into() }] {
            let one = |case: &Subject| (by(), What::Act { case: Some(*case), act: act.clone() });
            commands(&mut engine, cases.iter().map(one));
        }
    }
    let reader = engine.reader();
    let mut pages = Vec::new();
    let mut after = 0;
    loop {
        let page = outbox::page(
            &community.setup,
            &reader,
            street.node(),
            after,
            outbox::Bounds { entries: PAGE_ENTRIES, personal: true, held: None, now: NOW },
        )
        .expect("a page");
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
        photos: vec![],
    }
}

fn command(engine: &mut Engine, by: Agent, what: What) -> Subject {
    commands(engine, std::iter::once((by, what)))[0]
}

/// Carries out commands in one batch; what each is about.
fn commands(engine: &mut Engine, all: impl Iterator<Item = (Agent, What)>) -> Vec<Subject> {
    let input = |(number, (by, what))| Input::Command {
        ticket: Ticket(number as u64),
        command: Command { by, once: None, what },
    };
    let effects = engine.step(all.enumerate().map(input).collect(), NOW);
    let replies = effects.into_iter().filter_map(|effect| match effect {
        Effect::Reply { outcome, .. } => Some(outcome),
        _ => None,
    });
    let subject = |outcome: Result<engine::command::Receipt, _>| {
        outcome.expect("the command is permitted").subject.unwrap_or(Subject::ZERO)
    };
    replies.map(subject).collect()
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

fn hello(community: &Member) -> Hello {
    Hello {
        version: PROTOCOL,
        software: "bench".into(),
        chain: community.chain().into_iter().map(Into::into).collect(),
        addresses: Vec::new(),
        revocations: Vec::new(),
        seen: None,
    }
}
