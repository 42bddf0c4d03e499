//! How a place works, as data: levels, roles, stages and who may move them, categories, clocks and
//! what may be shared with whom and why. Read from TOML; whatever does not fit is refused with its
//! key and the reason.

mod check;
mod clocks;
mod graph;
mod people;
mod schema;
mod version;

use std::collections::{BTreeMap, BTreeSet};

use record::{FieldId, Timestamp};
use serde::{Deserialize, Serialize};

pub use check::Problem;
pub use clocks::{Breach, ClockRule, Overdue, Traits};
pub use graph::{Moves, mermaid, moves};
pub use people::{LadderPost, PartyKind, StationRule};
pub use schema::schema;
pub use version::{Version, VersionError, Versions, reference_of, split_reference, text_of};

use crate::act::ActKind;
use crate::case::{Case, Party};
use crate::change::Phase;
use crate::clock::{Allowance, WorkingHours};
use crate::field;
use crate::grant::GrantRule;
use crate::territory::Level;

/// Largest policy text, in bytes.
pub const MAX_TEXT: usize = 256 * 1024;

/// A place's way of working.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// A short key, such as `she-county`.
    pub key: String,
    /// Counts up with every change.
    pub version: u32,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// When work is done.
    pub hours: WorkingHours,
    /// Levels from the top down (T1).
    #[serde(rename = "level")]
    pub levels: Vec<Level>,
    /// Roles (R1).
    #[serde(rename = "role")]
    pub roles: Vec<Role>,
    /// Ways in (C1).
    #[serde(rename = "channel")]
    pub channels: Vec<Named>,
    /// What the matters are called.
    #[serde(rename = "category")]
    pub categories: Vec<Category>,
    /// Stages of a case.
    #[serde(rename = "stage")]
    pub stages: Vec<Stage>,
    /// Who may do what from which stage.
    #[serde(rename = "act")]
    pub acts: Vec<ActRule>,
    /// Custody between nodes.
    pub custody: CustodyRule,
    /// Calling member units (C5).
    pub whistle: WhistleRule,
    /// How long a stage may last (C8).
    #[serde(rename = "clock", default)]
    pub clocks: Vec<ClockRule>,
    /// What may be shared with whom and why; everything else stays.
    #[serde(rename = "disclosure", default)]
    pub disclosures: Vec<Disclosure>,
    /// Whether small counts are suppressed in answers to questions.
    #[serde(default)]
    pub suppression: Option<Suppression>,
    /// How grids are to be drawn (T2).
    #[serde(default)]
    pub grid: Option<GridRule>,
    /// Colours by importance × urgency (C3), the strongest first.
    #[serde(rename = "colour", default)]
    pub colours: Vec<Colour>,
    /// Severities of disputes and the level each stays at (C4), the least first.
    #[serde(rename = "severity", default)]
    pub severities: Vec<Severity>,
    /// Taking a case up again; without it, whenever the act's rule allows.
    #[serde(default)]
    pub reopen: Option<ReopenRule>,
    /// Extensions; without it, whenever the act's rule allows.
    #[serde(default)]
    pub extension: Option<ExtensionRule>,
    /// Putting off; without it, until whatever review is set.
    #[serde(default)]
    pub suspension: Option<SuspensionRule>,
    /// How long people's words and data are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionRule>,
    /// The list of duties (履职事项清单).
    #[serde(rename = "duty", default)]
    pub duties: Vec<Duty>,
    /// How the three rates (三率) are weighed.
    #[serde(default)]
    pub rates: Option<RatesRule>,
    /// Kinds of Party organisation on a place (R2).
    #[serde(rename = "party_organisation", default)]
    pub party_kinds: Vec<PartyKind>,
    /// Kinds of station, and how far one walks to one (T3).
    #[serde(default)]
    pub stations: StationRule,
    /// The ladder of posts and grades (R4).
    #[serde(default)]
    pub ladder: Vec<LadderPost>,
    /// What serving members may be willing to do (R5).
    #[serde(default)]
    pub willingness: Vec<Named>,
    /// Roles whose people show a second factor when they sign in, where the node asks for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub second_factor: BTreeSet<String>,
    /// Roles whose people sign their acts on cases with a key of their own.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub person_signature: BTreeSet<String>,
    /// Roles that two people grant; without it, one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantRule>,
}

