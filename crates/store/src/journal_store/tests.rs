mod damage;
mod failing;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use rand::SeedableRng;
use record::RecordId;

use super::*;
use crate::index::open::IndexState;
use crate::open::{OpenError, OpenReport, Options, open};
use crate::sample::{self, Sample};

pub(super) fn options() -> Options {
    Options { cache_bytes: 1 << 20, segment_bytes: 20_000, reserve_bytes: 0, ..Options::default() }
}

pub(super) fn open_at(folder: &Path) -> Result<(JournalStore, OpenReport), OpenError> {
    open(folder, &options(), &mut StdRng::seed_from_u64(1))
}

/// A projection as the engine has one: a function of a frame and where it lies.
pub(super) fn project(at: Position, frame: &Frame) -> Vec<Mutation> {
    let put = |table, key: &[u8], value: &[u8]| Mutation {
        table,
        key: key.to_vec(),
        value: Some(value.to_vec()),
    };
    let subject = frame.subject.as_bytes();
    vec![
        put(Table::Log, &at.to_bytes(), &[frame.kind as u8]),
        put(Table::Case, &subject[..1], &at.to_bytes()),
    ]
}

/// The mark after so many frames; the head tells which.
pub(super) fn mark(frames: u64) -> Mark {
    let head = RecordId::from_bytes(*blake3::hash(&frames.to_be_bytes()).as_bytes());
    let head = if frames == 0 { RecordId::ZERO } else { head };
    Mark { epoch: 0, count: frames, head, root: Hash::ZERO }
}

/// Commits frames as the engine does. Returns where they lie.
pub(super) fn commit(
    store: &mut JournalStore,
    frames: &[Frame],
    before: u64,
) -> Result<Vec<Position>, StoreError> {
    let (mut at, mut mutations, mut positions) = (store.begin(), Vec::new(), Vec::new());
    for frame in frames {
        positions.push(at);
        mutations.extend(project(at, frame));
        at = store.following(at, frame)?;
    }
    let count = before + frames.len() as u64;
    let tree = vec![(count, Hash::of(&count.to_be_bytes()))];
    let commit = Commit {
        frames: frames.to_vec(),
        mutations,
        tree,
        mark: mark(count),
        erasures: Vec::new(),
    };
    store.commit(commit).map(|()| positions)
}

/// Replays as the engine does, from so many frames on. Returns how many frames there were.
pub(super) fn catch_up(store: &mut JournalStore, mut count: u64) -> Result<u64, StoreError> {
    loop {
        let (frames, next) = store.replay(store.indexed_up_to(), 3)?;
        if frames.is_empty() {
            return Ok(count);
        }
        let mutations = frames.iter().flat_map(|(at, frame)| project(*at, frame)).collect();
        count += frames.len() as u64;
        let tree = vec![(count, Hash::of(&count.to_be_bytes()))];
        store.index(mutations, tree, mark(count), next)?;
    }
}

pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

pub(super) fn rows(read: &dyn Read, table: Table) -> Rows {
    read.scan(table, &[], None, usize::MAX).unwrap().into_iter().collect()
}

pub(super) fn rows_of(frames: &[(Position, Frame)], table: Table) -> Rows {
    let all = frames.iter().flat_map(|(at, frame)| project(*at, frame));
    all.filter(|m| m.table == table).filter_map(|m| Some((m.key, m.value?))).collect()
}

pub(super) fn all(store: &JournalStore) -> Vec<(Position, Frame)> {
    let (mut all, mut from) = (Vec::new(), Position::START);
    loop {
        let (frames, next) = store.replay(from, 7).unwrap();
        if frames.is_empty() {
            return all;
        }
        all.extend(frames);
        from = next;
    }
}

pub(super) fn batches() -> impl Strategy<Value = Vec<Vec<Sample>>> {
    proptest::collection::vec(proptest::collection::vec(sample::frames(), 1..5), 1..6)
}

