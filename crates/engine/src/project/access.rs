//! Rows of the access log: where each entry lies, how far the log has come, and how often each case
//! was read in each role.

use governance::field;
use record::Subject;

use super::{Readable, Whose, senseless};
use crate::access::{AccessEntry, AccessMark};
use crate::staging::{Lookup, Staging, compact_row};
use crate::store::{Frame, Position, StoreError, Table};

const MARK: &[u8] = b"access";
/// Up to which entry the log is bound by a signed record.
const SEALED: &[u8] = b"access sealed";

/// Key of how often something was read, by role; of all roles where none is given.
#[must_use]
pub fn reads_key(subject: Subject, role: Option<&str>) -> Vec<u8> {
    [subject.as_bytes().as_slice(), role.unwrap_or_default().as_bytes()].concat()
}

/// How far the access log has come.
///
/// # Errors
/// When the index can't be read.
pub fn access_mark(view: &(impl Lookup + ?Sized), whose: Whose) -> Result<AccessMark, StoreError> {
    let known = compact_row(view, Table::Meta, MARK)?;
    Ok(known.unwrap_or_else(|| AccessMark::start(&whose.federation, whose.me)))
}

pub(super) fn read(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<(), StoreError> {
    let entry =
        AccessEntry::decode(&frame.envelope).map_err(|error| senseless(at, &error.to_string()))?;
    let mark = access_mark(staging, whose)?;
    if !mark.continues(&entry) {
        return Err(senseless(at, "an entry of the access log that does not continue it"));
    }
    staging.put_compact(Table::Meta, MARK.to_vec(), &mark.after(&frame.envelope))?;
    let key = entry.number.to_be_bytes().to_vec();
    staging.put_bytes(Table::Access, key, at.to_bytes().to_vec())?;
    let Some(subject) = entry.subject else { return Ok(()) };
    let key = reads_key(subject, Some(&entry.role));
    let known: u64 = compact_row(staging, Table::Reads, &key)?.unwrap_or(0);
    staging.put_compact(Table::Reads, key, &(known + 1))
}

/// Up to which entry the access log is bound by a signed record of this node.
///
/// # Errors
/// When the index can't be read.
pub fn access_sealed(view: &(impl Lookup + ?Sized)) -> Result<u64, StoreError> {
    Ok(compact_row(view, Table::Meta, SEALED)?.unwrap_or(0))
}

pub(super) fn sealed(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<(), StoreError> {
    let count: Option<u64> = readable
        .fields
        .get(field::ACCESS_COUNT)
        .map_err(|error| senseless(at, &error.to_string()))?;
    staging.put_compact(Table::Meta, SEALED.to_vec(), &count.unwrap_or(0))
}
