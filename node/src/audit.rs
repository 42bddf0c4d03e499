//! Recounting a node's numbers, offline, from the signed records in its folder or in an export of
//! it: what `wangge audit` does. Only verified frames count.

mod answer;

pub use answer::{AnswerAudit, AnswerFile, Evidence, Witness, audit_answer};

use std::path::{Path, PathBuf};

use engine::project::Whose;
use engine::recount::Recount;
use engine::store::{Frame, Position, StoreError};
use governance::numbers::{Difference, Report, Scope, Sheet};
use governance::query::{Grouping, LogState, Metric, Seat};
use record::{NodeId, Timestamp};
use store::VerifyReport;

use crate::folder::Folder;
use crate::identity::Identity;
use crate::verify::{VerifyError, verify_each};

/// Largest report or answer that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// What is to be recounted.
#[derive(Clone, Default)]
pub struct Wanted {
    /// Whose numbers: another node's, as far as they are known here; the folder's own where absent.
    pub node: Option<NodeId>,
    /// First moment of the range; all time where absent.
    pub from: Option<Timestamp>,
    /// First moment after the range; the latest record where absent.
    pub until: Option<Timestamp>,
    /// A report to hold the records against: it says for which time and ground.
    pub against: Option<Report>,
}

/// Why nothing was recounted.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The folder can't be verified at all.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A verified frame makes no sense, as one of a newer version.
    #[error("the records can't be recounted: use the program's newest version")]
    Frame(#[from] StoreError),
    /// The report is another node's.
    #[error("the report is of node {reported}, and this folder is of {folder}")]
    OtherNode {
        /// Whose report.
        reported: NodeId,
        /// Whose folder.
        folder: NodeId,
    },
    /// A file can't be read.
    #[error("{path} can't be read: check the path")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} is not {expected}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// An answer does not hold.
    #[error("the answer does not hold")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a recount came to.
pub struct Audit {
    /// What verifying the folder found.
    pub verified: VerifyReport,
    /// The numbers that the records give.
    pub recounted: Report,
    /// The same, with the rules that read them.
    pub sheet: Sheet,
    /// Whose folder.
    pub folder: NodeId,
    /// How many cases the numbers are of.
    pub cases: usize,
    /// Records that are kept and change nothing.
    pub unapplied: u64,
    /// Where a report was given: each figure that is otherwise.
    pub differences: Vec<Difference>,
    /// Where a report was given: why it can't be held against these records exactly.
    pub inexact: Vec<Inexact>,
}

/// Why a report and the records can't be compared exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inexact {
    /// The node was writing while it counted.
    Moving,
    /// The folder ends before the state that was counted.
    Behind,
    /// The log was another one at that size.
    OtherLog {
        /// What the report says.
        reported: LogState,
        /// What the records give.
        recounted: LogState,
    },
    /// Another node's numbers: only what it shared is here.
    Shared,
}

impl Audit {
    /// Whether the folder is sound and no figure differs.
    #[must_use]
    pub fn holds(&self) -> bool {
        let logs = self
            .inexact
            .iter()
            .any(|why| matches!(why, Inexact::Behind | Inexact::OtherLog { .. }));
        self.verified.is_sound() && self.differences.is_empty() && !logs
    }
}

/// Verifies a folder and recounts from what holds.
///
/// # Errors
/// [`AuditError`] when there is nothing to recount; what differs is no error but told.
pub fn audit(folder: &Path, wanted: &Wanted) -> Result<Audit, AuditError> {
    let identity = identity(folder)?;
    let own = identity.standing.node();
    let node = wanted.node.unwrap_or(own);
    if let Some(report) = wanted.against.as_ref().filter(|report| report.node != node) {
        return Err(AuditError::OtherNode { reported: report.node, folder: own });
    }
    // Another node's report is of that node's journal: nothing is cut here by it.
    let cut = wanted.against.as_ref().filter(|_| node == own).map(|report| report.journal);
    let mut recount = Recount::new(Whose { me: own, federation: identity.federation() });
    let verified = recounted(folder, &mut recount, |at, _| cut.is_none_or(|cut| at.0 < cut))?;
    let (scope, now) = range(wanted, &recount);
    let area = identity.standing.certificate().area.clone();
    let sheet = recount.sheet(&scope, &Seat { node, area }, now);
    let journal = recount.last().map_or(0, |last| last.0 + 1);
    let recounted = Report::new(&sheet, journal, true, recount.log());
    let (differences, inexact) = match &wanted.against {
        None => (Vec::new(), Vec::new()),
        Some(report) if node == own => {
            (report.differences(&recounted), inexact(report, &recounted))
        }
        Some(report) => (more_than_told(report, &recounted), vec![Inexact::Shared]),
    };
    let cases = recount.cases().filter(|case| node == own || case.home == node).count();
    let unapplied = recount.unapplied();
    Ok(Audit { verified, recounted, sheet, folder: own, cases, unapplied, differences, inexact })
}

