//! Rows of what concerns this node alone: receipts of finished commands, sessions and tokens,
//! invitations. What runs out is removed by frames that name it ([`Note::Swept`]), so that a
//! replay, which has no clock, comes to the same rows.

use governance::certificate::Certificate;
use record::{PublicKey, Subject, Timestamp, Unverified};
use serde::Serialize;
use serde_bytes::ByteBuf;

use super::{Whose, note_of, read, senseless};
use crate::command::{MAX_SESSIONS, Receipt};
use crate::exchange::{ROTATION, STANDING};
use crate::note::{
    Done, DoneRow, Factor, FactorRow, Held, KeyRow, Note, Rotation, SavedView, Sweep, Token,
};
use crate::staging::{Lookup, Staging, row};
use crate::store::{Frame, FrameKind, Position, StoreError, Table};
use crate::wire::ChainBytes;

/// A finished command's row: where its receipt is.
pub(super) fn done(staging: &mut Staging<'_>, at: Position, done: Done) -> Result<(), StoreError> {
    let time = done.at.unwrap_or(Timestamp::EPOCH);
    let row = DoneRow { digest: done.digest, frame: at, at: time };
    staging.put(Table::Idempotency, done.key.into_vec(), &row)
}

/// The receipt in a frame, completed with the record that the frame holds.
///
/// # Errors
/// When the frame can't be read or holds no receipt.
pub fn receipt(view: &impl Lookup, whose: Whose, at: Position) -> Result<Receipt, StoreError> {
    let frame = view.frame_at(at)?;
    let Some(Note::Done(done)) = note_of(at, &frame)? else {
        return Err(senseless(at, "there is no receipt where the index has one: rebuild it"));
    };
    let record = match frame.kind {
        FrameKind::Own => Some(read(whose, at, &frame)?.record.id()),
        FrameKind::Foreign
        | FrameKind::Sent
        | FrameKind::Acknowledged
        | FrameKind::Certificate
        | FrameKind::Checkpoint
        | FrameKind::Countersigned
        | FrameKind::Local
        | FrameKind::Access
        // A command that made several records tells of one of them.
        | FrameKind::StreamHead => done.receipt.record,
    };
    Ok(Receipt { record, ..done.receipt })
}

/// Key of the list of an account's sessions and tokens.
#[must_use]
pub fn held_key(account: &str) -> Vec<u8> {
    [b"tokens".as_slice(), account.as_bytes()].concat()
}

/// An account's sessions and tokens.
///
/// # Errors
/// When the index can't be read.
pub fn held(view: &(impl Lookup + ?Sized), account: &str) -> Result<Vec<Held>, StoreError> {
    Ok(row(view, Table::Meta, &held_key(account))?.unwrap_or_default())
}

/// Key of the position of the frame that has an account's views of the list of cases.
#[must_use]
pub fn views_key(account: &str) -> Vec<u8> {
    [b"views".as_slice(), account.as_bytes()].concat()
}

/// The views in a frame.
///
/// # Errors
/// When the frame can't be read or holds none.
pub fn saved_views(view: &impl Lookup, at: Position) -> Result<Vec<SavedView>, StoreError> {
    let frame = view.frame_at(at)?;
    match note_of(at, &frame)? {
        Some(Note::Views { views, .. }) => Ok(views),
        Some(_) | None => Err(senseless(at, "there are no views where the index has some")),
    }
}

/// A session or token, and the list of its account. A session too many ends the one that runs out
/// first.
pub(super) fn token(
    staging: &mut Staging<'_>,
    hash: ByteBuf,
    token: Option<&Token>,
) -> Result<(), StoreError> {
    let Some(token) = token else { return end_token(staging, hash) };
    let mut list = held(staging, &token.account)?;
    list.retain(|known| known.hash != hash);
    let session = token.label.is_none();
    if session && list.iter().filter(|known| known.session).count() >= MAX_SESSIONS {
        let sessions = list.iter().enumerate().filter(|(_, known)| known.session);
        let first = sessions.min_by_key(|(_, known)| known.expires).map(|(index, _)| index);
        if let Some(first) = first {
            staging.remove(Table::Token, list.remove(first).hash.into_vec());
        }
    }
    list.push(Held { hash: hash.clone(), expires: token.expires, session });
    staging.put(Table::Meta, held_key(&token.account), &list)?;
    staging.put(Table::Token, hash.into_vec(), token)
}

fn end_token(staging: &mut Staging<'_>, hash: ByteBuf) -> Result<(), StoreError> {
    if let Some(known) = row::<Token>(staging, Table::Token, &hash)? {
        let mut list = held(staging, &known.account)?;
        list.retain(|known| known.hash != hash);
        let key = held_key(&known.account);
        if list.is_empty() {
            staging.remove(Table::Meta, key);
        } else {
            staging.put(Table::Meta, key, &list)?;
        }
    }
    staging.remove(Table::Token, hash.into_vec());
    Ok(())
}

