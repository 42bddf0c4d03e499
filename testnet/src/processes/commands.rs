//! What operators do with the node's own commands: founding a federation, joining one, verifying
//! a journal.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use serde::Deserialize;

use super::{ProcessError, Program};

/// Login of every node's operator.
pub const OPERATOR: &str = "admin";

/// What the first node of a federation is to be.
#[derive(Clone, Copy, Debug)]
pub struct Founding<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Key of its level.
    pub level: &'a str,
    /// Area code.
    pub area: &'a str,
}

/// Where a node is settled, and with which password.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Its configuration file.
    pub config: &'a Path,
    /// The file with its operator's password.
    pub password: &'a Path,
}

/// What came of verifying a journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Whether the command found everything in order.
    pub passed: bool,
    /// What it found; absent where it could not say.
    pub journal: Option<Journal>,
}

/// What a journal holds.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Journal {
    /// Whole frames.
    pub frames: u64,
    /// Bytes in whole frames.
    pub bytes: u64,
    /// Frames by their kind.
    pub kinds: BTreeMap<String, u64>,
    /// Signatures that hold.
    pub verified: u64,
    /// The node's own log, where it has one.
    log: Option<Log>,
    /// What is wrong.
    pub problems: Vec<serde_json::Value>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
struct Log {
    count: u64,
}

impl Journal {
    /// Records in the node's own log.
    #[must_use]
    pub fn own(&self) -> u64 {
        self.log.as_ref().map_or(0, |log| log.count)
    }
}

impl Verified {
    /// What was found, if everything is in order.
    #[must_use]
    pub fn sound(&self) -> Option<&Journal> {
        self.journal.as_ref().filter(|journal| self.passed && journal.problems.is_empty())
    }
}

impl Program {
    /// `init --found`.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn found(
        &self,
        settings: Settings<'_>,
        founding: Founding<'_>,
    ) -> Result<(), ProcessError> {
        let Founding { name, level, area } = founding;
        let words = ["init", "--found", "--name", name, "--level", level, "--area", area];
        self.run(&with_operator(&words, settings), "").await.map(|_| ())
    }

    /// `join`, with the token on standard input.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn join(&self, settings: Settings<'_>, token: &str) -> Result<(), ProcessError> {
        self.run(&with_operator(&["join", "-"], settings), token).await.map(|_| ())
    }

    /// `verify` over a data folder, whose node must not run.
    ///
    /// # Errors
    /// [`ProcessError`], when it could not be started.
    pub async fn verify(&self, data: &Path) -> Result<Verified, ProcessError> {
        let args: [&OsStr; 3] = ["verify".as_ref(), data.as_ref(), "--json".as_ref()];
        let output = self.output(&args, "").await?;
        let journal = serde_json::from_slice(&output.stdout).ok();
        Ok(Verified { passed: output.status.success(), journal })
    }
}

fn with_operator<'a>(words: &[&'a str], settings: Settings<'a>) -> Vec<&'a OsStr> {
    let mut args: Vec<&OsStr> = words.iter().copied().map(OsStr::new).collect();
    args.extend(["--operator", OPERATOR, "--operator-name=演示管理员"].map(OsStr::new));
    args.extend([OsStr::new("--password-file"), settings.password.as_ref()]);
    args.extend([OsStr::new("--config"), settings.config.as_ref()]);
    args
}
