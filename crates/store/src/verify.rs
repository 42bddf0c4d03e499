//! Checking a data folder from the outside: everything that can be checked without running it.
//!
//! Reads only, and only the journal, the watermark, the photos and the keys: the index and the tree
//! file can be made anew. Works on a copy too.

mod access;
mod log;
mod photos;
mod report;
mod statements;
mod streams;

use std::path::Path;
use std::sync::Arc;

use engine::store::{Frame, FrameKind, Position, StoreError};
use record::{FederationId, NodeId, PublicKey};

use crate::disk::failed;
use crate::frame::{self, Head, Marker};
use crate::journal::scan::{Batches, Damage, Found, Scan};
use crate::journal::segment::{self, Label, LabelError, Listing, Segment};
use crate::keyfile::{StorageKey, load_node_key, node_key_path, storage_key_path};
use crate::lock::{Lock, LockError};
use crate::open::journal_folder;
use crate::vault::Vault;
use crate::vault::photo::PhotoVault;
use crate::vault::slots::Slots;
use crate::verify::access::AccessLog;
use crate::verify::log::OwnLog;
use crate::verify::photos::{Photos, Wrong};
use crate::verify::streams::Streams;
use crate::watermark::{self, Watermark};

pub use log::LogSummary;
pub use photos::PhotoSummary;
pub use report::{Problem, VerifyReport};

/// How much is read at a time, in bytes.
const READ: usize = 1024 * 1024;

/// What the caller knows about the keys that have to have signed.
pub struct Known<'a> {
    /// The federation that everything was signed for.
    pub federation: FederationId,
    /// The node's own key in use; without it the folder's key file is asked.
    pub own: Option<PublicKey>,
    /// Whether a key is one that a node has or had, from its certificate. Statements by keys that
    /// nobody knows are parsed, and counted as not verified.
    pub is_key_of: &'a dyn Fn(&NodeId, &PublicKey) -> bool,
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A node is running on it.
    #[error("{folder} is in use: stop the node first, or verify a copy")]
    Busy {
        /// The data folder.
        folder: String,
    },
    /// No journal there.
    #[error("{folder} has no journal: is it a data folder?")]
    NoJournal {
        /// The data folder.
        folder: String,
    },
    /// The file system refused.
    #[error("the data folder can't be read")]
    Store(#[from] StoreError),
}

/// Checks every frame of the journal: whole frames and batches, signatures, the own log's chain and
/// tree, disclosures against commitments, and what the watermark says of all that.
///
/// # Errors
/// [`VerifyError`] when there is nothing to check. What is wrong with what there is, is reported.
pub fn verify(folder: &Path, known: &Known<'_>) -> Result<VerifyReport, VerifyError> {
    verify_each(folder, known, &mut |_, _| {})
}

/// As [`verify`], and shows every frame of a whole batch in which nothing was wrong, in order.
/// Where values are sealed and the storage key is not there, a frame has its open values only.
///
/// # Errors
/// As [`verify`].
pub fn verify_each(
    folder: &Path,
    known: &Known<'_>,
    visit: &mut dyn FnMut(Position, &Frame),
) -> Result<VerifyReport, VerifyError> {
    let name = || folder.display().to_string();
    let _lock = Lock::shared(folder).map_err(|error| match error {
        LockError::Held => VerifyError::Busy { folder: name() },
        LockError::Io(error) => failed("lock", folder, error).into(),
    })?;
    let journal = journal_folder(folder);
    if !journal.is_dir() {
        return Err(VerifyError::NoJournal { folder: name() });
    }
    let mut pass = Pass::new(folder, known);
    let watermark = pass.read_watermark(folder)?;
    let segments = pass.open_segments(&journal)?;
    let marker = pass.check_labels(&segments, watermark.as_ref())?;
    let stop = match segments.last() {
        Some(last) => last.stop()?.max(last.start),
        None => 0,
    };
    // A frame that the watermark knows of has to be there.
    let end = watermark.as_ref().map_or(stop, |watermark| watermark.end.max(stop));
    let whole = pass.walk(&segments, marker, end, visit)?;
    pass.finish(watermark.as_ref(), whole);
    pass.look_at_photos(folder)?;
    Ok(pass.report)
}

/// What opens what is sealed.
struct Keys {
    vault: Vault,
    photos: PhotoVault,
}

/// One walk through a journal.
struct Pass<'a> {
    known: &'a Known<'a>,
    own: Option<PublicKey>,
    /// `None` when the sealed parts can't be opened.
    keys: Option<Keys>,
    log: OwnLog,
    streams: Streams,
    access: AccessLog,
    photos: Photos,
    report: VerifyReport,
    /// Where what is being looked at lies.
    place: (String, u64),
}

