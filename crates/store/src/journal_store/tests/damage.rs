//! {journal, index, tree, watermark, keys} × {missing, cut, zeroed, flipped, older}: opened to the
//! right rows, or refused by name.

use super::*;

const FRAMES: u64 = 40;

/// A folder with some history that was shut down in order, and what is in it.
fn filled() -> (tempfile::TempDir, Vec<(Position, Frame)>) {
    let folder = sample::folder();
    let (mut store, _) = open_at(folder.path()).unwrap();
    let mut written = Vec::new();
    for n in 0..FRAMES {
        let frame = sample::local(n as u8, &vec![n as u8; 700]);
        let at = commit(&mut store, std::slice::from_ref(&frame), n).unwrap();
        written.push((at[0], frame));
    }
    store.close().unwrap();
    (folder, written)
}

fn without(name: &str) -> (tempfile::TempDir, Result<(JournalStore, OpenReport), OpenError>) {
    let (folder, _) = filled();
    let path = folder.path().join(name);
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap()
    } else {
        fs::remove_file(path).unwrap()
    }
    let opened = open_at(folder.path());
    (folder, opened)
}

#[test]
fn each_thing_that_is_missing_has_its_name() {
    let (_folder, opened) = without("journal");
    assert!(matches!(opened, Err(OpenError::Rewound { end: 0, .. })));
    let (folder, opened) = without("keys/storage.key");
    assert!(matches!(opened, Err(OpenError::KeyMissing { .. })));
    let (keys, opened) = without("keys/subjects.keys");
    assert!(matches!(opened, Err(OpenError::KeyMissing { .. })));
    assert!(!keys.path().join("keys/subjects.keys").exists(), "nothing stands in its place");
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    assert!(matches!(open_at(folder.path()), Err(OpenError::KeyMissing { .. })));
    for name in ["index", "tree"] {
        let (_folder, opened) = without(name);
        let (mut store, report) = opened.unwrap();
        assert!(matches!(report.index, IndexState::Rebuilding { .. }));
        assert_eq!(catch_up(&mut store, 0).unwrap(), FRAMES);
    }
    let (folder, opened) = without("watermark");
    let (store, report) = opened.unwrap();
    assert!(report.watermark_lost.is_some() && report.frames == FRAMES);
    assert_eq!(store.indexed_up_to(), store.end());
    drop(store);
    let (_, report) = open_at(folder.path()).unwrap();
    assert!(report.watermark.is_some_and(|w| w.mark == mark(FRAMES)), "the index knew it");
    for name in ["lock", "blobs"] {
        let (_folder, opened) = without(name);
        assert_eq!(opened.unwrap().1.frames, FRAMES);
    }
}

#[test]
fn a_folder_put_back_from_an_older_copy_is_told_by_its_watermark() {
    let (folder, _) = filled();
    let older = sample::folder();
    copy(folder.path(), older.path());
    let (mut store, _) = open_at(folder.path()).unwrap();
    commit(&mut store, &[sample::local(1, b"newer")], FRAMES).unwrap();
    store.close().unwrap();
    // The watermark stays, everything else is of yesterday.
    for name in ["journal", "index"] {
        fs::remove_dir_all(folder.path().join(name)).unwrap();
        copy(&older.path().join(name), &folder.path().join(name));
    }
    let refused = open_at(folder.path()).err().unwrap();
    assert!(matches!(refused, OpenError::Rewound { end, reached, .. } if end < reached));
    assert!(refused.to_string().contains("older copy"));
    // The way out that the message names.
    fs::remove_file(folder.path().join("watermark")).unwrap();
    let (_, report) = open_at(folder.path()).unwrap();
    assert_eq!((report.frames, report.watermark_lost.is_some()), (FRAMES, true));
}

#[test]
fn another_storage_key_or_journal_is_named() {
    let (folder, _) = filled();
    let other = sample::folder();
    let (mut store, _) = open(other.path(), &options(), &mut StdRng::seed_from_u64(2)).unwrap();
    for n in 0..2 * FRAMES {
        commit(&mut store, &[sample::local(1, &[1; 700])], n).unwrap();
    }
    store.close().unwrap();
    let key = "keys/storage.key";
    let mine = fs::read(folder.path().join(key)).unwrap();
    fs::copy(other.path().join(key), folder.path().join(key)).unwrap();
    assert!(matches!(open_at(folder.path()), Err(OpenError::OtherKey { .. })));
    let (keys, opened) = without("keys/subjects.keys");
    assert!(matches!(opened, Err(OpenError::KeyMissing { .. })));
    assert!(!keys.path().join("keys/subjects.keys").exists(), "nothing stands in its place");
    fs::remove_dir_all(folder.path().join("journal")).unwrap();
    copy(&other.path().join("journal"), &folder.path().join("journal"));
    assert!(matches!(open_at(folder.path()), Err(OpenError::Foreign { .. })));
    fs::write(folder.path().join(key), mine).unwrap();
    assert!(matches!(open_at(folder.path()), Err(OpenError::OtherKey { .. })));
}

