//! What each act says, as inputs of a form. Which acts there are for whom is not decided here.

use governance::act::ActKind;

/// An input of a form, by the name that the API gives its field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Input {
    /// Words, at most so many characters.
    Words(&'static str, usize),
    /// A line of words that may be left out.
    Line(&'static str),
    /// Yes or no; which of them comes first is the usual answer.
    Choice(&'static str),
    /// Yes, no, or nothing said.
    Maybe(&'static str),
    /// A moment.
    Moment(&'static str),
    /// Photos, and whether they show it before or after.
    Photos(&'static str),
    /// One of the staff.
    Person,
    /// Some of the staff.
    Mediators,
    /// Another case, by its number or address.
    Case,
    Category,
    Grade,
    /// A number up to so many.
    Scale(&'static str, u8),
    Place,
    /// A leading unit and others.
    Units,
    /// As units, and nodes below.
    Force,
    /// A node below.
    Below,
    Severity,
    Rate,
    Exclusion,
    Side,
    /// Why people's words are erased.
    Ground,
}

const REASON: Input = Input::Words("reason", 4_000);
const OPINION: Input = Input::Words("opinion", 4_000);
const NOTE: Input = Input::Words("note", 4_000);
const AFTER: Input = Input::Photos("after");
const BEFORE: Input = Input::Photos("before");

/// The inputs of an act's form, in order.
pub(crate) fn inputs(act: ActKind) -> &'static [Input] {
    match act {
        // A report has a page of its own.
        ActKind::Report
        | ActKind::Accept
        | ActKind::Take
        | ActKind::AcceptCustody
        | ActKind::ReportIn => &[],
        ActKind::Refuse => &[REASON, Input::Line("instead")],
        ActKind::Triage => &[
            Input::Category,
            Input::Grade,
            Input::Scale("importance", 3),
            Input::Scale("urgency", 3),
            Input::Place,
        ],
        ActKind::SettleOnSpot | ActKind::Handle | ActKind::UnitResult => &[OPINION, AFTER],
        ActKind::HandUp
        | ActKind::Return
        | ActKind::Reopen
        | ActKind::Escalate
        | ActKind::RefuseCustody
        | ActKind::Object
        | ActKind::Resume
        | ActKind::Split
        | ActKind::Withdraw => &[REASON],
        ActKind::Dispatch | ActKind::Redispatch => &[Input::Person],
        ActKind::Transfer => &[Input::Person, REASON],
        ActKind::Progress => &[NOTE, BEFORE],
        ActKind::Check => &[Input::Choice("found"), NOTE, BEFORE],
        ActKind::Verify => &[Input::Choice("solved"), Input::Scale("satisfaction", 5), AFTER],
        ActKind::Close => &[Input::Choice("special")],
        ActKind::SendHome => &[Input::Choice("done"), OPINION],
        ActKind::RuleObjection => &[Input::Choice("upheld"), REASON],
        ActKind::AskExtension => &[Input::Moment("until"), REASON],
        ActKind::DecideExtension => &[Input::Choice("granted"), REASON],
        ActKind::Suspend => &[Input::Moment("review"), REASON],
        ActKind::Remind | ActKind::Supervise => &[NOTE],
        ActKind::CallBack => &[
            Input::Choice("reached"),
            Input::Maybe("solved"),
            Input::Maybe("satisfied"),
            Input::Line("note"),
        ],
        ActKind::WriteOff => &[Input::Words("ledger", 200)],
        ActKind::Merge => &[Input::Case],
        ActKind::Exclude => &[Input::Rate, Input::Exclusion, REASON],
        ActKind::Score => &[Input::Side, Input::Scale("points", 5), Input::Line("note")],
        ActKind::Whistle => &[Input::Units, Input::Words("request", 4_000)],
        ActKind::Convene => &[Input::Force, Input::Words("request", 4_000)],
        ActKind::HandDown => &[Input::Below, Input::Words("request", 4_000)],
        ActKind::Mediate => &[Input::Severity, Input::Mediators],
        ActKind::Session => &[Input::Moment("held"), NOTE, BEFORE],
        ActKind::Erase => &[Input::Ground],
        ActKind::Agreement => &[Input::Choice("reached"), Input::Words("text", 4_000), AFTER],
    }
}

/// Whether an act is offered first: it moves the case on. The others are folded away.
pub(crate) fn is_forward(act: ActKind) -> bool {
    matches!(
        act,
        ActKind::Accept
            | ActKind::SettleOnSpot
            | ActKind::HandUp
            | ActKind::Dispatch
            | ActKind::Take
            | ActKind::Handle
            | ActKind::Verify
            | ActKind::Close
            | ActKind::Escalate
            | ActKind::SendHome
            | ActKind::HandDown
            | ActKind::AcceptCustody
            | ActKind::RefuseCustody
            | ActKind::Whistle
            | ActKind::ReportIn
            | ActKind::UnitResult
            | ActKind::RuleObjection
            | ActKind::DecideExtension
            | ActKind::Resume
            | ActKind::CallBack
            | ActKind::Agreement
    )
}
