//! Photos at rest: a photo may show faces and number plates, so nothing of it lies in clear.
//!
//! A file is `version (1) ‖ checksum (32) ‖ key reference (u32) ‖ nonce (24) ‖ ciphertext ‖ tag
//! (16)`. The checksum is blake3 over what follows it, so that damage shows without any key, too.
//! The reference names a slot of keys that can be destroyed, as in the journal's boxes. A photo comes
//! before its case, and may be on several: that is why the first half of its own hash stands for the
//! subject. Reference 0 is a key derived from the storage key and the photo's hash: photos of the
//! first days have it. The file's name is a keyed hash of the photo's, so that nobody who has a photo and the
//! folder can tell that this node has it.

use std::sync::Arc;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use engine::store::StoreError;
use rand::CryptoRng;
use record::{Hash, Subject};
use zeroize::{Zeroize, Zeroizing};

use super::slots::{SlotKey, Slots};
use super::{BoxError, KeyReference, NONCE, REFERENCE, TAG};
use crate::keyfile::StorageKey;

const VERSION: u8 = 1;
const CHECKSUM: usize = 32;

/// Bytes by which a file is longer than the photo in it.
pub(crate) const PHOTO_OVERHEAD: usize = 1 + CHECKSUM + REFERENCE + NONCE + TAG;

/// Seals and opens photos, and names their files.
#[derive(Clone)]
pub(crate) struct PhotoVault {
    derivation: blake3::Hasher,
    naming: blake3::Hasher,
    slots: Arc<Slots>,
}

impl PhotoVault {
    pub(crate) fn new(key: &StorageKey, slots: Arc<Slots>) -> Self {
        let begin = |context| {
            let mut hasher = blake3::Hasher::new_derive_key(context);
            hasher.update(key.as_bytes());
            hasher
        };
        let derivation = begin("wangge vault photo key v1");
        Self { derivation, naming: begin("wangge vault photo name v1"), slots }
    }

    /// The file's name.
    pub(crate) fn name(&self, photo: &Hash) -> String {
        let mut naming = self.naming.clone();
        let name = Hash::from_bytes(*naming.update(photo.as_bytes()).finalize().as_bytes());
        naming.zeroize();
        name.to_string()
    }

    /// The file of a photo.
    pub(crate) fn seal<R: CryptoRng + ?Sized>(
        &self,
        photo: &Hash,
        bytes: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, StoreError> {
        let (number, key) = self.slots.of(&subject(photo))?;
        let reference = number.to_be_bytes();
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let mut file = Vec::with_capacity(bytes.len() + PHOTO_OVERHEAD);
        file.push(VERSION);
        file.extend_from_slice(&[0; CHECKSUM]);
        file.extend_from_slice(&reference);
        file.extend_from_slice(&nonce);
        let start = file.len();
        file.extend_from_slice(bytes);
        let bound = bound(reference, photo);
        let tag = XChaCha20Poly1305::new((&*key).into())
            .encrypt_inout_detached(&nonce.into(), &bound, (&mut file[start..]).into())
            .expect("a photo is far shorter than the cipher's limit");
        file.extend_from_slice(&tag);
        let sum = checksum(&file);
        file[1..=CHECKSUM].copy_from_slice(&sum);
        Ok(file)
    }

    /// Destroys the keys of photos, durably: what is left of their files says nothing any more.
    pub(crate) fn destroy(&self, photo: &Hash, file: &[u8]) -> Result<(), StoreError> {
        let named = file.get(1 + CHECKSUM..).and_then(super::slot_of);
        let owned = self.slots.detach(&subject(photo));
        let numbers: Vec<u32> = named.into_iter().chain(owned).collect();
        self.slots.destroy(&numbers)
    }

    /// Destroys the key that a file names, durably.
    pub(crate) fn destroy_of(&self, file: &[u8]) -> Result<(), StoreError> {
        let named = file.get(1 + CHECKSUM..).and_then(super::slot_of);
        self.slots.destroy(&Vec::from_iter(named))
    }

    /// The photo in a file.
    pub(crate) fn open(&self, photo: &Hash, file: &[u8]) -> Result<Vec<u8>, BoxError> {
        if !is_whole(file) {
            return Err(BoxError::Forged);
        }
        let rest = &file[1 + CHECKSUM..];
        let (reference, rest) = rest.split_first_chunk::<REFERENCE>().ok_or(BoxError::Short)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(BoxError::Short)?;
        let (secret, tag) = rest.split_last_chunk::<TAG>().ok_or(BoxError::Short)?;
        let number = KeyReference(u32::from_be_bytes(*reference));
        let key = match number {
            KeyReference::DERIVED => self.derived(photo),
            KeyReference(slot) => self.slots.key(slot)?,
        };
        let mut plain = secret.to_vec();
        XChaCha20Poly1305::new((&*key).into())
            .decrypt_inout_detached(
                nonce.into(),
                &bound(*reference, photo),
                plain.as_mut_slice().into(),
                tag.into(),
            )
            .map_err(|_| BoxError::Forged)?;
        if Hash::of(&plain) == *photo { Ok(plain) } else { Err(BoxError::Forged) }
    }

    fn derived(&self, photo: &Hash) -> SlotKey {
        let mut derivation = self.derivation.clone();
        let key = Zeroizing::new(*derivation.update(photo.as_bytes()).finalize().as_bytes());
        derivation.zeroize();
        key
    }
}

/// What stands for a photo among the subjects.
fn subject(photo: &Hash) -> Subject {
    let half = photo.as_bytes().first_chunk().expect("a hash is longer than a subject");
    Subject::from_bytes(*half)
}

impl Drop for PhotoVault {
    fn drop(&mut self) {
        self.derivation.zeroize();
        self.naming.zeroize();
    }
}

/// Whether a photo's file is as it was written, as far as can be told without its key.
pub(crate) fn is_whole(file: &[u8]) -> bool {
    file.len() >= PHOTO_OVERHEAD && file[0] == VERSION && file[1..=CHECKSUM] == checksum(file)
}

fn checksum(file: &[u8]) -> [u8; CHECKSUM] {
    *blake3::hash(&file[1 + CHECKSUM..]).as_bytes()
}

fn bound(reference: [u8; REFERENCE], photo: &Hash) -> [u8; 1 + REFERENCE + 32] {
    let mut bound = [VERSION; 1 + REFERENCE + 32];
    bound[1..=REFERENCE].copy_from_slice(&reference);
    bound[1 + REFERENCE..].copy_from_slice(photo.as_bytes());
    bound
}
