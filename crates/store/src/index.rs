//! The index: sled under a layer of memory. A function of the journal, and never more than that.
//!
//! A commit's changes are visible at once, in an ordered overlay in memory. One background thread
//! carries them to sled in batches of whole commits, each with the marker that says how far the
//! index has come. So the acknowledgement never waits for sled, unless the overlay is full.
//!
//! Only this module and its children name sled. What sled 0.34.7 needs (all measured here):
//! - No `flush_async`, no background flusher; a flush only from the background thread.
//! - Every key of a batch is read before the batch is applied. The digest needs the old values, and
//!   the reads let sled's garbage collector run: without them batches of 4,000 keys took 1 GB of
//!   memory, with them 85 MB, at the same speed.
//! - One tree for all tables: batches are atomic over one tree only, and the marker has to be in
//!   the same batch. It is also the fastest (59,000 random keys/s; twelve trees: 50,000).
//! - Any call may panic: each is caught, and the index then counts as failed until the next start.

pub(crate) mod digest;
pub(crate) mod layer;
mod marker;
pub(crate) mod open;
mod span;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use engine::store::{Mark, Pair, StoreError, Table};
use record::Hash;

use crate::disk::failed;
use crate::index::layer::{Changes, Layer, Overlay, prefixed};
use crate::index::marker::{MARKER_KEY, Marker};
use crate::index::open::Loaded;
use crate::index::span::{Direction, Span};
use crate::journal::Files;
use crate::tree_file::TreeFile;

/// How long sled may keep somebody waiting while nothing moves, before it counts as hung.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The index, shared by the writer, the readers and the background thread.
pub(crate) struct Index {
    /// Readers hold it while they look at the overlay and then at sled. The background thread takes
    /// it alone for a moment before each batch: whoever looked at the overlay before the batch's
    /// commits were in it has then finished, so nobody sees half a commit. `None` once shut.
    gate: RwLock<Option<sled::Db>>,
    overlay: RwLock<Overlay>,
    tree: TreeFile,
    folder: PathBuf,
    /// The most bytes of changes to keep in memory.
    overlay_bytes: usize,
    /// What sled reflects.
    marker: Mutex<Marker>,
    /// Rung when a layer has gone to sled.
    drained: Condvar,
    failed: OnceLock<String>,
}

impl Index {
    pub(crate) fn new(
        loaded: Loaded,
        tree: TreeFile,
        folder: PathBuf,
        overlay_bytes: usize,
    ) -> Self {
        Self {
            gate: RwLock::new(Some(loaded.db)),
            overlay: RwLock::default(),
            tree,
            folder,
            overlay_bytes,
            marker: Mutex::new(loaded.marker),
            drained: Condvar::new(),
            failed: OnceLock::new(),
        }
    }

