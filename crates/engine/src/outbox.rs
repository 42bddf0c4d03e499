//! The wire side of the release gate: the only function that reads stored records for another
//! node. What a peer can be given is what was staged into its own stream, with the fields that
//! its entry names, and nothing else.

mod log;

use std::collections::BTreeSet;

use governance::act::{PHOTO_FIELDS, read_photos};
use governance::field;
use record::{FieldId, Hash, NodeId, Signed, Timestamp};
use serde_bytes::ByteBuf;

pub use log::open;

use crate::blob::Blobs;
use crate::entry::{Entry, StreamHead, VERSION, first_link};
use crate::note::Stands;
use crate::peer::Card;
use crate::project::{self, Sent, stream_key};
use crate::staging::{disclosures, row};
use crate::store::{FrameKind, Position, Read, StoreError, Table};
use crate::usable;
use crate::wire::{Fetch, PAGE_BYTES, PIECE_BYTES, Page, Parcel, Piece};
use crate::world::Setup;

/// What a page may have, and what its reader has seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Entries.
    pub entries: usize,
    /// Whether people's words and data may go: see [`crate::world::World::may_have_personal`].
    /// Where they may not, the page ends before the first entry with any.
    pub personal: bool,
    /// See [`crate::wire::Pull::held`].
    pub held: Option<(u32, u64)>,
    /// By this node's clock.
    pub now: Timestamp,
}

/// The entries of `peer`'s stream after a number: within `bounds`, and no more bytes than a page
/// may have.
///
/// # Errors
/// When storage can't be read.
pub fn page(
    setup: &Setup,
    reader: &std::sync::Arc<dyn Read>,
    peer: NodeId,
    after: u64,
    bounds: Bounds,
) -> Result<Page, StoreError> {
    let Bounds { entries, personal, held, now } = bounds;
    let mut page = Page::default();
    let mut authors = BTreeSet::new();
    let mut own = Vec::new();
    let (mut bytes, mut last) = (0, None);
    let before = link_at(setup, reader, peer, after)?;
    let start = stream_key(peer, after);
    let found = reader.scan(Table::Outbox, peer.as_bytes(), Some(&start), entries + 1)?;
    for (_, value) in found {
        if page.parcels.len() == entries {
            page.more = true;
            break;
        }
        let sent =
            Sent::from_bytes(&value).ok_or_else(|| damaged(Position::START, "its outbox"))?;
        let (entry, mut parcel, log) = release(setup, reader, peer, sent.at, now)?;
        if !personal && has_personal(&parcel) {
            break;
        }
        let size = size(&parcel) + log.as_ref().map_or(0, |log| log.len());
        if bytes + size > PAGE_BYTES && !page.parcels.is_empty() {
            page.more = true;
            break;
        }
        bytes += size;
        authors.insert(entry.author);
        parcel.log = log.map(|log| place_among(&mut page.logs, log));
        own.push((entry.author == setup.me()).then_some((entry.epoch, entry.seq)));
        page.parcels.push(parcel);
        last = Some((entry.number, sent.link));
    }
    if !log::show(setup, reader, held, now, &own, &mut page)? {
        return Ok(Page::default());
    }
    page.proof = last.zip(before).map(|((number, link), before)| {
        let (sender, recipient) = (setup.me(), peer);
        let head = StreamHead { version: VERSION, sender, recipient, number, link };
        let signed = Signed::sign(head, &setup.key, &setup.federation);
        (before, ByteBuf::from(signed.bytes().to_vec()))
    });
    authors.remove(&setup.me());
    for author in authors {
        let known: Option<Card> = row(reader, Table::Peer, author.as_bytes())?;
        page.chains.extend(known.map(|known| known.chain));
    }
    Ok(page)
}

/// A piece of a photo for `peer`, of at most `most` bytes (a page's worth: [`PIECE_BYTES`]). `None`
/// where the entry that it names is not in that peer's stream, or did not release to it a list with
/// this photo; where the bytes are not here; and where there is nothing behind the offset: all four
/// look the same from outside.
///
/// # Errors
/// When storage can't be read.
pub fn piece(
    setup: &Setup,
    reader: &std::sync::Arc<dyn Read>,
    blobs: &dyn Blobs,
    peer: NodeId,
    fetch: &Fetch,
    most: usize,
    now: Timestamp,
) -> Result<Option<Piece>, StoreError> {
    let row = reader.get(Table::Outbox, &stream_key(peer, fetch.number))?;
    let Some(sent) = row.as_deref().and_then(Sent::from_bytes) else { return Ok(None) };
    let (_, parcel, _) = release(setup, reader, peer, sent.at, now)?;
    let lists = parcel.disclosures.iter().filter(|part| PHOTO_FIELDS.contains(&part.field));
    let mut released = lists.filter_map(|part| read_photos(&part.value)).flatten();
    if !released.any(|photo| photo.hash == fetch.photo) {
        return Ok(None);
    }
    let Some(bytes) = blobs.get(&fetch.photo)? else { return Ok(None) };
    let offset = usize::try_from(fetch.offset).unwrap_or(usize::MAX);
    let rest = bytes.get(offset..).filter(|rest| !rest.is_empty());
    Ok(rest.zip(u32::try_from(bytes.len()).ok()).map(|(rest, total)| {
        let piece = &rest[..rest.len().min(most).min(PIECE_BYTES)];
        Piece { total, bytes: ByteBuf::from(piece.to_vec()) }
    }))
}

