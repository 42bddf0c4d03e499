//! Numbers, as this node counts them and as the nodes below answer.

use governance::query::{Grouping, Metric};
use record::{NodeId, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::name::{Named, NodeName};

/// A node's own numbers.
#[derive(Deserialize)]
pub(crate) struct Numbers {
    pub(crate) policy: String,
    pub(crate) as_of: Timestamp,
    pub(crate) figures: Vec<Figure>,
    pub(crate) rates: Option<Rates>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) exclusions: Vec<Excluded>,
    pub(crate) more_exclusions: usize,
}

/// Counts of one metric, by group.
#[derive(Deserialize)]
pub(crate) struct Figure {
    pub(crate) metric: Metric,
    pub(crate) grouping: Grouping,
    pub(crate) rows: Vec<Row>,
}

/// What was counted under one group.
#[derive(Clone, Deserialize)]
pub(crate) struct Row {
    /// `*` for all, `-` for none, `?` for others, a code, or a node's id.
    pub(crate) group: String,
    pub(crate) code: Option<Named>,
    pub(crate) node: Option<NodeName>,
    #[serde(flatten)]
    pub(crate) counts: Counts,
}

/// Numbers; which of them there are depends on the metric.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Counts {
    pub(crate) count: u64,
    pub(crate) yes: Option<u64>,
    pub(crate) sum: Option<u64>,
    pub(crate) median_ms: Option<u64>,
    pub(crate) p90_ms: Option<u64>,
}

/// The three rates, and what they come to by the policy's weights.
#[derive(Deserialize)]
pub(crate) struct Rates {
    pub(crate) lines: Vec<RateLine>,
}

/// A rate of all, and without what is left out of it.
#[derive(Deserialize)]
pub(crate) struct RateLine {
    pub(crate) rate: String,
    pub(crate) all: Part,
    pub(crate) kept: Part,
}

/// How many of how many.
#[derive(Deserialize)]
pub(crate) struct Part {
    pub(crate) yes: u64,
    pub(crate) of: u64,
}

/// What a human should look at.
#[derive(Deserialize)]
pub(crate) struct Finding {
    pub(crate) rule: Named,
    pub(crate) group: String,
    pub(crate) code: Option<Named>,
    pub(crate) part: Part,
}

/// The exclusions of one case.
#[derive(Deserialize)]
pub(crate) struct Excluded {
    pub(crate) case: record::Subject,
    pub(crate) number: String,
    pub(crate) exclusions: Vec<Exclusion>,
    pub(crate) reasons: Option<Vec<Option<Value>>>,
}

/// That a case is left out of a rate.
#[derive(Deserialize)]
pub(crate) struct Exclusion {
    pub(crate) rate: String,
    pub(crate) ground: Option<Named>,
}

/// An answer to a question.
#[derive(Deserialize)]
pub(crate) struct Answered {
    pub(crate) partial: bool,
    pub(crate) rows: Vec<Row>,
    pub(crate) total: Option<Counts>,
    pub(crate) so_far: Option<Counts>,
    pub(crate) completeness: Completeness,
}

/// Who is counted and who is missing.
#[derive(Clone, Deserialize)]
pub(crate) struct Completeness {
    pub(crate) answered: Vec<Line>,
    pub(crate) stale: Vec<Line>,
    #[serde(default)]
    pub(crate) coarse: Vec<Line>,
    /// How many cases these left out at most.
    #[serde(default)]
    pub(crate) short: u64,
    pub(crate) pending: Vec<Line>,
    pub(crate) refused: Vec<Line>,
    pub(crate) omitted: Vec<Line>,
    pub(crate) invalid: Vec<Line>,
}

/// One node in a list.
#[derive(Clone, Deserialize)]
pub(crate) struct Line {
    pub(crate) node: NodeId,
    pub(crate) name: Option<String>,
    pub(crate) under: Option<NodeId>,
    pub(crate) age_ms: Option<u64>,
}

impl Part {
    /// In percent, rounded; none of nothing.
    pub(crate) fn percent(&self) -> Option<u64> {
        percent(self.yes, self.of)
    }
}

/// In percent, rounded; none of nothing.
pub(crate) fn percent(yes: u64, of: u64) -> Option<u64> {
    yes.saturating_mul(100).saturating_add(of / 2).checked_div(of)
}

impl Completeness {
    /// Who is missing, with the key of the words for why.
    pub(crate) fn missing(&self) -> Vec<(&'static str, &Line)> {
        let lists = [
            ("pending", &self.pending),
            ("refused", &self.refused),
            ("omitted", &self.omitted),
            ("invalid", &self.invalid),
        ];
        lists
            .into_iter()
            .flat_map(|(why, lines)| lines.iter().map(move |line| (why, line)))
            .collect()
    }

    /// Everybody who is counted.
    pub(crate) fn counted(&self) -> usize {
        self.answered.len() + self.stale.len()
    }

    /// Whether a node has nodes below it that are counted or missing.
    pub(crate) fn has_below(&self, node: NodeId) -> bool {
        let missing = self.missing();
        let mut known = self.answered.iter().chain(&self.stale);
        known.any(|line| line.under == Some(node))
            || missing.iter().any(|(_, line)| line.under == Some(node))
    }

    /// A node's name, as its certificate has it.
    pub(crate) fn name(&self, node: NodeId) -> Option<&str> {
        let all = [&self.answered, &self.stale, &self.pending, &self.refused, &self.omitted];
        let mut all = all.into_iter().flatten();
        all.find(|line| line.node == node)?.name.as_deref()
    }
}
