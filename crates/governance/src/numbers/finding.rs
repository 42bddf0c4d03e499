//! What a human should look at. A finding is a question, not a verdict; it names a place or a
//! month, never a person.

use serde::Serialize;

use super::{Part, Sheet};
use crate::query::{Group, Grouping, LAST_DAYS, Metric, Month, Tally};

/// Fewer closings than this in a month's last days say nothing (chosen).
const LEAST_BURST: u64 = 10;
/// How many times the daily closings of the rest of the month are a burst (chosen).
const BURST: u64 = 3;
/// Fewer trivial cases than this say nothing (chosen).
const LEAST_TRIVIAL: u64 = 3;
/// One in so many closed cases being trivial is worth a look (chosen).
const TRIVIAL_ONE_IN: u64 = 10;

/// What kind of finding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Closings bunched in the last days of a month.
    MonthEndBurst,
    /// Cases reported, settled and closed by the same hand at once.
    TrivialCases,
    /// Cases closed before anybody could have verified.
    ClosedUnverified,
    /// Cases left out of a rate after the reporter had said no.
    ExcludedAfterNo,
}

impl FindingKind {
    /// The name in reports.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::MonthEndBurst => "month_end_burst",
            Self::TrivialCases => "trivial_cases",
            Self::ClosedUnverified => "closed_unverified",
            Self::ExcludedAfterNo => "excluded_after_no",
        }
    }

    /// The rule in Chinese and in English, with its numbers.
    #[must_use]
    pub fn rule(self) -> (&'static str, &'static str) {
        match self {
            Self::MonthEndBurst => (
                "月末突击办结：全月已过，末三天办结不少于 10 件，日均不低于其余各日日均的 3 倍",
                "month-end burst: a whole month, at least 10 closings in its last three days, and \
                 a daily mean there of at least three times that of the other days",
            ),
            Self::TrivialCases => (
                "疑似自报自结：同一人半小时内上报、办理、结案且无外部上报人，不少于 3 件且占办结的十分之一以上",
                "trivial cases: reported, settled and closed by one hand within half an hour \
                 without an outside reporter; at least 3, and one in ten of the closed ones",
            ),
            Self::ClosedUnverified => (
                "未核查即结案：结案前无上报人核查，也无有效回访（特殊结案除外）",
                "closed before anybody could have verified: no verification and no valid call-back \
                 before the closing, other than by decision",
            ),
            Self::ExcludedAfterNo => (
                "反馈“否”之后剔除：上报人已表示未解决或不满意，之后从该率中剔除",
                "excluded after a no: left out of a rate after the reporter had said no to it",
            ),
        }
    }
}

/// Something to look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// The rule in Chinese.
    pub rule: &'static str,
    /// The rule in English.
    pub rule_en: &'static str,
    /// By what it was counted.
    pub grouping: Grouping,
    /// Where: a month, a grid, a ground of exclusion.
    pub group: Group,
    /// How many of how many.
    pub part: Part,
}

/// Everything in a sheet that a human should look at.
#[must_use]
pub fn findings(sheet: &Sheet) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut look = |kind, metric, grouping, wanted: &dyn Fn(&Group, Part) -> bool| {
        let tally = sheet.tally(metric, grouping);
        found.extend(
            parts(&tally)
                .filter(|(group, part)| wanted(group, *part))
                .map(|(group, part)| Finding::new(kind, grouping, group.clone(), part)),
        );
    };
    let burst =
        |group: &Group, part| month(group).is_some_and(|month| is_burst(sheet, month, part));
    look(FindingKind::MonthEndBurst, Metric::MonthEnd, Grouping::Month, &burst);
    let trivial =
        |_: &Group, part: Part| part.yes >= LEAST_TRIVIAL && part.yes * TRIVIAL_ONE_IN >= part.of;
    look(FindingKind::TrivialCases, Metric::Trivial, Grouping::Grid, &trivial);
    let any = |_: &Group, part: Part| part.yes > 0;
    look(FindingKind::ClosedUnverified, Metric::Unverified, Grouping::Grid, &any);
    look(FindingKind::ExcludedAfterNo, Metric::Excluded, Grouping::Ground, &any);
    found
}

impl Finding {
    fn new(kind: FindingKind, grouping: Grouping, group: Group, part: Part) -> Self {
        let (rule, rule_en) = kind.rule();
        Self { kind, rule, rule_en, grouping, group, part }
    }
}

fn parts(tally: &Tally) -> impl Iterator<Item = (&Group, Part)> {
    tally.iter().map(|(group, cell)| (group, Part { yes: cell.yes, of: cell.count }))
}

fn month(group: &Group) -> Option<Month> {
    match group {
        Group::Code(code) => Month::parse(code),
        Group::All | Group::Node(_) | Group::Unset | Group::Other => None,
    }
}

/// Only a whole month is judged: of one that goes on, nobody knows how the rest will be.
fn is_burst(sheet: &Sheet, month: Month, part: Part) -> bool {
    let scope = sheet.scope();
    let over = scope.until.min(sheet.now());
    let whole = month.begins().is_some_and(|begins| scope.from <= begins)
        && month.ends().is_some_and(|ends| ends <= over);
    let (last, rest) = (u64::from(LAST_DAYS), u64::from(month.days() - LAST_DAYS));
    // last days' mean ≥ BURST × the others' mean, multiplied out.
    let bunched = part.yes * rest >= BURST * (part.of - part.yes) * last;
    whole && part.yes >= LEAST_BURST && bunched
}
