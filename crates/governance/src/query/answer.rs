//! What a node answers: its own tally, and its children's signed answers as it got them.

mod accept;

pub use accept::AnswerError;

use std::sync::Arc;

use record::cbor::Limits;
use record::{
    Domain, EnvelopeError, FederationId, Hash, NodeId, NodeKey, SerdeStatement, Signed, Statement,
    StatementError, Subject, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::question::{check_version, rule};
use super::{MAX_GROUPS, Matter, Question, Tally, VERSION};

/// Most children in an answer.
pub const MAX_CHILDREN: usize = 1_000;
/// Largest answer with everything inside it, in bytes: what a message of the network carries.
const MAX_BYTES: usize = 2 * 1024 * 1024 - 64;
/// In what steps small counts may be suppressed.
pub const STEPS: std::ops::RangeInclusive<u8> = 2..=100;
/// What the envelope adds to the payload, generously.
const ENVELOPE: usize = 256;

/// A node's answer. The node's own tally counts its own cases only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// [`VERSION`].
    pub version: u16,
    /// The question's id.
    pub question: Subject,
    /// What was asked, as the node understood it.
    pub matter: Matter,
    /// The answering node.
    pub node: NodeId,
    /// The state of the node's log from which it answers.
    pub log: LogState,
    /// When, by the node's clock.
    pub answered_at: Timestamp,
    /// What the node counted itself.
    pub tally: Tally,
    /// What became of its children's answers, ascending by node, each once.
    pub children: Vec<ChildAnswer>,
    /// In steps of how many the tally is, where the node's policy has small counts suppressed: see
    /// [`Tally::in_steps`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u8>,
}

/// A log at a size, as a checkpoint states it, so that an answer can be held against the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogState {
    /// The log's epoch.
    pub epoch: u32,
    /// How many records it has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

/// What became of one child's answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildAnswer {
    /// The child.
    pub node: NodeId,
    /// The child's certificate as the answering node signed it: whoever reads the answer learns
    /// from it by which key the child answers, and its name.
    #[serde(with = "record::cbor::bytes")]
    pub certificate: Arc<[u8]>,
    /// What it answered, if it did.
    pub state: ChildState,
}

/// Whether and what a child answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ChildState {
    /// It answered this question.
    Answered {
        /// The signed answer.
        #[serde(with = "record::cbor::bytes")]
        answer: Arc<[u8]>,
    },
    /// It could not be reached in time, but answered another question about the same matter.
    Stale {
        /// The signed answer.
        #[serde(with = "record::cbor::bytes")]
        answer: Arc<[u8]>,
    },
    /// It did not answer in time, or could not be reached.
    Pending,
    /// It refused, or what it sent did not hold.
    Refused,
    /// It answered, but its answer did not fit into this one; it may be asked directly.
    Omitted,
}

impl Answer {
    /// An answer to the question, its children in the order that the form asks for and its tally
    /// cut to [`MAX_GROUPS`], since one merged from parts may have more.
    #[must_use]
    pub fn new(
        question: &Question,
        node: NodeId,
        log: LogState,
        answered_at: Timestamp,
        mut tally: Tally,
        mut children: Vec<ChildAnswer>,
    ) -> Self {
        tally.fold_beyond(MAX_GROUPS);
        children.sort_by_key(|child| child.node);
        let (question, matter) = (question.id, question.matter.clone());
        let (version, step) = (VERSION, None);
        Self { version, question, matter, node, log, answered_at, tally, children, step }
    }

    /// The same with its own tally in steps of so many; exact where there is none.
    #[must_use]
    pub fn in_steps(mut self, step: Option<u8>) -> Self {
        if let Some(k) = step {
            self.tally = self.tally.in_steps(&self.matter, k);
        }
        self.step = step;
        self
    }

    /// Signs the answer. Children's answers that would make it too large for a message are
    /// replaced by [`ChildState::Omitted`], the largest first, so that something always arrives
    /// and says what it lacks.
    ///
    /// # Errors
    /// When the answer breaks a rule of its form, as more than [`MAX_CHILDREN`] children do.
    pub fn sign(
        mut self,
        key: &NodeKey,
        federation: &FederationId,
    ) -> Result<Signed<Self>, EnvelopeError> {
        let excess = (Statement::encode(&self).len() + ENVELOPE).saturating_sub(MAX_BYTES);
        self.shed(excess);
        Signed::try_sign(self, key, federation)
    }

    fn shed(&mut self, mut excess: usize) {
        let mut by_size: Vec<&mut ChildAnswer> = self.children.iter_mut().collect();
        by_size.sort_by_key(|child| child.state.size());
        while excess > 0
            && let Some(largest) = by_size.pop()
        {
            excess = excess.saturating_sub(largest.state.size());
            if largest.state.answer().is_some() {
                largest.state = ChildState::Omitted;
            }
        }
    }
}

impl ChildState {
    /// The signed answer inside, if there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&Arc<[u8]>> {
        match self {
            Self::Answered { answer } | Self::Stale { answer } => Some(answer),
            Self::Pending | Self::Refused | Self::Omitted => None,
        }
    }

    fn size(&self) -> usize {
        self.answer().map_or(0, |answer| answer.len())
    }
}

impl SerdeStatement for Answer {
    const DOMAIN: Domain = Domain::Answer;
    const LIMITS: Limits = Limits { bytes: MAX_BYTES, depth: 8, items: 1 << 20 };

    fn check(&self) -> Result<(), StatementError> {
        check_version(self.version)?;
        rule("children", "must be at most 1000", self.children.len() <= MAX_CHILDREN)?;
        let ascending = self.children.is_sorted_by(|a, b| a.node < b.node);
        rule("children", "must ascend by node, each once", ascending)?;
        let others = self.children.iter().all(|child| child.node != self.node);
        rule("children", "must not have the node itself", others)?;
        rule("step", "must be 2 to 100", self.step.is_none_or(|k| STEPS.contains(&k)))?;
        let multiple = self.step.is_none_or(|k| self.tally.is_in_steps(k));
        rule("tally", "must be in the steps that it names", multiple)?;
        self.tally.check(&self.matter)
    }
}
