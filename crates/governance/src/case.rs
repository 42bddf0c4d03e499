//! A case as one node sees it: what its records, in the order they were journalled, amount to.
//! Holds codes, ids and times only; people's words stay in the records.

mod apply;
mod reception;
mod weight;

use std::collections::{BTreeMap, BTreeSet};

use record::{FieldId, NodeId, RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

pub use apply::{Event, Rejected, apply};
pub use reception::{Answerable, Received};
pub use weight::MAX_WEIGHT;

use crate::act::{ActKind, Closing, Grade, Part, Rate};
use crate::area::AreaCode;
use crate::change::Phase;

/// A case's id: the subject of all its records.
pub type CaseId = Subject;

/// Most records a case can have. A case that needs more has been reopened dozens of times and
/// should be closed and reported anew; the bound keeps its row in the index small.
pub const MAX_STEPS: usize = 300;

/// Most earlier calls of units that a case remembers.
pub const MAX_PAST_CALLS: usize = 64;

/// A case as one node sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The number people use.
    pub number: String,
    /// The node where it was reported: there the reporter verifies, and there it is counted.
    pub home: NodeId,
    /// Who holds it.
    pub custody: Custody,
    /// The nodes through which custody went on, home first, the holder last.
    pub trail: Vec<NodeId>,
    /// The other nodes that take part, as this node knows them.
    pub parties: BTreeMap<NodeId, Party>,
    /// Those that took part and are told no more: they were given words, and an erasure reaches
    /// them, too.
    pub left: BTreeSet<NodeId>,
    /// Stage, a key of the holder's policy.
    pub stage: String,
    /// The phase of that stage.
    pub phase: Phase,
    /// The level that is responsible.
    pub level: String,
    /// When the stage's clock runs out.
    pub due: Option<Timestamp>,
    /// Version of the policy with which it began, at home.
    pub policy: String,
    /// Version with which it began at each node that has held it since.
    pub versions: BTreeMap<NodeId, String>,
    /// How it came in.
    pub channel: String,
    /// Key of the source that had it first (C9).
    pub source: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// Difficulty.
    pub grade: Option<Grade>,
    /// Importance 1 to 3.
    pub importance: Option<u8>,
    /// Urgency 1 to 3.
    pub urgency: Option<u8>,
    /// Code of the grid.
    pub grid: Option<AreaCode>,
    /// Place in the home node's territory.
    pub place: Option<Subject>,
    /// Opaque id of who reported.
    pub reporter: Option<Subject>,
    /// Who it is given to.
    pub assignee: Option<Subject>,
    /// Everybody who dealt with it: none of them verifies it (C7).
    pub handlers: Vec<Subject>,
    /// The member units called (C5): the latest call of each.
    pub units: Vec<UnitCall>,
    /// Earlier calls of the same units, the last [`MAX_PAST_CALLS`]: calling again does not undo
    /// that nobody came.
    pub past_calls: Vec<UnitCall>,
    /// When it was reported.
    pub opened: Timestamp,
    /// When it was first answered: accepted, refused or settled (C8).
    pub answered: Option<Timestamp>,
    /// When it was last dealt with.
    pub handled: Option<Timestamp>,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// How it was closed.
    pub closing: Option<Closing>,
    /// Level at which it was settled (C10).
    pub settled: Option<String>,
    /// Whether the verifier found it solved.
    pub solved: Option<bool>,
    /// Satisfaction 1 to 5.
    pub satisfaction: Option<u8>,
    /// What happened on the way, counted.
    pub counts: Counts,
    /// An objection to its dispatch that is not decided.
    pub objection: Option<RecordId>,
    /// The due time that was asked for and is not decided.
    pub extension: Option<Timestamp>,
    /// While it is put off or treated with another case: where it stood before.
    pub aside: Option<Aside>,
    /// What the reporter said when asked afterwards: the last time they were reached.
    pub callback: Option<Callback>,
    /// When it was written off.
    pub written_off: Option<Timestamp>,
    /// When people's words and data were erased, and by which record.
    pub erased: Option<(Timestamp, RecordId)>,
    /// The rates it is left out of, and on what grounds.
    pub exclusions: Vec<Exclusion>,
    /// Scores that the sides of a whistle gave each other: by whom, of whom.
    pub scores: Vec<Score>,
    /// Its mediation.
    pub mediation: Option<Mediation>,
    /// Who was responsible when: each level's own clock (C8) is reckoned from these.
    pub spans: Vec<Span>,
    /// Its records, in this node's order.
    pub steps: Vec<Step>,
    /// The latest step that carries each field which this node was given.
    pub fields: BTreeMap<FieldId, u32>,
}

/// Who holds a case, as this node sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Custody {
    /// This node.
    Here {},
    /// This node, until the other accepts: nothing is done with it meanwhile.
    Offered {
        /// The offering record.
        offer: RecordId,
        /// To whom.
        to: NodeId,
        /// Which way.
        way: Way,
        /// Going home: whether it was dealt with.
        done: bool,
        /// When.
        at: Timestamp,
    },
    /// Another node.
    With {
        /// The holder.
        node: NodeId,
        /// An offer by the holder that is still open, and to whom.
        offer: Option<OpenOffer>,
    },
}

/// Which way custody is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// On, to the node above.
    Up,
    /// On, to a node below.
    Down,
    /// Back to the node from which it came.
    Back,
}

/// An offer of custody that has not been answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenOffer {
    /// The offering record.
    pub offer: RecordId,
    /// To whom.
    pub to: NodeId,
    /// Which way.
    pub way: Way,
    /// Going home: whether it was dealt with.
    pub done: bool,
}

