//! Names for things: fixed-length byte strings that can't be mixed up with one another.
//!
//! In text (logs, URLs, JSON, configuration) an id is lower-case hex and nothing else, so that one
//! id has one spelling. In CBOR it is a byte string.

pub(crate) mod short;

use std::fmt;
use std::str::FromStr;

use rand::Rng;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::hex;
use crate::ids::short::ShortId;

/// Why bytes or text are not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The wrong number of bytes.
    #[error("{id} takes {expected} bytes, not {actual}")]
    Bytes {
        /// The type that was asked for.
        id: &'static str,
        /// Its length in bytes.
        expected: usize,
        /// The length that was given.
        actual: usize,
    },
    /// The wrong number of characters.
    #[error("{id} takes {expected} hex digits, not {actual} characters")]
    Digits {
        /// The type that was asked for.
        id: &'static str,
        /// Its length in hex digits.
        expected: usize,
        /// The length that was given, in bytes of UTF-8.
        actual: usize,
    },
    /// A character that is no lower-case hex digit.
    #[error("{id} has a character at {at} that is not one of 0-9 a-f; write hex in lower case")]
    Digit {
        /// The type that was asked for.
        id: &'static str,
        /// Where, in bytes from the start of the text.
        at: usize,
    },
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// All zero bytes: stands for "none" where a format has no other way to say it.
            pub const ZERO: Self = Self([0; $len]);

            /// Names the thing with these bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Whether this is [`Self::ZERO`].
            pub fn is_zero(&self) -> bool {
                *self == Self::ZERO
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hex::write(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<[u8; $len]> for $name {
            fn from(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = IdError;

            fn try_from(bytes: &[u8]) -> Result<Self, IdError> {
                let wrong =
                    IdError::Bytes { id: stringify!($name), expected: $len, actual: bytes.len() };
                bytes.try_into().map(Self).map_err(|_| wrong)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let id = stringify!($name);
                if text.len() != $len * 2 {
                    return Err(IdError::Digits { id, expected: $len * 2, actual: text.len() });
                }
                let mut bytes = [0; $len];
                hex::decode_into(text, &mut bytes).map_err(|at| IdError::Digit { id, at })?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct IdVisitor;

                impl Visitor<'_> for IdVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "a {} of {} bytes", stringify!($name), $len)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }

                    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<$name, E> {
                        $name::try_from(bytes).map_err(E::custom)
                    }
                }

                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(IdVisitor)
                } else {
                    deserializer.deserialize_bytes(IdVisitor)
                }
            }
        }
    };
}

byte_id! {
    /// A node for life: its first (genesis) Ed25519 public key. It stays when the key is rotated.
    NodeId, 32
}
byte_id! {
    /// An Ed25519 public key in use, as RFC 8032 encodes it. Not yet known to be a usable point:
    /// see [`PublicKey::verifier`].
    PublicKey, 32
}
byte_id! {
    /// A signed statement: blake3 of its COSE Sig_structure, so of what was signed and not of the
    /// outer bytes.
    RecordId, 32
}
byte_id! {
    /// A federation: derived from its root's public key, bound into every signature.
    FederationId, 32
}
byte_id! {
    /// What a record is about: a case, a place, a person, a policy.
    Subject, 16
}
byte_id! {
    /// The acting person, opaquely: only the node that employs them can tell who it is.
    ActorId, 16
}
byte_id! {
    /// A blake3 hash: a node of the log tree, the id of a stream entry, a blob.
    Hash, 32
}
byte_id! {
    /// Binds one field of a record's body without telling its value; see [`crate::fields::commit`].
    Commitment, 32
}

/// What a record does; the domain gives the numbers their meaning.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Kind(pub u16);

/// A named field of a record's body; the domain gives the numbers their meaning.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct FieldId(pub u16);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl NodeId {
    /// The node whose first key this is.
    pub const fn from_genesis(key: &PublicKey) -> Self {
        Self(key.0)
    }

    /// The key the node was born with, which signs until the first rotation.
    pub const fn genesis_key(&self) -> PublicKey {
        PublicKey(self.0)
    }

    /// The form that is read over the phone.
    pub fn short(&self) -> ShortId {
        ShortId::of(&self.0)
    }
}

impl FederationId {
    /// The federation of this root key: blake3 `derive_key` under a context of its own.
    pub fn of_root(root: &PublicKey) -> Self {
        Self(blake3::derive_key("wangge federation id v1", &root.0))
    }

    /// The form that is read over the phone: the root's fingerprint at enrolment.
    pub fn short(&self) -> ShortId {
        ShortId::of(&self.0)
    }
}

impl Hash {
    /// blake3 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl Subject {
    /// A new subject, from 128 random bits.
    pub fn random<R: Rng + ?Sized>(rng: &mut R) -> Self {
        Self(random(rng))
    }
}

impl ActorId {
    /// A new actor, from 128 random bits.
    pub fn random<R: Rng + ?Sized>(rng: &mut R) -> Self {
        Self(random(rng))
    }
}

fn random<const N: usize, R: Rng + ?Sized>(rng: &mut R) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
