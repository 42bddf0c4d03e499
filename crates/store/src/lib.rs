//! store
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
pub mod verify;
mod watermark;

pub use blobs::{Blobs, MAX_BLOB};
pub use index::open::IndexState;
pub use journal::{Damage, Torn};
pub use journal_store::JournalStore;
pub use open::{OpenError, OpenReport, Options, open};
pub use stamped::StampError;
pub use verify::{Known, Problem, VerifyError, VerifyReport, verify};
pub use watermark::Watermark;
