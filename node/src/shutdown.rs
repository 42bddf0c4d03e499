//! How a node is told to stop, and how long it may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The shutdown section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    /// How long requests under way may take to finish before they are cut off, such as `"10s"`.
    /// Closing the store is never cut short.
    #[serde(with = "humantime_serde")]
    pub deadline: Duration,
}

impl Shutdown {
    /// The longest deadline.
    pub const LONGEST: Duration = Duration::from_secs(300);
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10) }
    }
}

/// SIGTERM and Ctrl-C.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
