//! What a record costs beyond `verify_strict`: `cargo run --release -p record --example cost`.

#![expect(clippy::print_stdout, reason = "a program whose result is what it prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use coset::{CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable};
use ed25519_dalek::{Signature, VerifyingKey};
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{
    Actor, ActorId, Disclosure, Domain, FederationId, FieldId, Header, Kind, NodeId, NodeKey,
    Record, RecordId, Signed, Subject, Timestamp, UnverifiedRecord, open,
};

const RUNS: u32 = 2000;
const REPEATS: usize = 7;

fn main() {
    let mut rng = StdRng::seed_from_u64(1);
    let key = NodeKey::generate(&mut rng);
    let federation = FederationId::of_root(&key.public());
    let (header, disclosures) = typical(&key, &mut rng);
    let record = Signed::sign(header.clone(), &key, &federation);
    let bytes = record.bytes().clone();
    let verifier = key.public().verifier().expect("a fresh key is sound");
    let (raw_key, message, signature) = raw(&key, &record, &federation);

    let strict = report("verify_strict alone", || {
        raw_key.verify_strict(black_box(&message), &signature).expect("signed above");
    });
    report("decompress the public key", || {
        black_box(key.public().verifier().expect("a fresh key is sound"));
    });
    report("parse", || {
        black_box(UnverifiedRecord::parse(bytes.clone()).expect("signed above"));
    });
    report("open 8 fields", || {
        black_box(open(&record, &disclosures).expect("sealed above"));
    });
    let whole = report("parse + verify_with + open 8 fields", || {
        let parsed = UnverifiedRecord::parse(bytes.clone()).expect("signed above");
        let record = parsed.verify_with(&federation, &verifier).expect("signed above");
        black_box(open(&record, &disclosures).expect("sealed above"));
    });
    report("parse + verify + open 8 fields", || {
        let parsed = UnverifiedRecord::parse(bytes.clone()).expect("signed above");
        let record = parsed.verify(&federation, &key.public()).expect("signed above");
        black_box(open(&record, &disclosures).expect("sealed above"));
    });
    report("parse + trust_stored", || {
        let parsed = UnverifiedRecord::parse(bytes.clone()).expect("signed above");
        black_box(parsed.trust_stored(&federation));
    });
    report("sign", || {
        black_box(Signed::sign(header.clone(), &key, &federation));
    });
    report("coset: build (no signature)", || {
        black_box(with_coset(&key, &record, vec![0; 64]));
    });
    report("coset: read", || {
        black_box(CoseSign1::from_tagged_slice(&bytes).expect("a COSE_Sign1"));
    });
    println!("share of the raw rate: {:.2}", strict.as_secs_f64() / whole.as_secs_f64());
}

fn typical(key: &NodeKey, rng: &mut StdRng) -> (Header, Vec<Disclosure>) {
    let sealed: Vec<_> = (1..=8)
        .map(|field| {
            let value =
                "路灯不亮，晚上看不清楚路面，请尽快处理。".repeat(usize::from(field) % 3 + 1);
            Disclosure::seal_value(FieldId(field), &value, rng).expect("a text is encodable")
        })
        .collect();
    let commitments = sealed.iter().map(|(shown, commitment)| (shown.field, *commitment)).collect();
    let header = Header {
        author: NodeId::from_genesis(&key.public()),
        epoch: 0,
        seq: 41,
        prev: RecordId::from_bytes([7; 32]),
        time: Timestamp::from_millis(1_760_000_000_000),
        subject: Subject::random(rng),
        kind: Kind(3),
        causes: vec![RecordId::from_bytes([8; 32])],
        actor: Some(Actor { id: ActorId::random(rng), role: "grid_worker".to_owned() }),
        commitments,
    };
    (header, sealed.into_iter().map(|(shown, _)| shown).collect())
}

/// The same signature as dalek sees it, without this crate.
fn raw(
    key: &NodeKey,
    record: &Record,
    federation: &FederationId,
) -> (VerifyingKey, Vec<u8>, Signature) {
    let cose = CoseSign1::from_tagged_slice(record.bytes()).expect("a COSE_Sign1");
    let aad = [Domain::Record.label().as_bytes(), &[0], federation.as_bytes()].concat();
    let raw_key = VerifyingKey::from_bytes(key.public().as_bytes()).expect("a fresh key is sound");
    let signature = Signature::from_slice(&cose.signature).expect("64 bytes");
    (raw_key, cose.tbs_data(&aad), signature)
}

fn with_coset(key: &NodeKey, record: &Record, signature: Vec<u8>) -> Vec<u8> {
    use record::Statement;
    let protected = HeaderBuilder::new()
        .algorithm(coset::iana::Algorithm::EdDSA)
        .content_type(Domain::Record.content_type().to_owned())
        .key_id(key.public().as_bytes().to_vec())
        .build();
    let cose = CoseSign1Builder::new().protected(protected).payload(record.encode());
    cose.signature(signature).build().to_tagged_vec().expect("coset encodes what it built")
}

/// The best of some repeats, so that a busy machine does not count.
fn report(what: &str, mut run: impl FnMut()) -> Duration {
    let best = (0..REPEATS)
        .map(|_| {
            let start = Instant::now();
            (0..RUNS).for_each(|_| run());
            start.elapsed() / RUNS
        })
        .min()
        .expect("there is at least one repeat");
    println!("{what:<40} {:>8.2} µs", best.as_secs_f64() * 1e6);
    best
}
