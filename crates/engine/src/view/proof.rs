//! Proofs that a record of this node stands in its log (RFC 6962 §2.1.1).

use std::sync::Arc;

use record::tree::{self, Nodes, TreeError};
use record::{Hash, NodeId};

use crate::project;
use crate::staging::row;
use crate::store::{Read, StoreError, Table};

/// A log at a size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Records in the log, over all epochs.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Where a record stands in the log, and the proof of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// Its leaf, from 0. The leaf's data are the 32 bytes of the record's id.
    pub index: u64,
    /// The log that the proof is for: as it is now.
    pub head: Head,
    /// The siblings from the leaf up.
    pub path: Vec<Hash>,
}

/// Proves that the record `(epoch, seq)` of `me`, this node, stands in its log. `None` when the
/// log has no such record.
///
/// # Errors
/// When index or tree can't be read.
pub fn prove(
    reader: &Arc<dyn Read>,
    me: NodeId,
    epoch: u32,
    seq: u64,
) -> Result<Option<Proof>, StoreError> {
    if project::position_of(reader, me, epoch, seq)?.is_none() {
        return Ok(None);
    }
    // The log only grows, so a size read once stays provable whatever is appended meanwhile.
    let size: u64 = row(reader, Table::Meta, b"size")?.unwrap_or(0);
    let Some(index) = project::leaf_of(reader, epoch, seq)?.filter(|index| *index < size) else {
        return Ok(None);
    };
    let root = root_at(reader, size)?;
    let path = path(reader, index, size)?;
    Ok(Some(Proof { index, head: Head { size, root }, path }))
}

/// The root of this node's log when it had so many records.
pub(crate) fn root_at(reader: &Arc<dyn Read>, size: u64) -> Result<Hash, StoreError> {
    tree::root_at(&Stored(reader.as_ref()), size).map_err(unreadable)
}

/// The siblings of a leaf of this node's log, from the leaf up, when it had so many records.
pub(crate) fn path(reader: &Arc<dyn Read>, index: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
    tree::inclusion_proof(&Stored(reader.as_ref()), index, size).map_err(unreadable)
}

/// The proof that this node's log only grew from one size to another.
pub(crate) fn only_grew(
    reader: &Arc<dyn Read>,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, StoreError> {
    tree::consistency_proof(&Stored(reader.as_ref()), old, new).map_err(unreadable)
}

pub(super) struct Stored<'a>(pub(super) &'a dyn Read);

impl Nodes for Stored<'_> {
    type Error = StoreError;

    fn node(&self, position: u64) -> Result<Hash, StoreError> {
        self.0.tree_node(position)
    }
}

pub(super) fn unreadable(error: TreeError<StoreError>) -> StoreError {
    match error {
        TreeError::Node { source, .. } => source,
        TreeError::TooLarge { .. } | TreeError::Beyond { .. } => {
            StoreError::Index { what: error.to_string() }
        }
    }
}