/// How grids are to be drawn (T2): a report measures against it, nothing is barred.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridRule {
    /// Households in a grid.
    #[serde(default)]
    pub households: Option<Span>,
    /// Villager groups in a grid.
    #[serde(default)]
    pub villager_groups: Option<Span>,
    /// Whether a grid must be one piece.
    #[serde(default)]
    pub contiguous: bool,
    /// Whether a closed compound is one grid.
    #[serde(default)]
    pub one_compound: bool,
    /// Whether the grids must cover the whole jurisdiction.
    #[serde(default)]
    pub complete: bool,
}

/// From a least to a most, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The least.
    pub min: u32,
    /// The most.
    pub max: u32,
}

/// A colour of cases (C3).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colour {
    /// The key.
    pub key: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// The least product of importance and urgency that has it, 1 to 9.
    pub at_least: u8,
}

/// How serious a dispute is (C4).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Severity {
    /// The key.
    pub key: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// The level that it does not leave.
    pub level: String,
    /// What has to come before it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires: Option<Requirement>,
}

/// What has to come before a dispute of a severity is ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// The street's whistle (C5); a task force is more than that.
    Whistle,
    /// The county's task force (C6).
    Convene,
}

impl Requirement {
    /// The act that meets it.
    #[must_use]
    pub fn act(self) -> ActKind {
        match self {
            Self::Whistle => ActKind::Whistle,
            Self::Convene => ActKind::Convene,
        }
    }
}

/// Putting off (挂账).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuspensionRule {
    /// The longest time until the review.
    pub longest: Allowance,
}

/// How long people's words and data are kept (PIPL art. 19: no longer than the purpose needs).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// Days after the last act on a case that has ended; the node then erases them by itself.
    pub days: u32,
}

/// Taking a case up again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReopenRule {
    /// For how long after it was closed.
    pub within: Allowance,
    /// How often.
    pub most: u32,
}

/// Extensions of a due time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtensionRule {
    /// How many may be granted.
    pub most: u32,
}

/// An item of the list of duties.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// Its number in the published list.
    pub number: String,
    /// What it is.
    pub name: String,
    /// Whose it is.
    pub kind: DutyKind,
    /// The department that leads, for a cooperative one.
    #[serde(default)]
    pub lead: Option<String>,
    /// The categories of cases that are about it.
    pub categories: BTreeSet<String>,
    /// Where the list was published.
    #[serde(default)]
    pub source: Option<String>,
}

/// Whose duty something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyKind {
    /// The township's own (基本履职).
    Basic,
    /// The township helps a department that leads (配合履职).
    Cooperative,
    /// Taken back by the level above (上级收回): it may not be sent down.
    TakenBack,
}

/// How the three rates are weighed, in percent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatesRule {
    /// 响应率.
    pub response: u8,
    /// 解决率.
    pub solved: u8,
    /// 满意率.
    pub satisfied: u8,
    /// The grounds on which a case may be left out of a rate (剔除).
    #[serde(rename = "exclusion", default)]
    pub exclusions: Vec<Named>,
}

/// A code with its names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The code.
    pub key: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
}

/// What a matter is called.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The code.
    pub key: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// The category that it is a kind of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The table it is from, such as `GB/T 30428.2-2013`; this place's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vintage: Option<String>,
    /// The same in other tables: `table:code`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crosswalk: Vec<String>,
    /// Whether anybody may know that there is such a matter in a grid, how far it is and when it
    /// was done; nothing of what was said. For what stands in the street, not for what happens
    /// between people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
}

/// A role that people are appointed to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The key, `[a-z0-9_-]{1,32}`.
    pub key: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Levels whose cases the role may act on without being given them.
    #[serde(default)]
    pub levels: BTreeSet<String>,
    /// What else the role may do on the node.
    #[serde(default)]
    pub powers: BTreeSet<Power>,
}

/// What a role may do on a node besides acting on cases.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// Change the territory.
    Territory,
    /// Change the roster and accounts.
    Roster,
    /// Invite nodes and see peers.
    Federation,
    /// Ask subordinates and see numbers.
    Query,
    /// See a reporter's name and telephone number.
    Personal,
    /// Publish policies to the nodes below, and put one in force here.
    Policy,
    /// Bring in reports from other systems, and give their state back (C9).
    Intake,
    /// Read the notebooks of the ground (C13).
    Notebook,
}

impl Power {
    /// The name that policies and the API use.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Territory => "territory",
            Self::Roster => "roster",
            Self::Federation => "federation",
            Self::Query => "query",
            Self::Personal => "personal",
            Self::Policy => "policy",
            Self::Intake => "intake",
            Self::Notebook => "notebook",
        }
    }
}

