mod damage;
mod failing;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use engine::store::Position;

use super::*;
use crate::frame::Marker;
use crate::keyfile::StorageKey;
use crate::sample::{self, Sample};

/// Small, so that a few batches fill several segments.
const SEGMENT_BYTES: u64 = 3000;

pub(super) type Batch = Vec<Sample>;

pub(super) fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let batch = proptest::collection::vec(sample::frames(), 1..5);
    proptest::collection::vec(batch, 1..8)
}

pub(super) fn vault() -> Vault {
    let key = StorageKey::generate(&mut StdRng::seed_from_u64(1));
    Vault::new(&key, sample::slots(&key))
}

pub(super) fn setting(folder: &Path, known: Option<(Marker, u64)>) -> Setting {
    Setting {
        folder: folder.join("journal"),
        aside: folder.join("aside"),
        key_check: vault().check(),
        segment_bytes: SEGMENT_BYTES,
        quota: None,
        known,
    }
}

pub(super) fn open(
    folder: &Path,
    known: Option<(Marker, u64)>,
) -> Result<(Journal, Recovery), JournalError> {
    let disk = Arc::new(Disk::new(folder, 0));
    recover(setting(folder, known), disk, &mut StdRng::seed_from_u64(3))
}

/// A journal of these batches, and where each batch ends.
pub(super) fn write(folder: &Path, batches: &[Batch]) -> (Journal, Vec<u64>) {
    let (mut journal, recovery) = open(folder, None).unwrap();
    assert!(recovery.created);
    let mut rng = StdRng::seed_from_u64(4);
    let mut ends = Vec::new();
    for batch in batches {
        journal.append(&plain(batch), &vault(), &mut rng).unwrap();
        ends.push(journal.files().end());
    }
    (journal, ends)
}

pub(super) fn plain(batch: &[Sample]) -> Vec<Frame> {
    batch.iter().map(|sample| sample.0.clone()).collect()
}

pub(super) fn all(journal: &Journal) -> Result<Vec<(Position, Frame)>, StoreError> {
    let (frames, next) = journal.files().replay(0, u64::MAX, usize::MAX, &vault())?;
    assert_eq!(next.0, u64::MAX);
    Ok(frames)
}

pub(super) fn flat(batches: &[Batch]) -> Vec<Frame> {
    batches.iter().flat_map(|batch| plain(batch)).collect()
}

pub(super) fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn positions_are_as_foretold_over_segments_and_reopening(batches in batches()) {
        let folder = sample::folder();
        let (mut journal, _) = open(folder.path(), None).unwrap();
        let mut rng = StdRng::seed_from_u64(4);
        let mut foretold = Vec::new();
        for batch in &batches {
            let frames = plain(batch);
            let mut at = journal.files().end();
            for frame in &frames {
                foretold.push(Position(at));
                at += frame::length(frame).unwrap();
            }
            journal.append(&frames, &vault(), &mut rng).unwrap();
        }
        prop_assert_eq!(foretold[0], Position::START);
        let end = journal.files().end();
        let known = Some((journal.files().marker(), end));
        drop(journal);
        let (journal, recovery) = open(folder.path(), known).unwrap();
        prop_assert_eq!(journal.files().end(), end);
        let frames = flat(&batches);
        let whole = Recovery { frames: frames.len() as u64, ..Recovery::default() };
        prop_assert_eq!(recovery, whole);
        let found = all(&journal).unwrap();
        prop_assert!(found.iter().map(|(at, _)| *at).eq(foretold.iter().copied()));
        prop_assert!(found.iter().map(|(_, frame)| frame).eq(frames.iter()));
        for ((at, _), frame) in found.iter().zip(&frames) {
            prop_assert!(journal.files().frame(at.0, &vault()).is_ok_and(|read| read == *frame));
        }
    }

    #[test]
    fn replay_comes_to_every_frame_in_pages_of_any_size(batches in batches(), limit in 1..7_usize) {
        let folder = sample::folder();
        let (journal, _) = write(folder.path(), &batches);
        let (mut found, mut from) = (Vec::new(), 0);
        loop {
            let end = journal.files().end();
            let (page, next) = journal.files().replay(from, end, limit, &vault()).unwrap();
            if page.is_empty() {
                prop_assert_eq!(next.0, end);
                break;
            }
            from = next.0;
            found.extend(page.into_iter().map(|(_, frame)| frame));
        }
        prop_assert!(found == flat(&batches));
    }

    #[test]
    fn no_position_but_a_frames_own_gives_a_frame(batches in batches(), at: u64) {
        let folder = sample::folder();
        let (journal, _) = write(folder.path(), &batches);
        let end = journal.files().end();
        let at = at % (end + 10);
        let starts: Vec<u64> = all(&journal).unwrap().iter().map(|(at, _)| at.0).collect();
        let read = journal.files().frame(at, &vault());
        prop_assert_eq!(read.is_ok(), starts.contains(&at));
    }
}

#[test]
fn a_fingerprint_tells_journals_and_their_lengths_apart() {
    let (one, other) = (sample::folder(), sample::folder());
    let batch = |text: &[u8]| vec![Sample(sample::local(1, text))];
    let (one, ends) = write(one.path(), &[batch(b"a"), batch(b"b")]);
    let (other, _) = write(other.path(), &[batch(b"a"), batch(b"c")]);
    let print = |journal: &Journal, at| journal.files().fingerprint(at).unwrap();
    assert_eq!(print(&one, 0), [0; 8]);
    assert_eq!(print(&one, ends[0]), print(&one, ends[0]));
    assert_ne!(print(&one, ends[0]), print(&one, ends[1]));
    assert_ne!(print(&one, ends[1]), print(&other, ends[1]));
    assert!(one.files().fingerprint(ends[1] + 1).is_err());
}

#[test]
fn a_batch_over_the_limits_is_refused_and_the_next_one_is_taken() {
    let folder = sample::folder();
    let (mut journal, _) = open(folder.path(), None).unwrap();
    let mut rng = StdRng::seed_from_u64(4);
    let many = vec![sample::local(1, b""); usize::from(u16::MAX) + 1];
    let large = vec![sample::local(1, &vec![0; 1_000_000]); 70];
    for batch in [many, large] {
        let refused = journal.append(&batch, &vault(), &mut rng);
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    }
    journal.append(&[sample::local(1, b"x")], &vault(), &mut rng).unwrap();
    assert_eq!(all(&journal).unwrap().len(), 1);
}

#[test]
fn another_storage_key_is_named_before_anything_is_read_with_it() {
    let folder = sample::folder();
    drop(write(folder.path(), &[vec![Sample(sample::local(1, b"a"))]]));
    let disk = Arc::new(Disk::new(folder.path(), 0));
    let other = Setting { key_check: [9; 8], ..setting(folder.path(), None) };
    let refused = recover(other, disk, &mut StdRng::seed_from_u64(3));
    assert!(matches!(refused, Err(JournalError::OtherKey { .. })));
}
