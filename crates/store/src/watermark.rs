//! How far the journal had come, written beside it: so that a journal which was cut, or put back
//! from an older copy, is noticed.
//!
//! A text file that is replaced as a whole about once a second and at shutdown. It is never ahead
//! of the journal on the disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use engine::store::{Mark, StoreError};
use record::{RecordId, tree};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::disk::{self, failed};
use crate::frame::Marker;
use crate::open::OpenError;
use crate::stamped::{self, StampError};

const TITLE: &str = "wangge watermark 1";
const LINES: [&str; 7] = ["journal", "end", "epoch", "count", "head", "root", "closed"];

/// The state of the node's own log at a length of the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Watermark {
    /// The journal's marker.
    #[serde(skip)]
    pub(crate) journal: Marker,
    /// One past the last frame, as a position.
    pub end: u64,
    /// The own log there.
    pub mark: Mark,
    /// Whether the node was shut down in order.
    pub closed: bool,
}

/// The own log before its first record.
pub(crate) fn no_log() -> Mark {
    Mark { epoch: 0, count: 0, head: RecordId::ZERO, root: tree::empty_root() }
}

/// Where a data folder keeps its watermark.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("watermark")
}

/// Puts a data folder's watermark aside, for a node that is to go on from an older journal; gives
/// the epoch that it knows of.
///
/// # Errors
/// When it can't be read or renamed.
pub fn set_aside_watermark(folder: &Path) -> Result<u32, OpenError> {
    let path = path(folder);
    let known = Watermark::read(&path)?;
    let epoch = known.and_then(Result::ok).map_or(0, |known| known.mark.epoch);
    let aside = path.with_extension("rewound");
    match std::fs::rename(&path, &aside) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(failed("rename", &path, error).into())
        }
        Ok(()) | Err(_) => Ok(epoch),
    }
}

impl Watermark {
    pub(crate) fn write(&self, path: &Path) -> Result<(), StoreError> {
        let line = |text: String| Zeroizing::new(text);
        let Mark { epoch, count, head, root } = self.mark;
        let values = [
            stamped::hex(&self.journal),
            line(self.end.to_string()),
            line(epoch.to_string()),
            line(count.to_string()),
            line(head.to_string()),
            line(root.to_string()),
            line(self.closed.to_string()),
        ];
        let lines: Vec<_> = LINES.into_iter().zip(values).collect();
        let written = disk::replace(path, stamped::write(TITLE, &lines).as_bytes());
        written.map_err(|e| failed("write", path, e))
    }

    /// Reads the watermark. `Ok(None)` when there is none; the inner error when it is damaged.
    pub(crate) fn read(path: &Path) -> Result<Option<Result<Self, StampError>>, StoreError> {
        match stamped::load(path) {
            Ok(bytes) => Ok(Some(Self::parse(&bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", path, error)),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, StampError> {
        let [journal, end, epoch, count, head, root, closed] = stamped::read(bytes, TITLE, LINES)?;
        let malformed = |name| StampError::Line { name };
        Ok(Self {
            journal: *stamped::unhex(journal).ok_or(malformed("journal"))?,
            end: end.parse().map_err(|_| malformed("end"))?,
            mark: Mark {
                epoch: epoch.parse().map_err(|_| malformed("epoch"))?,
                count: count.parse().map_err(|_| malformed("count"))?,
                head: head.parse().map_err(|_| malformed("head"))?,
                root: root.parse().map_err(|_| malformed("root"))?,
            },
            closed: closed.parse().map_err(|_| malformed("closed"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use record::Hash;

    use super::*;
    use crate::sample;

    fn watermark() -> Watermark {
        let (head, root) = (RecordId::from_bytes([4; 32]), Hash::from_bytes([5; 32]));
        let mark = Mark { epoch: 2, count: 3, head, root };
        Watermark { journal: [1; 8], end: 77, mark, closed: true }
    }

    #[test]
    fn it_comes_back_and_an_altered_one_is_refused() {
        let folder = sample::folder();
        let path = path(folder.path());
        assert!(Watermark::read(&path).unwrap().is_none());
        watermark().write(&path).unwrap();
        assert_eq!(Watermark::read(&path).unwrap(), Some(Ok(watermark())));
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            for bytes in [&altered, &whole[..at]] {
                fs::write(&path, bytes).unwrap();
                assert!(Watermark::read(&path).unwrap().unwrap().is_err());
            }
        }
    }
}
