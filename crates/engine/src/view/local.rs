//! What concerns this node alone: accounts, tokens, its own people's names, receipts, and what
//! was received but not applied.

use std::sync::Arc;

use governance::act::Origin;
use governance::case::CaseId;
use governance::field;
use record::{Disclosure, PublicKey, Record, Subject};

use super::damaged;
use crate::command::{MAX_PROPOSALS, Once, Receipt};
use crate::exchange::ROTATION;
use crate::note::{
    Account, DoneRow, FactorRow, Invitation, KeyRow, Proposed, Quarantined, Rotation, SavedView,
    Token,
};
use crate::project::{self, Whose};
use crate::staging::{Lookup, decode, row};
use crate::store::{Position, Read, StoreError, Table};

/// The old key's word for the one that is to follow, while this node changes its key.
///
/// # Errors
/// When the index can't be read.
pub fn endorsement(view: &impl Lookup) -> Result<Option<Vec<u8>>, StoreError> {
    let rotation: Option<Rotation> = row(view, Table::Meta, ROTATION)?;
    Ok(rotation.map(|rotation| rotation.endorsement.into_vec()))
}

/// A member of staff as the roster's last record about them has it. Personal: not printable.
#[derive(Clone, PartialEq, Eq)]
pub struct Staff {
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
}

/// A person's name and telephone number, from the last record that registered them.
///
/// # Errors
/// When index or journal can't be read.
pub fn staff(
    view: &impl Lookup,
    whose: Whose,
    person: Subject,
) -> Result<Option<Staff>, StoreError> {
    let found = view.value(Table::Meta, &project::person_key(person))?;
    let Some(at) = found.as_deref().and_then(Position::from_bytes) else { return Ok(None) };
    let readable = project::read(whose, at, &*view.frame_at(at)?)?;
    if readable.record.subject != person {
        return Err(damaged("the index points at another person: rebuild it"));
    }
    let read = |id| readable.fields.get::<String>(id);
    let unreadable = |_| damaged("a person's record can't be read");
    let name = read(field::PERSON_NAME).map_err(unreadable)?.unwrap_or_default();
    let phone = read(field::PERSON_PHONE).map_err(unreadable)?;
    Ok(Some(Staff { name, phone }))
}

/// An account by its login name.
///
/// # Errors
/// When the index can't be read.
pub fn account(reader: &Arc<dyn Read>, name: &str) -> Result<Option<Account>, StoreError> {
    row(reader, Table::Account, name.as_bytes())
}

