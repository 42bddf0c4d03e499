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
    let mut index = seq;
    for earlier in 0..epoch {
        index += records_in(reader, me, earlier)?;
    }
    // The log only grows, so a size read once stays provable whatever is appended meanwhile.
    let size: u64 = row(reader, Table::Meta, b"size")?.unwrap_or(0);
    if index >= size {
        return Ok(None);
    }
    let nodes = Stored(reader.as_ref());
    let root = tree::root_at(&nodes, size).map_err(unreadable)?;
    let path = tree::inclusion_proof(&nodes, index, size).map_err(unreadable)?;
    Ok(Some(Proof { index, head: Head { size, root }, path }))
}

/// How many records an epoch of the log has.
fn records_in(reader: &Arc<dyn Read>, me: NodeId, epoch: u32) -> Result<u64, StoreError> {
    let prefix = [me.as_bytes().as_slice(), &epoch.to_be_bytes()].concat();
    let last = Read::scan_back(reader.as_ref(), Table::Log, &prefix, None, 1)?;
    let Some((key, _)) = last.first() else { return Ok(0) };
    let seq = key[prefix.len()..].try_into().map(u64::from_be_bytes);
    seq.map(|seq| seq + 1).map_err(|_| StoreError::Index { what: "a key of the log".into() })
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
