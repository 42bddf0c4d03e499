//! The secrets of a node on its disk: the signing key and the storage key.
//!
//! Text files of mode 0600 that are written once, and replaced only by the same key under a
//! passphrase (see [`passphrase`]). A file that others could have read is refused, so that nobody
//! goes on with a key that may be known.

pub mod passphrase;

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rand::CryptoRng;
use record::NodeKey;
use zeroize::Zeroizing;

use self::passphrase::{Passphrase, PassphraseError};
use crate::disk;
use crate::stamped::{self, StampError};

const NODE_TITLE: &str = "wangge node key 1";
const STORAGE_TITLE: &str = "wangge storage key 1";

/// What the values on this disk are encrypted under. Wiped when dropped; can't be printed.
pub struct StorageKey(Zeroizing<[u8; 32]>);

/// Why a key file can't be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file system refused.
    #[error("can't {doing} {path}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// There is a key already.
    #[error(
        "{path} exists already and is never overwritten: move it away first if it is not wanted"
    )]
    Exists {
        /// The file.
        path: String,
    },
    /// Others can read it.
    #[error(
        "{path} has mode {mode:o}, so others could have read the key: run chmod 600 on it, and make a new key if it may be known"
    )]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// It is under a passphrase, and there is none.
    #[error("{path} is protected by a passphrase")]
    Locked {
        /// The file.
        path: String,
        /// Why there is none.
        #[source]
        source: PassphraseError,
    },
    /// It is under another passphrase.
    #[error("the passphrase is not the one of {path}, or that is the file of another key")]
    WrongPassphrase {
        /// The file.
        path: String,
    },
    /// Not the key file that this node wrote.
    #[error("{path} is not a usable key file: restore it from a backup")]
    Content {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: StampError,
    },
}

/// Where a data folder keeps the node's signing key.
#[must_use]
pub fn node_key_path(folder: &Path) -> PathBuf {
    folder.join("keys").join("node.key")
}

/// Where a data folder keeps the signing key that is to follow, while the node changes its key.
#[must_use]
pub fn next_key_path(folder: &Path) -> PathBuf {
    node_key_path(folder).with_extension("key.next")
}

/// Where a data folder keeps its storage key.
#[must_use]
pub fn storage_key_path(folder: &Path) -> PathBuf {
    folder.join("keys").join("storage.key")
}

/// Writes the node's signing key to a new file, and makes the folder for it.
///
/// # Errors
/// [`KeyFileError::Exists`], [`KeyFileError::Io`].
pub fn create_node_key(path: &Path, key: &NodeKey) -> Result<(), KeyFileError> {
    create(path, NODE_TITLE, key.seed())
}

/// Writes the key that is to follow a node's signing key to a new file, under the passphrase that
/// the one before is under, if it is under one. `given` is asked for it then.
///
/// # Errors
/// [`KeyFileError`]: also where the passphrase is not the one of the key before.
pub fn create_next_node_key<R: CryptoRng + ?Sized>(
    path: &Path,
    before: &Path,
    key: &NodeKey,
    given: impl FnOnce() -> Result<Passphrase, PassphraseError>,
    rng: &mut R,
) -> Result<(), KeyFileError> {
    let bytes = stamped::load(before).map_err(|source| unreadable(before, source))?;
    if !is_under_passphrase(&bytes) {
        return create_node_key(path, key);
    }
    let name = || before.display().to_string();
    let words = given().map_err(|source| KeyFileError::Locked { path: name(), source })?;
    unlock(before, NODE_TITLE, &bytes, &words)?;
    write(path, &words.protect(NODE_TITLE, key.seed(), rng))
}

/// Reads the node's signing key.
///
/// # Errors
/// [`KeyFileError`].
pub fn load_node_key(path: &Path) -> Result<NodeKey, KeyFileError> {
    load(path, NODE_TITLE).map(|seed| NodeKey::from_seed(&seed))
}

impl StorageKey {
    /// A new key from the caller's generator.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(key.as_mut_slice());
        Self(key)
    }

    /// Writes the key to a new file, and makes the folder for it.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`], [`KeyFileError::Io`].
    pub fn create(&self, path: &Path) -> Result<(), KeyFileError> {
        create(path, STORAGE_TITLE, &self.0)
    }

    /// Reads the key.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        load(path, STORAGE_TITLE).map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn create(path: &Path, title: &str, secret: &[u8; 32]) -> Result<(), KeyFileError> {
    write(path, &stamped::write(title, &[("secret", stamped::hex(secret))]))
}

