//! Whether an answer is what the node that was asked had to say.

use record::{EnvelopeError, Signed, Subject, Timestamp, Unverified};

use super::Answer;
use crate::certificate::{ChainError, Standing};
use crate::query::{Grouping, Matter, Question};

/// Why an answer is not counted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AnswerError {
    /// The answering node's certificate does not hold.
    #[error("certificate of the answering node is refused")]
    Certificate(#[from] ChainError),
    /// Unreadable or forged.
    #[error("answer's envelope or signature does not hold")]
    Envelope(#[from] EnvelopeError),
    /// Signed by another key or about another node than the one it came from.
    #[error("answer names another node than the one that has to answer")]
    OtherNode,
    /// An answer to something else.
    #[error("answer is to another question")]
    OtherQuestion,
    /// It counts grids that the node does not have.
    #[error("answer counts grids outside the node's area")]
    OtherArea,
    /// Its node is in the total already.
    #[error("answer's node is counted already")]
    CountedTwice,
}

impl AnswerError {
    /// The same in a few fixed words, for lists that people read.
    pub(in crate::query) fn words(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "certificate refused",
            Self::Envelope(_) => "signature or form refused",
            Self::OtherNode => "names another node",
            Self::OtherQuestion => "answers another question",
            Self::OtherArea => "counts grids outside its area",
            Self::CountedTwice => "counted already",
        }
    }
}

impl Answer {
    /// Takes in the answer of a node to a question put to it: what arrives is verified before it
    /// is passed on. Answers inside it are verified by [`total`](crate::query::total).
    ///
    /// # Errors
    /// See [`AnswerError`].
    pub fn accept(
        bytes: &[u8],
        question: &Question,
        from: &Standing,
        now: Timestamp,
    ) -> Result<Signed<Self>, AnswerError> {
        from.check(now)?;
        Self::verify(bytes, &question.matter, Some(question.id), from)
    }

    /// Verifies an answer of the node about the matter, to the question with this id or, for an
    /// old answer, to any.
    pub(in crate::query) fn verify(
        bytes: &[u8],
        matter: &Matter,
        id: Option<Subject>,
        from: &Standing,
    ) -> Result<Signed<Self>, AnswerError> {
        let answer = Unverified::<Self>::parse(bytes)?.verify(from.federation(), &from.key())?;
        answer.check_for(matter, id, from)?;
        Ok(answer)
    }

    pub(in crate::query) fn check_for(
        &self,
        matter: &Matter,
        id: Option<Subject>,
        from: &Standing,
    ) -> Result<(), AnswerError> {
        if self.node != from.node() {
            return Err(AnswerError::OtherNode);
        }
        if self.matter != *matter || id.is_some_and(|id| id != self.question) {
            return Err(AnswerError::OtherQuestion);
        }
        let area = &from.certificate().area;
        if matter.grouping == Grouping::Grid && !self.tally.is_within(area) {
            return Err(AnswerError::OtherArea);
        }
        Ok(())
    }
}
