//! Keys that can be destroyed one by one: a file of slots of fixed size, `keys/subjects.keys`.
//!
//! ```text
//! header, 64 bytes   title ‖ zeros
//! slot n, 96 bytes   state (1 live, 2 destroyed) ‖ owner (16) ‖ nonce (24) ‖ key (32) ‖ tag (16) ‖ zeros
//! ```
//!
//! Slots count from 1; slot n starts at `64 + 96·(n − 1)`. Keys are made many at a time, durably and
//! ahead of use, so that a commit needs no sync beside the journal's. Each lies there sealed under a
//! key that the storage key gives, bound to its number. A box in the journal names its slot, so who
//! owns a slot need not be durable: the owner is written without a sync and only saves a new slot.
//! After a stop out of order nobody knows which of the last owners were written, so all slots made
//! until then count as given away: no slot ever serves two subjects.
//!
//! A slot is destroyed by overwriting it with zeros, durably. Deliberately absent: any way back.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use engine::store::StoreError;
use rand::RngExt;
use rand::rngs::StdRng;
use record::Subject;
use zeroize::Zeroizing;

use super::BoxError;
use crate::disk::{Disk, failed};
use crate::keyfile::StorageKey;

/// A key of one subject. Wiped when dropped.
pub(crate) type SlotKey = Zeroizing<[u8; 32]>;

const TITLE: &[u8] = b"wangge subject keys 1\n";
const HEADER: u64 = 64;
const SLOT: usize = 96;
const NONCE: usize = 24;
const KEY: usize = 32;
const TAG: usize = 16;
const OWNER_AT: usize = 1;
const NONCE_AT: usize = OWNER_AT + Subject::LEN;
const KEY_AT: usize = NONCE_AT + NONCE;
const TAG_AT: usize = KEY_AT + KEY;
const LIVE: u8 = 1;
const DESTROYED: u8 = 2;
/// Keys that are made at a time: one sync for so many new subjects.
const MADE_AT_ONCE: u32 = 1024;

/// The file of keys. Shared by threads.
pub(crate) struct Slots {
    path: PathBuf,
    file: File,
    disk: Arc<Disk>,
    cipher: XChaCha20Poly1305,
    desk: Mutex<Desk>,
}

struct Desk {
    owners: HashMap<Subject, u32>,
    /// The lowest slot that was never given to anybody.
    next: u32,
    /// How many slots there are.
    made: u32,
    /// `None` where the file is only looked at.
    rng: Option<StdRng>,
}

/// Where a data folder keeps the keys that can be destroyed.
#[must_use]
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("keys").join("subjects.keys")
}

impl Slots {
    /// Opens the file, or makes one. `in_order`: the node was stopped in order, so that every owner
    /// is known.
    pub(crate) fn open(
        folder: &Path,
        key: &StorageKey,
        disk: Arc<Disk>,
        rng: StdRng,
        in_order: bool,
    ) -> Result<Self, StoreError> {
        let path = path(folder);
        let file = if path.exists() { existing(&path, true)? } else { create(&disk, &path)? };
        let (owners, used, made) = read_owners(&file, &path)?;
        let next = if in_order { used + 1 } else { made + 1 };
        let desk = Mutex::new(Desk { owners, next, made, rng: Some(rng) });
        Ok(Self { path, file, disk, cipher: cipher(key), desk })
    }

    /// The file as it is, for looking only.
    pub(crate) fn look(folder: &Path, key: &StorageKey) -> Result<Self, StoreError> {
        let path = path(folder);
        let file = existing(&path, false)?;
        let (owners, _, made) = read_owners(&file, &path)?;
        let desk = Mutex::new(Desk { owners, next: made + 1, made, rng: None });
        let disk = Arc::new(Disk::new(folder, 0));
        Ok(Self { path, file, disk, cipher: cipher(key), desk })
    }

