//! Any valid header, key and value: the strategies that the tests share.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use crate::{
    Actor, ActorId, Commitment, FederationId, FieldId, Header, Kind, NodeId, NodeKey, RecordId,
    Subject, Timestamp, tree,
};

pub(crate) fn key(seed: u8) -> NodeKey {
    NodeKey::from_seed(&[seed; 32])
}

pub(crate) fn federation() -> FederationId {
    FederationId::of_root(&key(255).public())
}

/// The header of a record that says next to nothing.
pub(crate) fn bare_header(epoch: u32, seq: u64, prev: RecordId) -> Header {
    Header {
        author: NodeId::from_genesis(&key(1).public()),
        epoch,
        seq,
        prev,
        time: Timestamp::from_millis(1_740_000_000_000),
        subject: Subject::from_bytes([3; 16]),
        kind: Kind(1),
        causes: Vec::new(),
        actor: None,
        commitments: Vec::new(),
    }
}

pub(crate) fn record_id() -> impl Strategy<Value = RecordId> {
    // One in 2^256 is zero.
    any::<[u8; 32]>().prop_map(RecordId::from_bytes)
}

fn place() -> impl Strategy<Value = (u32, u64, RecordId)> {
    let anywhere = (any::<u32>(), 1..tree::MAX_SIZE, record_id());
    let early = (0_u32..3, 1_u64..300, record_id());
    let opening = (1..=u32::MAX, Just(0), record_id());
    prop_oneof![Just((0, 0, RecordId::ZERO)), anywhere, early, opening]
}

fn time() -> impl Strategy<Value = Timestamp> {
    let range = Timestamp::MIN.millis()..=Timestamp::MAX.millis();
    prop_oneof![range, select(vec![-1, 0, 1, 1_740_000_000_000])].prop_map(Timestamp::from_millis)
}

fn actor() -> impl Strategy<Value = Actor> {
    let role = vec(select(&b"abcdefghijklmnopqrstuvwxyz0123456789_-"[..]), 1..=32);
    (any::<[u8; 16]>(), role).prop_map(|(id, role)| Actor {
        id: ActorId::from_bytes(id),
        role: role.into_iter().map(char::from).collect(),
    })
}

fn commitments() -> impl Strategy<Value = Vec<(FieldId, Commitment)>> {
    btree_map(any::<u16>(), any::<[u8; 32]>(), 0..=64).prop_map(|fields| {
        let pair = |(field, bytes)| (FieldId(field), Commitment::from_bytes(bytes));
        fields.into_iter().map(pair).collect()
    })
}

pub(crate) fn header() -> impl Strategy<Value = Header> {
    let causes = btree_set(record_id(), 0..=16).prop_map(|ids| ids.into_iter().collect());
    let about = (any::<[u8; 32]>(), any::<[u8; 16]>(), any::<u16>());
    let rest = (causes, proptest::option::of(actor()), commitments());
    (about, place(), time(), rest).prop_map(|(about, place, time, rest)| Header {
        author: NodeId::from_bytes(about.0),
        epoch: place.0,
        seq: place.1,
        prev: place.2,
        time,
        subject: Subject::from_bytes(about.1),
        kind: Kind(about.2),
        causes: rest.0,
        actor: rest.1,
        commitments: rest.2,
    })
}