/// The link of a peer's stream after the entry with this number; `None` where there is none.
fn link_at(
    setup: &Setup,
    reader: &std::sync::Arc<dyn Read>,
    peer: NodeId,
    number: u64,
) -> Result<Option<Hash>, StoreError> {
    if number == 0 {
        return Ok(Some(first_link(&setup.federation, setup.me(), peer)));
    }
    let row = reader.get(Table::Outbox, &stream_key(peer, number))?;
    Ok(row.as_deref().and_then(Sent::from_bytes).map(|sent| sent.link))
}

/// The gate: what the entry at a position gives to a peer. An entry of another peer's stream
/// gives nothing, whatever the index says; and what was withdrawn since it was staged, or was for a
/// time that is over, is not given any more. Along with it goes another author's own word on its
/// log, as it came with that author's record.
fn release(
    setup: &Setup,
    reader: &std::sync::Arc<dyn Read>,
    peer: NodeId,
    at: Position,
    now: Timestamp,
) -> Result<(Entry, Parcel, Option<ByteBuf>), StoreError> {
    let wrong = |what: &str| damaged(at, what);
    let sent = reader.frame(at)?;
    if sent.kind != FrameKind::Sent || sent.peer != Some(peer) {
        return Err(wrong("the entry belongs to another stream: rebuild the index"));
    }
    let entry = Entry::decode(&sent.envelope).map_err(|error| wrong(&error.to_string()))?;
    let position = project::position_of(reader, entry.author, entry.epoch, entry.seq)?
        .ok_or_else(|| wrong("the record of an entry is not in the journal"))?;
    let frame = reader.frame(position)?;
    let readable = project::read(crate::sign::whose(setup), position, &frame)?;
    if !project::is(&readable.record, entry.record) {
        return Err(wrong("the record of an entry is another one: rebuild the index"));
    }
    let place = (entry.author, entry.epoch, entry.seq);
    let uses = usable::of_place(reader, setup.me(), readable.record.subject, place, &frame)?;
    let over = entry.until.is_some_and(|until| until <= now);
    // An author gets its own words back whatever became of others' use of them.
    let may = |id: FieldId| {
        let usable = uses.may_give(id, peer, now) && (!over || field::is_structural(id));
        entry.author == peer || usable
    };
    let mut released: Vec<_> = disclosures(&frame)
        .filter(|disclosure| entry.fields.binary_search(&disclosure.field).is_ok())
        .filter(|disclosure| may(disclosure.field))
        .cloned()
        .collect();
    released.sort_by_key(|disclosure| disclosure.field);
    let has = |id: &FieldId| released.iter().any(|disclosure| disclosure.field == *id);
    // Its own author knows where it stood.
    let stands = project::stands(position, &frame)?.filter(|_| entry.author != peer);
    let (log, place) = stands.map(|Stands { log, place }| (log, place)).unzip();
    let parcel = Parcel {
        erased: !entry.fields.iter().all(has),
        entry: ByteBuf::from(sent.envelope.to_vec()),
        record: ByteBuf::from(frame.envelope.to_vec()),
        disclosures: released,
        place: place.flatten(),
        log: None,
    };
    Ok((entry, parcel, log))
}

/// Where a checkpoint stands among those of a page, which has each once.
fn place_among(logs: &mut Vec<ByteBuf>, log: ByteBuf) -> u16 {
    let known = logs.iter().position(|known| *known == log);
    let at = known.unwrap_or_else(|| {
        logs.push(log);
        logs.len() - 1
    });
    u16::try_from(at).expect("a page has few entries")
}

fn damaged(at: Position, what: &str) -> StoreError {
    StoreError::Damaged { path: "journal".into(), offset: at.0, what: what.to_owned() }
}

/// Whether a parcel has anything but codes, ids and times.
fn has_personal(parcel: &Parcel) -> bool {
    parcel.disclosures.iter().any(|part| !field::is_structural(part.field))
}

/// Bytes of a parcel on the wire, about: the proof of its place is as long as a large log's.
fn size(parcel: &Parcel) -> usize {
    const PROOF: usize = 24 * 34;
    let values: usize = parcel.disclosures.iter().map(|part| part.value.len() + 32).sum();
    parcel.entry.len() + parcel.record.len() + values + PROOF + 16
}
