//! Photos and files, each under the hash of its bytes.
//!
//! `blobs/ab/cd/abcd…`: two levels of folders by the first bytes of the blake3 hash in hex. A name
//! is always a hash, so nothing that came from outside ever becomes a path.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::store::StoreError;
use record::Hash;

use crate::disk::{self, Disk, failed};

/// The largest blob in bytes.
pub const MAX_BLOB: usize = 10 * 1024 * 1024;

/// The blobs of a data folder. Shared by threads.
#[derive(Clone)]
pub struct Blobs {
    folder: PathBuf,
    disk: Arc<Disk>,
    /// Tells the temporary files of threads apart.
    next: Arc<AtomicU64>,
}

impl Blobs {
    /// Opens the folder, makes it if need be, and clears what an earlier crash left half-written.
    pub(crate) fn open(folder: &Path, disk: Arc<Disk>) -> Result<Self, StoreError> {
        let blobs = Self { folder: folder.to_owned(), disk, next: Arc::default() };
        let unfinished = blobs.unfinished();
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(|e| failed("clear", &unfinished, e))?;
        }
        disk::create_folder(&unfinished).map_err(|e| failed("create", &unfinished, e))?;
        Ok(blobs)
    }

    /// Keeps a blob, durably on return. Keeping it again is no error and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] over [`MAX_BLOB`]; [`StoreError::Full`], [`StoreError::Io`].
    pub fn put(&self, bytes: &[u8]) -> Result<Hash, StoreError> {
        let (size, limit) = (bytes.len(), MAX_BLOB);
        if size > limit {
            return Err(StoreError::TooLarge { what: "a file", size, limit });
        }
        let hash = Hash::of(bytes);
        let path = self.path(&hash);
        if self.read(&path, &hash).is_ok_and(|known| known.is_some()) {
            return Ok(hash);
        }
        self.disk.room_for(size as u64)?;
        let folder = path.parent().unwrap_or(&self.folder);
        disk::create_folder(folder).map_err(|e| failed("create", folder, e))?;
        self.write(&path, bytes)?;
        self.disk.sync_folder(folder)?;
        Ok(hash)
    }

    /// The blob with this hash, or `None`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the bytes are not those of the hash; [`StoreError::Io`].
    pub fn get(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(&self.path(hash), hash)
    }

    fn read(&self, path: &Path, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let refused = |e| failed("read", path, e);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BLOB as u64 + 1).read_to_end(&mut bytes).map_err(refused)?;
        if Hash::of(&bytes) == *hash {
            return Ok(Some(bytes));
        }
        let what = "its bytes are not those that its name is the hash of".to_owned();
        Err(StoreError::Damaged { path: path.display().to_string(), offset: 0, what })
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let temporary = self.unfinished().join(number.to_string());
        let file = self.disk.create(&temporary)?;
        let written = self.disk.write(&file, &temporary, bytes, 0);
        let synced = written.and_then(|()| self.disk.sync(&file, &temporary));
        let renamed = synced.and_then(|()| self.disk.rename(&temporary, path));
        renamed.inspect_err(|_| {
            // If that fails too, the next start clears it.
            let _ = fs::remove_file(&temporary);
        })
    }

    fn unfinished(&self) -> PathBuf {
        self.folder.join("unfinished")
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        let name = hash.to_string();
        self.folder.join(&name[..2]).join(&name[2..4]).join(name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustix::io::Errno;

    use super::*;
    use crate::sample;

    fn blobs(folder: &Path) -> Blobs {
        Blobs::open(&folder.join("blobs"), Arc::new(Disk::new(folder, 0))).unwrap()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_blob_comes_back_by_its_hash_however_often_it_is_put(bytes in sample::bytes(5000)) {
            let folder = sample::folder();
            let hash = blobs(folder.path()).put(&bytes).unwrap();
            let again = blobs(folder.path());
            prop_assert_eq!(again.put(&bytes).unwrap(), hash);
            prop_assert_eq!(again.get(&hash).unwrap(), Some(bytes));
            prop_assert_eq!(again.get(&Hash::ZERO).unwrap(), None);
            prop_assert_eq!(files(&folder.path().join("blobs")).len(), 1);
        }

        #[test]
        fn altered_bytes_are_never_handed_out_and_can_be_put_again(bytes in sample::bytes(500), at: usize) {
            prop_assume!(!bytes.is_empty());
            let folder = sample::folder();
            let blobs = blobs(folder.path());
            let hash = blobs.put(&bytes).unwrap();
            let path = files(&folder.path().join("blobs")).pop().unwrap();
            let mut altered = bytes.clone();
            altered[at % bytes.len()] ^= 1;
            for bytes in [&altered[..], &bytes[..at % bytes.len()]] {
                fs::write(&path, bytes).unwrap();
                let refused = matches!(blobs.get(&hash), Err(StoreError::Damaged { .. }));
                prop_assert!(refused);
            }
            blobs.put(&bytes).unwrap();
            prop_assert_eq!(blobs.get(&hash).unwrap(), Some(bytes));
        }
    }

    #[test]
    fn a_blob_over_the_limit_is_refused() {
        let folder = sample::folder();
        let refused = blobs(folder.path()).put(&vec![0; MAX_BLOB + 1]);
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    }

    #[test]
    fn whichever_call_fails_no_half_blob_is_left() {
        for call in 0..6 {
            let folder = sample::folder();
            let blobs = blobs(folder.path());
            blobs.disk.faults.fail_at(call, Errno::NOSPC, false);
            let put = blobs.put(b"a photo");
            blobs.disk.faults.heal();
            let hash = Hash::of(b"a photo");
            let found = blobs.get(&hash).unwrap();
            assert!(found.is_none() || *found.unwrap() == *b"a photo");
            assert_eq!(put.is_err(), matches!(put, Err(StoreError::Full { .. })));
            assert!(files(&folder.path().join("blobs/unfinished")).is_empty());
            assert_eq!(blobs.put(b"a photo").unwrap(), hash);
        }
    }
}
