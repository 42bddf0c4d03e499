//! The right edge of a tree: all that is needed to append.

use serde::{Deserialize, Deserializer, Serialize};

use crate::ids::Hash;
use crate::tree::layout::subtrees;
use crate::tree::{MAX_SIZE, Nodes, TreeError, empty_root, fold, node_count, node_hash};

/// Size of the tree, and the roots of its complete subtrees.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Frontier {
    /// Number of leaves.
    size: u64,
    /// Largest first: one per 1 bit of `size`, so at most 63.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// The frontier that a tree had at `size` leaves, from its stored nodes.
    ///
    /// # Errors
    /// [`TreeError`].
    pub fn at<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Self, TreeError<N::Error>> {
        let size = TreeError::check_size(size)?;
        let peaks = subtrees(0, size).map(|(level, index)| TreeError::read(nodes, level, index));
        Ok(Self { size, peaks: peaks.collect::<Result<_, _>>()? })
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf, given by its [`crate::tree::leaf_hash`]. Returns the nodes that this
    /// completes with their positions, ascending and without gaps: the leaf first, then each
    /// subtree.
    ///
    /// # Panics
    /// At [`MAX_SIZE`] leaves.
    pub fn append(&mut self, leaf: Hash) -> Vec<(u64, Hash)> {
        assert!(self.size < MAX_SIZE, "a log never grows to 2^62 records");
        let first = node_count(self.size);
        let mut completed = vec![(first, leaf)];
        let mut node = leaf;
        // Each trailing 1 bit of the old size is a peak as large as what was just completed.
        for position in (first + 1..).take(self.size.trailing_ones() as usize) {
            let left = self.peaks.pop().expect("every 1 bit of the size has its peak");
            node = node_hash(&left, &node);
            completed.push((position, node));
        }
        self.peaks.push(node);
        self.size += 1;
        completed
    }

    /// The tree's root (RFC 6962 §2.1, MTH).
    pub fn root(&self) -> Hash {
        fold(self.peaks.iter().copied()).unwrap_or_else(empty_root)
    }
}

/// Refuses a number of peaks that doesn't fit the size.
impl<'de> Deserialize<'de> for Frontier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Stored {
            size: u64,
            peaks: Vec<Hash>,
        }
        let Stored { size, peaks } = Stored::deserialize(deserializer)?;
        if size > MAX_SIZE || peaks.len() != size.count_ones() as usize {
            return Err(serde::de::Error::custom("a frontier's peaks do not fit its size"));
        }
        Ok(Self { size, peaks })
    }
}