impl<'a> Pass<'a> {
    fn new(folder: &Path, known: &'a Known<'a>) -> Self {
        let own = known.own.or_else(|| Some(load_node_key(&node_key_path(folder)).ok()?.public()));
        let mut report = VerifyReport::new(folder);
        let keys = StorageKey::load(&storage_key_path(folder)).map_err(|e| e.to_string());
        let keys = keys.and_then(|key| {
            let slots = Arc::new(Slots::look(folder, &key).map_err(|e| e.to_string())?);
            let vault = Vault::new(&key, Arc::clone(&slots));
            Ok(Keys { vault, photos: PhotoVault::new(&key, slots) })
        });
        let keys = keys.inspect_err(|why| report.sealed_unchecked = Some(why.clone())).ok();
        let (log, streams, photos) = (OwnLog::default(), Streams::default(), Photos::default());
        let (access, place) = (AccessLog::default(), (folder.display().to_string(), 0));
        Self { known, own, keys, log, streams, access, photos, report, place }
    }

    fn problem(&mut self, seq: Option<u64>, what: impl Into<String>, action: &'static str) {
        let (file, offset) = self.place.clone();
        self.report.add(Problem { file, offset, seq, what: what.into(), action });
    }

    fn read_watermark(&mut self, folder: &Path) -> Result<Option<Watermark>, StoreError> {
        let path = watermark::path(folder);
        self.place = (path.display().to_string(), 0);
        match Watermark::read(&path)? {
            Some(Ok(watermark)) => return Ok(Some(watermark)),
            Some(Err(error)) => self.problem(None, error.to_string(), "start the node once"),
            None => self.problem(None, "the watermark is missing", "start the node once"),
        }
        Ok(None)
    }

    fn open_segments(&mut self, journal: &Path) -> Result<Vec<Arc<Segment>>, StoreError> {
        let Listing { segments: found, strays } = segment::list(journal)?;
        for stray in strays {
            self.place = (stray.display().to_string(), 0);
            self.problem(None, "not a segment of the journal", "move it away");
        }
        let open = |(start, path)| Segment::open(start, path, false).map(Arc::new);
        found.into_iter().map(open).collect()
    }

    /// Looks at the headers. Returns the journal's marker.
    fn check_labels(
        &mut self,
        segments: &[Arc<Segment>],
        watermark: Option<&Watermark>,
    ) -> Result<Marker, StoreError> {
        let mut marker = watermark.map(|watermark| watermark.journal);
        for segment in segments {
            self.place = (segment.path.display().to_string(), 0);
            match segment.label()? {
                Ok(label) => self.check_label(&label, segment, &mut marker),
                Err(LabelError::Version(version)) => {
                    self.problem(None, format!("unknown version {version}"), "update the node");
                }
                Err(LabelError::Short | LabelError::Damaged) => {
                    self.problem(None, "the segment's header is damaged", RESTORE);
                }
            }
        }
        if let (None, Some(first)) = (marker, segments.first()) {
            let mut found = Marker::default();
            segment::read_up_to(&first.file, &mut found, segment::HEADER)
                .map_err(|e| failed("read", &first.path, e))?;
            marker = Some(found);
        }
        Ok(marker.unwrap_or_default())
    }

    fn check_label(&mut self, label: &Label, segment: &Segment, marker: &mut Option<Marker>) {
        if *marker.get_or_insert(label.marker) != label.marker {
            self.problem(None, "the segment belongs to another journal", RESTORE);
        }
        if label.start != segment.start {
            self.problem(None, "the segment has another's name", RESTORE);
        }
        if self.keys.as_ref().is_some_and(|keys| keys.vault.check() != label.key_check) {
            let what = "the segment was written under another storage key";
            self.problem(None, what, "put back the right keys/storage.key");
            self.report.sealed_unchecked = Some(what.to_owned());
            self.keys = None;
        }
    }

