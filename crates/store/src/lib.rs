//! Storage on a real disk: the journal (the truth), the index, the vault and blobs.
//!
//! [`open`] gives a [`JournalStore`], which is the engine's [`engine::store::Store`], and an
//! [`OpenReport`] of what was found. [`verify()`] checks a folder from the outside.
//!
//! # A data folder
//! ```text
//! lock                  held by the one process that uses the folder
//! watermark             how far journal and own log had come, about a second old at most
//! keys/node.key         the signing key        } mode 0600, written once
//! keys/storage.key      what values are encrypted under
//! journal/*.wgj         segments, named by the position of their first frame
//! index/                sled; can be thrown away
//! tree                  nodes of the own log's tree; can be thrown away
//! blobs/ab/cd/…         photos and files, named by their blake3 hash
//! aside/                what was cut off a torn journal, and the last bad index
//! ```
//!
//! # What is safe, and why
//! - A commit is one write and one fdatasync of the journal; only then is it acknowledged. All its
//!   frames carry its length, so after a crash it is there as a whole or not at all.
//! - After a failed write or sync nothing more is written until the next start: what a disk holds
//!   after a failed sync can't be known without reading it anew.
//! - Every read checks a crc over the frame and that it is the frame of that very position; sealed
//!   values are authenticated with the whole frame around them.
//! - The index is used only if everything in it adds up to the digest in its own marker, and the
//!   marker fits the journal and the watermark. So no rule about *how* the node was stopped is
//!   needed: kill -9, a power cut and a copied folder all leave a state that either is exactly that
//!   of some commit (replay goes on from there) or does not add up (it is rebuilt). sled's own
//!   promises are not relied on, nor is any sync of its files.
//! - A journal that ends before its watermark was cut or put back from an older copy and is
//!   refused by name. So is replay that comes to another own log than the watermark knows: the node
//!   would sign the same place twice.
//!
//! Deliberately absent: any other way to write than a commit, any way to change a frame, and any
//! knowledge of what frames mean outside [`verify()`].

mod blobs;
mod disk;
mod frame;
mod index;
mod journal;
mod journal_store;
mod keeper;
pub mod keyfile;
mod lock;
mod open;
#[cfg(test)]
mod sample;
mod stamped;
mod tree_file;
mod vault;
mod verify;
mod watermark;

pub use blobs::{Blobs, MAX_BLOB};
pub use index::open::IndexState;
pub use journal::{Damage, Torn};
pub use journal_store::JournalStore;
pub use open::{OpenError, OpenReport, Options, open};
pub use stamped::StampError;
pub use verify::{
    Known, LogSummary, PhotoSummary, Problem, VerifyError, VerifyReport, verify, verify_each,
};
pub use watermark::{Watermark, set_aside_watermark};
