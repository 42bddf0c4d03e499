//! The photos that records show: whether each lies beside the journal and is what was signed.
//!
//! What a node's own records show has to be there, and so has what it once fetched from a peer;
//! what a peer released may still be on its way. Which photos records show is sealed: without the
//! storage key only the files themselves are looked at.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use engine::note::Note;
use engine::staging::NOTE_LIMITS;
use engine::store::{Frame, FrameKind, StoreError};
use governance::act::{PHOTO_FIELDS, read_photos};
use record::{Hash, cbor};
use serde::Serialize;

use crate::blobs::files;
use crate::disk::failed;
use crate::open::blobs_folder;
use crate::vault::photo::{PhotoVault, is_whole};

/// How the photos are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct PhotoSummary {
    /// Files of photos.
    pub files: u64,
    /// Photos that records show, and that are here and what was signed.
    pub shown: u64,
    /// Photos that a peer released and that have not come yet.
    pub awaited: u64,
}

/// What records show.
#[derive(Default)]
pub(super) struct Photos {
    /// By photo, whether it has to be here.
    shown: BTreeMap<Hash, bool>,
}

/// One photo that is not as it should be: its file, or the photo, and what is wrong.
pub(super) struct Wrong {
    pub(super) file: String,
    pub(super) what: String,
}

impl Photos {
    /// Takes in what a frame shows.
    pub(super) fn take(&mut self, frame: &Frame) {
        let lists = frame.sealed.iter().filter(|part| PHOTO_FIELDS.contains(&part.field));
        for photo in lists.filter_map(|part| read_photos(&part.value)).flatten() {
            *self.shown.entry(photo.hash).or_default() |= frame.kind == FrameKind::Own;
        }
        if let Ok(Note::Fetched { hash, .. }) = cbor::decode(&frame.note, &NOTE_LIMITS) {
            *self.shown.entry(hash).or_default() = true;
        }
    }

    /// Compares it with the files. `vault` opens them; without one only their checksums are looked at.
    pub(super) fn compare(
        &self,
        folder: &Path,
        vault: Option<&PhotoVault>,
    ) -> Result<(PhotoSummary, Vec<Wrong>), StoreError> {
        let folder = blobs_folder(folder);
        let files = if folder.is_dir() { files(&folder)? } else { Vec::new() };
        let (mut summary, mut wrong) = (PhotoSummary::default(), Vec::new());
        let mut by_name = BTreeMap::new();
        for path in files {
            summary.files += 1;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let bytes = fs::read(&path).map_err(|e| failed("read", &path, e))?;
            let file = path.display().to_string();
            if is_whole(&bytes) {
                by_name.insert(name.unwrap_or_default(), (file, bytes));
            } else {
                wrong.push(Wrong { file, what: "the photo's file is damaged".into() });
            }
        }
        let Some(vault) = vault else { return Ok((summary, wrong)) };
        for (photo, due) in &self.shown {
            match by_name.get(&vault.name(photo)) {
                Some((file, bytes)) => match vault.open(photo, bytes) {
                    Ok(_) => summary.shown += 1,
                    Err(error) => wrong.push(Wrong { file: file.clone(), what: error.to_string() }),
                },
                None if *due => {
                    let file = folder.join(vault.name(photo)).display().to_string();
                    let what = format!("photo {photo}, which a record shows, is missing");
                    wrong.push(Wrong { file, what });
                }
                None => summary.awaited += 1,
            }
        }
        Ok((summary, wrong))
    }
}
