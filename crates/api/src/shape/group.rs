//! What numbers are counted under, with its names. A code that is not one of ours says nothing
//! here, so a node below that invents some gets no text of its own shown.

use governance::act::Closing;
use governance::change::Phase;
use governance::policy::{DEPARTMENT, Policy};
use governance::query::{Group, Grouping, Month};
use serde::Serialize;

use super::names::{Named, NodeName, named};
use crate::desk::View;

/// A group with its names.
#[derive(Serialize)]
pub(crate) struct GroupShown {
    /// As text: `*` for all, `-` for none, `?` for others, a code, or a node's id.
    pub(crate) group: Group,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<NodeName>,
}

/// Whether a code is one of ours; a code that is not says nothing here and is counted under `?`.
pub(crate) fn is_known(policy: &Policy, grouping: Grouping, code: &str) -> bool {
    match grouping {
        Grouping::Stage => policy.stage(code).is_some(),
        Grouping::Phase => PHASES.iter().any(|phase| phase.key() == code),
        Grouping::Category => policy.has_category(code),
        Grouping::LevelSettled => {
            code == DEPARTMENT || policy.levels.iter().any(|level| level.key == code)
        }
        Grouping::Channel => policy.has_channel(code),
        Grouping::Level => policy.levels.iter().any(|level| level.key == code),
        Grouping::Closing => Closing::ALL.iter().any(|closing| closing.key() == code),
        Grouping::Month => Month::parse(code).is_some(),
        Grouping::Ground => policy.exclusion(code).is_some(),
        Grouping::Grid => true,
        Grouping::None | Grouping::Child | Grouping::Unit => false,
    }
}

const PHASES: [Phase; 11] = [
    Phase::Intake,
    Phase::Accepted,
    Phase::Assigned,
    Phase::Handling,
    Phase::Verifying,
    Phase::Closing,
    Phase::Closed,
    Phase::Refused,
    Phase::Suspended,
    Phase::Merged,
    Phase::Withdrawn,
];

impl View {
    /// A group as it is shown.
    pub(crate) fn group(&self, grouping: Grouping, group: &Group) -> GroupShown {
        let (code, node) = match group {
            Group::Code(code) => (self.code(grouping, code), None),
            Group::Node(node) => (None, Some(self.node(*node))),
            Group::All | Group::Unset | Group::Other => (None, None),
        };
        GroupShown { group: group.clone(), code, node }
    }

    fn code(&self, grouping: Grouping, code: &str) -> Option<Named> {
        let named = match grouping {
            Grouping::Stage => self.stage(code),
            Grouping::Category => self.category(code),
            Grouping::LevelSettled if code == DEPARTMENT => {
                named(code, Some(("部门", "departments")))
            }
            Grouping::LevelSettled => self.level(code),
            Grouping::Channel => self.channel(code),
            Grouping::Grid => self.grid(code),
            Grouping::Phase => named(code, phase(code)),
            Grouping::Level => self.level(code),
            Grouping::Closing => named(code, closing(code)),
            Grouping::Ground => self.ground(code),
            Grouping::Month => named(code, None),
            Grouping::None | Grouping::Child | Grouping::Unit => return None,
        };
        Some(named)
    }

    /// A grid by its code, if it is one of this node's own territory.
    fn grid(&self, code: &str) -> Named {
        let levels = &self.policy().custody.begins;
        let territory = &self.world.territory;
        let grids = levels.iter().flat_map(|level| territory.of_level(level, self.now));
        let found = grids
            .filter(|place| place.code.as_ref().is_some_and(|own| own.as_str() == code))
            .map(|place| place.name.as_str())
            .next();
        let mut named = named(code, None);
        named.name = found.map(str::to_owned);
        named
    }
}

fn phase(key: &str) -> Option<(&'static str, &'static str)> {
    let phase = PHASES.into_iter().find(|phase| phase.key() == key)?;
    Some(match phase {
        Phase::Intake => ("待受理", "to be taken on"),
        Phase::Accepted => ("立案", "taken on"),
        Phase::Assigned => ("派遣", "given to someone"),
        Phase::Handling => ("处理中", "being dealt with"),
        Phase::Verifying => ("核查", "to be verified"),
        Phase::Closing => ("待结案", "to be closed"),
        Phase::Closed => ("结案", "closed"),
        Phase::Refused => ("不予受理", "not taken on"),
        Phase::Suspended => ("挂账", "put off"),
        Phase::Merged => ("已并单", "treated with another"),
        Phase::Withdrawn => ("已撤回", "taken back"),
    })
}

fn closing(key: &str) -> Option<(&'static str, &'static str)> {
    let closing = Closing::ALL.into_iter().find(|closing| closing.key() == key)?;
    Some(match closing {
        Closing::Normal => ("正常结案", "in time"),
        Closing::Overtime => ("超期结案", "overtime"),
        Closing::Special => ("特殊结案", "by decision"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_is_listed_and_named() {
        for (number, listed) in PHASES.into_iter().enumerate() {
            assert_eq!(listed as usize, number);
            assert!(phase(listed.key()).is_some());
        }
    }
}
