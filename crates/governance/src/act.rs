//! What people do with a case: every act by name, what it says, and how it becomes the fields of a
//! record. Which role may do it from which stage is policy, not here.

use std::collections::BTreeMap;

use record::{FieldId, Kind, NodeId, Subject, Timestamp, cbor};
use serde::{Deserialize, Serialize};

use crate::field;
use crate::territory::Point;

/// Longest title, in characters.
pub const MAX_TITLE: usize = 200;
/// Longest description, in characters; real complaints reach about 7,000.
pub const MAX_DESCRIPTION: usize = 10_000;
/// Longest reason, opinion, note or request, in characters.
pub const MAX_TEXT: usize = 4_000;
/// Longest address, name or telephone number, in characters.
pub const MAX_LINE: usize = 200;
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
    },
    /// Deals with it.
    Handle {
        /// What was done.
        opinion: String,
    },
    /// Whoever reported says whether it is solved (C7).
    Verify {
        /// Whether it is solved.
        solved: bool,
        /// How satisfied they are, 1 to 5; separate from `solved`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        satisfaction: Option<u8>,
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
    },
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

/// Lead or assist in a whistle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Leads.
    Lead,
    /// Assists.
    Assist,
}

macro_rules! act_kinds {
    ($($name:ident = $number:literal $key:literal $doc:literal;)*) => {
        /// The kinds of act, by the number in a record's header. Never reuse a number.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ActKind {
            $(#[doc = $doc] $name = $number,)*
        }

        impl ActKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name that policies and the API use.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// The kind with this record number.
            #[must_use]
            pub fn from_kind(kind: Kind) -> Option<Self> {
                match kind.0 { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

act_kinds! {
    Report = 0x1001 "report" "Opens a case.";
    Accept = 0x1002 "accept" "Takes the report on.";
    Refuse = 0x1003 "refuse" "Does not take it on.";
    Triage = 0x1004 "triage" "Sorts it.";
    SettleOnSpot = 0x1005 "settle_on_spot" "Deals with it on the spot.";
    HandUp = 0x1006 "hand_up" "Hands it to the next level inside the jurisdiction.";
    Dispatch = 0x1007 "dispatch" "Gives it to a person.";
    Take = 0x1008 "take" "The person takes it.";
    Return = 0x1009 "return" "Gives it back.";
    Progress = 0x100a "progress" "Notes how it goes.";
    Handle = 0x100b "handle" "Deals with it.";
    Verify = 0x100c "verify" "Whoever reported says whether it is solved.";
    Close = 0x100d "close" "Ends it.";
    Reopen = 0x100e "reopen" "Takes it up again.";
    Escalate = 0x1101 "escalate" "Offers custody to the node above.";
    SendHome = 0x1102 "send_home" "Offers custody back.";
    AcceptCustody = 0x1103 "accept_custody" "Takes custody.";
    RefuseCustody = 0x1104 "refuse_custody" "Does not take custody.";
    Whistle = 0x1201 "whistle" "Calls member units.";
    ReportIn = 0x1202 "report_in" "A called unit reports in.";
    UnitResult = 0x1203 "unit_result" "A called unit says what it did.";
}

impl ActKind {
    /// The number in a record's header.
    #[must_use]
    pub fn kind(self) -> Kind {
        Kind(self as u16)
    }

    /// Whether it adds to a case without moving it, so that nodes other than the holder may do it.
    #[must_use]
    pub fn is_contribution(self) -> bool {
        matches!(self, Self::ReportIn | Self::UnitResult)
    }
}

/// A field value over its bound or of the wrong form.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field}: {what}")]
pub struct FieldProblem {
    /// The field's name in the registry.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub what: String,
}

/// The fields of a body, by number, as canonical CBOR.
pub type FieldValues = BTreeMap<FieldId, Vec<u8>>;

impl Act {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ActKind {
        match self {
            Self::Report(_) => ActKind::Report,
            Self::Accept {} => ActKind::Accept,
            Self::Refuse { .. } => ActKind::Refuse,
            Self::Triage(_) => ActKind::Triage,
            Self::SettleOnSpot { .. } => ActKind::SettleOnSpot,
            Self::HandUp { .. } => ActKind::HandUp,
            Self::Dispatch { .. } => ActKind::Dispatch,
            Self::Take {} => ActKind::Take,
            Self::Return { .. } => ActKind::Return,
            Self::Progress { .. } => ActKind::Progress,
            Self::Handle { .. } => ActKind::Handle,
            Self::Verify { .. } => ActKind::Verify,
            Self::Close { .. } => ActKind::Close,
            Self::Reopen { .. } => ActKind::Reopen,
            Self::Escalate { .. } => ActKind::Escalate,
            Self::SendHome { .. } => ActKind::SendHome,
            Self::AcceptCustody {} => ActKind::AcceptCustody,
            Self::RefuseCustody { .. } => ActKind::RefuseCustody,
            Self::Whistle(_) => ActKind::Whistle,
            Self::ReportIn {} => ActKind::ReportIn,
            Self::UnitResult { .. } => ActKind::UnitResult,
        }
    }

    /// Checks every value against its bounds.
    ///
    /// # Errors
    /// The first field that is empty, too long, holds control characters or is out of range.
    pub fn check(&self) -> Result<(), FieldProblem> {
        match self {
            Self::Report(report) => report.check(),
            Self::Triage(triage) => triage.check(),
            Self::Whistle(whistle) => whistle.check(),
            Self::Refuse { reason, instead } => {
                text(field::REASON, reason, MAX_TEXT)?;
                optional(field::INSTEAD, instead.as_ref(), MAX_TEXT)
            }
            Self::HandUp { reason }
            | Self::Return { reason }
            | Self::Reopen { reason }
            | Self::Escalate { reason }
            | Self::RefuseCustody { reason } => text(field::REASON, reason, MAX_TEXT),
            Self::SettleOnSpot { opinion }
            | Self::Handle { opinion }
            | Self::SendHome { opinion, .. }
            | Self::UnitResult { opinion } => text(field::OPINION, opinion, MAX_TEXT),
            Self::Progress { note } => text(field::NOTE, note, MAX_TEXT),
            Self::Verify { satisfaction, .. } => range(field::SATISFACTION, *satisfaction, 1, 5),
            Self::Accept {}
            | Self::Dispatch { .. }
            | Self::Take {}
            | Self::Close { .. }
            | Self::AcceptCustody {}
            | Self::ReportIn {} => Ok(()),
        }
    }

    /// What the act itself puts into the record's body. The outcome (stage, level, clock …) is
    /// added by [`crate::authorize::decide`].
    #[must_use]
    pub fn fields(&self) -> FieldValues {
        let mut body = Body::default();
        match self {
            Self::Report(report) => report.write(&mut body),
            Self::Triage(triage) => triage.write(&mut body),
            Self::Whistle(whistle) => {
                body.put(field::UNITS, &whistle.parts());
                body.put(field::REQUEST, &whistle.request);
            }
            Self::Refuse { reason, instead } => {
                body.put(field::REASON, reason);
                body.put_some(field::INSTEAD, instead.as_ref());
            }
            Self::HandUp { reason }
            | Self::Return { reason }
            | Self::Reopen { reason }
            | Self::Escalate { reason }
            | Self::RefuseCustody { reason } => body.put(field::REASON, reason),
            Self::SettleOnSpot { opinion }
            | Self::Handle { opinion }
            | Self::UnitResult { opinion } => body.put(field::OPINION, opinion),
            Self::SendHome { done, opinion } => {
                body.put(field::DONE, done);
                body.put(field::OPINION, opinion);
            }
            Self::Dispatch { assignee } => body.put(field::ASSIGNEE, assignee),
            Self::Progress { note } => body.put(field::NOTE, note),
            Self::Verify { solved, satisfaction } => {
                body.put(field::SOLVED, solved);
                body.put_some(field::SATISFACTION, satisfaction.as_ref());
            }
            Self::Accept {}
            | Self::Take {}
            | Self::Close { .. }
            | Self::AcceptCustody {}
            | Self::ReportIn {} => {}
        }
        body.0
    }
}

impl Report {
    fn check(&self) -> Result<(), FieldProblem> {
        text(field::TITLE, &self.title, MAX_TITLE)?;
        text(field::DESCRIPTION, &self.description, MAX_DESCRIPTION)?;
        optional(field::ADDRESS, self.address.as_ref(), MAX_LINE)?;
        optional(field::CONTACT_NAME, self.contact_name.as_ref(), MAX_LINE)?;
        optional(field::CONTACT_PHONE, self.contact_phone.as_ref(), MAX_LINE)?;
        optional(field::INVOLVED, self.involved.as_ref(), MAX_TEXT)
    }

    fn write(&self, body: &mut Body) {
        body.put(field::TITLE, &self.title);
        body.put(field::DESCRIPTION, &self.description);
        body.put(field::CHANNEL, &self.channel);
        body.put_some(field::CATEGORY, self.category.as_ref());
        body.put_some(field::PLACE, self.place.as_ref());
        body.put_some(field::ADDRESS, self.address.as_ref());
        body.put_some(field::POINT, self.point.as_ref());
        body.put_some(field::HAPPENED, self.happened.as_ref());
        body.put_some(field::CONTACT_NAME, self.contact_name.as_ref());
        body.put_some(field::CONTACT_PHONE, self.contact_phone.as_ref());
        body.put_some(field::INVOLVED, self.involved.as_ref());
    }
}

impl Triage {
    fn check(&self) -> Result<(), FieldProblem> {
        range(field::IMPORTANCE, self.importance, 1, 3)?;
        range(field::URGENCY, self.urgency, 1, 3)
    }

    fn write(&self, body: &mut Body) {
        body.put_some(field::CATEGORY, self.category.as_ref());
        body.put_some(field::GRADE, self.grade.as_ref());
        body.put_some(field::IMPORTANCE, self.importance.as_ref());
        body.put_some(field::URGENCY, self.urgency.as_ref());
    }
}

impl Whistle {
    fn check(&self) -> Result<(), FieldProblem> {
        if self.assist.len() >= MAX_UNITS {
            return Err(problem(field::UNITS, format!("at most {MAX_UNITS} units")));
        }
        let mut units = self.parts();
        units.sort_by_key(|(node, _)| *node);
        if units.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(problem(field::UNITS, "a unit is named twice".into()));
        }
        text(field::REQUEST, &self.request, MAX_TEXT)
    }

    /// Every unit with its part, the lead first.
    #[must_use]
    pub fn parts(&self) -> Vec<(NodeId, Part)> {
        let assist = self.assist.iter().map(|unit| (*unit, Part::Assist));
        std::iter::once((self.lead, Part::Lead)).chain(assist).collect()
    }
}

/// A body in the making.
#[derive(Default)]
pub struct Body(pub FieldValues);

impl Body {
    /// Puts a value.
    pub fn put<T: Serialize>(&mut self, id: FieldId, value: &T) {
        let bytes = cbor::encode(value).expect("field values are plain data without floats");
        self.0.insert(id, bytes);
    }

    /// Puts a value if there is one: an absent field leaves no trace.
    pub fn put_some<T: Serialize>(&mut self, id: FieldId, value: Option<&T>) {
        if let Some(value) = value {
            self.put(id, value);
        }
    }
}

fn problem(id: FieldId, what: String) -> FieldProblem {
    FieldProblem { field: field::by_id(id).map_or("field", |entry| entry.key), what }
}

/// Checks a text: not blank, at most `most` characters, no control characters but line breaks and
/// tabs.
///
/// # Errors
/// What is wrong with it.
pub fn text(id: FieldId, value: &str, most: usize) -> Result<(), FieldProblem> {
    if value.trim().is_empty() {
        return Err(problem(id, "must not be empty".into()));
    }
    let length = value.chars().count();
    if length > most {
        return Err(problem(id, format!("{length} characters; at most {most}")));
    }
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    match value.chars().position(control) {
        Some(at) => Err(problem(id, format!("control character at position {at}"))),
        None => Ok(()),
    }
}

fn optional(id: FieldId, value: Option<&String>, most: usize) -> Result<(), FieldProblem> {
    value.map_or(Ok(()), |value| text(id, value, most))
}

fn range(id: FieldId, value: Option<u8>, least: u8, most: u8) -> Result<(), FieldProblem> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(problem(id, format!("{value}; must be {least} to {most}")))
        }
        _ => Ok(()),
    }
}