    /// Looks at every frame. Returns where the last whole batch ends.
    fn walk(
        &mut self,
        segments: &[Arc<Segment>],
        marker: Marker,
        end: u64,
        visit: &mut dyn FnMut(Position, &Frame),
    ) -> Result<u64, StoreError> {
        self.report.segments = segments.len() as u64;
        if segments.is_empty() && end > 0 {
            self.place = (journal_folder(Path::new(&self.report.folder)).display().to_string(), 0);
            self.problem(None, "all segments of the journal are missing", RESTORE);
        }
        let mut scan = Scan::new(segments, marker, 0, Some(end), READ);
        let (mut batches, mut whole) = (Batches::default(), 0);
        // What holds of the batch so far: a batch that is not whole was never acknowledged.
        let mut held: Vec<(Position, Frame)> = Vec::new();
        while let Some(found) = scan.next()? {
            match found {
                Found::Damage(damage) => {
                    batches.damage();
                    held.clear();
                    self.damage(damage);
                }
                Found::Frame(head) => {
                    self.place = scan.place(&head);
                    let progress = batches.frame(&head);
                    if head.index == 0 {
                        held.clear();
                    }
                    if progress.broken {
                        self.problem(None, "frames of a batch are missing before this one", ASK);
                    }
                    let (clear, sealed) = scan.parts(&head);
                    let frame = self.frame(&head, clear, sealed);
                    held.extend(frame.map(|frame| (Position(head.position), frame)));
                    if progress.whole {
                        whole = head.position + head.length();
                        held.drain(..).for_each(|(at, frame)| visit(at, &frame));
                    }
                }
            }
        }
        if matches!(batches, Batches::Inside(..)) {
            let what = "the last batch is not whole: it was being written when the node stopped";
            self.problem(None, what, "start the node: it cuts off what it never acknowledged");
        }
        Ok(whole)
    }

    fn damage(&mut self, damage: Damage) {
        self.streams.damage();
        self.access.damage();
        self.place = (damage.file.display().to_string(), damage.offset);
        let what = format!("{} ({} bytes hold no whole frame)", damage.what, damage.bytes);
        self.problem(None, what, ASK);
    }

    /// Looks at a frame; gives it back when nothing is wrong with it.
    fn frame(&mut self, head: &Head, clear: &[u8], sealed: &[u8]) -> Option<Frame> {
        let before = self.report.count();
        self.report.frames += 1;
        self.report.bytes += head.length();
        let decoded = match &self.keys {
            Some(keys) => frame::decode(clear, sealed, &keys.vault),
            None => frame::read_clear(clear),
        };
        // Even where the sealed part does not open, the rest can be looked at.
        let readable = decoded.or_else(|error| {
            self.problem(None, error.to_string(), RESTORE);
            frame::read_clear(clear)
        });
        let frame = readable.ok()?;
        *self.report.kinds.entry(kind_name(frame.kind)).or_default() += 1;
        self.photos.take(&frame);
        self.statement(&frame);
        Some(frame).filter(|_| self.report.count() == before)
    }

    fn look_at_photos(&mut self, folder: &Path) -> Result<(), StoreError> {
        // Without the vault the lists are not known: then files alone are looked at.
        let vault = self.keys.as_ref().map(|keys| &keys.photos);
        let (summary, wrong) = self.photos.compare(folder, vault)?;
        self.report.photos = summary;
        for Wrong { file, what } in wrong {
            self.place = (file, 0);
            self.problem(None, what, RESTORE);
        }
        Ok(())
    }

    fn finish(&mut self, watermark: Option<&Watermark>, whole: u64) {
        self.report.log = self.log.summary();
        let Some(watermark) = watermark else { return };
        let path = watermark::path(Path::new(&self.report.folder));
        self.place = (path.display().to_string(), 0);
        if watermark.closed && watermark.end < whole {
            let what = "the journal goes on after the node was shut down";
            self.problem(None, what, "put back the watermark that belongs to this journal");
        }
        if watermark.end != whole {
            // Written up to a second late: there is nothing to compare with.
            return;
        }
        for what in self.log.differences(&watermark.mark) {
            self.problem(None, what, "start the node: it refuses if it would sign anything twice");
        }
    }
}

const RESTORE: &str = "put the file back from a backup";
const ASK: &str = "put the file back from a backup, or fetch what is missing from the peers";

const fn kind_name(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Own => "own",
        FrameKind::Foreign => "foreign",
        FrameKind::Sent => "sent",
        FrameKind::Acknowledged => "acknowledged",
        FrameKind::Certificate => "certificate",
        FrameKind::Checkpoint => "checkpoint",
        FrameKind::Countersigned => "countersigned",
        FrameKind::Local => "local",
        FrameKind::StreamHead => "stream head",
        FrameKind::Access => "access",
    }
}

/// The whole set of values a frame discloses.
fn disclosures(frame: &Frame) -> Vec<record::Disclosure> {
    frame.open.iter().chain(&frame.sealed).cloned().collect()
}

#[cfg(test)]
mod tests;
