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

/// The crates of this program.
const OWN: [&str; 7] = ["node", "api", "engine", "governance", "network", "store", "record"];
/// Crates that warn of every peer that hangs up: what of that matters to an operator is told by
/// `network` itself.
const NOISY: [&str; 2] = ["yamux", "libp2p_request_response"];

/// What is logged. Other people's crates at most tell what may need somebody; every answered
/// request is told only to those who look for a fault.
fn directives(level: Level) -> String {
    let word = level.word();
    let others = if level == Level::Error { "error" } else { "warn" };
    let own = OWN.map(|name| format!("{name}={word}"));
    let noisy = NOISY.map(|name| format!("{name}=error"));
    let http = match level {
        Level::Error | Level::Warn | Level::Info => "http=warn",
        Level::Debug | Level::Trace => "http=info",
    };
    format!("{others},{},{},{http}", own.join(","), noisy.join(","))
}

/// Sets up logging for the process. A second call changes nothing: the first one holds.
pub fn start(log: &Log) {
    let filter = EnvFilter::try_new(directives(log.level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter.expect("crates and levels are directives"))
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // The error says that there is a subscriber already.
    let _ = match log.format {
        Format::Human => builder.with_target(false).finish().try_init(),
        Format::Json => builder.json().flatten_event(true).finish().try_init(),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_makes_a_filter_and_noise_of_others_is_left_out() {
        for level in [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace] {
            let text = directives(level);
            assert!(EnvFilter::try_new(&text).is_ok(), "{text}");
            assert!(text.contains("yamux=error") && text.contains("request_response=error"));
        }
        assert!(directives(Level::Info).contains("http=warn"), "not a line for every request");
        assert!(directives(Level::Error).starts_with("error,"));
    }
}
