//! Crashes and rot at any byte of the files.

use std::ops::Range;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Harm {
    Cut,
    Flip(u8),
    Zero(u64),
}

fn harms() -> impl Strategy<Value = Harm> {
    prop_oneof![Just(Harm::Cut), (0..8_u8).prop_map(Harm::Flip), (1..2000_u64).prop_map(Harm::Zero),]
}

/// Does harm at a byte of all segments taken together. Returns the positions that are affected:
/// none when only a header is.
fn harm(folder: &Path, harm: Harm, at: u64) -> Range<u64> {
    let files: Vec<_> = segments(folder)
        .into_iter()
        .map(|path| (fs::metadata(&path).unwrap().len(), path))
        .collect();
    let mut at = at % files.iter().map(|(length, _)| length).sum::<u64>();
    let mut start = 0;
    for (length, path) in files {
        if at >= length {
            (at, start) = (at - length, start + length - segment::HEADER);
            continue;
        }
        let mut bytes = fs::read(&path).unwrap();
        let index = usize::try_from(at).unwrap();
        let stop = match harm {
            Harm::Cut => {
                bytes.truncate(index);
                length
            }
            Harm::Flip(bit) => {
                bytes[index] ^= 1 << bit;
                at + 1
            }
            Harm::Zero(count) => {
                let stop = (at + count).min(length);
                bytes[index..usize::try_from(stop).unwrap()].fill(0);
                stop
            }
        };
        fs::write(&path, bytes).unwrap();
        let position = |offset: u64| start + offset.saturating_sub(segment::HEADER);
        return position(at)..position(stop);
    }
    unreachable!("the place lies inside the files");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("journal")).unwrap();
    for path in segments(from) {
        fs::copy(&path, to.join("journal").join(path.file_name().unwrap())).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The power goes while a batch is being written: the last file ends anywhere after the last
    /// acknowledged byte.
    #[test]
    fn after_a_crash_there_is_exactly_what_was_acknowledged(
        batches in batches(),
        cuts in proptest::collection::vec(any::<u64>(), 6),
    ) {
        let folder = sample::folder();
        let (journal, ends) = write(folder.path(), &batches);
        let (acknowledged, last) = (ends.len() - 1, *ends.last().unwrap());
        let safe = if acknowledged == 0 { 0 } else { ends[acknowledged - 1] };
        let path = segments(folder.path()).pop().unwrap();
        let start = journal.last.start;
        let known = Some((journal.files().marker(), safe));
        for cut in cuts {
            let crashed = sample::folder();
            copy(folder.path(), crashed.path());
            // A segment that was begun for this batch may itself be cut.
            let shortest = if start < safe { segment::HEADER + safe - start } else { 0 };
            let full = fs::metadata(&path).unwrap().len();
            let length = shortest + cut % (full - shortest);
            let file = segments(crashed.path()).pop().unwrap();
            fs::OpenOptions::new().write(true).open(file).unwrap().set_len(length).unwrap();
            let (journal, recovery) = open(crashed.path(), known).unwrap();
            prop_assert!(all(&journal).unwrap().iter().map(|(_, f)| f).eq(flat(&batches[..acknowledged]).iter()));
            prop_assert_eq!(journal.files().end(), safe);
            prop_assert_eq!(&recovery.damage, &[]);
            prop_assert_eq!(recovery.torn.is_some(), length > segment::HEADER + safe.saturating_sub(start));
            prop_assert!(last > safe);
        }
    }

    /// Pages reach the disk in any order: the last batch has its full length and holes.
    #[test]
    fn a_batch_with_holes_at_the_end_was_never_acknowledged(batches in batches(), at: u64, count in 1..500_usize) {
        let folder = sample::folder();
        let (journal, ends) = write(folder.path(), &batches);
        let safe = if ends.len() == 1 { 0 } else { ends[ends.len() - 2] };
        let known = Some((journal.files().marker(), safe));
        let path = segments(folder.path()).pop().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let from = usize::try_from(journal.last.offset(safe.max(journal.last.start))).unwrap();
        let at = from + usize::try_from(at).unwrap() % (bytes.len() - from);
        let stop = (at + count).min(bytes.len());
        prop_assume!(bytes[at..stop].iter().any(|byte| *byte != 0));
        bytes[at..stop].fill(0);
        fs::write(&path, &bytes).unwrap();
        let (journal, recovery) = open(folder.path(), known).unwrap();
        let kept = flat(&batches[..batches.len() - 1]);
        prop_assert!(all(&journal).unwrap().iter().map(|(_, f)| f).eq(kept.iter()));
        let torn = recovery.torn.unwrap();
        prop_assert_eq!(fs::read(torn.kept).unwrap(), &bytes[from..]);
        prop_assert_eq!(recovery.damage, []);
    }

    /// Rot anywhere: no wrong frame, no lost frame but where the harm is, nothing in silence.
    #[test]
    fn damage_is_reported_and_takes_only_what_it_touches(
        batches in batches(),
        harms in proptest::collection::vec((harms(), any::<u64>()), 6),
        has_watermark: bool,
    ) {
        let folder = sample::folder();
        let (journal, ends) = write(folder.path(), &batches);
        let end = *ends.last().unwrap();
        let known = has_watermark.then_some((journal.files().marker(), end));
        let whole = all(&journal).unwrap();
        for (kind, place) in harms {
            let harmed = sample::folder();
            copy(folder.path(), harmed.path());
            let touched = harm(harmed.path(), kind, place);
            let (journal, recovery) = match open(harmed.path(), known) {
                Ok(opened) => opened,
                Err(JournalError::Rewound { end: found, .. }) => {
                    prop_assert!(has_watermark && found < end);
                    continue;
                }
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            };
            let found = all(&journal).unwrap();
            let (mut lost, mut in_silence) = (0, 0);
            // Cut off just behind a batch, a journal looks whole: only the watermark knows better.
            let stops = journal.files().end();
            let looks_whole = !has_watermark && ends.contains(&stops);
            for (index, (at, frame)) in whole.iter().enumerate() {
                let stop = whole.get(index + 1).map_or(end, |(next, _)| next.0);
                let hit = touched.start < stop && at.0 < touched.end;
                let is_there = found.iter().any(|(position, read)| position == at && read == frame);
                let cut = !has_watermark && at.0 >= journal.files().end();
                prop_assert!(is_there || hit || cut, "frame at {at} is gone");
                lost += usize::from(!is_there);
                in_silence += usize::from(!(is_there || looks_whole && at.0 >= stops));
            }
            prop_assert_eq!(found.len() + lost, whole.len(), "a frame that nobody wrote");
            let told = recovery.torn.is_some() || recovery.unborn.is_some();
            prop_assert!(told || !recovery.damage.is_empty() || in_silence == 0);
            if has_watermark {
                prop_assert_eq!(journal.files().end(), end, "what was acknowledged is not cut off");
            }
        }
    }

    /// After damage and recovery the journal goes on, and all it took since stays.
    #[test]
    fn a_recovered_journal_takes_new_batches(batches in batches(), kind in harms(), place: u64) {
        let folder = sample::folder();
        drop(write(folder.path(), &batches));
        harm(folder.path(), kind, place);
        let (mut journal, _) = open(folder.path(), None).unwrap();
        let before = all(&journal).unwrap().len();
        let new = vec![sample::local(9, b"new one"), sample::local(9, b"new two")];
        journal.append(&new, &vault(), &mut StdRng::seed_from_u64(5)).unwrap();
        let known = Some((journal.files().marker(), journal.files().end()));
        drop(journal);
        let (journal, recovery) = open(folder.path(), known).unwrap();
        prop_assert_eq!(recovery.torn, None);
        let found = all(&journal).unwrap();
        prop_assert_eq!(found.len(), before + 2);
        prop_assert!(found[before..].iter().map(|(_, frame)| frame).eq(new.iter()));
    }
}

