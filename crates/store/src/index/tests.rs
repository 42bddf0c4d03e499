mod damage;

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::store::{Mark, Mutation};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::RecordId;

use super::open::{IndexState, Setting};
use super::*;
use crate::disk::Disk;
use crate::journal::{self, Journal};
use crate::keyfile::StorageKey;
use crate::sample;
use crate::vault::Vault;

pub(super) type Model = BTreeMap<(u8, Vec<u8>), Vec<u8>>;

/// An index over a journal of one small frame per commit, and what it should hold.
pub(super) struct Fixture {
    pub(super) folder: tempfile::TempDir,
    pub(super) journal: Journal,
    pub(super) index: Arc<Index>,
    pub(super) model: Model,
    vault: Vault,
    rng: StdRng,
}

pub(super) const MARK: Mark = Mark { epoch: 0, count: 0, head: RecordId::ZERO, root: Hash::ZERO };

pub(super) fn setting(folder: &Path) -> Setting {
    Setting {
        folder: folder.join("index"),
        aside: folder.join("aside"),
        cache_bytes: 1 << 20,
        patience: Duration::from_secs(60),
        disk: Arc::new(Disk::new(folder, 0)),
    }
}

pub(super) fn load(
    folder: &Path,
    journal: &Journal,
) -> Result<(Arc<Index>, IndexState), StoreError> {
    let tree = TreeFile::open(&folder.join("tree")).unwrap();
    let setting = setting(folder);
    let loaded = open::open(&setting, &tree, journal.files(), None)?;
    let state = loaded.state.clone();
    Ok((Arc::new(Index::new(loaded, tree, setting.folder, 1 << 20)), state))
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::seeded(1)
    }

    /// Another seed makes another journal.
    pub(super) fn seeded(seed: u64) -> Self {
        let folder = sample::folder();
        let mut rng = StdRng::seed_from_u64(seed);
        let key = StorageKey::generate(&mut rng);
        let vault = Vault::new(&key, sample::slots(&key));
        let setting = journal::Setting {
            folder: folder.path().join("journal"),
            aside: folder.path().join("aside"),
            key_check: vault.check(),
            segment_bytes: 1 << 20,
            quota: None,
            known: None,
        };
        let disk = Arc::new(Disk::new(folder.path(), 0));
        let (journal, _) = journal::recover(setting, disk, &mut rng).unwrap();
        let (index, state) = load(folder.path(), &journal).unwrap();
        assert_eq!(state, IndexState::Created);
        Self { folder, journal, index, model: Model::new(), vault, rng }
    }

    pub(super) fn commit(&mut self, mutations: Vec<Mutation>) {
        let frame = sample::local(1, b"one commit");
        self.journal.append(&[frame], &self.vault, &mut self.rng).unwrap();
        for Mutation { table, key, value } in mutations.clone() {
            let key = (table as u8, key);
            match value {
                Some(value) => self.model.insert(key, value),
                None => self.model.remove(&key),
            };
        }
        let up_to = self.journal.files().end();
        let tree = vec![(up_to % 50, Hash::of(&up_to.to_be_bytes()))];
        self.index.push(Changes { mutations, tree, mark: MARK, up_to });
    }

    pub(super) fn drain(&self) {
        while self.index.drain(self.journal.files(), true).unwrap() {}
    }

    pub(super) fn reopen(&mut self) -> IndexState {
        self.drain();
        self.index.close().unwrap();
        let (index, state) = load(self.folder.path(), &self.journal).unwrap();
        self.index = index;
        state
    }
}

/// All pairs of a table, by its own scan.
pub(super) fn contents(index: &Index, table: Table) -> Result<Vec<Pair>, StoreError> {
    index.scan(table, &[], None, usize::MAX)
}

pub(super) fn expected(model: &Model, table: Table) -> Vec<Pair> {
    let of_table = model.iter().filter(|((number, _), _)| *number == table as u8);
    of_table.map(|((_, key), value)| (key.clone(), value.clone())).collect()
}

/// Few and short keys, so that they meet; with the bytes at both ends.
fn keys() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(0), Just(1), Just(254), Just(255_u8)], 0..4)
}

fn tables() -> impl Strategy<Value = Table> {
    prop_oneof![Just(Table::Meta), Just(Table::Case), Just(Table::Log)]
}

fn mutations() -> impl Strategy<Value = Mutation> {
    let value = proptest::option::weighted(0.7, sample::bytes(6));
    (tables(), keys(), value).prop_map(|(table, key, value)| Mutation { table, key, value })
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Mutation>),
    /// Carry one layer to sled.
    Drain,
    Reopen,
    Look(Look),
}

#[derive(Clone, Debug)]
struct Look {
    table: Table,
    prefix: Vec<u8>,
    from: Option<Vec<u8>>,
    limit: usize,
}

fn steps() -> impl Strategy<Value = Step> {
    let look = (tables(), keys(), proptest::option::of(keys()), 0..12_usize);
    let look = look.prop_map(|(table, prefix, from, limit)| Look { table, prefix, from, limit });
    prop_oneof![
        6 => proptest::collection::vec(mutations(), 0..6).prop_map(Step::Commit),
        3 => Just(Step::Drain),
        1 => Just(Step::Reopen),
        6 => look.prop_map(Step::Look),
    ]
}

