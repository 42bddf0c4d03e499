//! A store in memory, for simulations and tests: it keeps the store's promises, and a crash takes
//! from it what a crash takes from a disk: the index may fall back, what was committed stays.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use record::{Hash, Subject};

use crate::blob::{Blobs, MemoryBlobs};
use crate::store::{
    Commit, Erasure, Examined, Frame, Mark, Mutation, Pair, Position, Read, Replay, Store,
    StoreError, StoreHealth, Table,
};

/// After this many commits the index is saved, as a real one would be now and then.
const SAVE_EVERY: u64 = 50;

/// A store in memory. Clones share their contents.
#[derive(Clone, Default)]
pub struct MemoryStore {
    inner: Arc<RwLock<Inner>>,
    photos: MemoryBlobs,
}

#[derive(Clone, Default)]
struct Index {
    rows: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    tree: BTreeMap<u64, Hash>,
    up_to: u64,
}

#[derive(Default)]
struct Inner {
    frames: Vec<Frame>,
    keys: Keys,
    index: Index,
    saved: Index,
    commits: u64,
    fail: Option<u64>,
}

/// Which key each frame is sealed under, as on a disk: a subject's, until that is destroyed.
#[derive(Clone, Default)]
struct Keys {
    /// How many keys a subject had before.
    ended: BTreeMap<Subject, u32>,
    /// Of every frame: the number of its subject's key.
    of: Vec<u32>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is found after a crash: every committed frame, and the index as it was last saved.
    #[must_use]
    pub fn after_crash(&self) -> Self {
        let inner = self.read();
        let found = Inner {
            frames: inner.frames.clone(),
            keys: inner.keys.clone(),
            index: inner.saved.clone(),
            saved: inner.saved.clone(),
            commits: 0,
            fail: None,
        };
        Self { inner: Arc::new(RwLock::new(found)), photos: self.photos.clone() }
    }

    /// The same frames without any index, as after its loss.
    #[must_use]
    pub fn without_index(&self) -> Self {
        let (frames, keys) = (self.read().frames.clone(), self.read().keys.clone());
        let inner = Arc::new(RwLock::new(Inner { frames, keys, ..Inner::default() }));
        Self { inner, photos: self.photos.clone() }
    }

    /// Makes the commit after `commits` further ones fail, as a full disk would.
    pub fn fail_after(&self, commits: u64) {
        self.write().fail = Some(commits);
    }

    /// The photos beside the journal.
    #[must_use]
    pub fn photos(&self) -> &MemoryBlobs {
        &self.photos
    }

    /// Every frame, in order.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        self.read().frames.clone()
    }

    /// Every row of the index, for comparing two.
    #[must_use]
    pub fn rows(&self) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
        let inner = self.read();
        let rows = inner.index.rows.iter();
        rows.map(|((table, key), value)| (*table, key.clone(), value.clone())).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn append(&mut self, frames: Vec<Frame>) {
        let current = |frame: &Frame| self.keys.ended.get(&frame.subject).copied();
        let keys: Vec<u32> = frames.iter().map(|frame| current(frame).unwrap_or(0)).collect();
        self.keys.of.extend(keys);
        self.frames.extend(frames);
    }

    /// What comes later for a subject is under another key. Gives the one it had.
    fn detach(&mut self, subject: Subject) -> u32 {
        let ended = self.keys.ended.entry(subject).or_default();
        *ended += 1;
        *ended - 1
    }

    fn erase(&mut self, erasures: &[Erasure]) {
        let named = erasures.iter().flat_map(|erasure| &erasure.frames);
        let places = named.filter_map(|Position(at)| usize::try_from(*at).ok());
        let keys: Vec<(Subject, u32)> = places
            .filter_map(|at| Some((self.frames.get(at)?.subject, *self.keys.of.get(at)?)))
            .collect();
        self.destroy(&keys);
    }

    fn destroy(&mut self, keys: &[(Subject, u32)]) {
        for (frame, key) in self.frames.iter_mut().zip(&self.keys.of) {
            // What concerns the node itself is never erased.
            if frame.subject != Subject::ZERO && keys.contains(&(frame.subject, *key)) {
                frame.sealed.clear();
                frame.note.clear();
            }
        }
    }
}

impl Index {
    fn take_in(&mut self, mutations: Vec<Mutation>, tree: Vec<(u64, Hash)>) {
        for Mutation { table, key, value } in mutations {
            match value {
                Some(value) => self.rows.insert((table, key), value),
                None => self.rows.remove(&(table, key)),
            };
        }
        self.tree.extend(tree);
    }
}

