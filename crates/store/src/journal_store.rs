//! The engine's storage on a real disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use engine::store::{
    Commit, Erasure, Examined, Frame, MAX_VALUE, Mark, Mutation, Pair, Position, Read, Replay,
    Store, StoreError, StoreHealth, Table,
};
use rand::rngs::StdRng;
use record::Hash;

use crate::blobs::Blobs;
use crate::disk;
use crate::frame;
use crate::index::Index;
use crate::index::layer::Changes;
use crate::journal::{Files, Journal};
use crate::keeper::{Keeper, Kept};
use crate::lock::Lock;
use crate::vault::Vault;
use crate::watermark::Watermark;

/// The longest key of the index, in bytes.
const MAX_KEY: usize = 512;

/// A data folder that is open. Shut down in order when dropped; [`Self::close`] also says how that
/// went.
pub struct JournalStore {
    journal: Journal,
    shared: Arc<Shared>,
    kept: Arc<Kept>,
    keeper: Keeper,
    blobs: Blobs,
    rng: StdRng,
    /// Up to where the index, overlay included, reflects the journal.
    applied: u64,
    /// The own log there.
    mark: Mark,
    /// What the watermark said at open.
    found: Option<Watermark>,
    shut: bool,
    _lock: Lock,
}

/// What the writer and the readers share.
pub(crate) struct Shared {
    folder: PathBuf,
    files: Arc<Files>,
    vault: Vault,
    index: Arc<Index>,
    refusal: OnceLock<Refusal>,
}

/// Why nothing more is written.
#[derive(Clone)]
enum Refusal {
    Full,
    Failed(String),
    Shut,
}

/// The parts of a store, once all are open.
pub(crate) struct Parts {
    pub(crate) journal: Journal,
    pub(crate) shared: Shared,
    pub(crate) kept: Arc<Kept>,
    pub(crate) keeper: Keeper,
    pub(crate) blobs: Blobs,
    pub(crate) rng: StdRng,
    pub(crate) found: Option<Watermark>,
    pub(crate) lock: Lock,
}

impl JournalStore {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { journal, shared, kept, keeper, blobs, rng, found, lock } = parts;
        let (applied, mark) = shared.index.reflects();
        let shared = Arc::new(shared);
        let (shut, _lock) = (false, lock);
        Self { journal, shared, kept, keeper, blobs, rng, applied, mark, found, shut, _lock }
    }

    /// Shuts down: carries everything to the index, makes it durable, and says in the watermark
    /// that this was done. Readers get [`StoreError::ReadOnly`] from then on.
    ///
    /// # Errors
    /// What could not be done. Nothing that was committed is lost by that: the next start makes
    /// good for it from the journal.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.shut()
    }

    fn shut(&mut self) -> Result<(), StoreError> {
        if std::mem::replace(&mut self.shut, true) {
            return Ok(());
        }
        self.shared.refuse(Refusal::Shut);
        self.keeper.stop();
        let index = self.shared.index.close();
        let newest = *self.kept.newest();
        let watermark = newest.map_or(Ok(()), |watermark| {
            let closed = Watermark { closed: true, ..watermark };
            closed.write(&self.kept.watermark_path)
        });
        index.and(watermark)
    }

    /// Destroys the keys of frames and photos, and those in `slots`.
    fn destroy(&self, erasures: &[Erasure], slots: &[u32]) -> Result<(), StoreError> {
        let mut numbers = slots.to_vec();
        for Position(at) in erasures.iter().flat_map(|erasure| &erasure.frames) {
            numbers.extend(self.journal.files().slot(*at)?);
        }
        numbers.sort_unstable();
        numbers.dedup();
        self.shared.vault.slots().destroy(&numbers)?;
        erasures.iter().flat_map(|erasure| &erasure.photos).try_for_each(|p| self.blobs.destroy(p))
    }

    /// Makes changes visible that are already durable.
    fn show(&mut self, mutations: Vec<Mutation>, tree: Vec<(u64, Hash)>, mark: Mark, up_to: u64) {
        if self.shared.index.push(Changes { mutations, tree, mark, up_to }) {
            self.kept.ring();
        }
        (self.applied, self.mark) = (up_to, mark);
        if up_to == self.journal.files().end() {
            let journal = self.journal.files().marker();
            self.kept.set_watermark(Watermark { journal, end: up_to, mark, closed: false });
        }
    }

    /// Whether replay has come to the end. Damage there is not for replay to come to.
    fn expect_replayed(&mut self) -> Result<(), StoreError> {
        let (applied, end) = (self.applied, self.journal.files().end());
        if applied == end {
            return Ok(());
        }
        let (frames, _) = self.replay(Position(applied), 1)?;
        if !frames.is_empty() {
            let what = format!("it was replayed up to {applied} only, the journal ends at {end}");
            return Err(StoreError::Index { what });
        }
        let mark = self.mark;
        self.compare(&mark, end)?;
        self.applied = end;
        Ok(())
    }

    /// At the length that the watermark knew, the own log has to be the one that it knew: otherwise
    /// the node would sign a second time what it signed before. Replay always stops there.
    fn compare(&self, mark: &Mark, up_to: u64) -> Result<(), StoreError> {
        let passes = |end: u64| self.applied < end && end <= up_to;
        let Some(found) = self.found.filter(|found| passes(found.end)) else { return Ok(()) };
        // When it was passed without a stop, no frame before it was left to replay.
        let mark = if found.end == up_to { mark } else { &self.mark };
        let log = |mark: &Mark| (mark.epoch, mark.count, mark.head);
        if log(&found.mark) != log(mark) {
            return Err(StoreError::Damaged {
                path: self.kept.watermark_path.display().to_string(),
                offset: 0,
                what: format!(
                    "it knows {} own records up to {}, replay comes to {} up to {}: put back the \
                     whole journal, or remove this file and open a new epoch",
                    found.mark.count, found.mark.head, mark.count, mark.head
                ),
            });
        }
        if found.mark.root != mark.root {
            tracing::error!("replay gives another root of the own log than the watermark knows");
        }
        Ok(())
    }
}

