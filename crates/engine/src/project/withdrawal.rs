//! Rows of withdrawals: an author's word that fields of its earlier records of a case are to be
//! used no longer by whoever was given them.

use governance::case::CaseId;
use governance::field;
use record::{FieldError, NodeId};

use super::{Done, Readable};
use crate::note::Withdrawn;
use crate::staging::{Staging, compact_row};
use crate::store::{StoreError, Table};

/// Most withdrawals of one author that are kept for a case.
pub const MAX_WITHDRAWALS: usize = 64;

/// Most fields and nodes that those of one author name together.
const MAX_NAMED: usize = 2_000;

/// Key of an author's withdrawals of a case's fields.
#[must_use]
pub fn withdrawn_key(case: CaseId, author: NodeId) -> Vec<u8> {
    [case.as_bytes().as_slice(), author.as_bytes()].concat()
}

/// Takes a withdrawal in; or says why it makes no sense here.
pub(super) fn withdrawn(
    staging: &mut Staging<'_>,
    readable: &Readable,
) -> Result<Result<Done, String>, StoreError> {
    let record = &readable.record;
    let row = match read(readable) {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(Err("it names no fields".into())),
        Err(error) => return Ok(Err(error.to_string())),
    };
    if staging.case(record.subject)?.is_none() {
        return Ok(Err("the case is not known here".into()));
    }
    let key = withdrawn_key(record.subject, record.author);
    let mut known: Vec<Withdrawn> =
        compact_row(staging, Table::Withdrawn, &key)?.unwrap_or_default();
    if known.iter().any(|known| (known.epoch, known.seq) == (row.epoch, row.seq)) {
        return Ok(Ok(Done::default()));
    }
    if known.len() >= MAX_WITHDRAWALS {
        return Ok(Err(format!("its author withdrew fields of this case {MAX_WITHDRAWALS} times")));
    }
    known.push(row);
    if !fit(&known) {
        return Ok(Err("its author's withdrawals name too many nodes".into()));
    }
    staging.put_compact(Table::Withdrawn, key, &known)?;
    Ok(Ok(Done { withdrawn: true, ..Done::default() }))
}

/// Whether an author's withdrawals of a case's fields are few enough to be kept in a row (S13).
fn fit(known: &[Withdrawn]) -> bool {
    let named = known.iter().map(|row| row.fields.len() + row.from.len()).sum::<usize>();
    named <= MAX_NAMED
}

fn read(readable: &Readable) -> Result<Option<Withdrawn>, FieldError> {
    let (record, fields) = (&readable.record, &readable.fields);
    let named: Option<Vec<u16>> = fields.get(field::WITHDRAWN_FIELDS)?;
    let from: Option<Vec<NodeId>> = fields.get(field::WITHDRAWN_FROM)?;
    let (epoch, seq, from) = (record.epoch, record.seq, from.unwrap_or_default());
    let named = named.filter(|named| (1..=64).contains(&named.len()));
    Ok(named.map(|fields| Withdrawn { epoch, seq, fields, from }))
}