/// What happened to a case on its way, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Given back (退回).
    pub returns: u32,
    /// Taken up again (重办).
    pub reopens: u32,
    /// Dispatched to the wrong person or level: objections upheld.
    pub wrong_dispatches: u32,
    /// Extensions granted.
    pub extensions: u32,
    /// Pressed for (催办).
    pub reminders: u32,
    /// Put under supervision (督办).
    pub supervisions: u32,
    /// Put off (挂账).
    pub suspensions: u32,
    /// Taken by a level above (上报).
    pub escalations: u32,
}

/// Where a case stood before it was put off or treated with another one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aside {
    /// Since when.
    pub since: Timestamp,
    /// The stage to which it goes back.
    pub stage: String,
    /// The case it is treated with.
    pub into: Option<CaseId>,
}

/// What the reporter said when asked afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// When.
    pub at: Timestamp,
    /// Whether they were reached.
    pub reached: bool,
    /// Whether it is solved in their eyes.
    pub solved: Option<bool>,
    /// Whether they are satisfied.
    pub satisfied: Option<bool>,
}

/// An exclusion from a rate (剔除): who made it and when, its step says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// The rate.
    pub rate: Rate,
    /// The ground: a key of the policy of whoever made it.
    pub ground: Option<String>,
    /// Index of its step.
    pub step: u32,
}

/// A score in a whistle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Who gave it.
    pub by: NodeId,
    /// Who was given it.
    pub of: NodeId,
    /// 1 to 5.
    pub points: u8,
    /// When.
    pub at: Timestamp,
}

/// A mediation (C11).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mediation {
    /// How serious the dispute is.
    pub severity: String,
    /// Who mediates.
    pub mediators: Vec<Subject>,
    /// Sessions held.
    pub sessions: u32,
    /// Whether the parties agreed, once it has ended.
    pub agreed: Option<bool>,
}

/// How another node takes part in a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The node above, to which it was offered.
    Above,
    /// The node below, from which it came.
    Below,
    /// A node below to which it was handed down.
    Child,
    /// A member unit that was called.
    Unit,
    /// The node that called this unit.
    Caller,
}

impl Party {
    /// The name that policies use.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::Child => "child",
            Self::Unit => "unit",
            Self::Caller => "caller",
        }
    }
}

/// A member unit's part in a case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCall {
    /// The unit.
    pub node: NodeId,
    /// Who called it.
    pub by: NodeId,
    /// Lead or assist.
    pub part: Part,
    /// When it was called.
    pub called: Timestamp,
    /// Until when it must report in.
    pub report_in_by: Option<Timestamp>,
    /// When it reported in.
    pub reported_in: Option<Timestamp>,
    /// When it had done its part.
    pub done: Option<Timestamp>,
}

/// A time during which one holder had the case in one stage.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The holder.
    pub holder: NodeId,
    /// The responsible level.
    pub level: String,
    /// The stage.
    pub stage: String,
    /// Since when.
    pub from: Timestamp,
    /// When its clock was to run out.
    pub due: Option<Timestamp>,
    /// Until when; absent while it goes on.
    pub until: Option<Timestamp>,
}

/// One record of a case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The record's id.
    pub record: RecordId,
    /// Who signed it.
    pub author: NodeId,
    /// The author's epoch.
    pub epoch: u32,
    /// The author's sequence number in it.
    pub seq: u64,
    /// When, by the author's clock.
    pub time: Timestamp,
    /// What was done.
    pub act: ActKind,
    /// Opaque id of the acting person; absent where the node acted by itself.
    pub actor: Option<Subject>,
    /// The role in which they acted.
    pub role: Option<String>,
}

impl Case {
    /// Whether this node may move it now.
    #[must_use]
    pub fn is_here(&self) -> bool {
        matches!(self.custody, Custody::Here {})
    }

    /// The node that answers for it now, as seen from `me`.
    #[must_use]
    pub fn holder(&self, me: NodeId) -> NodeId {
        match &self.custody {
            Custody::Here {} | Custody::Offered { .. } => me,
            Custody::With { node, .. } => *node,
        }
    }

    /// The version of the policy that rules it at a node: where it was reported, the one with which
    /// it began; where custody was accepted, the one that was in force at the first acceptance, for
    /// good, however often it passes there. `None` where it was never held.
    #[must_use]
    pub fn version_at(&self, node: NodeId) -> Option<&str> {
        if node == self.home {
            return Some(&self.policy);
        }
        self.versions.get(&node).map(String::as_str)
    }

    /// An offer of custody to `me` that is still open.
    #[must_use]
    pub fn offer_to(&self, me: NodeId) -> Option<&OpenOffer> {
        match &self.custody {
            Custody::With { offer: Some(open), .. } if open.to == me => Some(open),
            Custody::With { .. } | Custody::Here {} | Custody::Offered { .. } => None,
        }
    }

    /// The node before `me` on the trail, from which `me` got it: below, or above where it was handed
    /// down.
    #[must_use]
    pub fn below(&self, me: NodeId) -> Option<NodeId> {
        let at = self.trail.iter().position(|node| *node == me)?;
        at.checked_sub(1).map(|below| self.trail[below])
    }

    /// The call of a unit.
    #[must_use]
    pub fn call_of(&self, unit: NodeId) -> Option<&UnitCall> {
        self.units.iter().find(|call| call.node == unit)
    }

    /// The rates it is left out of.
    #[must_use]
    pub fn excluded(&self) -> BTreeSet<Rate> {
        self.exclusions.iter().map(|made| made.rate).collect()
    }

    /// Whether a node that takes part is of the case's own line, and not a unit that was called.
    #[must_use]
    pub fn is_of_line(&self, node: NodeId) -> bool {
        self.home == node || self.trail.contains(&node) || self.call_of(node).is_none()
    }

    /// Whether nothing more is to be done.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.phase.is_end()
    }
}