impl Store for JournalStore {
    fn blobs(&self) -> Arc<dyn engine::blob::Blobs> {
        Arc::new(self.blobs.clone())
    }

    fn reader(&self) -> Arc<dyn Read> {
        Arc::new(Reader(Arc::clone(&self.shared)))
    }

    fn begin(&self) -> Position {
        self.end()
    }

    fn following(&self, at: Position, frame: &Frame) -> Result<Position, StoreError> {
        frame::length(frame).map(|length| Position(at.0 + length))
    }

    fn commit(&mut self, commit: Commit) -> Result<(), StoreError> {
        let Commit { frames, mutations, tree, mark, erasures } = commit;
        self.shared.writable()?;
        check_sizes(&mutations)?;
        self.expect_replayed()?;
        self.shared.index.wait_for_room()?;
        // What is sealed for them from here on is not what is erased.
        let slots = self.shared.vault.slots();
        let owned: Vec<u32> = erasures.iter().filter_map(|e| slots.detach(&e.subject)).collect();
        if !frames.is_empty() {
            let appended = self.journal.append(&frames, &self.shared.vault, &mut self.rng);
            appended.inspect_err(|error| self.shared.refuse_after(error))?;
        }
        // The index never gets ahead of this: what a crash leaves undone, replay does.
        let erased = self.destroy(&erasures, &owned);
        erased.inspect_err(|error| self.shared.refuse_after(error))?;
        self.show(mutations, tree, mark, self.journal.files().end());
        Ok(())
    }

    fn erase(&mut self, erasures: &[Erasure]) -> Result<(), StoreError> {
        self.destroy(erasures, &[])
    }

    fn indexed_up_to(&self) -> Position {
        Position(self.applied)
    }

    fn replay(&self, from: Position, limit: usize) -> Result<Replay, StoreError> {
        let (files, vault) = (self.journal.files(), &self.shared.vault);
        // Not past the watermark in one go: see `compare`.
        if let Some(found) = self.found.filter(|found| from.0 < found.end) {
            let (frames, next) = files.replay(from.0, found.end, limit, vault)?;
            if !frames.is_empty() {
                return Ok((frames, next));
            }
        }
        files.replay(from.0, files.end(), limit, vault)
    }