/// Accounts by name, strictly after one where given.
///
/// # Errors
/// When the index can't be read.
pub fn accounts(
    reader: &Arc<dyn Read>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Account>, StoreError> {
    let after = after.map(str::as_bytes);
    let found = Read::scan(reader.as_ref(), Table::Account, &[], after, limit)?;
    found.iter().map(|(_, value)| decode(value)).collect()
}

/// An account's second factor, without its secret.
///
/// # Errors
/// When the index can't be read.
pub fn factor(reader: &Arc<dyn Read>, account: &str) -> Result<Option<FactorRow>, StoreError> {
    row(reader, Table::Factor, account.as_bytes())
}

/// A person's key, enrolled or revoked.
///
/// # Errors
/// When the index can't be read.
pub fn person_key(reader: &Arc<dyn Read>, key: &PublicKey) -> Result<Option<KeyRow>, StoreError> {
    row(reader, Table::PersonKey, &project::key_key(key))
}

/// A person's keys, revoked ones too.
///
/// # Errors
/// When the index can't be read.
pub fn keys_of(
    reader: &Arc<dyn Read>,
    person: Subject,
) -> Result<Vec<(PublicKey, KeyRow)>, StoreError> {
    project::keys_of(reader, person)
}

/// What its person calls the device of a key; `None` once they are erased.
///
/// # Errors
/// When index or journal can't be read.
pub fn key_label(
    reader: &Arc<dyn Read>,
    whose: Whose,
    known: &KeyRow,
) -> Result<Option<String>, StoreError> {
    let at = project::position_of(reader, whose.me, known.epoch, known.seq)?;
    let Some(at) = at else { return Ok(None) };
    let fields = project::read(whose, at, &reader.frame(at)?)?.fields;
    fields.get(field::KEY_LABEL).map_err(|_| damaged("a key's record can't be read"))
}

/// The record by which a key was enrolled: the node's signed word that it is its person's.
///
/// # Errors
/// When index or journal can't be read.
pub fn key_record(
    reader: &Arc<dyn Read>,
    whose: Whose,
    known: &KeyRow,
) -> Result<Option<(Record, Disclosure)>, StoreError> {
    let at = project::position_of(reader, whose.me, known.epoch, known.seq)?;
    let Some(at) = at else { return Ok(None) };
    let frame = reader.frame(at)?;
    let record = project::read(whose, at, &frame)?.record;
    let key = frame.open.iter().find(|open| open.field == field::PERSON_KEY).cloned();
    Ok(key.map(|key| (record, key)))
}

/// The views of the list of cases that an account keeps.
///
/// # Errors
/// When index or journal can't be read.
pub fn saved_views(reader: &Arc<dyn Read>, account: &str) -> Result<Vec<SavedView>, StoreError> {
    let found = reader.get(Table::Meta, &project::views_key(account))?;
    let Some(at) = found else { return Ok(Vec::new()) };
    let at = Position::from_bytes(&at).ok_or_else(|| damaged("an account's views"))?;
    project::saved_views(reader, at)
}

/// What waits for a second person, lapsed or not.
///
/// # Errors
/// When the index can't be read.
pub fn proposals(reader: &Arc<dyn Read>) -> Result<Vec<Proposed>, StoreError> {
    let found = Read::scan(reader.as_ref(), Table::Proposal, &[], None, MAX_PROPOSALS)?;
    found.iter().map(|(_, value)| decode(value)).collect()
}

/// What the secret with this blake3 hash stands for, ended or not.
///
/// # Errors
/// When the index can't be read.
pub fn token(reader: &Arc<dyn Read>, hash: &[u8; 32]) -> Result<Option<Token>, StoreError> {
    row(reader, Table::Token, hash)
}

/// An account's sessions and tokens, ended ones not, with the hashes of their secrets.
///
/// # Errors
/// When the index can't be read.
pub fn tokens_of(
    reader: &Arc<dyn Read>,
    account: &str,
) -> Result<Vec<([u8; 32], Token)>, StoreError> {
    let mut found = Vec::new();
    for held in project::held(reader, account)? {
        let hash = held.hash.as_slice().try_into().map_err(|_| damaged("a token's key"))?;
        // Ended between the two looks: then it is not there.
        if let Some(token) = token(reader, &hash)? {
            found.push((hash, token));
        }
    }
    Ok(found)
}

/// What is known of a request by its idempotency key.
pub enum Repeat {
    /// Nothing: it is new, or was forgotten; see [`crate::command::REMEMBERED`].
    New,
    /// This very request was carried out; it only gets the same receipt again.
    Same(Box<Receipt>),
    /// The key was used for another request.
    Other,
}

/// Looks for a request that was carried out before.
///
/// # Errors
/// When index or journal can't be read.
pub fn repeat(view: &impl Lookup, whose: Whose, once: &Once) -> Result<Repeat, StoreError> {
    let Some(row) = row::<DoneRow>(view, Table::Idempotency, &once.key)? else {
        return Ok(Repeat::New);
    };
    if row.digest.as_slice() != once.digest {
        return Ok(Repeat::Other);
    }
    // With what was erased goes that it was asked for.
    if view.frame_at(row.frame)?.note.is_empty() {
        return Ok(Repeat::New);
    }
    let receipt = project::receipt(view, whose, row.frame)?;
    Ok(Repeat::Same(Box::new(receipt)))
}

/// What the invitation whose secret has this blake3 hash offers; `None` once used or withdrawn.
///
/// # Errors
/// When the index can't be read.
pub fn invitation(
    reader: &Arc<dyn Read>,
    hash: &[u8; 32],
) -> Result<Option<Invitation>, StoreError> {
    row(reader, Table::Invitation, hash)
}

/// Invitations that nobody has used, with the hashes of their secrets, strictly after one where
/// given.
///
/// # Errors
/// When the index can't be read.
pub fn invitations(
    reader: &Arc<dyn Read>,
    after: Option<&[u8; 32]>,
    limit: usize,
) -> Result<Vec<([u8; 32], Invitation)>, StoreError> {
    let after = after.map(<[u8; 32]>::as_slice);
    let found = Read::scan(reader.as_ref(), Table::Invitation, &[], after, limit)?;
    found
        .into_iter()
        .map(|(key, value)| {
            let hash = key.try_into().map_err(|_| damaged("an invitation's key"))?;
            Ok((hash, decode(&value)?))
        })
        .collect()
}

/// The case that a reporter's receipt is for; see [`crate::code::reporter`].
///
/// # Errors
/// When the index can't be read.
pub fn reported(reader: &Arc<dyn Read>, reporter: Subject) -> Result<Option<CaseId>, StoreError> {
    let found = reader.get(Table::Receipt, &project::receipt_hash(reporter))?;
    let id = found.map(|id| id.try_into().map_err(|_| damaged("a receipt's row"))).transpose()?;
    Ok(id.map(Subject::from_bytes))
}

/// The case of a report that another system had first.
///
/// # Errors
/// When the index can't be read.
pub fn imported(reader: &Arc<dyn Read>, origin: &Origin) -> Result<Option<CaseId>, StoreError> {
    let key = project::origin_key(&origin.source, &origin.number);
    let found = reader.get(Table::Origin, &key)?;
    let id = found.map(|id| id.try_into().map_err(|_| damaged("an imported report's row")));
    Ok(id.transpose()?.map(Subject::from_bytes))
}

/// Stream entries received but not applied, newest first, strictly before a position where given.
///
/// # Errors
/// When the index can't be read.
pub fn quarantined(
    reader: &Arc<dyn Read>,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<(Position, Quarantined)>, StoreError> {
    let before = before.map(Position::to_bytes);
    let before = before.as_ref().map(<[u8; 8]>::as_slice);
    let found = Read::scan_back(reader.as_ref(), Table::Quarantine, &[], before, limit)?;
    found
        .into_iter()
        .map(|(key, value)| {
            let at = Position::from_bytes(&key).ok_or_else(|| damaged("a quarantine's key"))?;
            Ok((at, decode(&value)?))
        })
        .collect()
}