impl Read for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read().index.rows.get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let start = after.filter(|after| *after > prefix).unwrap_or(prefix).to_vec();
        let inner = self.read();
        let found = inner
            .index
            .rows
            .range((table, start)..)
            .take_while(|((found, key), _)| *found == table && key.starts_with(prefix))
            .filter(|((_, key), _)| after.is_none_or(|after| key.as_slice() > after));
        Ok(found.take(limit).map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }

    fn scan_back(
        &self,
        table: Table,
        prefix: &[u8],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let inner = self.read();
        let found = inner
            .index
            .rows
            .range((table, prefix.to_vec())..)
            .take_while(|((found, key), _)| *found == table && key.starts_with(prefix))
            .filter(|((_, key), _)| before.is_none_or(|before| key.as_slice() < before));
        let all: Vec<Pair> = found.map(|((_, key), value)| (key.clone(), value.clone())).collect();
        Ok(all.into_iter().rev().take(limit).collect())
    }

    fn frame(&self, at: Position) -> Result<Frame, StoreError> {
        let found = usize::try_from(at.0).ok().and_then(|at| self.read().frames.get(at).cloned());
        found.ok_or_else(|| StoreError::Damaged {
            path: "memory".into(),
            offset: at.0,
            what: "there is no such frame".into(),
        })
    }

    fn tree_node(&self, position: u64) -> Result<Hash, StoreError> {
        self.read().index.tree.get(&position).copied().ok_or_else(|| StoreError::Damaged {
            path: "memory".into(),
            offset: position,
            what: "there is no such node of the tree".into(),
        })
    }

    fn health(&self) -> StoreHealth {
        let inner = self.read();
        StoreHealth { next: inner.frames.len() as u64, ..StoreHealth::default() }
    }

    fn examine(&self) -> Result<Examined, StoreError> {
        Ok(Examined { frames: self.read().frames.len() as u64, ..Examined::default() })
    }
}

impl Store for MemoryStore {
    fn blobs(&self) -> Arc<dyn Blobs> {
        Arc::new(self.photos.clone())
    }

    fn reader(&self) -> Arc<dyn Read> {
        Arc::new(self.clone())
    }

    fn begin(&self) -> Position {
        self.end()
    }

    fn following(&self, at: Position, _frame: &Frame) -> Result<Position, StoreError> {
        Ok(Position(at.0 + 1))
    }

    fn commit(&mut self, commit: Commit) -> Result<(), StoreError> {
        let mut inner = self.write();
        match inner.fail {
            Some(0) => return Err(StoreError::Full { path: "memory".into() }),
            Some(left) => inner.fail = Some(left - 1),
            None => {}
        }
        let subjects = commit.erasures.iter().map(|erasure| erasure.subject);
        let detached: Vec<_> = subjects.map(|subject| (subject, inner.detach(subject))).collect();
        inner.append(commit.frames);
        inner.destroy(&detached);
        inner.erase(&commit.erasures);
        commit.erasures.iter().flat_map(|erasure| &erasure.photos).for_each(|photo| {
            self.photos.remove(photo);
        });
        inner.index.take_in(commit.mutations, commit.tree);
        inner.index.up_to = inner.frames.len() as u64;
        inner.commits += 1;
        if inner.commits.is_multiple_of(SAVE_EVERY) {
            inner.saved = inner.index.clone();
        }
        Ok(())
    }

    fn erase(&mut self, erasures: &[Erasure]) -> Result<(), StoreError> {
        self.write().erase(erasures);
        let photos = erasures.iter().flat_map(|erasure| &erasure.photos);
        photos.for_each(|photo| self.photos.remove(photo));
        Ok(())
    }

    fn indexed_up_to(&self) -> Position {
        Position(self.read().index.up_to)
    }

    fn replay(&self, from: Position, limit: usize) -> Result<Replay, StoreError> {
        let inner = self.read();
        let start = usize::try_from(from.0).unwrap_or(usize::MAX).min(inner.frames.len());
        let end = start.saturating_add(limit).min(inner.frames.len());
        let positions = (start as u64..).map(Position);
        let frames = positions.zip(inner.frames[start..end].iter().cloned()).collect();
        Ok((frames, Position(end as u64)))
    }

    fn end(&self) -> Position {
        Position(self.read().frames.len() as u64)
    }

    fn index(
        &mut self,
        mutations: Vec<Mutation>,
        tree: Vec<(u64, Hash)>,
        _mark: Mark,
        up_to: Position,
    ) -> Result<(), StoreError> {
        let mut inner = self.write();
        inner.index.take_in(mutations, tree);
        inner.index.up_to = up_to.0;
        Ok(())
    }
}
