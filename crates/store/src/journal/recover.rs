//! Opening a journal: what is whole, what is torn, what is damaged, and what is not ours.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use engine::store::StoreError;
use rand::CryptoRng;
use serde::Serialize;

use crate::disk::{self, Disk, failed};
use crate::frame::Marker;
use crate::journal::scan::{Batches, Damage, Found, Scan, damage};
use crate::journal::segment::{self, Label, LabelError, Listing, Segment};
use crate::journal::{Files, Journal, create};

/// How much the scan at open reads at a time, in bytes.
const SCAN_READ: usize = 1024 * 1024;

/// What an opened journal is to be like.
pub(crate) struct Setting {
    /// The folder of the segments.
    pub(crate) folder: PathBuf,
    /// Where cut-off bytes are kept.
    pub(crate) aside: PathBuf,
    pub(crate) key_check: [u8; 8],
    /// From this size on, in bytes, a segment is not continued.
    pub(crate) segment_bytes: u64,
    /// The most bytes that the journal may have.
    pub(crate) quota: Option<u64>,
    /// Marker and end according to the watermark.
    pub(crate) known: Option<(Marker, u64)>,
}

/// A batch that was being written when the node stopped; it was never acknowledged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Torn {
    /// The segment file.
    pub file: PathBuf,
    /// Where in the file it began, in bytes.
    pub offset: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
    /// Where a copy of them is kept.
    pub kept: PathBuf,
}

/// What was found when the journal was opened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Recovery {
    /// No segment existed.
    pub(crate) created: bool,
    /// Whole frames.
    pub(crate) frames: u64,
    pub(crate) damage: Vec<Damage>,
    pub(crate) torn: Option<Torn>,
    /// A segment that was only being created, and was removed.
    pub(crate) unborn: Option<PathBuf>,
    /// Files that don't belong into the folder.
    pub(crate) strays: Vec<PathBuf>,
}

