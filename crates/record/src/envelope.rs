//! Signed statements: COSE_Sign1 (RFC 9052 §4.2), tagged, in one exact shape.

mod cose;

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::cbor::CborError;
use crate::ids::{FederationId, PublicKey, RecordId};
use crate::keys::{KeyError, NodeKey, Verifier};
use crate::statement::{Statement, StatementError};

/// A well-formed statement that nobody has verified yet. Made by [`Unverified::parse`].
pub struct Unverified<T> {
    value: T,
    signer: PublicKey,
    bytes: Arc<[u8]>,
    payload: Range<usize>,
}

/// A statement whose signature holds: verified here, signed here, or read back from where this
/// node put it after verifying.
pub struct Signed<T> {
    value: T,
    signer: PublicKey,
    id: RecordId,
    bytes: Arc<[u8]>,
}

/// Why an envelope is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Longer than such a statement may be; nothing was parsed.
    #[error("envelope has {actual} bytes where at most {limit} are allowed")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
        /// The length in bytes.
        actual: usize,
    },
    /// Not the one shape of COSE_Sign1 that is used here.
    #[error("envelope is not a cose_sign1 of the expected shape at byte {offset}: {expected}")]
    Shape {
        /// Offset of the part that differs.
        offset: usize,
        /// What has to be there.
        expected: &'static str,
    },
    /// Not deterministic CBOR, outside the payload.
    #[error("envelope is not in its canonical form")]
    Cbor(#[from] CborError),
    /// The payload is not such a statement.
    #[error("envelope's payload is refused")]
    Statement(#[from] StatementError),
    /// The key id names another key than the one this was to be signed with.
    #[error("envelope names signer {claimed} where {expected} has to sign")]
    OtherSigner {
        /// The key that the envelope names.
        claimed: PublicKey,
        /// The key that has to sign.
        expected: PublicKey,
    },
    /// The key is unusable or the signature is wrong.
    #[error("envelope's signature is refused")]
    Key(#[from] KeyError),
}

impl<T: Statement> Unverified<T> {
    /// Reads an envelope: tag 18, the exact protected header of `T`'s domain, an empty unprotected
    /// one, a payload that is a `T`, 64 bytes of signature, nothing more. No cryptography yet.
    ///
    /// # Errors
    /// [`EnvelopeError::TooLong`], [`EnvelopeError::Shape`], [`EnvelopeError::Statement`].
    pub fn parse(bytes: impl Into<Arc<[u8]>> + AsRef<[u8]>) -> Result<Self, EnvelopeError> {
        let (limit, actual) = (T::LIMITS.bytes, bytes.as_ref().len());
        if actual > limit {
            return Err(EnvelopeError::TooLong { limit, actual });
        }
        let cose::Layout { signer, payload } = cose::read(bytes.as_ref(), T::DOMAIN)?;
        let value = T::decode(&bytes.as_ref()[payload.clone()])?;
        Ok(Self { value, signer, bytes: bytes.into(), payload })
    }

    /// Verifies the signature for this federation, under the key that the caller knows to be the
    /// right one. To check many envelopes of one signer, use [`Self::verify_with`].
    ///
    /// # Errors
    /// [`EnvelopeError::OtherSigner`], [`EnvelopeError::Key`].
    pub fn verify(
        self,
        federation: &FederationId,
        key: &PublicKey,
    ) -> Result<Signed<T>, EnvelopeError> {
        self.expect_signer(key)?;
        let verifier = key.verifier()?;
        self.verify_with(federation, &verifier)
    }

    /// As [`Self::verify`], with a key that was prepared before.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_with(
        self,
        federation: &FederationId,
        verifier: &Verifier,
    ) -> Result<Signed<T>, EnvelopeError> {
        self.expect_signer(&verifier.key())?;
        let signed = self.sig_structure(federation);
        verifier.verify(&signed, cose::signature(&self.bytes))?;
        Ok(self.into_signed(&signed))
    }

    /// Takes the signature as verified. Only for bytes that this node verified before it stored
    /// them, and whose checksum it has just checked.
    pub fn trust_stored(self, federation: &FederationId) -> Signed<T> {
        let signed = self.sig_structure(federation);
        self.into_signed(&signed)
    }

    /// The id that this statement has if its signature holds; to look for duplicates before paying
    /// for the verification.
    pub fn claimed_id(&self, federation: &FederationId) -> RecordId {
        cose::id(&self.sig_structure(federation))
    }

    fn expect_signer(&self, expected: &PublicKey) -> Result<(), EnvelopeError> {
        let (claimed, expected) = (self.signer, *expected);
        if claimed == expected {
            Ok(())
        } else {
            Err(EnvelopeError::OtherSigner { claimed, expected })
        }
    }

    fn sig_structure(&self, federation: &FederationId) -> Vec<u8> {
        let payload = &self.bytes[self.payload.clone()];
        cose::sig_structure(T::DOMAIN, &self.signer, federation, payload)
    }

    fn into_signed(self, sig_structure: &[u8]) -> Signed<T> {
        let id = cose::id(sig_structure);
        Signed { value: self.value, signer: self.signer, id, bytes: self.bytes }
    }
}

impl<T> Unverified<T> {
    /// The key that the envelope says it is signed with.
    pub fn claimed_signer(&self) -> PublicKey {
        self.signer
    }

    /// What the statement says, to find out which key has to have signed it. Not to be acted on.
    pub fn peek(&self) -> &T {
        &self.value
    }

    /// The envelope as it arrived.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}

impl<T: Statement> Signed<T> {
    /// Signs `value` for this federation.
    ///
    /// # Panics
    /// When no reader would accept the statement: see [`Self::try_sign`], which is to be used where
    /// any part of the value's size or shape comes from outside.
    pub fn sign(value: T, key: &NodeKey, federation: &FederationId) -> Self {
        Self::try_sign(value, key, federation)
            .expect("a statement built by this node keeps the rules of its own format")
    }

    /// Signs `value` for this federation, if readers will accept it.
    ///
    /// # Errors
    /// [`EnvelopeError::Statement`] and [`EnvelopeError::TooLong`], as [`Unverified::parse`] would.
    pub fn try_sign(
        value: T,
        key: &NodeKey,
        federation: &FederationId,
    ) -> Result<Self, EnvelopeError> {
        let payload = value.encode();
        T::decode(&payload)?;
        let signer = key.public();
        let signed = cose::sig_structure(T::DOMAIN, &signer, federation, &payload);
        let bytes = cose::write(T::DOMAIN, &signer, payload, &key.sign(&signed));
        let (limit, actual) = (T::LIMITS.bytes, bytes.len());
        if actual > limit {
            return Err(EnvelopeError::TooLong { limit, actual });
        }
        Ok(Self { value, signer, id: cose::id(&signed), bytes: bytes.into() })
    }
}

impl<T> Signed<T> {
    /// What was said.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What was said, without the proof.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The key that signed.
    pub fn signer(&self) -> PublicKey {
        self.signer
    }

    /// The envelope, byte for byte as it was signed or received.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The statement's id: blake3 of the Sig_structure.
    pub fn id(&self) -> RecordId {
        self.id
    }
}

impl<T> Deref for Signed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Clone> Clone for Signed<T> {
    fn clone(&self) -> Self {
        let Self { value, signer, id, bytes } = self;
        Self { value: value.clone(), signer: *signer, id: *id, bytes: Arc::clone(bytes) }
    }
}

/// Equal when the envelopes are, byte for byte.
impl<T> PartialEq for Signed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.bytes == other.bytes
    }
}

impl<T> Eq for Signed<T> {}

/// The id only: what was said may be nobody's business.
impl<T> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({})", self.id)
    }
}

/// The claimed signer only: what was said may be nobody's business.
impl<T> fmt::Debug for Unverified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unverified(by {}?)", self.signer)
    }
}

#[cfg(test)]
mod tests;
