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

/// Sizes are not part of a root, so the number of hashes has to tell that they are wrong.
#[test]
fn a_proof_that_leads_to_the_root_by_too_few_or_too_many_steps_is_refused() {
    let grown = grow(4);
    let root = |size: u64| mth(&grown.data[..size as usize]);
    let leaf = leaf_hash(&datum(1));
    let proof = inclusion_proof(&grown.nodes[..], 1, 2).unwrap();
    let length = Err(ProofError::Length { actual: 1 });
    assert_eq!(verify_inclusion(&leaf, 1, 2, &proof, &root(2)), Ok(()));
    assert_eq!(verify_inclusion(&leaf, 1, 4, &proof, &root(2)), length);
    assert_eq!(verify_inclusion(&leaf, 0, 1, &proof, &root(2)), length);

    let proof = consistency_proof(&grown.nodes[..], 1, 2).unwrap();
    assert_eq!(verify_consistency(1, &root(1), 2, &root(2), &proof), Ok(()));
    assert_eq!(verify_consistency(1, &root(1), 4, &root(2), &proof), length);
    let proof = consistency_proof(&grown.nodes[..], 1, 4).unwrap();
    let length = Err(ProofError::Length { actual: 2 });
    assert_eq!(verify_consistency(1, &root(1), 2, &root(4), &proof), length);
}

#[test]
fn the_trivial_consistencies_are_checked_too() {
    let (empty, other) = (empty_root(), leaf_hash(b"other"));
    assert_eq!(verify_consistency(0, &empty, 7, &other, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &empty, 0, &empty, &[]), Ok(()));
    assert_eq!(verify_consistency(7, &other, 7, &other, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &other, 7, &other, &[]), Err(ProofError::OldRoot));
    assert_eq!(verify_consistency(7, &other, 7, &empty, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, &empty, 0, &other, &[]), Err(ProofError::Root));
    for (old, root) in [(0, empty), (7, other)] {
        let verdict = verify_consistency(old, &root, 7, &other, &[other]);
        assert_eq!(verdict, Err(ProofError::Length { actual: 1 }));
    }
}

