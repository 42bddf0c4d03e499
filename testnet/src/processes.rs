//! Node processes: this program starting itself as a node. A child holds the read end of a pipe
//! to its parent; when the parent is gone, however it went, the child stops in order.

mod commands;

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::Instant;

pub use commands::{Founding, Journal, OPERATOR, Settings, Verified};

/// Tells a node that its standard input is the leash.
const LEASH: &str = "TESTNET_LEASH";
/// Tells a node of the demo by how many milliseconds its clock is behind.
const BEHIND: &str = "TESTNET_BEHIND";
/// How long a node may take to be ready: with an index to rebuild, some time.
const READY: Duration = Duration::from_secs(120);
/// How long a node may take to stop in order.
const STOP: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(20);

/// Why a process did not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It can't be started.
    #[error("{program} can't be started")]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("`{what}` ended with {status}: {said}")]
    Failed {
        /// What was started.
        what: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote to standard error.
        said: String,
    },
    /// A node ended before it was ready.
    #[error("the node in {folder} ended with {status} before it was ready: see its log {log}")]
    Ended {
        /// Its folder.
        folder: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// Its log.
        log: PathBuf,
    },
    /// A node was not ready in time.
    #[error("the node in {folder} was not ready after {} s: see its log {log}", READY.as_secs())]
    Slow {
        /// Its folder.
        folder: PathBuf,
        /// Its log.
        log: PathBuf,
    },
    /// The system refused something else.
    #[error("{what}")]
    System {
        /// What was tried.
        what: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// The program that nodes are run with: this one.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    /// By how many milliseconds the clocks of what it starts are behind.
    behind: Arc<AtomicU64>,
}

/// A running node.
pub struct Process {
    child: Child,
    leash: Option<ChildStdin>,
}

impl Program {
    /// The program at a path, or the one that is running.
    ///
    /// # Errors
    /// [`ProcessError::System`].
    pub fn new(path: Option<PathBuf>) -> Result<Self, ProcessError> {
        let running = || {
            std::env::current_exe().map_err(|source| ProcessError::System {
                what: "the path of this program is not to be had".to_owned(),
                source,
            })
        };
        Ok(Self { path: path.map_or_else(running, Ok)?, behind: Arc::default() })
    }

    /// Has the clocks of everything that is started from now on be behind by so much.
    pub fn play_behind(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.behind.store(millis, Ordering::Relaxed);
    }

    /// A node's command line in the making. Nothing of our own environment that a node would take
    /// for its configuration reaches it, and a terminal's Ctrl-C neither: it is ours to pass on.
    fn command(&self, args: &[&OsStr]) -> Command {
        let mut command = Command::new(&self.path);
        command.arg("node").args(args).process_group(0);
        let names = std::env::vars_os().map(|(name, _)| name);
        for name in names.filter(|name| name.to_string_lossy().starts_with("WANGGE_")) {
            command.env_remove(name);
        }
        let behind = self.behind.load(Ordering::Relaxed);
        command.env_remove(BEHIND);
        if behind > 0 {
            command.env(BEHIND, behind.to_string());
        }
        command
    }

    /// Runs a command of the node's to its end, with something to read.
    ///
    /// # Errors
    /// [`ProcessError`]; whether the command succeeded is in the output.
    pub async fn output(&self, args: &[&OsStr], input: &str) -> Result<Output, ProcessError> {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        let mut child = command.spawn().map_err(|source| self.not_started(source))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read is no failure: what it makes of that shows.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        child.wait_with_output().await.map_err(waiting)
    }

