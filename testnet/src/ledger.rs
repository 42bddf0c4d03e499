//! What the demo itself did: a line for every act that a node acknowledged, with the receipt. It
//! is what a rerun goes on from, and what every figure of the report is held against.

mod book;

pub use book::{Book, CaseState, Offers};

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// One line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// A day begins.
    Day(Day),
    /// An act was acknowledged.
    Done(Done),
    /// Something befell the federation.
    Befell {
        /// The day's number.
        day: usize,
        /// What.
        what: Befallen,
    },
    /// The county asked for numbers while a community was cut off.
    Asked(Asked),
    /// How the community that was cut off saw itself, right before the line was mended.
    Alone {
        /// The day's number.
        day: usize,
        /// Whether it was connected with its parent all the same.
        connected: bool,
        /// Entries for its parent that it could not hand over.
        waiting: u64,
    },
    /// Every node was started anew with a clock that is behind by less.
    Clocks {
        /// By how many milliseconds still.
        behind: u64,
        /// Nodes that there were: each has bound its access log since, by a record of its own.
        nodes: usize,
    },
    /// Something besides cases was left on somebody's desk.
    Beside(Beside),
    /// A day is over: every errand has gone as far as it goes.
    Over {
        /// The day's number.
        day: usize,
    },
}

/// A day of the demo.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// From 0.
    pub number: usize,
    /// Seed.
    pub seed: u64,
    /// Reports.
    pub reports: usize,
    /// Reports of the days before it.
    pub before: usize,
    /// Nodes of the federation when it began.
    pub nodes: usize,
    /// The file that the texts are from, where they are from one.
    pub messages: Option<PathBuf>,
}

/// Something besides cases that was left on somebody's desk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// The day's number.
    pub day: usize,
    /// What: unique in the day.
    pub step: String,
    /// The seat of the node that acknowledged it.
    pub seat: usize,
    /// The signed record, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// An act that a node acknowledged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// The day's number.
    pub day: usize,
    /// The errand's number in it.
    pub errand: usize,
    /// The step of the errand: unique in it.
    pub step: String,
    /// The seat of the node that acknowledged it.
    pub seat: usize,
    /// The act.
    pub act: String,
    /// Of a verification: whether the matter was found solved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solved: Option<bool>,
    /// The signed record.
    pub record: String,
    /// The case.
    pub case: String,
    /// Of a report: the case's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Of a resident's report: the code on the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Of a report with a photo: blake3 of what has to be kept of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
}

/// What the county was answered while a community was cut off.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The day's number.
    pub day: usize,
    /// Whether the answer said that something is missing.
    pub partial: bool,
    /// Whether it gave a total all the same.
    pub total: bool,
    /// Cases counted so far.
    pub so_far: u64,
    /// Names of the nodes that were missing.
    pub missing: Vec<String>,
}

/// What befell the federation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Befallen {
    /// A community was cut off.
    Cut,
    /// A street was killed.
    Killed,
    /// The street runs again.
    Restarted,
    /// The community is connected again.
    Healed,
}

/// Why the ledger can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It can't be read or written.
    #[error("the demo's ledger {path} can't be used: start over with --reset")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A line is not one of ours.
    #[error("line {line} of the demo's ledger {path} can't be read: start over with --reset")]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// The demo's own record, kept in a file.
pub struct Ledger {
    path: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    entries: Vec<Entry>,
    steps: HashMap<(usize, usize, String), usize>,
}

impl Ledger {
    /// Opens the ledger of a folder, or begins one. A line that was being written when the demo
    /// ended is cut off: what it was about is asked for again under the same idempotency key.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let io = |source| LedgerError::Io { path: path.into(), source };
        let mut options = OpenOptions::new();
        // Receipts have residents' codes in them.
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(io)?;
        let (lines, whole) = lines(&file).map_err(io)?;
        file.set_len(whole).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        let mut inner = Inner { file, entries: Vec::new(), steps: HashMap::new() };
        for (index, line) in lines.iter().enumerate() {
            let entry = serde_json::from_str(line).map_err(|source| LedgerError::Line {
                path: path.into(),
                line: index + 1,
                source,
            })?;
            inner.take(entry);
        }
        Ok(Self { path: path.into(), inner: Mutex::new(inner) })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// [`LedgerError::Io`].
    pub fn add(&self, entry: Entry) -> Result<(), LedgerError> {
        let io = |source| LedgerError::Io { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(&entry).map_err(|error| io(error.into()))?;
        line.push(b'\n');
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.file.write_all(&line).map_err(io)?;
        inner.take(entry);
        Ok(())
    }

    /// The receipt of a step, if it was acknowledged.
    #[must_use]
    pub fn step(&self, day: usize, errand: usize, step: &str) -> Option<Done> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let at = *inner.steps.get(&(day, errand, step.to_owned()))?;
        match &inner.entries[at] {
            Entry::Done(done) => Some(done.clone()),
            Entry::Day(_)
            | Entry::Befell { .. }
            | Entry::Asked(_)
            | Entry::Alone { .. }
            | Entry::Clocks { .. }
            | Entry::Beside(_)
            | Entry::Over { .. } => None,
        }
    }

