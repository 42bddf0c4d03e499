//! Changing a node's key. A node is named by the key it was born with; each later key needs the
//! word of the one before, which pins how far the log had come. So an issuer can't put a key of
//! its own under another's name, and nobody can go on signing with a key that was given up.

use record::cbor::Limits;
use record::{
    Domain, EnvelopeError, FederationId, NodeId, NodeKey, PublicKey, RecordId, SerdeStatement,
    Signed, StatementError, Timestamp, Unverified,
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{Certificate, rule};

/// Most changes of a node's key; one more needs a new node.
pub const MAX_ROTATIONS: usize = 8;

/// Where a log stood when its key was given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The epoch.
    pub epoch: u32,
    /// Place of the last record under the old key, from 0.
    pub seq: u64,
    /// That record.
    pub id: RecordId,
}

/// An old key's word for its successor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endorsement {
    /// Version of this form, 1.
    pub version: u16,
    /// The node.
    pub node: NodeId,
    /// The key that takes over.
    pub key: PublicKey,
    /// The last record under the old key; none where it has signed no record.
    pub last: Option<Pin>,
    /// When.
    pub time: Timestamp,
}

impl SerdeStatement for Endorsement {
    const DOMAIN: Domain = Domain::Endorsement;
    const LIMITS: Limits = Limits { bytes: 512, depth: 4, items: 32 };

    fn check(&self) -> Result<(), StatementError> {
        if self.version != 1 {
            let found = u64::from(self.version);
            return Err(StatementError::Version { found, known: 1 });
        }
        rule("key", "must be another than the first", self.key != self.node.genesis_key())
    }
}

impl Endorsement {
    /// Signs it with the key that is given up.
    ///
    /// # Errors
    /// When no reader would accept it.
    pub fn sign(self, old: &NodeKey, federation: &FederationId) -> Result<ByteBuf, EnvelopeError> {
        Ok(ByteBuf::from(Signed::try_sign(self, old, federation)?.bytes().to_vec()))
    }

    /// Reads the word by which the key of a certificate is given up for the next one.
    ///
    /// # Errors
    /// [`KeysError`]: not by that key, for another node, or one change too many.
    pub fn of(
        federation: &FederationId,
        was: &Certificate,
        bytes: &[u8],
    ) -> Result<Self, KeysError> {
        let at = was.endorsements.len() + 1;
        if at > MAX_ROTATIONS {
            return Err(KeysError::TooMany(at));
        }
        let said = Unverified::<Self>::parse(bytes.to_vec())
            .and_then(|said| said.verify(federation, &was.key))
            .map_err(|source| KeysError::Endorsement { at, source: Box::new(source) })?
            .into_value();
        if said.node == was.node { Ok(said) } else { Err(KeysError::OtherNode { at }) }
    }
}

/// Why a node's keys do not follow from each other.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeysError {
    /// Too many changes.
    #[error("{0} changes of the key; at most {MAX_ROTATIONS}")]
    TooMany(usize),
    /// An endorsement is forged or unreadable.
    #[error("the endorsement of key {at} does not hold")]
    Endorsement {
        /// Which change, from 1.
        at: usize,
        /// Why.
        #[source]
        source: Box<EnvelopeError>,
    },
    /// An endorsement is for another node.
    #[error("the endorsement of key {at} is for another node")]
    OtherNode {
        /// Which change, from 1.
        at: usize,
    },
    /// A later pin lies before an earlier one.
    #[error("the endorsement of key {at} goes back behind the one before")]
    GoesBack {
        /// Which change, from 1.
        at: usize,
    },
    /// The last key is not the certificate's.
    #[error("the certificate's key is not the one that the endorsements lead to")]
    OtherKey,
}

/// The keys a node has had, in order, each with where the log stood when it was given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Keys {
    /// Keys given up, the first one first.
    given_up: Vec<(PublicKey, Option<Pin>)>,
    /// The key in use.
    current: PublicKey,
}

