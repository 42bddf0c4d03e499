//! The log tree: RFC 6962 §2.1 (RFC 9162 §2.1) over blake3.
//!
//! Leaves hash as `0x00 ‖ data`, inner nodes as `0x01 ‖ left ‖ right`, the empty tree as nothing.
//! Complete subtrees are kept in post-order: every node right after its children. So a leaf only
//! ever appends, first itself, then the subtrees that it completes, and a node once written never
//! changes. See [`position_of`].

mod frontier;
mod layout;
mod proof;
mod verify;

pub use frontier::Frontier;
pub use layout::{node_count, position_of};
pub use proof::{TreeError, consistency_proof, inclusion_proof, root_at};
pub use verify::{ProofError, verify_consistency, verify_inclusion};

use crate::ids::Hash;

/// The most leaves a tree may have. Positions and sizes stay far from overflow.
pub const MAX_SIZE: u64 = 1 << 62;

/// The most hashes that any proof has.
pub const MAX_PROOF: usize = 64;

/// Where the nodes are kept: an append-only list of hashes in post-order.
pub trait Nodes {
    /// Why a node can't be read.
    type Error;

    /// The node at `position`, counted from 0.
    ///
    /// # Errors
    /// The store's own; also when there is no such node.
    fn node(&self, position: u64) -> Result<Hash, Self::Error>;
}

impl<N: Nodes + ?Sized> Nodes for &N {
    type Error = N::Error;

    fn node(&self, position: u64) -> Result<Hash, N::Error> {
        (**self).node(position)
    }
}

/// There is no node at this position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no node at position {0}")]
pub struct NoNode(pub u64);

/// Nodes in memory.
impl Nodes for [Hash] {
    type Error = NoNode;

    fn node(&self, position: u64) -> Result<Hash, NoNode> {
        let index = usize::try_from(position).map_err(|_| NoNode(position))?;
        self.get(index).copied().ok_or(NoNode(position))
    }
}

/// The hash of a leaf: blake3 of `0x00 ‖ data`.
pub fn leaf_hash(data: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[0]).update(data);
    Hash::from_bytes(*hasher.finalize().as_bytes())
}

/// The hash of an inner node: blake3 of `0x01 ‖ left ‖ right`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    Hash::of(&bytes)
}

/// The root of the tree without leaves: blake3 of nothing.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// The root over complete subtrees, largest first: each takes everything to its right as its
/// sibling (RFC 6962 §2.1).
fn fold(peaks: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    peaks.rev().reduce(|right, left| node_hash(&left, &right))
}

#[cfg(test)]
mod tests;
