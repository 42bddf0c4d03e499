//! Reading what stands on the ground.

use std::sync::Arc;

use governance::duty::DutyLists;
use governance::field;
use governance::history::History;
use governance::party::Organisation;
use governance::station::Station;
use record::{RecordId, Subject};
use serde::de::DeserializeOwned;

use super::{PAGE, damaged};
use crate::project::{self, Dated, Of, Whose, ground_key};
use crate::staging::{decode, row};
use crate::store::{Read, StoreError, Table};

/// Every Party organisation with its history, by id.
///
/// # Errors
/// When the index can't be read.
pub fn organisations(
    reader: &Arc<dyn Read>,
) -> Result<Vec<(Subject, History<Organisation>)>, StoreError> {
    standing(reader, Of::Organisation)
}

/// A Party organisation.
///
/// # Errors
/// When the index can't be read.
pub fn organisation(
    reader: &Arc<dyn Read>,
    id: Subject,
) -> Result<Option<History<Organisation>>, StoreError> {
    row(reader, Table::Ground, &ground_key(Of::Organisation, id))
}

/// Every station with its history, by id.
///
/// # Errors
/// When the index can't be read.
pub fn stations(reader: &Arc<dyn Read>) -> Result<Vec<(Subject, History<Station>)>, StoreError> {
    standing(reader, Of::Station)
}

/// A station.
///
/// # Errors
/// When the index can't be read.
pub fn station(
    reader: &Arc<dyn Read>,
    id: Subject,
) -> Result<Option<History<Station>>, StoreError> {
    row(reader, Table::Ground, &ground_key(Of::Station, id))
}

fn standing<T: DeserializeOwned>(
    reader: &Arc<dyn Read>,
    of: Of,
) -> Result<Vec<(Subject, History<T>)>, StoreError> {
    let mut found = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let prefix = [of as u8];
        let page = Read::scan(reader.as_ref(), Table::Ground, &prefix, after.as_deref(), PAGE)?;
        after = page.last().map(|(key, _)| key.clone());
        let full = page.len() == PAGE;
        for (key, value) in page {
            let id = key[1..].try_into().map_err(|_| damaged("a key of the ground"))?;
            found.push((Subject::from_bytes(id), decode(&value)?));
        }
        if !full {
            return Ok(found);
        }
    }
}

/// Where the versions of a place's duty lists are, oldest first.
///
/// # Errors
/// When the index can't be read.
pub fn duty_versions(reader: &Arc<dyn Read>, place: Subject) -> Result<Vec<Dated>, StoreError> {
    Ok(row(reader, Table::DutyBook, place.as_bytes())?.unwrap_or_default())
}

/// A version of a place's duty lists, with its record.
///
/// # Errors
/// When the journal can't be read.
pub fn duty_lists(
    reader: &Arc<dyn Read>,
    whose: Whose,
    version: Dated,
) -> Result<(RecordId, DutyLists), StoreError> {
    let readable = project::read(whose, version.frame, &reader.frame(version.frame)?)?;
    let lists = readable.fields.get(field::DUTY_LISTS).ok().flatten();
    Ok((readable.record.id(), lists.ok_or_else(|| damaged("duty lists that can't be read"))?))
}
