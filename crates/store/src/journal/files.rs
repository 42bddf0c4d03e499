//! Reading the journal, from any thread, while it grows.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use engine::store::{Examined, Frame, Harm, Position, Replay, StoreError};

use crate::disk::failed;
use crate::frame::{self, HEADER, Head, Marker};
use crate::journal::scan::{Damage, Found, Scan};
use crate::journal::segment::{self, Segment, read_up_to};
use crate::journal::walk::fits;
use crate::vault::{self, Vault};

/// Most frames are shorter than this and come with one read.
const FIRST_READ: usize = 4096;
/// How much replay reads at a time, in bytes.
const REPLAY_READ: usize = 256 * 1024;
/// A page of replay ends with the frame that makes it this long, in bytes.
const REPLAY_PAGE: u64 = 8 * 1024 * 1024;
/// How much of the journal is examined while the node runs, in bytes, from its end.
const EXAMINED: u64 = 512 * 1024 * 1024;
/// Most places that an examination names.
const NAMED: usize = 50;
/// How many bytes before a position its fingerprint is over.
const FINGERPRINT_READ: u64 = 256;

/// The journal's files, shared by the writer and all readers.
pub(crate) struct Files {
    marker: Marker,
    segments: RwLock<Vec<Arc<Segment>>>,
    /// One past the last durable frame. Nothing beyond is ever read.
    end: AtomicU64,
    /// What was found at open, and reported: replay goes over it.
    damage: Vec<Damage>,
}

impl Files {
    pub(crate) fn new(
        marker: Marker,
        segments: Vec<Arc<Segment>>,
        end: u64,
        damage: Vec<Damage>,
    ) -> Self {
        let (segments, end) = (RwLock::new(segments), AtomicU64::new(end));
        Self { marker, segments, end, damage }
    }

    pub(crate) fn marker(&self) -> Marker {
        self.marker
    }

    pub(crate) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    pub(crate) fn set_end(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }

    pub(crate) fn segments(&self) -> Vec<Arc<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn push(&self, segment: Arc<Segment>) {
        self.segments.write().unwrap_or_else(PoisonError::into_inner).push(segment);
    }

    /// Bytes on the disk.
    pub(crate) fn bytes(&self) -> u64 {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let first = segments.first().map_or(0, |segment| segment.start);
        self.end() - first.min(self.end()) + segments.len() as u64 * segment::HEADER
    }

