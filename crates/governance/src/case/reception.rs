//! Whoever receives first owns the handover (首接负责, C12): the first member of staff on a case
//! answers for it until somebody takes it, and again whenever it is given back. Read from the
//! signed steps, so that nobody can hand the duty on by a word.

use record::{NodeId, Subject, Timestamp};

use super::{Case, Step};
use crate::act::ActKind;
use crate::policy::REPORTER;

/// A person of a node, at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Received {
    /// Whose person.
    pub node: NodeId,
    /// The person.
    pub person: Subject,
    /// Since when.
    pub at: Timestamp,
}

/// Who answers for a case now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answerable {
    /// Nobody of staff has touched it yet: the clock of its stage runs for the role it names.
    NotReceived,
    /// Who received it first; nobody has taken it, or it was given back.
    FirstReceiver(Received),
    /// Who took it.
    Taker(Received),
    /// Nothing more is to be done.
    Ended,
}

impl Case {
    /// The first member of staff on it: who took the report at the window, or, where a resident
    /// reported by themselves, who first did something with it.
    #[must_use]
    pub fn first_receiver(&self) -> Option<Received> {
        self.steps.iter().find_map(staff)
    }

    /// Who answers for it now.
    #[must_use]
    pub fn answerable(&self) -> Answerable {
        if self.is_ended() {
            return Answerable::Ended;
        }
        let taker = self.steps.iter().fold(None, |taker, step| match step.act {
            ActKind::Accept
            | ActKind::Take
            | ActKind::SettleOnSpot
            | ActKind::Handle
            | ActKind::AcceptCustody
            | ActKind::Mediate => staff(step),
            ActKind::Return
            | ActKind::Transfer
            | ActKind::Redispatch
            | ActKind::Dispatch
            | ActKind::HandUp
            | ActKind::Reopen
            | ActKind::HandDown
            | ActKind::Object => None,
            ActKind::Report
            | ActKind::Refuse
            | ActKind::Triage
            | ActKind::Progress
            | ActKind::Verify
            | ActKind::Close
            | ActKind::Escalate
            | ActKind::SendHome
            | ActKind::RefuseCustody
            | ActKind::Whistle
            | ActKind::ReportIn
            | ActKind::UnitResult
            | ActKind::Check
            | ActKind::RuleObjection
            | ActKind::AskExtension
            | ActKind::DecideExtension
            | ActKind::Suspend
            | ActKind::Erase
            | ActKind::Resume
            | ActKind::Remind
            | ActKind::Supervise
            | ActKind::CallBack
            | ActKind::WriteOff
            | ActKind::Merge
            | ActKind::Split
            | ActKind::Withdraw
            | ActKind::Exclude
            | ActKind::Score
            | ActKind::Convene
            | ActKind::Session
            | ActKind::Agreement => taker,
        });
        match (taker, self.first_receiver()) {
            (Some(taker), _) => Answerable::Taker(taker),
            (None, Some(first)) => Answerable::FirstReceiver(first),
            (None, None) => Answerable::NotReceived,
        }
    }
}

/// The member of staff who made a step; residents and nodes are none.
fn staff(step: &Step) -> Option<Received> {
    let staff = step.role.as_deref().is_some_and(|role| role != REPORTER);
    let person = step.actor.filter(|_| staff)?;
    Some(Received { node: step.author, person, at: step.time })
}

#[cfg(test)]
mod tests;