    fn end(&self) -> Position {
        Position(self.journal.files().end())
    }

    fn index(
        &mut self,
        mutations: Vec<Mutation>,
        tree: Vec<(u64, Hash)>,
        mark: Mark,
        up_to: Position,
    ) -> Result<(), StoreError> {
        check_sizes(&mutations)?;
        let (applied, end, up_to) = (self.applied, self.journal.files().end(), up_to.0);
        if up_to < applied || up_to > end {
            let what = format!("replay goes from {applied} to {end}, {up_to} is outside");
            return Err(StoreError::Index { what });
        }
        self.compare(&mark, up_to)?;
        self.shared.index.wait_for_room()?;
        self.show(mutations, tree, mark, up_to);
        Ok(())
    }
}

impl Drop for JournalStore {
    fn drop(&mut self) {
        if let Err(error) = self.shut() {
            tracing::error!(%error, "the store was not shut down in order");
        }
    }
}

impl Shared {
    pub(crate) fn new(folder: &Path, files: Arc<Files>, vault: Vault, index: Arc<Index>) -> Self {
        Self { folder: folder.to_owned(), files, vault, index, refusal: OnceLock::new() }
    }

    fn writable(&self) -> Result<(), StoreError> {
        match self.refusal.get() {
            None => Ok(()),
            Some(Refusal::Full) => {
                Err(StoreError::Full { path: self.folder.display().to_string() })
            }
            Some(refusal) => Err(StoreError::ReadOnly { why: refusal.why() }),
        }
    }

    /// Any failure to write is final: what a disk holds after one is unknown until it is read anew.
    fn refuse_after(&self, error: &StoreError) {
        match error {
            StoreError::TooLarge { .. } => {}
            StoreError::Full { .. } => self.refuse(Refusal::Full),
            StoreError::Io { source, .. } => {
                self.refuse(Refusal::Failed(format!("{error} ({source}): restart the node")));
            }
            StoreError::Damaged { .. } | StoreError::Index { .. } | StoreError::ReadOnly { .. } => {
                self.refuse(Refusal::Failed(format!("{error}: restart the node")));
            }
        }
    }

    fn refuse(&self, refusal: Refusal) {
        // The first reason stays.
        let _ = self.refusal.set(refusal);
    }
}

impl Refusal {
    fn why(&self) -> String {
        match self {
            Self::Full => "the disk is full".to_owned(),
            Self::Failed(why) => why.clone(),
            Self::Shut => "it was shut down".to_owned(),
        }
    }
}

/// A handle for reading.
struct Reader(Arc<Shared>);

impl Read for Reader {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.index.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.0.index.scan(table, prefix, after, limit)
    }

    fn scan_back(
        &self,
        table: Table,
        prefix: &[u8],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.0.index.scan_back(table, prefix, before, limit)
    }

    fn frame(&self, at: Position) -> Result<Frame, StoreError> {
        self.0.files.frame(at.0, &self.0.vault)
    }

    fn tree_node(&self, position: u64) -> Result<Hash, StoreError> {
        self.0.index.tree_node(position)
    }

    fn health(&self) -> StoreHealth {
        let next = self.0.files.end();
        let failed = self.0.index.failure().map(|what| format!("the index failed: {what}"));
        StoreHealth {
            journal_bytes: self.0.files.bytes(),
            next,
            index_lag: next.saturating_sub(self.0.index.reflects().0),
            read_only: self.0.refusal.get().map(Refusal::why).or(failed),
            free_bytes: disk::free(&self.0.folder).ok(),
        }
    }

    fn examine(&self) -> Result<Examined, StoreError> {
        self.0.files.examine(&self.0.vault)
    }
}

fn check_sizes(mutations: &[Mutation]) -> Result<(), StoreError> {
    let over = |what, size, limit| Err(StoreError::TooLarge { what, size, limit });
    for Mutation { key, value, .. } in mutations {
        if key.len() > MAX_KEY {
            return over("a key of the index", key.len(), MAX_KEY);
        }
        let size = value.as_ref().map_or(0, Vec::len);
        if size > MAX_VALUE {
            return over("a value of the index", size, MAX_VALUE);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
