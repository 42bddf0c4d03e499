mod hostile;
mod naive;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;

use self::naive::{mth, path, proof as proof_of};
use super::layout::subtrees;
use super::*;

/// A tree over the leaf data `0, 1, 2, …`, with its nodes as a store would hold them.
struct Grown {
    data: Vec<Vec<u8>>,
    nodes: Vec<Hash>,
    frontier: Frontier,
}

fn datum(index: u64) -> Vec<u8> {
    index.to_be_bytes().to_vec()
}

fn grow(size: u64) -> Grown {
    let mut grown = Grown { data: Vec::new(), nodes: Vec::new(), frontier: Frontier::new() };
    for index in 0..size {
        grown.data.push(datum(index));
        for (position, node) in grown.frontier.append(leaf_hash(&datum(index))) {
            assert_eq!(position, grown.nodes.len() as u64, "nodes are appended without gaps");
            grown.nodes.push(node);
        }
    }
    grown
}

fn size_of(data: &[Vec<u8>]) -> u64 {
    data.len() as u64
}

/// Counts how many nodes a proof reads.
struct Counting<'a> {
    nodes: &'a [Hash],
    reads: std::cell::Cell<u32>,
}

impl Nodes for Counting<'_> {
    type Error = NoNode;

    fn node(&self, position: u64) -> Result<Hash, NoNode> {
        self.reads.set(self.reads.get() + 1);
        self.nodes.node(position)
    }
}

#[test]
fn roots_of_all_small_sizes_are_the_rfcs() {
    let grown = grow(130);
    for size in 0..=130 {
        let expected = mth(&grown.data[..size as usize]);
        assert_eq!(root_at(&grown.nodes[..], size), Ok(expected), "{size}");
        assert_eq!(Frontier::at(&grown.nodes[..], size).unwrap().root(), expected);
    }
    assert_eq!(grown.frontier.root(), mth(&grown.data));
    assert_eq!(Frontier::at(&grown.nodes[..], 130), Ok(grown.frontier));
}

#[test]
fn inclusion_proofs_of_all_small_sizes_are_the_rfcs_and_hold() {
    let grown = grow(64);
    for size in 1..=64_u64 {
        let data = &grown.data[..size as usize];
        let root = mth(data);
        for index in 0..size {
            let proof = inclusion_proof(&grown.nodes[..], index, size).unwrap();
            assert_eq!(proof, path(index as usize, data), "{index} in {size}");
            let leaf = leaf_hash(&datum(index));
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
        }
    }
}

#[test]
fn consistency_proofs_of_all_small_sizes_are_the_rfcs_and_hold() {
    let grown = grow(64);
    for new in 0..=64_u64 {
        let data = &grown.data[..new as usize];
        let new_root = mth(data);
        for old in 0..=new {
            let proof = consistency_proof(&grown.nodes[..], old, new).unwrap();
            assert_eq!(proof, proof_of(old as usize, data), "{old} in {new}");
            let old_root = mth(&data[..old as usize]);
            assert_eq!(verify_consistency(old, &old_root, new, &new_root, &proof), Ok(()));
        }
    }
}

#[test]
fn an_independent_implementation_agrees() {
    let hash = |output: &[u8]| Hash::try_from(output).unwrap();
    let hashes = |proof: &[u8]| proof.chunks_exact(32).map(hash).collect::<Vec<_>>();
    let mut theirs = MemoryBackedTree::<blake3::Hasher, Vec<u8>>::new();
    let ours = grow(100);
    for size in 1..=100_u64 {
        theirs.push(datum(size - 1));
        let root = hash(theirs.root().as_bytes());
        assert_eq!(root_at(&ours.nodes[..], size), Ok(root));
        for index in 0..size {
            let theirs = hashes(theirs.prove_inclusion(index as usize).as_bytes());
            assert_eq!(inclusion_proof(&ours.nodes[..], index, size), Ok(theirs));
        }
        for added in 1..size {
            let theirs = hashes(theirs.prove_consistency(added as usize).as_bytes());
            assert_eq!(consistency_proof(&ours.nodes[..], size - added, size), Ok(theirs));
        }
    }
}

#[test]
fn every_complete_subtree_lies_where_the_layout_says() {
    let grown = grow(64);
    let mut seen = vec![false; grown.nodes.len()];
    for level in 0..=6 {
        for index in 0..64_u64 >> level {
            let position = position_of(level, index).unwrap() as usize;
            let leaves = (index << level) as usize..((index + 1) << level) as usize;
            assert_eq!(grown.nodes[position], mth(&grown.data[leaves]), "{level}/{index}");
            assert!(!std::mem::replace(&mut seen[position], true), "two nodes in one place");
        }
    }
    assert!(seen.into_iter().all(|seen| seen), "no place is left over");
    assert_eq!(node_count(64), grown.nodes.len() as u64);
}

