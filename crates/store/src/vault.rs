//! Encryption of what people said, at rest.
//!
//! The sealed part of a frame is one box: `key reference (u32) ‖ nonce (24) ‖ ciphertext ‖ tag
//! (16)`, XChaCha20-Poly1305 with a random nonce. Reference n > 0 is slot n of the file of keys that
//! can be destroyed one by one (see [`slots`]): a case, a person or a place each has its own.
//! Reference 0 is a key derived from the storage key and the frame's subject: for what concerns the
//! node itself, which is never erased. The frame's whole clear part is bound in: its kind, subject,
//! envelope, entry, peer and open fields. A box moved to another frame, or a frame altered around
//! its box, does not open.

pub(crate) mod photo;
pub(crate) mod slots;

use std::ops::Range;
use std::sync::Arc;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use engine::store::StoreError;
use rand::CryptoRng;
use record::Subject;
use zeroize::{Zeroize, Zeroizing};

use self::slots::{SlotKey, Slots};
use crate::keyfile::StorageKey;

/// Bytes by which a box is longer than what is in it.
pub(crate) const BOX_OVERHEAD: usize = REFERENCE + NONCE + TAG;

const REFERENCE: usize = 4;
const NONCE: usize = 24;
const TAG: usize = 16;

/// Which key a box is under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct KeyReference(pub(crate) u32);

impl KeyReference {
    /// The key that storage key and subject give.
    pub(crate) const DERIVED: Self = Self(0);
}

/// Seals and opens boxes.
pub(crate) struct Vault {
    /// Has taken in the context and the storage key; a clone takes in the subject.
    derivation: blake3::Hasher,
    check: [u8; 8],
    slots: Arc<Slots>,
}

/// Why a box does not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum BoxError {
    #[error("its sealed part is too short to be one")]
    Short,
    #[error("its sealed part is under key slot {0}, which keys/subjects.keys does not have")]
    UnknownKey(u32),
    #[error("its key was destroyed: what it held is erased")]
    Erased,
    #[error("its sealed part was altered, or sealed under another storage key")]
    Forged,
}

impl Vault {
    pub(crate) fn new(key: &StorageKey, slots: Arc<Slots>) -> Self {
        let mut derivation = blake3::Hasher::new_derive_key("wangge vault subject key v1");
        derivation.update(key.as_bytes());
        let check = blake3::derive_key("wangge storage key check v1", key.as_bytes());
        let check = check[..8].try_into().expect("a hash is longer than its check");
        Self { derivation, check, slots }
    }

    /// Tells one storage key from another, and nothing about either.
    pub(crate) const fn check(&self) -> [u8; 8] {
        self.check
    }

    /// The keys that can be destroyed.
    pub(crate) fn slots(&self) -> &Arc<Slots> {
        &self.slots
    }