fn identity(folder: &Path) -> Result<Identity, AuditError> {
    if !folder.is_dir() {
        return Err(VerifyError::NoFolder { folder: folder.into() }.into());
    }
    Ok(Identity::read(&Folder::new(folder)).map_err(VerifyError::from)?)
}

/// Feeds the frames that hold and are wanted to a recount.
fn recounted(
    folder: &Path,
    recount: &mut Recount,
    mut wanted: impl FnMut(Position, &Frame) -> bool,
) -> Result<VerifyReport, AuditError> {
    let mut failed = None;
    let verified = verify_each(folder, &mut |at, frame| {
        if failed.is_none() && wanted(at, frame) {
            failed = recount.take(at, frame).err();
        }
    })?;
    match failed {
        // What a damaged journal leaves need not fit together: the damage is told.
        Some(error) if verified.is_sound() => Err(error.into()),
        Some(_) | None => Ok(verified),
    }
}

fn range(wanted: &Wanted, recount: &Recount) -> (Scope, Timestamp) {
    if let Some(report) = &wanted.against {
        return (report.scope.clone(), report.as_of);
    }
    let latest = recount.latest().plus(std::time::Duration::from_millis(1));
    let from = wanted.from.unwrap_or(Timestamp::EPOCH);
    let until = wanted.until.unwrap_or(latest);
    (Scope { from, until, area: None }, latest)
}

fn inexact(report: &Report, recounted: &Report) -> Vec<Inexact> {
    let mut found = Vec::new();
    if !report.still {
        found.push(Inexact::Moving);
    }
    if recounted.journal < report.journal {
        found.push(Inexact::Behind);
    } else if report.log != recounted.log {
        found.push(Inexact::OtherLog { reported: report.log, recounted: recounted.log });
    }
    found
}

/// Another node tells of at least what it shared with this one: a figure of which more is known
/// here than it tells is a question to it.
fn more_than_told(report: &Report, recounted: &Report) -> Vec<Difference> {
    let mut found = report.differences(recounted);
    found.retain(|one| {
        let here = one.recounted.as_ref().map_or(0, |row| row.count);
        let told = one.reported.as_ref().map_or(0, |row| row.count);
        grows(one.metric, one.grouping) && here > told
    });
    found
}

/// Whether a count can only become larger with what else is known.
fn grows(metric: Metric, grouping: Grouping) -> bool {
    let fixed = matches!(grouping, Grouping::None | Grouping::Channel | Grouping::Month);
    matches!(metric, Metric::Received | Metric::Excluded) && fixed
}

/// Reads a report as the API exports it.
///
/// # Errors
/// [`AuditError`] when it can't be read or is none.
pub fn read_report(path: &Path) -> Result<Report, AuditError> {
    read_json(path, "a report as GET /v1/numbers gives it")
}

fn read_json<T: serde::de::DeserializeOwned>(
    path: &Path,
    expected: &'static str,
) -> Result<T, AuditError> {
    let unreadable = |source| AuditError::Unreadable { path: path.into(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE {
        return Err(unreadable(std::io::ErrorKind::FileTooLarge.into()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    serde_json::from_str(&text).map_err(|source| AuditError::Content {
        path: path.into(),
        expected,
        source,
    })
}

#[cfg(test)]
mod tests;
