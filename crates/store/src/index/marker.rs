//! What an index says about itself: how much of which journal it reflects, and what it holds.

use engine::store::{Mark, ROW_FORMAT};
use record::{Hash, RecordId};

use crate::index::digest::Digest;
use crate::watermark::no_log;

/// The key of the marker. No table has the number 0.
pub(crate) const MARKER_KEY: [u8; 1] = [0];

const LENGTH: usize = 2 + 8 + 8 + 4 + 8 + 32 + 32 + 16 + 8 + 16 + 8;
const CHECK: usize = 8;
const VERSION: u8 = 1;

/// Written in the same batch as the entries it speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Marker {
    /// Everything in the journal before this position is reflected.
    pub(crate) up_to: u64,
    /// What the journal holds just before that.
    pub(crate) fingerprint: [u8; 8],
    /// The own log there.
    pub(crate) mark: Mark,
    /// Over all entries but the marker.
    pub(crate) entries: Digest,
    /// The tree file has nodes at all positions below this.
    pub(crate) nodes: u64,
    /// Over those nodes.
    pub(crate) tree: Digest,
}

impl Default for Marker {
    /// An index of nothing.
    fn default() -> Self {
        let mark = no_log();
        let (entries, tree) = (Digest::default(), Digest::default());
        Self { up_to: 0, fingerprint: [0; 8], mark, entries, nodes: 0, tree }
    }
}

impl Marker {
    /// Version, form of the rows, the fields in order, big-endian, and eight bytes of blake3 over all that.
    pub(crate) fn write(&self) -> Vec<u8> {
        let Mark { epoch, count, head, root } = self.mark;
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        bytes.push(ROW_FORMAT);
        bytes.extend_from_slice(&self.up_to.to_be_bytes());
        bytes.extend_from_slice(&self.fingerprint);
        bytes.extend_from_slice(&epoch.to_be_bytes());
        bytes.extend_from_slice(&count.to_be_bytes());
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(root.as_bytes());
        bytes.extend_from_slice(&self.entries.0.to_be_bytes());
        bytes.extend_from_slice(&self.nodes.to_be_bytes());
        bytes.extend_from_slice(&self.tree.0.to_be_bytes());
        let check = blake3::hash(&bytes);
        bytes.extend_from_slice(&check.as_bytes()[..CHECK]);
        bytes
    }

    /// `None` when the bytes are not a marker of this version, over rows of this form.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != LENGTH {
            return None;
        }
        let (mut rest, check) = bytes.split_at(LENGTH - CHECK);
        if blake3::hash(rest).as_bytes()[..CHECK] != *check
            || take(&mut rest)? != [VERSION, ROW_FORMAT]
        {
            return None;
        }
        Some(Self {
            up_to: u64::from_be_bytes(take(&mut rest)?),
            fingerprint: take(&mut rest)?,
            mark: Mark {
                epoch: u32::from_be_bytes(take(&mut rest)?),
                count: u64::from_be_bytes(take(&mut rest)?),
                head: RecordId::from_bytes(take(&mut rest)?),
                root: Hash::from_bytes(take(&mut rest)?),
            },
            entries: Digest(u128::from_be_bytes(take(&mut rest)?)),
            nodes: u64::from_be_bytes(take(&mut rest)?),
            tree: Digest(u128::from_be_bytes(take(&mut rest)?)),
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_and_no_altered_or_cut_one_is_read() {
        let mark = Mark {
            epoch: 1,
            count: 2,
            head: RecordId::from_bytes([3; 32]),
            root: Hash::from_bytes([4; 32]),
        };
        let (entries, tree) = (Digest(7), Digest(8));
        let marker = Marker { up_to: 5, fingerprint: [6; 8], mark, entries, nodes: 9, tree };
        let bytes = marker.write();
        assert_eq!(Marker::read(&bytes), Some(marker));
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert_eq!(Marker::read(&altered), None);
            assert_eq!(Marker::read(&bytes[..at]), None);
        }
    }
}
