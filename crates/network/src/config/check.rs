//! What the network relies on in its configuration, checked before it starts.

use std::time::Duration;

use super::Config;
use crate::address::{self, AddressError};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// An address cannot be used.
    #[error("network.{key}: unusable address")]
    Address {
        /// The key, with the index in the list.
        key: String,
        /// What is wrong with it.
        #[source]
        source: AddressError,
    },
    /// A number or a duration that would stop the node from working.
    #[error("network.{key} must be {rule}")]
    Range {
        /// The key.
        key: &'static str,
        /// What it must be.
        rule: &'static str,
    },
}

/// Most streams on a connection; Yamux grants each a window of 256 KiB.
const MOST_STREAMS: usize = 1024;

impl Config {
    /// Checks what [`crate::start`] relies on.
    ///
    /// # Errors
    /// [`ConfigError`] names the first key which cannot be used.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (key, list) in [("listen", &self.listen), ("external", &self.external)] {
            for (index, text) in list.iter().enumerate() {
                address::parse(text).map_err(|source| ConfigError::Address {
                    key: format!("{key}[{index}]"),
                    source,
                })?;
            }
        }
        self.check_counts()?;
        self.check_durations()
    }

    /// Streams a connection may have open: both directions' requests, as many again for those
    /// being refused or reset, and a few for ping and identify.
    pub(crate) fn streams(&self) -> usize {
        let requests = &self.requests;
        let both = requests.inbound_per_peer.saturating_add(requests.outbound_per_peer);
        both.saturating_mul(2).saturating_add(8)
    }

    fn check_counts(&self) -> Result<(), ConfigError> {
        let counts = [
            ("connections.per_peer", self.connections.per_peer),
            ("connections.total", self.connections.total),
            ("connections.pending_in", self.connections.pending_in),
            ("connections.pending_out", self.connections.pending_out),
            ("connections.pending_per_source", self.connections.pending_per_source),
            ("connections.arrivals_burst", self.connections.arrivals_burst as usize),
            ("requests.inbound_per_peer", self.requests.inbound_per_peer),
            ("requests.inbound_total", self.requests.inbound_total),
            ("requests.outbound_per_peer", self.requests.outbound_per_peer),
            ("requests.burst", self.requests.burst as usize),
            ("ping.failures", self.ping.failures as usize),
            ("events", self.events),
            ("commands", self.commands),
        ];
        if let Some((key, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(ConfigError::Range { key, rule: "at least 1" });
        }
        if self.streams() > MOST_STREAMS {
            let rule = "at most 500 together with requests.outbound_per_peer";
            return Err(ConfigError::Range { key: "requests.inbound_per_peer", rule });
        }
        Ok(())
    }

    fn check_durations(&self) -> Result<(), ConfigError> {
        let durations = [
            ("connections.handshake", self.connections.handshake),
            ("requests.read", self.requests.read),
            ("requests.write", self.requests.write),
            ("requests.short", self.requests.short),
            ("requests.page", self.requests.page),
            ("requests.ask", self.requests.ask),
            ("enrolment.session", self.enrolment.session),
            ("conduct.forgiveness", self.conduct.forgiveness),
            ("conduct.penalty", self.conduct.penalty),
            ("conduct.longest", self.conduct.longest),
            ("backoff.first", self.backoff.first),
            ("backoff.longest", self.backoff.longest),
            ("ping.interval", self.ping.interval),
            ("ping.timeout", self.ping.timeout),
        ];
        let day = Duration::from_secs(24 * 3600);
        durations
            .into_iter()
            .find(|(_, time)| time.is_zero() || *time > day)
            .map_or(Ok(()), |(key, _)| {
                Err(ConfigError::Range { key, rule: "above zero and at most a day" })
            })
    }
}
