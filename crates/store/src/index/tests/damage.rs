//! Files of the index that are lost, old, foreign or rotten.

use std::path::PathBuf;

use super::*;

/// Enough that sled has several segments, and garbage in them.
fn filled() -> Fixture {
    let mut fixture = Fixture::new();
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as u16
    };
    for _ in 0..200 {
        let mutations = (0..60).map(|_| {
            let key = (next() % 3000).to_be_bytes().to_vec();
            let value = (next() % 5 > 0).then(|| vec![next() as u8; usize::from(next() % 150)]);
            Mutation { table: Table::Case, key, value }
        });
        fixture.commit(mutations.collect());
        fixture.index.drain(fixture.journal.files(), true).unwrap();
    }
    fixture.index.close().unwrap();
    fixture
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(path, to.join(name)).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Either the index is exactly what it was at some commit, or it is rebuilt, or it fails by name.
fn is_honest(fixture: &Fixture, folder: &Path) -> &'static str {
    let end = fixture.journal.files().end();
    match load(folder, &fixture.journal).unwrap() {
        (index, IndexState::Ready { up_to, .. }) if up_to == end => {
            match contents(&index, Table::Case) {
                Ok(found) => {
                    assert!(found == expected(&fixture.model, Table::Case), "a wrong value");
                    "intact"
                }
                Err(StoreError::Index { .. }) => "failed",
                Err(other) => panic!("{other}"),
            }
        }
        (_, IndexState::Ready { .. }) => "behind",
        (index, IndexState::Rebuilding { kept, .. }) => {
            assert!(contents(&index, Table::Case).unwrap().is_empty());
            assert!(kept.is_none_or(|kept| kept.exists()));
            "rebuilt"
        }
        (_, IndexState::Created) => panic!("an empty index was taken for good"),
    }
}

/// 240 places; the same trial with 9,000 showed what sled overlooks.
#[test]
fn a_damaged_file_means_a_rebuild_or_a_named_failure_and_never_a_wrong_value() {
    let fixture = filled();
    let source = fixture.folder.path();
    let names: Vec<_> = files(&source.join("index"))
        .iter()
        .chain(&[source.join("tree")])
        .map(|path| path.strip_prefix(source).unwrap().to_owned())
        .collect();
    let mut outcomes = BTreeMap::new();
    let mut state = 11_u64;
    for round in 0..240_usize {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let harmed = sample::folder();
        copy(&source.join("index"), &harmed.path().join("index"));
        fs::copy(source.join("tree"), harmed.path().join("tree")).unwrap();
        // Most of it is in one file.
        let database = Path::new("index/db").to_owned();
        let name = if round % 2 == 0 { &database } else { &names[round / 2 % names.len()] };
        let path = harmed.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        if bytes.is_empty() {
            continue;
        }
        let at = usize::try_from(state >> 20).unwrap() % bytes.len();
        match round % 5 {
            0 | 1 => bytes[at] ^= 1 << (state % 8),
            2 => bytes.truncate(at),
            3 => bytes[at..].iter_mut().take(512).for_each(|byte| *byte = 0),
            _ => bytes[at..].iter_mut().take(70_000).for_each(|byte| *byte = 0),
        }
        fs::write(&path, bytes).unwrap();
        *outcomes.entry(is_honest(&fixture, harmed.path())).or_insert(0) += 1;
    }
    assert!(outcomes["rebuilt"] > 50, "{outcomes:?}");
}

/// What sled does when it overlooks part of its file, done on purpose.
#[test]
fn an_entry_that_sled_lost_changed_or_brought_back_is_found_out() {
    let fixture = filled();
    let (key, value) = fixture.model.iter().next().unwrap();
    let key = prefixed(key.0, &key.1);
    let lose = |db: &sled::Db| drop(db.remove(&key).unwrap());
    let change = |db: &sled::Db| drop(db.insert(&key, [&value[..], b"x"].concat()).unwrap());
    let bring_back = |db: &sled::Db| drop(db.insert([7, 7, 7, 7], b"long gone").unwrap());
    let forget = |db: &sled::Db| drop(db.remove(MARKER_KEY).unwrap());
    let harms: [&dyn Fn(&sled::Db); 4] = [&lose, &change, &bring_back, &forget];
    for harm in harms {
        let harmed = sample::folder();
        copy(&fixture.folder.path().join("index"), &harmed.path().join("index"));
        fs::copy(fixture.folder.path().join("tree"), harmed.path().join("tree")).unwrap();
        let db = sled::open(harmed.path().join("index")).unwrap();
        harm(&db);
        db.flush().unwrap();
        drop(db);
        assert_eq!(is_honest(&fixture, harmed.path()), "rebuilt");
    }
    let tree = fixture.folder.path().join("tree");
    let mut bytes = fs::read(&tree).unwrap();
    bytes[100] ^= 1;
    fs::write(tree, bytes).unwrap();
    assert_eq!(is_honest(&fixture, fixture.folder.path()), "rebuilt");
}

