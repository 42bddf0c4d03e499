//! The three rates (三率): from valid call-backs, weighed as policy says, with and without the
//! cases that are left out.

use serde::Serialize;

use super::{Part, Sheet};
use crate::act::Rate;
use crate::policy::RatesRule;
use crate::query::Metric;

/// One of the three rates.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RateLine {
    /// Which.
    pub rate: Rate,
    /// Its weight in percent.
    pub weight: u8,
    /// Of all valid call-backs.
    pub all: Part,
    /// Without the cases that are left out.
    pub kept: Part,
}

/// The three rates.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Rates {
    /// Each by itself.
    pub lines: Vec<RateLine>,
    /// All three by their weights, in ten-thousandths, each term rounded down; absent where one of
    /// them has no valid call-back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_all: Option<u64>,
    /// The same without the cases that are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_kept: Option<u64>,
}

/// The three rates of a sheet, by the weights of a policy.
#[must_use]
pub fn rates(sheet: &Sheet, rule: &RatesRule) -> Rates {
    let line = |rate, weight, all, kept| RateLine {
        rate,
        weight,
        all: sheet.ratio(all),
        kept: sheet.ratio(kept),
    };
    let lines = vec![
        line(Rate::Response, rule.response, Metric::Response, Metric::ResponseKept),
        line(Rate::Solved, rule.solved, Metric::Solved, Metric::SolvedKept),
        line(Rate::Satisfied, rule.satisfied, Metric::Satisfied, Metric::SatisfiedKept),
    ];
    let score_all = score(lines.iter().map(|line| (line.weight, line.all)));
    let score_kept = score(lines.iter().map(|line| (line.weight, line.kept)));
    Rates { lines, score_all, score_kept }
}

fn score(terms: impl Iterator<Item = (u8, Part)>) -> Option<u64> {
    terms
        .filter(|(weight, _)| *weight > 0)
        .map(|(weight, part)| (100 * u64::from(weight) * part.yes).checked_div(part.of))
        .sum()
}
