//! Exclusions from a rate (剔除), each visibly somebody's act.

use governance::act::Rate;
use governance::case::Case;
use record::{RecordId, Timestamp};
use serde::Serialize;

use super::names::{Named, NodeName, People, PersonName, named};
use crate::desk::View;
use crate::problem::Problem;

/// An exclusion. Why in words stands in its record: see the timeline.
#[derive(Serialize)]
pub(crate) struct ExclusionShown {
    rate: Rate,
    /// The ground; records from before grounds had keys have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    ground: Option<Named>,
    at: Timestamp,
    node: NodeName,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<PersonName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Named>,
    record: RecordId,
}

impl View {
    /// A ground of exclusion.
    pub(crate) fn ground(&self, key: &str) -> Named {
        let known = self.meant(|policy| policy.exclusion(key));
        named(key, known.map(|known| (known.name.as_str(), known.name_en.as_str())))
    }

    /// Every exclusion of a case, in its order.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub(crate) fn exclusions(
        &self,
        case: &Case,
        people: &mut People<'_>,
    ) -> Result<Vec<ExclusionShown>, Problem> {
        let steps = case
            .exclusions
            .iter()
            .filter_map(|made| case.steps.get(made.step as usize).map(|step| (made, step)));
        steps
            .map(|(made, step)| {
                Ok(ExclusionShown {
                    rate: made.rate,
                    ground: made.ground.as_deref().map(|key| self.ground(key)),
                    at: step.time,
                    node: self.node(step.author),
                    by: step.actor.map(|id| people.name(id)).transpose()?,
                    role: step.role.as_deref().map(|key| self.role(key)),
                    record: step.record,
                })
            })
            .collect()
    }
}
