//! A sheet as it is exported and held against a recount.

use record::{NodeId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Scope, Sheet};
use crate::query::{Cell, Group, Grouping, LogState, Measure, Metric};

/// How many of how many. `of` may be nothing: then there is no rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Part {
    /// How many.
    pub yes: u64,
    /// Of how many.
    pub of: u64,
}

/// A node's numbers, with what is needed to recount them: as of when, and from what state of the
/// journal. Reading one passes over whatever else an answer of the API has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Whose numbers.
    pub node: NodeId,
    /// For which time and ground.
    #[serde(flatten)]
    pub scope: Scope,
    /// As of when.
    pub as_of: Timestamp,
    /// How far the journal went, in bytes: what lies beyond is not counted.
    pub journal: u64,
    /// Whether the journal stood still while it was counted: only then a recount is exact.
    pub still: bool,
    /// The node's own log then.
    pub log: LogState,
    /// Every figure.
    pub figures: Vec<Figure>,
}

/// One figure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What is counted.
    pub metric: Metric,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// What is counted apart.
    pub grouping: Grouping,
    /// The groups; none where nothing was counted.
    pub rows: Vec<FigureRow>,
}

/// The numbers of one group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FigureRow {
    /// As text: `*` for all, `-` for none, `?` for others, a code, or a node's id.
    pub group: Group,
    /// How many.
    pub count: u64,
    /// For how many of them it holds; for metrics that ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<u64>,
    /// How often in all, or points; for metrics that ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<u64>,
    /// Milliseconds, to within 1 %; for metrics that take time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_ms: Option<u64>,
    /// Milliseconds, to within 1 %; for metrics that take time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<u64>,
}

/// A figure that is not what it should be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// The metric.
    pub metric: Metric,
    /// The grouping.
    pub grouping: Grouping,
    /// The group.
    pub group: Group,
    /// What the report says; absent where it says nothing.
    pub reported: Option<FigureRow>,
    /// What the records say; absent where they say nothing.
    pub recounted: Option<FigureRow>,
}

impl Report {
    /// A sheet with the state that it was counted from.
    #[must_use]
    pub fn new(sheet: &Sheet, journal: u64, still: bool, log: LogState) -> Self {
        let figures = sheet.figures().map(|(metric, grouping, tally)| {
            let (name, name_en) = metric.names();
            let rows = tally.iter().map(|(group, cell)| FigureRow::new(metric, group, cell));
            let rows = rows.collect();
            Figure { metric, name: name.into(), name_en: name_en.into(), grouping, rows }
        });
        Self {
            node: sheet.seat().node,
            scope: sheet.scope().clone(),
            as_of: sheet.now(),
            journal,
            still,
            log,
            figures: figures.collect(),
        }
    }

    /// Every figure of this report that a recount has otherwise, and every one of the recount that
    /// this report lacks. Figures that only one side knows, as versions differ, are none.
    #[must_use]
    pub fn differences(&self, recount: &Self) -> Vec<Difference> {
        let same = |a: &Figure, b: &Figure| (a.metric, a.grouping) == (b.metric, b.grouping);
        let pairs = self.figures.iter().filter_map(|ours| {
            recount.figures.iter().find(|theirs| same(ours, theirs)).map(|theirs| (ours, theirs))
        });
        pairs.flat_map(|(ours, theirs)| differences(ours, theirs)).collect()
    }
}

fn differences(reported: &Figure, recounted: &Figure) -> Vec<Difference> {
    let mut groups: Vec<&Group> =
        reported.rows.iter().chain(&recounted.rows).map(|row| &row.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let row = |figure: &Figure, group: &Group| {
        figure.rows.iter().find(|row| row.group == *group).cloned()
    };
    let both = groups.into_iter().map(|group| Difference {
        metric: reported.metric,
        grouping: reported.grouping,
        group: group.clone(),
        reported: row(reported, group),
        recounted: row(recounted, group),
    });
    both.filter(|found| found.reported != found.recounted).collect()
}

impl FigureRow {
    /// A cell as the metric is to be read.
    #[must_use]
    pub fn new(metric: Metric, group: &Group, cell: &Cell) -> Self {
        let measure = metric.measure();
        Self {
            group: group.clone(),
            count: cell.count,
            yes: matches!(measure, Measure::Share | Measure::Events).then_some(cell.yes),
            sum: matches!(measure, Measure::Events | Measure::Points).then_some(cell.sum),
            median_ms: cell.times.median(),
            p90_ms: cell.times.p90(),
        }
    }
}
