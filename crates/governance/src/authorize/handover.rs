//! Passing a case on: to the next level, to another node, back where it came from; and what the
//! list of duties (履职事项清单) says to that.

use record::NodeId;

use super::{Refusal, Scene, asked};
use crate::act::Part;
use crate::case::Case;
use crate::policy::{Duty, DutyKind};

fn duty<'a>(scene: &Scene<'a>, case: &Case) -> Option<&'a Duty> {
    scene.policy.duty(case.category.as_deref()?)
}

/// A duty that the level above took back may not be sent down again.
pub(super) fn not_taken_back(scene: &Scene<'_>, case: &Case) -> Result<(), Refusal> {
    match duty(scene, case) {
        Some(duty) if duty.kind == DutyKind::TakenBack => {
            Err(Refusal::TakenBack { number: duty.number.clone(), name: duty.name.clone() })
        }
        _ => Ok(()),
    }
}

/// A cooperative duty is worked on once the department that leads is there.
pub(super) fn may_give_down(scene: &Scene<'_>, case: &Case) -> Result<(), Refusal> {
    not_taken_back(scene, case)?;
    let led = case.units.iter().any(|call| call.part == Part::Lead);
    match duty(scene, case) {
        Some(duty) if duty.kind == DutyKind::Cooperative && !led => Err(Refusal::NeedsLead {
            number: duty.number.clone(),
            lead: duty.lead.clone().unwrap_or_default(),
        }),
        _ => Ok(()),
    }
}

/// To a node below that has not had the case: whoever had it gets it back instead.
pub(super) fn hand_down(scene: &Scene<'_>, case: &Case, to: NodeId) -> Result<(), Refusal> {
    asked(scene.children.contains(&to), Refusal::UnknownChild { node: to })?;
    asked(!case.trail.contains(&to), Refusal::CameFrom { node: to })?;
    may_give_down(scene, case)
}

/// To the node above, unless the case came down from there.
pub(super) fn escalate(scene: &Scene<'_>, case: &Case) -> Result<(), Refusal> {
    let parent = scene.parent.ok_or(Refusal::NoParent)?;
    asked(!case.trail.contains(&parent), Refusal::CameFrom { node: parent })?;
    super::dispute::may_leave(scene, case)
}

/// To the next level inside the jurisdiction.
pub(super) fn hand_up(scene: &Scene<'_>, case: &Case) -> Result<(), Refusal> {
    asked(case.level != scene.level, Refusal::TopLevel)?;
    super::dispute::may_leave(scene, case)
}

/// Back where it came from.
pub(super) fn send_home(scene: &Scene<'_>, case: &Case, done: bool) -> Result<(), Refusal> {
    case.below(scene.me).map(|_| ()).ok_or(Refusal::AtHome)?;
    if done {
        return super::dispute::may_end(scene, case);
    }
    // Giving back what a node above sent down is no sending down.
    let came_down = scene.parent.is_some_and(|parent| case.below(scene.me) == Some(parent));
    if came_down { Ok(()) } else { not_taken_back(scene, case) }
}
