//! The nodes of the own log's tree: 32 bytes each at 32 times their post-order position.
//!
//! Rebuildable, so never synced but at shutdown. A node that was never written reads as zero.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use engine::store::StoreError;
use record::Hash;

use crate::disk::failed;
use crate::index::digest::Digest;
use crate::journal::segment::read_up_to;

const NODE: u64 = Hash::LEN as u64;
/// Nodes that are read at a time when all are.
const CHUNK: usize = 4096;

pub(crate) struct TreeFile {
    file: File,
    path: PathBuf,
}

impl TreeFile {
    /// Opens the file, or creates an empty one.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(|e| failed("open", path, e))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// The node at a position; [`Hash::ZERO`] where none was written.
    pub(crate) fn read(&self, position: u64) -> Result<Hash, StoreError> {
        let mut node = [0; Hash::LEN];
        let Some(offset) = position.checked_mul(NODE) else { return Ok(Hash::ZERO) };
        let read = read_up_to(&self.file, &mut node, offset);
        let read = read.map_err(|e| failed("read", &self.path, e))?;
        Ok(if read == node.len() { Hash::from_bytes(node) } else { Hash::ZERO })
    }

    /// The node at a position.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when there is none.
    pub(crate) fn node(&self, position: u64) -> Result<Hash, StoreError> {
        let node = self.read(position)?;
        if node.is_zero() {
            return Err(StoreError::Damaged {
                path: self.path.display().to_string(),
                offset: position.saturating_mul(NODE),
                what: "the log's tree has no node here".to_owned(),
            });
        }
        Ok(node)
    }

    pub(crate) fn write(&self, position: u64, node: &Hash) -> Result<(), StoreError> {
        let offset = position.saturating_mul(NODE);
        let written = self.file.write_all_at(node.as_bytes(), offset);
        written.map_err(|e| failed("write", &self.path, e))
    }

    /// The digest of the first `nodes` nodes.
    pub(crate) fn digest(&self, nodes: u64) -> Result<Digest, StoreError> {
        let mut digest = Digest::default();
        let mut chunk = vec![0; CHUNK * Hash::LEN];
        let mut position = 0;
        while position < nodes {
            let read = read_up_to(&self.file, &mut chunk, position * NODE);
            let read = read.map_err(|e| failed("read", &self.path, e))?;
            let (whole, _) = chunk[..read].as_chunks::<{ Hash::LEN }>();
            if whole.is_empty() {
                break;
            }
            for (at, node) in (position..nodes).zip(whole) {
                digest.replace_node(at, &Hash::ZERO, &Hash::from_bytes(*node));
            }
            position += whole.len() as u64;
        }
        Ok(digest)
    }

    /// Forgets all nodes.
    pub(crate) fn clear(&self) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(|e| failed("cut", &self.path, e))
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_all().map_err(|e| failed("sync", &self.path, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn nodes_come_back_and_missing_ones_are_named() {
        let folder = sample::folder();
        let tree = TreeFile::open(&folder.path().join("tree")).unwrap();
        let node = |byte| Hash::from_bytes([byte; 32]);
        for (position, byte) in [(0, 1), (2, 3), (2, 3), (5, 6)] {
            tree.write(position, &node(byte)).unwrap();
        }
        assert_eq!(tree.node(2).unwrap(), node(3));
        for missing in [1, 6, u64::MAX] {
            assert!(matches!(tree.node(missing), Err(StoreError::Damaged { .. })));
        }
    }

    #[test]
    fn the_digest_is_that_of_the_nodes_and_no_others() {
        let folder = sample::folder();
        let tree = TreeFile::open(&folder.path().join("tree")).unwrap();
        let mut expected = Digest::default();
        let count = 3 * CHUNK as u64 + 7;
        for position in 0..count {
            let node = Hash::of(&position.to_be_bytes());
            tree.write(position, &node).unwrap();
            expected.replace_node(position, &Hash::ZERO, &node);
        }
        tree.write(count, &Hash::of(b"not counted")).unwrap();
        assert_eq!(tree.digest(count).unwrap(), expected);
        tree.write(CHUNK as u64, &Hash::of(b"altered")).unwrap();
        assert_ne!(tree.digest(count).unwrap(), expected);
        tree.clear().unwrap();
        assert_eq!(tree.digest(count).unwrap(), Digest::default());
    }
}
