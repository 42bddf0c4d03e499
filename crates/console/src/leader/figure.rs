//! A figure as a page shows it: a table whose rows bear their bars, and under it who is counted.

use governance::query::{Grouping, Measure, Metric};
use record::NodeId;

use super::chart::Bar;
use crate::page::Page;
use crate::shape::numbers::{Answered, Completeness, Counts, Figure, Row, percent};

/// A figure.
pub(super) struct Shown {
    pub(super) metric: Metric,
    pub(super) grouping: Grouping,
    pub(super) rows: Vec<Line>,
    /// The rows together; none where there is but one.
    pub(super) together: Option<Line>,
    /// Whether something is missing from it.
    pub(super) partial: bool,
    /// Who is counted; none for this node's own sheet.
    pub(super) completeness: Option<Completeness>,
}

/// A row.
pub(super) struct Line {
    /// What it is called; for a node that can be asked for by itself, with its id.
    pub(super) name: String,
    pub(super) below: Option<NodeId>,
    pub(super) counts: Counts,
    pub(super) bar: Bar,
}

impl Shown {
    /// From this node's own sheet.
    pub(super) fn own(p: &Page, figure: &Figure) -> Self {
        let rows = lines(p, figure.metric, &figure.rows, |_| None);
        Self {
            metric: figure.metric,
            grouping: figure.grouping,
            rows,
            together: None,
            partial: false,
            completeness: None,
        }
    }

    /// From an answer, of which `focus` is the node at the top.
    pub(super) fn answered(
        p: &Page,
        (metric, grouping): (Metric, Grouping),
        answer: Answered,
        focus: NodeId,
    ) -> Self {
        let completeness = answer.completeness;
        let below = |row: &Row| {
            let node = row.node.as_ref()?.id;
            (node != focus).then_some(node)
        };
        let rows = lines(p, metric, &answer.rows, below);
        let counts = answer.total.or(answer.so_far).filter(|_| rows.len() > 1);
        let together = counts.map(|counts| {
            let name =
                if answer.partial { p.say("numbers-so-far") } else { p.say("numbers-together") };
            // What all come to is no bar among theirs, unless it is a share of itself.
            let bar = bar(metric, &counts, 0);
            Line { name, below: None, counts, bar }
        });
        Self {
            metric,
            grouping,
            rows,
            together,
            partial: answer.partial,
            completeness: Some(completeness),
        }
    }

    /// Whether nothing was counted anywhere, and no row leads further down.
    pub(super) fn is_nothing(&self) -> bool {
        let leads = self.grouping == Grouping::Child && !self.rows.is_empty();
        !leads && self.rows.iter().all(|row| row.counts.count == 0)
    }

    /// The rows, and what they come to.
    pub(super) fn all(&self) -> impl Iterator<Item = &Line> {
        self.rows.iter().chain(&self.together)
    }

    pub(super) fn is_share(&self) -> bool {
        matches!(self.metric.measure(), Measure::Share)
    }

    pub(super) fn is_events(&self) -> bool {
        matches!(self.metric.measure(), Measure::Events)
    }

    pub(super) fn is_times(&self) -> bool {
        matches!(self.metric.measure(), Measure::Times)
    }

    pub(super) fn is_points(&self) -> bool {
        matches!(self.metric.measure(), Measure::Points)
    }

    /// Whether its chart is of a hundred.
    pub(super) fn is_of_hundred(&self) -> bool {
        self.is_share() || self.is_events()
    }

    /// What a row's bar in the chart is as long as; none where it has no figure.
    pub(super) fn drawn(&self, line: &Line) -> Option<u64> {
        match self.metric.measure() {
            Measure::Share | Measure::Events => line.percent(),
            Measure::Times => line.counts.median_ms,
            Measure::Points => line.counts.sum?.saturating_mul(10).checked_div(line.counts.count),
            Measure::Count => Some(line.counts.count),
        }
    }

    /// Whether a heading has to say by what it is divided, since the same is shown otherwise, too.
    pub(super) fn is_apart(&self) -> bool {
        matches!(self.grouping, Grouping::Category)
    }

    /// Whether a larger share is worse, so that it is drawn as a warning.
    pub(super) fn is_bad(&self) -> bool {
        matches!(
            self.metric,
            Metric::Overdue
                | Metric::Sleeping
                | Metric::Returned
                | Metric::Misdispatched
                | Metric::Reopened
                | Metric::Trivial
                | Metric::Unverified
                | Metric::MonthEnd
        )
    }

    /// What a row is of all rows.
    pub(super) fn share_of_all(&self, line: &Line) -> Option<u64> {
        let all: u64 = self.rows.iter().map(|row| row.counts.count).sum();
        percent(line.counts.count, all)
    }
}

impl Line {
    /// Of how many it holds, in percent.
    pub(super) fn percent(&self) -> Option<u64> {
        percent(self.counts.yes?, self.counts.count)
    }

    /// Points of each score, in tenths.
    pub(super) fn mean(&self) -> Option<String> {
        let tenths = self.counts.sum?.saturating_mul(10).checked_div(self.counts.count)?;
        Some(format!("{}.{}", tenths / 10, tenths % 10))
    }
}

fn lines(
    p: &Page,
    metric: Metric,
    rows: &[Row],
    below: impl Fn(&Row) -> Option<NodeId>,
) -> Vec<Line> {
    let most = rows.iter().map(|row| length(metric, &row.counts)).max().unwrap_or_default();
    let line = |row: &Row| Line {
        name: name(p, row),
        below: below(row),
        counts: row.counts.clone(),
        bar: bar(metric, &row.counts, most),
    };
    rows.iter().map(line).collect()
}

fn bar(metric: Metric, counts: &Counts, most: u64) -> Bar {
    match (metric.measure(), counts.yes) {
        (Measure::Share | Measure::Events, Some(yes)) => Bar::share(yes, counts.count),
        _ => Bar::count(length(metric, counts), most),
    }
}

/// What a bar is as long as: the count, or the usual time.
fn length(metric: Metric, counts: &Counts) -> u64 {
    match metric.measure() {
        Measure::Times => counts.median_ms.unwrap_or_default(),
        Measure::Count | Measure::Share | Measure::Events | Measure::Points => counts.count,
    }
}

/// What a group is called.
fn name(p: &Page, row: &Row) -> String {
    if let Some(node) = &row.node {
        return p.node_name(node);
    }
    if let Some(code) = &row.code {
        return p.name(code);
    }
    match row.group.as_str() {
        "*" => p.say("numbers-all"),
        "-" => p.say("numbers-unset"),
        "?" => p.say("numbers-other"),
        other => p.month(other).unwrap_or_else(|| other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_and_a_share_of_nothing_are_not_said() {
        let line =
            |counts| Line { name: String::new(), below: None, counts, bar: Bar::share(0, 0) };
        let none = line(Counts { yes: Some(0), sum: Some(0), ..Counts::default() });
        assert_eq!((none.percent(), none.mean()), (None, None));
        let some = line(Counts { count: 3, yes: Some(2), sum: Some(13), ..Counts::default() });
        assert_eq!((some.percent(), some.mean().as_deref()), (Some(67), Some("4.3")));
    }
}
