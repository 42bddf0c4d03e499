//! Opening sled without believing it.
//!
//! An index is used only if it opens in time and without a panic, if what it holds adds up to the
//! digest in its marker, and if the marker fits the journal, the watermark and the tree file.
//! Otherwise it is moved aside and built anew from the journal. So it doesn't matter how the node
//! was stopped: a state that adds up is exactly the state at its marker, and any other is found out.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use engine::store::StoreError;
use serde::Serialize;

use crate::disk::{self, Disk, failed};
use crate::index::digest::Digest;
use crate::index::marker::{MARKER_KEY, Marker};
use crate::index::reason;
use crate::journal::Files;
use crate::tree_file::TreeFile;
use crate::watermark::Watermark;

/// How long sled may still hold its own lock after it was closed in this process.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// An index is given another second for every so many bytes of it.
const BYTES_PER_SECOND: u64 = 4 * 1024 * 1024;

/// Where an index is and how it is opened.
pub(crate) struct Setting {
    pub(crate) folder: PathBuf,
    /// Where a bad index is moved.
    pub(crate) aside: PathBuf,
    pub(crate) cache_bytes: u64,
    /// How long sled may take before its size is considered.
    pub(crate) patience: Duration,
    pub(crate) disk: Arc<Disk>,
}

/// What became of the index at open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum IndexState {
    /// A new data folder.
    Created,
    /// It is good; what the journal has after `up_to` is to be replayed.
    Ready {
        /// The journal position up to which it reflects the journal.
        up_to: u64,
        /// Bytes of journal after that.
        behind: u64,
    },
    /// It was not good: an empty one took its place and everything is to be replayed.
    Rebuilding {
        /// What was wrong.
        why: String,
        /// Where the old one was moved, if there was one.
        kept: Option<PathBuf>,
    },
}

/// sled, and what its marker says; a marker of nothing when it is new.
pub(crate) struct Loaded {
    pub(crate) db: sled::Db,
    pub(crate) marker: Marker,
    pub(crate) state: IndexState,
}

/// Opens the index, or makes a new one.
///
/// # Errors
/// [`StoreError::Index`] when not even a new one can be made, and [`StoreError::Io`].
pub(crate) fn open(
    setting: &Setting,
    tree: &TreeFile,
    files: &Files,
    watermark: Option<&Watermark>,
) -> Result<Loaded, StoreError> {
    if !setting.folder.exists() {
        let why = "the index is missing".to_owned();
        return start_anew(setting, tree, (files.end() > 0).then_some((why, None)));
    }
    let loaded = load(setting, files.end() == 0).and_then(|(db, marker)| {
        check(&marker, tree, files, watermark)?;
        Ok((db, marker))
    });
    match loaded {
        Ok((db, marker)) => {
            let (up_to, behind) = (marker.up_to, files.end() - marker.up_to);
            Ok(Loaded { db, marker, state: IndexState::Ready { up_to, behind } })
        }
        Err(why) => {
            let kept = move_aside(setting)?;
            start_anew(setting, tree, Some((why, kept)))
        }
    }
}

fn start_anew(
    setting: &Setting,
    tree: &TreeFile,
    rebuilt: Option<(String, Option<PathBuf>)>,
) -> Result<Loaded, StoreError> {
    tree.clear()?;
    let (db, marker) = load(setting, true).map_err(|what| StoreError::Index { what })?;
    let state = rebuilt.map_or(IndexState::Created, |(why, kept)| {
        tracing::warn!(%why, "the index is rebuilt from the journal");
        IndexState::Rebuilding { why, kept }
    });
    Ok(Loaded { db, marker, state })
}

/// Opens sled in a thread of its own and adds up what it holds. Only a new index may be empty; it
/// gets its marker now, so that an empty one later on has lost something.
fn load(setting: &Setting, may_be_empty: bool) -> Result<(sled::Db, Marker), String> {
    let size = folder_bytes(&setting.folder);
    let patience = setting.patience + Duration::from_secs(size / BYTES_PER_SECOND);
    let (folder, cache_bytes) = (setting.folder.clone(), setting.cache_bytes);
    // sled would make it readable for everybody.
    disk::create_folder(&folder).map_err(|e| format!("its folder can't be made: {e}"))?;
    within(patience, move || {
        let db =
            open_sled(&folder, cache_bytes).map_err(|e| format!("opening it: {}", reason(&e)))?;
        match add_up(&db)? {
            Some(marker) => Ok((db, marker)),
            None if may_be_empty => {
                let marker = Marker::default();
                let put = db.insert(MARKER_KEY, marker.write()).and_then(|_| db.flush());
                put.map_err(|e| format!("writing to it: {}", reason(&e)))?;
                Ok((db, marker))
            }
            None => Err("it is empty".to_owned()),
        }
    })?
}