    /// The slot of a subject with its key; a new one where it has none.
    pub(crate) fn of(&self, subject: &Subject) -> Result<(u32, SlotKey), StoreError> {
        let mut desk = self.lock();
        let number = match desk.owners.get(subject) {
            Some(number) => *number,
            None => self.give(&mut desk, subject)?,
        };
        let key = self.read(number).map_err(|error| self.damaged(number, &error))?;
        Ok((number, key))
    }

    /// The key in a slot.
    pub(crate) fn key(&self, number: u32) -> Result<SlotKey, BoxError> {
        let _desk = self.lock();
        self.read(number)
    }

    /// What is sealed for a subject from now on goes under a new key. Gives the slot it had.
    pub(crate) fn detach(&self, subject: &Subject) -> Option<u32> {
        self.lock().owners.remove(subject)
    }

    /// Destroys keys, durably on return. Destroying one again changes nothing.
    pub(crate) fn destroy(&self, numbers: &[u32]) -> Result<(), StoreError> {
        let mut desk = self.lock();
        let mut zeros = [0; SLOT];
        zeros[0] = DESTROYED;
        for number in numbers.iter().filter(|number| (1..=desk.made).contains(*number)) {
            self.disk.write(&self.file, &self.path, &zeros, offset(*number))?;
        }
        desk.owners.retain(|_, owned| !numbers.contains(owned));
        if numbers.is_empty() { Ok(()) } else { self.disk.sync(&self.file, &self.path) }
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, desk: &mut Desk, subject: &Subject) -> Result<u32, StoreError> {
        if desk.next > desk.made {
            self.make(desk)?;
        }
        let number = desk.next;
        let owner = offset(number) + OWNER_AT as u64;
        self.disk.write(&self.file, &self.path, subject.as_bytes(), owner)?;
        desk.next += 1;
        desk.owners.insert(*subject, number);
        Ok(number)
    }

    /// Makes the next keys, durably.
    fn make(&self, desk: &mut Desk) -> Result<(), StoreError> {
        let numbers = desk.made + 1..=desk.made + MADE_AT_ONCE;
        self.disk.room_for((SLOT as u64) * u64::from(MADE_AT_ONCE))?;
        let refused = || StoreError::ReadOnly { why: "the keys are only looked at".into() };
        let rng = desk.rng.as_mut().ok_or_else(refused)?;
        let mut bytes = Vec::with_capacity(SLOT * MADE_AT_ONCE as usize);
        for number in numbers {
            bytes.extend_from_slice(&self.new_slot(number, rng));
        }
        self.disk.write(&self.file, &self.path, &bytes, offset(desk.made + 1))?;
        self.disk.sync(&self.file, &self.path)?;
        desk.made += MADE_AT_ONCE;
        Ok(())
    }

    fn new_slot(&self, number: u32, rng: &mut StdRng) -> [u8; SLOT] {
        let mut slot = [0; SLOT];
        slot[0] = LIVE;
        let nonce: [u8; NONCE] = rng.random();
        slot[NONCE_AT..KEY_AT].copy_from_slice(&nonce);
        let mut key: SlotKey = Zeroizing::new(rng.random());
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce.into(), &number.to_be_bytes(), key.as_mut_slice().into())
            .expect("a key is far shorter than the cipher's limit");
        slot[KEY_AT..TAG_AT].copy_from_slice(key.as_slice());
        slot[TAG_AT..TAG_AT + TAG].copy_from_slice(&tag);
        slot
    }

    fn read(&self, number: u32) -> Result<SlotKey, BoxError> {
        if number == 0 {
            return Err(BoxError::UnknownKey(number));
        }
        let mut slot = Zeroizing::new([0; SLOT]);
        if self.file.read_exact_at(slot.as_mut_slice(), offset(number)).is_err() {
            return Err(BoxError::UnknownKey(number));
        }
        match slot[0] {
            LIVE => {}
            DESTROYED => return Err(BoxError::Erased),
            _ => return Err(BoxError::UnknownKey(number)),
        }
        let part = |from: usize| &slot[from..];
        let nonce: &[u8; NONCE] = part(NONCE_AT).first_chunk().ok_or(BoxError::Short)?;
        let sealed: &[u8; KEY] = part(KEY_AT).first_chunk().ok_or(BoxError::Short)?;
        let tag: &[u8; TAG] = part(TAG_AT).first_chunk().ok_or(BoxError::Short)?;
        let mut key = Zeroizing::new(*sealed);
        self.cipher
            .decrypt_inout_detached(
                nonce.into(),
                &number.to_be_bytes(),
                key.as_mut_slice().into(),
                tag.into(),
            )
            .map_err(|_| BoxError::UnknownKey(number))?;
        Ok(key)
    }

    fn damaged(&self, number: u32, error: &BoxError) -> StoreError {
        StoreError::Damaged {
            path: self.path.display().to_string(),
            offset: offset(number),
            what: error.to_string(),
        }
    }
}

