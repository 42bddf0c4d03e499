//! What was received and not applied: by where it lies, and by what it is about.

use record::Subject;

use crate::note::Quarantined;
use crate::staging::Staging;
use crate::store::{Position, StoreError, Table};

fn about_key(subject: Subject, at: Position) -> Vec<u8> {
    [subject.as_bytes().as_slice(), &at.to_bytes()].concat()
}

/// Puts a record aside, with why.
pub(super) fn put(
    staging: &mut Staging<'_>,
    at: Position,
    held: &Quarantined,
) -> Result<(), StoreError> {
    staging.put(Table::Quarantine, at.to_bytes().to_vec(), held)?;
    staging.put_bytes(Table::Aside, about_key(held.subject, at), Vec::new())
}

/// A record is put aside no longer.
pub(super) fn take_up(staging: &mut Staging<'_>, at: Position, subject: Subject) {
    staging.remove(Table::Quarantine, at.to_bytes().to_vec());
    staging.remove(Table::Aside, about_key(subject, at));
}

/// The records about something that are put aside, in the order in which they came.
pub(super) fn about(staging: &Staging<'_>, subject: Subject) -> Result<Vec<Position>, StoreError> {
    let found = staging.all(Table::Aside, subject.as_bytes())?;
    let at = |key: &[u8]| key.get(subject.as_bytes().len()..).and_then(Position::from_bytes);
    Ok(found.iter().filter_map(|(key, _)| at(key)).collect())
}
