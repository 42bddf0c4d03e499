//! Where this node's records stand in the tree over its whole log. Every epoch's records follow
//! those that were left of the epochs before it.

use record::tree::MAX_SIZE;

use crate::staging::{Lookup, Staging, compact_row};
use crate::store::{StoreError, Table};

/// Row of the epochs that began: each with its first leaf.
const EPOCHS: &[u8] = b"epochs";

/// Epochs in order, each with its first leaf.
type Epochs = Vec<(u32, u64)>;

/// The leaf that a record of this node's own log is, from 0. `None` where the log has no such
/// record: it may have been lost before a later epoch began. Whether the log is that long yet is
/// for the caller to see.
///
/// # Errors
/// When the index can't be read.
pub fn leaf_of(
    view: &(impl Lookup + ?Sized),
    epoch: u32,
    seq: u64,
) -> Result<Option<u64>, StoreError> {
    let epochs = epochs(view)?;
    let Some(at) = epochs.iter().position(|(known, _)| *known == epoch) else { return Ok(None) };
    let leaf = epochs[at].1.saturating_add(seq);
    let end = epochs.get(at + 1).map_or(MAX_SIZE, |(_, start)| *start);
    Ok((leaf < end).then_some(leaf))
}

/// The epoch and number of the record that is a leaf.
///
/// # Errors
/// When the index can't be read.
pub fn place_of(
    view: &(impl Lookup + ?Sized),
    leaf: u64,
) -> Result<Option<(u32, u64)>, StoreError> {
    let epochs = epochs(view)?;
    let found = epochs.iter().rev().find(|(_, start)| *start <= leaf);
    Ok(found.map(|(epoch, start)| (*epoch, leaf - start)))
}

/// A record of this node is about to become the leaf `next`.
pub(super) fn grow(staging: &mut Staging<'_>, epoch: u32, next: u64) -> Result<(), StoreError> {
    let known = staging.log.head.map(|head| head.epoch);
    if known == Some(epoch) {
        return Ok(());
    }
    let mut epochs = epochs(staging)?;
    epochs.push((epoch, next));
    staging.put_compact(Table::Meta, EPOCHS.to_vec(), &epochs)
}

fn epochs(view: &(impl Lookup + ?Sized)) -> Result<Epochs, StoreError> {
    Ok(compact_row(view, Table::Meta, EPOCHS)?.unwrap_or_default())
}