    /// Appends to `buffer` the box that holds `plain`. The clear part of the frame is already in
    /// the buffer, at `clear`.
    pub(crate) fn seal<R: CryptoRng + ?Sized>(
        &self,
        subject: &Subject,
        buffer: &mut Vec<u8>,
        clear: Range<usize>,
        plain: &[u8],
        rng: &mut R,
    ) -> Result<(), StoreError> {
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let (reference, key) = self.key_of(subject)?;
        buffer.extend_from_slice(&reference.0.to_be_bytes());
        buffer.extend_from_slice(&nonce);
        let start = buffer.len();
        buffer.extend_from_slice(plain);
        let (before, secret) = buffer.split_at_mut(start);
        let bound = bound(reference, &before[clear]);
        let tag = XChaCha20Poly1305::new((&*key).into())
            .encrypt_inout_detached(&nonce.into(), &bound, secret.into())
            .expect("a frame is far shorter than the cipher's limit");
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// What is in a box, given the clear part of its frame.
    pub(crate) fn open(
        &self,
        subject: &Subject,
        clear: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, BoxError> {
        let (reference, rest) = sealed.split_first_chunk::<REFERENCE>().ok_or(BoxError::Short)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(BoxError::Short)?;
        let (secret, tag) = rest.split_last_chunk::<TAG>().ok_or(BoxError::Short)?;
        let reference = KeyReference(u32::from_be_bytes(*reference));
        let key = match reference {
            KeyReference::DERIVED => self.derived(subject),
            KeyReference(slot) => self.slots.key(slot)?,
        };
        let mut plain = Zeroizing::new(secret.to_vec());
        XChaCha20Poly1305::new((&*key).into())
            .decrypt_inout_detached(
                nonce.into(),
                &bound(reference, clear),
                plain.as_mut_slice().into(),
                tag.into(),
            )
            .map_err(|_| BoxError::Forged)?;
        Ok(plain)
    }

    /// The key under which a subject's boxes are sealed from now on.
    fn key_of(&self, subject: &Subject) -> Result<(KeyReference, SlotKey), StoreError> {
        if *subject == Subject::ZERO {
            return Ok((KeyReference::DERIVED, self.derived(subject)));
        }
        let (number, key) = self.slots.of(subject)?;
        Ok((KeyReference(number), key))
    }

    fn derived(&self, subject: &Subject) -> SlotKey {
        let mut derivation = self.derivation.clone();
        derivation.update(subject.as_bytes());
        let key = Zeroizing::new(*derivation.finalize().as_bytes());
        derivation.zeroize();
        key
    }
}

/// The slot that a box is under, if it is under one.
pub(crate) fn slot_of(sealed: &[u8]) -> Option<u32> {
    let reference = u32::from_be_bytes(*sealed.first_chunk()?);
    (reference != KeyReference::DERIVED.0).then_some(reference)
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.derivation.zeroize();
    }
}

/// The associated data: key reference and a hash of the clear part.
fn bound(reference: KeyReference, clear: &[u8]) -> [u8; 36] {
    let mut bound = [0; 36];
    bound[..REFERENCE].copy_from_slice(&reference.0.to_be_bytes());
    bound[REFERENCE..].copy_from_slice(blake3::hash(clear).as_bytes());
    bound
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    const CLEAR: &[u8] = b"kind, subject, envelope";

    fn vault(seed: u64) -> Vault {
        let key = StorageKey::generate(&mut StdRng::seed_from_u64(seed));
        Vault::new(&key, crate::sample::slots(&key))
    }

    fn sealed(vault: &Vault, subject: &Subject, plain: &[u8]) -> Vec<u8> {
        let mut buffer = CLEAR.to_vec();
        let mut rng = StdRng::seed_from_u64(7);
        vault.seal(subject, &mut buffer, 0..CLEAR.len(), plain, &mut rng).unwrap();
        buffer.split_off(CLEAR.len())
    }

    proptest! {
        #[test]
        fn a_box_opens_to_what_was_sealed(plain in proptest::collection::vec(any::<u8>(), 0..300)) {
            let (vault, subject) = (vault(1), Subject::from_bytes([1; 16]));
            let sealed = sealed(&vault, &subject, &plain);
            prop_assert_eq!(sealed.len(), plain.len() + BOX_OVERHEAD);
            prop_assert_eq!(&*vault.open(&subject, CLEAR, &sealed).unwrap(), &plain);
        }

        #[test]
        fn no_altered_or_cut_box_opens(at in 0..100_usize, bit in 0..8_u32) {
            let (vault, subject) = (vault(1), Subject::from_bytes([1; 16]));
            let mut sealed = sealed(&vault, &subject, b"the words of a resident");
            let at = at % sealed.len();
            prop_assert!(vault.open(&subject, CLEAR, &sealed[..at]).is_err());
            sealed[at] ^= 1 << bit;
            prop_assert!(vault.open(&subject, CLEAR, &sealed).is_err());
        }
    }

    #[test]
    fn a_box_opens_for_its_own_frame_and_storage_key_only() {
        let (mine, subject) = (vault(1), Subject::from_bytes([1; 16]));
        let sealed = sealed(&mine, &subject, b"words");
        let other_frame = mine.open(&subject, b"another envelope", &sealed);
        let other_key = vault(2).open(&subject, CLEAR, &sealed);
        for refused in [other_frame, other_key] {
            assert_eq!(refused.err(), Some(BoxError::Forged));
        }
    }

    #[test]
    fn a_key_slot_that_is_not_there_is_named() {
        let (vault, subject) = (vault(1), Subject::from_bytes([1; 16]));
        let mut sealed = sealed(&vault, &subject, b"words");
        sealed[..4].copy_from_slice(&9_000_u32.to_be_bytes());
        assert_eq!(vault.open(&subject, CLEAR, &sealed), Err(BoxError::UnknownKey(9_000)));
    }
}