fn compare(fixture: &Fixture, look: Look) -> Result<(), TestCaseError> {
    let Look { table, prefix, from, limit } = look;
    let all = expected(&fixture.model, table);
    let fits = |key: &[u8]| key.starts_with(&prefix);
    let ahead = |key: &[u8]| from.as_ref().is_none_or(|from| key > &from[..]);
    let behind = |key: &[u8]| from.as_ref().is_none_or(|from| key < &from[..]);
    let forward: Vec<Pair> =
        all.iter().filter(|(k, _)| fits(k) && ahead(k)).take(limit).cloned().collect();
    let back: Vec<Pair> =
        all.iter().rev().filter(|(k, _)| fits(k) && behind(k)).take(limit).cloned().collect();
    let index = &fixture.index;
    prop_assert_eq!(index.scan(table, &prefix, from.as_deref(), limit).unwrap(), forward);
    prop_assert_eq!(index.scan_back(table, &prefix, from.as_deref(), limit).unwrap(), back);
    let found = index.get(table, &prefix).unwrap();
    prop_assert_eq!(found.as_ref(), fixture.model.get(&(table as u8, prefix)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn memory_and_sled_together_are_one_ordered_map(steps in proptest::collection::vec(steps(), 1..60)) {
        let mut fixture = Fixture::new();
        for step in steps {
            match step {
                Step::Commit(mutations) => fixture.commit(mutations),
                Step::Drain => drop(fixture.index.drain(fixture.journal.files(), true).unwrap()),
                Step::Reopen => {
                    let up_to = fixture.journal.files().end();
                    let state = fixture.reopen();
                    let whole = IndexState::Ready { up_to, behind: 0 };
                    prop_assert!(up_to == 0 || state == whole);
                }
                Step::Look(look) => compare(&fixture, look)?,
            }
        }
    }
}

/// Readers run against commits and the background thread; a commit moves a key from one place to
/// another, so that half a commit would show no place, or two.
#[test]
fn a_reader_never_sees_half_a_commit() {
    let mut fixture = Fixture::new();
    let place = |n: u32| n.to_be_bytes().to_vec();
    let put = |n: u32| Mutation { table: Table::CaseOrder, key: place(n), value: Some(vec![1]) };
    let take = |n: u32| Mutation { table: Table::CaseOrder, key: place(n), value: None };
    fixture.commit(vec![put(0)]);
    let Fixture { index, journal, vault, rng, .. } = &mut fixture;
    let (index, files) = (Arc::clone(index), Arc::clone(journal.files()));
    let done = std::sync::atomic::AtomicBool::new(false);
    let running = || !done.load(std::sync::atomic::Ordering::Acquire);
    std::thread::scope(|scope| {
        let looks = scope.spawn(|| {
            let mut looks = 0;
            while running() || looks == 0 {
                assert_eq!(index.scan(Table::CaseOrder, &[], None, 9).unwrap().len(), 1);
                assert_eq!(index.scan_back(Table::CaseOrder, &[], None, 9).unwrap().len(), 1);
                looks += 1;
            }
        });
        let drains = scope.spawn(|| {
            while running() {
                index.drain(&files, true).unwrap();
            }
        });
        for n in 0..400 {
            journal.append(&[sample::local(1, b"move")], vault, rng).unwrap();
            // Far apart, so that a scan passes over both places at different times.
            let mutations = vec![take(n), put(n + 1)];
            let up_to = journal.files().end();
            index.push(Changes { mutations, tree: Vec::new(), mark: MARK, up_to });
        }
        done.store(true, std::sync::atomic::Ordering::Release);
        looks.join().unwrap();
        drains.join().unwrap();
    });
}

#[test]
fn a_commit_waits_for_room_and_goes_on_when_there_is() {
    let mut fixture = Fixture::new();
    let large = |n: u8| Mutation { table: Table::Case, key: vec![n], value: Some(vec![n; 90_000]) };
    for n in 0..13 {
        fixture.commit(vec![large(n)]);
    }
    let fixture = &fixture;
    assert!(!fixture.index.has_room());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| fixture.index.wait_for_room());
        fixture.drain();
        waiting.join().unwrap().unwrap();
    });
    assert!(fixture.index.has_room());
}

#[test]
fn tree_nodes_are_visible_before_and_after_sled_has_them() {
    let mut fixture = Fixture::new();
    let (mut positions, mut nodes) = (Vec::new(), BTreeMap::new());
    for _ in 0..60 {
        fixture.commit(Vec::new());
        let up_to = fixture.journal.files().end();
        nodes.insert(up_to % 50, Hash::of(&up_to.to_be_bytes()));
        positions.push(up_to % 50);
    }
    let check = |index: &Index| {
        for (position, node) in &nodes {
            assert_eq!(index.tree_node(*position).unwrap(), *node);
        }
        assert!(matches!(index.tree_node(1000), Err(StoreError::Damaged { .. })));
    };
    check(&fixture.index);
    fixture.drain();
    check(&fixture.index);
    assert!(matches!(fixture.reopen(), IndexState::Ready { behind: 0, .. }));
    check(&fixture.index);
}

#[test]
fn a_failure_is_final_and_named() {
    let mut fixture = Fixture::new();
    fixture.commit(vec![Mutation { table: Table::Case, key: vec![1], value: Some(vec![1]) }]);
    fixture.index.break_down();
    assert!(matches!(fixture.index.get(Table::Case, &[1]), Err(StoreError::Index { .. })));
    assert!(matches!(contents(&fixture.index, Table::Case), Err(StoreError::Index { .. })));
    assert!(fixture.index.wait_for_room().is_err());
    assert!(fixture.index.drain(fixture.journal.files(), true).is_err());
    assert_eq!(fixture.index.failure(), Some("sled panicked"));
}
