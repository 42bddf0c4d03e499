//! Verifying a chain from the root down.

use std::sync::Arc;

use record::{EnvelopeError, FederationId, NodeId, PublicKey, Signed, Timestamp, Unverified};

use super::{Certificate, Issuer, Keys, KeysError, MAX_CHAIN, Right};
use crate::area::AreaCode;

/// What a node is allowed, proven up to the root at some moment. Only [`verify_chain`],
/// [`Standing::admit`] and the issuing functions make one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    federation: FederationId,
    /// The node's own first, the one signed by the root last; never empty.
    chain: Vec<Signed<Certificate>>,
    /// The node's own keys, past and present.
    keys: Keys,
}

/// Why a chain proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChainError {
    /// No certificate, or too many.
    #[error("certificate chain has {0} certificates; it takes 1 to {MAX_CHAIN}")]
    Length(usize),
    /// The root's key is not the one the federation is named after.
    #[error("root key does not belong to federation {0}")]
    OtherFederation(FederationId),
    /// One certificate is at fault.
    #[error("certificate {at} of the chain{} is refused", of_node(.node))]
    Certificate {
        /// Its place, 0 being the node's own.
        at: usize,
        /// Its node, where it could be read; as claimed, not as proven.
        node: Option<NodeId>,
        /// What is wrong with it.
        #[source]
        fault: Fault,
    },
}

