//! What a record changes, read from its structural fields alone, so that a node that was given
//! only some of the words can follow a case as exactly as the one that holds all of them.

use record::{FieldError, FieldId, Fields, NodeId, RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::act::{ActKind, Closing, Grade, Part, Rate};
use crate::area::AreaCode;
use crate::field;

/// The fixed phases to which every policy maps its stages, so that nodes with different policies
/// can count together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Reported, not yet taken on (待受理).
    Intake,
    /// Taken on, not yet given to anyone (立案).
    Accepted,
    /// Given to someone (派遣).
    Assigned,
    /// Being dealt with (处理中).
    Handling,
    /// Dealt with, to be verified (核查).
    Verifying,
    /// Verified, to be closed.
    Closing,
    /// Closed (结案).
    Closed,
    /// Not taken on (不予受理).
    Refused,
    /// Put off until a review (挂账、缓办).
    Suspended,
    /// Treated together with another case (并单); it ends by its own reporter's word.
    Merged,
    /// Taken back by its reporter (作废).
    Withdrawn,
}

impl Phase {
    /// Whether nothing more is to be done.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Closed | Self::Refused | Self::Withdrawn)
    }

    /// The name that policies and the API use.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Accepted => "accepted",
            Self::Assigned => "assigned",
            Self::Handling => "handling",
            Self::Verifying => "verifying",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Refused => "refused",
            Self::Suspended => "suspended",
            Self::Merged => "merged",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Where a case stands after a holder's act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Stage: a key of the holder's policy.
    pub stage: String,
    /// The phase of that stage.
    pub phase: Phase,
    /// The level that is responsible.
    pub level: String,
    /// When the stage's clock runs out, if it has one.
    pub due: Option<Timestamp>,
}

/// What opening a case fixes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening {
    /// The number people use.
    pub number: String,
    /// Version of the policy the case begins and stays with.
    pub policy: String,
    /// How it came in.
    pub channel: String,
    /// Category code, if known.
    pub category: Option<String>,
    /// Code of the grid.
    pub grid: Option<AreaCode>,
    /// Place in the home node's territory.
    pub place: Option<Subject>,
    /// Opaque id of who reported.
    pub reporter: Option<Subject>,
    /// When it was observed.
    pub happened: Option<Timestamp>,
    /// Key of the source that had it first (C9).
    pub source: Option<String>,
}

/// What a record changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// The case begins.
    Opened(Box<Opening>),
    /// Taken on.
    Accepted,
    /// Not taken on.
    Refused,
    /// Sorted.
    Sorted {
        /// Category code.
        category: Option<String>,
        /// Difficulty.
        grade: Option<Grade>,
        /// Importance 1 to 3.
        importance: Option<u8>,
        /// Urgency 1 to 3.
        urgency: Option<u8>,
        /// Where it lies, where it was placed.
        place: Option<Subject>,
        /// Code of the grid of that place.
        grid: Option<AreaCode>,
    },
    /// Dealt with, at this level.
    Settled {
        /// The level, or `department` where units did it.
        level: String,
    },
    /// Handed to the level that the outcome names.
    HandedUp,
    /// Given to a person.
    Dispatched {
        /// The person.
        assignee: Subject,
    },
    /// The person took it.
    Taken,
    /// Given back.
    Returned,
    /// A note was made.
    Noted,
    /// The reporter has said.
    Verified {
        /// Whether it is solved.
        solved: bool,
        /// Satisfaction 1 to 5.
        satisfaction: Option<u8>,
    },
    /// Ended.
    Closed {
        /// How.
        closing: Closing,
    },
    /// Taken up again.
    Reopened,
    /// Custody is offered upward.
    OfferedUp {
        /// To this node.
        to: NodeId,
    },
    /// Custody is offered to a node below.
    OfferedDown {
        /// To this node.
        to: NodeId,
    },
    /// Custody is offered back.
    OfferedHome {
        /// To this node.
        to: NodeId,
        /// Whether the case was dealt with.
        done: bool,
    },
    /// Custody is taken.
    CustodyAccepted {
        /// By this offer.
        offer: RecordId,
        /// Version of the policy that rules the case there; records of the first days have none.
        policy: Option<String>,
    },
    /// Custody is not taken.
    CustodyRefused {
        /// This offer.
        offer: RecordId,
    },
    /// Member units are called.
    Called {
        /// The units, the lead first.
        units: Vec<(NodeId, Part)>,
        /// Until when they must report in.
        report_in_by: Option<Timestamp>,
    },
    /// A unit reported in.
    ReportedIn,
    /// A unit has done its part.
    UnitDone,
    /// Looked into before it was taken on.
    Checked {
        /// Whether it is as reported.
        found: bool,
    },
    /// Given to another person: by whoever gives out the work, or by the person who had it.
    Transferred {
        /// The person.
        assignee: Subject,
    },
    /// A dispatch was objected to.
    Objected,
    /// An objection was decided.
    ObjectionRuled {
        /// Whether it was right.
        upheld: bool,
    },
    /// A later due time was asked for.
    ExtensionAsked {
        /// The due time asked for.
        until: Timestamp,
    },
    /// An extension was decided; the outcome has the due time.
    ExtensionDecided {
        /// Whether it was granted.
        granted: bool,
    },
    /// Put off.
    Suspended {
        /// Until this review.
        review: Timestamp,
    },
    /// Goes on.
    Resumed,
    /// Pressed for.
    Reminded,
    /// Put under supervision.
    Supervised,
    /// The reporter was asked afterwards.
    CalledBack {
        /// Whether they could be reached.
        reached: bool,
        /// Whether it is solved in their eyes.
        solved: Option<bool>,
        /// Whether they are satisfied.
        satisfied: Option<bool>,
    },
    /// Written off.
    WrittenOff,
    /// Treated together with another.
    Merged {
        /// The other case.
        into: Subject,
    },
    /// Taken out of a merger.
    Split,
    /// Taken back by the reporter.
    Withdrawn,
    /// Left out of a rate.
    Excluded {
        /// The rate.
        rate: Rate,
        /// The ground: a key of the policy. Older records have it in words only.
        ground: Option<String>,
    },
    /// One side of a whistle was scored by the other.
    Scored {
        /// Who was scored.
        node: NodeId,
        /// 1 to 5.
        points: u8,
    },
    /// A mediation was opened.
    MediationOpened {
        /// How serious the dispute is.
        severity: String,
        /// Who mediates.
        mediators: Vec<Subject>,
    },
    /// A session was held.
    SessionHeld {
        /// When.
        held: Timestamp,
    },
    /// The mediation ended.
    MediationEnded {
        /// Whether the parties agreed.
        agreed: bool,
        /// Where that settled it, if it did.
        settled: Option<String>,
    },
    /// People's words and data are erased.
    Erased,
}