fn offset(number: u32) -> u64 {
    HEADER + (SLOT as u64) * u64::from(number.saturating_sub(1))
}

fn cipher(key: &StorageKey) -> XChaCha20Poly1305 {
    let wrapping = blake3::derive_key("wangge vault slot wrapping key v1", key.as_bytes());
    XChaCha20Poly1305::new((&*Zeroizing::new(wrapping)).into())
}

fn create(disk: &Disk, path: &Path) -> Result<File, StoreError> {
    let mut header = [0; HEADER as usize];
    header[..TITLE.len()].copy_from_slice(TITLE);
    let file = disk.create(path)?;
    disk.write(&file, path, &header, 0)?;
    disk.sync(&file, path)?;
    if let Some(folder) = path.parent() {
        disk.sync_folder(folder)?;
    }
    Ok(file)
}

fn existing(path: &Path, write: bool) -> Result<File, StoreError> {
    let file = File::options().read(true).write(write).open(path);
    let file = file.map_err(|e| failed("open", path, e))?;
    let mut header = [0; HEADER as usize];
    let read = file.read_exact_at(&mut header, 0);
    if read.is_err() || !header.starts_with(TITLE) {
        return Err(StoreError::Damaged {
            path: path.display().to_string(),
            offset: 0,
            what: "it is no file of subjects' keys: put it back from a backup".into(),
        });
    }
    Ok(file)
}

/// The owners that were written, the highest slot that has one or is destroyed, and the number of
/// slots.
fn read_owners(file: &File, path: &Path) -> Result<(HashMap<Subject, u32>, u32, u32), StoreError> {
    const READ: usize = 4096;
    let length = file.metadata().map_err(|e| failed("look at", path, e))?.len();
    let made = length.saturating_sub(HEADER) / SLOT as u64;
    let made = u32::try_from(made).unwrap_or(u32::MAX);
    let (mut owners, mut used) = (HashMap::new(), 0);
    let mut buffer = Zeroizing::new(vec![0; SLOT * READ]);
    let mut first = 1;
    while first <= made {
        let count = (made - first + 1).min(u32::try_from(READ).unwrap_or(u32::MAX));
        let bytes = &mut buffer[..SLOT * count as usize];
        file.read_exact_at(bytes, offset(first)).map_err(|e| failed("read", path, e))?;
        for (number, slot) in (first..).zip(bytes.chunks_exact(SLOT)) {
            let owner = slot[OWNER_AT..].first_chunk().map(|owner| Subject::from_bytes(*owner));
            match (slot[0], owner) {
                (LIVE, Some(owner)) if owner != Subject::ZERO => {
                    owners.insert(owner, number);
                    used = number;
                }
                (DESTROYED, _) => used = number,
                _ => {}
            }
        }
        first += count;
    }
    Ok((owners, used, made))
}

#[cfg(test)]
mod tests;
