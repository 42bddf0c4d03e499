//! A node's word on its whole log, and a witness's word that it holds that.

use crate::cbor::{Fault, Limits, Reader, Writer};
use crate::ids::{Hash, NodeId, RecordId};
use crate::statement::{Domain, Statement, StatementError};
use crate::time::Timestamp;
use crate::tree;

/// Both formats' version, under key 0.
const VERSION: u64 = 1;

/// The author's whole log, over all its epochs, at one size. Two of one size that differ prove a rewritten log:
/// see [`crate::chain::ForkProof`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The node whose log it is.
    pub author: NodeId,
    /// The epoch of the last of these records.
    pub epoch: u32,
    /// Number of records, which are the tree's leaves.
    pub size: u64,
    /// The tree's root at that size: see [`crate::tree`].
    pub root: Hash,
    /// The last of these records; [`RecordId::ZERO`] if there are none.
    pub head: RecordId,
    /// By the author's clock.
    pub time: Timestamp,
}

/// A witness has checked a checkpoint against the ones before it, and stored it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Countersignature {
    /// Who signs this.
    pub witness: NodeId,
    /// The id of the [`Checkpoint`] statement.
    pub checkpoint: RecordId,
    /// The checkpoint's author.
    pub author: NodeId,
    /// The checkpoint's size in records.
    pub size: u64,
    /// The checkpoint's root.
    pub root: Hash,
    /// By the witness's clock.
    pub time: Timestamp,
}

/// `{0: 1, 1: author, 2: epoch, 3: size, 4: root, 5: head, 6: time in ms}`
impl Statement for Checkpoint {
    const DOMAIN: Domain = Domain::Checkpoint;
    const LIMITS: Limits = Limits { bytes: 512, depth: 1, items: 15 };

    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(192);
        writer.map(7);
        writer.uint(0);
        writer.uint(VERSION);
        writer.uint(1);
        writer.bytes(self.author.as_bytes());
        writer.uint(2);
        writer.uint(self.epoch.into());
        writer.uint(3);
        writer.uint(self.size);
        writer.uint(4);
        writer.bytes(self.root.as_bytes());
        writer.uint(5);
        writer.bytes(self.head.as_bytes());
        writer.uint(6);
        writer.int(self.time.millis());
        writer.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let mut reader = Reader::new(bytes);
        read_start(&mut reader)?;
        reader.key(1, "key 1, the author")?;
        let author = NodeId::from_bytes(reader.bytes_of("an author of 32 bytes")?);
        reader.key(2, "key 2, the epoch")?;
        let epoch = reader.uint_of("an epoch of 32 bits")?;
        reader.key(3, "key 3, the size")?;
        let size = read_size(&mut reader)?;
        reader.key(4, "key 4, the root")?;
        let root = Hash::from_bytes(reader.bytes_of("a root of 32 bytes")?);
        reader.key(5, "key 5, the head")?;
        let head = RecordId::from_bytes(reader.bytes_of("a record id of 32 bytes")?);
        let time = read_time(&mut reader)?;
        reader.end()?;
        Ok(Self { author, epoch, size, root, head, time })
    }
}

/// `{0: 1, 1: witness, 2: checkpoint, 3: author, 4: size, 5: root, 6: time in ms}`
impl Statement for Countersignature {
    const DOMAIN: Domain = Domain::Countersignature;
    const LIMITS: Limits = Limits { bytes: 512, depth: 1, items: 15 };

    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(192);
        writer.map(7);
        writer.uint(0);
        writer.uint(VERSION);
        writer.uint(1);
        writer.bytes(self.witness.as_bytes());
        writer.uint(2);
        writer.bytes(self.checkpoint.as_bytes());
        writer.uint(3);
        writer.bytes(self.author.as_bytes());
        writer.uint(4);
        writer.uint(self.size);
        writer.uint(5);
        writer.bytes(self.root.as_bytes());
        writer.uint(6);
        writer.int(self.time.millis());
        writer.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let mut reader = Reader::new(bytes);
        read_start(&mut reader)?;
        reader.key(1, "key 1, the witness")?;
        let witness = NodeId::from_bytes(reader.bytes_of("a witness of 32 bytes")?);
        reader.key(2, "key 2, the checkpoint")?;
        let checkpoint = RecordId::from_bytes(reader.bytes_of("a statement id of 32 bytes")?);
        reader.key(3, "key 3, the author")?;
        let author = NodeId::from_bytes(reader.bytes_of("an author of 32 bytes")?);
        reader.key(4, "key 4, the size")?;
        let size = read_size(&mut reader)?;
        reader.key(5, "key 5, the root")?;
        let root = Hash::from_bytes(reader.bytes_of("a root of 32 bytes")?);
        let time = read_time(&mut reader)?;
        reader.end()?;
        Ok(Self { witness, checkpoint, author, size, root, time })
    }
}

/// The map of seven pairs, and its version.
fn read_start(reader: &mut Reader<'_>) -> Result<(), StatementError> {
    let pairs = reader.map()?;
    reader.key(0, "key 0, the version")?;
    match (reader.uint()?, pairs) {
        (VERSION, 7) => Ok(()),
        (VERSION, _) => Err(Fault::Expected("a map of 7 pairs").at(0).into()),
        (found, _) => Err(StatementError::Version { found, known: VERSION }),
    }
}

fn read_size(reader: &mut Reader<'_>) -> Result<u64, StatementError> {
    match reader.uint()? {
        size if size <= tree::MAX_SIZE => Ok(size),
        _ => Err(StatementError::Rule { field: "size", rule: "is beyond any log's" }),
    }
}

fn read_time(reader: &mut Reader<'_>) -> Result<Timestamp, StatementError> {
    reader.key(6, "key 6, the time")?;
    let start = reader.offset();
    let wrong = |_| Fault::Expected("a time in the years 0000 to 9999").at(start);
    Ok(Timestamp::try_from_millis(reader.int()?).map_err(wrong)?)
}

#[cfg(test)]
mod tests;
