//! What people do with a case: every act by name, what it says, and how it becomes the fields of a
//! record. Which role may do it from which stage is policy, not here.

mod body;
mod kind;
mod photo;

use std::collections::BTreeMap;

use record::{FieldId, NodeId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

pub use body::{Body, FieldProblem, is_unseen, text};
pub use kind::ActKind;
pub use photo::{MAX_PHOTO_BYTES, MAX_PHOTOS, Media, Moment, PHOTO_FIELDS, Photo, read_photos};

use crate::territory::Point;

/// The fields of a body, by number, as canonical CBOR.
pub type FieldValues = BTreeMap<FieldId, Vec<u8>>;

/// Longest title, in characters.
pub const MAX_TITLE: usize = 200;
/// Longest description, in characters; real complaints reach about 7,000.
pub const MAX_DESCRIPTION: usize = 10_000;
/// Longest reason, opinion, note or request, in characters.
pub const MAX_TEXT: usize = 4_000;
/// Longest address, name or telephone number, in characters.
pub const MAX_LINE: usize = 200;
/// Longest key of a source of reports.
pub const MAX_SOURCE: usize = 32;
/// Most mediators of one dispute.
pub const MAX_MEDIATORS: usize = 16;
/// Most member units in one whistle.
pub const MAX_UNITS: usize = 16;

/// An act on a case, as staff, residents and nodes put it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Opens a case.
    Report(Box<Report>),
    /// Takes the report on.
    Accept {},
    /// Does not take it on (不予受理), and says where to go instead.
    Refuse {
        /// Why.
        reason: String,
        /// Where to go instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead: Option<String>,
    },
    /// Sorts: category, difficulty, importance and urgency (C2, C3).
    Triage(Triage),
    /// Deals with it at once, on the spot (C2, C10).
    SettleOnSpot {
        /// What was done.
        opinion: String,
        /// What it looks like.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<Photo>,
    },
    /// Hands it to the next level inside this jurisdiction: grid → community.
    HandUp {
        /// Why the level below could not finish it.
        reason: String,
    },
    /// Gives it to a person.
    Dispatch {
        /// The person.
        assignee: Subject,
    },
    /// The person takes it.
    Take {},
    /// Gives it back, with a reason; counted.
    Return {
        /// Why.
        reason: String,
    },
    /// Notes how it goes.
    Progress {
        /// The note.
        note: String,
        /// What it looks like.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<Photo>,
    },
    /// Deals with it.
    Handle {
        /// What was done.
        opinion: String,
        /// What it looks like.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<Photo>,
    },
    /// Whoever reported says whether it is solved (C7).
    Verify {
        /// Whether it is solved.
        solved: bool,
        /// How satisfied they are, 1 to 5; separate from `solved`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        satisfaction: Option<u8>,
        /// What it looks like.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<Photo>,
    },
    /// Ends it. Whether it was in time is reckoned, not claimed.
    Close {
        /// By a decision, without being settled.
        #[serde(default)]
        special: bool,
    },
    /// Takes it up again; counted.
    Reopen {
        /// Why.
        reason: String,
    },
    /// Offers custody to the node above (the baton).
    Escalate {
        /// Why this level can't finish it.
        reason: String,
    },
    /// Offers custody back to the node it came from.
    SendHome {
        /// Whether it was dealt with.
        done: bool,
        /// What was done, or why not.
        opinion: String,
    },
    /// Offers custody to a node below, which is to do something.
    HandDown {
        /// The node.
        to: NodeId,
        /// What it is asked to do.
        request: String,
    },
    /// Takes custody.
    AcceptCustody {},
    /// Does not take custody, with a reason.
    RefuseCustody {
        /// Why.
        reason: String,
    },
    /// Calls member units of the big work committee: 街道吹哨 (C5).
    Whistle(Whistle),
    /// A called unit reports in: 部门报到 (C5).
    ReportIn {},
    /// A called unit says what it did.
    UnitResult {
        /// What was done.
        opinion: String,
        /// What it looks like.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<Photo>,
    },
    /// Looks into the matter before it is taken on (核实).
    Check {
        /// Whether it is as reported.
        found: bool,
        /// What was seen.
        note: String,
        /// What it looks like.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<Photo>,
    },
    /// Gives it to another person (转办).
    Transfer {
        /// The person.
        assignee: Subject,
        /// Why.
        reason: String,
    },
    /// The person it was given to gives it on (二次派遣).
    Redispatch {
        /// The person.
        assignee: Subject,
    },
    /// The person it was given to holds that it is not theirs (派单异议).
    Object {
        /// Why.
        reason: String,
    },
    /// Decides on an objection; one that is upheld counts as a wrong dispatch.
    RuleObjection {
        /// Whether it was right.
        upheld: bool,
        /// Why.
        reason: String,
    },
    /// Asks for a later due time, before the present one.
    AskExtension {
        /// The due time asked for.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Decides on an extension.
    DecideExtension {
        /// Whether it is granted.
        granted: bool,
        /// Why.
        reason: String,
    },
    /// Puts it off until it is looked at again (挂账).
    Suspend {
        /// When it is to be looked at again.
        review: Timestamp,
        /// Why.
        reason: String,
    },
    /// Goes on with what was put off.
    Resume {
        /// Why.
        reason: String,
    },
    /// Presses for it (催办).
    Remind {
        /// What is pressed for.
        note: String,
    },
    /// Puts it under supervision (督办).
    Supervise {
        /// What is demanded.
        note: String,
    },
    /// Asks the reporter afterwards (回访); solved and satisfied are separate scores.
    CallBack(CallBack),
    /// Writes a closed case off in a ledger (销账).
    WriteOff {
        /// The ledger and the entry in it.
        ledger: String,
    },
    /// Treats it together with another case that is about the same matter (并单). Its reporter,
    /// their call-back and its clock stay its own.
    Merge {
        /// The other case.
        into: Subject,
    },
    /// Takes it out of a merger again (拆单).
    Split {
        /// Why.
        reason: String,
    },
    /// The reporter takes the report back.
    Withdraw {
        /// Why.
        reason: String,
    },
    /// Leaves it out of a rate (剔除), visibly.
    Exclude {
        /// The rate.
        rate: Rate,
        /// The ground: a key of the policy's `[[rates.exclusion]]`.
        exclusion: String,
        /// Why it applies here.
        reason: String,
    },
    /// Scores the other side of a whistle (C5).
    Score {
        /// Who is scored.
        node: NodeId,
        /// 1 to 5.
        points: u8,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Calls a task force (专班) of units and of nodes below (C6).
    Convene(Whistle),
    /// Opens a mediation (C11).
    Mediate {
        /// How serious the dispute is: a severity of the policy (C4).
        severity: String,
        /// Who mediates.
        mediators: Vec<Subject>,
    },
    /// A session of the mediation was held.
    Session {
        /// When.
        held: Timestamp,
        /// What came of it.
        note: String,
        /// What it looks like.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<Photo>,
    },
    /// Ends the mediation.
    Agreement {
        /// Whether the parties agreed.
        reached: bool,
        /// The agreement, or why there is none. Stays home.
        text: String,
        /// Its pages. They stay home, too.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        photos: Vec<Photo>,
    },
    /// Erases what people wrote and who they are, here and at every node that was given any of it
    /// (PIPL art. 47). Codes, times and signatures stay.
    Erase {
        /// Why it has to be.
        ground: Erasing,
    },
}

/// Why personal information is to be erased (PIPL art. 47).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Erasing {
    /// Whoever it is about asks for it, or withdraws their consent.
    Request,
    /// The period for which policy keeps it is over.
    Retention,
    /// It should not have been taken.
    Unlawful,
}

/// What the reporter said when asked afterwards.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallBack {
    /// Whether they could be reached. A call-back counts only where they were.
    pub reached: bool,
    /// Whether the matter is solved in their eyes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solved: Option<bool>,
    /// Whether they are satisfied with how it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfied: Option<bool>,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One of the three rates (三率).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// 响应率: answered in time.
    Response,
    /// 解决率: solved.
    Solved,
    /// 满意率: satisfied.
    Satisfied,
}

