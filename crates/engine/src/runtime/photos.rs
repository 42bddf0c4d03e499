//! Photos on their way in and out of a running node: decoded and written anew on threads that may
//! wait, so many pixels at once and no more, whoever sends them: programs, staff, residents, pages.

use std::time::Duration;

use governance::act::Media;
use photo::PhotoError;
use record::Hash;

use super::Handle;
use crate::command::{Agent, Command, Refused, UPLOADED, What};
use crate::store::StoreError;
use crate::view;

/// Millions of pixels decoded at once: each takes up to nine megabytes meanwhile.
pub(super) const MEGAPIXELS: usize = 40;
/// How long a photo waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often photos that nothing keeps are cleared away.
pub(super) const CLEARED_EVERY: Duration = Duration::from_secs(6 * 3_600);

/// A photo that lies here, for an act to show: what goes into [`governance::act::Photo`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeptPhoto {
    /// blake3 of its bytes.
    pub hash: Hash,
    /// Their number.
    pub size: u32,
    /// What they are.
    pub media: Media,
}

/// Why a photo was not kept.
#[derive(Debug, thiserror::Error)]
pub enum PhotoRefused {
    /// It is none that is taken.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// The node does not keep it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Handle {
    /// Writes a photo anew and keeps it: durable on return, and forgotten after [`UPLOADED`] if no
    /// act shows it by then.
    ///
    /// # Errors
    /// [`PhotoRefused`], with nothing kept.
    pub async fn take_photo(&self, by: Agent, sent: Vec<u8>) -> Result<KeptPhoto, PhotoRefused> {
        let shape = photo::probe(&sent)?;
        let most = u32::try_from(MEGAPIXELS).unwrap_or(u32::MAX);
        let turn = self.decoding.acquire_many(shape.megapixels().min(most));
        let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, turn).await else {
            return Err(Refused::Busy(PATIENCE).into());
        };
        let blobs = self.blobs.clone();
        let work = move || -> Result<(Hash, usize), PhotoRefused> {
            let kept = photo::rewrite(&sent)?;
            drop(sent);
            Ok((blobs.put(&kept).map_err(Refused::from)?, kept.len()))
        };
        let done = tokio::task::spawn_blocking(work).await;
        drop(turn);
        let (hash, size) = done.map_err(|_| Refused::Stopping)??;
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let what = What::KeepPhoto { hash, size };
        self.command(Command { by, once: None, what }).await?;
        Ok(KeptPhoto { hash, size, media: Media::Jpeg })
    }

    /// A photo's bytes, if they lie here. Waits for the disk; who may have them is for the caller
    /// to know.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn photo(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        self.blobs.get(hash)
    }

    /// Clears photos away that no row keeps: uploads that have run out, and what a crash left
    /// between the photo and its row.
    pub(super) fn clear_photos(&self) {
        let kept = view::kept_photos(&self.reader);
        match kept.and_then(|kept| self.blobs.clear(&kept, UPLOADED)) {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(count, "未被引用的照片已清除 unused photos were cleared away")
            }
            Err(error) => tracing::error!(error = %error, "photos could not be cleared away"),
        }
    }
}
