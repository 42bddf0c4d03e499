//! A person's own signature on an act, beside the node's: Ed25519 (RFC 8032) over bytes of a fixed
//! layout, which any browser can put together. The digest of what was said is salted, so that it
//! tells nothing once salt and words are erased, while the signature over it still verifies.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::ids::{ActorId, FederationId, FieldId, Kind, NodeId, PublicKey, RecordId, Subject};
use crate::keys::KeyError;
use crate::time::Timestamp;

/// What every signed act begins with.
pub const ACT_DOMAIN: &[u8] = b"wangge person act v1\0";
/// What every signed enrolment of a key begins with.
pub const KEY_DOMAIN: &[u8] = b"wangge person key v1\0";
/// What the digest of values begins with.
pub const VALUES_DOMAIN: &[u8] = b"wangge person values v1\0";
/// Length of a salt, in bytes.
pub const SALT: usize = 32;

/// An act as its person signs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PersonAct {
    /// The federation.
    pub federation: FederationId,
    /// The node that carries it out and signs the record.
    pub node: NodeId,
    /// The person, as the record's header names them.
    pub person: ActorId,
    /// The case.
    pub case: Subject,
    /// The act.
    pub kind: Kind,
    /// The last record of the case when it was signed. The act is the next one, or none: a
    /// signature counts once.
    pub base: RecordId,
    /// When it was signed.
    pub time: Timestamp,
    /// [`values_digest`] of what the act says.
    pub digest: [u8; 32],
}

impl PersonAct {
    /// The signed bytes: domain, federation, node, person, case, number of the act (2 bytes),
    /// base, time (8 bytes, milliseconds UTC), digest; numbers big-endian.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        [
            ACT_DOMAIN,
            self.federation.as_bytes(),
            self.node.as_bytes(),
            self.person.as_bytes(),
            self.case.as_bytes(),
            &self.kind.0.to_be_bytes(),
            self.base.as_bytes(),
            &self.time.millis().to_be_bytes(),
            &self.digest,
        ]
        .concat()
    }

    /// Checks the signature, strictly.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn verify(&self, key: &PublicKey, signature: &[u8; 64]) -> Result<(), KeyError> {
        key.verifier()?.verify(&self.message(), signature)
    }
}

/// A key as its person enrols it: signed by itself, so that nobody enrols another's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PersonKey {
    /// The federation.
    pub federation: FederationId,
    /// The node.
    pub node: NodeId,
    /// The person.
    pub person: ActorId,
    /// The key.
    pub key: PublicKey,
    /// When.
    pub time: Timestamp,
}

impl PersonKey {
    /// The signed bytes: domain, federation, node, person, key, time.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        [
            KEY_DOMAIN,
            self.federation.as_bytes(),
            self.node.as_bytes(),
            self.person.as_bytes(),
            self.key.as_bytes(),
            &self.time.millis().to_be_bytes(),
        ]
        .concat()
    }

    /// Checks the signature, strictly.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn verify(&self, signature: &[u8; 64]) -> Result<(), KeyError> {
        self.key.verifier()?.verify(&self.message(), signature)
    }
}

/// What an act says, as bytes: of each field, ascending, its number (2 bytes), the length of its
/// value (4 bytes) and the value in canonical CBOR, as the record commits to it.
#[must_use]
pub fn values(fields: &BTreeMap<FieldId, Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (id, value) in fields {
        // A value has 64 KiB at most.
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        bytes.extend(id.0.to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.extend(value);
    }
    bytes
}

/// SHA-256 over domain, salt and [`values`].
#[must_use]
pub fn values_digest(salt: &[u8; SALT], values: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(VALUES_DOMAIN);
    hasher.update(salt);
    hasher.update(values);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::NodeKey;

    fn act() -> PersonAct {
        PersonAct {
            federation: FederationId::from_bytes([1; 32]),
            node: NodeId::from_bytes([2; 32]),
            person: ActorId::from_bytes([3; 16]),
            case: Subject::from_bytes([4; 16]),
            kind: Kind(0x100b),
            base: RecordId::from_bytes([5; 32]),
            time: Timestamp::from_millis(6),
            digest: [7; 32],
        }
    }

    #[test]
    fn s1_no_part_of_what_a_person_signed_can_be_another() {
        let key = NodeKey::from_seed(&[9; 32]);
        let (act, public) = (act(), key.public());
        let signature = key.sign(&act.message());
        assert!(act.verify(&public, &signature).is_ok());
        let others = [
            PersonAct { federation: FederationId::from_bytes([0; 32]), ..act },
            PersonAct { node: NodeId::from_bytes([0; 32]), ..act },
            PersonAct { person: ActorId::from_bytes([0; 16]), ..act },
            PersonAct { case: Subject::from_bytes([0; 16]), ..act },
            PersonAct { kind: Kind(0x100c), ..act },
            PersonAct { base: RecordId::ZERO, ..act },
            PersonAct { time: Timestamp::from_millis(7), ..act },
            PersonAct { digest: [0; 32], ..act },
        ];
        for other in others {
            assert!(other.verify(&public, &signature).is_err(), "{other:?}");
        }
        assert!(act.verify(&NodeKey::from_seed(&[8; 32]).public(), &signature).is_err());
        for at in 0..64 {
            let mut changed = signature;
            changed[at] ^= 1;
            assert!(act.verify(&public, &changed).is_err());
        }
    }

    #[test]
    fn an_enrolled_key_signs_for_itself_and_is_no_act() {
        let key = NodeKey::from_seed(&[9; 32]);
        let PersonAct { federation, node, person, time, .. } = act();
        let enrolled = PersonKey { federation, node, person, key: key.public(), time };
        assert!(enrolled.verify(&key.sign(&enrolled.message())).is_ok());
        assert!(enrolled.verify(&NodeKey::from_seed(&[8; 32]).sign(&enrolled.message())).is_err());
        assert!(enrolled.verify(&key.sign(&act().message())).is_err());
    }

    #[test]
    fn a_digest_hangs_on_the_salt_every_value_and_where_each_ends() {
        let of = |salt: u8, pairs: &[(u16, &str)]| {
            let fields = pairs.iter().map(|(id, text)| (FieldId(*id), text.as_bytes().to_vec()));
            values_digest(&[salt; SALT], &values(&fields.collect()))
        };
        let one = of(1, &[(1, "ab"), (2, "c")]);
        assert_eq!(one, of(1, &[(2, "c"), (1, "ab")]));
        for other in [
            of(2, &[(1, "ab"), (2, "c")]),
            of(1, &[(1, "a"), (2, "bc")]),
            of(1, &[(1, "ab"), (3, "c")]),
            of(1, &[(1, "ab")]),
        ] {
            assert_ne!(one, other);
        }
    }
}
