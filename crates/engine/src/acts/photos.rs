//! Photos on their way into the records: uploaded, then shown by an act, or forgotten.

use governance::act::{MAX_PHOTO_BYTES, Photo};
use governance::case::CaseId;
use record::{Hash, Timestamp};

use super::Desk;
use crate::command::{Agent, Receipt, Refused, UPLOADED};
use crate::note::{Note, PhotoRow, Sweep};
use crate::project;
use crate::sign;
use crate::staging::{Lookup, row};
use crate::store::Table;

impl Desk<'_, '_> {
    /// Keeps an uploaded photo for a while. How many somebody may upload is the API's to bound: it
    /// knows from where they come.
    pub(super) fn keep_photo(
        &mut self,
        by: &Agent,
        hash: Hash,
        size: u32,
    ) -> Result<Receipt, Refused> {
        match by {
            Agent::Staff(_) if self.actor(by)?.appointments().is_empty() => {
                return Err(Refused::NoStanding);
            }
            Agent::Staff(_) | Agent::Resident { .. } => {}
            Agent::Console => return Err(Refused::NoStanding),
        }
        if !(1..=MAX_PHOTO_BYTES).contains(&size) {
            let what = format!("a photo has 1 to {MAX_PHOTO_BYTES} bytes");
            return Err(Refused::Invalid { field: "photo", what });
        }
        sign::note(self.setup, self.staging, &Note::Uploaded { hash, size, at: self.now })?;
        Ok(Receipt { made: Some(hash), ..Receipt::empty() })
    }

    /// Whether each photo lies here, and is for this act to show: just uploaded, or shown on this
    /// very case before. A hash that somebody came by elsewhere opens nothing.
    pub(super) fn check_photos(&self, case: CaseId, photos: &[Photo]) -> Result<(), Refused> {
        for photo in photos {
            let key = photo.hash.as_bytes();
            let here: Option<PhotoRow> = row(self.staging, Table::Photo, key)?;
            let shown = project::shown_key(&photo.hash, case);
            let known = self.staging.value(Table::Upload, key)?.is_some()
                || self.staging.value(Table::Shown, &shown)?.is_some();
            if !known || here.is_none_or(|here| here.size != photo.size) {
                let what = "a photo is not here, or was uploaded more than a day ago: upload it \
                            first, and name its hash and size as they were given";
                return Err(Refused::Invalid { field: "photos", what: what.into() });
            }
        }
        Ok(())
    }

    /// Sweeps uploads that no act has shown in time; with every tick.
    pub(crate) fn sweep_uploads(&mut self) -> Result<(), Refused> {
        let now = self.now;
        self.sweep_by_the_way(Sweep::Uploads, |at: &Timestamp| at.plus(UPLOADED) <= now)
    }
}