pub(super) fn plain(batch: &[Sample]) -> Vec<Frame> {
    batch.iter().map(|sample| sample.0.clone()).collect()
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            // The background thread may be renaming a file just now.
            let _ = fs::copy(path, to.join(name));
        }
    }
}

pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_committed_is_read_at_once_and_after_a_restart(batches in batches()) {
        let folder = sample::folder();
        let (mut store, report) = open_at(folder.path()).unwrap();
        prop_assert_eq!(&report.index, &IndexState::Created);
        let (reader, mut written) = (store.reader(), Vec::new());
        for batch in &batches {
            let frames = plain(batch);
            let positions = commit(&mut store, &frames, written.len() as u64).unwrap();
            written.extend(positions.into_iter().zip(frames));
            for (at, frame) in &written {
                prop_assert!(reader.frame(*at).is_ok_and(|read| read == *frame));
            }
            prop_assert_eq!(rows(&*reader, Table::Case), rows_of(&written, Table::Case));
        }
        let count = written.len() as u64;
        let node = Hash::of(&count.to_be_bytes());
        prop_assert_eq!(reader.tree_node(count).unwrap(), node);
        let end = store.end();
        store.close().unwrap();
        prop_assert!(reader.get(Table::Case, b"x").is_err(), "shut");

        let (store, report) = open_at(folder.path()).unwrap();
        prop_assert_eq!(report.index, IndexState::Ready { up_to: end.0, behind: 0 });
        prop_assert!(report.watermark.is_some_and(|w| w.closed && w.end == end.0 && w.mark == mark(count)));
        prop_assert_eq!(report.frames, count);
        prop_assert!(all(&store) == written);
        prop_assert_eq!(rows(&*store.reader(), Table::Log), rows_of(&written, Table::Log));
        prop_assert_eq!(store.reader().tree_node(count).unwrap(), node);
    }

    /// Copies taken while the node runs, of files of different moments: each opens to the same
    /// rows as the journal in it gives, after replay.
    #[test]
    fn a_copy_of_a_running_folder_opens_to_what_its_journal_says(batches in batches()) {
        let folder = sample::folder();
        let (mut store, _) = open_at(folder.path()).unwrap();
        let mut count = 0;
        for batch in &batches {
            let frames = plain(batch);
            commit(&mut store, &frames, count).unwrap();
            count += frames.len() as u64;
            let copied = sample::folder();
            copy(folder.path(), copied.path());
            let (mut other, report) = open_at(copied.path()).unwrap();
            prop_assert_eq!(report.frames, count, "everything acknowledged is there");
            prop_assert!(report.damage.is_empty() && report.torn.is_none());
            let indexed = match report.index {
                IndexState::Ready { up_to, .. } => all(&other).iter().filter(|(at, _)| at.0 < up_to).count(),
                IndexState::Created | IndexState::Rebuilding { .. } => 0,
            };
            catch_up(&mut other, indexed as u64).unwrap();
            prop_assert_eq!(other.indexed_up_to(), other.end());
            let frames = all(&other);
            prop_assert_eq!(rows(&*other.reader(), Table::Case), rows_of(&frames, Table::Case));
            prop_assert_eq!(rows(&*other.reader(), Table::Log), rows_of(&frames, Table::Log));
            commit(&mut other, &[sample::local(1, b"and it goes on")], count).unwrap();
        }
    }
}

