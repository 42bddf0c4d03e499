//! Proofs by liars.

use proptest::prelude::*;

use super::naive::mth;
use super::{datum, grow, size_of, sizes};
use crate::ids::Hash;
use crate::tree::{
    Frontier, MAX_SIZE, ProofError, consistency_proof, empty_root, inclusion_proof, leaf_hash,
    verify_consistency, verify_inclusion,
};

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

proptest! {
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
}
