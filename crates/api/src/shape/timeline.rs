//! What happened to a case: who, which node, when, what, with the seal of each step.

use governance::act::ActKind;
use governance::case::{Case, Custody, Step};
use record::{NodeId, RecordId, Timestamp};
use serde::Serialize;

use super::fields::Values;
use super::hand::Hand;
use super::names::{Named, NodeName, People, PersonName};
use crate::desk::View;
use crate::problem::Problem;

/// A step in a line.
#[derive(Serialize)]
pub(crate) struct Brief {
    record: RecordId,
    time: Timestamp,
    act: ActKind,
    /// The node that signed it.
    author: NodeName,
    /// Who acted; absent where the node acted by itself. Named only for this node's own staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<PersonName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Named>,
}

/// A step with its words and its seal.
#[derive(Serialize)]
pub(crate) struct Sealed {
    #[serde(flatten)]
    brief: Brief,
    seal: Seal,
    /// By whose hand it was; absent where the record does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    hand: Option<Hand>,
    /// What the reader may read of what it says.
    fields: Values,
}

/// How far a step is proven.
#[derive(Serialize)]
struct Seal {
    state: SealState,
    author: NodeId,
    record: RecordId,
    /// Whether the node above has countersigned a state of this node's log that holds it; for
    /// records of this node only.
    #[serde(skip_serializing_if = "Option::is_none")]
    witnessed: Option<bool>,
}

/// How far a step is proven.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
enum SealState {
    /// The author's signature was verified, and the record is what it was then.
    Verified,
    /// As verified, and the other side has yet to answer it.
    Awaiting,
    /// The record is not in the journal any more, or not what it was.
    Failed,
}

impl Sealed {
    /// Names of the fields that it shows.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &'static str> {
        self.fields.keys().copied()
    }
}

impl View {
    /// The steps of a case in this node's order.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub(crate) fn timeline(
        &self,
        case: &Case,
        people: &mut People<'_>,
    ) -> Result<Vec<Brief>, Problem> {
        case.steps.iter().map(|step| self.brief(step, people)).collect()
    }

    fn brief(&self, step: &Step, people: &mut People<'_>) -> Result<Brief, Problem> {
        let own = step.author == self.setup.me();
        let actor = match step.actor {
            Some(id) if own => Some(people.name(id)?),
            Some(id) => Some(PersonName { id, name: None }),
            None => None,
        };
        Ok(Brief {
            record: step.record,
            time: step.time,
            act: step.act,
            author: self.node(step.author),
            actor,
            role: step.role.as_deref().map(|key| self.role(key)),
        })
    }

    /// The steps of a case with words and seals.
    ///
    /// # Errors
    /// When the index can't be read.
    pub(crate) fn sealed(&self, case: &Case) -> Result<Vec<Sealed>, Problem> {
        let mut people = People::new(self);
        let witnessed = self.witnessed()?;
        case.steps
            .iter()
            .map(|step| {
                let brief = self.brief(step, &mut people)?;
                // A step that can't be read is shown as such; the others still are.
                let found = self.record(case, step).ok().flatten();
                let state = match &found {
                    None => SealState::Failed,
                    Some(_) if awaits(case, step.record) => SealState::Awaiting,
                    Some(_) => SealState::Verified,
                };
                let own = step.author == self.setup.me();
                let seal = Seal {
                    state,
                    author: step.author,
                    record: step.record,
                    witnessed: own.then(|| witnessed.covers(step)),
                };
                let hand = self.hand(case, step)?;
                let fields = found.map(|(_, fields)| fields).unwrap_or_default();
                Ok(Sealed { brief, seal, hand, fields })
            })
            .collect()
    }

    fn witnessed(&self) -> Result<Witnessed, Problem> {
        let Some(parent) = self.setup.standing.parent() else { return Ok(Witnessed(None)) };
        let row = engine::view::peer(&self.reader, parent)?;
        let seen = row.and_then(|row| row.witness.countersigned);
        Ok(Witnessed(seen.map(|seen| (seen.epoch, seen.size))))
    }
}

/// Epoch and size of the log as the parent countersigned it last.
struct Witnessed(Option<(u32, u64)>);

impl Witnessed {
    /// A size counts the records of all epochs, a sequence number those of its own: they can be
    /// held against each other in the first epoch alone. Later records are shown as not yet
    /// witnessed until another epoch was; their proof tells more.
    fn covers(&self, step: &Step) -> bool {
        self.0.is_some_and(|(epoch, size)| {
            step.epoch < epoch || (step.epoch == epoch && step.epoch == 0 && step.seq < size)
        })
    }
}

fn awaits(case: &Case, record: RecordId) -> bool {
    match &case.custody {
        Custody::Here {} | Custody::With { offer: None, .. } => false,
        Custody::Offered { offer, .. } => *offer == record,
        Custody::With { offer: Some(open), .. } => open.offer == record,
    }
}