/// The last own record is rotten: the node would sign its place a second time.
#[test]
fn a_log_that_ends_earlier_than_the_watermark_knows_is_refused() {
    let (folder, written) = filled();
    let path = files(&folder.path().join("journal")).pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (mut store, report) = open_at(folder.path()).unwrap();
    assert_eq!(report.damage.len(), 1);
    assert_eq!(report.damage[0].position, written.last().unwrap().0.0);
    let refused = catch_up(&mut store, 0);
    assert!(
        matches!(refused, Err(StoreError::Damaged { path, .. }) if path.ends_with("watermark"))
    );
    let refused = commit(&mut store, &[sample::local(1, b"again")], FRAMES - 1);
    assert!(refused.is_err());
}

/// The watermark is a second old: it lies in the middle of what is to be replayed.
#[test]
fn replay_stops_where_the_watermark_is_and_compares() {
    let (folder, written) = filled();
    let end = written[17].0.0;
    for (count, fits) in [(17, true), (16, false), (18, false)] {
        let copied = sample::folder();
        copy(folder.path(), copied.path());
        fs::remove_dir_all(copied.path().join("index")).unwrap();
        let path = crate::watermark::path(copied.path());
        let known = Watermark::read(&path).unwrap().unwrap().unwrap();
        let closed = false;
        Watermark { end, mark: mark(count), closed, ..known }.write(&path).unwrap();
        let (mut store, _) = open_at(copied.path()).unwrap();
        assert_eq!(catch_up(&mut store, 0).is_ok(), fits);
        assert_eq!(store.indexed_up_to() == store.end(), fits);
    }
}

#[test]
fn a_watermark_that_disagrees_with_the_index_brings_a_rebuild() {
    let (folder, _) = filled();
    let (store, report) = open_at(folder.path()).unwrap();
    let other = Watermark { mark: mark(7), ..report.watermark.unwrap() };
    store.close().unwrap();
    other.write(&crate::watermark::path(folder.path())).unwrap();
    let (mut store, report) = open_at(folder.path()).unwrap();
    assert!(
        matches!(report.index, IndexState::Rebuilding { why, .. } if why.contains("watermark"))
    );
    assert!(catch_up(&mut store, 0).is_err());
}

#[test]
fn every_harm_to_every_file_ends_in_the_right_rows_or_in_a_name() {
    let (folder, written) = filled();
    let names: Vec<_> = files(folder.path())
        .iter()
        .map(|path| path.strip_prefix(folder.path()).unwrap().to_owned())
        .collect();
    let (mut state, mut opened, mut refused) = (5_u64, 0, 0);
    for round in 0..150_usize {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let harmed = sample::folder();
        copy(folder.path(), harmed.path());
        let path = harmed.path().join(&names[round % names.len()]);
        let mut bytes = fs::read(&path).unwrap();
        if bytes.is_empty() {
            continue;
        }
        let at = usize::try_from(state >> 20).unwrap() % bytes.len();
        match round / names.len() % 4 {
            0 => bytes[at] ^= 1 << (state % 8),
            1 => bytes.truncate(at),
            2 => bytes[at..].iter_mut().take(300).for_each(|byte| *byte = 0),
            _ => bytes.clear(),
        }
        fs::write(&path, bytes).unwrap();
        let Ok((mut store, report)) = open_at(harmed.path()) else {
            refused += 1;
            continue;
        };
        let indexed = match report.index {
            IndexState::Ready { up_to, .. } => {
                written.iter().filter(|(at, _)| at.0 < up_to).count()
            }
            IndexState::Created => panic!("data taken for nothing"),
            IndexState::Rebuilding { .. } => 0,
        };
        if catch_up(&mut store, indexed as u64).is_err() {
            refused += 1;
            continue;
        }
        let found = all(&store);
        assert!(found.iter().all(|frame| written.contains(frame)));
        let told = report.torn.is_some() || !report.damage.is_empty();
        assert!(told || found.len() as u64 == FRAMES);
        if !told {
            assert_eq!(rows(&*store.reader(), Table::Log), rows_of(&found, Table::Log));
        }
        opened += 1;
    }
    assert!(opened > 40 && refused > 10, "{opened} opened, {refused} refused");
}

#[test]
fn a_byte_that_is_changed_while_the_node_runs_is_found_by_reading_again_and_stays_found() {
    let (folder, written) = filled();
    let (store, _) = open_at(folder.path()).unwrap();
    let reader = store.reader();
    let before = reader.examine().unwrap();
    assert_eq!((before.frames, before.damage.len()), (FRAMES, 0));
    let journal = fs::read_dir(folder.path().join("journal")).unwrap();
    let file = journal.map(|entry| entry.unwrap().path()).min().unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let at = segment_header() + usize::try_from(written[3].0.0).unwrap() + 400;
    bytes[at] ^= 1;
    fs::write(&file, bytes).unwrap();
    let found = reader.examine().unwrap();
    assert_eq!((found.frames, found.damage.len()), (FRAMES - 1, 1), "{found:?}");
    let harm = &found.damage[0];
    let place = usize::try_from(harm.offset).unwrap();
    assert!(place <= at && at < place + usize::try_from(harm.bytes).unwrap(), "{harm:?}");
    assert!(harm.file.starts_with("journal/"), "{harm:?}");
    store.close().unwrap();
    let (store, report) = open_at(folder.path()).unwrap();
    assert_eq!(report.damage.len(), 1);
    assert_eq!(store.reader().examine().unwrap().damage, found.damage);
}

fn segment_header() -> usize {
    usize::try_from(crate::journal::segment::HEADER).unwrap()
}
