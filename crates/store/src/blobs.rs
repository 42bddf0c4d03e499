//! Photos, each under the hash of its bytes.
//!
//! `blobs/ab/cd/abcd…`: two levels of folders by the first bytes of the file's name in hex. A name
//! is always a hash, so nothing that came from outside ever becomes a path; what is in a file, and
//! what its name is the hash of, see [`crate::vault::photo`].

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use engine::store::StoreError;
use rand::rngs::StdRng;
use record::Hash;

use crate::disk::{self, Disk, failed};
use crate::vault::photo::{PHOTO_OVERHEAD, PhotoVault};

/// The largest photo that is kept, in bytes.
pub const MAX_BLOB: usize = 10 * 1024 * 1024;

/// Where a write goes until it is whole.
const UNFINISHED: &str = "unfinished";

/// The photos of a data folder. Shared by threads.
#[derive(Clone)]
pub struct Blobs {
    folder: PathBuf,
    disk: Arc<Disk>,
    vault: PhotoVault,
    /// Held while something is written or removed, so that neither undoes the other.
    desk: Arc<Mutex<Desk>>,
}

struct Desk {
    rng: StdRng,
    /// Tells temporary files apart.
    next: u64,
}

impl Blobs {
    /// Opens the folder, makes it if need be, and clears what an earlier crash left half-written.
    pub(crate) fn open(
        folder: &Path,
        disk: Arc<Disk>,
        vault: PhotoVault,
        rng: StdRng,
    ) -> Result<Self, StoreError> {
        let desk = Arc::new(Mutex::new(Desk { rng, next: 0 }));
        let blobs = Self { folder: folder.to_owned(), disk, vault, desk };
        let unfinished = blobs.unfinished();
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(|e| failed("clear", &unfinished, e))?;
        }
        disk::create_folder(&unfinished).map_err(|e| failed("create", &unfinished, e))?;
        Ok(blobs)
    }

    /// Destroys a photo's key and removes its file, durably.
    pub(crate) fn destroy(&self, hash: &Hash) -> Result<(), StoreError> {
        let path = self.path(hash);
        let _desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed("read", &path, error)),
        };
        self.vault.destroy(hash, &bytes)?;
        match fs::remove_file(&path) {
            Ok(()) => self.disk.sync_folder(path.parent().unwrap_or(&self.folder)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("remove", &path, error)),
        }
    }

    /// What lies under a hash, if it is whole.
    fn read(&self, path: &Path, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let refused = |e| failed("read", path, e);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(error)),
        };
        let mut bytes = Vec::new();
        let most = (MAX_BLOB + PHOTO_OVERHEAD) as u64;
        file.take(most + 1).read_to_end(&mut bytes).map_err(refused)?;
        self.vault.open(hash, &bytes).map(Some).map_err(|error| StoreError::Damaged {
            path: path.display().to_string(),
            offset: 0,
            what: error.to_string(),
        })
    }

    fn write(&self, path: &Path, bytes: &[u8], number: u64) -> Result<(), StoreError> {
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

    /// Says of a file that it was put now.
    fn touch(path: &Path) -> Result<(), StoreError> {
        let touched = File::options().append(true).open(path);
        let touched = touched.and_then(|file| file.set_modified(SystemTime::now()));
        touched.map_err(|e| failed("touch", path, e))
    }

    fn unfinished(&self) -> PathBuf {
        self.folder.join(UNFINISHED)
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        let name = self.vault.name(hash);
        self.folder.join(&name[..2]).join(&name[2..4]).join(name)
    }
}

impl engine::blob::Blobs for Blobs {
    fn put(&self, bytes: &[u8]) -> Result<Hash, StoreError> {
        let (size, limit) = (bytes.len(), MAX_BLOB);
        if size > limit {
            return Err(StoreError::TooLarge { what: "a photo", size, limit });
        }
        let hash = Hash::of(bytes);
        let path = self.path(&hash);
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        if self.read(&path, &hash).is_ok_and(|known| known.is_some()) {
            return Self::touch(&path).map(|()| hash);
        }
        self.disk.room_for((size + PHOTO_OVERHEAD) as u64)?;
        let folder = path.parent().unwrap_or(&self.folder);
        disk::create_folder(folder).map_err(|e| failed("create", folder, e))?;
        desk.next += 1;
        let (number, sealed) = (desk.next, self.vault.seal(&hash, bytes, &mut desk.rng)?);
        self.write(&path, &sealed, number)?;
        self.disk.sync_folder(folder)?;
        Ok(hash)
    }