    /// The frame that starts at a position.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub(crate) fn frame(&self, at: u64, vault: &Vault) -> Result<Frame, StoreError> {
        let (segment, whole, head) = self.whole(at)?;
        let (clear, sealed) = whole[HEADER..].split_at(head.clear as usize);
        frame::decode(clear, sealed, vault).map_err(|e| segment.damaged(at, e.to_string()))
    }

    /// The slot of the key under which the frame at a position is sealed, if it is under one.
    ///
    /// # Errors
    /// As [`Self::frame`].
    pub(crate) fn slot(&self, at: u64) -> Result<Option<u32>, StoreError> {
        let (_, whole, head) = self.whole(at)?;
        Ok(vault::slot_of(&whole[HEADER + head.clear as usize..]))
    }

    /// The bytes of the frame that starts at a position, checked.
    fn whole(&self, at: u64) -> Result<(Arc<Segment>, Vec<u8>, Head), StoreError> {
        let (segment, stop) = self.segment_of(at)?;
        let left = usize::try_from(stop - at).unwrap_or(usize::MAX);
        let mut bytes = read(&segment, at, left.min(FIRST_READ))?;
        let wrong = |what: &str| segment.damaged(at, what);
        let head = bytes.first_chunk().map(Head::read);
        let head = head.filter(|head| fits(head, &self.marker, at));
        let head = head.ok_or_else(|| wrong("no frame starts here"))?;
        let length = usize::try_from(head.length()).unwrap_or(usize::MAX);
        if length > left {
            return Err(wrong("the frame goes on beyond the end"));
        }
        if length > bytes.len() {
            bytes = read(&segment, at, length)?;
        }
        bytes.truncate(length);
        if bytes.len() == length && frame::is_whole(&bytes) {
            Ok((segment, bytes, head))
        } else {
            Err(segment.damaged(at, "the frame's checksum does not fit"))
        }
    }

    /// Frames from a position up to `end`, in order, at most `limit`, and where the next one
    /// starts: `end`, if there is none before.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for damage that was not there at open; [`StoreError::Io`].
    pub(crate) fn replay(
        &self,
        from: u64,
        end: u64,
        limit: usize,
        vault: &Vault,
    ) -> Result<Replay, StoreError> {
        let (segments, stop) = (self.segments(), self.end());
        let start = self.boundary(from);
        let mut scan = Scan::new(&segments, self.marker, start, Some(stop), REPLAY_READ);
        let (mut frames, mut bytes) = (Vec::new(), 0);
        while let Some(found) = scan.next()? {
            match found {
                Found::Damage(damage) => self.expect_known(&damage)?,
                Found::Frame(head) if head.position < from => {}
                Found::Frame(head) if head.position >= end => break,
                Found::Frame(head) if frames.len() == limit || bytes > REPLAY_PAGE => {
                    return Ok((frames, Position(head.position)));
                }
                Found::Frame(head) => {
                    let (clear, sealed) = scan.parts(&head);
                    let frame = frame::decode(clear, sealed, vault);
                    let frame = frame.map_err(|e| scan.wrong(&head, &e.to_string()))?;
                    frames.push((Position(head.position), frame));
                    bytes += head.length();
                }
            }
        }
        Ok((frames, Position(end)))
    }

    /// Reads the journal again, as far back as [`EXAMINED`]; what lies before was read at open.
    ///
    /// # Errors
    /// [`StoreError::Io`] when a file can't even be measured.
    pub(crate) fn examine(&self, vault: &Vault) -> Result<Examined, StoreError> {
        let (segments, stop) = (self.segments(), self.end());
        let start = self.boundary(stop.saturating_sub(EXAMINED));
        let known = self.damage.iter().filter(|known| known.position < start || known.bytes == 0);
        let mut damage: Vec<Harm> = known.map(harm).collect();
        let mut scan = Scan::new(&segments, self.marker, start, Some(stop), REPLAY_READ);
        let mut frames = 0;
        while let Some(found) = scan.next()? {
            match found {
                Found::Damage(found) => damage.push(harm(&found)),
                Found::Frame(head) => {
                    let (clear, sealed) = scan.parts(&head);
                    match frame::decode(clear, sealed, vault) {
                        Ok(_) => frames += 1,
                        Err(error) => {
                            let (file, offset) = scan.place(&head);
                            let (bytes, what) = (head.length(), error.to_string());
                            damage.push(Harm {
                                file: short(Path::new(&file)),
                                offset,
                                bytes,
                                what,
                            });
                        }
                    }
                }
            }
        }
        damage.truncate(NAMED);
        Ok(Examined { frames, bytes: stop - start, damage })
    }

    /// What the journal holds just before a position: tells this journal from any other, and this
    /// length of it from any other. Zero at the start.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] beyond the end; [`StoreError::Io`].
    pub(crate) fn fingerprint(&self, at: u64) -> Result<[u8; 8], StoreError> {
        let Some(last) = at.checked_sub(1) else { return Ok([0; 8]) };
        let (segment, _) = self.segment_of(last)?;
        let from = segment.start.max(at.saturating_sub(FINGERPRINT_READ));
        let bytes = read(&segment, from, usize::try_from(at - from).unwrap_or(usize::MAX))?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.marker).update(&at.to_be_bytes()).update(&bytes);
        let hash = hasher.finalize();
        Ok(hash.as_bytes()[..8].try_into().expect("a hash is longer than a fingerprint"))
    }

    /// The segment that a position lies in, and up to where that goes.
    fn segment_of(&self, at: u64) -> Result<(Arc<Segment>, u64), StoreError> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let next = segments.partition_point(|segment| segment.start <= at);
        let stop = segments.get(next).map_or_else(|| self.end(), |segment| segment.start);
        match next.checked_sub(1).and_then(|index| segments.get(index)) {
            Some(segment) if at < stop => Ok((Arc::clone(segment), stop)),
            Some(segment) => Err(segment.damaged(at, "the journal ends before this position")),
            None => Err(StoreError::Damaged {
                path: "journal".to_owned(),
                offset: at,
                what: "the segment file with this position is missing".to_owned(),
            }),
        }
    }

    /// Where to start so as to find the first frame at or after `from`: `from` itself when a frame
    /// starts there, else the start of its segment.
    fn boundary(&self, from: u64) -> u64 {
        let Ok((segment, stop)) = self.segment_of(from) else { return from };
        let mut head = [0; HEADER];
        let read = read_up_to(&segment.file, &mut head, segment.offset(from));
        let starts = read.is_ok() && fits(&Head::read(&head), &self.marker, from) && from < stop;
        if starts { from } else { segment.start }
    }

    fn expect_known(&self, found: &Damage) -> Result<(), StoreError> {
        let covers = |known: &&Damage| {
            known.position <= found.position
                && found.position + found.bytes <= known.position + known.bytes
        };
        if self.damage.iter().any(|known| covers(&known)) {
            return Ok(());
        }
        let (path, offset) = (found.file.display().to_string(), found.offset);
        Err(StoreError::Damaged { path, offset, what: found.what.clone() })
    }
}

fn harm(found: &Damage) -> Harm {
    let Damage { file, offset, bytes, what, .. } = found;
    Harm { file: short(file), offset: *offset, bytes: *bytes, what: what.clone() }
}

/// A segment's name within the data folder.
fn short(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    format!("journal/{name}")
}

fn read(segment: &Segment, at: u64, length: usize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![0; length];
    let read = read_up_to(&segment.file, &mut bytes, segment.offset(at));
    bytes.truncate(read.map_err(|e| failed("read", &segment.path, e))?);
    Ok(bytes)
}