#[test]
fn positions_reach_the_largest_tree_and_no_further() {
    assert_eq!(position_of(62, 0), Some(node_count(MAX_SIZE) - 1));
    assert_eq!(position_of(0, MAX_SIZE - 1), Some(node_count(MAX_SIZE - 1)));
    for (level, index) in [(62, 1), (63, 0), (64, 0), (u32::MAX, 0), (0, MAX_SIZE), (0, u64::MAX)] {
        assert_eq!(position_of(level, index), None, "{level}/{index}");
    }
    assert_eq!(subtrees(0, MAX_SIZE).collect::<Vec<_>>(), [(62, 0)]);
}

#[test]
fn what_cannot_be_proved_is_refused_by_name() {
    let grown = grow(5);
    let nodes = &grown.nodes[..];
    let beyond = TreeError::Beyond { index: 5, size: 5 };
    assert_eq!(inclusion_proof(nodes, 5, 5), Err(beyond));
    let beyond = TreeError::Beyond { index: 6, size: 5 };
    assert_eq!(consistency_proof(nodes, 6, 5), Err(beyond));
    let size = MAX_SIZE + 1;
    assert_eq!(root_at(nodes, size), Err(TreeError::TooLarge { size }));
    // The file ends with leaf 4, its eighth node; the pair of leaves 4 and 5 would be the tenth.
    assert_eq!(root_at(nodes, 6), Err(TreeError::Node { position: 9, source: NoNode(9) }));
}

#[test]
fn proofs_and_roots_read_few_nodes() {
    let grown = grow(1 << 12);
    let nodes = Counting { nodes: &grown.nodes, reads: 0.into() };
    for size in [4095, 4096, 2731] {
        for index in [0, size / 2, size - 1] {
            inclusion_proof(&nodes, index, size).unwrap();
            consistency_proof(&nodes, index + 1, size).unwrap();
        }
    }
    // 18 proofs over 12 levels. A sibling on the right edge is folded from its peaks.
    assert!(nodes.reads.get() < 18 * 2 * 12, "{}", nodes.reads.get());
}

#[test]
fn a_stored_frontier_is_checked() {
    let frontier = grow(11).frontier;
    let bytes = crate::cbor::encode(&frontier).unwrap();
    let limits = crate::cbor::Limits::of_bytes(4096);
    assert_eq!(crate::cbor::decode(&bytes, &limits), Ok(frontier));
    let peak = Hash::ZERO;
    let one_too_few = r#"{"size":1,"peaks":[]}"#.to_owned();
    let too_large = format!(r#"{{"size":{},"peaks":["{peak}"]}}"#, MAX_SIZE * 2);
    let fits = format!(r#"{{"size":{MAX_SIZE},"peaks":["{peak}"]}}"#);
    assert!(serde_json::from_str::<Frontier>(&fits).is_ok());
    for json in [&one_too_few, &too_large] {
        assert!(serde_json::from_str::<Frontier>(json).is_err());
    }
}

#[test]
fn leaves_and_nodes_are_told_apart() {
    let (left, right) = (leaf_hash(b"a"), leaf_hash(b"b"));
    let joined = [left.as_bytes(), right.as_bytes().as_slice()].concat();
    assert_ne!(leaf_hash(&joined), node_hash(&left, &right));
    assert_eq!(leaf_hash(b"a"), Hash::of(b"\0a"));
    assert_eq!(empty_root(), Hash::of(b""));
}

fn sizes(limit: u64) -> impl Strategy<Value = (u64, u64)> {
    (1..limit).prop_flat_map(|size| (0..size, Just(size)))
}

proptest! {
    #[test]
    fn larger_trees_agree_with_the_naive_definition((index, size) in sizes(1500)) {
        let grown = grow(size);
        let nodes = &grown.nodes[..];
        let proof = inclusion_proof(nodes, index, size).unwrap();
        prop_assert_eq!(proof, path(index as usize, &grown.data));
        let proof = consistency_proof(nodes, index, size).unwrap();
        prop_assert_eq!(proof, proof_of(index as usize, &grown.data));
        prop_assert_eq!(grown.frontier.root(), mth(&grown.data));
    }

    #[test]
    fn positions_are_where_appending_puts_them(index in 0..MAX_SIZE) {
        // The leaf after `index` leaves comes after all their nodes.
        prop_assert_eq!(position_of(0, index), Some(node_count(index)));
        let level = index.trailing_ones();
        let completed = position_of(level, index >> level);
        prop_assert_eq!(completed, Some(node_count(index + 1) - 1));
    }
}
