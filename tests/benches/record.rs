//! The small things that everything else is made of, one by one, with how many of them a core does
//! in a second. Signatures stand beside dalek's own `verify_strict`.
//!
//! What is measured as a ratio of two things in one run has a program of its own: `ingest`,
//! `county`, `reopen`, and `testnet load` and `catch-up`.
//!
//! `cargo bench -p tests --bench record [-- FILTER]`

use std::hint::black_box;
use std::sync::Arc;

use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
};
use ed25519_dalek::{Signer as _, SigningKey};
use engine::command::{Agent, What};
use engine::engine::Engine;
use engine::memory::MemoryStore;
use engine::project::Whose;
use engine::store::Read;
use engine::view;
use governance::act::Act;
use governance::case::{Case, Event, apply};
use governance::change::{Change, Outcome};
use governance::release::audience;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::tree::{Frontier, leaf_hash};
use record::{
    Disclosure, FieldId, Fields, Header, NodeKey, Record, RecordId, Signed, Statement, Unverified,
    cbor,
};
use testkit::federation::{Federation, Member, Part};
use testkit::fixture::{NOW, appoint, command, introduce, report};

/// Bounds of a case.
const CASE: cbor::Limits = cbor::Limits { bytes: 1 << 20, depth: 16, items: 1 << 16 };

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    group
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// A community whose case was reported, accepted and escalated to its street.
struct Scene {
    community: Member,
    case: Case,
    /// The records of the case, with their fields.
    steps: Vec<(Record, Fields)>,
}

impl Scene {
    fn new() -> Self {
        let mut rng = rng();
        let federation = Federation::found(NOW, &mut rng);
        let county = federation.county("341021", &mut rng);
        let street = federation.below(&county, Part::Township, "341021100", &mut rng);
        let community = federation.below(&street, Part::Community, "341021100003", &mut rng);
        let store = Box::new(MemoryStore::new());
        let mut engine =
            Engine::open(community.setup.clone(), store, Box::new(rng)).expect("a new node opens");
        introduce(&mut engine, &street);
        let case = escalate(&mut engine);
        let reader = engine.reader();
        let steps =
            case.steps.iter().map(|step| stored(&community, &reader, case.id, step)).collect();
        Self { community, case, steps }
    }

    /// The event of a step, as the engine reads it from the record.
    fn event(&self, index: usize) -> Event {
        let (step, (_, fields)) = (&self.case.steps[index], &self.steps[index]);
        Event {
            case: self.case.id,
            step: step.clone(),
            sender: self.community.node(),
            change: Change::read(step.act, fields).expect("an own record is complete"),
            outcome: Outcome::read(fields).ok(),
            words: Vec::new(),
        }
    }

    /// The case before its last step.
    fn before(&self) -> Case {
        let steps = 0..self.case.steps.len() - 1;
        let me = self.community.node();
        let one = |case: Option<Case>, index| apply(case.as_ref(), &self.event(index), me).ok();
        steps.fold(None, one).expect("own records apply")
    }
}

fn escalate(engine: &mut Engine) -> Case {
    let dispatcher = appoint(engine, "community_dispatcher");
    let opened = What::Act { case: None, act: Act::Report(Box::new(report(1))) };
    let case = command(engine, Agent::Resident { code: None }, opened).subject;
    for act in [Act::Accept {}, Act::Escalate { reason: "需街道协调处理".into() }] {
        command(engine, Agent::Staff(dispatcher), What::Act { case, act });
    }
    let found = view::case(&engine.reader(), case.expect("a case has an id"));
    found.expect("the index can be read").expect("the case is there")
}

fn stored(
    community: &Member,
    reader: &Arc<dyn Read>,
    case: governance::case::CaseId,
    step: &governance::case::Step,
) -> (Record, Fields) {
    let whose = Whose { me: community.node(), federation: community.setup.federation };
    let found = view::record_of(reader, whose, case, step).expect("the journal can be read");
    let (record, fields, _) = found.expect("the record is there");
    (record, fields)
}