    /// Every line so far.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).entries.clone()
    }

    /// The days so far, each with whether it is over.
    #[must_use]
    pub fn days(&self) -> Vec<(Day, bool)> {
        let entries = self.entries();
        let over = |number: usize| entries.contains(&Entry::Over { day: number });
        let days = entries.iter().filter_map(|entry| match entry {
            Entry::Day(day) => Some((day.clone(), over(day.number))),
            Entry::Done(_)
            | Entry::Befell { .. }
            | Entry::Asked(_)
            | Entry::Alone { .. }
            | Entry::Clocks { .. }
            | Entry::Beside(_)
            | Entry::Over { .. } => None,
        });
        days.collect()
    }

    /// Whether something besides cases was left on a day.
    #[must_use]
    pub fn left_beside(&self, day: usize, step: &str) -> bool {
        let is_it = |entry: &Entry| match entry {
            Entry::Beside(beside) => beside.day == day && beside.step == step,
            Entry::Day(_)
            | Entry::Done(_)
            | Entry::Befell { .. }
            | Entry::Asked(_)
            | Entry::Alone { .. }
            | Entry::Clocks { .. }
            | Entry::Over { .. } => false,
        };
        self.entries().iter().any(is_it)
    }

    /// Whether something has befallen the federation on a day.
    #[must_use]
    pub fn befell(&self, day: usize, what: Befallen) -> bool {
        self.entries().contains(&Entry::Befell { day, what })
    }
}

impl Inner {
    fn take(&mut self, entry: Entry) {
        if let Entry::Done(done) = &entry {
            let key = (done.day, done.errand, done.step.clone());
            self.steps.insert(key, self.entries.len());
        }
        self.entries.push(entry);
    }
}

/// The whole lines of a file, and how many bytes they take.
fn lines(file: &File) -> std::io::Result<(Vec<String>, u64)> {
    let mut reader = BufReader::new(file);
    let (mut lines, mut whole) = (Vec::new(), 0);
    loop {
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok((lines, whole));
        }
        whole += read as u64;
        lines.push(String::from_utf8(line).map_err(std::io::Error::other)?);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(step: &str) -> Done {
        Done {
            day: 0,
            errand: 4,
            step: step.to_owned(),
            seat: 3,
            act: "accept".to_owned(),
            solved: None,
            record: "aa".to_owned(),
            case: "bb".to_owned(),
            number: None,
            code: None,
            photo: None,
        }
    }

    #[test]
    fn a_rerun_finds_every_whole_line_and_cuts_off_the_rest() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("ledger.jsonl");
        let ledger = Ledger::open(&path).unwrap();
        ledger.add(Entry::Done(done("one"))).unwrap();
        ledger.add(Entry::Befell { day: 0, what: Befallen::Cut }).unwrap();
        drop(ledger);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"done\":{\"day\":0,").unwrap();
        let ledger = Ledger::open(&path).unwrap();
        assert_eq!(ledger.entries().len(), 2);
        assert!(ledger.befell(0, Befallen::Cut) && !ledger.befell(1, Befallen::Cut));
        ledger.add(Entry::Done(done("two"))).unwrap();
        let again = Ledger::open(&path).unwrap();
        assert_eq!(again.step(0, 4, "one"), Some(done("one")));
        assert_eq!(again.step(0, 4, "two"), Some(done("two")));
        assert_eq!(again.step(0, 5, "two"), None);
    }

    #[test]
    fn a_line_of_something_else_is_named() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("ledger.jsonl");
        std::fs::write(&path, "{\"over\":{\"day\":0}}\nhello\n").unwrap();
        let error = Ledger::open(&path).err().unwrap().to_string();
        assert!(error.contains("line 2") && error.contains("--reset"), "{error}");
    }
}