#[test]
fn impossible_sizes_are_refused_as_such() {
    let hash = leaf_hash(b"");
    let cases = [(3, 3), (4, 3), (0, 0), (0, MAX_SIZE + 1), (u64::MAX - 1, u64::MAX)];
    for (index, size) in cases {
        let verdict = verify_inclusion(&hash, index, size, &[], &hash);
        assert_eq!(verdict, Err(ProofError::Sizes { index, size }));
    }
    for (index, size) in [(4, 3), (1, MAX_SIZE + 1), (0, u64::MAX), (u64::MAX, u64::MAX)] {
        let verdict = verify_consistency(index, &hash, size, &hash, &[]);
        assert_eq!(verdict, Err(ProofError::Sizes { index, size }));
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

/// What a liar may do to a proof.
#[derive(Debug, Clone)]
enum Lie {
    Cut(usize),
    Repeat(prop::sample::Index),
    Drop(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Swap(prop::sample::Index, prop::sample::Index),
    Append([u8; 32]),
}

fn lie() -> impl Strategy<Value = Lie> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (1_usize..5).prop_map(Lie::Cut),
        index().prop_map(Lie::Repeat),
        index().prop_map(Lie::Drop),
        (index(), any::<u8>()).prop_map(|(at, bit)| Lie::Flip(at, bit)),
        (index(), index()).prop_map(|(a, b)| Lie::Swap(a, b)),
        any::<[u8; 32]>().prop_map(Lie::Append),
    ]
}

fn tell(proof: &[Hash], lie: &Lie) -> Vec<Hash> {
    let mut told = proof.to_vec();
    if let Lie::Append(bytes) = lie {
        told.push(Hash::from_bytes(*bytes));
        return told;
    }
    if told.is_empty() {
        return told;
    }
    match lie {
        Lie::Cut(by) => told.truncate(proof.len().saturating_sub(*by)),
        Lie::Repeat(at) => told.insert(at.index(proof.len()), proof[at.index(proof.len())]),
        Lie::Drop(at) => drop(told.remove(at.index(proof.len()))),
        Lie::Flip(at, bit) => {
            let node = &mut told[at.index(proof.len())];
            let mut bytes = *node.as_bytes();
            bytes[usize::from(bit / 8)] ^= 1 << (bit % 8);
            *node = Hash::from_bytes(bytes);
        }
        Lie::Swap(a, b) => told.swap(a.index(proof.len()), b.index(proof.len())),
        Lie::Append(_) => unreachable!("appended above"),
    }
    told
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
    fn an_altered_inclusion_proof_is_refused((index, size) in sizes(300), lie in lie()) {
        let grown = grow(size);
        let root = grown.frontier.root();
        let proof = inclusion_proof(&grown.nodes[..], index, size).unwrap();
        let told = tell(&proof, &lie);
        let leaf = leaf_hash(&datum(index));
        let verdict = verify_inclusion(&leaf, index, size, &told, &root);
        prop_assert_eq!(verdict.is_ok(), told == proof);
    }

    #[test]
    fn an_altered_consistency_proof_is_refused((old, new) in sizes(300), lie in lie()) {
        let grown = grow(new);
        let roots = (mth(&grown.data[..old as usize]), mth(&grown.data));
        let proof = consistency_proof(&grown.nodes[..], old, new).unwrap();
        let told = tell(&proof, &lie);
        let verdict = verify_consistency(old, &roots.0, new, &roots.1, &told);
        prop_assert_eq!(verdict.is_ok(), told == proof);
    }

    #[test]
    fn a_proof_holds_for_no_other_leaf_place_size_or_root(
        (index, size) in sizes(200),
        (other_index, other_size) in sizes(200),
    ) {
        let grown = grow(size);
        let root = grown.frontier.root();
        let proof = inclusion_proof(&grown.nodes[..], index, size).unwrap();
        let leaf = leaf_hash(&datum(index));
        if other_index != index {
            prop_assert!(verify_inclusion(&leaf, other_index, size, &proof, &root).is_err());
            let other = leaf_hash(&datum(other_index));
            prop_assert!(verify_inclusion(&other, index, size, &proof, &root).is_err());
        }
        if other_size != size {
            let other = mth(&(0..other_size).map(datum).collect::<Vec<_>>());
            prop_assert!(verify_inclusion(&leaf, index, size, &proof, &other).is_err());
        }
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &leaf_hash(b"?")).is_err());
    }

    #[test]
    fn a_rewritten_log_has_no_consistency_proof(
        (changed, old) in sizes(120),
        added in 0_u64..80,
    ) {
        let before = grow(old);
        let mut data: Vec<_> = (0..old + added).map(datum).collect();
        data[changed as usize] = b"rewritten".to_vec();
        let mut frontier = Frontier::new();
        let nodes: Vec<_> = data.iter().flat_map(|d| frontier.append(leaf_hash(d))).collect();
        let nodes: Vec<_> = nodes.into_iter().map(|(_, node)| node).collect();
        let proof = consistency_proof(&nodes[..], old, size_of(&data)).unwrap();
        let (was, is) = (before.frontier.root(), frontier.root());
        prop_assert!(verify_consistency(old, &was, size_of(&data), &is, &proof).is_err());
    }

    #[test]
    fn no_proof_makes_a_verifier_panic_or_run_long(
        sizes: [u64; 2],
        shift in 0_u32..64,
        hashes: [[u8; 32]; 3],
        proof in proptest::collection::vec(any::<[u8; 32]>(), 0..80),
    ) {
        let proof: Vec<_> = proof.into_iter().map(Hash::from_bytes).collect();
        let [leaf, old_root, root] = hashes.map(Hash::from_bytes);
        for [a, b] in [sizes, sizes.map(|size| size >> shift)] {
            prop_assert!(verify_inclusion(&leaf, a, b, &proof, &root).is_err());
            prop_assert!(verify_consistency(a, &old_root, b, &root, &proof).is_err());
        }
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
