//! The files of the journal, each a stretch of it, named by where it starts.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use engine::store::StoreError;

use crate::disk::failed;
use crate::frame::Marker;

/// Bytes before a segment's first frame. They don't count in positions.
pub(crate) const HEADER: u64 = 40;

const MAGIC: [u8; 8] = *b"wangge.j";
const VERSION: u16 = 1;
const CRC_AT: usize = HEADER as usize - 4;
const EXTENSION: &str = "wgj";

/// The header of a segment: `magic (8) ‖ version (u16) ‖ 0 (u16) ‖ start (u64) ‖ marker (8) ‖ check
/// of the storage key (8) ‖ crc32 (u32)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Label {
    /// Position of the first frame.
    pub(crate) start: u64,
    /// The journal's own marker, the same in all its segments.
    pub(crate) marker: Marker,
    /// Which storage key the boxes are sealed under.
    pub(crate) key_check: [u8; 8],
}

/// Why a header says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LabelError {
    /// Shorter than a header.
    Short,
    /// Not one, or altered.
    Damaged,
    /// Whole, but of a later version.
    Version(u16),
}

/// One file of the journal.
pub(crate) struct Segment {
    /// Position of the first frame.
    pub(crate) start: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: File,
}

impl Label {
    pub(crate) fn write(&self) -> [u8; HEADER as usize] {
        let mut bytes = [0; HEADER as usize];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_be_bytes());
        bytes[12..20].copy_from_slice(&self.start.to_be_bytes());
        bytes[20..28].copy_from_slice(&self.marker);
        bytes[28..36].copy_from_slice(&self.key_check);
        let crc = crc32fast::hash(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, LabelError> {
        let bytes = bytes.first_chunk::<{ HEADER as usize }>().ok_or(LabelError::Short)?;
        let whole = crc32fast::hash(&bytes[..CRC_AT]).to_be_bytes() == bytes[CRC_AT..];
        if !whole || bytes[..8] != MAGIC {
            return Err(LabelError::Damaged);
        }
        let version = u16::from_be_bytes([bytes[8], bytes[9]]);
        if version != VERSION {
            return Err(LabelError::Version(version));
        }
        let field = |at: usize| -> [u8; 8] {
            bytes[at..at + 8].try_into().expect("every field lies inside the header")
        };
        let start = u64::from_be_bytes(field(12));
        Ok(Self { start, marker: field(20), key_check: field(28) })
    }
}

impl Segment {
    /// Opens a segment that exists.
    pub(crate) fn open(start: u64, path: PathBuf, writing: bool) -> Result<Self, StoreError> {
        let opened = OpenOptions::new().read(true).write(writing).open(&path);
        let file = opened.map_err(|e| failed("open", &path, e))?;
        Ok(Self { start, path, file })
    }

    pub(crate) fn label(&self) -> Result<Result<Label, LabelError>, StoreError> {
        let mut bytes = [0; HEADER as usize];
        let read = read_up_to(&self.file, &mut bytes, 0);
        let read = read.map_err(|e| failed("read", &self.path, e))?;
        Ok(Label::read(&bytes[..read]))
    }

    /// The offset in the file of a position in this segment.
    pub(crate) const fn offset(&self, position: u64) -> u64 {
        HEADER + (position - self.start)
    }

    /// One past the last byte, as a position. Before `start` when not even the header is whole.
    pub(crate) fn stop(&self) -> Result<u64, StoreError> {
        let metadata = self.file.metadata().map_err(|e| failed("measure", &self.path, e))?;
        Ok(self.start.saturating_add(metadata.len()).saturating_sub(HEADER))
    }

    pub(crate) fn damaged(&self, position: u64, what: impl Into<String>) -> StoreError {
        let offset = self.offset(position.max(self.start));
        StoreError::Damaged { path: self.path.display().to_string(), offset, what: what.into() }
    }
}

/// The name of the segment that starts at a position.
pub(crate) fn name(start: u64) -> String {
    format!("{start:020}.{EXTENSION}")
}

/// What is in a journal's folder.
pub(crate) struct Listing {
    /// The segments, by where they start.
    pub(crate) segments: Vec<(u64, PathBuf)>,
    /// Files that have no business there.
    pub(crate) strays: Vec<PathBuf>,
}

/// Looks for segments.
pub(crate) fn list(folder: &Path) -> Result<Listing, StoreError> {
    let (mut segments, mut strays) = (Vec::new(), Vec::new());
    let refused = |e| failed("list", folder, e);
    for entry in fs::read_dir(folder).map_err(refused)? {
        let path = entry.map_err(refused)?.path();
        match start_of(&path) {
            Some(start) => segments.push((start, path)),
            None => strays.push(path),
        }
    }
    segments.sort_unstable();
    strays.sort_unstable();
    Ok(Listing { segments, strays })
}

/// Fills as much of `buffer` as the file has from `offset` on. Returns how much that is.
pub(crate) fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn start_of(path: &Path) -> Option<u64> {
    let start = path.file_stem()?.to_str()?.parse().ok()?;
    (path.file_name()?.to_str()? == name(start)).then_some(start)
}