/// A stage of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The key.
    pub key: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// The phase in which other places count it.
    pub phase: Phase,
    /// Whether clocks stand still in it: somebody else's answer is waited for.
    #[serde(default)]
    pub pauses: bool,
}

/// Who may do an act, from where to where.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActRule {
    /// The act.
    pub act: ActKind,
    /// Stages from which it may be done; empty for the report alone.
    #[serde(default)]
    pub from: BTreeSet<String>,
    /// Stage after it; the stage stays where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Stage after it where the answer is no: a verification that finds the matter unsolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
    /// Roles that may do it; `reporter` is whoever reported, `anyone` needs no appointment.
    #[serde(default)]
    pub roles: BTreeSet<String>,
    /// Optional fields that this place insists on, by key.
    #[serde(default)]
    pub needs: BTreeSet<String>,
}

/// The pseudo-role of whoever reported a case.
pub const REPORTER: &str = "reporter";
/// The pseudo-role of whoever a case was given to.
pub const ASSIGNEE: &str = "assignee";
/// The pseudo-role of anyone at all, for reports without an account.
pub const ANYONE: &str = "anyone";
/// What settles a case that member units dealt with (C10).
pub const DEPARTMENT: &str = "department";

/// Custody between nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyRule {
    /// Levels below the node's own where a case may begin, lowest first (`grid`).
    pub begins: Vec<String>,
    /// Stage of a case whose custody was accepted from below.
    pub arrived: String,
    /// Stage of a case that comes home dealt with.
    pub returned: String,
    /// Stage of a case that comes back undone.
    pub undone: String,
    /// Whether a case that comes home is taken by itself or by a person.
    pub homecoming: Homecoming,
}

/// How a case that comes home is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Homecoming {
    /// The node takes it by itself, and passes it on down where it is not the home.
    Automatic,
    /// A person takes it.
    Manual,
}

/// Calling member units.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhistleRule {
    /// Within what time a called unit must report in.
    pub report_in: Allowance,
}

/// How small counts are suppressed (S9).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// No answer tells of fewer cases than this, nor does the difference of two.
    pub least: u8,
}

/// One permission to share: everything not named stays on the node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// To whom, by its part in the case.
    pub to: Party,
    /// What for, in a word that goes into the signed manifest.
    pub purpose: String,
    /// On what legal basis.
    pub basis: String,
    /// Records of which acts.
    pub acts: BTreeSet<ActKind>,
    /// Which fields of words or personal data, by key; structural fields go along.
    #[serde(default)]
    pub fields: BTreeSet<String>,
    /// For how many days after it was given the recipient may use the words; as long as it has
    /// the case where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
}

