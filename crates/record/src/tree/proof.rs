//! Making proofs, from O(log n) stored nodes.

use crate::ids::Hash;
use crate::tree::layout::{position_of, subtrees};
use crate::tree::{MAX_SIZE, Nodes, empty_root, fold};

/// Why there is no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError<E> {
    /// The tree can't be that large.
    #[error("a log tree of {size} leaves can't exist")]
    TooLarge {
        /// The size in leaves.
        size: u64,
    },
    /// The leaf, or the earlier size, is beyond the tree.
    #[error("a tree of {size} leaves has nothing at {index}")]
    Beyond {
        /// What was asked for.
        index: u64,
        /// The size in leaves.
        size: u64,
    },
    /// A node can't be read.
    #[error("log tree node {position} can't be read")]
    Node {
        /// Where it should be.
        position: u64,
        /// Why.
        source: E,
    },
}

/// The root that the tree had at `size` leaves.
///
/// # Errors
/// [`TreeError`].
pub fn root_at<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Hash, TreeError<N::Error>> {
    let size = TreeError::check_size(size)?;
    if size == 0 { Ok(empty_root()) } else { range_root(nodes, 0, size) }
}

/// The audit path of leaf `index` in the tree of `size` leaves (RFC 9162 §2.1.3.1, PATH): the
/// siblings from the leaf up.
///
/// # Errors
/// [`TreeError`].
pub fn inclusion_proof<N: Nodes + ?Sized>(
    nodes: &N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, TreeError<N::Error>> {
    let size = TreeError::check_size(size)?;
    if index >= size {
        return Err(TreeError::Beyond { index, size });
    }
    let mut siblings = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((start, middle));
            start = middle;
        }
    }
    range_roots(nodes, siblings)
}

/// The proof that the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162
/// §2.1.4.1, PROOF). Empty when `old` is 0 or `new`.
///
/// # Errors
/// [`TreeError`].
pub fn consistency_proof<N: Nodes + ?Sized>(
    nodes: &N,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, TreeError<N::Error>> {
    let new = TreeError::check_size(new)?;
    if old > new {
        return Err(TreeError::Beyond { index: old, size: new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0, new);
    // Down to the subtree that ends where the old tree did.
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    // If it is the whole old tree, the verifier has its root.
    if start != 0 {
        ranges.push((start, end));
    }
    range_roots(nodes, ranges)
}

/// The roots of `ranges`, which were found from the top down, from the bottom up.
fn range_roots<N: Nodes + ?Sized>(
    nodes: &N,
    ranges: Vec<(u64, u64)>,
) -> Result<Vec<Hash>, TreeError<N::Error>> {
    ranges.into_iter().rev().map(|(start, end)| range_root(nodes, start, end)).collect()
}

/// MTH of the leaves `start..end`, of which there is at least one.
fn range_root<N: Nodes + ?Sized>(
    nodes: &N,
    start: u64,
    end: u64,
) -> Result<Hash, TreeError<N::Error>> {
    let peaks = subtrees(start, end).map(|(level, index)| TreeError::read(nodes, level, index));
    let peaks = peaks.collect::<Result<Vec<_>, _>>()?;
    Ok(fold(peaks.into_iter()).unwrap_or_else(empty_root))
}

/// The largest power of two below `size`, which is at least 2.
const fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

impl<E> TreeError<E> {
    pub(super) fn check_size(size: u64) -> Result<u64, Self> {
        if size > MAX_SIZE { Err(Self::TooLarge { size }) } else { Ok(size) }
    }

    pub(super) fn read<N: Nodes<Error = E> + ?Sized>(
        nodes: &N,
        level: u32,
        index: u64,
    ) -> Result<Hash, Self> {
        let position = position_of(level, index).expect("sizes were checked against the maximum");
        nodes.node(position).map_err(|source| Self::Node { position, source })
    }
}
