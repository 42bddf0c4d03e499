//! Logs: for people or as JSON, on standard error. No personal data goes into them: what is logged
//! are codes, ids and counts.

use std::io::IsTerminal as _;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The log section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// In which form.
    pub format: Format,
    /// From which weight on.
    pub level: Level,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// The least weight that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What needs an operator.
    Error,
    /// What may need one.
    Warn,
    /// What happens.
    #[default]
    Info,
    /// How it happens; for finding faults.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Sets up logging for the process. A second call changes nothing: the first one holds.
pub fn start(log: &Log) {
    // Other people's crates at most tell what may need somebody.
    let own = ["node", "api", "engine", "governance", "network", "store", "record"];
    let mut filter = EnvFilter::new(if log.level == Level::Error { "error" } else { "warn" });
    for name in own {
        let directive = format!("{name}={}", log.level.word()).parse();
        filter = filter.add_directive(directive.expect("a crate and a level are a directive"));
    }
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // The error says that there is a subscriber already.
    let _ = match log.format {
        Format::Human => builder.with_target(false).finish().try_init(),
        Format::Json => builder.json().flatten_event(true).finish().try_init(),
    };
}
