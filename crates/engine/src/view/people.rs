//! Reading people's papers, registrations and notes.

use std::sync::Arc;

use governance::case::CaseId;
use governance::field;
use governance::growth::Growth;
use governance::member::{Member, Registration};
use governance::roster::Agreement;
use record::{FieldId, Fields, Record, RecordId, Subject, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{PAGE, damaged};
use crate::project::{
    self, Paper, Registered, Whose, Written, appointment_key, growth_key, note_key, notes_prefix,
    paper_key, raised_key,
};
use crate::staging::{decode, row};
use crate::store::{Position, Read, StoreError, Table};

/// An appointment on paper. Personal: not printable.
pub struct Papers {
    /// Whose.
    pub person: Subject,
    /// Which of the person's appointments.
    pub ordinal: usize,
    /// The record that made it.
    pub record: Record,
    /// The agreement, where there is one.
    pub agreement: Option<Agreement>,
}

/// A registration with its words. Personal: not printable.
pub struct MemberShown {
    /// In codes and times.
    pub registration: Registration,
    /// Who.
    pub member: Member,
    /// The posts' names, in the order of the registration's posts.
    pub posts: Vec<String>,
}

/// A note with its words. Personal: not printable.
pub struct NoteShown {
    /// Which.
    pub id: Subject,
    /// In codes and times.
    pub note: governance::diary::Note,
    /// Its words.
    pub text: String,
}

/// The papers of the appointment that a record made.
///
/// # Errors
/// When index or journal can't be read.
pub fn papers(
    reader: &Arc<dyn Read>,
    whose: Whose,
    record: RecordId,
) -> Result<Option<Papers>, StoreError> {
    let found: Option<Paper> = row(reader, Table::Paper, &paper_key(record))?;
    let Some(Paper { person, ordinal, frame }) = found else { return Ok(None) };
    let (record, fields) = read(reader, whose, frame)?;
    let number: Option<String> = get(&fields, field::AGREEMENT_NUMBER)?;
    let text = get(&fields, field::AGREEMENT_TEXT)?;
    let agreement = number.map(|number| Agreement { number, text });
    Ok(Some(Papers { person, ordinal: usize::from(ordinal), record, agreement }))
}

/// The records of a person's appointments, in the order in which they were made.
///
/// # Errors
/// When the index can't be read.
pub fn papers_of(reader: &Arc<dyn Read>, person: Subject) -> Result<Vec<RecordId>, StoreError> {
    let prefix = appointment_key(person, None);
    let found = Read::scan(reader.as_ref(), Table::Paper, &prefix, None, PAGE)?;
    let record = |value: &Vec<u8>| RecordId::try_from(value.as_slice());
    let found = found.iter().map(|(_, value)| record(value));
    found.collect::<Result<_, _>>().map_err(|_| damaged("a row of appointments"))
}

/// A person's growth file in the order in which it was written, with each entry's record and the
/// moment of writing.
///
/// # Errors
/// When index or journal can't be read.
pub fn growth(
    reader: &Arc<dyn Read>,
    whose: Whose,
    person: Subject,
) -> Result<Vec<(RecordId, Timestamp, Growth)>, StoreError> {
    let prefix = growth_key(person, None);
    let found = Read::scan(reader.as_ref(), Table::Paper, &prefix, None, PAGE)?;
    let entry = |key: &Vec<u8>| {
        let frame = Position::from_bytes(&key[prefix.len()..]);
        let frame = frame.ok_or_else(|| damaged("a key of growth files"))?;
        let (record, fields) = read(reader, whose, frame)?;
        // An entry without words was erased.
        let entry = get(&fields, field::GROWTH_ENTRY)?;
        Ok(entry.map(|entry| (record.id(), record.time, entry)))
    };
    found.iter().filter_map(|(key, _)| entry(key).transpose()).collect()
}

/// A registration.
///
/// # Errors
/// When index or journal can't be read.
pub fn member(
    reader: &Arc<dyn Read>,
    whose: Whose,
    id: Subject,
) -> Result<Option<MemberShown>, StoreError> {
    let known: Option<Registered> = row(reader, Table::Registration, id.as_bytes())?;
    let Some(known) = known else { return Ok(None) };
    let (_, fields) = read(reader, whose, known.frame)?;
    let member = Member {
        name: get(&fields, field::MEMBER_NAME)?.unwrap_or_default(),
        phone: get(&fields, field::MEMBER_PHONE)?.unwrap_or_default(),
        unit: get(&fields, field::MEMBER_UNIT)?,
    };
    let name = |post: Subject| {
        let Some(frame) = known.posts.get(&post) else { return Ok(String::new()) };
        let (_, fields) = read(reader, whose, *frame)?;
        Ok(get(&fields, field::POST_NAME)?.unwrap_or_default())
    };
    let posts = known.registration.posts.iter().map(|post| name(post.id));
    let posts = posts.collect::<Result<_, StoreError>>()?;
    Ok(Some(MemberShown { registration: known.registration, member, posts }))
}

/// Registrations by id, strictly after one where given, withdrawn ones too; in codes and times.
///
/// # Errors
/// When the index can't be read.
pub fn registrations(
    reader: &Arc<dyn Read>,
    after: Option<Subject>,
    limit: usize,
) -> Result<Vec<(Subject, Registration)>, StoreError> {
    let after = after.as_ref().map(|id| id.as_bytes().as_slice());
    let found = Read::scan(reader.as_ref(), Table::Registration, &[], after, limit)?;
    let registration = |(key, value): (Vec<u8>, Vec<u8>)| {
        let id = key.try_into().map_err(|_| damaged("a registration's key"))?;
        Ok((Subject::from_bytes(id), decode::<Registered>(&value)?.registration))
    };
    found.into_iter().map(registration).collect()
}

/// A note in codes and times.
///
/// # Errors
/// When the index can't be read.
pub fn note(
    reader: &Arc<dyn Read>,
    id: Subject,
) -> Result<Option<governance::diary::Note>, StoreError> {
    let known: Option<Written> = row(reader, Table::Notebook, &note_key(id))?;
    Ok(known.map(|written| written.note))
}

/// A note with its words.
///
/// # Errors
/// When index or journal can't be read.
pub fn note_text(
    reader: &Arc<dyn Read>,
    whose: Whose,
    id: Subject,
) -> Result<Option<NoteShown>, StoreError> {
    let known: Option<Written> = row(reader, Table::Notebook, &note_key(id))?;
    let Some(Written { note, frame }) = known else { return Ok(None) };
    let (_, fields) = read(reader, whose, frame)?;
    let text = get(&fields, field::DIARY_TEXT)?.unwrap_or_default();
    Ok(Some(NoteShown { id, note, text }))
}

/// Notes of an author, or of everybody, newest day first, strictly before a key where given; each
/// with its key.
///
/// # Errors
/// When the index can't be read.
pub fn notes(
    reader: &Arc<dyn Read>,
    author: Option<Subject>,
    before: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<(Vec<u8>, Subject)>, StoreError> {
    let prefix = notes_prefix(author);
    let found = Read::scan_back(reader.as_ref(), Table::Notebook, &prefix, before, limit)?;
    let id = |key: &[u8]| {
        let id = key[key.len().saturating_sub(16)..].try_into();
        id.map(Subject::from_bytes).map_err(|_| damaged("a note's key"))
    };
    found.into_iter().map(|(key, _)| id(&key).map(|id| (key, id))).collect()
}

/// The note that a case came from.
///
/// # Errors
/// When the index can't be read.
pub fn note_of(reader: &Arc<dyn Read>, case: CaseId) -> Result<Option<Subject>, StoreError> {
    let found = reader.get(Table::Notebook, &raised_key(case))?;
    let id = found.map(|id| id.try_into().map_err(|_| damaged("a case's note")));
    Ok(id.transpose()?.map(Subject::from_bytes))
}

fn read(
    reader: &Arc<dyn Read>,
    whose: Whose,
    frame: Position,
) -> Result<(Record, Fields), StoreError> {
    let readable = project::read(whose, frame, &reader.frame(frame)?)?;
    Ok((readable.record, readable.fields))
}

fn get<T: DeserializeOwned + Serialize>(
    fields: &Fields,
    id: FieldId,
) -> Result<Option<T>, StoreError> {
    fields.get(id).map_err(|_| damaged("a field that can't be read"))
}
