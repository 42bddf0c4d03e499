//! From frame to frame through a whole journal, with everything that is wrong on the way.

use std::path::PathBuf;
use std::sync::Arc;

use engine::store::StoreError;
use serde::Serialize;

use crate::frame::{Head, Marker};
use crate::journal::segment::Segment;
use crate::journal::walk::{Step, Walk};

/// Bytes of journal that hold no whole frame, though they should.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Damage {
    /// The segment file.
    pub file: PathBuf,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// How many bytes are affected.
    pub bytes: u64,
    /// The journal position at which it begins.
    pub position: u64,
    /// What was found.
    pub what: String,
}

/// What comes next in a journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    Frame(Head),
    Damage(Damage),
}

/// A walk over all segments from a position on.
pub(crate) struct Scan<'a> {
    segments: &'a [Arc<Segment>],
    marker: Marker,
    /// Where the journal ends; `None` to go to the end of the last file.
    end: Option<u64>,
    chunk: usize,
    /// The segment being walked.
    index: usize,
    walk: Option<Walk<'a>>,
    /// Up to where the journal was looked at.
    at: u64,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(
        segments: &'a [Arc<Segment>],
        marker: Marker,
        from: u64,
        end: Option<u64>,
        chunk: usize,
    ) -> Self {
        let index = segments.partition_point(|segment| segment.start <= from).saturating_sub(1);
        Self { segments, marker, end, chunk, index, walk: None, at: from }
    }

    /// The next frame or damage.
    ///
    /// # Errors
    /// [`StoreError::Io`] when a file can't even be measured.
    pub(crate) fn next(&mut self) -> Result<Option<Found>, StoreError> {
        loop {
            let Some(segment) = self.segments.get(self.index) else { return Ok(None) };
            if self.walk.is_none()
                && let Some(damage) = self.enter(segment)?
            {
                return Ok(Some(Found::Damage(damage)));
            }
            match self.walk.as_mut().and_then(Walk::step) {
                Some(Step::Frame(head)) => {
                    self.at = head.position + head.length();
                    return Ok(Some(Found::Frame(head)));
                }
                Some(Step::Gap { from, to, fault }) => {
                    self.at = to;
                    return Ok(Some(Found::Damage(damage(segment, from, to, fault.to_string()))));
                }
                None => {
                    let damage = self.leave(segment)?;
                    if damage.is_some() {
                        return Ok(damage.map(Found::Damage));
                    }
                }
            }
        }
    }

    /// The clear and sealed parts of the frame that was just found.
    pub(crate) fn parts(&self, head: &Head) -> (&[u8], &[u8]) {
        self.walk.as_ref().map(|walk| walk.parts(head)).unwrap_or_default()
    }

    /// File and offset of the frame that was just found.
    pub(crate) fn place(&self, head: &Head) -> (String, u64) {
        let found = self.segments.get(self.index);
        let segment = found.expect("the segment of the last frame is still being walked");
        (segment.path.display().to_string(), segment.offset(head.position))
    }

    /// The error for a frame that was just found and is of no use.
    pub(crate) fn wrong(&self, head: &Head, what: &str) -> StoreError {
        let found = self.segments.get(self.index);
        let segment = found.expect("the segment of the last frame is still being walked");
        segment.damaged(head.position, what)
    }

    /// Starts on a segment. There may be a hole before it.
    fn enter(&mut self, segment: &'a Segment) -> Result<Option<Damage>, StoreError> {
        let hole = (self.at < segment.start).then(|| {
            damage(segment, self.at, segment.start, "the segment files before this one are missing")
        });
        self.at = self.at.max(segment.start);
        let stop = self.stop_of(segment)?.min(segment.stop()?);
        self.walk = Some(Walk::new(segment, self.marker, self.at, stop, self.chunk));
        Ok(hole)
    }

    /// Goes on to the next segment. This one may have too few bytes, or too many.
    fn leave(&mut self, segment: &'a Segment) -> Result<Option<Damage>, StoreError> {
        let (due, real) = (self.stop_of(segment)?, segment.stop()?);
        let is_last = self.index + 1 == self.segments.len();
        let from = self.at;
        self.walk = None;
        self.index += 1;
        if from < due {
            self.at = due;
            return Ok(Some(damage(segment, from, due, "the file was cut")));
        }
        if real > due && !is_last {
            let what = "the file goes on where the next segment starts";
            return Ok(Some(damage(segment, due, real, what)));
        }
        Ok(None)
    }

    /// Up to where a segment should go.
    fn stop_of(&self, segment: &Segment) -> Result<u64, StoreError> {
        match (self.segments.get(self.index + 1), self.end) {
            (Some(next), _) => Ok(next.start),
            (None, Some(end)) => Ok(end),
            (None, None) => segment.stop(),
        }
    }
}

pub(crate) fn damage(segment: &Segment, from: u64, to: u64, what: impl Into<String>) -> Damage {
    Damage {
        file: segment.path.clone(),
        offset: segment.offset(from.max(segment.start)),
        bytes: to.saturating_sub(from),
        position: from,
        what: what.into(),
    }
}

/// Follows batches: a batch is whole when its frames 0, 1, … came one after another.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Batches {
    /// The next frame should be the first of a batch.
    #[default]
    Between,
    /// So many frames came, of so many.
    Inside(u16, u16),
    /// Damage took part of a batch; its rest may still come.
    Lost,
}

/// What a frame tells about batches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Progress {
    /// With this frame its batch is whole.
    pub(crate) whole: bool,
    /// Frames before this one are missing, and no damage explains it.
    pub(crate) broken: bool,
}

impl Batches {
    pub(crate) fn frame(&mut self, head: &Head) -> Progress {
        let first = head.index == 0;
        let follows = first || *self == Self::Inside(head.index, head.count);
        let broken = match self {
            Self::Between => !first,
            Self::Inside(..) => first || !follows,
            Self::Lost => false,
        };
        let came = head.index + 1;
        let whole = follows && came == head.count;
        *self = match (follows, whole) {
            (true, true) => Self::Between,
            (true, false) => Self::Inside(came, head.count),
            (false, _) => Self::Lost,
        };
        Progress { whole, broken }
    }

    pub(crate) const fn damage(&mut self) {
        *self = Self::Lost;
    }
}
