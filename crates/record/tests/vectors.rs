//! The committed vectors still hold, and hold for outsiders' reasons too.

mod golden;

use golden::statements::{
    CheckpointVector, Checkpoints, CountersignatureVector, DisclosureFields, Envelope,
    RecordVector, Records, Signer,
};
use golden::trees::Tree;
use golden::{file, unhex};
use record::tree::{leaf_hash, verify_consistency, verify_inclusion};
use record::{
    Checkpoint, Countersignature, Disclosure, FieldId, Hash, Header, Statement, Unverified, open,
};
use serde::de::DeserializeOwned;

fn committed<T: DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(file(name)).expect("the vectors are committed");
    serde_json::from_str(&text).expect("the vectors have the shape that this version writes")
}

/// What any reader does with the bytes of a vector.
fn accept<T: Statement>(signed: &Envelope) -> T {
    let parsed = Unverified::<T>::parse(unhex(&signed.envelope)).expect("well-formed");
    let verified = parsed.verify(&signed.federation, &signed.public_key).expect("signed");
    assert_eq!(verified.id(), signed.id);
    verified.into_value()
}

#[test]
fn records_come_out_as_committed() {
    let records: Records = committed("records.json");
    assert!(records.records.len() >= 6);
    for vector in &records.records {
        assert_eq!(vector.recompute(), *vector, "{}", vector.name);
    }
}

#[test]
fn committed_records_are_accepted_and_their_fields_open() {
    let records: Records = committed("records.json");
    for vector in &records.records {
        let header: Header = accept(&vector.signed);
        assert_eq!(header, vector.header.header(), "{}", vector.name);
        let shown = vector.disclosures.iter().map(|shown| Disclosure {
            field: FieldId(shown.field),
            salt: unhex(&shown.salt).try_into().unwrap(),
            value: unhex(&shown.value),
        });
        let shown: Vec<_> = shown.collect();
        assert_eq!(open(&header, &shown).ok().unwrap().len(), shown.len());
    }
}

#[test]
fn checkpoints_come_out_as_committed_and_are_accepted() {
    let file: Checkpoints = committed("checkpoints.json");
    for vector in &file.checkpoints {
        assert_eq!(vector.recompute(), *vector, "{}", vector.name);
        assert_eq!(accept::<Checkpoint>(&vector.signed), vector.checkpoint.checkpoint());
    }
    for vector in &file.countersignatures {
        assert_eq!(vector.recompute(), *vector, "{}", vector.name);
        let accepted: Countersignature = accept(&vector.signed);
        assert_eq!(accepted, vector.countersignature.countersignature());
    }
}

#[test]
fn the_tree_comes_out_as_committed_and_its_proofs_hold() {
    let tree: Tree = committed("tree.json");
    assert_eq!(tree.recompute(), tree);
    let root = |size: u64| -> &Hash { &tree.roots[usize::try_from(size).unwrap()].root };
    for vector in &tree.inclusion {
        let leaf = leaf_hash(&unhex(&tree.leaves[usize::try_from(vector.index).unwrap()]));
        let (index, size) = (vector.index, vector.size);
        assert_eq!(verify_inclusion(&leaf, index, size, &vector.proof, root(size)), Ok(()));
    }
    for vector in &tree.consistency {
        let (old, new) = (vector.old, vector.new);
        assert_eq!(verify_consistency(old, root(old), new, root(new), &vector.proof), Ok(()));
    }
}

#[test]
fn the_generator_would_write_what_is_committed() {
    assert_eq!(golden::inputs::records(), committed("records.json"));
    assert_eq!(golden::inputs::checkpoints(), committed("checkpoints.json"));
    assert_eq!(golden::inputs::tree(), committed("tree.json"));
}

impl DisclosureFields {
    fn recompute(&self) -> Self {
        let salt = unhex(&self.salt).try_into().expect("a salt has 16 bytes");
        Self::compute(self.field, &salt, &unhex(&self.value))
    }
}

impl Envelope {
    fn signer(&self) -> Signer {
        let seed = unhex(&self.seed).try_into().expect("a seed has 32 bytes");
        Signer { seed, root_public_key: self.root_public_key }
    }
}

impl RecordVector {
    fn recompute(&self) -> Self {
        Self {
            name: self.name.clone(),
            header: self.header.clone(),
            disclosures: self.disclosures.iter().map(DisclosureFields::recompute).collect(),
            signed: Envelope::compute(&self.signed.signer(), self.header.header()),
        }
    }
}

impl CheckpointVector {
    fn recompute(&self) -> Self {
        Self {
            name: self.name.clone(),
            checkpoint: self.checkpoint.clone(),
            signed: Envelope::compute(&self.signed.signer(), self.checkpoint.checkpoint()),
        }
    }
}

impl CountersignatureVector {
    fn recompute(&self) -> Self {
        let statement = self.countersignature.countersignature();
        Self {
            name: self.name.clone(),
            countersignature: self.countersignature.clone(),
            signed: Envelope::compute(&self.signed.signer(), statement),
        }
    }
}

impl Tree {
    /// The sizes that are looked at are those of the inclusion proofs.
    fn recompute(&self) -> Self {
        let mut sizes: Vec<u64> = self.inclusion.iter().map(|proof| proof.size).collect();
        sizes.dedup();
        Self::compute(&self.about, self.leaves.clone(), &sizes)
    }
}
