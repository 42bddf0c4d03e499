//! What a node says over its signature, and how anybody checks it.
//!
//! Keys, canonical CBOR, signed records, sealed fields, the log tree and its checkpoints. No IO, no
//! clock, no randomness of its own and no domain: a record here is a header about *some* subject
//! with *some* committed fields.
//!
//! The path of a record: [`Header`] → [`Signed::sign`] → bytes → [`Unverified::parse`] →
//! [`Unverified::verify`] → [`fields::open`]. Only verification makes a [`Signed`] value, so a
//! function that takes one need not ask whether somebody checked it.

#[cfg(test)]
mod arbitrary;
pub mod cbor;
pub mod chain;
mod checkpoint;
mod envelope;
pub mod fields;
mod header;
mod hex;
mod ids;
mod keys;
pub mod person;
pub mod statement;
mod time;
pub mod tree;

pub use checkpoint::{Checkpoint, Countersignature};
pub use envelope::{EnvelopeError, Signed, Unverified};
pub use fields::{Disclosure, FieldError, Fields, commit, open};
pub use header::{Actor, Header, MAX_CAUSES, MAX_COMMITMENTS, MAX_ROLE_BYTES};
pub use ids::short::{ShortId, ShortIdError};
pub use ids::{
    ActorId, Commitment, FederationId, FieldId, Hash, IdError, Kind, NodeId, PublicKey, RecordId,
    Subject,
};
pub use keys::{KeyError, NodeKey, Verifier};
pub use statement::{Domain, SerdeStatement, Statement, StatementError};
pub use time::{Timestamp, TimestampError};

/// A header whose signature was verified.
pub type Record = Signed<Header>;

/// A header as it arrived: well formed, but nobody has checked the signature yet.
pub type UnverifiedRecord = Unverified<Header>;
