//! Rows of photos: whose bytes lie here, which cases' acts show them, and which are still to come
//! from a peer that released them. Only what an applied record shows is ever asked for.

use governance::act::{ActKind, PHOTO_FIELDS, Photo, read_photos};
use governance::case::CaseId;
use record::{FieldId, Hash, NodeId, Timestamp};

use super::{Readable, senseless};
use crate::entry::Entry;
use crate::note::{PhotoRow, ShownRow, WantedRow};
use crate::staging::{Staging, row};
use crate::store::{Frame, Position, StoreError, Table};

/// Most stream entries that are remembered as the source of one photo.
const MAX_SOURCES: usize = 8;

/// Key of a photo on a case.
#[must_use]
pub fn shown_key(hash: &Hash, case: CaseId) -> Vec<u8> {
    [hash.as_bytes().as_slice(), case.as_bytes()].concat()
}

/// Key of a photo to come from a peer by the entry with this number.
#[must_use]
pub fn wanted_key(peer: NodeId, number: u64, hash: &Hash) -> Vec<u8> {
    [peer.as_bytes().as_slice(), &number.to_be_bytes(), hash.as_bytes()].concat()
}

/// A photo was uploaded.
pub(super) fn uploaded(
    staging: &mut Staging<'_>,
    hash: Hash,
    size: u32,
    at: Timestamp,
) -> Result<(), StoreError> {
    let known: Option<PhotoRow> = row(staging, Table::Photo, hash.as_bytes())?;
    let shown = known.is_some_and(|known| known.shown);
    here(staging, hash, PhotoRow { size, shown })?;
    staging.put(Table::Upload, hash.as_bytes().to_vec(), &at)
}

/// A photo's bytes came from a peer.
pub(super) fn fetched(staging: &mut Staging<'_>, hash: Hash, size: u32) -> Result<(), StoreError> {
    here(staging, hash, PhotoRow { size, shown: true })
}

/// An upload has run out. Where acts show the photo all the same, it stays.
pub(super) fn forgotten(staging: &mut Staging<'_>, key: Vec<u8>) -> Result<(), StoreError> {
    let known: Option<PhotoRow> = row(staging, Table::Photo, &key)?;
    if known.is_some_and(|known| !known.shown) {
        staging.remove(Table::Photo, key.clone());
    }
    staging.remove(Table::Upload, key);
    Ok(())
}

/// A photo that nothing shows any more, and that nobody is asked for any more.
pub(super) fn forget_photo(staging: &mut Staging<'_>, hash: &Hash) -> Result<(), StoreError> {
    let key = hash.as_bytes().to_vec();
    let wanted: Option<WantedRow> = row(staging, Table::Wanted, &key)?;
    for (peer, number) in wanted.into_iter().flat_map(|wanted| wanted.from) {
        staging.remove(Table::WantedFrom, wanted_key(peer, number, hash));
    }
    for table in [Table::Wanted, Table::Photo, Table::Upload] {
        staging.remove(table, key.clone());
    }
    Ok(())
}

/// The bytes lie here: nobody needs to be asked for them.
fn here(staging: &mut Staging<'_>, hash: Hash, known: PhotoRow) -> Result<(), StoreError> {
    let key = hash.as_bytes().to_vec();
    let wanted: Option<WantedRow> = row(staging, Table::Wanted, &key)?;
    let shown = known.shown || wanted.is_some();
    for (peer, number) in wanted.into_iter().flat_map(|wanted| wanted.from) {
        staging.remove(Table::WantedFrom, wanted_key(peer, number, &hash));
    }
    staging.remove(Table::Wanted, key.clone());
    staging.put(Table::Photo, key, &PhotoRow { shown, ..known })
}

/// A record that came over a peer's stream shows photos.
pub(super) fn received(
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
    readable: &Readable,
    sender: NodeId,
) -> Result<(), StoreError> {
    if PHOTO_FIELDS.iter().all(|id| readable.fields.raw(*id).is_none()) {
        return Ok(());
    }
    let entry = frame.entry.as_deref().map(Entry::decode);
    let Some(Ok(entry)) = entry else { return Err(senseless(at, "a record without its entry")) };
    shown(staging, readable, Some((sender, entry.number)))
}

/// Photos that a record shows, and the entry by which they can be had where they are not here.
pub(super) fn shown(
    staging: &mut Staging<'_>,
    readable: &Readable,
    source: Option<(NodeId, u64)>,
) -> Result<(), StoreError> {
    let (record, fields) = (&readable.record, &readable.fields);
    let Some(act) = ActKind::from_kind(record.kind) else { return Ok(()) };
    for field in PHOTO_FIELDS {
        // What a peer signed may be anything: what is no list of photos shows none.
        let photos = fields.raw(field).and_then(read_photos).unwrap_or_default();
        for photo in photos {
            show(staging, record.subject, (act, field), &photo)?;
            mark(staging, &photo, source)?;
        }
    }
    Ok(())
}

fn show(
    staging: &mut Staging<'_>,
    case: CaseId,
    by: (ActKind, FieldId),
    photo: &Photo,
) -> Result<(), StoreError> {
    let key = shown_key(&photo.hash, case);
    let known: Option<ShownRow> = row(staging, Table::Shown, &key)?;
    let mut known = known.unwrap_or_else(|| ShownRow { media: photo.media, acts: Vec::new() });
    if known.acts.contains(&by) {
        return Ok(());
    }
    known.acts.push(by);
    staging.put(Table::Shown, key, &known)
}

fn mark(
    staging: &mut Staging<'_>,
    photo: &Photo,
    source: Option<(NodeId, u64)>,
) -> Result<(), StoreError> {
    let key = photo.hash.as_bytes().to_vec();
    if let Some(known) = row::<PhotoRow>(staging, Table::Photo, &key)? {
        if !known.shown {
            staging.put(Table::Photo, key.clone(), &PhotoRow { shown: true, ..known })?;
        }
        // What is uploaded here is for an act of this node.
        if source.is_none() {
            staging.remove(Table::Upload, key);
        }
        return Ok(());
    }
    let Some((peer, number)) = source else { return Ok(()) };
    let wanted: Option<WantedRow> = row(staging, Table::Wanted, &key)?;
    let mut wanted = wanted.unwrap_or_default();
    if wanted.from.len() < MAX_SOURCES && !wanted.from.contains(&(peer, number)) {
        wanted.from.push((peer, number));
        staging.put_bytes(Table::WantedFrom, wanted_key(peer, number, &photo.hash), Vec::new())?;
        staging.put(Table::Wanted, key, &wanted)?;
    }
    Ok(())
}
