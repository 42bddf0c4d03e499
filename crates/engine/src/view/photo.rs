//! Photos that lie beside the journal, and what shows them.

use std::collections::BTreeSet;
use std::sync::Arc;

use governance::case::CaseId;
use record::Hash;

use crate::note::ShownRow;
use crate::project;
use crate::staging::row;
use crate::store::{Read, StoreError, Table};

const PAGE: usize = 2_000;

/// The acts on a case that show a photo; `None` where none does, whatever else shows it.
///
/// # Errors
/// When the index can't be read.
pub fn shown(
    reader: &Arc<dyn Read>,
    case: CaseId,
    hash: &Hash,
) -> Result<Option<ShownRow>, StoreError> {
    row(reader, Table::Shown, &project::shown_key(hash, case))
}

/// Every photo whose bytes have to lie here.
///
/// # Errors
/// When the index can't be read.
pub fn kept_photos(reader: &Arc<dyn Read>) -> Result<BTreeSet<Hash>, StoreError> {
    let mut kept = BTreeSet::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = Read::scan(reader.as_ref(), Table::Photo, &[], after.as_deref(), PAGE)?;
        for (key, _) in &page {
            let bytes = key.as_slice().try_into();
            let bytes = bytes.map_err(|_| StoreError::Index { what: "a photo's key".into() })?;
            kept.insert(Hash::from_bytes(bytes));
        }
        match page.last() {
            Some((key, _)) if page.len() == PAGE => after = Some(key.clone()),
            Some(_) | None => return Ok(kept),
        }
    }
}
