//! The node's own log, rebuilt from its records.

use engine::store::Mark;
use record::chain::{ChainError, Head, Link, follows};
use record::tree::{Frontier, leaf_hash, root_at};
use record::{Hash, NodeId, Record, RecordId};
use serde::Serialize;

/// What the own records add up to.
#[derive(Default)]
pub(super) struct OwnLog {
    head: Option<Head>,
    frontier: Frontier,
    nodes: Vec<Hash>,
    /// Records are missing: what the tree was can't be told any more.
    incomplete: bool,
}

/// The own log, in a report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LogSummary {
    /// The node.
    pub node: NodeId,
    /// The current epoch.
    pub epoch: u32,
    /// Own records in that epoch.
    pub count: u64,
    /// The last one.
    pub head: RecordId,
    /// Root of the tree over all own records; absent when some are missing.
    pub root: Option<Hash>,
}

impl OwnLog {
    /// Whose log it is, once there is a record.
    pub(super) fn author(&self) -> Option<NodeId> {
        self.head.map(|head| head.author)
    }

    /// The epoch it is in.
    pub(super) fn epoch(&self) -> u32 {
        self.head.map_or(0, |head| head.epoch)
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// Why it is not the next one. It is taken all the same, as far as that goes.
    pub(super) fn append(&mut self, record: &Record) -> Result<(), ChainError> {
        let link = follows(self.head.as_ref(), record);
        if matches!(link, Err(ChainError::OtherAuthor { .. })) {
            return link.map(|_: Link| ());
        }
        let is_new = !matches!(link, Err(ChainError::Fork { .. } | ChainError::Replay { .. }));
        if is_new {
            self.incomplete |= link.is_err();
            self.nodes.extend(
                self.frontier
                    .append(leaf_hash(record.id().as_bytes()))
                    .into_iter()
                    .map(|(_, node)| node),
            );
            self.head = Some(Head::of(record));
        }
        link.map(|_| ())
    }

    /// A record could not be read.
    pub(super) fn lost(&mut self) {
        self.incomplete = true;
    }

    /// Whether the tree had this root at this size; `None` when that can't be told.
    pub(super) fn had_root(&self, size: u64, root: &Hash) -> Option<bool> {
        if self.incomplete {
            return None;
        }
        Some(root_at(&self.nodes[..], size).is_ok_and(|found| found == *root))
    }

    pub(super) fn summary(&self) -> Option<LogSummary> {
        let head = self.head?;
        let root = (!self.incomplete).then(|| self.frontier.root());
        let (node, epoch, count) = (head.author, head.epoch, head.seq + 1);
        Some(LogSummary { node, epoch, count, head: head.id, root })
    }

    /// In what the log differs from the watermark's word on it.
    pub(super) fn differences(&self, mark: &Mark) -> Vec<String> {
        let (epoch, count, id) =
            self.head.map_or((0, 0, RecordId::ZERO), |head| (head.epoch, head.seq + 1, head.id));
        let mut differences = Vec::new();
        if (epoch, count, id) != (mark.epoch, mark.count, mark.head) {
            differences.push(format!(
                "the watermark knows {} records in epoch {} up to {}, the journal has {count} in \
                 epoch {epoch} up to {id}",
                mark.count, mark.epoch, mark.head
            ));
        }
        if !self.incomplete && self.frontier.root() != mark.root {
            let (found, root) = (self.frontier.root(), mark.root);
            let what = format!("the log's tree has the root {found}, the watermark knows {root}");
            differences.push(what);
        }
        differences
    }
}
