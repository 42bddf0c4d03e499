//! Small JSON files of the data folder: bounded when read; when written, whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Largest of these files, in bytes.
const MAX: u64 = 256 * 1024;

/// Why a file can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system refused.
    #[error("can't {doing} {path}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Over the limit.
    #[error("{path} is over {MAX} bytes: it is not what this program wrote, restore it")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not the JSON that this program writes.
    #[error("{path} is damaged: restore it from a backup")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        #[source]
        source: serde_json::Error,
    },
}

/// Creates a folder that only its owner may enter, and those above it, unless it is there.
///
/// # Errors
/// [`FileError::Io`].
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| FileError::Io {
        doing: "make the folder",
        path: path.into(),
        source,
    })
}

/// Reads a JSON file; `None` where there is none.
///
/// # Errors
/// [`FileError`].
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    let failed = |source| FileError::Io { doing: "read", path: path.into(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX {
        return Err(FileError::TooLarge { path: path.into() });
    }
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|source| FileError::Content { path: path.into(), source })
}

/// Writes a JSON file durably in place of an older one; only its owner may read it.
///
/// # Errors
/// [`FileError::Io`]; the older file is then still there.
pub fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), FileError> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|source| FileError::Content { path: path.into(), source })?;
    bytes.push(b'\n');
    write_bytes(path, &bytes)
}

/// Writes bytes as [`write()`] does.
///
/// # Errors
/// [`FileError::Io`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace(path, bytes).map_err(|source| FileError::Io {
        doing: "write",
        path: path.into(),
        source,
    })
}

/// Puts a file in the place of another, durably.
///
/// # Errors
/// [`FileError::Io`].
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    let renamed = fs::rename(from, to).and_then(|()| match to.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    });
    renamed.map_err(|source| FileError::Io { doing: "rename", path: from.into(), source })
}

/// Makes durable what a folder lists.
///
/// # Errors
/// [`FileError::Io`].
pub fn sync_folder(path: &Path) -> Result<(), FileError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|source| FileError::Io { doing: "sync", path: path.into(), source })
}

/// Removes a file; one that is not there is fine.
///
/// # Errors
/// [`FileError::Io`].
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(FileError::Io { doing: "remove", path: path.into(), source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    // What a crash left behind must not lend its mode to the new file.
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_written_is_read_and_only_by_the_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        assert!(read::<Vec<u8>>(&path).unwrap().is_none());
        write(&path, &[1, 2]).unwrap();
        write(&path, &[3]).unwrap();
        assert_eq!(read::<Vec<u8>>(&path).unwrap().unwrap(), [3]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn a_damaged_or_huge_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, "[1").unwrap();
        assert!(matches!(read::<Vec<u8>>(&path), Err(FileError::Content { .. })));
        fs::write(&path, vec![b' '; 300 * 1024]).unwrap();
        let error = read::<Vec<u8>>(&path).unwrap_err();
        assert!(matches!(error, FileError::TooLarge { .. }));
        assert!(error.to_string().contains("a.json"));
    }
}
