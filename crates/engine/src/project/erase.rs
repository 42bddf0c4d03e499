//! Erasure (PIPL art. 47): what it means for rows, and what is to go from where things lie at rest.
//! Rows that follow from erased words go, too: a replay, which finds no words any more, comes to the
//! same rows.

use governance::act::{PHOTO_FIELDS, read_photos};
use governance::case::{Case, CaseId};
use governance::field;
use record::Hash;

use super::photo::{forget_photo, shown_key};
use super::{Readable, Whose, note_of, origin_key, position_of, read};
use crate::note::{DoneRow, Note};
use crate::staging::{Lookup, Staging, row};
use crate::store::{Erasure, Frame, Position, StoreError, Table};

/// A record erases what people said on a case, as it was before that record.
pub(super) fn erased(
    whose: Whose,
    staging: &mut Staging<'_>,
    case: &Case,
) -> Result<(), StoreError> {
    let mut erasure = Erasure { subject: case.id, frames: Vec::new(), photos: Vec::new() };
    for step in &case.steps {
        let Some(at) = position_of(staging, step.author, step.epoch, step.seq)? else { continue };
        let frame = staging.frame_at(at)?;
        let readable = read(whose, at, &frame)?;
        forget_receipt(staging, at, &frame)?;
        forget_origin(staging, case, &readable)?;
        erasure.photos.extend(forget_photos(staging, case.id, &readable)?);
        erasure.frames.push(at);
    }
    erasure.photos.sort_unstable();
    erasure.photos.dedup();
    staging.erase(erasure);
    Ok(())
}

/// Words that come to a case after it was erased, from somebody who did not know: they are kept no
/// longer than it takes to see that.
pub(super) fn late(staging: &mut Staging<'_>, at: Position, case: CaseId) {
    staging.erase(Erasure { subject: case, frames: vec![at], photos: Vec::new() });
}

fn forget_receipt(
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let Some(Note::Done(done)) = note_of(at, frame)? else { return Ok(()) };
    let known: Option<DoneRow> = row(staging, Table::Idempotency, &done.key)?;
    if known.is_some_and(|known| known.frame == at) {
        staging.remove(Table::Idempotency, done.key.into_vec());
    }
    Ok(())
}

fn forget_origin(
    staging: &mut Staging<'_>,
    case: &Case,
    readable: &Readable,
) -> Result<(), StoreError> {
    let number = readable.fields.get::<String>(field::SOURCE_NUMBER).ok().flatten();
    let Some((source, number)) = case.source.as_ref().zip(number) else { return Ok(()) };
    let key = origin_key(source, &number);
    if staging.value(Table::Origin, &key)?.is_some_and(|known| known == case.id.as_bytes()) {
        staging.remove(Table::Origin, key.to_vec());
    }
    Ok(())
}

/// The photos that nothing else shows: their bytes are to go.
fn forget_photos(
    staging: &mut Staging<'_>,
    case: CaseId,
    readable: &Readable,
) -> Result<Vec<Hash>, StoreError> {
    let lists = PHOTO_FIELDS.into_iter().filter_map(|id| readable.fields.raw(id));
    let photos: Vec<_> = lists.filter_map(read_photos).flatten().collect();
    let mut gone = Vec::new();
    for photo in photos {
        let key = shown_key(&photo.hash, case);
        staging.remove(Table::Shown, key.clone());
        let shown = staging.scan(Table::Shown, photo.hash.as_bytes(), None, 2)?;
        if shown.iter().all(|(other, _)| *other == key) {
            forget_photo(staging, &photo.hash)?;
            gone.push(photo.hash);
        }
    }
    Ok(gone)
}