/// A record as a report has it: a header of everyday size, and its fields.
fn sealed(scene: &Scene) -> (Header, Vec<Disclosure>) {
    let mut rng = rng();
    let (record, fields) = &scene.steps[0];
    let seal = |(field, value): (FieldId, &[u8])| Disclosure::seal(field, value.to_vec(), &mut rng);
    let (disclosures, commitments): (Vec<_>, Vec<_>) = fields
        .iter()
        .map(seal)
        .map(|(one, commitment)| (one.clone(), (one.field, commitment)))
        .unzip();
    (Header { commitments, ..record.value().clone() }, disclosures)
}

fn signatures(criterion: &mut Criterion) {
    let scene = Scene::new();
    let (key, federation) = (NodeKey::generate(&mut rng()), scene.community.setup.federation);
    let record: Record = Signed::sign(sealed(&scene).0, &key, &federation);
    let (bytes, verifier) = (record.bytes(), key.public().verifier().expect("a sound key"));
    let raw = SigningKey::from_bytes(key.seed());
    let (message, public) = (vec![7; bytes.len()], raw.verifying_key());
    let signature = raw.sign(&message);
    let mut group = group(criterion, "signature");
    group.bench_function("verify_strict alone", |bench| {
        bench.iter(|| public.verify_strict(black_box(&message), &signature));
    });
    group.bench_function("COSE_Sign1 parsed", |bench| {
        bench.iter(|| Unverified::<Header>::parse(black_box(bytes.clone())));
    });
    group.bench_function("COSE_Sign1 parsed and verified", |bench| {
        bench.iter(|| {
            let read = Unverified::<Header>::parse(black_box(bytes.clone())).expect("sound");
            read.verify_with(&federation, &verifier).expect("signed")
        });
    });
    group.bench_function("COSE_Sign1 signed", |bench| {
        let header = record.value().clone();
        bench.iter_batched(
            || header.clone(),
            |header| Signed::sign(header, &key, &federation),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn canonical(criterion: &mut Criterion) {
    let scene = Scene::new();
    let header = scene.steps[0].0.value().encode();
    let case = cbor::encode(&scene.case).expect("a case can be encoded");
    let mut group = group(criterion, "canonical CBOR");
    group.bench_function("header decoded", |bench| {
        bench.iter(|| Header::decode(black_box(&header)));
    });
    group.bench_function("case, a nested value, validated", |bench| {
        bench.iter(|| cbor::validate(black_box(&case), &CASE));
    });
    group.bench_function("case, a nested value, decoded", |bench| {
        bench.iter(|| cbor::decode::<Case>(black_box(&case), &CASE));
    });
    group.finish();
}

fn fields(criterion: &mut Criterion) {
    let (header, disclosures) = sealed(&Scene::new());
    let mut group = group(criterion, "fields");
    group.bench_function(format!("report's {} opened", disclosures.len()), |bench| {
        bench.iter(|| record::open(black_box(&header), black_box(&disclosures)));
    });
    group.finish();
}

fn tree(criterion: &mut Criterion) {
    let leaf = leaf_hash(RecordId::from_bytes([3; 32]).as_bytes());
    let mut frontier = Frontier::default();
    let mut group = group(criterion, "tree");
    group.bench_function("leaf appended", |bench| {
        bench.iter(|| frontier.append(black_box(leaf)));
    });
    group.finish();
}

fn rules(criterion: &mut Criterion) {
    let scene = Scene::new();
    let (before, last) = (scene.before(), scene.case.steps.len() - 1);
    let (event, me) = (scene.event(last), scene.community.node());
    let held: Vec<FieldId> = scene.steps[last].1.iter().map(|(field, _)| field).collect();
    let (policy, step) = (&scene.community.setup.configured.policy, &scene.case.steps[last]);
    assert_eq!(audience(policy, &scene.case, step, me, &held, NOW).len(), 1, "the street is told");
    let mut group = group(criterion, "rules");
    group.bench_function("record applied to its case", |bench| {
        bench.iter(|| apply(Some(black_box(&before)), black_box(&event), me));
    });
    group.bench_function("release decided", |bench| {
        bench.iter(|| audience(policy, black_box(&scene.case), step, me, black_box(&held), NOW));
    });
    group.finish();
}

criterion_group!(benches, signatures, canonical, fields, tree, rules);
criterion_main!(benches);