/// Why a policy was refused.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Over [`MAX_TEXT`].
    #[error("the policy has {0} bytes; at most {MAX_TEXT}")]
    TooLarge(usize),
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("the policy does not parse")]
    Syntax(#[source] Box<toml::de::Error>),
    /// It parses but does not hang together.
    #[error("{}", list(.0))]
    Unsound(Vec<Problem>),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

const DAY_MILLIS: i64 = 86_400_000;

impl Policy {
    /// Whether what people said on a case is kept no longer: it has ended, and nothing was done with
    /// it for as long as policy says.
    #[must_use]
    pub fn is_kept_no_longer(&self, case: &Case, now: Timestamp) -> bool {
        let (Some(rule), Some(last)) = (&self.retention, case.steps.last()) else { return false };
        let over = last.time.millis().saturating_add(i64::from(rule.days) * DAY_MILLIS);
        case.is_ended() && case.erased.is_none() && over <= now.millis()
    }

    /// Reads and checks a policy.
    ///
    /// # Errors
    /// [`PolicyError`] with every problem found, each with its key.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let policy = Self::parse(text)?;
        let problems = check::problems(&policy);
        if problems.is_empty() { Ok(policy) } else { Err(PolicyError::Unsound(problems)) }
    }

    /// Reads a policy without asking whether it hangs together.
    fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_TEXT {
            return Err(PolicyError::TooLarge(text.len()));
        }
        toml::from_str(text).map_err(|error| PolicyError::Syntax(Box::new(error)))
    }

    /// The version that a case remembers: `key/version`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}/{}", self.key, self.version)
    }

    /// The rule for an act, if this place knows it.
    #[must_use]
    pub fn rule(&self, act: ActKind) -> Option<&ActRule> {
        self.acts.iter().find(|rule| rule.act == act)
    }

    /// A stage by key.
    #[must_use]
    pub fn stage(&self, key: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.key == key)
    }

    /// A role by key.
    #[must_use]
    pub fn role(&self, key: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.key == key)
    }

    /// Roles that somebody on a node of this level may have: those that work at it, those that need
    /// no level, and those that work below every node alone, as on grids. The last belong to the
    /// nearest node above, and to whatever node has such places of its own: `ground` holds the
    /// levels of its places.
    pub fn roles_at(&self, level: &str, ground: &BTreeSet<String>) -> impl Iterator<Item = &Role> {
        let below = move |key: &String| ground.contains(key) && !self.governs(key);
        let held = move |key: &String| key == level || below(key);
        self.roles.iter().filter(move |role| {
            role.levels.is_empty()
                || role.levels.iter().any(held)
                || self.seat_of(role) == Some(level)
        })
    }

    /// Roles that somebody at a member unit may have, where no case of a level ever is.
    pub fn roles_of_units(&self) -> impl Iterator<Item = &Role> {
        self.roles.iter().filter(|role| role.levels.is_empty())
    }

    /// The level of the nearest node above a role that works below every node.
    fn seat_of(&self, role: &Role) -> Option<&str> {
        if role.levels.iter().any(|key| self.governs(key)) {
            return None;
        }
        let lowest = self.levels.iter().rposition(|level| role.levels.contains(&level.key))?;
        let above = self.levels[..lowest].iter().rfind(|level| level.administrative);
        above.map(|level| level.key.as_str())
    }

    /// Whether nodes stand at a level.
    fn governs(&self, key: &str) -> bool {
        self.levels.iter().any(|level| level.administrative && level.key == key)
    }

    /// The colour of a case of this importance and urgency (C3), 1 to 3 each.
    #[must_use]
    pub fn colour(&self, importance: Option<u8>, urgency: Option<u8>) -> Option<&Colour> {
        let weight = importance?.saturating_mul(urgency?);
        self.colours.iter().find(|colour| weight >= colour.at_least)
    }

    /// The severity with this key.
    #[must_use]
    pub fn severity(&self, key: &str) -> Option<&Severity> {
        self.severities.iter().find(|severity| severity.key == key)
    }

    /// The ground of exclusion with this key.
    #[must_use]
    pub fn exclusion(&self, key: &str) -> Option<&Named> {
        self.rates.iter().flat_map(|rates| &rates.exclusions).find(|known| known.key == key)
    }

    /// The duty that a category is about.
    #[must_use]
    pub fn duty(&self, category: &str) -> Option<&Duty> {
        self.duties.iter().find(|duty| duty.categories.contains(category))
    }

    /// The kind of Party organisation with this key.
    #[must_use]
    pub fn party_kind(&self, key: &str) -> Option<&PartyKind> {
        self.party_kinds.iter().find(|kind| kind.key == key)
    }

    /// Whether clocks stand still in a stage.
    #[must_use]
    pub fn pauses(&self, stage: &str) -> bool {
        self.stage(stage).is_some_and(|stage| stage.pauses)
    }

    /// Whether a category code is in the table.
    #[must_use]
    pub fn has_category(&self, key: &str) -> bool {
        self.categories.iter().any(|category| category.key == key)
    }

    /// Whether anybody may know of matters of a category: of one that is marked, and of no other.
    #[must_use]
    pub fn is_public(&self, key: &str) -> bool {
        self.categories.iter().any(|category| category.key == key && category.public)
    }

    /// Whether a channel is known.
    #[must_use]
    pub fn has_channel(&self, key: &str) -> bool {
        self.channels.iter().any(|channel| channel.key == key)
    }

    /// The permission to share records of this act with a party, if there is one.
    #[must_use]
    pub fn disclosure(&self, to: Party, act: ActKind) -> Option<&Disclosure> {
        self.disclosures.iter().find(|rule| rule.to == to && rule.acts.contains(&act))
    }

    /// Stage names by key, for people.
    #[must_use]
    pub fn stage_names(&self) -> BTreeMap<&str, (&str, &str)> {
        self.stages
            .iter()
            .map(|stage| (stage.key.as_str(), (stage.name.as_str(), stage.name_en.as_str())))
            .collect()
    }
}

impl Disclosure {
    /// The numbers of the fields it names.
    #[must_use]
    pub fn field_ids(&self) -> BTreeSet<FieldId> {
        self.fields.iter().filter_map(|key| field::by_key(key)).map(|entry| entry.id).collect()
    }
}

#[cfg(test)]
mod tests;
