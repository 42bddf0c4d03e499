//! Revoking certificates. Each issuer keeps one list of what it has revoked: complete, numbered,
//! with the time of the next one. The lists along a node's chain say whether it still stands; a
//! list that is overdue says that nobody knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use record::cbor::Limits;
use record::{
    Domain, EnvelopeError, FederationId, NodeId, PublicKey, SerdeStatement, Signed, StatementError,
    Timestamp, Unverified,
};
use serde::{Deserialize, Serialize};

use super::{CLOCK_SLACK, Certificate, Issuer, Standing, rule};

/// Most entries of a list. Entries of certificates that have run out are left out of the next.
pub const MAX_REVOKED: usize = 128;
/// How long a node's own list is good for: it is renewed long before.
pub const LIST_VALIDITY: Duration = Duration::from_secs(14 * 86_400);
/// Longest time to the next list of a root, whose key is fetched from a safe.
pub const ROOT_LIST_VALIDITY: Duration = Duration::from_secs(400 * 86_400);

/// Why a certificate was revoked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The node's work is over.
    Ended,
    /// It belongs to another parent now.
    Moved,
    /// Its key may be in others' hands: what it signed later than the last good record is held
    /// back everywhere.
    Compromised,
}

/// The last place in a log that is its node's own, though its key was in others' hands later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastGood {
    /// The epoch.
    pub epoch: u32,
    /// Place of the record, from 0.
    pub seq: u64,
}

/// What an issuer has revoked of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// The node.
    pub node: NodeId,
    /// The key that its certificate named: of a compromise, the one that others may have.
    pub key: PublicKey,
    /// Its certificates up to this serial; a later one may be issued.
    pub serial: u64,
    /// When.
    pub since: Timestamp,
    /// Why.
    pub reason: Reason,
    /// Of a compromise: the last record that is its own; none where nothing of it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_good: Option<LastGood>,
    /// When its last certificate runs out, after which the entry may be left out.
    pub until: Timestamp,
}

/// An issuer's list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationList {
    /// Version of this form, 1.
    pub version: u16,
    /// Whose list.
    pub issuer: Issuer,
    /// Counts up with every list; the higher one holds (S12).
    pub number: u64,
    /// When it was made.
    pub issued: Timestamp,
    /// Until when it speaks: the next one is there by then.
    pub next_update: Timestamp,
    /// Everything that is revoked, ascending by node, a node once.
    pub revoked: Vec<Revoked>,
}

impl SerdeStatement for RevocationList {
    const DOMAIN: Domain = Domain::Revocation;
    const LIMITS: Limits = Limits { bytes: 40 * 1024, depth: 6, items: 4096 };

    fn check(&self) -> Result<(), StatementError> {
        if self.version != 1 {
            let found = u64::from(self.version);
            return Err(StatementError::Version { found, known: 1 });
        }
        rule("next_update", "must be later than issued", self.issued < self.next_update)?;
        let span = self.next_update.since(self.issued);
        rule("next_update", "is too far away", span <= ROOT_LIST_VALIDITY)?;
        rule("revoked", "must have at most 128 entries", self.revoked.len() <= MAX_REVOKED)?;
        let ascending = self.revoked.windows(2).all(|pair| pair[0].node < pair[1].node);
        rule("revoked", "must be ascending by node, each once", ascending)?;
        let pinned =
            |entry: &Revoked| entry.last_good.is_none() || entry.reason == Reason::Compromised;
        rule("last_good", "belongs to a compromise", self.revoked.iter().all(pinned))
    }
}

impl RevocationList {
    /// An issuer's first list.
    #[must_use]
    pub fn first(issuer: Issuer, now: Timestamp, validity: Duration) -> Self {
        let next_update = now.plus(validity);
        Self { version: 1, issuer, number: 1, issued: now, next_update, revoked: Vec::new() }
    }

    /// The next list: with one more entry, or one changed, where given, and without those whose
    /// certificates have run out.
    #[must_use]
    pub fn next(&self, entry: Option<Revoked>, now: Timestamp, validity: Duration) -> Self {
        let kept = self.revoked.iter().filter(|known| now < known.until).copied();
        let mut revoked: BTreeMap<NodeId, Revoked> =
            kept.map(|known| (known.node, known)).collect();
        if let Some(entry) = entry {
            revoked.insert(entry.node, entry);
        }
        Self {
            number: self.number + 1,
            issued: now,
            next_update: now.plus(validity),
            revoked: revoked.into_values().collect(),
            ..self.clone()
        }
    }