/// Why a record's change could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A field that decides what happens was not disclosed or not there.
    #[error(
        "field {0} is missing: a record is shared with all its structural fields or not at all"
    )]
    Missing(&'static str),
    /// A field's value has the wrong type.
    #[error("field {field} is malformed")]
    Malformed {
        /// The field's name.
        field: &'static str,
        /// Why.
        #[source]
        source: FieldError,
    },
    /// A field that is kept with the case has more bytes than any code, number or list needs.
    #[error("field {field} has {bytes} bytes; at most {MAX_BYTES}")]
    TooLarge {
        /// The field's name.
        field: &'static str,
        /// Of its value in CBOR.
        bytes: usize,
    },
}

/// Most bytes, in CBOR, of a field that a case keeps: keys, numbers, ids and short lists of them.
/// A neighbour signs what it likes; the case's row has to stay small (S13).
pub const MAX_BYTES: usize = 2 * 1024;

impl Outcome {
    /// Reads the outcome of a holder's act.
    ///
    /// # Errors
    /// [`ChangeError`] when it is not whole.
    pub fn read(fields: &Fields) -> Result<Self, ChangeError> {
        Ok(Self {
            stage: required(fields, field::STAGE)?,
            phase: required(fields, field::PHASE)?,
            level: required(fields, field::LEVEL)?,
            due: optional(fields, field::DUE)?,
        })
    }
}