fn open_sled(folder: &Path, cache_bytes: u64) -> sled::Result<sled::Db> {
    let config = sled::Config::new()
        .path(folder)
        .cache_capacity(cache_bytes)
        // It is flushed when we say so, never behind our back.
        .flush_every_ms(None);
    let start = Instant::now();
    loop {
        match config.open() {
            Err(sled::Error::Io(error))
                if error.to_string().contains("acquire lock")
                    && start.elapsed() < LOCK_PATIENCE =>
            {
                thread::sleep(Duration::from_millis(20));
            }
            opened => return opened,
        }
    }
}

/// The marker, if everything adds up to it; `None` when there is nothing at all.
fn add_up(db: &sled::Db) -> Result<Option<Marker>, String> {
    let mut digest = Digest::default();
    let (mut marker, mut entries) = (None, 0_u64);
    for pair in db.iter() {
        let (key, value) = pair.map_err(|e| format!("reading it: {}", reason(&e)))?;
        if *key == MARKER_KEY {
            marker =
                Some(Marker::read(&value).ok_or("its marker is damaged or of another version")?);
        } else {
            digest.add(&key, &value);
            entries += 1;
        }
    }
    match marker {
        None if entries == 0 => Ok(None),
        None => Err("it has entries but no marker".to_owned()),
        Some(marker) if marker.entries != digest => {
            Err("it does not hold what was put into it".to_owned())
        }
        Some(marker) => Ok(Some(marker)),
    }
}

/// Whether an index that adds up fits everything else.
fn check(
    marker: &Marker,
    tree: &TreeFile,
    files: &Files,
    watermark: Option<&Watermark>,
) -> Result<(), String> {
    if marker.up_to > files.end() {
        let end = files.end();
        return Err(format!(
            "it is at {}, ahead of the journal, which ends at {end}",
            marker.up_to
        ));
    }
    if files.fingerprint(marker.up_to).ok() != Some(marker.fingerprint) {
        return Err("it was made from another journal, or that is damaged where it ends".to_owned());
    }
    if watermark.is_some_and(|mark| mark.end == marker.up_to && mark.mark != marker.mark) {
        return Err("it and the watermark disagree about the node's own log".to_owned());
    }
    if tree.digest(marker.nodes).ok() != Some(marker.tree) {
        return Err("the file of the log's tree does not hold what was put into it".to_owned());
    }
    Ok(())
}

/// Moves a bad index away. Only the last one is kept, and none where the new one needs the room.
fn move_aside(setting: &Setting) -> Result<Option<PathBuf>, StoreError> {
    disk::create_folder(&setting.aside).map_err(|e| failed("create", &setting.aside, e))?;
    let kept = setting.aside.join("index");
    if kept.exists() {
        fs::remove_dir_all(&kept).map_err(|e| failed("remove", &kept, e))?;
    }
    fs::rename(&setting.folder, &kept).map_err(|e| failed("move", &setting.folder, e))?;
    if setting.disk.room_for(2 * folder_bytes(&kept)).is_err() {
        fs::remove_dir_all(&kept).map_err(|e| failed("remove", &kept, e))?;
        return Ok(None);
    }
    Ok(Some(kept))
}

/// Runs `work` in a thread of its own. A panic or too long a wait becomes an error; a thread that
/// hangs is left behind.
pub(crate) fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let run = move || {
        // Nobody may be waiting any more.
        let _ = sender.send(catch_unwind(AssertUnwindSafe(work)));
    };
    let spawned = thread::Builder::new().name("wangge-index-once".to_owned()).spawn(run);
    spawned.map_err(|e| format!("no thread could be started for it: {e}"))?;
    match receiver.recv_timeout(patience) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err("sled panicked".to_owned()),
        Err(_) => Err(format!("sled did not come back within {} s", patience.as_secs())),
    }
}

fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.flatten().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_and_a_hang_become_errors() {
        let done: Result<i32, String> = within(Duration::from_secs(60), || 7);
        assert_eq!(done, Ok(7));
        let panicked = within(Duration::from_secs(60), || panic!("inside"));
        assert_eq!(panicked, Err::<(), _>("sled panicked".to_owned()));
        let (keep, wait) = mpsc::channel::<()>();
        let hung = within(Duration::from_millis(1), move || wait.recv().is_ok());
        assert!(hung.unwrap_err().contains("did not come back"));
        drop(keep);
    }
}