/// Why a journal is not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("the journal ends at {end}, but had reached {reached}")]
    Rewound { end: u64, reached: u64 },
    #[error("{path} belongs to another journal than the watermark")]
    Foreign { path: PathBuf },
    #[error("{path} was written under another storage key")]
    OtherKey { path: PathBuf },
    #[error("{path} has version {version}")]
    Version { path: PathBuf, version: u16 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the journal, or creates it where there is none.
pub(crate) fn recover<R: CryptoRng + ?Sized>(
    setting: Setting,
    disk: Arc<Disk>,
    rng: &mut R,
) -> Result<(Journal, Recovery), JournalError> {
    let folder = &setting.folder;
    disk::create_folder(folder).map_err(|e| failed("create", folder, e))?;
    let Listing { segments: found, strays } = segment::list(folder)?;
    let mut recovery = Recovery { strays, ..Recovery::default() };
    let mut segments = open_all(found)?;
    recovery.unborn = drop_unborn(&mut segments, &setting)?;
    if segments.is_empty() {
        segments.push(Arc::new(first_segment(&setting, &disk, rng)?));
        recovery.created = true;
    }
    let marker = check_labels(&segments, &setting, &mut recovery.damage)?;
    let end = survey(&segments, marker, &setting, &disk, &mut recovery)?;
    let last = Arc::clone(segments.last().expect("there is at least the first segment"));
    let files = Files::new(marker, segments, end, recovery.damage.clone());
    let Setting { folder, key_check, segment_bytes, quota, .. } = setting;
    let (files, buffer) = (Arc::new(files), Vec::new());
    let journal = Journal { folder, disk, files, last, key_check, segment_bytes, quota, buffer };
    Ok((journal, recovery))
}

fn open_all(found: Vec<(u64, PathBuf)>) -> Result<Vec<Arc<Segment>>, StoreError> {
    let count = found.len();
    let open = |(index, (start, path))| Segment::open(start, path, index + 1 == count);
    found.into_iter().enumerate().map(|found| open(found).map(Arc::new)).collect()
}

/// A last segment without a whole header, and nothing after it, was being created: no batch was
/// ever written to it.
fn drop_unborn(
    segments: &mut Vec<Arc<Segment>>,
    setting: &Setting,
) -> Result<Option<PathBuf>, JournalError> {
    let Some(last) = segments.last() else { return Ok(None) };
    let reached = setting.known.map_or(0, |(_, end)| end);
    let has_header = !matches!(last.label()?, Err(LabelError::Short | LabelError::Damaged));
    if has_header || last.stop()? > last.start {
        return Ok(None);
    }
    if last.start < reached {
        return Err(JournalError::Rewound { end: last.start, reached });
    }
    let path = last.path.clone();
    fs::remove_file(&path).map_err(|e| failed("remove", &path, e))?;
    segments.pop();
    // The segment before it is now the one to be continued, so it has to be writable.
    if let Some(last) = segments.pop() {
        segments.push(Arc::new(Segment::open(last.start, last.path.clone(), true)?));
    }
    Ok(Some(path))
}

fn first_segment<R: CryptoRng + ?Sized>(
    setting: &Setting,
    disk: &Disk,
    rng: &mut R,
) -> Result<Segment, JournalError> {
    if let Some((_, reached)) = setting.known.filter(|(_, end)| *end > 0) {
        return Err(JournalError::Rewound { end: 0, reached });
    }
    let mut marker = Marker::default();
    rng.fill_bytes(&mut marker);
    let marker = setting.known.map_or(marker, |(marker, _)| marker);
    let label = Label { start: 0, marker, key_check: setting.key_check };
    Ok(create(disk, &setting.folder, &label)?)
}

/// Looks at the headers. Returns the journal's marker.
fn check_labels(
    segments: &[Arc<Segment>],
    setting: &Setting,
    damages: &mut Vec<Damage>,
) -> Result<Marker, JournalError> {
    let mut marker = setting.known.map(|(marker, _)| marker);
    for segment in segments {
        let path = segment.path.clone();
        match segment.label()? {
            Ok(label) if label.key_check != setting.key_check => {
                return Err(JournalError::OtherKey { path });
            }
            Ok(label) if *marker.get_or_insert(label.marker) != label.marker => {
                return Err(JournalError::Foreign { path });
            }
            Ok(label) if label.start != segment.start => {
                damages.push(header_damage(segment, "the header is of another segment"));
            }
            Ok(_) => {}
            Err(LabelError::Version(version)) => {
                return Err(JournalError::Version { path, version });
            }
            Err(LabelError::Short | LabelError::Damaged) => {
                damages.push(header_damage(segment, "the header is damaged"));
            }
        }
    }
    let first = segments.first().expect("there is at least the first segment");
    marker.map_or_else(|| Ok(marker_of_first_frame(first)?), Ok)
}

/// When all headers are gone: every frame starts with the marker, so the first one does.
fn marker_of_first_frame(segment: &Segment) -> Result<Marker, StoreError> {
    let mut marker = Marker::default();
    segment::read_up_to(&segment.file, &mut marker, segment::HEADER)
        .map_err(|e| failed("read", &segment.path, e))?;
    Ok(marker)
}

fn header_damage(segment: &Segment, what: &str) -> Damage {
    Damage { offset: 0, bytes: 0, ..damage(segment, segment.start, segment.start, what) }
}

/// Looks at every frame, and cuts off a torn tail. Returns the journal's end.
fn survey(
    segments: &[Arc<Segment>],
    marker: Marker,
    setting: &Setting,
    disk: &Disk,
    recovery: &mut Recovery,
) -> Result<u64, JournalError> {
    let reached = setting.known.map_or(0, |(_, end)| end);
    let mut scan = Scan::new(segments, marker, 0, None, SCAN_READ);
    let (mut batches, mut whole, mut since) = (Batches::default(), 0, 0);
    while let Some(found) = scan.next()? {
        match found {
            Found::Damage(damage) => {
                batches.damage();
                recovery.damage.push(damage);
            }
            Found::Frame(head) => {
                since += 1;
                if batches.frame(&head).whole {
                    whole = head.position + head.length();
                    recovery.frames += std::mem::take(&mut since);
                }
            }
        }
    }
    let last = segments.last().expect("there is at least the first segment");
    let stop = last.stop()?.max(last.start);
    if stop < reached {
        return Err(JournalError::Rewound { end: stop, reached });
    }
    // A later segment was only begun once all before it was acknowledged.
    let end = whole.max(reached).max(last.start);
    if end < stop {
        recovery.torn = Some(cut(last, end, stop, setting, disk)?);
        recovery.damage.retain_mut(|damage| clip(damage, end));
    }
    Ok(end)
}

/// Keeps a copy of what lies beyond `end` in the last segment, then cuts it off.
fn cut(
    last: &Segment,
    end: u64,
    stop: u64,
    setting: &Setting,
    disk: &Disk,
) -> Result<Torn, StoreError> {
    let offset = last.offset(end);
    let bytes = stop - end;
    let mut tail = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
    let read = segment::read_up_to(&last.file, &mut tail, offset);
    tail.truncate(read.map_err(|e| failed("read", &last.path, e))?);
    disk::create_folder(&setting.aside).map_err(|e| failed("create", &setting.aside, e))?;
    let kept = setting.aside.join(format!("journal-{end:020}.torn"));
    disk.replace(&kept, &tail)?;
    disk.cut(&last.file, &last.path, offset)?;
    Ok(Torn { file: last.path.clone(), offset, bytes, kept })
}

/// Damage beyond the new end went with the tail.
fn clip(damage: &mut Damage, end: u64) -> bool {
    damage.bytes = damage.bytes.min(end.saturating_sub(damage.position));
    damage.position < end || damage.bytes == 0 && damage.offset == 0
}
