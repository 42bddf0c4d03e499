//! Checking proofs that somebody else made. Nothing here can panic or run long, whatever they say.

use crate::ids::Hash;
use crate::tree::{MAX_SIZE, empty_root, node_hash};

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf is beyond the tree, the old tree larger than the new one, or a size impossible.
    #[error("proof is about {index} in a log of {size} records, which can't be")]
    Sizes {
        /// The leaf's index or the old size.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// Too few or too many hashes.
    #[error("proof has {actual} hashes, which is not what its sizes need")]
    Length {
        /// How many it has.
        actual: usize,
    },
    /// The hashes don't lead to the old root.
    #[error("proof does not lead to the earlier root: the log was rewritten")]
    OldRoot,
    /// The hashes don't lead to the root.
    #[error("proof does not lead to the root")]
    Root,
}

/// Whether the leaf with this [`crate::tree::leaf_hash`] is at `index` in the tree of `size`
/// leaves with this root (RFC 9162 §2.1.3.2).
///
/// # Errors
/// [`ProofError`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size || size > MAX_SIZE {
        return Err(ProofError::Sizes { index, size });
    }
    let length = ProofError::Length { actual: proof.len() };
    let mut climb = Climb { node: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match climb.up().ok_or(length)? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    if climb.last != 0 {
        return Err(length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Whether the tree of `new_size` leaves with `new_root` begins with the tree of `old_size` leaves
/// with `old_root` (RFC 9162 §2.1.4.2). Everything begins with the empty tree, by the empty proof.
///
/// # Errors
/// [`ProofError`].
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > new_size || new_size > MAX_SIZE {
        return Err(ProofError::Sizes { index: old_size, size: new_size });
    }
    if old_size == 0 || old_size == new_size {
        return verify_trivial(old_size, old_root, new_size, new_root, proof);
    }
    let length = ProofError::Length { actual: proof.len() };
    let (first, rest) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(length)?
    };
    let mut climb = Climb { node: old_size - 1, last: new_size - 1 };
    climb.skip_right_edges();
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        match climb.up().ok_or(length)? {
            Side::Left => {
                old = node_hash(sibling, &old);
                new = node_hash(sibling, &new);
            }
            Side::Right => new = node_hash(&new, sibling),
        }
    }
    if climb.last != 0 {
        return Err(length);
    }
    if old != *old_root {
        return Err(ProofError::OldRoot);
    }
    if new == *new_root { Ok(()) } else { Err(ProofError::Root) }
}

/// From nothing, or from itself: nothing to prove but the root that is known.
fn verify_trivial(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::Length { actual: proof.len() });
    }
    if old_size == 0 && *old_root != empty_root() {
        return Err(ProofError::OldRoot);
    }
    if old_size == new_size && old_root != new_root {
        return Err(ProofError::Root);
    }
    Ok(())
}

/// Which side of its parent the next sibling is on.
enum Side {
    Left,
    Right,
}

/// A way up the tree: fn and sn of RFC 9162.
struct Climb {
    /// Index of the current node in its level.
    node: u64,
    /// Index of the level's last node.
    last: u64,
}

impl Climb {
    /// To the parent; levels where the node is last and has no sibling are passed. `None` at the
    /// root.
    fn up(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            while self.node & 1 == 0 && self.node != 0 {
                self.halve();
            }
            Side::Left
        } else {
            Side::Right
        };
        self.halve();
        Some(side)
    }

    /// To the subtree that the old tree's last leaf completes.
    fn skip_right_edges(&mut self) {
        while self.node & 1 == 1 {
            self.halve();
        }
    }

    fn halve(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }
}
