//! Rows of the ground: Party organisations, stations, duty lists, and which places follow which.

use governance::field;
use governance::history::{History, Period};
use governance::party::Organisation;
use governance::station::Station;
use governance::territory::reshape::Lineage;
use record::{FieldId, Subject, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Readable;
use super::roster::{need, want};
use crate::kind;
use crate::staging::{Staging, row};
use crate::store::{Position, StoreError, Table};

/// What a row of [`Table::Ground`] is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Of {
    /// A Party organisation.
    Organisation = b'o',
    /// A station.
    Station = b's',
    /// Places that follow others, by the first of them.
    Lineage = b'l',
}

impl Of {
    /// What it is called where there is none.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Station => "station",
            Self::Lineage => "lineage",
        }
    }
}

/// Where a version is, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dated {
    /// When it was written.
    pub at: Timestamp,
    /// Its record.
    pub frame: Position,
}

/// Key of a row of [`Table::Ground`].
#[must_use]
pub fn ground_key(of: Of, id: Subject) -> Vec<u8> {
    [&[of as u8], id.as_bytes().as_slice()].concat()
}

/// Rows of a record about the ground; whether territory changed.
pub(super) fn ground(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<bool, StoreError> {
    let id = readable.record.subject;
    match readable.record.kind {
        kind::ORGANISATION => {
            begin::<Organisation>(staging, at, readable, Of::Organisation, field::PARTY_DATA)?;
        }
        kind::ORGANISATION_ENDED => end::<Organisation>(staging, at, readable, Of::Organisation)?,
        kind::STATION => begin::<Station>(staging, at, readable, Of::Station, field::STATION_DATA)?,
        kind::STATION_ENDED => end::<Station>(staging, at, readable, Of::Station)?,
        kind::DUTY_LISTS => {
            let key = id.as_bytes().to_vec();
            let mut versions: Vec<Dated> = row(staging, Table::DutyBook, &key)?.unwrap_or_default();
            versions.push(Dated { at: readable.record.time, frame: at });
            staging.put(Table::DutyBook, key, &versions)?;
        }
        _ => {
            let lineage: Lineage = need(&readable.fields, field::LINEAGE, at)?;
            staging.put(Table::Ground, ground_key(Of::Lineage, id), &lineage)?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn begin<T: Serialize + DeserializeOwned>(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
    of: Of,
    data: FieldId,
) -> Result<(), StoreError> {
    let key = ground_key(of, readable.record.subject);
    let mut history: History<T> = row(staging, Table::Ground, &key)?.unwrap_or_default();
    let fields = &readable.fields;
    history.insert(Period {
        from: need(fields, field::FROM, at)?,
        until: want(fields, field::UNTIL, at)?,
        what: need(fields, data, at)?,
    });
    staging.put(Table::Ground, key, &history)
}

fn end<T: Serialize + DeserializeOwned>(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
    of: Of,
) -> Result<(), StoreError> {
    let key = ground_key(of, readable.record.subject);
    let mut history: History<T> = row(staging, Table::Ground, &key)?.unwrap_or_default();
    history.end(need(&readable.fields, field::UNTIL, at)?);
    staging.put(Table::Ground, key, &history)
}
