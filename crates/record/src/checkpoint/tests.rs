use proptest::prelude::*;

use crate::cbor::{self, CborError, Fault};
use crate::{
    Checkpoint, Countersignature, Hash, NodeId, RecordId, Statement, StatementError, Timestamp,
};

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_millis)
}

fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    let hashes = any::<[[u8; 32]; 3]>();
    (hashes, any::<u32>(), 0..=crate::tree::MAX_SIZE, time()).prop_map(
        |([author, root, head], epoch, size, time)| Checkpoint {
            author: NodeId::from_bytes(author),
            epoch,
            size,
            root: Hash::from_bytes(root),
            head: RecordId::from_bytes(head),
            time,
        },
    )
}

fn countersignature() -> impl Strategy<Value = Countersignature> {
    let hashes = any::<[[u8; 32]; 4]>();
    (hashes, 0..=crate::tree::MAX_SIZE, time()).prop_map(
        |([witness, checkpoint, author, root], size, time)| Countersignature {
            witness: NodeId::from_bytes(witness),
            checkpoint: RecordId::from_bytes(checkpoint),
            author: NodeId::from_bytes(author),
            size,
            root: Hash::from_bytes(root),
            time,
        },
    )
}

/// What is to hold for either: it comes back, and no other bytes are it.
fn keeps_its_form<T: Statement + PartialEq + std::fmt::Debug>(
    value: &T,
    at: prop::sample::Index,
    change: u8,
) -> Result<(), TestCaseError> {
    let bytes = value.encode();
    prop_assert_eq!(&T::decode(&bytes).unwrap(), value);
    prop_assert_eq!(cbor::validate(&bytes, &T::LIMITS), Ok(()));
    prop_assert!(T::decode(&bytes[..at.index(bytes.len())]).is_err());
    prop_assert!(T::decode(&[&bytes[..], &[change]].concat()).is_err());
    let mut changed = bytes.clone();
    changed[at.index(bytes.len())] ^= change;
    if let Ok(other) = T::decode(&changed) {
        prop_assert_ne!(&other, value);
        prop_assert_eq!(other.encode(), changed);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_checkpoint_has_one_form(value in checkpoint(), at: prop::sample::Index, change in 1_u8..) {
        keeps_its_form(&value, at, change)?;
    }

    #[test]
    fn a_countersignature_has_one_form(
        value in countersignature(),
        at: prop::sample::Index,
        change in 1_u8..,
    ) {
        keeps_its_form(&value, at, change)?;
    }

    #[test]
    fn the_two_are_never_taken_for_each_other(a in checkpoint(), b in countersignature()) {
        prop_assert!(Countersignature::decode(&a.encode()).is_err());
        prop_assert!(Checkpoint::decode(&b.encode()).is_err());
    }

    #[test]
    fn an_impossible_size_is_refused(value in checkpoint(), size in crate::tree::MAX_SIZE + 1..) {
        let refused = Checkpoint::decode(&Checkpoint { size, ..value }.encode());
        let rule = "is beyond any log's";
        prop_assert_eq!(refused, Err(StatementError::Rule { field: "size", rule }));
    }
}

#[test]
fn a_later_version_is_told_from_damage() {
    // Whatever else it may have: here three pairs.
    let version_2 = [0xa3, 0, 2, 1, 0, 7, 0];
    let later = StatementError::Version { found: 2, known: 1 };
    assert_eq!(Checkpoint::decode(&version_2), Err(later.clone()));
    assert_eq!(Countersignature::decode(&version_2), Err(later));
    let fault = Fault::Expected("a map of 7 pairs");
    let other = StatementError::Cbor(CborError::At { offset: 0, fault });
    assert_eq!(Countersignature::decode(&[0xa1, 0, 1]), Err(other));
}