fn write(path: &Path, text: &str) -> Result<(), KeyFileError> {
    let name = || path.display().to_string();
    if let Some(folder) = path.parent() {
        let refused =
            |source| KeyFileError::Io { doing: "make a folder for", path: name(), source };
        disk::create_folder(folder).map_err(refused)?;
    }
    disk::create_whole(path, text.as_bytes()).map_err(|source| {
        if source.kind() == ErrorKind::AlreadyExists {
            KeyFileError::Exists { path: name() }
        } else {
            KeyFileError::Io { doing: "write", path: name(), source }
        }
    })
}

fn load(path: &Path, title: &'static str) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let name = || path.display().to_string();
    let unreadable = |source| KeyFileError::Io { doing: "read", path: name(), source };
    let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed { path: name(), mode });
    }
    let bytes = stamped::load(path).map_err(unreadable)?;
    if is_under_passphrase(&bytes) {
        let given = Passphrase::given();
        let given = given.map_err(|source| KeyFileError::Locked { path: name(), source })?;
        return unlock(path, title, &bytes, &given);
    }
    let unusable = |source| KeyFileError::Content { path: name(), source };
    let [secret] = stamped::read(&bytes, title, ["secret"]).map_err(unusable)?;
    stamped::unhex(secret).ok_or_else(|| unusable(StampError::Line { name: "secret" }))
}

fn is_under_passphrase(bytes: &[u8]) -> bool {
    bytes.starts_with(passphrase::TITLE.as_bytes())
}

fn unlock(
    path: &Path,
    title: &str,
    bytes: &[u8],
    passphrase: &Passphrase,
) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let name = || path.display().to_string();
    let opened = passphrase.open(title, bytes);
    let opened = opened.map_err(|source| KeyFileError::Content { path: name(), source })?;
    opened.ok_or_else(|| KeyFileError::WrongPassphrase { path: name() })
}

/// Which of a folder's key files are under a passphrase: those that are there, by path.
///
/// # Errors
/// [`KeyFileError::Io`].
pub fn protection(folder: &Path) -> Result<Vec<(PathBuf, bool)>, KeyFileError> {
    let there = files(folder).into_iter().map(|(path, _)| path).filter(|path| path.exists());
    there
        .map(|path| {
            let bytes = stamped::load(&path).map_err(|source| unreadable(&path, source))?;
            let protected = is_under_passphrase(&bytes);
            Ok((path, protected))
        })
        .collect()
}

/// Puts every key file of a folder under a passphrase: the same keys, of no use without it. Files
/// that are under one stay as they are, once it is found to be this one. What the disk has kept of
/// the earlier files is the disk's.
///
/// # Errors
/// [`KeyFileError`]; files before the one with the error are done.
pub fn protect<R: CryptoRng + ?Sized>(
    folder: &Path,
    passphrase: &Passphrase,
    rng: &mut R,
) -> Result<Vec<PathBuf>, KeyFileError> {
    let mut done = Vec::new();
    for (path, title) in files(folder).into_iter().filter(|(path, _)| path.exists()) {
        let bytes = stamped::load(&path).map_err(|source| unreadable(&path, source))?;
        if is_under_passphrase(&bytes) {
            unlock(&path, title, &bytes, passphrase)?;
            continue;
        }
        let secret = load(&path, title)?;
        let text = passphrase.protect(title, &secret, rng);
        let written = disk::replace(&path, text.as_bytes());
        let name = path.display().to_string();
        written.map_err(|source| KeyFileError::Io { doing: "write", path: name, source })?;
        done.push(path);
    }
    Ok(done)
}

fn files(folder: &Path) -> [(PathBuf, &'static str); 3] {
    [
        (node_key_path(folder), NODE_TITLE),
        (next_key_path(folder), NODE_TITLE),
        (storage_key_path(folder), STORAGE_TITLE),
    ]
}

fn unreadable(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io { doing: "read", path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests;
