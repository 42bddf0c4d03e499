//! Rows of peers and of the streams between them.

use record::{Checkpoint, Countersignature, Header, NodeId, Signed, Statement, Unverified};

use serde_bytes::ByteBuf;

use super::{Whose, senseless};
use crate::entry::{Acknowledgement, Entry};
use crate::peer::{Card, Mark, Streams, Witness, Witnessed};
use crate::staging::{Staging, row};
use crate::store::{Frame, Position, StoreError, Table};
use crate::wire::ChainBytes;

/// Key of a record in the log table.
#[must_use]
pub fn log_key(header: &Header) -> Vec<u8> {
    log_key_of(header.author, header.epoch, header.seq)
}

pub(super) fn log_key_of(author: NodeId, epoch: u32, seq: u64) -> Vec<u8> {
    let mut key = author.as_bytes().to_vec();
    key.extend_from_slice(&epoch.to_be_bytes());
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

/// Key of an entry in the outbox or inbox.
#[must_use]
pub fn stream_key(peer: NodeId, number: u64) -> Vec<u8> {
    let mut key = peer.as_bytes().to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// Changes how far the streams with a peer have come.
fn move_on(
    staging: &mut Staging<'_>,
    node: NodeId,
    change: impl FnOnce(&mut Streams),
) -> Result<(), StoreError> {
    let key = node.as_bytes().to_vec();
    let mut streams: Streams = row(staging, Table::Stream, &key)?.unwrap_or_default();
    change(&mut streams);
    staging.put(Table::Stream, key, &streams)
}

/// Changes what a peer and this node have witnessed.
fn witness(
    staging: &mut Staging<'_>,
    node: NodeId,
    change: impl FnOnce(&mut Witness),
) -> Result<(), StoreError> {
    let key = node.as_bytes().to_vec();
    let mut known: Witness = row(staging, Table::Witness, &key)?.unwrap_or_default();
    change(&mut known);
    staging.put(Table::Witness, key, &known)
}

pub(super) fn peer(
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
    chain: ChainBytes,
    addresses: Vec<String>,
) -> Result<(), StoreError> {
    let node = of_peer(frame, at)?;
    staging.put(Table::Peer, node.as_bytes().to_vec(), &Card { chain, addresses })
}

pub(super) fn received(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let bytes = frame.entry.clone().ok_or_else(|| senseless(at, "a record without its entry"))?;
    let entry: Signed<Entry> = stored(whose, at, bytes)?;
    let key = stream_key(entry.sender, entry.number);
    staging.put_bytes(Table::Inbox, key, at.to_bytes().to_vec())?;
    let mark = Mark { number: entry.number, id: entry.id() };
    move_on(staging, entry.sender, |streams| streams.inbox = mark)
}

pub(super) fn sent(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let entry: Signed<Entry> = stored(whose, at, frame.envelope.clone())?;
    let key = stream_key(entry.recipient, entry.number);
    staging.put_bytes(Table::Outbox, key, at.to_bytes().to_vec())?;
    let mark = Mark { number: entry.number, id: entry.id() };
    move_on(staging, entry.recipient, |streams| streams.outbox = mark)
}

pub(super) fn acknowledged(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let ack: Signed<Acknowledgement> = stored(whose, at, frame.envelope.clone())?;
    move_on(staging, ack.recipient, |streams| {
        streams.acknowledged = streams.acknowledged.max(ack.number);
    })
}

/// A peer's checkpoint that this node countersigned.
pub(super) fn witnessed(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let checkpoint: Signed<Checkpoint> = stored(whose, at, frame.envelope.clone())?;
    let seal = frame.entry.as_ref().map(|seal| ByteBuf::from(seal.to_vec())).unwrap_or_default();
    let seen = Witnessed {
        epoch: checkpoint.epoch,
        size: checkpoint.size,
        root: checkpoint.root,
        time: checkpoint.time,
        seal,
        checkpoint: Some(ByteBuf::from(frame.envelope.to_vec())),
    };
    witness(staging, checkpoint.author, |known| known.witnessed = Some(seen))
}

/// A witness's countersignature of this node's checkpoint.
pub(super) fn countersigned(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let seal: Signed<Countersignature> = stored(whose, at, frame.envelope.clone())?;
    let epoch = staging.log.mark().epoch;
    let bytes = ByteBuf::from(seal.bytes().to_vec());
    let seen = Witnessed {
        epoch,
        size: seal.size,
        root: seal.root,
        time: seal.time,
        seal: bytes,
        checkpoint: None,
    };
    witness(staging, seal.witness, |known| known.countersigned = Some(seen))
}

fn of_peer(frame: &Frame, at: Position) -> Result<NodeId, StoreError> {
    frame.peer.ok_or_else(|| senseless(at, "a frame about a peer that names none"))
}

fn stored<T: Statement>(
    whose: Whose,
    at: Position,
    bytes: std::sync::Arc<[u8]>,
) -> Result<Signed<T>, StoreError> {
    Unverified::<T>::parse(bytes)
        .map(|statement| statement.trust_stored(&whose.federation))
        .map_err(|error| senseless(at, &error.to_string()))
}
