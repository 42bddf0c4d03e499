//! Opening a data folder: what it needs, what was found, and why it is refused.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::store::StoreError;
use rand::rngs::StdRng;
use rand::{CryptoRng, SeedableRng};
use serde::Serialize;

use crate::blobs::Blobs;
use crate::disk::{self, Disk, failed};
use crate::index::open::{IndexState, Setting as IndexSetting};
use crate::index::{self, Index};
use crate::journal::{self, Damage, Files, Journal, JournalError, Recovery, Torn};
use crate::journal_store::{JournalStore, Parts, Shared};
use crate::keeper::{Keeper, Kept};
use crate::keyfile::{KeyFileError, StorageKey, storage_key_path};
use crate::lock::{Lock, LockError};
use crate::tree_file::TreeFile;
use crate::vault::Vault;
use crate::vault::photo::PhotoVault;
use crate::vault::slots::{self, Slots};
use crate::watermark::{self, Watermark};

/// How a data folder is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// sled's cache in bytes. It has been seen to use three times as much.
    pub cache_bytes: u64,
    /// The most bytes of committed changes to hold in memory until sled has them; beyond that
    /// commits wait.
    pub overlay_bytes: usize,
    /// From this size on, in bytes, a journal segment is not continued.
    pub segment_bytes: u64,
    /// Bytes of the disk that are left free: below that the node is read-only.
    pub reserve_bytes: u64,
    /// The most bytes that the journal may have, if it is limited.
    pub journal_quota: Option<u64>,
    /// How long sled may take to open, beside a second per 4 MiB, before the index is rebuilt.
    pub index_patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            cache_bytes: 24 * MIB,
            overlay_bytes: 16 * 1024 * 1024,
            segment_bytes: 64 * MIB,
            reserve_bytes: 64 * MIB,
            journal_quota: None,
            index_patience: Duration::from_secs(60),
        }
    }
}

/// What was found when a data folder was opened, for the log and the operator.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenReport {
    /// Whole frames in the journal.
    pub frames: u64,
    /// Bytes of journal on the disk.
    pub journal_bytes: u64,
    /// A batch that was being written when the node stopped, and was cut off.
    pub torn: Option<Torn>,
    /// A segment that was being created when the node stopped, and was removed.
    pub unfinished_segment: Option<PathBuf>,
    /// Places in the journal without a whole frame. Their records are lost here; peers may have
    /// them.
    pub damage: Vec<Damage>,
    /// Files in the journal's folder that don't belong there.
    pub strays: Vec<PathBuf>,
    /// What the node knew of itself when it last wrote that down.
    pub watermark: Option<Watermark>,
    /// Set when there is a journal and its watermark is missing or damaged.
    pub watermark_lost: Option<String>,
    /// What became of the index.
    pub index: IndexState,
}

impl OpenReport {
    /// Whether there is nothing that an operator should know.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.torn.is_none()
            && self.unfinished_segment.is_none()
            && self.damage.is_empty()
            && self.strays.is_empty()
            && self.watermark_lost.is_none()
            && !matches!(self.index, IndexState::Rebuilding { .. })
    }
}

/// One line for each thing that an operator should know, after one with the journal's size.
impl fmt::Display for OpenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} frames in {} bytes of journal", self.frames, self.journal_bytes)?;
        if let Some(Torn { file, offset, bytes, kept }) = &self.torn {
            let (file, kept) = (file.display(), kept.display());
            writeln!(
                f,
                "{file} ended in a batch that was never acknowledged: {bytes} bytes from byte \
                 {offset} on were cut off and are kept in {kept}"
            )?;
        }
        if let Some(file) = &self.unfinished_segment {
            writeln!(f, "{} was being created and was removed", file.display())?;
        }
        for Damage { file, offset, bytes, what, .. } in &self.damage {
            let file = file.display();
            writeln!(f, "{file} is damaged at byte {offset}, over {bytes} bytes: {what}")?;
        }
        for stray in &self.strays {
            writeln!(f, "{} does not belong there", stray.display())?;
        }
        if let Some(why) = &self.watermark_lost {
            writeln!(f, "the watermark can't be compared with: {why}")?;
        }
        match &self.index {
            IndexState::Created => writeln!(f, "the index is new"),
            IndexState::Ready { behind, .. } => {
                writeln!(f, "the index is good and {behind} bytes of journal behind")
            }
            IndexState::Rebuilding { why, .. } => {
                writeln!(f, "the index is rebuilt from the journal: {why}")
            }
        }
    }
}