/// What a report says.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// A line that names the matter.
    pub title: String,
    /// The matter in the reporter's words.
    pub description: String,
    /// How it came in: a channel of the policy.
    pub channel: String,
    /// Category code, if known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The grid or building, by its id in this node's territory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Subject>,
    /// Where it is, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where it is, WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// When it was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened: Option<Timestamp>,
    /// The reporter's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    /// The reporter's telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_phone: Option<String>,
    /// People involved, in words. Stays home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involved: Option<String>,
    /// What it looks like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photo>,
}

/// Where a report came from that another system had first: a hotline's work order, a message board
/// (C9). One number of one source is one case, for ever.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    /// Key of the mapping, `[a-z0-9-]{1,32}`.
    pub source: String,
    /// The source's own number of it, or a digest of its content where the source gives none.
    pub number: String,
}

/// What sorting says; what is absent stays as it was.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triage {
    /// Category code of the policy's table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Difficulty class (C2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Importance 1 to 3 (C3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance: Option<u8>,
    /// Urgency 1 to 3 (C3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<u8>,
    /// Where it lies, for a report whose point or address told no grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Subject>,
}

/// Which units are called and what for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whistle {
    /// The unit that leads.
    pub lead: NodeId,
    /// The units that assist.
    #[serde(default)]
    pub assist: Vec<NodeId>,
    /// What they are asked to do.
    pub request: String,
}

/// Difficulty class (C2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Grade {
    /// Small: cleared at once.
    A,
    /// Middling: cleared daily.
    B,
    /// Hard.
    C,
}

/// How a case ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// In time.
    Normal,
    /// After its clock ran out.
    Overtime,
    /// By a decision, without being settled.
    Special,
}

impl Closing {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Overtime, Self::Special];

    /// The name that records and the API use.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Overtime => "overtime",
            Self::Special => "special",
        }
    }
}

/// Lead or assist in a whistle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Leads.
    Lead,
    /// Assists.
    Assist,
}