#[test]
fn a_missing_segment_is_damage_in_the_middle_and_a_rewound_journal_at_the_end() {
    let folder = sample::folder();
    let batches: Vec<Batch> = (0..9).map(|n| vec![Sample(sample::local(n, &[n; 1500]))]).collect();
    let (journal, ends) = write(folder.path(), &batches);
    let known = Some((journal.files().marker(), *ends.last().unwrap()));
    drop(journal);
    let paths = segments(folder.path());
    assert!(paths.len() > 2);
    fs::remove_file(&paths[1]).unwrap();
    let (journal, recovery) = open(folder.path(), known).unwrap();
    assert_eq!(recovery.damage.len(), 1);
    assert_eq!(recovery.frames, 7);
    assert_eq!(all(&journal).unwrap().len(), 7);
    drop(journal);
    fs::remove_file(paths.last().unwrap()).unwrap();
    assert!(matches!(open(folder.path(), known), Err(JournalError::Rewound { .. })));
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    assert!(matches!(open(folder.path(), known), Err(JournalError::Rewound { end: 0, .. })));
}

/// A whole frame with a fitting checksum, made to lie at a position of a journal.
fn whole_frame(marker: Marker, position: u64, text: &[u8]) -> Vec<u8> {
    let head = Head { marker, position, index: 0, count: 1, clear: 0, sealed: 0 };
    let mut bytes = Vec::new();
    let rng = &mut StdRng::seed_from_u64(6);
    frame::encode(&sample::local(1, text), head, &vault(), &mut bytes, rng).unwrap();
    bytes
}

