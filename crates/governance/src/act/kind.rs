//! The kinds of act, by name and by number.

use record::Kind;
use serde::{Deserialize, Serialize};

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
    HandDown = 0x1105 "hand_down" "Offers custody to a node below, with a request.";
    AcceptCustody = 0x1103 "accept_custody" "Takes custody.";
    RefuseCustody = 0x1104 "refuse_custody" "Does not take custody.";
    Whistle = 0x1201 "whistle" "Calls member units.";
    ReportIn = 0x1202 "report_in" "A called unit reports in.";
    UnitResult = 0x1203 "unit_result" "A called unit says what it did.";
    Check = 0x1010 "check" "Looks into the matter before it is taken on.";
    Transfer = 0x1011 "transfer" "Gives it to another person.";
    Redispatch = 0x1012 "redispatch" "The person it was given to gives it on.";
    Object = 0x1013 "object" "Objects to a dispatch.";
    RuleObjection = 0x1014 "rule_objection" "Decides on an objection.";
    AskExtension = 0x1015 "ask_extension" "Asks for a later due time.";
    DecideExtension = 0x1016 "decide_extension" "Decides on an extension.";
    Suspend = 0x1017 "suspend" "Puts it off until a review.";
    Resume = 0x1018 "resume" "Goes on with what was put off.";
    Remind = 0x1019 "remind" "Presses for it.";
    Supervise = 0x101a "supervise" "Puts it under supervision.";
    CallBack = 0x101b "call_back" "Asks the reporter afterwards.";
    WriteOff = 0x101c "write_off" "Writes it off in a ledger.";
    Merge = 0x101d "merge" "Treats it together with another case.";
    Split = 0x101e "split" "Takes it out of a merger.";
    Withdraw = 0x101f "withdraw" "The reporter takes it back.";
    Exclude = 0x1020 "exclude" "Leaves it out of a rate.";
    Score = 0x1204 "score" "Scores the other side of a whistle.";
    Convene = 0x1205 "convene" "Calls a task force.";
    Mediate = 0x1301 "mediate" "Opens a mediation.";
    Session = 0x1302 "session" "A mediation's session was held.";
    Agreement = 0x1303 "agreement" "Ends the mediation.";
    Erase = 0x1401 "erase" "Erases people's words and data, everywhere.";
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
        matches!(
            self,
            Self::ReportIn
                | Self::UnitResult
                | Self::Remind
                | Self::Supervise
                | Self::Score
                | Self::Exclude
        )
    }
}
