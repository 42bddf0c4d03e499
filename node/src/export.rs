//! An export: what others need to verify a node's journal, and no key. Values that the node keeps
//! encrypted stay encrypted in it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::file;
use crate::folder::Folder;
use crate::node::StartError;
use crate::offline::Offline;

/// What of a data folder is public, or encrypted, in the order of copying: the journal only grows,
/// so that it holds at least what a watermark copied before it knows of, and a photo lies beside it
/// before a record shows it.
const PARTS: [&str; 4] = ["identity.json", "watermark", "journal", "blobs"];
/// In a folder of photos, what is only being written.
const UNFINISHED: &str = "unfinished";

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The data folder can't be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The target is there already.
    #[error("{to} exists already: name a folder that does not")]
    Exists {
        /// The target.
        to: PathBuf,
    },
    /// A file can't be copied.
    #[error("can't copy {from} to {to}")]
    Copy {
        /// From where.
        from: PathBuf,
        /// To where.
        to: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// What was exported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exported {
    /// Bytes copied.
    pub bytes: u64,
    /// Whether the node was running: a batch that was being written then may be cut off in the
    /// copy, which verification tells.
    pub live: bool,
}

/// Exports a node's journal and its photos, encrypted as they are, into a new folder. A stopped node is opened first, which brings
/// journal and watermark to the same end.
///
/// # Errors
/// [`ExportError`]; where copying fails midway, the target is removed again.
pub fn export(config: &Config, to: &Path) -> Result<Exported, ExportError> {
    if to.exists() {
        return Err(ExportError::Exists { to: to.into() });
    }
    let live = match Offline::open(config) {
        Ok(_) => false,
        Err(StartError::Store(store::OpenError::Busy { .. })) => true,
        Err(error) => return Err(error.into()),
    };
    let folder = Folder::new(&config.data);
    let copied = file::create_folder(to)
        .map_err(|error| ExportError::Start(error.into()))
        .and_then(|()| copy_parts(folder.path(), to, &PARTS));
    if copied.is_err() {
        // The error at hand is the one to tell.
        let _ = fs::remove_dir_all(to);
    }
    copied.map(|bytes| Exported { bytes, live })
}

/// Copies those of `parts` that there are, in this order; gives the number of bytes.
pub(crate) fn copy_parts(from: &Path, to: &Path, parts: &[&str]) -> Result<u64, ExportError> {
    let present = parts.iter().filter(|part| from.join(part).exists());
    present.map(|part| copy(&from.join(part), &to.join(part))).sum()
}

fn copy(from: &Path, to: &Path) -> Result<u64, ExportError> {
    let failed = |source| ExportError::Copy { from: from.into(), to: to.into(), source };
    if !from.is_dir() {
        let copied = fs::copy(from, to);
        // A medium that is unplugged right after must have it.
        let kept = copied.and_then(|bytes| File::open(to)?.sync_all().map(|()| bytes));
        return kept.map_err(failed);
    }
    file::create_folder(to).map_err(|error| ExportError::Start(error.into()))?;
    let entries: Result<Vec<_>, _> = fs::read_dir(from).map_err(failed)?.collect();
    let entries = entries.map_err(failed)?;
    let whole = entries.into_iter().filter(|entry| entry.file_name() != UNFINISHED);
    let copies = whole.map(|entry| copy(&entry.path(), &to.join(entry.file_name())));
    let bytes = copies.sum::<Result<u64, _>>()?;
    File::open(to).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(bytes)
}