    /// The next list of an issuer that went back to an older copy of its data and is shown one of
    /// its own that it had lost: with whatever either revokes and has not run out. `None` where that
    /// one says nothing new.
    #[must_use]
    pub fn recall(&self, lost: &Self, now: Timestamp, validity: Duration) -> Option<Self> {
        let forgotten = |entry: &&Revoked| now < entry.until && !self.covers(entry);
        let forgotten: Vec<Revoked> = lost.revoked.iter().filter(forgotten).copied().collect();
        if forgotten.is_empty() && lost.number <= self.number {
            return None;
        }
        let last = Self { number: self.number.max(lost.number), ..self.clone() };
        let mut next = last.next(None, now, validity);
        next.revoked.retain(|known| !forgotten.iter().any(|entry| entry.node == known.node));
        next.revoked.extend(forgotten);
        next.revoked.sort_by_key(|entry| entry.node);
        Some(next)
    }

    /// Whether it revokes what an entry revokes, however it says so.
    fn covers(&self, entry: &Revoked) -> bool {
        let same = |known: &Revoked| known.node == entry.node && known.serial >= entry.serial;
        self.revoked.iter().any(same)
    }

    /// A node that an earlier list revoked and this one, made before that has run out, does not.
    fn drops(&self, earlier: &Self) -> Option<NodeId> {
        let dropped = |entry: &&Revoked| self.issued < entry.until && !self.covers(entry);
        earlier.revoked.iter().find(dropped).map(|entry| entry.node)
    }

    /// The entry of a certificate that this list revokes.
    #[must_use]
    pub fn of(&self, certificate: &Certificate) -> Option<&Revoked> {
        let at = self.revoked.binary_search_by(|entry| entry.node.cmp(&certificate.node)).ok()?;
        Some(&self.revoked[at]).filter(|entry| certificate.serial <= entry.serial)
    }
}

impl Revoked {
    /// Whether a record that this key signed at this place of its log is held back: of a
    /// compromise, everything later than the last good record. Every other end leaves what was
    /// said before it; and what a node's children signed stands by keys of their own.
    #[must_use]
    pub fn holds_back(&self, signer: &PublicKey, epoch: u32, seq: u64) -> bool {
        let good = |last: LastGood| LastGood { epoch, seq } <= last;
        self.reason == Reason::Compromised
            && self.key == *signer
            && !self.last_good.is_some_and(good)
    }
}

/// What the lists say of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Nothing against it.
    Good,
    /// A list along its chain is missing or overdue: nobody knows. Local work goes on, personal
    /// data is not released.
    Stale {
        /// Whose list.
        issuer: Issuer,
        /// Since when; none where there never was one.
        since: Option<Timestamp>,
    },
    /// A certificate of its chain is revoked.
    Revoked(Revoked),
}

/// Why a list is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ListError {
    /// Unreadable, forged, or not by the issuer that it names.
    #[error("the revocation list does not hold")]
    Envelope(#[from] EnvelopeError),
    /// Nobody along the chain issued it.
    #[error("the revocation list is of an issuer that does not stand in the chain")]
    Stranger,
    /// A newer one is known.
    #[error("the revocation list is number {found}, number {known} is known")]
    Old {
        /// Its number.
        found: u64,
        /// The known one's.
        known: u64,
    },
    /// Another list with the same number: the issuer said two things.
    #[error("there are two revocation lists with number {0}")]
    Contradiction(u64),
    /// It leaves out what an earlier one revoked: its issuer may have gone back to an older copy of
    /// its data.
    #[error(
        "the revocation list does not name {} any more, which an earlier one revoked: its issuer has \
         to take that one back first", .0.short()
    )]
    Dropped(NodeId),
    /// It is dated later than clocks may differ.
    #[error("the revocation list is of {0}; is a clock wrong?")]
    NotYet(Timestamp),
}

/// The lists a node knows, one for each issuer.
#[derive(Clone, Default)]
pub struct Lists(BTreeMap<Option<NodeId>, Signed<RevocationList>>);

