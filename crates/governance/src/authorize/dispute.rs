//! Disputes: where one of a severity is mediated, what has to come before its end, and that it
//! does not leave its level (C4, C5, C6).

use super::{Refusal, Scene, asked};
use crate::case::Case;
use crate::policy::{Requirement, Severity};

/// Where a level stands: from the top down.
fn rank(scene: &Scene<'_>, level: &str) -> Option<usize> {
    scene.policy.levels.iter().position(|known| known.key == level)
}

/// A dispute is mediated at the level that policy gives its severity, or above.
pub(super) fn may_mediate(scene: &Scene<'_>, case: &Case, severity: &str) -> Result<(), Refusal> {
    let known = scene
        .policy
        .severity(severity)
        .ok_or_else(|| Refusal::UnknownSeverity { severity: severity.to_owned() })?;
    let fits = rank(scene, &case.level) <= rank(scene, &known.level);
    asked(fits, Refusal::SeverityAbove { level: known.level.clone() })
}

fn severity<'a>(scene: &Scene<'a>, case: &Case) -> Option<&'a Severity> {
    scene.policy.severity(&case.mediation.as_ref()?.severity)
}

/// A dispute stays at its level (微小不出网格 …) as long as it is being mediated there. Where that
/// has failed it is more serious than was thought; where it has not, what was agreed may need
/// others to be carried out.
pub(super) fn may_leave(scene: &Scene<'_>, case: &Case) -> Result<(), Refusal> {
    let ended = case.mediation.as_ref().is_some_and(|known| known.agreed.is_some());
    match severity(scene, case) {
        Some(severity) if !ended && rank(scene, &case.level) <= rank(scene, &severity.level) => {
            Err(Refusal::SeverityStays { level: severity.level.clone() })
        }
        _ => Ok(()),
    }
}

/// A dispute whose severity asks for it is not ended before the street has whistled (C5) or the
/// county has convened its task force (C6).
pub(super) fn may_end(scene: &Scene<'_>, case: &Case) -> Result<(), Refusal> {
    let Some(severity) = severity(scene, case) else { return Ok(()) };
    let Some(needed) = severity.requires else { return Ok(()) };
    let done = case.steps.iter().any(|step| needed.is_met_by(step.act));
    asked(done, Refusal::SeverityRequires { severity: severity.name.clone(), act: needed.act() })
}

impl Requirement {
    /// A task force is more than a whistle.
    fn is_met_by(self, act: crate::act::ActKind) -> bool {
        act == self.act() || act == Self::Convene.act()
    }
}