    /// The value under a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.check()?;
        let key = prefixed(table as u8, key);
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = self.overlay().get(&key) {
            return Ok(value.as_deref().map(<[u8]>::to_vec));
        }
        let db = gate.as_ref().ok_or_else(shut)?;
        self.attempt(|| Ok(db.get(&key)?.map(|value| value.to_vec())))
    }

    /// Up to `limit` pairs with a prefix, ascending, strictly after `after`.
    pub(crate) fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.read(Span::after(table as u8, prefix, after), Direction::Forward, limit)
    }

    /// Up to `limit` pairs with a prefix, descending, strictly before `before`.
    pub(crate) fn scan_back(
        &self,
        table: Table,
        prefix: &[u8],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.read(Span::before(table as u8, prefix, before), Direction::Back, limit)
    }

    fn read(
        &self,
        span: Option<Span>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.check()?;
        let Some(span) = span else { return Ok(Vec::new()) };
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let picked = self.overlay().pick(&span, direction, limit);
        let db = gate.as_ref().ok_or_else(shut)?;
        let own = |pair: sled::Result<(sled::IVec, sled::IVec)>| {
            pair.map(|(key, value)| (key.to_vec(), value.to_vec()))
        };
        self.attempt(|| {
            let stored = db.range::<Vec<u8>, _>(span.low..span.high);
            match direction {
                Direction::Forward => span::merge(picked, stored.map(own), direction, limit),
                Direction::Back => span::merge(picked, stored.rev().map(own), direction, limit),
            }
        })
    }

    /// A node of the own log's tree.
    pub(crate) fn tree_node(&self, position: u64) -> Result<Hash, StoreError> {
        let found = self.overlay().tree_node(position);
        found.map_or_else(|| self.tree.node(position), Ok)
    }

    /// Waits until there is room in memory for another commit. To be called before the commit is
    /// made durable.
    ///
    /// # Errors
    /// [`StoreError::Index`] when the index has failed, or nothing moves any more.
    pub(crate) fn wait_for_room(&self) -> Result<(), StoreError> {
        let mut marker = self.marker();
        let mut since = (marker.up_to, Instant::now());
        loop {
            self.check()?;
            if self.has_room() {
                return Ok(());
            }
            if marker.up_to != since.0 {
                since = (marker.up_to, Instant::now());
            } else if since.1.elapsed() > PATIENCE {
                return Err(self.fail("sled takes nothing any more"));
            }
            let tick = Duration::from_millis(100);
            let woken = self.drained.wait_timeout(marker, tick);
            marker = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn has_room(&self) -> bool {
        self.overlay().bytes() <= self.overlay_bytes
    }

    /// Makes the changes of a commit visible. Returns whether there is enough for sled to do.
    pub(crate) fn push(&self, changes: Changes) -> bool {
        let mut overlay = self.overlay.write().unwrap_or_else(PoisonError::into_inner);
        overlay.push(changes);
        overlay.is_waiting()
    }

    /// Carries the oldest layer to sled; with `small`, also one that has not got its size yet.
    /// `Ok(false)` when there is none.
    ///
    /// # Errors
    /// [`StoreError`]; the index counts as failed from then on.
    pub(crate) fn drain(&self, files: &Files, small: bool) -> Result<bool, StoreError> {
        self.check()?;
        let layer = self.overlay.write().unwrap_or_else(PoisonError::into_inner).oldest(small);
        let Some(layer) = layer else { return Ok(false) };
        let marker = self.carry(&layer, files).map_err(|error| {
            let told = matches!(error, StoreError::Index { .. });
            if told { error } else { self.fail(&error.to_string()) }
        })?;
        self.overlay.write().unwrap_or_else(PoisonError::into_inner).drop_oldest();
        *self.marker() = marker;
        self.drained.notify_all();
        Ok(true)
    }

    fn carry(&self, layer: &Layer, files: &Files) -> Result<Marker, StoreError> {
        let mut marker = *self.marker();
        marker.up_to = layer.up_to;
        marker.mark = layer.mark.unwrap_or(marker.mark);
        marker.fingerprint = files.fingerprint(layer.up_to)?;
        // The tree first: a marker never speaks of nodes that are not in the file.
        for (position, node) in &layer.tree {
            let counted = *position < marker.nodes;
            let old = if counted { self.tree.read(*position)? } else { Hash::ZERO };
            self.tree.write(*position, node)?;
            marker.tree.replace_node(*position, &old, node);
            marker.nodes = marker.nodes.max(position + 1);
        }
        let db = self.gate.write().unwrap_or_else(PoisonError::into_inner).clone();
        let db = db.ok_or_else(shut)?;
        self.attempt(|| apply(&db, layer, &mut marker))?;
        Ok(marker)
    }

    /// Lets sled write what it still has in memory, so that after a kill there is less to replay.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.check()?;
        let db = self.gate.read().unwrap_or_else(PoisonError::into_inner).clone();
        let db = db.ok_or_else(shut)?;
        self.attempt(|| db.flush().map(|_| ()))
    }

    /// Shuts sled and makes its files durable. In a thread of its own: sled may hang here as
    /// anywhere, and is then left behind.
    pub(crate) fn close(self: &Arc<Self>) -> Result<(), StoreError> {
        let index = Arc::clone(self);
        let closed = open::within(PATIENCE, move || index.close_now());
        closed.unwrap_or_else(|what| Err(self.fail(&what)))
    }

    fn close_now(&self) -> Result<(), StoreError> {
        let db = self.gate.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(db) = db else { return Ok(()) };
        self.attempt(|| {
            db.flush()?;
            drop(db);
            Ok(())
        })?;
        self.tree.sync()?;
        sync_all(&self.folder).map_err(|e| failed("sync", &self.folder, e))?;
        self.check()
    }

    /// Up to where sled reflects the journal, and the own log there.
    pub(crate) fn reflects(&self) -> (u64, Mark) {
        let marker = self.marker();
        (marker.up_to, marker.mark)
    }

    /// Why the index has failed, if it has.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failed.get().map(String::as_str)
    }

    fn check(&self) -> Result<(), StoreError> {
        self.failure().map_or(Ok(()), |what| Err(StoreError::Index { what: what.to_owned() }))
    }

    /// Counts the index as failed.
    pub(crate) fn give_up(&self, what: &str) {
        self.fail(what);
    }

    /// From now on every call fails; the next start rebuilds.
    fn fail(&self, what: &str) -> StoreError {
        if self.failed.set(what.to_owned()).is_ok() {
            tracing::error!(what, "the index failed");
        }
        StoreError::Index { what: what.to_owned() }
    }

    /// Calls sled, which may panic.
    fn attempt<T>(&self, call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.fail(&reason(&error))),
            Err(_) => Err(self.fail("sled panicked")),
        }
    }

    /// What a panic inside sled would do.
    #[cfg(test)]
    pub(crate) fn break_down(&self) {
        let _ = self.attempt(|| -> sled::Result<()> { panic!("inside sled") });
    }

    fn overlay(&self) -> RwLockReadGuard<'_, Overlay> {
        self.overlay.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn marker(&self) -> MutexGuard<'_, Marker> {
        self.marker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn apply(db: &sled::Db, layer: &Layer, marker: &mut Marker) -> sled::Result<()> {
    let mut batch = sled::Batch::default();
    for (key, value) in &layer.entries {
        if let Some(old) = db.get(key)? {
            marker.entries.remove(key, &old);
        }
        if let Some(value) = value {
            marker.entries.add(key, value);
            batch.insert(&**key, &**value);
        } else {
            batch.remove(&**key);
        }
    }
    batch.insert(&MARKER_KEY, marker.write());
    db.apply_batch(batch)
}

/// What sled says, with a full disk told in plain words.
fn reason(error: &sled::Error) -> String {
    if let sled::Error::Io(error) = error
        && error.kind() == ErrorKind::StorageFull
    {
        return "the disk is full: free some space".to_owned();
    }
    error.to_string()
}

fn shut() -> StoreError {
    StoreError::ReadOnly { why: "it was shut down".to_owned() }
}

/// Makes all files of a folder durable, and their names.
fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