impl Keys {
    /// Follows the endorsements from the key that the node was born with.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn follow(
        federation: &FederationId,
        node: NodeId,
        endorsements: &[ByteBuf],
        current: PublicKey,
    ) -> Result<Self, KeysError> {
        if endorsements.len() > MAX_ROTATIONS {
            return Err(KeysError::TooMany(endorsements.len()));
        }
        let mut keys = Self { given_up: Vec::new(), current: node.genesis_key() };
        for (bytes, at) in endorsements.iter().zip(1..) {
            keys.step(federation, node, bytes, at)?;
        }
        if keys.current == current { Ok(keys) } else { Err(KeysError::OtherKey) }
    }

    fn step(
        &mut self,
        federation: &FederationId,
        node: NodeId,
        bytes: &ByteBuf,
        at: usize,
    ) -> Result<(), KeysError> {
        let endorsement = Unverified::<Endorsement>::parse(bytes.to_vec())
            .and_then(|parsed| parsed.verify(federation, &self.current))
            .map_err(|source| KeysError::Endorsement { at, source: Box::new(source) })?;
        if endorsement.node != node {
            return Err(KeysError::OtherNode { at });
        }
        let place = |pin: &Option<Pin>| pin.map(|pin| (pin.epoch, pin.seq));
        let before = self.given_up.last().and_then(|(_, pin)| place(pin));
        if place(&endorsement.last) < before {
            return Err(KeysError::GoesBack { at });
        }
        self.given_up.push((self.current, endorsement.last));
        self.current = endorsement.key;
        Ok(())
    }

    /// The key in use.
    #[must_use]
    pub fn current(&self) -> PublicKey {
        self.current
    }

    /// The key with which a record at this place has to be signed.
    #[must_use]
    pub fn at(&self, epoch: u32, seq: u64) -> PublicKey {
        let covers =
            |pin: &Option<Pin>| pin.is_some_and(|pin| (epoch, seq) <= (pin.epoch, pin.seq));
        let old = self.given_up.iter().find(|(_, pin)| covers(pin));
        old.map_or(self.current, |(key, _)| *key)
    }

    /// Every key, the one in use last: what is not a record of the log may be by any of them.
    pub fn all(&self) -> impl Iterator<Item = PublicKey> {
        self.given_up.iter().map(|(key, _)| *key).chain([self.current])
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, federation, key};
    use super::*;

    fn node() -> NodeId {
        NodeId::from_genesis(&key(1).public())
    }

    fn pin(epoch: u32, seq: u64) -> Pin {
        Pin { epoch, seq, id: RecordId::from_bytes([7; 32]) }
    }

    fn endorse(old: u8, new: u8, last: Option<Pin>) -> ByteBuf {
        let (node, key_of) = (node(), key(new).public());
        let said = Endorsement { version: 1, node, key: key_of, last, time: NOW };
        said.sign(&key(old), &federation()).unwrap()
    }

    fn follow(endorsements: &[ByteBuf], current: u8) -> Result<Keys, KeysError> {
        Keys::follow(&federation(), node(), endorsements, key(current).public())
    }

    #[test]
    fn each_record_belongs_to_the_key_of_its_time() {
        let keys = follow(&[endorse(1, 2, Some(pin(0, 9))), endorse(2, 3, Some(pin(1, 4)))], 3);
        let keys = keys.unwrap();
        let at = |epoch, seq| keys.at(epoch, seq);
        assert_eq!([at(0, 0), at(0, 9)], [key(1).public(); 2]);
        assert_eq!([at(0, 10), at(1, 0), at(1, 4)], [key(2).public(); 3]);
        assert_eq!([at(1, 5), at(2, 0)], [key(3).public(); 2]);
        assert_eq!(keys.all().count(), 3);
    }

    #[test]
    fn a_key_that_signed_nothing_covers_nothing() {
        let keys = follow(&[endorse(1, 2, None)], 2).unwrap();
        assert_eq!(keys.at(0, 0), key(2).public());
    }

    #[test]
    fn an_issuer_cannot_put_another_key_under_a_nodes_name() {
        // Endorsed by itself, by a stranger, or by nobody.
        assert!(matches!(
            follow(&[endorse(9, 9, None)], 9),
            Err(KeysError::Endorsement { at: 1, .. })
        ));
        assert_eq!(follow(&[], 9), Err(KeysError::OtherKey));
        assert_eq!(follow(&[endorse(1, 2, None)], 9), Err(KeysError::OtherKey));
        // A key that was given up endorses no more.
        let again = [endorse(1, 2, None), endorse(1, 3, None)];
        assert!(matches!(follow(&again, 3), Err(KeysError::Endorsement { at: 2, .. })));
    }

    #[test]
    fn pins_go_forward_and_changes_are_bounded() {
        let back = [endorse(1, 2, Some(pin(0, 9))), endorse(2, 3, Some(pin(0, 8)))];
        assert_eq!(follow(&back, 3), Err(KeysError::GoesBack { at: 2 }));
        let none = [endorse(1, 2, Some(pin(0, 9))), endorse(2, 3, None)];
        assert_eq!(follow(&none, 3), Err(KeysError::GoesBack { at: 2 }));
        let many: Vec<ByteBuf> = (1..=9).map(|n| endorse(n, n + 1, None)).collect();
        assert_eq!(follow(&many, 10), Err(KeysError::TooMany(9)));
        assert!(follow(&many[..8], 9).is_ok());
    }
}
