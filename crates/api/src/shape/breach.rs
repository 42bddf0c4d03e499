//! What is due on a case whose clock ran out, and whether its due time can be relied on.

use governance::case::Case;
use governance::policy::Breach;
use record::Timestamp;
use serde::Serialize;

use super::names::Named;
use crate::desk::View;

/// What is due since a clock ran out, and who answers for it.
#[derive(Serialize)]
pub(crate) struct BreachShown {
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Breach>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Named>,
}

impl View {
    /// Only where this node holds the case: another's clocks are by its own policy.
    pub(super) fn breach(&self, case: &Case) -> Option<BreachShown> {
        let policy = self.world.policies.of(case, self.setup.me()).ok()?;
        let overdue = policy.overdue(case, self.now).filter(|_| case.is_here())?;
        let owner = overdue.owner.map(|key| self.role(key));
        Some(BreachShown { since: overdue.since, act: overdue.breach, owner })
    }

    /// A year whose holidays this node does not know, and on which the due time leans.
    pub(super) fn calendar_missing(&self, case: &Case) -> Option<i32> {
        let policy = self.world.policies.of(case, self.setup.me()).ok()?;
        policy.calendar_gap(case, &self.setup.calendar).filter(|_| case.is_here())
    }
}
