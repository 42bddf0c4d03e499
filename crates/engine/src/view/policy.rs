//! The versions of the policy that a node keeps, and those that the node above gave it.

use std::sync::Arc;

use governance::policy::text_of;
use record::NodeId;

use crate::project::{self, PolicyRow, Whose, given_prefix};
use crate::staging::decode;
use crate::store::{Read, StoreError, Table};

/// A version of the policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edition {
    /// `key/version`.
    pub reference: String,
    /// The node above, where it is its publication and not this node's own copy.
    pub from: Option<NodeId>,
    /// Where its text is, and when it came into force.
    pub row: PolicyRow,
}

/// Every version: this node's own first, then what `parent` published; each by reference.
///
/// # Errors
/// When the index can't be read.
pub fn policies(
    reader: &Arc<dyn Read>,
    parent: Option<NodeId>,
) -> Result<Vec<Edition>, StoreError> {
    let mut found = editions(reader, b"o", None)?;
    if let Some(parent) = parent {
        found.extend(editions(reader, &given_prefix(parent), Some(parent))?);
    }
    Ok(found)
}

fn editions(
    reader: &Arc<dyn Read>,
    prefix: &[u8],
    from: Option<NodeId>,
) -> Result<Vec<Edition>, StoreError> {
    let rows = Read::scan(reader.as_ref(), Table::Policy, prefix, None, usize::MAX)?;
    rows.into_iter()
        .map(|(key, value)| {
            let reference = String::from_utf8_lossy(key.get(prefix.len()..).unwrap_or_default());
            Ok(Edition { reference: reference.into_owned(), from, row: decode(&value)? })
        })
        .collect()
}

/// The text of a version, TOML.
///
/// # Errors
/// When index or journal can't be read.
pub fn policy_text(
    reader: &Arc<dyn Read>,
    whose: Whose,
    row: &PolicyRow,
) -> Result<String, StoreError> {
    let readable = project::read(whose, row.at, &reader.frame(row.at)?)?;
    text_of(&readable.fields).map_err(|error| StoreError::Index { what: error.to_string() })
}

/// The reference of the version that was last published to the nodes below.
///
/// # Errors
/// When the index can't be read.
pub fn published_policy(reader: &Arc<dyn Read>) -> Result<Option<String>, StoreError> {
    project::published(reader)
}