/// What is wrong with one certificate of a chain.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// Unreadable, forged or of another federation.
    #[error("its envelope or signature does not hold")]
    Envelope(#[from] EnvelopeError),
    /// Its key does not follow from the one the node was born with.
    #[error("its key does not follow from the one the node was born with")]
    Keys(#[from] KeysError),
    /// It names another issuer than the one above it in the chain.
    #[error("it was not issued by what stands above it in the chain")]
    WrongIssuer,
    /// The node occurs again further up.
    #[error("its node stands above itself in the chain")]
    Loop,
    /// The issuer may not have children.
    #[error("its issuer has no leave to delegate, or no right to enrol")]
    MayNotEnrol,
    /// Its area is not within the issuer's.
    #[error("its area {area} is not within the issuer's, {within}")]
    AreaOutside {
        /// Its area.
        area: AreaCode,
        /// The issuer's.
        within: AreaCode,
    },
    /// It has a right that the issuer lacks.
    #[error("it has the right {0:?}, which its issuer does not have")]
    RightExceeds(Right),
    /// Its time has not come.
    #[error("it holds only from {0}; is a clock wrong?")]
    NotYet(Timestamp),
    /// Its time is over.
    #[error("it expired at {0}; ask the issuer for a new one")]
    Expired(Timestamp),
}

/// Verifies a chain of signed certificates, the node's own first, at time `now`.
///
/// # Errors
/// See [`ChainError`]; the certificate nearest to the root that is at fault is the one named.
pub fn verify_chain<B: AsRef<[u8]>>(
    root: &PublicKey,
    federation: &FederationId,
    chain: &[B],
    now: Timestamp,
) -> Result<Standing, ChainError> {
    if FederationId::of_root(root) != *federation {
        return Err(ChainError::OtherFederation(*federation));
    }
    let Some((top, below)) = chain.split_last().filter(|_| chain.len() <= MAX_CHAIN) else {
        return Err(ChainError::Length(chain.len()));
    };
    let first = verify_top(root, federation, top.as_ref(), now)
        .map_err(|fault| fault.at(below.len(), top.as_ref()))?;
    let keys = keys_of(federation, &first)
        .map_err(|error| Fault::from(error).at(below.len(), top.as_ref()))?;
    let standing = Standing { federation: *federation, chain: vec![first], keys };
    below.iter().enumerate().rev().try_fold(standing, |above, (at, bytes)| {
        above.extend(bytes.as_ref(), now).map_err(|fault| fault.at(at, bytes.as_ref()))
    })
}

fn verify_top(
    root: &PublicKey,
    federation: &FederationId,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Signed<Certificate>, Fault> {
    let certificate = read(bytes)?.verify(federation, root)?;
    check_time(&certificate, now)?;
    match certificate.issuer {
        Issuer::Root => Ok(certificate),
        Issuer::Node(_) => Err(Fault::WrongIssuer),
    }
}

impl Standing {
    /// The node.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.certificate().node
    }

    /// The key it signs with.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.certificate().key
    }

    /// Its keys, past and present.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The key in use of a node of its chain.
    #[must_use]
    pub fn key_of(&self, node: NodeId) -> Option<PublicKey> {
        self.certificates().find(|certificate| certificate.node == node).map(|found| found.key)
    }

    /// The certificates of its chain, its own first.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.chain.iter().map(Signed::value)
    }

    /// Who issued the certificates of its chain, its own issuer first, the root last.
    pub fn issuers(&self) -> impl Iterator<Item = Issuer> {
        self.certificates().map(|certificate| certificate.issuer)
    }

    /// Whether it has an older certificate of some node than the other chain has of the same node
    /// (S12).
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        let newer = |mine: &Certificate| other.certificates().any(|known| known.supersedes(mine));
        self.certificates().any(newer)
    }

    /// Its own certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.chain[0].value()
    }

    /// The federation in which this holds.
    #[must_use]
    pub fn federation(&self) -> &FederationId {
        &self.federation
    }

    /// The node that certified it; none for a node that the root certified.
    #[must_use]
    pub fn parent(&self) -> Option<NodeId> {
        self.chain.get(1).map(|above| above.node)
    }

    /// The nodes above it, the parent first.
    pub fn ancestors(&self) -> impl Iterator<Item = &Certificate> {
        self.chain.iter().skip(1).map(Signed::value)
    }

    /// Whether the other node certified it directly.
    #[must_use]
    pub fn is_child_of(&self, other: &NodeId) -> bool {
        self.parent().as_ref() == Some(other)
    }

    /// Whether the other node stands anywhere above it.
    #[must_use]
    pub fn is_under(&self, other: &NodeId) -> bool {
        self.ancestors().any(|above| above.node == *other)
    }

    /// Whether it has the right.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.certificate().rights.contains(&right)
    }

    /// Whether the area is its own or within it.
    #[must_use]
    pub fn serves(&self, area: &AreaCode) -> bool {
        area.is_within(&self.certificate().area)
    }

    /// The first moment at which it no longer holds: the earliest end in the chain.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.chain.iter().map(|c| c.not_after).min().unwrap_or(Timestamp::MIN)
    }

    /// Whether the whole chain still holds at `now`, which may be long after it was verified.
    ///
    /// # Errors
    /// [`ChainError::Certificate`] with [`Fault::Expired`] or [`Fault::NotYet`].
    pub fn check(&self, now: Timestamp) -> Result<(), ChainError> {
        self.check_since(now, 0)
    }

    /// The signed certificates, its own first, as [`verify_chain`] takes them.
    pub fn chain(&self) -> impl Iterator<Item = &Arc<[u8]>> {
        self.chain.iter().map(Signed::bytes)
    }

    /// The standing of a node whose certificate this one issued.
    ///
    /// # Errors
    /// As [`verify_chain`] of the certificate and this chain: this node's own certificates must
    /// still hold at `now`, too.
    pub fn admit(&self, certificate: &[u8], now: Timestamp) -> Result<Self, ChainError> {
        if self.chain.len() >= MAX_CHAIN {
            return Err(ChainError::Length(self.chain.len() + 1));
        }
        self.check_since(now, 1)?;
        self.clone().extend(certificate, now).map_err(|fault| fault.at(0, certificate))
    }

    /// Whether [`Self::check`] finds nothing wrong.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.check(now).is_ok()
    }

    /// As [`Self::check`], for a chain whose places are counted from `first`.
    fn check_since(&self, now: Timestamp, first: usize) -> Result<(), ChainError> {
        self.chain.iter().zip(first..).try_for_each(|(certificate, at)| {
            check_time(certificate, now).map_err(|fault| fault.at(at, certificate.bytes()))
        })
    }

    fn extend(mut self, bytes: &[u8], now: Timestamp) -> Result<Self, Fault> {
        let child = read(bytes)?.verify(&self.federation, &self.key())?;
        check_time(&child, now)?;
        self.check_child(&child)?;
        self.keys = keys_of(&self.federation, &child)?;
        self.chain.insert(0, child);
        Ok(self)
    }

    fn check_child(&self, child: &Certificate) -> Result<(), Fault> {
        let issuer = self.certificate();
        if child.issuer != Issuer::Node(issuer.node) {
            return Err(Fault::WrongIssuer);
        }
        if self.chain.iter().any(|above| above.node == child.node) {
            return Err(Fault::Loop);
        }
        if !issuer.may_enrol() {
            return Err(Fault::MayNotEnrol);
        }
        if !child.area.is_within(&issuer.area) {
            let (area, within) = (child.area.clone(), issuer.area.clone());
            return Err(Fault::AreaOutside { area, within });
        }
        child
            .rights
            .difference(&issuer.rights)
            .next()
            .map_or(Ok(()), |right| Err(Fault::RightExceeds(*right)))
    }
}

impl Fault {
    fn at(self, at: usize, bytes: &[u8]) -> ChainError {
        let node = read(bytes).ok().map(|certificate| certificate.peek().node);
        ChainError::Certificate { at, node, fault: self }
    }
}

fn keys_of(federation: &FederationId, certificate: &Certificate) -> Result<Keys, KeysError> {
    let Certificate { node, endorsements, key, .. } = certificate;
    Keys::follow(federation, *node, endorsements, *key)
}

fn read(bytes: &[u8]) -> Result<Unverified<Certificate>, EnvelopeError> {
    Unverified::parse(bytes)
}

fn check_time(certificate: &Certificate, now: Timestamp) -> Result<(), Fault> {
    if certificate.is_valid(now) {
        Ok(())
    } else if now >= certificate.not_after {
        Err(Fault::Expired(certificate.not_after))
    } else {
        Err(Fault::NotYet(certificate.not_before))
    }
}

fn of_node(node: &Option<NodeId>) -> String {
    node.map(|node| format!(" (node {})", node.short())).unwrap_or_default()
}
