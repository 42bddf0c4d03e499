//! Rows of places and people.

use governance::field;
use governance::roster::{Appointment, Person};
use governance::territory::Place;
use record::{FieldId, Fields, Subject};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Readable, people, senseless};
use crate::kind;
use crate::staging::{Staging, decode, row};
use crate::store::{Pair, Position, StoreError, Table};

/// A place: a further version of it, or its end.
pub(super) fn place(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<bool, StoreError> {
    let key = readable.record.subject.as_bytes().to_vec();
    let known: Option<Versions> = row(staging, Table::Place, &key)?;
    let versions = if readable.record.kind == kind::PLACE {
        let last: Place = need(&readable.fields, field::PLACE_DATA, at)?;
        let mut earlier = 0;
        if let Some(mut known) = known {
            known.last.valid_until.get_or_insert(last.valid_from);
            let number = known.earlier.to_be_bytes();
            staging.put(Table::Place, [&key, number.as_slice()].concat(), &known.last)?;
            earlier = known.earlier + 1;
        }
        Versions { earlier, last }
    } else {
        let until = need(&readable.fields, field::UNTIL, at)?;
        let mut known =
            known.ok_or_else(|| senseless(at, "the end of a place that is not there"))?;
        known.last.valid_until = Some(until);
        known
    };
    staging.put(Table::Place, key, &versions)?;
    Ok(true)
}

/// What the index has under a place's id: its last version, and how many came before. Each of those
/// has a row of its own, under the id and its number: a boundary may have more than 20 KB, and a
/// place any number of versions.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Versions {
    earlier: u32,
    last: Place,
}

/// Every version of every place, from the rows of the table in their order.
///
/// # Errors
/// When a row can't be read.
pub fn places(rows: impl IntoIterator<Item = Pair>) -> Result<Vec<Place>, StoreError> {
    let (mut places, mut last) = (Vec::new(), None);
    for (key, value) in rows {
        if key.len() == Subject::LEN {
            places.extend(last.take());
            last = Some(decode::<Versions>(&value)?.last);
        } else {
            places.push(decode(&value)?);
        }
    }
    places.extend(last);
    Ok(places)
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
