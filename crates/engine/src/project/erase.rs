//! Erasure (PIPL art. 47): what it means for rows, and what is to go from where things lie at rest.
//! Rows that follow from erased words go, too: a replay, which finds no words any more, comes to the
//! same rows.

use governance::act::{PHOTO_FIELDS, read_photos};
use governance::case::{Case, CaseId};
use governance::field;
use record::{Hash, Subject};

use super::photo::{forget_photo, shown_key};
use super::{Readable, Whose, note_of, origin_key, position_of, read};
use crate::note::{DoneRow, Note};
use crate::staging::{Lookup, Staging, compact_row, row};
use crate::store::{Erasure, Frame, Position, StoreError, Table};

/// Most cases showing a photo that are looked at: where there are more, it stays.
const LOOKED_AT: usize = 64;

/// A record erases what people said on a case, as it was before that record. Gives the photos that
/// the case showed: a note of its own says that they are gone.
pub(super) fn erased(
    whose: Whose,
    staging: &mut Staging<'_>,
    case: &Case,
) -> Result<Vec<Hash>, StoreError> {
    let (mut frames, mut photos) = (Vec::new(), Vec::new());
    for step in &case.steps {
        let Some(at) = position_of(staging, step.author, step.epoch, step.seq)? else { continue };
        let frame = staging.frame_at(at)?;
        let readable = read(whose, at, &frame)?;
        forget_receipt(staging, at, &frame)?;
        forget_origin(staging, case, &readable)?;
        photos.extend(hide_photos(staging, case.id, &readable));
        frames.push(at);
    }
    photos.sort_unstable();
    photos.dedup();
    staging.erase(Erasure { subject: case.id, frames, photos: Vec::new() });
    Ok(photos)
}

/// Photos were erased from a case: those that no other case shows are to go.
pub(super) fn gone(staging: &mut Staging<'_>, photos: &[Hash]) -> Result<(), StoreError> {
    let mut unseen = Vec::new();
    for photo in photos {
        let shown = staging.scan(Table::Shown, photo.as_bytes(), None, LOOKED_AT)?;
        let mut still = false;
        for (key, _) in shown {
            still |= staging.value(Table::Shown, &key)?.is_some();
        }
        if !still {
            forget_photo(staging, photo)?;
            unseen.push(*photo);
        }
    }
    staging.erase(Erasure { subject: Subject::ZERO, frames: Vec::new(), photos: unseen });
    Ok(())
}

/// Words that come to a case after it was erased, from somebody who did not know: they are kept no
/// longer than it takes to see that.
pub(super) fn late(staging: &mut Staging<'_>, at: Position, case: CaseId) {
    staging.erase(Erasure { subject: case, frames: vec![at], photos: Vec::new() });
}

/// Row of the frames in which something is said of a person, or by one in a note.
fn words_key(subject: Subject) -> Vec<u8> {
    [b"w".as_slice(), subject.as_bytes()].concat()
}

/// A frame has words about or of a person: where an erasure will find them.
pub(super) fn said(
    staging: &mut Staging<'_>,
    at: Position,
    subject: Subject,
) -> Result<(), StoreError> {
    let key = words_key(subject);
    let mut frames: Vec<Position> = compact_row(staging, Table::Paper, &key)?.unwrap_or_default();
    frames.push(at);
    staging.put_compact(Table::Paper, key, &frames)
}

/// What was said is to go: from a record that says so, or with a registration that is withdrawn.
pub(super) fn forgotten(staging: &mut Staging<'_>, subject: Subject) -> Result<(), StoreError> {
    let key = words_key(subject);
    let frames: Vec<Position> = compact_row(staging, Table::Paper, &key)?.unwrap_or_default();
    for at in &frames {
        let frame = staging.frame_at(*at)?;
        forget_receipt(staging, *at, &frame)?;
    }
    staging.remove(Table::Paper, key);
    staging.erase(Erasure { subject, frames, photos: Vec::new() });
    Ok(())
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

/// The photos that a record shows; the case shows them no longer.
fn hide_photos(staging: &mut Staging<'_>, case: CaseId, readable: &Readable) -> Vec<Hash> {
    let lists = PHOTO_FIELDS.into_iter().filter_map(|id| readable.fields.raw(id));
    let photos: Vec<Hash> =
        lists.filter_map(read_photos).flatten().map(|photo| photo.hash).collect();
    for photo in &photos {
        staging.remove(Table::Shown, shown_key(photo, case));
    }
    photos
}
