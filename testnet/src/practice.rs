//! Whose way of working the demo plays: one of the policies that come with the project. Places and
//! names stay She County's; roles, channels, stages and levels are the policy's, and who does what
//! follows from who may.

use governance::act::ActKind;
use governance::policy::{ASSIGNEE, Policy, PolicyError, REPORTER};

use crate::plan::Part;

/// The policy that is played where none is named.
pub const USUAL: &str = "she-county";
const COUNTY: &str = "county";

macro_rules! policies {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../config/policies/", $name, ".toml")))),*]
    };
}

const ALL: [(&str, &str); 6] =
    policies!["she-county", "mingguang-road", "weinan", "xiapu", "shanyang", "beijing-jiesujiban"];

/// Who reports for a building, and through which channel: the first that a policy has both of.
const WATCHERS: [(&str, &str); 3] =
    [("building_head", "building_head"), ("info_worker", "info_worker"), ("adviser", "point")];

/// Shares of what is settled, of a hundred (C10).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares {
    /// On the spot, by whoever walks the grid.
    pub on_the_spot: usize,
    /// Away from the community, through departments.
    pub upward: usize,
}

/// A place's way of working.
#[derive(Clone)]
pub struct Practice {
    name: &'static str,
    policy: Policy,
    text: &'static str,
    /// She County's: what a county above streets with a policy of their own goes by.
    above: Policy,
    watcher: (&'static str, &'static str),
}

/// Why there is no such practice.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// No policy of that name comes with the project.
    #[error("--policy {asked}: choose one of {}", Practice::names().collect::<Vec<_>>().join(", "))]
    Unknown {
        /// What was asked for.
        asked: String,
    },
    /// A policy that comes with the project is refused.
    #[error("the policy {name} is refused")]
    Refused {
        /// Its name.
        name: &'static str,
        /// Every problem with its key.
        #[source]
        source: Box<PolicyError>,
    },
    /// Nobody in it reports for a building.
    #[error("the policy {0} has no role and channel for reports from a building")]
    NobodyWatches(&'static str),
}

impl Practice {
    /// The practice with this name, which is its policy's key.
    ///
    /// # Errors
    /// [`PracticeError`].
    pub fn named(asked: &str) -> Result<Self, PracticeError> {
        let (name, text) = ALL
            .into_iter()
            .find(|(name, _)| *name == asked)
            .ok_or_else(|| PracticeError::Unknown { asked: asked.to_owned() })?;
        let policy = read(name, text)?;
        let watcher = WATCHERS
            .into_iter()
            .find(|(role, channel)| policy.role(role).is_some() && policy.has_channel(channel))
            .ok_or(PracticeError::NobodyWatches(name))?;
        Ok(Self { name, policy, text, above: read(USUAL, ALL[0].1)?, watcher })
    }

    /// Every name there is.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ALL.into_iter().map(|(name, _)| name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The policy that nodes below the county go by.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether it knows a county; where it does not, cases stop at the street, and the county's
    /// node only asks.
    #[must_use]
    pub fn has_county(&self) -> bool {
        self.policy.levels.iter().any(|level| level.key == COUNTY)
    }

    /// The policy of a part of the federation.
    #[must_use]
    pub fn policy_of(&self, part: Part) -> &Policy {
        if part == Part::County && !self.has_county() { &self.above } else { &self.policy }
    }

    /// The text of the policy of a part of the federation.
    #[must_use]
    pub fn text_of(&self, part: Part) -> &'static str {
        if part == Part::County && !self.has_county() { ALL[0].1 } else { self.text }
    }

    /// The level of a part of the federation.
    #[must_use]
    pub fn level(part: Part) -> &'static str {
        match part {
            Part::County => COUNTY,
            Part::Street | Part::Unit => "township",
            Part::Community => "community",
        }
    }

    /// The level right above another; the same at the top.
    #[must_use]
    pub fn level_above(&self, level: &str) -> String {
        let levels = &self.policy.levels;
        let at = levels.iter().position(|known| known.key == level).unwrap_or(0);
        levels[at.saturating_sub(1)].key.clone()
    }

    /// The role of whoever reports for a building.
    #[must_use]
    pub fn watcher(&self) -> &'static str {
        self.watcher.0
    }

    /// The channel of those reports.
    #[must_use]
    pub fn watchers_channel(&self) -> &'static str {
        self.watcher.1
    }

    /// A role's name in Chinese, as people are called by it.
    #[must_use]
    pub fn title(&self, part: Part, role: &str) -> String {
        let name = self.policy_of(part).role(role).map(|role| role.name.clone());
        name.unwrap_or_else(|| role.to_owned())
    }

    /// Whether a role may do an act.
    #[must_use]
    pub fn may(&self, role: &str, act: ActKind) -> bool {
        self.policy.rule(act).is_some_and(|rule| rule.roles.contains(role))
    }

    /// The role that verifies what grid leaders may not: one that may verify besides whoever
    /// reported.
    #[must_use]
    pub fn verifier(&self) -> Option<&str> {
        if self.may("grid_leader", ActKind::Verify) {
            return None;
        }
        let rule = self.policy.rule(ActKind::Verify)?;
        rule.roles.iter().map(String::as_str).find(|role| ![REPORTER, ASSIGNEE].contains(role))
    }

    /// The shares that the place's account gives, or those that all go by (C10): Weinan settles
    /// 80 % in the grid; 35 and 2 % are Shanyang's.
    #[must_use]
    pub fn shares(&self) -> Shares {
        let on_the_spot = if self.name == "weinan" { 80 } else { 35 };
        Shares { on_the_spot, upward: 2 }
    }
}

fn read(name: &'static str, text: &str) -> Result<Policy, PracticeError> {
    Policy::from_toml(text)
        .map_err(|source| PracticeError::Refused { name, source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_that_comes_with_the_project_can_be_played() {
        for name in Practice::names() {
            let practice = Practice::named(name).unwrap();
            assert_eq!(practice.policy().key, name);
            assert!(practice.may(practice.watcher(), ActKind::Report), "{name}");
            let closer = ["grid_worker", "grid_leader"];
            assert!(closer.iter().any(|role| practice.may(role, ActKind::Close)), "{name}");
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/policies");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let policies = files.filter(|path| path.extension().is_some_and(|end| end == "toml"));
        assert_eq!(policies.count(), ALL.len(), "a policy that no demo plays");
    }

    #[test]
    fn a_policy_that_is_not_there_is_refused_with_those_that_are() {
        let Err(refused) = Practice::named("atlantis") else { panic!("there is no such place") };
        assert!(refused.to_string().contains("she-county, mingguang-road"), "{refused}");
    }

    #[test]
    fn a_county_above_streets_without_one_goes_by_a_policy_that_has_one() {
        let practice = Practice::named("shanyang").unwrap();
        assert!(!practice.has_county());
        assert_eq!(practice.policy_of(Part::County).key, USUAL);
        assert_eq!(practice.policy_of(Part::Street).key, "shanyang");
        assert_eq!(practice.level_above("grid"), "community");
    }
}
