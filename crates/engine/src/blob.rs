//! Photos' bytes, beside the journal: each under the blake3 hash of what it is. The journal says
//! which there are and who may have them; whoever only has the bytes has nothing that says whose
//! they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use record::Hash;

use crate::engine::Keeping;
use crate::store::StoreError;

/// Bytes by hash. Shared by threads; may wait for the disk, so never called by the engine itself.
pub trait Blobs: Send + Sync {
    /// Keeps bytes, durably on return. Keeping them again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], [`StoreError::Full`], [`StoreError::Io`].
    fn put(&self, bytes: &[u8]) -> Result<Hash, StoreError>;

    /// The bytes with this hash, or `None`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when what lies there is not what was put; [`StoreError::Io`].
    fn get(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes what is not among `kept` and was not put within the last `grace`, which is for what
    /// is put and not yet journalled. Gives the number removed.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    fn clear(&self, kept: &BTreeSet<Hash>, grace: Duration) -> Result<usize, StoreError>;
}

/// Keeps bytes that came from a peer, if they are the photo that they should be.
#[must_use]
pub fn keep(blobs: &dyn Blobs, photo: &Hash, bytes: &[u8]) -> Keeping {
    if Hash::of(bytes) != *photo {
        return Keeping::OtherBytes;
    }
    match (blobs.put(bytes), u32::try_from(bytes.len())) {
        (Ok(_), Ok(size)) => Keeping::Done { size },
        (Err(error), _) => {
            tracing::error!(error = %error, "照片没能保存：请查磁盘 a photo could not be kept: check the disk");
            Keeping::Failed
        }
        (Ok(_), Err(_)) => Keeping::Failed,
    }
}

/// Bytes in memory, for simulations and tests. They survive a crash, as a disk's do. Clones share
/// their contents.
#[derive(Clone, Default)]
pub struct MemoryBlobs(Arc<Mutex<BTreeMap<Hash, Vec<u8>>>>);

impl MemoryBlobs {
    /// The hashes of everything that is there.
    #[must_use]
    pub fn hashes(&self) -> BTreeSet<Hash> {
        self.lock().keys().copied().collect()
    }

    /// Removes a photo for good.
    pub(crate) fn remove(&self, photo: &Hash) {
        self.lock().remove(photo);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Hash, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blobs for MemoryBlobs {
    fn put(&self, bytes: &[u8]) -> Result<Hash, StoreError> {
        let hash = Hash::of(bytes);
        self.lock().entry(hash).or_insert_with(|| bytes.to_vec());
        Ok(hash)
    }

    fn get(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().get(hash).cloned())
    }

    /// Memory has no times: whatever has a grace stays.
    fn clear(&self, kept: &BTreeSet<Hash>, grace: Duration) -> Result<usize, StoreError> {
        let mut blobs = self.lock();
        let before = blobs.len();
        blobs.retain(|hash, _| kept.contains(hash) || !grace.is_zero());
        Ok(before - blobs.len())
    }
}
