//! Rows of peers and of the streams between them.

use record::{
    Checkpoint, Countersignature, Hash, Header, NodeId, Signed, Statement, Subject, Unverified,
};

use serde_bytes::ByteBuf;

use super::{Whose, senseless};
use crate::entry::{Acknowledgement, StreamHead, first_link};
use crate::peer::{Card, Mark, Shown, Streams, Unopened, Witness, Witnessed};
use crate::staging::{Lookup, Staging, compact_row, row};
use crate::store::{Frame, Pair, Position, StoreError, Table};

/// Most nodes that are looked at for one subject; a case has far fewer parties.
const MAX_RECIPIENTS: usize = 1_000;

/// Key of a record in the log table.
#[must_use]
pub fn log_key(header: &Header) -> Vec<u8> {
    log_key_of(header.author, header.epoch, header.seq)
}

pub(crate) fn log_key_of(author: NodeId, epoch: u32, seq: u64) -> Vec<u8> {
    let mut key = author.as_bytes().to_vec();
    key.extend_from_slice(&epoch.to_be_bytes());
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

/// Key of an entry in the outbox, or of a head in the inbox.
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
    let mut streams: Streams = compact_row(staging, Table::Stream, &key)?.unwrap_or_default();
    change(&mut streams);
    staging.put_compact(Table::Stream, key, &streams)
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
    card: &Card,
) -> Result<(), StoreError> {
    let node = of_peer(frame, at)?;
    staging.put(Table::Peer, node.as_bytes().to_vec(), card)
}

/// Where an entry for a peer lies, and the stream's link after it: the row of the outbox.
pub struct Sent {
    /// The frame.
    pub at: Position,
    /// The link.
    pub link: Hash,
}

impl Sent {
    /// Position (8 bytes, big-endian) and link (32 bytes).
    fn to_bytes(&self) -> Vec<u8> {
        [self.at.to_bytes().as_slice(), self.link.as_bytes()].concat()
    }

    /// The row of these bytes; `None` when they have another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, link) = bytes.split_first_chunk::<8>()?;
        let at = Position::from_bytes(at)?;
        Some(Self { at, link: Hash::from_bytes(link.try_into().ok()?) })
    }
}

/// An entry that came in, with its record.
pub(super) fn received(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let bytes =
        frame.entry.as_deref().ok_or_else(|| senseless(at, "a record without its entry"))?;
    let sender = of_peer(frame, at)?;
    let start = || first_link(&whose.federation, sender, whose.me);
    let hash = Hash::of(bytes);
    move_on(staging, sender, |streams| streams.inbox = streams.inbox.after(&hash, start))
}

/// A sender's word on its stream up to here: kept as the proof of all entries up to it.
pub(super) fn headed(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let head: Signed<StreamHead> = stored(whose, at, frame.envelope.clone())?;
    let key = stream_key(head.sender, head.number);
    staging.put_bytes(Table::Inbox, key, at.to_bytes().to_vec())
}

/// An entry for a peer.
pub(super) fn sent(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let recipient = of_peer(frame, at)?;
    let start = || first_link(&whose.federation, whose.me, recipient);
    let hash = Hash::of(&frame.envelope);
    let mut mark = Mark::default();
    move_on(staging, recipient, |streams| {
        streams.outbox = streams.outbox.after(&hash, start);
        mark = streams.outbox;
    })?;
    let Mark { number, link } = mark;
    staging.put_bytes(
        Table::Outbox,
        stream_key(recipient, number),
        Sent { at, link }.to_bytes(),
    )?;
    let key = given_key_of(frame.subject, recipient);
    let mut numbers: Vec<u64> = compact_row(staging, Table::Given, &key)?.unwrap_or_default();
    numbers.push(number);
    staging.put_compact(Table::Given, key, &numbers)
}

fn given_key_of(subject: Subject, recipient: NodeId) -> Vec<u8> {
    [subject.as_bytes().as_slice(), recipient.as_bytes()].concat()
}

/// Who was given something about a subject, with the numbers of the entries in their streams.
/// Staged changes are not seen: ask [`given_to`] of each party for those.
///
/// # Errors
/// When the index can't be read.
pub fn given_of(
    view: &(impl Lookup + ?Sized),
    subject: Subject,
) -> Result<Vec<(NodeId, Vec<u64>)>, StoreError> {
    let found = view.scan(Table::Given, subject.as_bytes(), None, MAX_RECIPIENTS)?;
    let read = |(key, value): Pair| {
        let node = key.get(16..).and_then(|node| node.try_into().ok()).map(NodeId::from_bytes);
        let node = node.ok_or(StoreError::Index { what: "a key of what was given".into() })?;
        Ok((node, crate::staging::decode_compact(&value)?))
    };
    found.into_iter().map(read).collect()
}

/// The numbers of the entries about a subject in a node's stream.
///
/// # Errors
/// When the index can't be read.
pub fn given_to(
    view: &(impl Lookup + ?Sized),
    subject: Subject,
    recipient: NodeId,
) -> Result<Vec<u64>, StoreError> {
    let key = given_key_of(subject, recipient);
    Ok(compact_row(view, Table::Given, &key)?.unwrap_or_default())
}

pub(super) fn acknowledged(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let ack: Signed<Acknowledgement> = stored(whose, at, frame.envelope.clone())?;
    let (number, link) = (ack.number, ack.link);
    let mut resumed = false;
    move_on(staging, ack.recipient, |streams| {
        streams.acknowledged = streams.acknowledged.max(number);
        // This node's memory of the stream ends before the recipient's: it goes on from there.
        resumed = number > streams.outbox.number;
        if resumed {
            streams.outbox = Mark { number, link };
        }
    })?;
    if resumed {
        let row = Sent { at, link }.to_bytes();
        staging.put_bytes(Table::Outbox, stream_key(ack.recipient, number), row)?;
    }
    Ok(())
}

/// A loss in a peer's log that an officer has accepted.
pub(super) fn accepted(
    staging: &mut Staging<'_>,
    node: NodeId,
    epoch: u32,
) -> Result<(), StoreError> {
    witness(staging, node, |known| known.accepted = Some(epoch))
}

/// A peer's checkpoint that this node countersigned.
pub(super) fn witnessed(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let checkpoint: Signed<Checkpoint> = stored(whose, at, frame.envelope.clone())?;
    // One that was not countersigned is kept as evidence alone.
    let Some(seal) = frame.entry.as_ref().map(|seal| ByteBuf::from(seal.to_vec())) else {
        return Ok(());
    };
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

/// A peer's log, as it came with records of its own.
pub(super) fn shown(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let log: Signed<Checkpoint> = stored(whose, at, frame.envelope.clone())?;
    let seen = Shown { epoch: log.epoch, size: log.size, root: log.root };
    witness(staging, log.author, |known| known.shown = Some(seen))
}

/// Whether a peer could open a record.
pub(super) fn challenged(
    staging: &mut Staging<'_>,
    node: NodeId,
    unopened: Option<Unopened>,
) -> Result<(), StoreError> {
    witness(staging, node, |known| known.unopened = unopened)
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
