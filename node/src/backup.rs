//! Backups that forget what was erased. A backup folder holds any number of generations of the
//! journal and the photos, all encrypted, and the keys only once: those of the newest backup, which
//! open every generation but what was erased since. An erasure so reaches every generation with the
//! next backup (S25), and none has to be thrown away for it.

use std::fs;
use std::path::{Path, PathBuf};

use record::{NodeId, Timestamp};

use crate::config::Config;
use crate::export::{self, ExportError};
use crate::file::{self, FileError};
use crate::folder::Folder;
use crate::identity::{Identity, IdentityError};
use crate::node::{StartError, now};
use crate::offline::Offline;

/// Who the node is and the keys to what it keeps: once in a backup folder. Copied after the
/// journal, so that it has the key of everything in it.
const NEWEST: [&str; 3] = ["identity.json", crate::config::FILE_NAME, "keys"];
/// In each generation. See [`export`] for the order.
const GENERATION: [&str; 3] = ["watermark", "journal", "blobs"];
/// What is being written, and is put in its place when it is whole.
const UNFINISHED: &str = "unfinished";
const KEYS: &str = "newest";
/// What is replaced, until what replaces it is in its place.
const EARLIER: &str = "earlier";

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The data folder can't be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The node's identity can't be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A file can't be copied.
    #[error(transparent)]
    Copy(#[from] ExportError),
    /// A file can't be put in its place.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder is another node's.
    #[error("{to} holds the backups of another node, {other}: name another folder")]
    Other {
        /// The folder.
        to: PathBuf,
        /// Whose backups.
        other: String,
    },
    /// The folder lies inside the data folder.
    #[error("{to} lies within the data folder itself: name a folder on another disk")]
    Within {
        /// The folder.
        to: PathBuf,
    },
    /// There is no such backup.
    #[error("{from} holds no backup{}", .generation.as_deref().map(|name| format!(" named {name}")).unwrap_or_default())]
    Nothing {
        /// The folder.
        from: PathBuf,
        /// Which was asked for.
        generation: Option<String>,
    },
    /// The target is there already.
    #[error("{to} exists already: name a data folder that does not")]
    Exists {
        /// The target.
        to: PathBuf,
    },
}

/// A backup that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackedUp {
    /// The generation's name: the time in UTC, such as `2026-11-22T013000Z`.
    pub generation: String,
    /// Bytes copied.
    pub bytes: u64,
    /// Names of older generations that were removed.
    pub removed: Vec<String>,
}

/// Makes a generation in `to`, puts the keys there in the place of the earlier ones, and leaves the
/// newest `keep` generations. The node may run meanwhile.
///
/// # Errors
/// [`BackupError`]; earlier generations stay whole then.
pub fn backup(config: &Config, to: &Path, keep: usize) -> Result<BackedUp, BackupError> {
    let folder = Folder::new(&config.data);
    if is_within(to, folder.path()) {
        return Err(BackupError::Within { to: to.into() });
    }
    settle(config)?;
    let me = Identity::read(&folder)?.standing.node();
    if let Some(other) = owner(to).filter(|other| *other != me) {
        return Err(BackupError::Other { to: to.into(), other: other.short().to_string() });
    }
    file::create_folder(to)?;
    let generation = name(now());
    let bytes = place(folder.path(), &GENERATION, &to.join(&generation))?
        + place(folder.path(), &NEWEST, &to.join(KEYS))?;
    let mut all = generations(to);
    let removed = all.split_off(keep.max(1).min(all.len()));
    for old in &removed {
        remove(&to.join(old))?;
    }
    Ok(BackedUp { generation, bytes, removed })
}

/// Makes a data folder of a backup: of the newest generation, or the one that is named. The node
/// then stands where it stood at that time: see the epoch commands.
///
/// # Errors
/// [`BackupError`]; nothing is left of the target then.
pub fn restore(from: &Path, generation: Option<&str>, data: &Path) -> Result<String, BackupError> {
    if fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(BackupError::Exists { to: data.into() });
    }
    let found = generations(from).into_iter();
    let found = found.into_iter().find(|name| generation.is_none_or(|wanted| wanted == name));
    let nothing = || {
        let generation = generation.map(str::to_owned);
        BackupError::Nothing { from: from.into(), generation }
    };
    let found = found.ok_or_else(nothing)?;
    let copied = file::create_folder(data).map_err(BackupError::from).and_then(|()| {
        export::copy_parts(&from.join(&found), data, &GENERATION)?;
        export::copy_parts(&keys(from), data, &NEWEST)?;
        Ok(())
    });
    if copied.is_err() {
        // The error at hand is the one to tell.
        let _ = fs::remove_dir_all(data);
    }
    copied.map(|()| found)
}

/// Brings journal and watermark of a stopped node to the same end; a running one does so itself.
fn settle(config: &Config) -> Result<(), StartError> {
    match Offline::open(config) {
        Ok(_) | Err(StartError::Store(store::OpenError::Busy { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Copies parts beside their place, and then puts them there, instead of what was there before.
fn place(from: &Path, parts: &[&str], to: &Path) -> Result<u64, BackupError> {
    let unfinished = to.with_file_name(UNFINISHED);
    remove(&unfinished)?;
    file::create_folder(&unfinished)?;
    let bytes = export::copy_parts(from, &unfinished, parts)?;
    file::sync_folder(&unfinished)?;
    // At every moment one of the two is there, whole.
    let earlier = to.with_file_name(EARLIER);
    if to.exists() {
        remove(&earlier)?;
        file::rename(to, &earlier)?;
    }
    file::rename(&unfinished, to)?;
    // What was erased since is in the earlier one.
    remove(&earlier)?;
    Ok(bytes)
}

/// Where the keys are: those before, where making a backup was cut off between the two.
fn keys(folder: &Path) -> PathBuf {
    let newest = folder.join(KEYS);
    if newest.exists() { newest } else { folder.join(EARLIER) }
}

fn remove(folder: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::Io { doing: "remove", path: folder.into(), source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whose backups a folder holds, where it holds any.
fn owner(to: &Path) -> Option<NodeId> {
    let identity = Identity::read(&Folder::new(keys(to))).ok()?;
    Some(identity.standing.node())
}

/// The generations in a folder, newest first.
fn generations(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut found: Vec<String> = names.filter(|name| is_generation(name)).collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found
}

fn is_generation(name: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        17 => byte == b'.',
        21 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    name.len() == 22 && name.bytes().enumerate().all(shape)
}

/// A time as a name that sorts and that every file system takes.
fn name(time: Timestamp) -> String {
    time.to_string().replace(':', "")
}

fn is_within(to: &Path, data: &Path) -> bool {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.into());
    whole(to).starts_with(whole(data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generations_name_is_known_again_and_nothing_else_is() {
        let at = name(Timestamp::from_millis(1_772_409_600_123));
        assert_eq!(at, "2026-03-02T000000.123Z");
        assert!(is_generation(&at));
        for other in [KEYS, UNFINISHED, "2026-03-02", "2026-03-02T000000.123Z.old", ".."] {
            assert!(!is_generation(other), "{other}");
        }
    }
}