    /// Runs a command of the node's, which has to succeed, and gives what it wrote.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn run(&self, args: &[&OsStr], input: &str) -> Result<String, ProcessError> {
        let output = self.output(args, input).await?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        // Arguments may be secrets: the command alone is named.
        let what = args.first().map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(ProcessError::Failed { what, status: output.status, said })
    }

    /// Starts the node of a folder, and waits until it is ready.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn serve(&self, folder: &Path, config: &Path) -> Result<Process, ProcessError> {
        let log = folder.join("node.log");
        let mut options = OpenOptions::new();
        let opened = options.create(true).append(true).open(&log);
        let opened = opened.and_then(|log| Ok((log.try_clone()?, log)));
        let (out, errors) = opened.map_err(|source| ProcessError::System {
            what: format!("the log {} can't be written", log.display()),
            source,
        })?;
        let mut command = self.command(&["serve".as_ref(), "--config".as_ref(), config.as_ref()]);
        command.stdin(Stdio::piped()).stdout(out).stderr(errors).env(LEASH, "1");
        // Whoever gives up on a node leaves none behind.
        command.kill_on_drop(true);
        let mut child = command.spawn().map_err(|source| self.not_started(source))?;
        let leash = child.stdin.take();
        let mut process = Process { child, leash };
        process.until_ready(folder, &log).await?;
        Ok(process)
    }

    fn not_started(&self, source: std::io::Error) -> ProcessError {
        ProcessError::Start { program: self.path.clone(), source }
    }
}

impl Process {
    async fn until_ready(&mut self, folder: &Path, log: &Path) -> Result<(), ProcessError> {
        let (running, until) = (folder.join("data/running.json"), Instant::now() + READY);
        loop {
            let ended = self.child.try_wait().map_err(waiting)?;
            if let Some(status) = ended {
                let (folder, log) = (folder.into(), log.into());
                return Err(ProcessError::Ended { folder, status, log });
            }
            if self.is_of_this_process(&running) {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(ProcessError::Slow { folder: folder.into(), log: log.into() });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The system's number of the process, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// A killed node leaves its note behind: only one with this process's id counts.
    fn is_of_this_process(&self, running: &Path) -> bool {
        let written = std::fs::read(running).ok();
        let note: Option<Value> = written.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let pid = note.and_then(|note| note.get("pid")?.as_u64());
        pid.is_some() && pid == self.child.id().map(u64::from)
    }

    /// Stops the node in order; kills it when that takes too long.
    ///
    /// # Errors
    /// [`ProcessError`], when it had to be killed or ended with an error.
    pub async fn stop(mut self) -> Result<(), ProcessError> {
        drop(self.leash.take());
        let ended = match tokio::time::timeout(STOP, self.child.wait()).await {
            Ok(ended) => ended.map_err(waiting)?,
            Err(_) => {
                self.child.start_kill().map_err(waiting)?;
                self.child.wait().await.map_err(waiting)?
            }
        };
        if ended.success() {
            return Ok(());
        }
        let said = "see its log".to_owned();
        Err(ProcessError::Failed { what: "serve".to_owned(), status: ended, said })
    }

    /// Kills the node: SIGKILL, without a word.
    ///
    /// # Errors
    /// [`ProcessError::System`].
    pub async fn kill(mut self) -> Result<(), ProcessError> {
        self.child.kill().await.map_err(waiting)
    }
}

fn waiting(source: std::io::Error) -> ProcessError {
    ProcessError::System { what: "a node's process can't be waited for".to_owned(), source }
}

/// In a node's process: has it play the time that the demo says.
pub fn keep_time() {
    let behind = std::env::var(BEHIND).ok().and_then(|text| text.parse().ok());
    if let Some(millis) = behind {
        node::node::play_behind(Duration::from_millis(millis));
    }
}

/// In a node's process: stops it in order, as a terminal's Ctrl-C would, once the leash is gone.
pub fn hold_leash() {
    if std::env::var_os(LEASH).is_none() {
        return;
    }
    std::thread::spawn(|| {
        let mut rest = [0; 64];
        let mut leash = std::io::stdin().lock();
        // Nobody writes to it; its end, or an error, is all there is to hear.
        while leash.read(&mut rest).is_ok_and(|read| read > 0) {}
        let own = rustix::process::getpid();
        let _ = rustix::process::kill_process(own, rustix::process::Signal::TERM);
    });
}
