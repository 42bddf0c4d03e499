//! What may be asked, by whom, and how much time it may take.

use std::time::Duration;

use record::cbor::Limits;
use record::{
    Domain, EnvelopeError, NodeId, SerdeStatement, Signed, StatementError, Subject, Timestamp,
    Unverified,
};
use serde::{Deserialize, Serialize};

use super::{Grouping, Measure, Metric, VERSION};
use crate::area::AreaCode;
use crate::certificate::{CLOCK_SLACK, ChainError, MAX_CHAIN, Right, Standing};

/// The longest time that a question may take.
pub const MAX_BUDGET: Duration = Duration::from_secs(120);
/// The most hops that a question may go down: as many as a chain of certificates has.
pub const MAX_HOPS: u8 = MAX_CHAIN as u8;
/// How far ahead a question's expiry may lie, beside the slack for clocks.
const MAX_AHEAD: Duration = Duration::from_secs(3_600);

/// What is asked: two questions with the same matter may share an answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matter {
    /// What is counted.
    pub metric: Metric,
    /// What is counted apart.
    pub grouping: Grouping,
    /// First moment of the range.
    pub from: Timestamp,
    /// First moment after the range.
    pub until: Timestamp,
    /// Only cases in this area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaCode>,
}

/// A question from one node to a child. Going further down, it is asked anew by each node, under
/// the same id and about the same matter, with less time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// [`VERSION`].
    pub version: u16,
    /// Random; binds the answers.
    pub id: Subject,
    /// Who asks at this hop.
    pub asker: NodeId,
    /// What is asked.
    pub matter: Matter,
    /// When nobody waits for an answer any more. Protects from old questions said again; since
    /// clocks differ it is taken with [`CLOCK_SLACK`], and `budget_ms` is what a node works by.
    pub expires: Timestamp,
    /// How long the answer may take from the arrival of the question, by the answerer's clock.
    pub budget_ms: u32,
    /// How many hops further down it may go.
    pub hops: u8,
}

/// Why a question is not answered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QuestionError {
    /// Unreadable or not signed by the asker's key.
    #[error("question's envelope or signature does not hold")]
    Envelope(#[from] EnvelopeError),
    /// The asker's certificates no longer hold.
    #[error("certificate of the asker no longer holds")]
    Certificate(#[from] ChainError),
    /// It names another asker than the node that signed it.
    #[error("question names {0} as asker, who did not sign it")]
    OtherAsker(NodeId),
    /// The asker is not this node's parent.
    #[error("question comes from {0}, which is not the parent of this node")]
    NotParent(NodeId),
    /// The asker's certificate does not allow asking.
    #[error("question comes from {0}, whose certificate has no right to aggregate")]
    MayNotAsk(NodeId),
    /// Too late.
    #[error("question expired at {0}")]
    Expired(Timestamp),
    /// An expiry that no honest clock would give.
    #[error("question expires at {0}, too far ahead; is a clock wrong?")]
    TooFarAhead(Timestamp),
}

impl Matter {
    /// Whether the moment lies in the range.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether a node serving this area can have anything to say, so need be asked.
    #[must_use]
    pub fn concerns(&self, area: &AreaCode) -> bool {
        self.area.as_ref().is_none_or(|asked| asked.overlaps(area))
    }

    /// Whether durations are asked for and not just counts.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.metric.measure() == Measure::Times
    }
}

impl Question {
    /// A question as the first node asks it, with [`MAX_HOPS`]. A budget over [`MAX_BUDGET`] is
    /// cut to that.
    #[must_use]
    pub fn new(
        id: Subject,
        asker: NodeId,
        matter: Matter,
        now: Timestamp,
        budget: Duration,
    ) -> Self {
        let budget = budget.min(MAX_BUDGET);
        let (expires, budget_ms) = (now.plus(budget), millis(budget));
        Self { version: VERSION, id, asker, matter, expires, budget_ms, hops: MAX_HOPS }
    }

    /// How long the answer may take.
    #[must_use]
    pub fn budget(&self) -> Duration {
        Duration::from_millis(self.budget_ms.into())
    }

    /// The question as `asker` puts it to its own children at `now`, having received it at
    /// `received`: less the time that has passed and the `margin` that it needs for answering
    /// itself. `None` when no hop or no time is left.
    #[must_use]
    pub fn for_child(
        &self,
        asker: NodeId,
        received: Timestamp,
        now: Timestamp,
        margin: Duration,
    ) -> Option<Self> {
        let spent = now.since(received).saturating_add(margin);
        let budget = self.budget().checked_sub(spent).filter(|left| left.as_millis() > 0)?;
        let hops = self.hops.checked_sub(1)?;
        let expires = self.expires.minus(margin).min(now.plus(budget));
        let timely = now < expires.plus(CLOCK_SLACK);
        timely.then(|| Self { asker, expires, hops, budget_ms: millis(budget), ..self.clone() })
    }

    /// Takes a question in at `now`: reads it, verifies that the parent signed it, and that the
    /// parent may ask.
    ///
    /// # Errors
    /// See [`QuestionError`].
    pub fn accept(
        bytes: &[u8],
        asker: &Standing,
        answerer: &Standing,
        now: Timestamp,
    ) -> Result<Signed<Self>, QuestionError> {
        asker.check(now)?;
        let question =
            Unverified::<Self>::parse(bytes)?.verify(asker.federation(), &asker.key())?;
        if question.asker != asker.node() {
            return Err(QuestionError::OtherAsker(question.asker));
        }
        if !answerer.is_child_of(&asker.node()) {
            return Err(QuestionError::NotParent(asker.node()));
        }
        if !asker.may(Right::Aggregate) {
            return Err(QuestionError::MayNotAsk(asker.node()));
        }
        if now >= question.expires.plus(CLOCK_SLACK) {
            return Err(QuestionError::Expired(question.expires));
        }
        if question.expires > now.plus(MAX_AHEAD + CLOCK_SLACK) {
            return Err(QuestionError::TooFarAhead(question.expires));
        }
        Ok(question)
    }
}

fn millis(budget: Duration) -> u32 {
    u32::try_from(budget.as_millis()).unwrap_or(u32::MAX)
}

impl SerdeStatement for Question {
    const DOMAIN: Domain = Domain::Question;
    const LIMITS: Limits = Limits { bytes: 2048, depth: 4, items: 64 };

    fn check(&self) -> Result<(), StatementError> {
        check_version(self.version)?;
        rule("matter", "must have until later than from", self.matter.from < self.matter.until)?;
        let budget = (1..=millis(MAX_BUDGET)).contains(&self.budget_ms);
        rule("budget_ms", "must be 1 to 120000", budget)?;
        rule("hops", "must be at most 6", self.hops <= MAX_HOPS)
    }
}

pub(super) fn check_version(version: u16) -> Result<(), StatementError> {
    if version == VERSION {
        Ok(())
    } else {
        Err(StatementError::Version { found: version.into(), known: VERSION.into() })
    }
}

pub(super) fn rule(
    field: &'static str,
    rule: &'static str,
    kept: bool,
) -> Result<(), StatementError> {
    if kept { Ok(()) } else { Err(StatementError::Rule { field, rule }) }
}

#[cfg(test)]
mod tests;
