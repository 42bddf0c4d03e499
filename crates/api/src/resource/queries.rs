//! Numbers of this node and the nodes below it. A partial is never shown as a total.

use std::time::Duration;

use axum::Json;
use governance::area::AreaCode;
use governance::change::Phase;
use governance::policy::{DEPARTMENT, Policy};
use governance::query::{Cell, Completeness, Group, Grouping, Matter, Metric, total};
use record::{RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use crate::body::Body;
use crate::desk::{Desk, View};
use crate::problem::{Kind, Problem};
use crate::shape::names::{Named, NodeName};

/// Longest budget in milliseconds: below the limit on any request's time.
const MAX_BUDGET_MS: u32 = 25_000;
const MIN_BUDGET_MS: u32 = 500;

/// A question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    metric: Metric,
    grouping: Grouping,
    from: Timestamp,
    until: Timestamp,
    #[serde(default)]
    area: Option<AreaCode>,
    #[serde(default = "usual")]
    budget_ms: u32,
}

fn usual() -> u32 {
    5_000
}

/// An answer with what it rests on.
#[derive(Serialize)]
pub(crate) struct Answered {
    question: Subject,
    /// Id of this node's signed answer, in which the others' are.
    answer: RecordId,
    answered_at: Timestamp,
    matter: Matter,
    /// Whether anything is missing or old.
    partial: bool,
    rows: Vec<Row>,
    /// The rows together; only when nothing is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Numbers>,
    /// The rows together, as far as they go; only when something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    so_far: Option<Numbers>,
    completeness: Completeness,
}

#[derive(Serialize)]
struct Row {
    /// As text: `*` for all, `-` for none, `?` for others, a code, or a node's id.
    group: Group,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeName>,
    #[serde(flatten)]
    numbers: Numbers,
}

#[derive(Serialize)]
struct Numbers {
    count: u64,
    /// Milliseconds, to within 1 %; only of metrics that take time.
    #[serde(skip_serializing_if = "Option::is_none")]
    median_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p90_ms: Option<u64>,
}

impl From<&Cell> for Numbers {
    fn from(cell: &Cell) -> Self {
        let (median_ms, p90_ms) = (cell.times.median(), cell.times.p90());
        Self { count: cell.count, median_ms, p90_ms }
    }
}

/// `POST /v1/queries`
pub(crate) async fn ask(desk: Desk, body: Body<Ask>) -> Result<Json<Answered>, Problem> {
    let Ask { metric, grouping, from, until, area, budget_ms } = body.value;
    if until <= from {
        return Err(Problem::at(Kind::FIELD, "body.until", "must be later than from"));
    }
    if !(MIN_BUDGET_MS..=MAX_BUDGET_MS).contains(&budget_ms) {
        let message = format!("takes {MIN_BUDGET_MS} to {MAX_BUDGET_MS}");
        return Err(Problem::at(Kind::FIELD, "body.budget_ms", message));
    }
    let matter = Matter { metric, grouping, from, until, area };
    let budget = Duration::from_millis(budget_ms.into());
    let (question, answer) = desk.state.handle.ask(matter, budget).await?;
    let now = desk.state.handle.now();
    let answered = desk.read(move |view| {
        let policy = view.policy();
        let known = |grouping, code: &str| is_known(policy, grouping, code);
        let total = total(&question, &answer, &view.setup.standing, now, known);
        let total = total.map_err(|error| {
            tracing::error!(error = %error, "this node's own answer does not hold");
            Problem::from(Kind::INTERNAL)
        })?;
        let partial = total.is_partial();
        let tally = total.so_far();
        let rows = tally.iter().map(|(group, cell)| view.row(grouping, group, cell)).collect();
        Ok(Answered {
            question: question.id,
            answer: answer.id(),
            answered_at: answer.answered_at,
            matter: question.matter.clone(),
            partial,
            rows,
            total: total.complete().map(|tally| Numbers::from(&tally.sum())),
            so_far: partial.then(|| Numbers::from(&tally.sum())),
            completeness: total.completeness().clone(),
        })
    });
    answered.await.map(Json)
}

/// Whether a code is one of ours; a code that is not says nothing here and is counted under `?`.
fn is_known(policy: &Policy, grouping: Grouping, code: &str) -> bool {
    match grouping {
        Grouping::Stage => policy.stage(code).is_some(),
        Grouping::Phase => PHASES.iter().any(|phase| phase.key() == code),
        Grouping::Category => policy.has_category(code),
        Grouping::LevelSettled => {
            code == DEPARTMENT || policy.levels.iter().any(|level| level.key == code)
        }
        Grouping::Channel => policy.has_channel(code),
        Grouping::Grid => true,
        Grouping::None | Grouping::Child => false,
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
    fn row(&self, grouping: Grouping, group: &Group, cell: &Cell) -> Row {
        let numbers = Numbers::from(cell);
        let (code, node) = match group {
            Group::Code(code) => (self.code(grouping, code), None),
            Group::Node(node) => (None, Some(self.node(*node))),
            Group::All | Group::Unset | Group::Other => (None, None),
        };
        Row { group: group.clone(), code, node, numbers }
    }

    fn code(&self, grouping: Grouping, code: &str) -> Option<Named> {
        let named = match grouping {
            Grouping::Stage => self.stage(code),
            Grouping::Category => self.category(code),
            Grouping::LevelSettled => self.level(code),
            Grouping::Channel => self.channel(code),
            Grouping::Grid => self.grid(code),
            Grouping::Phase => crate::shape::names::named(code, phase(code)),
            Grouping::None | Grouping::Child => return None,
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
        let mut named = crate::shape::names::named(code, None);
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
