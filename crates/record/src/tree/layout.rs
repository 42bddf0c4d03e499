//! Where nodes lie: post-order positions.

/// Position of the complete subtree with 2^`level` leaves that starts at leaf
/// `index` × 2^`level`. Leaves are at level 0. `None` beyond [`crate::tree::MAX_SIZE`].
///
/// It is the last node appended along with its last leaf, but for the larger subtrees that the
/// same leaf completes.
pub fn position_of(level: u32, index: u64) -> Option<u64> {
    let leaves = index.checked_add(1)?.checked_mul(1_u64.checked_shl(level)?)?;
    if leaves > super::MAX_SIZE {
        return None;
    }
    let larger = u64::from(leaves.trailing_zeros() - level);
    Some(node_count(leaves) - 1 - larger)
}

/// Number of nodes that a tree of `size` leaves has in its file: 2 × size − popcount(size).
/// `size` is at most [`crate::tree::MAX_SIZE`].
pub const fn node_count(size: u64) -> u64 {
    2 * size - size.count_ones() as u64
}

/// The complete subtrees that the leaves `start..end` fall into, left to right, as (level, index).
/// They are the peaks when `start` is 0. `start` has to be a multiple of a power of two not less
/// than `end` − `start`, as all of RFC 6962's splits are.
pub(super) fn subtrees(start: u64, end: u64) -> impl DoubleEndedIterator<Item = (u32, u64)> {
    let size = end - start;
    let levels = (0..u64::BITS).rev().filter(move |level| size >> level & 1 == 1);
    levels.map(move |level| {
        // The leaves of the larger subtrees lie before this one.
        let before = if level == 63 { 0 } else { size >> (level + 1) << (level + 1) };
        (level, (start + before) >> level)
    })
}
