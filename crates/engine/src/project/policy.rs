//! Rows of policies: every version that this node keeps, those that others gave it, and which one
//! is in force.

use governance::policy;
use record::{Hash, NodeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Readable, senseless};
use crate::kind;
use crate::staging::{Lookup, Staging, row};
use crate::store::{Position, StoreError, Table};

/// Longest reference: a key of 32 characters, a stroke, a version.
const MAX_REFERENCE: usize = 48;
const IN_FORCE: &[u8] = b"policy in force";
const OF_FILE: &[u8] = b"policy of file";
const PUBLISHED: &[u8] = b"policy published";

/// What the index keeps of a version of a policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRow {
    /// The frame with the text.
    pub at: Position,
    /// blake3 of the text.
    pub digest: Hash,
    /// When its record was signed.
    pub recorded: Timestamp,
    /// When it last came into force here.
    pub in_force: Option<Timestamp>,
    /// When it was last published to the nodes below.
    pub published: Option<Timestamp>,
}

/// By whom a policy came into force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The node's configuration named it.
    File,
    /// A person with the power for it.
    Officer,
    /// The node above published it, and the configuration says to follow.
    Parent,
}

/// Key of a version that this node keeps.
#[must_use]
pub fn kept_key(reference: &str) -> Vec<u8> {
    [b"o".as_slice(), reference.as_bytes()].concat()
}

/// The beginning of the keys of versions that another node gave.
#[must_use]
pub fn given_prefix(author: NodeId) -> Vec<u8> {
    [b"f".as_slice(), author.as_bytes()].concat()
}

/// Key of a version that another node gave.
#[must_use]
pub fn given_key(author: NodeId, reference: &str) -> Vec<u8> {
    [given_prefix(author).as_slice(), reference.as_bytes()].concat()
}

/// The reference of the version in force, where one was recorded.
///
/// # Errors
/// When the index can't be read.
pub fn in_force(view: &(impl Lookup + ?Sized)) -> Result<Option<String>, StoreError> {
    row(view, Table::Meta, IN_FORCE)
}

/// The reference that the configuration named when the node last recorded it.
///
/// # Errors
/// When the index can't be read.
pub fn of_file(view: &(impl Lookup + ?Sized)) -> Result<Option<String>, StoreError> {
    row(view, Table::Meta, OF_FILE)
}

/// The reference of the version that was last published to the nodes below.
///
/// # Errors
/// When the index can't be read.
pub fn published(view: &(impl Lookup + ?Sized)) -> Result<Option<String>, StoreError> {
    row(view, Table::Meta, PUBLISHED)
}

/// An own record about a policy.
pub(super) fn own(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<(), StoreError> {
    let record = &readable.record;
    let reference = reference(at, readable)?;
    let key = kept_key(&reference);
    if record.kind == kind::POLICY {
        let row = new_row(at, readable)?;
        return staging.put(Table::Policy, key, &row);
    }
    let known: Option<PolicyRow> = row(staging, Table::Policy, &key)?;
    let mut known =
        known.ok_or_else(|| senseless(at, "it names a policy that no record before it holds"))?;
    if record.kind == kind::POLICY_PUBLISHED {
        known.published = Some(record.time);
        staging.put(Table::Meta, PUBLISHED.to_vec(), &reference)?;
        return staging.put(Table::Policy, key, &known);
    }
    let source: Option<Source> = readable
        .fields
        .get(governance::field::POLICY_SOURCE)
        .map_err(|error| senseless(at, &error.to_string()))?;
    if source == Some(Source::File) {
        staging.put(Table::Meta, OF_FILE.to_vec(), &reference)?;
    }
    known.in_force = Some(record.time);
    staging.put(Table::Meta, IN_FORCE.to_vec(), &reference)?;
    staging.put(Table::Policy, key, &known)
}

/// A version that another node gave: kept under its author, and in force by an act of this node
/// alone. `Err` with the reason where the record makes no sense.
pub(super) fn given(
    staging: &mut Staging<'_>,
    at: Position,
    readable: &Readable,
) -> Result<Result<(), String>, StoreError> {
    let author = readable.record.author;
    let reference = match policy::reference_of(&readable.fields) {
        Ok(reference) if is_reference(&reference) => reference,
        Ok(_) => return Ok(Err("it names no version of a policy".into())),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let key = given_key(author, &reference);
    let row = match new_row(at, readable) {
        Ok(row) => row,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let known: Option<PolicyRow> = crate::staging::row(staging, Table::Policy, &key)?;
    match known {
        Some(known) if known.digest != row.digest => {
            Ok(Err(format!("{reference} came before with another text: ask its publisher")))
        }
        Some(_) => Ok(Ok(())),
        None => staging.put(Table::Policy, key, &row).map(Ok),
    }
}

fn is_reference(text: &str) -> bool {
    text.len() <= MAX_REFERENCE && policy::split_reference(text).is_some()
}

fn reference(at: Position, readable: &Readable) -> Result<String, StoreError> {
    policy::reference_of(&readable.fields).map_err(|error| senseless(at, &error.to_string()))
}

fn new_row(at: Position, readable: &Readable) -> Result<PolicyRow, StoreError> {
    let text =
        policy::text_of(&readable.fields).map_err(|error| senseless(at, &error.to_string()))?;
    Ok(PolicyRow {
        at,
        digest: Hash::of(text.as_bytes()),
        recorded: readable.record.time,
        in_force: None,
        published: None,
    })
}
