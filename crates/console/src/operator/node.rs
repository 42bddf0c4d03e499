//! The node, its neighbours and its storage, as the API tells of them.

use record::{NodeId, Timestamp};
use serde::Deserialize;

use crate::moment;
use crate::page::Page;
use crate::shape::name::{Named, NodeName};
use crate::words::Words;

/// Days before a certificate's end from which on it is marked.
const SOON: i64 = 30;

/// This node.
#[derive(Deserialize)]
pub(super) struct Node {
    pub(super) short: String,
    pub(super) level: Named,
    pub(super) area: String,
    pub(super) federation_short: String,
    pub(super) parent: Option<NodeName>,
    pub(super) policy: String,
    pub(super) certificate: Validity,
}

/// A node that this one knows.
#[derive(Clone, Deserialize)]
pub(super) struct Peer {
    pub(super) id: NodeId,
    pub(super) short: String,
    pub(super) name: String,
    pub(super) level: Named,
    pub(super) area: String,
    pub(super) relation: String,
    /// `good`, `stale`, `revoked`.
    pub(super) trust: String,
    pub(super) addresses: Vec<String>,
    pub(super) connected: bool,
    pub(super) trouble: Option<String>,
    pub(super) software: Option<String>,
    pub(super) last_sync: Option<Timestamp>,
    pub(super) certificate: Validity,
    pub(super) received: Head,
    pub(super) sent: Head,
    pub(super) acknowledged: u64,
    pub(super) lag: u64,
    /// Where it signed two records that contradict each other.
    pub(super) forked: Option<Place>,
    /// The record of its log that it opened last when it was asked to.
    pub(super) opened: Option<Leaf>,
    /// The one that it could not open.
    pub(super) unopened: Option<Leaf>,
    pub(super) witnessed: Option<LogState>,
    pub(super) countersigned: Option<LogState>,
}

/// A record of a log, by its leaf from 0.
#[derive(Clone, Deserialize)]
pub(super) struct Leaf {
    pub(super) index: u64,
    pub(super) time: Timestamp,
}

/// A place in a log.
#[derive(Clone, Deserialize)]
pub(super) struct Place {
    pub(super) epoch: u32,
    pub(super) number: u64,
}

/// The end of a stream.
#[derive(Clone, Deserialize)]
pub(super) struct Head {
    pub(super) number: u64,
}

/// A log at a size, as a witness saw it.
#[derive(Clone, Deserialize)]
pub(super) struct LogState {
    pub(super) size: u64,
    pub(super) root: String,
    pub(super) time: Timestamp,
}

/// How long a certificate holds.
#[derive(Clone, Deserialize)]
pub(super) struct Validity {
    pub(super) not_after: Timestamp,
    pub(super) days_left: i64,
}

/// How the storage is doing.
#[derive(Deserialize)]
pub(super) struct Storage {
    pub(super) journal_bytes: u64,
    pub(super) index_lag: u64,
    pub(super) free_bytes: Option<u64>,
    pub(super) read_only: Option<String>,
    pub(super) frozen: Option<String>,
    pub(super) log: Option<Log>,
}

/// This node's own log.
#[derive(Deserialize)]
pub(super) struct Log {
    pub(super) epoch: u32,
    pub(super) size: u64,
    pub(super) root: String,
}

impl Validity {
    /// The state of its days, as a style.
    pub(super) fn state(&self) -> &'static str {
        match self.days_left {
            ..=0 => "overdue",
            1..=SOON => "soon",
            _ => "met",
        }
    }

    /// How long it holds, or since when it does not.
    pub(super) fn told(&self, p: &Page) -> String {
        self.at(p.now, p.words())
    }

    fn at(&self, now: Timestamp, words: Words) -> String {
        if self.days_left < 0 {
            let when = moment::from_now(self.not_after, now, words);
            words.say("operator-over", &[("when", when)])
        } else {
            words.say("operator-days", &[("n", self.days_left.to_string())])
        }
    }
}

impl Peer {
    /// What the revocation lists say of it, as a style.
    fn trust_state(&self) -> &'static str {
        match self.trust.as_str() {
            "good" => "met",
            "stale" => "soon",
            _ => "failed",
        }
    }

    /// Style and key of the words of what is to be seen first: an end of trust before a connection.
    pub(super) fn standing(&self) -> (&'static str, &'static str) {
        match (self.trust.as_str(), self.connected) {
            ("revoked", _) => (self.trust_state(), "revoked"),
            (_, false) if self.relation == "other" => ("none", "known"),
            (_, false) => ("overdue", "away"),
            ("stale", true) => (self.trust_state(), "stale"),
            (_, true) => ("met", "connected"),
        }
    }

    /// By what neighbours are listed: the one above, those below by area, member units, others.
    pub(super) fn rank(&self) -> (usize, &str, &str) {
        const ORDER: [&str; 3] = ["parent", "child", "unit"];
        let place = ORDER.iter().position(|known| *known == self.relation).unwrap_or(ORDER.len());
        (place, &self.area, &self.name)
    }

    /// Whether this node signed its certificate.
    pub(super) fn is_below(&self) -> bool {
        ["child", "unit"].contains(&self.relation.as_str())
    }

    /// Whether the node speaks to it at all.
    pub(super) fn is_neighbour(&self) -> bool {
        self.relation != "other"
    }
}

impl LogState {
    /// The beginning of its root, enough to compare it over the telephone.
    pub(super) fn short(&self) -> String {
        beginning(&self.root)
    }
}

impl Log {
    pub(super) fn short(&self) -> String {
        beginning(&self.root)
    }
}

impl Storage {
    pub(super) fn journal(&self) -> String {
        amount(self.journal_bytes)
    }

    pub(super) fn lag(&self) -> String {
        amount(self.index_lag)
    }

    pub(super) fn free(&self) -> String {
        self.free_bytes.map_or_else(|| "—".to_owned(), amount)
    }
}

fn beginning(hex: &str) -> String {
    let groups = hex.as_bytes().chunks(4).take(4);
    groups.map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

/// Bytes, in the largest unit that fits.
fn amount(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut rest, mut unit) = (bytes, 0);
    let mut tenths = 0;
    while rest >= 1024 && unit + 1 < UNITS.len() {
        tenths = rest % 1024 * 10 / 1024;
        rest /= 1024;
        unit += 1;
    }
    if unit == 0 { format!("{rest} B") } else { format!("{rest}.{tenths} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn bytes_are_told_in_the_largest_unit_that_fits() {
        assert_eq!([0, 1023, 1024, 1536].map(amount), ["0 B", "1023 B", "1.0 KiB", "1.5 KiB"]);
        assert_eq!(amount(5 * 1024 * 1024 * 1024 / 2), "2.5 GiB");
    }

    #[test]
    fn a_certificate_that_is_over_has_no_days_left() {
        let now: Timestamp = "2026-11-23T00:00:00.000Z".parse().unwrap();
        let of = |not_after: &str, days_left| {
            let not_after = not_after.parse().unwrap();
            Validity { not_after, days_left }.at(now, Words(Language::Zh))
        };
        assert_eq!(of("2026-11-20T00:00:00.000Z", -3), "3 天前到期");
        assert_eq!(of("2026-11-22T22:00:00.000Z", -1), "2 小时前到期");
        assert_eq!(of("2026-11-26T00:00:00.000Z", 3), "还有 3 天");
    }

    #[test]
    fn a_root_is_shown_in_groups_that_can_be_read_out() {
        assert_eq!(beginning("0123456789abcdef0123"), "0123 4567 89ab cdef");
    }
}
