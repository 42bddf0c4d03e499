//! What can be said over a signature, and for which purpose.
//!
//! A plain serde type becomes a statement in two lines:
//!
//! ```
//! use record::cbor::Limits;
//! use record::{Domain, SerdeStatement};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Question { budget: u32, metric: String }
//!
//! impl SerdeStatement for Question {
//!     const DOMAIN: Domain = Domain::Question;
//!     const LIMITS: Limits = Limits::of_bytes(4096);
//! }
//! # fn is_statement<T: record::Statement>() {}
//! # is_statement::<Question>();
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cbor::{self, CborError, Limits};

/// A thing that a node says over its signature. One value has one encoding.
pub trait Statement: Sized {
    /// What it is said for. Signed along, so that no signature counts for another purpose.
    const DOMAIN: Domain;
    /// What a reader accepts; `bytes` caps the whole envelope.
    const LIMITS: Limits;

    /// The canonical CBOR that is signed.
    fn encode(&self) -> Vec<u8>;

    /// The value of these bytes, if they are exactly what [`Self::encode`] gives for it.
    ///
    /// # Errors
    /// [`StatementError`].
    fn decode(bytes: &[u8]) -> Result<Self, StatementError>;
}

/// A statement in serde's encoding: [`cbor::encode`] and [`cbor::decode`].
pub trait SerdeStatement: Serialize + DeserializeOwned {
    /// As [`Statement::DOMAIN`].
    const DOMAIN: Domain;
    /// As [`Statement::LIMITS`].
    const LIMITS: Limits;

    /// Rules that the type alone can't express; asked when reading and before signing.
    ///
    /// # Errors
    /// [`StatementError::Rule`].
    fn check(&self) -> Result<(), StatementError> {
        Ok(())
    }
}

impl<T: SerdeStatement> Statement for T {
    const DOMAIN: Domain = <T as SerdeStatement>::DOMAIN;
    const LIMITS: Limits = <T as SerdeStatement>::LIMITS;

    fn encode(&self) -> Vec<u8> {
        cbor::encode(self).expect("a statement's type has a deterministic encoding")
    }

    fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let value: T = cbor::decode(bytes, &<T as SerdeStatement>::LIMITS)?;
        value.check()?;
        Ok(value)
    }
}

/// Why bytes are not a statement, or a value must not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not the statement's CBOR.
    #[error("statement is not in its canonical form")]
    Cbor(#[from] CborError),
    /// A version that this node doesn't read.
    #[error("statement has version {found}, this node reads {known}; update the node")]
    Version {
        /// The version in the statement.
        found: u64,
        /// The version read here.
        known: u64,
    },
    /// A rule of the format is broken.
    #[error("statement's {field} {rule}")]
    Rule {
        /// The field.
        field: &'static str,
        /// What it must be.
        rule: &'static str,
    },
}

/// The purposes of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// A record of a node's log.
    Record,
    /// A certificate for a node's key.
    Certificate,
    /// The complete list of what is revoked.
    Revocation,
    /// An old key's word for its successor.
    Endorsement,
    /// A node's log at a size.
    Checkpoint,
    /// A witness's word that it holds a checkpoint.
    Countersignature,
    /// A sender's word on how far a share stream goes.
    Stream,
    /// A recipient's word on how far it has a stream.
    Acknowledgement,
    /// A question to subordinates.
    Question,
    /// An answer to a question.
    Answer,
    /// An invitation to enrol.
    Invitation,
    /// A request to enrol.
    Enrolment,
}

/// `label` and `content_type` from one name, so that they can't drift apart.
macro_rules! domain_texts {
    ($($domain:ident => $name:literal),+ $(,)?) => {
        impl Domain {
            /// Every purpose there is.
            pub const ALL: &[Self] = &[$(Self::$domain),+];

            /// Purpose and format version, as bound into the external_aad.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$domain => concat!("wangge/", $name, "/1"),)+
                }
            }

            /// The payload's media type, in the protected header (RFC 9052 §3.1).
            pub const fn content_type(self) -> &'static str {
                match self {
                    $(Self::$domain => concat!("application/vnd.wangge.", $name, "+cbor"),)+
                }
            }
        }
    };
}

domain_texts! {
    Record => "record",
    Certificate => "certificate",
    Revocation => "revocation",
    Endorsement => "endorsement",
    Checkpoint => "checkpoint",
    Countersignature => "countersignature",
    Stream => "stream",
    Acknowledgement => "acknowledgement",
    Question => "question",
    Answer => "answer",
    Invitation => "invitation",
    Enrolment => "enrolment",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Domain;

    #[test]
    fn no_two_purposes_share_a_label_or_a_content_type() {
        let labels: BTreeSet<_> = Domain::ALL.iter().map(|domain| domain.label()).collect();
        let types: BTreeSet<_> = Domain::ALL.iter().map(|domain| domain.content_type()).collect();
        assert_eq!((labels.len(), types.len()), (Domain::ALL.len(), Domain::ALL.len()));
    }

    /// Else label and federation could be cut apart in two ways.
    #[test]
    fn no_label_contains_the_separator() {
        for domain in Domain::ALL {
            let label = domain.label();
            let plain = |byte: u8| byte.is_ascii_lowercase() || b"/1".contains(&byte);
            assert!(label.bytes().all(plain), "{label}");
            assert!(label.starts_with("wangge/") && label.ends_with("/1"), "{label}");
        }
    }

    #[test]
    fn the_labels_on_record_do_not_change() {
        assert_eq!(Domain::Record.label(), "wangge/record/1");
        assert_eq!(Domain::Record.content_type(), "application/vnd.wangge.record+cbor");
        assert_eq!(Domain::Checkpoint.label(), "wangge/checkpoint/1");
    }
}