/// A frame that the disk, or somebody, put in another's place.
#[test]
fn a_frame_of_another_place_or_another_journal_is_not_taken() {
    let folder = sample::folder();
    let batch = |text: &[u8]| vec![Sample(sample::local(1, text))];
    let (journal, ends) = write(folder.path(), &[batch(b"one"), batch(b"two"), batch(b"end")]);
    let (marker, place) = (journal.files().marker(), ends[0]);
    drop(journal);
    let path = segments(folder.path()).pop().unwrap();
    let whole = fs::read(&path).unwrap();
    let at = usize::try_from(segment::HEADER + place).unwrap();
    let other_place = whole_frame(marker, 0, b"one");
    let other_journal = whole_frame([0xaa; 8], place, b"bad");
    let own = whole_frame(marker, place, b"own");
    for (bytes, frames) in [(other_place, 2), (other_journal, 2), (own, 3)] {
        let mut altered = whole.clone();
        altered[at..at + bytes.len()].copy_from_slice(&bytes);
        fs::write(&path, altered).unwrap();
        let (journal, recovery) = open(folder.path(), None).unwrap();
        assert_eq!((all(&journal).unwrap().len(), recovery.damage.len()), (frames, 3 - frames));
        assert_eq!(journal.files().frame(place, &vault()).is_ok(), frames == 3);
    }
}

/// The record's bytes carry what a whole frame at that very place would look like, but for the
/// marker, which nobody outside knows.
#[test]
fn bytes_that_imitate_a_frame_are_not_found_after_damage() {
    for known in [false, true] {
        let folder = sample::folder();
        let (journal, _) = write(folder.path(), &[]);
        let marker = if known { journal.files().marker() } else { [0xaa; 8] };
        drop(journal);
        fs::remove_dir_all(folder.path().join("journal")).unwrap();
        // Header, then array, version, kind, subject and the envelope's length.
        let inside = frame::HEADER as u64 + 1 + 1 + 1 + 17 + 2;
        let mut carrier = sample::local(1, b"");
        carrier.envelope = Arc::from(whole_frame(marker, inside, b"forged"));
        let honest = sample::local(2, b"honest");
        drop(write(folder.path(), &[vec![Sample(carrier)], vec![Sample(honest.clone())]]));
        let path = segments(folder.path()).pop().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes[segment::HEADER as usize] ^= 1;
        fs::write(&path, bytes).unwrap();
        let (journal, recovery) = open(folder.path(), None).unwrap();
        let found = all(&journal).unwrap();
        assert!(found.last().unwrap().1 == honest);
        // Somebody who knew the marker could do it: so the place was right.
        assert_eq!(found.len(), if known { 2 } else { 1 });
        assert!(!recovery.damage.is_empty());
    }
}

/// What went bad since the start is not passed over: it was not in the report.
#[test]
fn new_damage_stops_replay_and_known_damage_does_not() {
    let folder = sample::folder();
    let batch = |n: u8| vec![Sample(sample::local(n, &[n; 100]))];
    let (journal, ends) = write(folder.path(), &[batch(1), batch(2), batch(3)]);
    let path = segments(folder.path()).pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(segment::HEADER + ends[0] + 50).unwrap()] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(all(&journal), Err(StoreError::Damaged { .. })));
    drop(journal);
    let (journal, recovery) = open(folder.path(), None).unwrap();
    assert_eq!((all(&journal).unwrap().len(), recovery.damage.len()), (2, 1));
}