/// Why a data folder is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process uses it.
    #[error("{folder} is in use by another process: stop it, or use another data folder")]
    Busy {
        /// The data folder.
        folder: String,
    },
    /// The journal is shorter than it once was.
    #[error(
        "the journal in {folder} ends at {end}, but had reached {reached}: it was cut or put back \
         from an older copy. Put back the newer journal; if it is lost, `wangge epoch open` goes on \
         from what is left, in a new epoch"
    )]
    Rewound {
        /// The data folder.
        folder: String,
        /// Where the journal ends.
        end: u64,
        /// Where it had ended.
        reached: u64,
    },
    /// A segment of some other journal.
    #[error("{path} belongs to another journal: put back the file that belongs here")]
    Foreign {
        /// The segment file.
        path: String,
    },
    /// The storage key is not the one that the journal was written under.
    #[error("{path} was written under another storage key: put back the right {key}")]
    OtherKey {
        /// The segment file.
        path: String,
        /// The key file.
        key: String,
    },
    /// The storage key is gone.
    #[error("{key} is missing, and the journal can't be read without it: put it back")]
    KeyMissing {
        /// The key file.
        key: String,
    },
    /// The storage key can't be used.
    #[error("the storage key can't be used")]
    Key(#[from] KeyFileError),
    /// Written by a later version.
    #[error("{path} has version {version}, which this node does not know: update the node")]
    Version {
        /// The segment file.
        path: String,
        /// Its version.
        version: u16,
    },
    /// The file system refused.
    #[error("the data folder can't be opened")]
    Store(#[from] StoreError),
}

/// Opens a data folder, or makes a new one. `rng` seeds the nonces.
///
/// # Errors
/// [`OpenError`]. Nothing that was acknowledged is touched then.
pub fn open<R: CryptoRng + ?Sized>(
    folder: &Path,
    options: &Options,
    rng: &mut R,
) -> Result<(JournalStore, OpenReport), OpenError> {
    disk::create_folder(folder).map_err(|e| failed("create", folder, e))?;
    let lock = lock(folder)?;
    let disk = Arc::new(Disk::new(folder, options.reserve_bytes));
    let key = storage_key(folder, rng)?;
    let watermark_path = watermark::path(folder);
    let known = Watermark::read(&watermark_path)?;
    let watermark = known.as_ref().and_then(|known| known.as_ref().ok()).copied();
    let in_order = watermark.is_some_and(|watermark| watermark.closed);
    let seed = StdRng::from_rng(rng);
    let had_slots = slots::path(folder).exists();
    let slots = Arc::new(Slots::open(folder, &key, Arc::clone(&disk), seed, in_order)?);
    let vault = Vault::new(&key, Arc::clone(&slots));
    let photos = PhotoVault::new(&key, slots);
    drop(key);
    let setting = journal_setting(folder, options, &vault, watermark.as_ref());
    let recovered = journal::recover(setting, Arc::clone(&disk), rng);
    let (journal, recovery) = recovered.map_err(|error| refused(folder, error))?;
    if !had_slots {
        expect_no_slots(folder, &journal, &vault)?;
    }
    let (index, state) = open_index(folder, options, &disk, &journal, watermark.as_ref())?;
    let seed = StdRng::from_rng(rng);
    let blobs = Blobs::open(&blobs_folder(folder), disk, photos, seed)?;
    let report = report(&journal, recovery, known, state);

    let (index, files) = (Arc::new(index), Arc::clone(journal.files()));
    let running = watermark.or_else(|| new_watermark(&files, &index));
    let running = running.map(|watermark| Watermark { closed: false, ..watermark });
    if let Some(running) = running {
        running.write(&watermark_path)?;
    }
    let shared = Shared::new(folder, Arc::clone(&files), vault, Arc::clone(&index));
    let kept = Arc::new(Kept::new(index, files, watermark_path, running));
    let keeper = Keeper::start(Arc::clone(&kept), running);
    let keeper = keeper.map_err(|e| failed("start a thread for", folder, e))?;
    let (rng, found) = (StdRng::from_rng(rng), watermark);
    let parts = Parts { journal, shared, kept, keeper, blobs, rng, found, lock };
    Ok((JournalStore::new(parts), report))
}

/// Where there is no watermark: a good index at the journal's end knows what it should say, and so
/// does a journal without frames. Otherwise it has to wait for replay.
fn new_watermark(files: &Files, index: &Index) -> Option<Watermark> {
    let ((up_to, mark), end) = (index.reflects(), files.end());
    (up_to == end).then_some(Watermark { journal: files.marker(), end, mark, closed: false })
}

fn lock(folder: &Path) -> Result<Lock, OpenError> {
    Lock::exclusive(folder).map_err(|error| match error {
        LockError::Held => OpenError::Busy { folder: folder.display().to_string() },
        LockError::Io(error) => failed("lock", folder, error).into(),
    })
}

/// The storage key; a new one only where there is nothing yet that needs the old one.
fn storage_key<R: CryptoRng + ?Sized>(folder: &Path, rng: &mut R) -> Result<StorageKey, OpenError> {
    let path = storage_key_path(folder);
    if path.exists() {
        return Ok(StorageKey::load(&path)?);
    }
    let journal = journal_folder(folder);
    let has_segments = || -> Result<bool, StoreError> {
        Ok(!journal::segment::list(&journal)?.segments.is_empty())
    };
    if watermark::path(folder).exists() || journal.exists() && has_segments()? {
        return Err(OpenError::KeyMissing { key: path.display().to_string() });
    }
    let key = StorageKey::generate(rng);
    key.create(&path)?;
    Ok(key)
}

/// A journal from before there were keys of subjects is under none. Where one is, their file is lost,
/// and the new one must not stand in its place.
fn expect_no_slots(folder: &Path, journal: &Journal, vault: &Vault) -> Result<(), OpenError> {
    const PAGE: usize = 1_000;
    let (files, mut from) = (journal.files(), 0);
    loop {
        let page = files.replay(from, files.end(), PAGE, vault);
        let Ok((frames, next)) = page else {
            let path = slots::path(folder);
            std::fs::remove_file(&path).map_err(|e| failed("remove", &path, e))?;
            return Err(OpenError::KeyMissing { key: path.display().to_string() });
        };
        if frames.is_empty() {
            return Ok(());
        }
        from = next.0;
    }
}

fn journal_setting(
    folder: &Path,
    options: &Options,
    vault: &Vault,
    watermark: Option<&Watermark>,
) -> journal::Setting {
    journal::Setting {
        folder: journal_folder(folder),
        aside: folder.join("aside"),
        key_check: vault.check(),
        segment_bytes: options.segment_bytes,
        quota: options.journal_quota,
        known: watermark.map(|watermark| (watermark.journal, watermark.end)),
    }
}

fn open_index(
    folder: &Path,
    options: &Options,
    disk: &Arc<Disk>,
    journal: &Journal,
    watermark: Option<&Watermark>,
) -> Result<(Index, IndexState), OpenError> {
    let setting = IndexSetting {
        folder: folder.join("index"),
        aside: folder.join("aside"),
        cache_bytes: options.cache_bytes,
        patience: options.index_patience,
        disk: Arc::clone(disk),
    };
    let tree = TreeFile::open(&folder.join("tree"))?;
    let loaded = index::open::open(&setting, &tree, journal.files(), watermark)?;
    let state = loaded.state.clone();
    Ok((Index::new(loaded, tree, setting.folder, options.overlay_bytes), state))
}

fn report(
    journal: &Journal,
    recovery: Recovery,
    watermark: Option<Result<Watermark, crate::stamped::StampError>>,
    index: IndexState,
) -> OpenReport {
    let Recovery { created, frames, damage, torn, unborn, strays } = recovery;
    let watermark_lost = match &watermark {
        Some(Ok(_)) => None,
        Some(Err(error)) => Some(error.to_string()),
        None if created || journal.files().end() == 0 => None,
        None => Some("it is missing".to_owned()),
    };
    OpenReport {
        frames,
        journal_bytes: journal.files().bytes(),
        torn,
        unfinished_segment: unborn,
        damage,
        strays,
        watermark: watermark.and_then(Result::ok),
        watermark_lost,
        index,
    }
}

fn refused(folder: &Path, error: JournalError) -> OpenError {
    let (folder, key) = (folder.display().to_string(), storage_key_path(folder));
    match error {
        JournalError::Rewound { end, reached } => OpenError::Rewound { folder, end, reached },
        JournalError::Foreign { path } => OpenError::Foreign { path: path.display().to_string() },
        JournalError::OtherKey { path } => {
            OpenError::OtherKey { path: path.display().to_string(), key: key.display().to_string() }
        }
        JournalError::Version { path, version } => {
            OpenError::Version { path: path.display().to_string(), version }
        }
        JournalError::Store(error) => OpenError::Store(error),
    }
}

pub(crate) fn blobs_folder(folder: &Path) -> PathBuf {
    folder.join("blobs")
}

pub(crate) fn journal_folder(folder: &Path) -> PathBuf {
    folder.join("journal")
}
