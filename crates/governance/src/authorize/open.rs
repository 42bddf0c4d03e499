//! What somebody may do with a case now, before they have said anything: what a page can offer.

use std::collections::BTreeSet;

use super::{
    Refusal, Scene, asked, assigned_to, check_extension, check_reopen, dispute, goes_on, handover,
    may_move, role, stage,
};
use crate::act::ActKind;
use crate::case::Case;
use crate::roster::Actor;

/// An act that is open to somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// The act.
    pub act: ActKind,
    /// Optional fields that this place insists on, by key.
    pub needs: BTreeSet<String>,
}

/// The acts that the actor may do on the case as it stands, in the order of [`ActKind::ALL`].
/// Whatever [`super::authorize`] would permit is among them; what is said with one of them can still
/// be refused.
#[must_use]
pub fn open_to(scene: &Scene<'_>, case: &Case, actor: &Actor) -> Vec<Open> {
    let open = |act: &ActKind| {
        let rule = scene.policy.rule(*act)?;
        goes_on(case, *act).ok()?;
        may_move(scene, case, *act).ok()?;
        stage(rule, case).ok()?;
        role(scene, rule, case, actor).ok()?;
        moment(scene, case, *act, actor).ok()?;
        has_objects(scene, case, *act).then(|| Open { act: *act, needs: rule.needs.clone() })
    };
    ActKind::ALL.iter().filter_map(open).collect()
}

/// Whether there is anything that an act could name.
fn has_objects(scene: &Scene<'_>, case: &Case, act: ActKind) -> bool {
    let units = !scene.units.is_empty();
    if act == ActKind::Whistle {
        units
    } else if act == ActKind::HandDown {
        scene.children.iter().any(|child| !case.trail.contains(child))
    } else if act == ActKind::Convene {
        units || !scene.children.is_empty()
    } else if act == ActKind::Mediate {
        !scene.policy.severities.is_empty()
    } else if act == ActKind::Score {
        !case.is_here() || !case.units.is_empty()
    } else if act == ActKind::Exclude {
        scene.policy.rates.as_ref().is_some_and(|rates| !rates.exclusions.is_empty())
    } else {
        true
    }
}

/// What an act demands of the moment, besides role and stage and whatever it says.
///
/// # Errors
/// What is missing.
pub(super) fn moment(
    scene: &Scene<'_>,
    case: &Case,
    act: ActKind,
    actor: &Actor,
) -> Result<(), Refusal> {
    match act {
        ActKind::Dispatch | ActKind::Transfer => handover::may_give_down(scene, case),
        ActKind::Redispatch => {
            assigned_to(case, actor)?;
            handover::may_give_down(scene, case)
        }
        ActKind::Take | ActKind::Return => match case.assignee {
            Some(assignee) if assignee != actor.id => Err(Refusal::NotAssigned),
            _ => Ok(()),
        },
        ActKind::Object => {
            assigned_to(case, actor)?;
            asked(case.objection.is_none(), Refusal::AskedAlready)
        }
        ActKind::RuleObjection => asked(case.objection.is_some(), Refusal::NothingAsked),
        ActKind::AskExtension => check_extension(scene, case),
        ActKind::DecideExtension => asked(case.extension.is_some(), Refusal::NothingAsked),
        ActKind::Split => {
            let merged = case.aside.as_ref().is_some_and(|aside| aside.into.is_some());
            asked(merged, Refusal::NotMerged)
        }
        ActKind::Reopen => check_reopen(scene, case),
        ActKind::Session | ActKind::Agreement => {
            let going_on = case.mediation.as_ref().is_some_and(|known| known.agreed.is_none());
            asked(going_on, Refusal::NoMediation)
        }
        ActKind::HandUp => handover::hand_up(scene, case),
        ActKind::HandDown => handover::may_give_down(scene, case),
        ActKind::Handle | ActKind::SettleOnSpot => dispute::may_end(scene, case),
        ActKind::Verify if case.handlers.contains(&actor.id) => Err(Refusal::HandlerVerifies),
        ActKind::Verify | ActKind::CallBack | ActKind::Close => {
            asked(case.home == scene.me, Refusal::NotAtHome { home: case.home })
        }
        ActKind::Escalate => handover::escalate(scene, case),
        ActKind::SendHome => case.below(scene.me).map(|_| ()).ok_or(Refusal::AtHome),
        ActKind::Report
        | ActKind::Accept
        | ActKind::Refuse
        | ActKind::Triage
        | ActKind::Progress
        | ActKind::AcceptCustody
        | ActKind::RefuseCustody
        | ActKind::Whistle
        | ActKind::ReportIn
        | ActKind::UnitResult
        | ActKind::Check
        | ActKind::Suspend
        | ActKind::Resume
        | ActKind::Remind
        | ActKind::Supervise
        | ActKind::WriteOff
        | ActKind::Merge
        | ActKind::Withdraw
        | ActKind::Exclude
        | ActKind::Score
        | ActKind::Convene
        | ActKind::Erase
        | ActKind::Mediate => Ok(()),
    }
}
