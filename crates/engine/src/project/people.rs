//! Rows of people's papers, registrations and notes: where the words are, and the codes and times
//! by which they are found. No words.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use governance::case::CaseId;
use governance::diary::Note;
use governance::field;
use governance::member::{Post, Registration};
use record::{RecordId, Subject};
use serde::{Deserialize, Serialize};

use super::roster::need;
use super::senseless;
use super::{Readable, erase};
use crate::kind;
use crate::staging::{Staging, row};
use crate::store::{Position, StoreError, Table};

/// An appointment on paper.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Paper {
    /// Whose.
    pub person: Subject,
    /// Which of the person's appointments, in the order in which they were made.
    pub ordinal: u16,
    /// The record that made it.
    pub frame: Position,
}

/// A registration with where its words are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Registered {
    /// In codes and times.
    pub registration: Registration,
    /// The record with name and number.
    pub frame: Position,
    /// The records with the posts' names.
    pub posts: BTreeMap<Subject, Position>,
}

/// A note with where its words are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Written {
    /// In codes and times.
    pub note: Note,
    /// The record with its words.
    pub frame: Position,
}

/// Key of an appointment on paper by its record.
#[must_use]
pub fn paper_key(record: RecordId) -> Vec<u8> {
    [b"a".as_slice(), record.as_bytes()].concat()
}

/// Key of the record of a person's appointment, by its ordinal; without one, their prefix.
#[must_use]
pub fn appointment_key(person: Subject, ordinal: Option<u16>) -> Vec<u8> {
    let ordinal = ordinal.map(u16::to_be_bytes);
    let ordinal = ordinal.as_ref().map_or(&[][..], |bytes| bytes.as_slice());
    [b"p".as_slice(), person.as_bytes(), ordinal].concat()
}

/// Key of an entry of a person's growth file; without a position, their prefix.
#[must_use]
pub fn growth_key(person: Subject, frame: Option<Position>) -> Vec<u8> {
    let frame = frame.map(Position::to_bytes);
    let frame = frame.as_ref().map_or(&[][..], |bytes| bytes.as_slice());
    [b"g".as_slice(), person.as_bytes(), frame].concat()
}

/// Key of a note.
#[must_use]
pub fn note_key(id: Subject) -> Vec<u8> {
    [b"n".as_slice(), id.as_bytes()].concat()
}

/// Key of the note that a case came from.
#[must_use]
pub fn raised_key(case: CaseId) -> Vec<u8> {
    [b"c".as_slice(), case.as_bytes()].concat()
}

/// Prefix of the order of an author's notes, or of everybody's, by their day.
#[must_use]
pub fn notes_prefix(author: Option<Subject>) -> Vec<u8> {
    match author {
        Some(author) => [b"o".as_slice(), author.as_bytes()].concat(),
        None => b"d".to_vec(),
    }
}

fn notes_key(author: Option<Subject>, date: NaiveDate, id: Subject) -> Vec<u8> {
    // Days since year 1, so that keys sort as days do; none is before it.
    let day = u32::try_from(date.num_days_from_ce()).unwrap_or(0).to_be_bytes();
    [notes_prefix(author).as_slice(), &day, id.as_bytes()].concat()
}

/// Rows of an appointment's paper.
pub(super) fn appointed(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
    ordinal: usize,
) -> Result<(), StoreError> {
    let (person, record) = (readable.record.subject, readable.record.id());
    let ordinal = u16::try_from(ordinal).unwrap_or(u16::MAX);
    staging.put(Table::Paper, paper_key(record), &Paper { person, ordinal, frame: at })?;
    let key = appointment_key(person, Some(ordinal));
    staging.put_bytes(Table::Paper, key, record.as_bytes().to_vec())
}

/// Rows of a growth file, a registration or a note.
pub(super) fn people(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<(), StoreError> {
    let id = readable.record.subject;
    match readable.record.kind {
        kind::GROWTH => staging.put_bytes(Table::Paper, growth_key(id, Some(at)), Vec::new()),
        kind::NOTE => note(staging, at, readable),
        kind::NOTE_RAISED => raised(staging, at, readable),
        _ => registration(staging, at, readable),
    }
}

fn registration(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<(), StoreError> {
    let (fields, time) = (&readable.fields, readable.record.time);
    let key = readable.record.subject.as_bytes().to_vec();
    if readable.record.kind == kind::MEMBER {
        let willingness = need(fields, field::WILLINGNESS, at)?;
        let registration =
            Registration { willingness, consented: time, withdrawn: None, posts: Vec::new() };
        let fresh = Registered { registration, frame: at, posts: BTreeMap::new() };
        return staging.put(Table::Registration, key, &fresh);
    }
    let known: Option<Registered> = row(staging, Table::Registration, &key)?;
    let mut known = known.ok_or_else(|| senseless(at, "a registration that never began"))?;
    match readable.record.kind {
        kind::POST_TAKEN => {
            let id = need(fields, field::POST, at)?;
            known.registration.posts.push(Post { id, from: time, until: None });
            known.posts.insert(id, at);
        }
        kind::POST_LEFT => {
            let id: Subject = need(fields, field::POST, at)?;
            for post in known.registration.posts.iter_mut().filter(|post| post.id == id) {
                post.until.get_or_insert(time);
            }
        }
        _ => {
            // Whoever takes their consent back is not named any more.
            erase::forgotten(staging, readable.record.subject)?;
            known.registration.withdrawn.get_or_insert(time);
            for post in &mut known.registration.posts {
                post.until.get_or_insert(time);
            }
        }
    }
    staging.put(Table::Registration, key, &known)
}

fn note(staging: &mut Staging<'_>, at: Position, readable: &Readable) -> Result<(), StoreError> {
    let (fields, id) = (&readable.fields, readable.record.subject);
    let note = Note {
        author: need(fields, field::PERSON, at)?,
        place: need(fields, field::PLACE, at)?,
        date: need(fields, field::DIARY_DATE, at)?,
        written: readable.record.time,
        case: None,
    };
    for author in [Some(note.author), None] {
        let key = notes_key(author, note.date, id);
        staging.put_bytes(Table::Notebook, key, Vec::new())?;
    }
    staging.put(Table::Notebook, note_key(id), &Written { note, frame: at })
}

fn raised(staging: &mut Staging<'_>, at: Position, readable: &Readable) -> Result<(), StoreError> {
    let id = readable.record.subject;
    let case: CaseId = need(&readable.fields, field::CASE, at)?;
    let known: Option<Written> = row(staging, Table::Notebook, &note_key(id))?;
    let mut known = known.ok_or_else(|| senseless(at, "a note that was never written"))?;
    known.note.case = Some(case);
    staging.put(Table::Notebook, note_key(id), &known)?;
    staging.put_bytes(Table::Notebook, raised_key(case), id.as_bytes().to_vec())
}
