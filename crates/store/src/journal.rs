//! The journal: what is in it was acknowledged, and nothing else is the truth.
//!
//! Append-only segment files, frames one after another. All frames of a batch are written with one
//! write and one sync. A batch never lies in two segments; a new one is begun when the last has
//! reached its size. Positions count the frames' bytes over all segments, without the segments'
//! headers, so that they depend on nothing but the frames.
//!
//! # Recovery
//! A batch is whole when each of its frames is. What follows the last whole batch was being
//! written when the power or the process went, and was never acknowledged: it is cut off, a copy is
//! kept aside, and the report says so. Anything else that isn't a whole frame is damage: it is
//! reported with its place, the walk goes on at the next whole frame, and nothing is cut. What the
//! watermark says was acknowledged is never taken for a torn tail, and a journal that ends before
//! the watermark is refused.

mod files;
mod recover;
pub(crate) mod scan;
pub(crate) mod segment;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;

use engine::store::{Frame, StoreError};
use rand::CryptoRng;

use crate::disk::Disk;
use crate::frame::{self, Head};
use crate::vault::Vault;

pub(crate) use files::Files;
pub use recover::Torn;
pub(crate) use recover::{JournalError, Recovery, Setting, recover};
pub use scan::Damage;
use segment::{Label, Segment};

/// The most bytes that one batch may take.
pub(crate) const LONGEST_BATCH: usize = 64 * 1024 * 1024;
/// A buffer that a large batch has blown up beyond this is given back, in bytes.
const BUFFER_KEPT: usize = 4 * 1024 * 1024;

/// The writing end. One owner.
pub(crate) struct Journal {
    folder: PathBuf,
    disk: Arc<Disk>,
    files: Arc<Files>,
    /// The segment being written.
    last: Arc<Segment>,
    key_check: [u8; 8],
    segment_bytes: u64,
    quota: Option<u64>,
    buffer: Vec<u8>,
}

impl Journal {
    pub(crate) fn files(&self) -> &Arc<Files> {
        &self.files
    }

    #[cfg(test)]
    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Appends a batch: durable on return, or nothing of it is there. After any error but
    /// [`StoreError::TooLarge`] nothing more may be appended.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], [`StoreError::Full`], [`StoreError::Io`].
    pub(crate) fn append<R: CryptoRng + ?Sized>(
        &mut self,
        frames: &[Frame],
        vault: &Vault,
        rng: &mut R,
    ) -> Result<(), StoreError> {
        let bytes = batch_length(frames)?;
        self.room_for(bytes)?;
        self.roll()?;
        let encoded = self.encode(frames, vault, rng);
        let written = encoded.and_then(|()| self.write());
        self.buffer.clear();
        if self.buffer.capacity() > BUFFER_KEPT {
            self.buffer = Vec::new();
        }
        written?;
        self.files.set_end(self.files.end() + bytes);
        Ok(())
    }

    fn room_for(&self, bytes: u64) -> Result<(), StoreError> {
        if self.quota.is_some_and(|quota| self.files.bytes() + bytes > quota) {
            return Err(self.disk.full());
        }
        self.disk.room_for(bytes)
    }

    /// Begins a new segment when the last has reached its size.
    fn roll(&mut self) -> Result<(), StoreError> {
        let end = self.files.end();
        if end - self.last.start < self.segment_bytes {
            return Ok(());
        }
        let label = Label { start: end, marker: self.files.marker(), key_check: self.key_check };
        self.last = Arc::new(create(&self.disk, &self.folder, &label)?);
        self.files.push(Arc::clone(&self.last));
        Ok(())
    }

    fn encode<R: CryptoRng + ?Sized>(
        &mut self,
        frames: &[Frame],
        vault: &Vault,
        rng: &mut R,
    ) -> Result<(), StoreError> {
        let (start, marker) = (self.files.end(), self.files.marker());
        let count = u16::try_from(frames.len()).expect("the batch's length was checked");
        for (index, frame) in (0..count).zip(frames) {
            let position = start + self.buffer.len() as u64;
            let head = Head { marker, position, index, count, clear: 0, sealed: 0 };
            frame::encode(frame, head, vault, &mut self.buffer, rng)?;
        }
        Ok(())
    }

    fn write(&self) -> Result<(), StoreError> {
        let Segment { file, path, .. } = &*self.last;
        let offset = self.last.offset(self.files.end());
        let written = self.disk.write(file, path, &self.buffer, offset);
        let synced = written.and_then(|()| self.disk.sync(file, path));
        synced.inspect_err(|_| {
            // As far as it goes: the next start cuts off what is left.
            if let Err(error) = self.disk.cut(file, path, offset) {
                tracing::error!(%error, "can't take back a batch that was not written in full");
            }
        })
    }
}

/// Makes the segment with this label, durably, header and name.
fn create(disk: &Disk, folder: &std::path::Path, label: &Label) -> Result<Segment, StoreError> {
    let path = folder.join(segment::name(label.start));
    let file = disk.create(&path)?;
    disk.write(&file, &path, &label.write(), 0)?;
    disk.sync(&file, &path)?;
    disk.sync_folder(folder)?;
    Ok(Segment { start: label.start, path, file })
}

fn batch_length(frames: &[Frame]) -> Result<u64, StoreError> {
    let most = usize::from(u16::MAX);
    if frames.len() > most {
        let (what, size) = ("the number of frames in a batch", frames.len());
        return Err(StoreError::TooLarge { what, size, limit: most });
    }
    let mut bytes = 0;
    for frame in frames {
        bytes += frame::length(frame)?;
    }
    let size = usize::try_from(bytes).unwrap_or(usize::MAX);
    if size > LONGEST_BATCH {
        return Err(StoreError::TooLarge { what: "a batch", size, limit: LONGEST_BATCH });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
