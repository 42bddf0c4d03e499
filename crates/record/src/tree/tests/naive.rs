//! RFC 9162 §2.1 as it is written: recursive, over the data.

use crate::ids::Hash;
use crate::tree::{empty_root, leaf_hash, node_hash};

/// The largest power of two below `n`.
fn k(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// §2.1.1, Merkle Tree Hash.
pub(super) fn mth(data: &[Vec<u8>]) -> Hash {
    match data {
        [] => empty_root(),
        [only] => leaf_hash(only),
        more => {
            let (left, right) = more.split_at(k(more.len()));
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// §2.1.3.1, PATH(m, D).
pub(super) fn path(m: usize, data: &[Vec<u8>]) -> Vec<Hash> {
    if data.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = data.split_at(k(data.len()));
    if m < left.len() {
        [path(m, left), vec![mth(right)]].concat()
    } else {
        [path(m - left.len(), right), vec![mth(left)]].concat()
    }
}

/// §2.1.4.1, PROOF(m, D); nothing for an empty old tree, of which the RFC does not speak.
pub(super) fn proof(m: usize, data: &[Vec<u8>]) -> Vec<Hash> {
    if m == 0 { Vec::new() } else { subproof(m, data, true) }
}

/// §2.1.4.1, SUBPROOF(m, D, b).
fn subproof(m: usize, data: &[Vec<u8>], whole: bool) -> Vec<Hash> {
    if m == data.len() {
        return if whole { Vec::new() } else { vec![mth(data)] };
    }
    let (left, right) = data.split_at(k(data.len()));
    if m <= left.len() {
        [subproof(m, left, whole), vec![mth(right)]].concat()
    } else {
        [subproof(m - left.len(), right, false), vec![mth(left)]].concat()
    }
}