    fn get(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(&self.path(hash), hash)
    }

    fn clear(&self, kept: &BTreeSet<Hash>, grace: Duration) -> Result<usize, StoreError> {
        let names: BTreeSet<String> = kept.iter().map(|hash| self.vault.name(hash)).collect();
        let mut removed = 0;
        for path in files(&self.folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if names.contains(name) {
                continue;
            }
            let _desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
            let put = fs::metadata(&path).and_then(|file| file.modified());
            let put = put.map_err(|e| failed("look at", &path, e))?;
            // A file from the future is as good as new.
            if put.elapsed().unwrap_or_default() >= grace {
                self.vault.destroy_of(&fs::read(&path).map_err(|e| failed("read", &path, e))?)?;
                fs::remove_file(&path).map_err(|e| failed("remove", &path, e))?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Every file of a photo in a folder, unfinished ones not.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let refused = |e| failed("list", &folder, e);
        for entry in fs::read_dir(&folder).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            if entry.file_type().map_err(refused)?.is_file() {
                found.push(entry.path());
            } else if entry.file_name() != UNFINISHED {
                folders.push(entry.path());
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use engine::blob::Blobs as _;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rustix::io::Errno;

    use super::*;
    use crate::sample;

    fn blobs(folder: &Path) -> Blobs {
        let key = crate::keyfile::StorageKey::generate(&mut StdRng::seed_from_u64(7));
        let (disk, vault) =
            (Arc::new(Disk::new(folder, 0)), PhotoVault::new(&key, sample::slots(&key)));
        Blobs::open(&folder.join("blobs"), disk, vault, StdRng::seed_from_u64(8)).unwrap()
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
            prop_assert_eq!(files(&folder.path().join("blobs")).unwrap().len(), 1);
        }

        #[test]
        fn altered_bytes_are_never_handed_out_and_can_be_put_again(bytes in sample::bytes(500), at: usize) {
            prop_assume!(!bytes.is_empty());
            let folder = sample::folder();
            let blobs = blobs(folder.path());
            let hash = blobs.put(&bytes).unwrap();
            let path = files(&folder.path().join("blobs")).unwrap().pop().unwrap();
            let written = fs::read(&path).unwrap();
            let mut altered = written.clone();
            altered[at % written.len()] ^= 1;
            for bytes in [&altered[..], &written[..at % written.len()]] {
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
            assert_eq!(fs::read_dir(folder.path().join("blobs/unfinished")).unwrap().count(), 0);
            assert_eq!(blobs.put(b"a photo").unwrap(), hash);
        }
    }

    #[test]
    fn nothing_of_a_photo_lies_in_clear_and_its_file_does_not_tell_which_it_is() {
        let folder = sample::folder();
        let photo = b"a face and the number plate JA-12345".repeat(20);
        let hash = blobs(folder.path()).put(&photo).unwrap();
        let path = files(&folder.path().join("blobs")).unwrap().pop().unwrap();
        let file = fs::read(&path).unwrap();
        assert!(!file.windows(8).any(|window| photo.windows(8).any(|clear| clear == window)));
        assert!(!path.display().to_string().contains(&hash.to_string()));
        assert!(crate::vault::photo::is_whole(&file));
    }

    #[test]
    fn what_nothing_keeps_is_cleared_away_after_its_grace() {
        let folder = sample::folder();
        let blobs = blobs(folder.path());
        let [kept, loose] = [b"kept", b"gone"].map(|bytes| blobs.put(bytes).unwrap());
        let names = BTreeSet::from([kept]);
        assert_eq!(blobs.clear(&names, Duration::from_secs(60)).unwrap(), 0);
        assert_eq!(blobs.clear(&names, Duration::ZERO).unwrap(), 1);
        assert!(blobs.get(&kept).unwrap().is_some() && blobs.get(&loose).unwrap().is_none());
        // Old, and put once more: as good as new.
        let path = blobs.path(&kept);
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH)
            .unwrap();
        blobs.put(b"kept").unwrap();
        assert_eq!(blobs.clear(&BTreeSet::new(), Duration::from_secs(60)).unwrap(), 0);
    }
}
