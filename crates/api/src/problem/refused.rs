//! The engine's refusals as problems: every one by name, so that a new one does not compile until
//! it is given a kind here.

use engine::command::Refused;
use engine::store::StoreError;
use governance::authorize::Refusal;

use super::{Kind, Problem};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Rule(refusal) => refusal.into(),
            Refused::Power(power) => Self::because(
                Kind::POWER,
                format!("需要权限 {power}"),
                format!("this needs the power {power}"),
            ),
            Refused::CodeNeeded => Kind::CODE_NEEDED.into(),
            Refused::CodeWrong => Kind::WRONG_CODE.into(),
            Refused::Hand(why) => Self::because(Kind::SIGNATURE, why.zh(), why.to_string()),
            Refused::MustSign => Kind::MUST_SIGN.into(),
            Refused::Second(why) => Self::because(Kind::SECOND_PERSON, why.zh(), why.to_string()),
            Refused::NoStanding => Kind::NO_STANDING.into(),
            Refused::NotFound(_) => Self::not_found(),
            Refused::Invalid { field, what } => {
                Self::at(Kind::FIELD, format!("body.{field}"), what)
            }
            Refused::Stale { .. } => Kind::CHANGED.into(),
            Refused::OtherReport { .. } => Kind::OTHER_REPORT.into(),
            Refused::KeyReused => {
                let message = "choose a new key for a new request";
                Self::at(Kind::KEY_REUSED, "header.idempotency-key", message)
            }
            Refused::Busy(wait) => Self::after(Kind::BUSY, wait),
            Refused::Frozen(_) => Kind::FROZEN.into(),
            Refused::Storage(error) => Self::from(error.as_ref()),
            Refused::Stopping => Kind::STOPPING.into(),
        }
    }
}

/// What failed is for the operator's log, not for the client.
impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        tracing::error!(error = %error, "storage failed under a request");
        Kind::READ_ONLY.into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = kind(&refusal);
        match &refusal {
            Refusal::Field(problem) => {
                return Self::at(kind, format!("body.{}", problem.field), problem.what.clone());
            }
            Refusal::Needs { field, .. } => {
                return Self::at(kind, format!("body.{field}"), "is needed here");
            }
            Refusal::UnknownSeverity { .. } => return Self::at(kind, "body.severity", kind.en),
            // These hold what was sent, which may be anything.
            Refusal::UnknownCategory { .. } => return Self::at(kind, "body.category", kind.en),
            Refusal::UnknownChannel { .. } => return Self::at(kind, "body.channel", kind.en),
            Refusal::NotInPolicy { .. }
            | Refusal::NoCase
            | Refusal::Opened
            | Refusal::Role { .. }
            | Refusal::Scope { .. }
            | Refusal::Stage { .. }
            | Refusal::NotHolder { .. }
            | Refusal::NoOffer
            | Refusal::NotCalled
            | Refusal::NotAssigned
            | Refusal::TopLevel
            | Refusal::NoParent
            | Refusal::AtHome
            | Refusal::HandlerVerifies
            | Refusal::Erased
            | Refusal::StillKept
            | Refusal::UnknownPerson { .. }
            | Refusal::UnknownUnit { .. }
            | Refusal::UnknownPlace { .. }
            | Refusal::AskedAlready
            | Refusal::NothingAsked
            | Refusal::ExtensionTime
            | Refusal::NoMoreExtensions { .. }
            | Refusal::ReviewTime
            | Refusal::MergeInto { .. }
            | Refusal::NotMerged
            | Refusal::NotAtHome { .. }
            | Refusal::NoMoreReopening
            | Refusal::TakenBack { .. }
            | Refusal::NeedsLead { .. }
            | Refusal::SeverityAbove { .. }
            | Refusal::NoMediation
            | Refusal::NotInWhistle
            | Refusal::NoSuchExclusion { .. }
            | Refusal::NotOfLine
            | Refusal::PolicyUnknown { .. }
            | Refusal::UnknownChild { .. }
            | Refusal::CameFrom { .. }
            | Refusal::SeverityStays { .. }
            | Refusal::SeverityRequires { .. }
            | Refusal::ReviewTooFar { .. }
            | Refusal::InFuture
            | Refusal::TooLong => {}
        }
        Self::because(kind, refusal.zh(), refusal.to_string())
    }
}