impl Lists {
    /// Takes a list of an issuer that stands in `chain`, or of the root. Whether it was new.
    ///
    /// # Errors
    /// [`ListError`]; what was known stays.
    pub fn take(
        &mut self,
        root: &PublicKey,
        federation: &FederationId,
        chain: &Standing,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<bool, ListError> {
        let parsed = Unverified::<RevocationList>::parse(bytes.to_vec())?;
        let key = match parsed.peek().issuer {
            Issuer::Root => *root,
            Issuer::Node(node) => chain.key_of(node).ok_or(ListError::Stranger)?,
        };
        let list = parsed.verify(federation, &key)?;
        self.put(list, now)
    }

    /// Takes a list that was verified.
    ///
    /// # Errors
    /// [`ListError::Old`], [`ListError::Contradiction`], [`ListError::Dropped`],
    /// [`ListError::NotYet`].
    pub fn put(&mut self, list: Signed<RevocationList>, now: Timestamp) -> Result<bool, ListError> {
        if now.plus(CLOCK_SLACK) < list.issued {
            return Err(ListError::NotYet(list.issued));
        }
        let slot = key(list.issuer);
        if let Some(known) = self.0.get(&slot) {
            let (known_number, found) = (known.number, list.number);
            if found < known_number {
                return Err(ListError::Old { found, known: known_number });
            }
            if found == known_number {
                let same = known.bytes() == list.bytes();
                return if same { Ok(false) } else { Err(ListError::Contradiction(found)) };
            }
            if let Some(node) = list.drops(known) {
                return Err(ListError::Dropped(node));
            }
        }
        self.0.insert(slot, list);
        Ok(true)
    }

    /// An issuer's list.
    #[must_use]
    pub fn of(&self, issuer: Issuer) -> Option<&Signed<RevocationList>> {
        self.0.get(&key(issuer))
    }

    /// Every list.
    pub fn iter(&self) -> impl Iterator<Item = &Signed<RevocationList>> {
        self.0.values()
    }

    /// The lists along a chain, the issuer's own first: what a node shows with its certificates.
    #[must_use]
    pub fn along(&self, standing: &Standing) -> Vec<&Signed<RevocationList>> {
        let issuers: BTreeSet<Option<NodeId>> = standing.issuers().map(key).collect();
        issuers.iter().filter_map(|issuer| self.0.get(issuer)).collect()
    }

    /// The entry that revokes a certificate of a chain, the one nearest to the node itself first.
    #[must_use]
    pub fn revoked(&self, standing: &Standing) -> Option<&Revoked> {
        self.against(standing).next()
    }

    /// Every entry that revokes a certificate of a chain, the one nearest to the node itself first.
    pub fn against<'a>(&'a self, standing: &Standing) -> impl Iterator<Item = &'a Revoked> {
        standing.certificates().filter_map(|own| self.of(own.issuer)?.of(own))
    }

    /// The entry for which nobody speaks to whoever shows a chain: any but that a node belongs to
    /// another parent now.
    #[must_use]
    pub fn barred(&self, standing: &Standing) -> Option<&Revoked> {
        self.against(standing).find(|entry| entry.reason != Reason::Moved)
    }

    /// Whether this issuer says that others may have the key of a node, whoever certified it since.
    #[must_use]
    pub fn is_disowned(&self, standing: &Standing, by: Issuer) -> bool {
        let said = self.of(by).into_iter().flat_map(|list| &list.revoked);
        let mut of_it = said.filter(|entry| entry.node == standing.node());
        of_it.any(|entry| entry.reason == Reason::Compromised && entry.key == standing.key())
    }

    /// What the lists say of a node, as `me` knows them: of what it has revoked itself it needs
    /// no list. A revoked certificate counts even where another list is overdue.
    #[must_use]
    pub fn status(&self, standing: &Standing, me: NodeId, now: Timestamp) -> Status {
        if let Some(entry) = self.revoked(standing) {
            return Status::Revoked(*entry);
        }
        let mut others = standing.issuers().filter(|issuer| *issuer != Issuer::Node(me));
        let overdue = others.find_map(|issuer| match self.of(issuer) {
            Some(list) if now < list.next_update => None,
            Some(list) => Some((issuer, Some(list.next_update))),
            None => Some((issuer, None)),
        });
        overdue.map_or(Status::Good, |(issuer, since)| Status::Stale { issuer, since })
    }
}

fn key(issuer: Issuer) -> Option<NodeId> {
    match issuer {
        Issuer::Root => None,
        Issuer::Node(node) => Some(node),
    }
}

#[cfg(test)]
mod tests;
