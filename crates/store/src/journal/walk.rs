//! From frame to frame through the bytes of one segment, over damage if need be.

use std::io;
use std::ops::Range;

use crate::frame::{self, HEADER, Head, LONGEST, Marker};
use crate::journal::segment::{Segment, read_up_to};

/// What a disk reads in one piece: after a failed read the walk goes on at the next of these.
const SECTOR: u64 = 4096;

/// What lies at the walk's place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// A whole frame; its parts can be read until the next step.
    Frame(Head),
    /// No frame from here up to a position.
    Gap {
        /// Where it begins.
        from: u64,
        /// Where the next whole frame starts, or the end.
        to: u64,
        /// Why there is no frame at its beginning.
        fault: Fault,
    },
}

/// Why there is no frame at a place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the frame is cut off")]
    Cut,
    #[error("no frame starts here")]
    NoFrame,
    #[error("the frame's checksum does not fit")]
    Checksum,
    #[error("the disk can't read it: {0}")]
    Unreadable(io::ErrorKind),
}

/// A walk over the positions `at..stop` of one segment.
pub(crate) struct Walk<'a> {
    segment: &'a Segment,
    marker: Marker,
    at: u64,
    stop: u64,
    window: Window,
    /// The current frame in the window.
    frame: Range<usize>,
}

impl<'a> Walk<'a> {
    /// Walks on from `at`, where a frame should start. Reads `chunk` bytes at a time.
    pub(crate) fn new(
        segment: &'a Segment,
        marker: Marker,
        at: u64,
        stop: u64,
        chunk: usize,
    ) -> Self {
        Self { segment, marker, at, stop, window: Window::new(chunk), frame: 0..0 }
    }

    /// The frame at the walk's place, or the gap there.
    pub(crate) fn step(&mut self) -> Option<Step> {
        if self.at >= self.stop {
            return None;
        }
        match self.frame_at(self.at) {
            Ok(head) => {
                self.at += head.length();
                Some(Step::Frame(head))
            }
            Err(fault) => {
                let from = self.at;
                self.at = self.next_frame(from + 1);
                self.frame = 0..0;
                Some(Step::Gap { from, to: self.at, fault })
            }
        }
    }

    /// The current frame's clear and sealed parts.
    pub(crate) fn parts(&self, head: &Head) -> (&[u8], &[u8]) {
        let frame = self.window.bytes.get(self.frame.clone()).unwrap_or_default();
        let parts = frame.get(HEADER..).unwrap_or_default();
        parts.split_at_checked(head.clear as usize).unwrap_or_default()
    }

    fn frame_at(&mut self, at: u64) -> Result<Head, Fault> {
        let left = self.stop - at;
        if left < HEADER as u64 {
            return Err(Fault::Cut);
        }
        let bytes = self.view(at, HEADER)?;
        let head = Head::read(bytes.first_chunk().ok_or(Fault::Cut)?);
        if !fits(&head, &self.marker, at) {
            return Err(Fault::NoFrame);
        }
        let length = usize::try_from(head.length()).map_err(|_| Fault::NoFrame)?;
        if length as u64 > left {
            return Err(Fault::Cut);
        }
        let bytes = self.view(at, length)?;
        if bytes.len() < length {
            return Err(Fault::Cut);
        }
        if !frame::is_whole(bytes) {
            return Err(Fault::Checksum);
        }
        self.frame = self.window.range(self.segment.offset(at), length);
        Ok(head)
    }

    /// The next position from `at` on where a whole frame starts, or the stop.
    fn next_frame(&mut self, mut at: u64) -> u64 {
        while at < self.stop {
            let length = self.window.chunk.min(usize::try_from(self.stop - at).unwrap_or(LONGEST));
            let marker = self.marker;
            match self.view(at, length).map(|bytes| (find(bytes, &marker), bytes.len())) {
                Ok((Some(found), _)) => {
                    at += found as u64;
                    if self.frame_at(at).is_ok() {
                        return at;
                    }
                    at += 1;
                }
                // A marker may lie across the end of what was looked at.
                Ok((None, looked)) if looked > marker.len() => {
                    at += (looked - marker.len() + 1) as u64;
                }
                Ok(_) => return self.stop,
                Err(_) => at += SECTOR - self.segment.offset(at) % SECTOR,
            }
        }
        self.stop
    }

    fn view(&mut self, at: u64, length: usize) -> Result<&[u8], Fault> {
        let offset = self.segment.offset(at);
        let unreadable = |e: io::Error| Fault::Unreadable(e.kind());
        self.window.view(self.segment, offset, length).map_err(unreadable)
    }
}

/// Whether a header can be that of a frame at this place.
pub(crate) fn fits(head: &Head, marker: &Marker, at: u64) -> bool {
    head.marker == *marker
        && head.position == at
        && head.index < head.count
        && head.length() <= LONGEST as u64
}

/// Part of a file in memory.
struct Window {
    bytes: Vec<u8>,
    /// Where in the file it begins.
    offset: u64,
    chunk: usize,
}

impl Window {
    const fn new(chunk: usize) -> Self {
        Self { bytes: Vec::new(), offset: 0, chunk }
    }

    /// The bytes at an offset: `length` of them, or what the file has.
    fn view(&mut self, segment: &Segment, offset: u64, length: usize) -> io::Result<&[u8]> {
        if !self.holds(offset, length) {
            self.fill(segment, offset, length)?;
        }
        let range = self.range(offset, length);
        Ok(&self.bytes[range.start..range.end.min(self.bytes.len())])
    }

    fn holds(&self, offset: u64, length: usize) -> bool {
        let end = self.offset + self.bytes.len() as u64;
        offset >= self.offset && offset + length as u64 <= end
    }

    fn fill(&mut self, segment: &Segment, offset: u64, length: usize) -> io::Result<()> {
        let full = length.max(self.chunk);
        // Where a large read fails, a small one may still get what is needed.
        self.fill_with(segment, offset, full).or_else(|_| self.fill_with(segment, offset, length))
    }

    fn fill_with(&mut self, segment: &Segment, offset: u64, length: usize) -> io::Result<()> {
        self.bytes.resize(length, 0);
        let read = read_up_to(&segment.file, &mut self.bytes, offset);
        self.offset = offset;
        self.bytes.truncate(*read.as_ref().unwrap_or(&0));
        read.map(|_| ())
    }

    fn range(&self, offset: u64, length: usize) -> Range<usize> {
        let start = usize::try_from(offset - self.offset).unwrap_or(usize::MAX);
        let start = start.min(self.bytes.len());
        start..start + length
    }
}

fn find(bytes: &[u8], marker: &Marker) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = bytes.get(at..)?.iter().position(|byte| *byte == marker[0]) {
        at += found;
        if bytes[at..].starts_with(marker) {
            return Some(at);
        }
        at += 1;
    }
    None
}