#[test]
fn sealed_values_and_notes_are_in_no_file_of_the_folder() {
    let folder = sample::folder();
    let (mut store, _) = open_at(folder.path()).unwrap();
    let canary = |n: u8| format!("王小明 11010119900307{n:03}X canary").into_bytes();
    let mut written = Vec::new();
    for n in 0..60 {
        let mut frame = sample::local(n, &canary(n));
        let disclosure = |value: Vec<u8>| record::Disclosure {
            field: record::FieldId(u16::from(n)),
            salt: *b"salt-is-a-canary",
            value,
        };
        frame.sealed = vec![disclosure(canary(n)), disclosure(canary(100 + n))];
        frame.open =
            vec![record::Disclosure { salt: [n; 16], ..disclosure(b"open-code".to_vec()) }];
        let at = commit(&mut store, std::slice::from_ref(&frame), u64::from(n)).unwrap();
        written.push((at[0], frame));
    }
    store.close().unwrap();
    let (mut clear, mut found) = (0, 0);
    for path in files(folder.path()) {
        let bytes = fs::read(&path).unwrap();
        let count = |needle: &[u8]| bytes.windows(needle.len()).filter(|w| *w == needle).count();
        clear += count(b"open-code");
        found += count("王小明".as_bytes()) + count(b"canary") + count(b"11010119900307");
    }
    assert_eq!(found, 0);
    assert_eq!(clear, 60, "the search does find what lies in clear");
    let (store, _) = open_at(folder.path()).unwrap();
    assert!(written.iter().all(|(at, frame)| store.reader().frame(*at).unwrap() == *frame));
}

#[test]
fn nobody_else_may_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = sample::folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (mut store, _) = open_at(folder.path()).unwrap();
    commit(&mut store, &[sample::local(1, b"x")], 0).unwrap();
    store.blobs().put(b"a photo").unwrap();
    store.close().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", entry.path().display());
    }
}

#[test]
fn one_folder_has_one_owner() {
    let folder = sample::folder();
    let (store, _) = open_at(folder.path()).unwrap();
    let refused = open_at(folder.path()).err().unwrap();
    assert!(
        matches!(&refused, OpenError::Busy { folder: f } if *f == folder.path().display().to_string())
    );
    drop(store);
    open_at(folder.path()).unwrap();
}

#[test]
fn keys_and_values_over_the_limits_void_the_batch_and_nothing_else() {
    let folder = sample::folder();
    let (mut store, _) = open_at(folder.path()).unwrap();
    let put = |key: usize, value: usize| Mutation {
        table: Table::Case,
        key: vec![1; key],
        value: Some(vec![1; value]),
    };
    for mutation in [put(MAX_KEY + 1, 1), put(1, MAX_VALUE + 1)] {
        let frames = vec![sample::local(1, b"x")];
        let batch = Commit {
            frames,
            mutations: vec![mutation],
            tree: Vec::new(),
            mark: mark(1),
            erasures: Vec::new(),
        };
        assert!(matches!(store.commit(batch), Err(StoreError::TooLarge { .. })));
    }
    assert_eq!(store.end(), Position::START);
    let (frames, tree) = (vec![sample::local(1, b"x")], Vec::new());
    let mutations = vec![put(MAX_KEY, MAX_VALUE)];
    store.commit(Commit { frames, mutations, tree, mark: mark(1), erasures: Vec::new() }).unwrap();
    assert!(store.reader().get(Table::Case, &[1; MAX_KEY]).unwrap().is_some());
}

#[test]
fn nothing_is_committed_before_replay_has_come_to_the_end() {
    let folder = sample::folder();
    let (mut store, _) = open_at(folder.path()).unwrap();
    commit(&mut store, &[sample::local(1, b"a"), sample::local(2, b"b")], 0).unwrap();
    store.close().unwrap();
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let (mut store, _) = open_at(folder.path()).unwrap();
    assert_eq!(store.indexed_up_to(), Position::START);
    let early = commit(&mut store, &[sample::local(3, b"c")], 2);
    assert!(matches!(early, Err(StoreError::Index { .. })));
    assert_eq!(catch_up(&mut store, 0).unwrap(), 2);
    commit(&mut store, &[sample::local(3, b"c")], 2).unwrap();
    assert_eq!(rows(&*store.reader(), Table::Log).len(), 3);
    let beyond = store.index(Vec::new(), Vec::new(), mark(3), Position(store.end().0 + 1));
    assert!(matches!(beyond, Err(StoreError::Index { .. })));
}
