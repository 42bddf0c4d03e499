//! Key files that are of no use without a passphrase: whoever has the disk, a copy of the folder or a
//! backup has no key.
//!
//! ```text
//! wangge protected key 1
//! salt      16 bytes, hex
//! memory    KiB  } of argon2id (RFC 9106), one lane
//! passes         }
//! nonce     24 bytes, hex
//! sealed    the key, XChaCha20-Poly1305, bound to what it is a key for; hex
//! check     of the file
//! ```
//!
//! The passphrase is in the file `wangge.passphrase` of the folder that `CREDENTIALS_DIRECTORY`
//! names: systemd's `LoadCredential=` and `LoadCredentialEncrypted=` put it there, and anybody else
//! can. It is in no configuration, no argument and no variable.

use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::stamped::{self, StampError};

/// The first line of a protected key file.
pub(super) const TITLE: &str = "wangge protected key 1";
/// Name of the credential.
pub const CREDENTIAL: &str = "wangge.passphrase";

/// 64 MiB and three passes: about a quarter of a second, once a start (RFC 9106 §4, second choice).
const MEMORY: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// A file from elsewhere makes the node work no harder than this.
const MOST_MEMORY: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 16;
const LEAST_BYTES: usize = 12;
const MOST_BYTES: u64 = 1024;

/// A passphrase. Wiped when dropped; can't be printed.
pub struct Passphrase(Zeroizing<Vec<u8>>);

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// Nobody said where.
    #[error(
        "CREDENTIALS_DIRECTORY is not set: let systemd do so (LoadCredential={CREDENTIAL}:FILE), or name a folder with a file {CREDENTIAL}"
    )]
    NotGiven,
    /// The file can't be read.
    #[error("can't read the passphrase in {path}")]
    Io {
        /// The file.
        path: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Too short to protect anything, or too long.
    #[error("the passphrase in {path} has to be of 12 to 1,024 bytes")]
    Length {
        /// The file.
        path: String,
    },
}

impl Passphrase {
    /// The passphrase that this process was given.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn given() -> Result<Self, PassphraseError> {
        let folder = std::env::var_os("CREDENTIALS_DIRECTORY");
        let folder = folder.filter(|folder| !folder.is_empty());
        Self::read(&PathBuf::from(folder.ok_or(PassphraseError::NotGiven)?).join(CREDENTIAL))
    }

    /// The passphrase in a file, without the end of its line.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn read(path: &Path) -> Result<Self, PassphraseError> {
        let name = || path.display().to_string();
        let bytes = stamped::load(path);
        let bytes = bytes.map_err(|source| PassphraseError::Io { path: name(), source })?;
        let end = bytes.trim_ascii_end().len();
        if end < LEAST_BYTES || end as u64 > MOST_BYTES {
            return Err(PassphraseError::Length { path: name() });
        }
        Ok(Self(Zeroizing::new(bytes[..end].to_vec())))
    }

    /// The text of a protected file. `of`: what it is a key for.
    pub(super) fn protect<R: CryptoRng + ?Sized>(
        &self,
        of: &str,
        secret: &[u8; 32],
        rng: &mut R,
    ) -> Zeroizing<String> {
        let (mut salt, mut nonce) = ([0; 16], [0; 24]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut nonce);
        let key = self.derive(&salt, MEMORY, PASSES).expect("the cost is within the bounds");
        let mut sealed = Zeroizing::new([0; 48]);
        let (body, end) = sealed.split_at_mut(32);
        body.copy_from_slice(secret);
        let tag = XChaCha20Poly1305::new((&*key).into())
            .encrypt_inout_detached(&nonce.into(), of.as_bytes(), body.into())
            .expect("a key is far shorter than the cipher's limit");
        end.copy_from_slice(&tag);
        let number = |number: u32| Zeroizing::new(number.to_string());
        stamped::write(
            TITLE,
            &[
                ("salt", stamped::hex(&salt)),
                ("memory", number(MEMORY)),
                ("passes", number(PASSES)),
                ("nonce", stamped::hex(&nonce)),
                ("sealed", stamped::hex(sealed.as_slice())),
            ],
        )
    }

    /// The key in a protected file; `None` under another passphrase or for something else.
    ///
    /// # Errors
    /// When the file is not whole, or asks for more work than is reasonable.
    pub(super) fn open(
        &self,
        of: &str,
        bytes: &[u8],
    ) -> Result<Option<Zeroizing<[u8; 32]>>, StampError> {
        let [salt, memory, passes, nonce, sealed] =
            stamped::read(bytes, TITLE, ["salt", "memory", "passes", "nonce", "sealed"])?;
        let line = |name| StampError::Line { name };
        let salt = stamped::unhex::<16>(salt).ok_or(line("salt"))?;
        let nonce = stamped::unhex::<24>(nonce).ok_or(line("nonce"))?;
        let sealed = stamped::unhex::<48>(sealed).ok_or(line("sealed"))?;
        let memory = number(memory, MOST_MEMORY).ok_or(line("memory"))?;
        let passes = number(passes, MOST_PASSES).ok_or(line("passes"))?;
        let key = self.derive(&salt, memory, passes).ok_or(line("memory"))?;
        let (body, tag) = sealed.split_at(32);
        let tag: &[u8; 16] = tag.try_into().map_err(|_| line("sealed"))?;
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(body);
        let opened = XChaCha20Poly1305::new((&*key).into()).decrypt_inout_detached(
            (&*nonce).into(),
            of.as_bytes(),
            secret.as_mut_slice().into(),
            tag.into(),
        );
        Ok(opened.is_ok().then_some(secret))
    }

    fn derive(&self, salt: &[u8; 16], memory: u32, passes: u32) -> Option<Zeroizing<[u8; 32]>> {
        let params = Params::new(memory, passes, 1, Some(32)).ok()?;
        let mut key = Zeroizing::new([0; 32]);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(&self.0, salt, key.as_mut_slice()).ok()?;
        Some(key)
    }
}

fn number(text: &str, most: u32) -> Option<u32> {
    text.parse().ok().filter(|number| (1..=most).contains(number))
}
