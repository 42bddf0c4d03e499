//! The calls that change files, each with a named error: one place, so that a full or failing disk
//! is met in one way.

#[cfg(test)]
pub(crate) mod faults;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use engine::store::StoreError;

/// Files hold what concerns people: nobody but the node's own user reads them.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// The disk under a data folder, and how much of it to leave alone.
pub(crate) struct Disk {
    root: PathBuf,
    /// Bytes that stay free: the index and the watermark need some even on a read-only node.
    reserve: u64,
    #[cfg(test)]
    pub(crate) faults: faults::Faults,
}

/// Bytes that are free to this process on the disk of a folder.
pub(crate) fn free(folder: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

impl Disk {
    pub(crate) fn new(root: &Path, reserve: u64) -> Self {
        Self {
            root: root.to_owned(),
            reserve,
            #[cfg(test)]
            faults: faults::Faults::default(),
        }
    }

    /// Whether `bytes` more fit without touching the reserve.
    ///
    /// # Errors
    /// [`StoreError::Full`]; [`StoreError::Io`] when the system doesn't say.
    pub(crate) fn room_for(&self, bytes: u64) -> Result<(), StoreError> {
        let free = self.before().and_then(|()| free(&self.root));
        let free = free.map_err(|e| failed("measure", &self.root, e))?;
        if free >= bytes.saturating_add(self.reserve) { Ok(()) } else { Err(self.full()) }
    }

    pub(crate) fn full(&self) -> StoreError {
        StoreError::Full { path: self.root.display().to_string() }
    }

    /// Creates a file that must not exist yet.
    pub(crate) fn create(&self, path: &Path) -> Result<File, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(FILE_MODE);
        self.before().and_then(|()| options.open(path)).map_err(|e| failed("create", path, e))
    }

    /// Writes all of `bytes` at `offset`.
    pub(crate) fn write(
        &self,
        file: &File,
        path: &Path,
        bytes: &[u8],
        offset: u64,
    ) -> Result<(), StoreError> {
        self.before_write(file, bytes, offset)
            .and_then(|()| file.write_all_at(bytes, offset))
            .map_err(|e| failed("write", path, e))
    }

    /// Makes a file's contents durable (fdatasync). After a failure nothing is known about what is
    /// on the disk, and a second try would say nothing about the first: never repeat it.
    pub(crate) fn sync(&self, file: &File, path: &Path) -> Result<(), StoreError> {
        self.before().and_then(|()| file.sync_data()).map_err(|e| failed("sync", path, e))
    }

    /// Makes the names in a folder durable.
    pub(crate) fn sync_folder(&self, folder: &Path) -> Result<(), StoreError> {
        self.before().and_then(|()| sync_folder(folder)).map_err(|e| failed("sync", folder, e))
    }

    /// Cuts a file to `length` bytes, durably.
    pub(crate) fn cut(&self, file: &File, path: &Path, length: u64) -> Result<(), StoreError> {
        self.before()
            .and_then(|()| file.set_len(length))
            .and_then(|()| file.sync_all())
            .map_err(|e| failed("cut", path, e))
    }

    /// Gives a file another name.
    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.before().and_then(|()| fs::rename(from, to)).map_err(|e| failed("rename", to, e))
    }

    /// Puts `bytes` in the place of a whole file: all of it or nothing, durably.
    pub(crate) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        self.before().and_then(|()| replace(path, bytes)).map_err(|e| failed("write", path, e))
    }

    /// Where tests put faults in.
    #[cfg(not(test))]
    const fn before(&self) -> io::Result<()> {
        Ok(())
    }

    #[cfg(not(test))]
    const fn before_write(&self, _: &File, _: &[u8], _: u64) -> io::Result<()> {
        Ok(())
    }
}

/// The error for a failed call, with a full disk told apart from a failing one.
pub(crate) fn failed(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
    let full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded];
    if full.contains(&source.kind()) {
        let folder = path.parent().unwrap_or(path);
        return StoreError::Full { path: folder.display().to_string() };
    }
    StoreError::Io { doing, path: path.display().to_string(), source }
}

/// Creates a folder, and those above it, durably, unless it is there.
pub(crate) fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    create_folder(above)?;
    match DirBuilder::new().mode(FOLDER_MODE).create(folder) {
        // Another thread was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| sync_folder(above)),
    }
}

/// Puts `bytes` in the place of a whole file: all of it or nothing, durably.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = write_temporary(path, bytes)?;
    fs::rename(&temporary, path)?;
    sync_folder(folder_of(path))
}

/// Creates a whole file durably.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] when there is one: it is left as it was.
pub(crate) fn create_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = write_temporary(path, bytes)?;
    // A hard link, unlike a rename, never replaces what is there.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    linked?;
    sync_folder(folder_of(path))
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn write_temporary(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    // What a crash left behind must not lend its mode to the new file.
    if let Err(error) = fs::remove_file(&temporary)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    Ok(temporary)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