#[test]
fn a_missing_index_or_tree_is_rebuilt_and_said() {
    let fixture = filled();
    let folder = fixture.folder.path();
    fs::remove_file(folder.join("tree")).unwrap();
    assert_eq!(is_honest(&fixture, folder), "rebuilt");
    fs::remove_dir_all(folder.join("index")).unwrap();
    assert_eq!(is_honest(&fixture, folder), "rebuilt");
}

#[test]
fn a_bad_index_is_kept_only_where_there_is_room() {
    for (reserve, is_kept) in [(0, true), (u64::MAX, false)] {
        let fixture = filled();
        let folder = fixture.folder.path();
        fs::write(folder.join("index/db"), b"not a database").unwrap();
        let tree = TreeFile::open(&folder.join("tree")).unwrap();
        let disk = Arc::new(Disk::new(folder, reserve));
        let setting = Setting { disk, ..setting(folder) };
        let loaded = open::open(&setting, &tree, fixture.journal.files(), None).unwrap();
        let IndexState::Rebuilding { kept, .. } = loaded.state else { panic!("it was used") };
        assert_eq!(kept.is_some(), is_kept);
        assert_eq!(folder.join("aside/index").exists(), is_kept);
    }
}

#[test]
fn an_older_copy_is_behind_and_one_that_is_ahead_or_foreign_is_rebuilt() {
    let mut fixture = Fixture::new();
    let one = |n: u8| vec![Mutation { table: Table::Case, key: vec![n], value: Some(vec![n]) }];
    fixture.commit(one(1));
    fixture.reopen();
    let up_to = fixture.journal.files().end();
    fixture.index.close().unwrap();
    let older = sample::folder();
    copy(&fixture.folder.path().join("index"), &older.path().join("index"));
    copy(&fixture.folder.path().join("journal"), &older.path().join("journal"));
    fs::copy(fixture.folder.path().join("tree"), older.path().join("tree")).unwrap();
    fixture.index = load(fixture.folder.path(), &fixture.journal).unwrap().0;
    fixture.commit(one(2));
    fixture.reopen();
    fixture.index.close().unwrap();
    // The newer journal with the older index.
    let behind = fixture.journal.files().end() - up_to;
    let (index, state) = load(older.path(), &fixture.journal).unwrap();
    assert_eq!(state, IndexState::Ready { up_to, behind });
    index.close().unwrap();
    // The older journal with the newer index, and another journal of the same length.
    let mut other = Fixture::seeded(2);
    let (_, state) = load(fixture.folder.path(), &other.journal).unwrap();
    assert!(matches!(state, IndexState::Rebuilding { why, .. } if why.contains("ahead")));
    other.commit(one(1));
    let (_, state) = load(older.path(), &other.journal).unwrap();
    assert!(matches!(state, IndexState::Rebuilding { why, .. } if why.contains("another journal")));
}

/// A copy taken while the node runs is what a power cut may leave: files of different moments.
#[test]
fn a_copy_of_a_running_index_is_honest() {
    let mut fixture = Fixture::new();
    for round in 0..30_u8 {
        let put = |n: u8| Mutation {
            table: Table::Case,
            key: vec![n],
            value: Some(vec![round; usize::from(n) * 9]),
        };
        fixture.commit((0..120).map(put).collect());
        fixture.drain();
        if round % 3 == 0 {
            fixture.index.flush().unwrap();
        }
        let copied = sample::folder();
        copy(&fixture.folder.path().join("index"), &copied.path().join("index"));
        fs::copy(fixture.folder.path().join("tree"), copied.path().join("tree")).unwrap();
        is_honest(&fixture, copied.path());
    }
}