/// An account's second factor: the row says where its secret lies.
pub(super) fn factor(
    staging: &mut Staging<'_>,
    at: Position,
    account: String,
    factor: Option<Factor>,
) -> Result<(), StoreError> {
    let Some(Factor { secret: _, since, step, recovery }) = factor else {
        staging.remove(Table::Factor, account.into_bytes());
        return Ok(());
    };
    let row = FactorRow { frame: at, since, step, recovery };
    staging.put(Table::Factor, account.into_bytes(), &row)
}

/// A code was used: neither it nor an earlier one counts again.
pub(super) fn factor_used(
    staging: &mut Staging<'_>,
    account: String,
    step: u64,
    recovery: Option<&ByteBuf>,
) -> Result<(), StoreError> {
    let Some(mut known) = row::<FactorRow>(staging, Table::Factor, account.as_bytes())? else {
        return Ok(());
    };
    known.step = known.step.max(step);
    known.recovery.retain(|left| Some(left) != recovery);
    staging.put(Table::Factor, account.into_bytes(), &known)
}

/// The secret in the frame of a second factor.
///
/// # Errors
/// When the frame holds none.
pub fn factor_secret(at: Position, frame: &Frame) -> Result<ByteBuf, StoreError> {
    match note_of(at, frame)? {
        Some(Note::Factor { factor: Some(factor), .. }) => Ok(factor.secret),
        _ => Err(senseless(at, "there is no secret where the index has one: rebuild it")),
    }
}

/// Key of the row of a person's public key.
#[must_use]
pub fn key_key(key: &PublicKey) -> Vec<u8> {
    [b"k".as_slice(), key.as_bytes()].concat()
}

fn keys_prefix(person: Subject) -> Vec<u8> {
    [b"p".as_slice(), person.as_bytes()].concat()
}

/// A person's key, enrolled or revoked.
pub(super) fn key(
    staging: &mut Staging<'_>,
    key: &PublicKey,
    known: &KeyRow,
) -> Result<(), StoreError> {
    let of_person = [keys_prefix(known.person).as_slice(), key.as_bytes()].concat();
    staging.put_bytes(Table::PersonKey, of_person, Vec::new())?;
    // The index lies in clear.
    let known = KeyRow { label: String::new(), ..known.clone() };
    staging.put(Table::PersonKey, key_key(key), &known)
}

/// A person's keys, revoked ones too.
///
/// # Errors
/// When the index can't be read.
pub fn keys_of(
    view: &(impl Lookup + ?Sized),
    person: Subject,
) -> Result<Vec<(PublicKey, KeyRow)>, StoreError> {
    const MOST: usize = 1_000;
    let prefix = keys_prefix(person);
    let mut found = Vec::new();
    for (at, _) in view.scan(Table::PersonKey, &prefix, None, MOST)? {
        let key = at[prefix.len()..]
            .try_into()
            .map_err(|_| StoreError::Index { what: "a key of a person: rebuild it".into() })?;
        let key = PublicKey::from_bytes(key);
        if let Some(known) = row(view, Table::PersonKey, &key_key(&key))? {
            found.push((key, known));
        }
    }
    Ok(found)
}

/// This node's own certificates; a change of its key that they complete is over.
pub(super) fn standing(staging: &mut Staging<'_>, chain: &ChainBytes) -> Result<(), StoreError> {
    let own = chain.first().map(|own| Unverified::<Certificate>::parse(own.to_vec()));
    let key = own.and_then(Result::ok).map(|own| own.peek().key);
    let rotation: Option<Rotation> = row(staging, Table::Meta, ROTATION)?;
    if rotation.is_some_and(|rotation| Some(rotation.key) == key) {
        staging.remove(Table::Meta, ROTATION.to_vec());
    }
    staging.put(Table::Meta, STANDING.to_vec(), chain)
}

/// Rows that are no more.
pub(super) fn swept(
    staging: &mut Staging<'_>,
    of: Sweep,
    keys: Vec<ByteBuf>,
) -> Result<(), StoreError> {
    for key in keys {
        match of {
            Sweep::Tokens => end_token(staging, key)?,
            Sweep::Uploads => super::photo::forgotten(staging, key.into_vec())?,
            Sweep::Receipts | Sweep::Invitations | Sweep::Proposals => {
                staging.remove(of.table(), key.into_vec())
            }
        }
    }
    Ok(())
}

pub(super) fn put_or_remove<T: Serialize>(
    staging: &mut Staging<'_>,
    table: Table,
    key: ByteBuf,
    value: Option<&T>,
) -> Result<(), StoreError> {
    match value {
        Some(value) => staging.put(table, key.into_vec(), value),
        None => {
            staging.remove(table, key.into_vec());
            Ok(())
        }
    }
}