fn kind(refusal: &Refusal) -> Kind {
    match refusal {
        Refusal::Field(_) => Kind::FIELD,
        Refusal::NotInPolicy { .. } => Kind::NOT_IN_POLICY,
        Refusal::Needs { .. } => Kind::FIELD_NEEDED,
        Refusal::NoCase => Kind::NO_CASE,
        Refusal::Opened => Kind::OPENED,
        Refusal::Role { .. } => Kind::ROLE,
        Refusal::Scope { .. } => Kind::SCOPE,
        Refusal::Stage { .. } => Kind::STAGE,
        Refusal::NotHolder { .. } => Kind::NOT_HOLDER,
        Refusal::NoOffer => Kind::NO_OFFER,
        Refusal::NotCalled => Kind::NOT_CALLED,
        Refusal::NotAssigned => Kind::NOT_ASSIGNED,
        Refusal::TopLevel => Kind::TOP_LEVEL,
        Refusal::NoParent => Kind::NO_PARENT,
        Refusal::AtHome => Kind::AT_HOME,
        Refusal::HandlerVerifies => Kind::HANDLER_VERIFIES,
        Refusal::Erased => Kind::ERASED,
        Refusal::StillKept => Kind::STILL_KEPT,
        Refusal::UnknownPerson { .. } => Kind::UNKNOWN_PERSON,
        Refusal::UnknownUnit { .. } => Kind::UNKNOWN_UNIT,
        Refusal::UnknownPlace { .. } => Kind::UNKNOWN_PLACE,
        Refusal::UnknownCategory { .. } => Kind::UNKNOWN_CATEGORY,
        Refusal::UnknownChannel { .. } => Kind::UNKNOWN_CHANNEL,
        Refusal::AskedAlready => Kind::ASKED_ALREADY,
        Refusal::NothingAsked => Kind::NOTHING_ASKED,
        Refusal::ExtensionTime => Kind::EXTENSION_TIME,
        Refusal::NoMoreExtensions { .. } => Kind::NO_MORE_EXTENSIONS,
        Refusal::ReviewTime => Kind::REVIEW_TIME,
        Refusal::MergeInto { .. } => Kind::MERGE_INTO,
        Refusal::NotAtHome { .. } => Kind::NOT_AT_HOME,
        Refusal::NotMerged => Kind::NOT_MERGED,
        Refusal::NoMoreReopening => Kind::NO_MORE_REOPENING,
        Refusal::TakenBack { .. } => Kind::DUTY_TAKEN_BACK,
        Refusal::NeedsLead { .. } => Kind::DUTY_NEEDS_LEAD,
        Refusal::UnknownSeverity { .. } => Kind::UNKNOWN_SEVERITY,
        Refusal::SeverityAbove { .. } => Kind::SEVERITY_ABOVE,
        Refusal::NoMediation => Kind::NO_MEDIATION,
        Refusal::NotInWhistle => Kind::NOT_IN_WHISTLE,
        Refusal::NoSuchExclusion { .. } => Kind::NO_SUCH_EXCLUSION,
        Refusal::NotOfLine => Kind::NOT_OF_LINE,
        Refusal::PolicyUnknown { .. } => Kind::POLICY_UNKNOWN,
        Refusal::UnknownChild { .. } => Kind::UNKNOWN_CHILD,
        Refusal::CameFrom { .. } => Kind::CAME_FROM,
        Refusal::SeverityStays { .. } => Kind::SEVERITY_STAYS,
        Refusal::SeverityRequires { .. } => Kind::SEVERITY_REQUIRES,
        Refusal::ReviewTooFar { .. } => Kind::REVIEW_TOO_FAR,
        Refusal::InFuture => Kind::IN_FUTURE,
        Refusal::TooLong => Kind::TOO_LONG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_the_name_that_the_rules_give_it() {
        let refusals = [
            Refusal::NoCase,
            Refusal::Opened,
            Refusal::NoOffer,
            Refusal::NotCalled,
            Refusal::NotAssigned,
            Refusal::TopLevel,
            Refusal::NoParent,
            Refusal::AtHome,
            Refusal::HandlerVerifies,
            Refusal::InFuture,
            Refusal::TooLong,
            Refusal::UnknownCategory { category: "x".into() },
            Refusal::UnknownChannel { channel: "x".into() },
            Refusal::Needs { act: governance::act::ActKind::Close, field: "title".into() },
        ];
        for refusal in refusals {
            assert_eq!(kind(&refusal).code, refusal.code());
        }
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        let canary = "13812345678";
        for refusal in [
            Refusal::UnknownCategory { category: canary.into() },
            Refusal::UnknownChannel { channel: canary.into() },
        ] {
            assert!(!format!("{:?}", Problem::from(refusal)).contains(canary));
        }
    }
}
