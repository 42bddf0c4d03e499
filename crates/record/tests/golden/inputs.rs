//! What the committed vectors are made from. To change these makes new vectors: add a case, and
//! keep the old ones.

use record::cbor::{self, Limits};
use record::tree::{self, Frontier, leaf_hash};
use record::{ActorId, Commitment, Hash, NodeId, NodeKey, PublicKey, RecordId, Subject, Timestamp};
use serde::Serialize;

use super::hex;
use super::statements::{
    CheckpointFields, CheckpointVector, Checkpoints, CountersignatureFields,
    CountersignatureVector, DisclosureFields, Envelope, HeaderFields, RecordVector, Records,
    Signer,
};
use super::trees::Tree;

/// 2025-03-01T08:30:00Z.
const MARCH: i64 = 1_740_817_800_000;
/// Longest value of a field, for the disclosures here.
const VALUE: Limits = Limits::of_bytes(65_536);

/// The contents of `records.json`.
pub(crate) fn records() -> Records {
    let vectors = [first(), typical(), other_federation(), new_epoch(), boundaries(), largest()];
    Records {
        about: "signed record headers with fields; bytes in hex, times in milliseconds".to_owned(),
        records: vectors.into(),
    }
}

/// The contents of `checkpoints.json`.
pub(crate) fn checkpoints() -> Checkpoints {
    let records = records().records;
    let empty = checkpoint("a log without records", 0, 0, tree::empty_root(), RecordId::ZERO);
    let mut frontier = Frontier::new();
    records.iter().for_each(|record| drop(frontier.append(leaf_hash(record.signed.id.as_bytes()))));
    let head = records[records.len() - 1].signed.id;
    let full = checkpoint("over the records' ids", 1, frontier.size(), frontier.root(), head);
    let countersignature = countersign("of the second checkpoint", &full);
    Checkpoints {
        about: "signed checkpoints and countersignatures; the second is over records.json".into(),
        checkpoints: vec![empty, full],
        countersignatures: vec![countersignature],
    }
}

/// The contents of `tree.json`.
pub(crate) fn tree() -> Tree {
    let about =
        "leaf = blake3(00 || data), node = blake3(01 || left || right), nodes in post-order";
    let leaves = (0..13_u8).map(|index| hex(&vec![index; usize::from(index)])).collect();
    Tree::compute(about, leaves, &[1, 2, 3, 7, 8, 13])
}

fn public(seed: u8) -> PublicKey {
    NodeKey::from_seed(&[seed; 32]).public()
}

fn node(seed: u8) -> NodeId {
    NodeId::from_genesis(&public(seed))
}

fn signer(seed: u8, root: u8) -> Signer {
    Signer { seed: [seed; 32], root_public_key: public(root) }
}

fn bare() -> HeaderFields {
    HeaderFields {
        author: node(1),
        epoch: 0,
        seq: 0,
        prev: RecordId::ZERO,
        time_ms: MARCH,
        subject: Subject::from_bytes([0x5c; 16]),
        kind: 1,
        causes: Vec::new(),
        actor: None,
        commitments: Vec::new(),
    }
}

fn vector(
    name: &str,
    signer: &Signer,
    mut header: HeaderFields,
    disclosures: Vec<DisclosureFields>,
) -> RecordVector {
    header.commitments.extend(disclosures.iter().map(|shown| (shown.field, shown.commitment)));
    let signed = Envelope::compute(signer, header.header());
    RecordVector { name: name.to_owned(), header, disclosures, signed }
}

fn disclosure<T: Serialize>(field: u16, value: &T) -> DisclosureFields {
    let value = cbor::encode(value).expect("the values here are encodable");
    cbor::validate(&value, &VALUE).expect("the encoder writes canonical cbor");
    let salt = Hash::of(&field.to_be_bytes());
    let salt = salt.as_bytes().first_chunk().expect("a hash is longer than a salt");
    DisclosureFields::compute(field, salt, &value)
}

fn first() -> RecordVector {
    vector("the first record of a log, with nothing in it", &signer(1, 255), bare(), Vec::new())
}

fn typical() -> RecordVector {
    let header = HeaderFields {
        seq: 41,
        prev: RecordId::from_bytes([0xaa; 32]),
        kind: 3,
        causes: vec![RecordId::from_bytes([0xc2; 32]), RecordId::from_bytes([0xc1; 32])],
        actor: Some((ActorId::from_bytes([0xac; 16]), "grid_worker".to_owned())),
        ..bare()
    };
    let place = std::collections::BTreeMap::from([("门牌", "东街 5 号"), ("网格", "03")]);
    let fields = vec![
        disclosure(1, &"路灯不亮，请尽快处理。"),
        disclosure(2, &place),
        disclosure(7, &(-1, true, ())),
    ];
    vector("a report with an actor, two causes and three fields", &signer(1, 255), header, fields)
}

fn other_federation() -> RecordVector {
    let name = "the first record again, in another federation";
    vector(name, &signer(1, 254), bare(), Vec::new())
}

fn new_epoch() -> RecordVector {
    let header = HeaderFields {
        epoch: 1,
        prev: RecordId::from_bytes([0xee; 32]),
        time_ms: Timestamp::MIN.millis(),
        ..bare()
    };
    vector(
        "the first record of a new epoch, signed by a rotated key at the earliest time",
        &signer(2, 255),
        header,
        Vec::new(),
    )
}

fn boundaries() -> RecordVector {
    let commitment = |field| (field, Commitment::from_bytes([0xb0; 32]));
    let header = HeaderFields {
        epoch: 24,
        seq: 65_536,
        prev: RecordId::from_bytes([1; 32]),
        time_ms: -1,
        kind: 256,
        actor: Some((ActorId::ZERO, "-".to_owned())),
        commitments: [0, 23, 24, 255, 256, 65_535].map(commitment).into(),
        ..bare()
    };
    vector("numbers where their encoding grows by a byte", &signer(3, 255), header, Vec::new())
}

fn largest() -> RecordVector {
    let header = HeaderFields {
        author: node(4),
        epoch: u32::MAX,
        seq: tree::MAX_SIZE - 1,
        prev: RecordId::from_bytes([255; 32]),
        time_ms: Timestamp::MAX.millis(),
        kind: u16::MAX,
        causes: (0..16).map(|byte| RecordId::from_bytes([byte; 32])).collect(),
        actor: Some((ActorId::from_bytes([255; 16]), "x".repeat(32))),
        commitments: (u16::MAX - 63..=u16::MAX)
            .map(|field| (field, Commitment::from_bytes([field as u8; 32])))
            .collect(),
        ..bare()
    };
    vector("the largest header", &signer(4, 255), header, Vec::new())
}

fn checkpoint(name: &str, epoch: u32, size: u64, root: Hash, head: RecordId) -> CheckpointVector {
    let fields =
        CheckpointFields { author: node(1), epoch, size, root, head, time_ms: MARCH + 60_000 };
    let signed = Envelope::compute(&signer(1, 255), fields.checkpoint());
    CheckpointVector { name: name.to_owned(), checkpoint: fields, signed }
}

fn countersign(name: &str, of: &CheckpointVector) -> CountersignatureVector {
    let fields = CountersignatureFields {
        witness: node(9),
        checkpoint: of.signed.id,
        author: of.checkpoint.author,
        size: of.checkpoint.size,
        root: of.checkpoint.root,
        time_ms: MARCH + 61_000,
    };
    let signed = Envelope::compute(&signer(9, 255), fields.countersignature());
    CountersignatureVector { name: name.to_owned(), countersignature: fields, signed }
}
