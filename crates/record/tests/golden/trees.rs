//! Vectors of the log tree.

use record::Hash;
use record::tree::{
    Frontier, Nodes, consistency_proof, inclusion_proof, leaf_hash, node_count, root_at,
};
use serde::{Deserialize, Serialize};

use super::unhex;

/// `tree.json`: one log, looked at in several sizes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tree {
    pub(crate) about: String,
    /// The leaves' data in hex.
    pub(crate) leaves: Vec<String>,
    /// Every node in post-order.
    pub(crate) nodes: Vec<Hash>,
    /// One per size from 0.
    pub(crate) roots: Vec<Root>,
    pub(crate) inclusion: Vec<Inclusion>,
    pub(crate) consistency: Vec<Consistency>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Root {
    pub(crate) size: u64,
    pub(crate) node_count: u64,
    pub(crate) root: Hash,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inclusion {
    pub(crate) index: u64,
    pub(crate) size: u64,
    pub(crate) proof: Vec<Hash>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Consistency {
    pub(crate) old: u64,
    pub(crate) new: u64,
    pub(crate) proof: Vec<Hash>,
}

impl Tree {
    /// Everything about the log with these leaves, from the sizes given.
    pub(crate) fn compute(about: &str, leaves: Vec<String>, sizes: &[u64]) -> Self {
        let mut frontier = Frontier::new();
        let leaf_hashes = leaves.iter().map(|leaf| leaf_hash(&unhex(leaf)));
        let nodes: Vec<Hash> =
            leaf_hashes.flat_map(|leaf| frontier.append(leaf)).map(|(_, node)| node).collect();
        let stored = &nodes[..];
        Self {
            about: about.to_owned(),
            roots: (0..=leaves.len() as u64).map(|size| Root::compute(stored, size)).collect(),
            inclusion: inclusions(stored, sizes),
            consistency: consistencies(stored, sizes),
            leaves,
            nodes,
        }
    }
}

impl Root {
    fn compute(nodes: &[Hash], size: u64) -> Self {
        let root = root_at(nodes, size).expect("the nodes are all there");
        Self { size, node_count: node_count(size), root }
    }
}

fn inclusions<N: Nodes + ?Sized>(nodes: &N, sizes: &[u64]) -> Vec<Inclusion> {
    let places = sizes.iter().flat_map(|size| (0..*size).map(move |index| (index, *size)));
    let proof = |(index, size)| {
        let proof = inclusion_proof(nodes, index, size).ok().expect("the nodes are all there");
        Inclusion { index, size, proof }
    };
    places.map(proof).collect()
}

fn consistencies<N: Nodes + ?Sized>(nodes: &N, sizes: &[u64]) -> Vec<Consistency> {
    let pairs = sizes.iter().flat_map(|new| (0..=*new).map(move |old| (old, *new)));
    let proof = |(old, new)| {
        let proof = consistency_proof(nodes, old, new).ok().expect("the nodes are all there");
        Consistency { old, new, proof }
    };
    pairs.map(proof).collect()
}
