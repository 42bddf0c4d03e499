//! Rows of places and people.

use governance::field;
use governance::roster::{Appointment, Person};
use governance::territory::Place;
use record::{FieldId, Fields, Subject};
use serde::{Serialize, de::DeserializeOwned};

use super::{Readable, people, senseless};
use crate::kind;
use crate::staging::{Staging, row};
use crate::store::{Position, StoreError, Table};

/// A place with all its versions, oldest first.
pub(super) fn place(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<bool, StoreError> {
    let key = readable.record.subject.as_bytes().to_vec();
    let mut versions: Vec<Place> = row(staging, Table::Place, &key)?.unwrap_or_default();
    if readable.record.kind == kind::PLACE {
        let place: Place = need(&readable.fields, field::PLACE_DATA, at)?;
        if let Some(last) = versions.last_mut() {
            last.valid_until.get_or_insert(place.valid_from);
        }
        versions.push(place);
    } else {
        let until = need(&readable.fields, field::UNTIL, at)?;
        if let Some(last) = versions.last_mut() {
            last.valid_until = Some(until);
        }
    }
    staging.put(Table::Place, key, &versions)?;
    Ok(true)
}

/// Key of the position of the last record that says a person's name.
#[must_use]
pub fn person_key(person: Subject) -> Vec<u8> {
    [b"person".as_slice(), person.as_bytes()].concat()
}

/// A person with all appointments.
pub(super) fn person(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<bool, StoreError> {
    let key = readable.record.subject.as_bytes().to_vec();
    let mut person: Person = row(staging, Table::Person, &key)?.unwrap_or_default();
    let fields = &readable.fields;
    if readable.record.kind == kind::PERSON {
        // Names and telephone numbers stay in the record; the index knows where the last one is.
        let place = at.to_bytes().to_vec();
        staging.put_bytes(Table::Meta, person_key(readable.record.subject), place)?;
    }
    if readable.record.kind == kind::APPOINTED {
        people::appointed(staging, at, readable, person.appointments.len())?;
        person.appointments.push(Appointment {
            role: need(fields, field::ROLE, at)?,
            scope: want(fields, field::SCOPE, at)?,
            from: need(fields, field::FROM, at)?,
            until: want(fields, field::UNTIL, at)?,
        });
    } else if readable.record.kind == kind::DISMISSED {
        let role: String = need(fields, field::ROLE, at)?;
        let until = need(fields, field::UNTIL, at)?;
        for held in person.appointments.iter_mut().filter(|held| held.role == role) {
            held.until = Some(held.until.map_or(until, |end| end.min(until)));
        }
    }
    staging.put(Table::Person, key, &person)?;
    Ok(true)
}

pub(super) fn need<T: DeserializeOwned + Serialize>(
    fields: &Fields,
    id: FieldId,
    at: Position,
) -> Result<T, StoreError> {
    want(fields, id, at)?.ok_or_else(|| senseless(at, "a record without a field it needs"))
}

pub(super) fn want<T: DeserializeOwned + Serialize>(
    fields: &Fields,
    id: FieldId,
    at: Position,
) -> Result<Option<T>, StoreError> {
    fields.get(id).map_err(|error| senseless(at, &error.to_string()))
}