impl Change {
    /// Reads what an act of this kind changes.
    ///
    /// # Errors
    /// [`ChangeError`] when a structural field is missing or malformed.
    pub fn read(kind: ActKind, fields: &Fields) -> Result<Self, ChangeError> {
        Ok(match kind {
            ActKind::Report => Self::Opened(Box::new(Opening::read(fields)?)),
            ActKind::Accept => Self::Accepted,
            ActKind::Refuse => Self::Refused,
            ActKind::Triage => Self::Sorted {
                category: optional(fields, field::CATEGORY)?,
                grade: optional(fields, field::GRADE)?,
                importance: optional(fields, field::IMPORTANCE)?,
                urgency: optional(fields, field::URGENCY)?,
                place: optional(fields, field::PLACE)?,
                grid: optional(fields, field::GRID)?,
            },
            ActKind::SettleOnSpot | ActKind::Handle => {
                Self::Settled { level: required(fields, field::SETTLED)? }
            }
            ActKind::HandUp => Self::HandedUp,
            ActKind::Dispatch => Self::Dispatched { assignee: required(fields, field::ASSIGNEE)? },
            ActKind::Take => Self::Taken,
            ActKind::Return => Self::Returned,
            ActKind::Progress => Self::Noted,
            ActKind::Verify => Self::Verified {
                solved: required(fields, field::SOLVED)?,
                satisfaction: optional(fields, field::SATISFACTION)?,
            },
            ActKind::Close => Self::Closed { closing: required(fields, field::CLOSING)? },
            ActKind::Reopen => Self::Reopened,
            ActKind::Escalate => Self::OfferedUp { to: required(fields, field::TO)? },
            ActKind::HandDown => Self::OfferedDown { to: required(fields, field::TO)? },
            ActKind::SendHome => Self::OfferedHome {
                to: required(fields, field::TO)?,
                done: required(fields, field::DONE)?,
            },
            ActKind::AcceptCustody => {
                let policy = optional(fields, field::POLICY)?;
                Self::CustodyAccepted { offer: required(fields, field::OFFER)?, policy }
            }
            ActKind::RefuseCustody => {
                Self::CustodyRefused { offer: required(fields, field::OFFER)? }
            }
            ActKind::Whistle | ActKind::Convene => Self::Called {
                units: required(fields, field::UNITS)?,
                report_in_by: optional(fields, field::REPORT_IN_BY)?,
            },
            ActKind::ReportIn => Self::ReportedIn,
            ActKind::UnitResult => Self::UnitDone,
            ActKind::Check => Self::Checked { found: required(fields, field::FOUND)? },
            ActKind::Transfer | ActKind::Redispatch => {
                Self::Transferred { assignee: required(fields, field::ASSIGNEE)? }
            }
            ActKind::Object => Self::Objected,
            ActKind::RuleObjection => {
                Self::ObjectionRuled { upheld: required(fields, field::UPHELD)? }
            }
            ActKind::AskExtension => {
                Self::ExtensionAsked { until: required(fields, field::ASKED_UNTIL)? }
            }
            ActKind::DecideExtension => {
                Self::ExtensionDecided { granted: required(fields, field::GRANTED)? }
            }
            ActKind::Suspend => Self::Suspended { review: required(fields, field::REVIEW)? },
            ActKind::Resume => Self::Resumed,
            ActKind::Remind => Self::Reminded,
            ActKind::Supervise => Self::Supervised,
            ActKind::CallBack => Self::CalledBack {
                reached: required(fields, field::REACHED)?,
                solved: optional(fields, field::SOLVED)?,
                satisfied: optional(fields, field::SATISFIED)?,
            },
            ActKind::WriteOff => Self::WrittenOff,
            ActKind::Merge => Self::Merged { into: required(fields, field::INTO)? },
            ActKind::Split => Self::Split,
            ActKind::Withdraw => Self::Withdrawn,
            ActKind::Exclude => Self::Excluded {
                rate: required(fields, field::RATE)?,
                ground: optional(fields, field::EXCLUSION)?,
            },
            ActKind::Score => Self::Scored {
                node: required(fields, field::SCORED)?,
                points: required(fields, field::POINTS)?,
            },
            ActKind::Mediate => Self::MediationOpened {
                severity: required(fields, field::SEVERITY)?,
                mediators: required(fields, field::MEDIATORS)?,
            },
            ActKind::Session => Self::SessionHeld { held: required(fields, field::HELD)? },
            ActKind::Agreement => Self::MediationEnded {
                agreed: required(fields, field::AGREED)?,
                settled: optional(fields, field::SETTLED)?,
            },
            ActKind::Erase => Self::Erased,
        })
    }
}

impl Opening {
    fn read(fields: &Fields) -> Result<Self, ChangeError> {
        Ok(Self {
            number: required(fields, field::NUMBER)?,
            policy: required(fields, field::POLICY)?,
            channel: required(fields, field::CHANNEL)?,
            category: optional(fields, field::CATEGORY)?,
            grid: optional(fields, field::GRID)?,
            place: optional(fields, field::PLACE)?,
            reporter: optional(fields, field::REPORTER)?,
            happened: optional(fields, field::HAPPENED)?,
            source: optional(fields, field::SOURCE)?,
        })
    }
}

fn required<T: DeserializeOwned + Serialize>(
    fields: &Fields,
    id: FieldId,
) -> Result<T, ChangeError> {
    optional(fields, id)?.ok_or(ChangeError::Missing(name(id)))
}

fn optional<T: DeserializeOwned + Serialize>(
    fields: &Fields,
    id: FieldId,
) -> Result<Option<T>, ChangeError> {
    let bytes = fields.raw(id).map_or(0, <[u8]>::len);
    if bytes > MAX_BYTES {
        return Err(ChangeError::TooLarge { field: name(id), bytes });
    }
    fields.get(id).map_err(|source| ChangeError::Malformed { field: name(id), source })
}

fn name(id: FieldId) -> &'static str {
    field::by_id(id).map_or("unknown", |entry| entry.key)
}
