//! What a check found, for a program and for a person.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::verify::log::LogSummary;
use crate::verify::photos::PhotoSummary;

/// Problems that are listed one by one; more are only counted.
const LISTED: usize = 1000;

/// The outcome of [`crate::verify::verify`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VerifyReport {
    /// The data folder.
    pub folder: String,
    /// Segment files.
    pub segments: u64,
    /// Whole frames.
    pub frames: u64,
    /// Bytes in whole frames.
    pub bytes: u64,
    /// Frames of each kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// The node's own log; absent when it has no record.
    pub log: Option<LogSummary>,
    /// Signatures that were verified.
    pub verified: u64,
    /// Statements whose signer's key is not known here: well formed, but nobody's word.
    pub unverified: u64,
    /// How the photos are.
    pub photos: PhotoSummary,
    /// Why sealed values were not compared with their commitments, if they were not.
    pub sealed_unchecked: Option<String>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// How many more problems there are than are listed.
    pub more_problems: u64,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Where in it, in bytes.
    pub offset: u64,
    /// The own record's place in the log, where it is about one.
    pub seq: Option<u64>,
    /// What was found.
    pub what: String,
    /// What to do.
    pub action: &'static str,
}

impl VerifyReport {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.display().to_string(),
            segments: 0,
            frames: 0,
            bytes: 0,
            kinds: BTreeMap::new(),
            log: None,
            verified: 0,
            unverified: 0,
            photos: PhotoSummary::default(),
            sealed_unchecked: None,
            problems: Vec::new(),
            more_problems: 0,
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// How many problems there are.
    pub(super) fn count(&self) -> u64 {
        self.problems.len() as u64 + self.more_problems
    }

    pub(super) fn add(&mut self, problem: Problem) {
        if self.problems.len() < LISTED {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count();
        if self.is_sound() {
            writeln!(f, "核验通过 · {} is sound", self.folder)?;
        } else {
            writeln!(f, "核验发现 {count} 处问题 · {} has {count} problems", self.folder)?;
        }
        writeln!(
            f,
            "  {} frames in {} segments, {} bytes",
            self.frames, self.segments, self.bytes
        )?;
        for (kind, count) in &self.kinds {
            writeln!(f, "    {kind}: {count}")?;
        }
        self.fmt_log(f)?;
        writeln!(f, "  signatures verified: {}", self.verified)?;
        if self.unverified > 0 {
            let count = self.unverified;
            writeln!(f, "  signatures not verified, for want of the signer's key: {count}")?;
        }
        self.fmt_photos(f)?;
        if let Some(why) = &self.sealed_unchecked {
            writeln!(f, "  sealed values not checked: {why}")?;
        }
        for Problem { file, offset, seq, what, action } in &self.problems {
            let seq = seq.map(|seq| format!(", own record {seq}")).unwrap_or_default();
            writeln!(f, "  {file} at byte {offset}{seq}: {what}; {action}")?;
        }
        if self.more_problems > 0 {
            writeln!(f, "  and {} more", self.more_problems)?;
        }
        Ok(())
    }
}

impl VerifyReport {
    fn fmt_photos(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PhotoSummary { files, shown, awaited } = self.photos;
        if files + shown + awaited == 0 {
            return Ok(());
        }
        if self.sealed_unchecked.is_some() {
            return writeln!(f, "  photos: {files} files, not compared with what records show");
        }
        writeln!(f, "  photos: {files} files; records show {shown} of them, {awaited} are awaited")
    }

    fn fmt_log(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(LogSummary { node, epoch, count, head, root }) = &self.log else {
            return writeln!(f, "  own log: empty");
        };
        writeln!(f, "  own log of {node}: {count} records in epoch {epoch}, up to {head}")?;
        match root {
            Some(root) => writeln!(f, "  tree root: {root}"),
            None => writeln!(f, "  tree root: can't be told, records are missing"),
        }
    }
}
