//! Ed25519 (RFC 8032) keys, used strictly.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::ids::PublicKey;

/// A node's secret signing key. Wiped from memory when dropped; can't be printed or cloned. Share
/// it in an `Arc`.
pub struct NodeKey(SigningKey);

/// A public key that was checked to be usable, ready to verify many signatures: the point is
/// decompressed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier(VerifyingKey);

/// Why a public key or a signature is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are no canonical encoding of a point on the curve.
    #[error("public key {0} is not a canonically encoded curve point")]
    NotAPoint(PublicKey),
    /// A point of small order: some signatures under it fit any message.
    #[error("public key {0} has small order and proves nothing")]
    Weak(PublicKey),
    /// The signature doesn't fit the key and the message, or isn't strict.
    #[error("signature does not verify under public key {0}")]
    BadSignature(PublicKey),
}

impl NodeKey {
    /// A new key from the caller's generator.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        Self::from_seed(&seed)
    }

    /// The key of an RFC 8032 §5.1.5 private key of 32 bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed, for the store's key file and nothing else. Copies are the caller's to wipe.
    pub fn seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl PublicKey {
    /// Checks that the key is usable and prepares it.
    ///
    /// # Errors
    /// [`KeyError::NotAPoint`], [`KeyError::Weak`].
    pub fn verifier(&self) -> Result<Verifier, KeyError> {
        if !is_canonical_y(self.as_bytes()) {
            return Err(KeyError::NotAPoint(*self));
        }
        let key =
            VerifyingKey::from_bytes(self.as_bytes()).map_err(|_| KeyError::NotAPoint(*self))?;
        if key.is_weak() { Err(KeyError::Weak(*self)) } else { Ok(Verifier(key)) }
    }
}

impl Verifier {
    /// The key that this verifies for.
    pub fn key(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.to_bytes())
    }

    /// dalek's `verify_strict`: cofactorless, canonical S, no small-order key or R.
    ///
    /// # Errors
    /// [`KeyError::BadSignature`].
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), KeyError> {
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .map_err(|_| KeyError::BadSignature(self.key()))
    }
}

/// Whether the y coordinate (255 bits, little-endian) is below p = 2^255 − 19, as RFC 8032 §5.1.3
/// asks. dalek reduces instead of refusing.
fn is_canonical_y(bytes: &[u8; 32]) -> bool {
    let top_is_ones = bytes[31] & 0x7f == 0x7f && bytes[1..31].iter().all(|byte| *byte == 0xff);
    !(top_is_ones && bytes[0] >= 0xed)
}

#[cfg(test)]
mod tests;
