//! One process per data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The lock on a data folder, held until dropped.
pub(crate) struct Lock(#[expect(dead_code, reason = "held, never used")] Option<File>);

/// Why a data folder is not to be had.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Another process has it.
    Held,
    Io(io::Error),
}

impl Lock {
    /// Takes a folder for this process alone.
    pub(crate) fn exclusive(folder: &Path) -> Result<Self, LockError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path(folder)).map_err(LockError::Io)?;
        file.try_lock().map_err(LockError::from)?;
        Ok(Self(Some(file)))
    }

    /// Takes a folder for reading, so that no node starts on it meanwhile. Writes nothing: a copy
    /// that has no lock file is nobody's.
    pub(crate) fn shared(folder: &Path) -> Result<Self, LockError> {
        let file = match File::open(path(folder)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self(None)),
            Err(error) => return Err(LockError::Io(error)),
        };
        file.try_lock_shared().map_err(LockError::from)?;
        Ok(Self(Some(file)))
    }
}

impl From<TryLockError> for LockError {
    fn from(error: TryLockError) -> Self {
        match error {
            TryLockError::WouldBlock => Self::Held,
            TryLockError::Error(error) => Self::Io(error),
        }
    }
}

fn path(folder: &Path) -> std::path::PathBuf {
    folder.join("lock")
}
