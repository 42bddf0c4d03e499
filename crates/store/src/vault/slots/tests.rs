use std::collections::HashSet;

use proptest::prelude::*;
use rand::SeedableRng;

use super::*;
use crate::sample;

fn key() -> StorageKey {
    StorageKey::generate(&mut StdRng::seed_from_u64(1))
}

fn subject(number: u32) -> Subject {
    let mut bytes = [9; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Subject::from_bytes(bytes)
}

fn open(folder: &Path, in_order: bool) -> Slots {
    std::fs::create_dir_all(folder.join("keys")).unwrap();
    let disk = Arc::new(Disk::new(folder, 0));
    Slots::open(folder, &key(), disk, StdRng::seed_from_u64(2), in_order).unwrap()
}

#[test]
fn each_subject_has_a_key_of_its_own_and_has_it_again_after_a_stop() {
    let folder = sample::folder();
    let slots = open(folder.path(), true);
    let given: Vec<(u32, SlotKey)> = (0..3_000).map(|n| slots.of(&subject(n)).unwrap()).collect();
    let keys: HashSet<[u8; 32]> = given.iter().map(|(_, key)| **key).collect();
    assert_eq!(keys.len(), given.len());
    drop(slots);
    let slots = open(folder.path(), true);
    for (number, (slot, key)) in (0..).zip(&given) {
        assert_eq!(slots.of(&subject(number)).unwrap(), (*slot, key.clone()));
        assert_eq!(slots.key(*slot).unwrap(), *key);
    }
}

#[test]
fn s25_a_destroyed_key_is_nowhere_in_the_file_and_never_comes_back() {
    let folder = sample::folder();
    let slots = open(folder.path(), true);
    let (slot, _) = slots.of(&subject(1)).unwrap();
    let (other, kept) = slots.of(&subject(2)).unwrap();
    let file = path(folder.path());
    let before = std::fs::read(&file).unwrap();
    let at = usize::try_from(offset(slot)).unwrap();
    slots.destroy(&[slot]).unwrap();
    let after = std::fs::read(&file).unwrap();
    for window in before[at + NONCE_AT..at + TAG_AT + TAG].chunks(8) {
        let zeros = window.iter().all(|byte| *byte == 0);
        assert!(zeros || !after.windows(window.len()).any(|found| found == window));
    }
    assert_eq!(slots.key(slot), Err(BoxError::Erased));
    assert_eq!(slots.key(other).unwrap(), kept);
    let (again, _) = slots.of(&subject(1)).unwrap();
    assert_ne!(again, slot, "what is said later is under another key");
    drop(slots);
    let slots = open(folder.path(), false);
    assert_eq!(slots.key(slot), Err(BoxError::Erased));
    slots.destroy(&[slot, slot, 0, u32::MAX]).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Owners that a power cut took: whatever was not written, no slot serves two subjects.
    #[test]
    fn after_a_stop_out_of_order_no_slot_is_given_twice(
        before in 1_u32..40,
        lost in 0_u32..40,
        after in 1_u32..40,
    ) {
        let folder = sample::folder();
        let slots = open(folder.path(), true);
        let given: HashSet<u32> =
            (0..before).map(|n| slots.of(&subject(n)).unwrap().0).collect();
        drop(slots);
        let file = File::options().write(true).open(path(folder.path())).unwrap();
        for slot in (1..=before).rev().take(lost as usize) {
            file.write_all_at(&[0; 16], offset(slot) + OWNER_AT as u64).unwrap();
        }
        let slots = open(folder.path(), false);
        let kept = before.saturating_sub(lost);
        for number in 0..kept {
            prop_assert!(given.contains(&slots.of(&subject(number)).unwrap().0));
        }
        for number in 1_000..1_000 + after {
            prop_assert!(!given.contains(&slots.of(&subject(number)).unwrap().0));
        }
    }

    /// Whatever is changed in the file: no other key comes out, and nothing panics.
    #[test]
    fn an_altered_slot_gives_no_key(at in 0_usize..96, bit in 0_u32..8) {
        let folder = sample::folder();
        let slots = open(folder.path(), true);
        let (slot, key) = slots.of(&subject(1)).unwrap();
        let from = offset(slot) + at as u64;
        let mut byte = [0];
        slots.file.read_exact_at(&mut byte, from).unwrap();
        slots.file.write_all_at(&[byte[0] ^ (1 << bit)], from).unwrap();
        match slots.key(slot) {
            Ok(found) => prop_assert_eq!(found, key, "only its owner or its padding was changed"),
            Err(error) => prop_assert!(matches!(error, BoxError::UnknownKey(_) | BoxError::Erased)),
        }
    }
}

#[test]
fn another_storage_key_opens_no_slot_and_another_file_is_refused() {
    let folder = sample::folder();
    let slots = open(folder.path(), true);
    let (slot, _) = slots.of(&subject(1)).unwrap();
    let other = StorageKey::generate(&mut StdRng::seed_from_u64(7));
    let look = Slots::look(folder.path(), &other).unwrap();
    assert_eq!(look.key(slot), Err(BoxError::UnknownKey(slot)));
    assert!(look.of(&subject(5_000)).is_err(), "who only looks makes no keys");
    std::fs::write(path(folder.path()), b"something else").unwrap();
    assert!(Slots::look(folder.path(), &key()).is_err());
}
