//! Reading who did what about the federation.

use std::sync::Arc;

use governance::field;
use governance::trust::TrustAct;
use record::Record;

use super::damaged;
use crate::project::{self, Whose};
use crate::store::{Position, Read, StoreError, Table};

/// What somebody here did about who belongs to the federation.
pub struct Trusted {
    /// Where its record lies.
    pub at: Position,
    /// The record: who, in which role, when.
    pub record: Record,
    /// What.
    pub act: TrustAct,
}

/// What was done here about who belongs to the federation, newest first, strictly before a position
/// where given.
///
/// # Errors
/// When index or journal can't be read.
pub fn trust_acts(
    reader: &Arc<dyn Read>,
    whose: Whose,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<Trusted>, StoreError> {
    let before = before.map(Position::to_bytes);
    let before = before.as_ref().map(<[u8; 8]>::as_slice);
    let found = Read::scan_back(reader.as_ref(), Table::Trust, &[], before, limit)?;
    let entry = |(key, _): (Vec<u8>, Vec<u8>)| {
        let at = Position::from_bytes(&key).ok_or_else(|| damaged("a row of acts of trust"))?;
        let readable = project::read(whose, at, &reader.frame(at)?)?;
        let act = readable.fields.get(field::TRUST_ACT);
        let act = act.ok().flatten().ok_or_else(|| damaged("a record of an act of trust"))?;
        Ok(Trusted { at, record: readable.record, act })
    };
    found.into_iter().map(entry).collect()
}
