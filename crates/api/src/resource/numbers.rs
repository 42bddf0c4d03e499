//! This node's own numbers: every figure, the three rates, what a human should look at, and every
//! exclusion by name. What is said here can be recounted from the records: see `wangge audit`.

use std::time::Duration;

use axum::Json;
use engine::view;
use governance::area::AreaCode;
use governance::case::CaseId;
use governance::numbers::{
    FigureRow, Finding, FindingKind, Part, RateLine, Report, Scope, findings, rates,
};
use governance::query::{Grouping, LogState, Metric, Seat};
use record::{NodeId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::desk::{Desk, View};
use crate::params::Query;
use crate::problem::{Kind, Problem};
use crate::shape::exclusion::ExclusionShown;
use crate::shape::group::GroupShown;
use crate::shape::names::{Named, NodeName, People, named};

/// Most cases whose exclusions are listed.
const MOST_LISTED: usize = 500;

/// For which time and ground; everything where absent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    area: Option<AreaCode>,
}

/// A node's numbers.
#[derive(Serialize)]
pub(crate) struct Numbers {
    node: NodeId,
    name: NodeName,
    policy: String,
    #[serde(flatten)]
    scope: Scope,
    as_of: Timestamp,
    journal: u64,
    still: bool,
    log: LogState,
    figures: Vec<FigureShown>,
    /// Only where policy weighs them.
    #[serde(skip_serializing_if = "Option::is_none")]
    rates: Option<RatesShown>,
    findings: Vec<FindingShown>,
    exclusions: Vec<Excluded>,
    /// How many more cases have exclusions than are listed.
    more_exclusions: usize,
}

#[derive(Serialize)]
struct FigureShown {
    metric: Metric,
    name: String,
    name_en: String,
    grouping: Grouping,
    rows: Vec<RowShown>,
}

#[derive(Serialize)]
struct RowShown {
    #[serde(flatten)]
    row: FigureRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeName>,
}

#[derive(Serialize)]
struct RatesShown {
    lines: Vec<RateLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score_all: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score_kept: Option<u64>,
}

#[derive(Serialize)]
struct FindingShown {
    kind: FindingKind,
    rule: Named,
    grouping: Grouping,
    #[serde(flatten)]
    group: GroupShown,
    part: Part,
}

/// The exclusions of one case.
#[derive(Serialize)]
struct Excluded {
    case: CaseId,
    number: String,
    exclusions: Vec<ExclusionShown>,
    /// Why, in the words of each; only for who may read the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Vec<Option<Value>>>,
}

/// `GET /v1/numbers`
pub(crate) async fn get(desk: Desk, Query(asked): Query<Asked>) -> Result<Json<Numbers>, Problem> {
    let from = asked.from.unwrap_or(Timestamp::EPOCH);
    // What happened this very moment is in.
    let until = asked.until.unwrap_or(desk.now.plus(Duration::from_millis(1)));
    if until <= from {
        return Err(Problem::at(Kind::PARAMETER, "query.until", "must be later than from"));
    }
    let scope = Scope { from, until, area: asked.area };
    desk.read(move |view| view.numbers(&scope)).await.map(Json)
}

impl View {
    fn numbers(&self, scope: &Scope) -> Result<Numbers, Problem> {
        let node = self.setup.me();
        let area = self.setup.standing.certificate().area.clone();
        let seat = Seat { node, area };
        let counted = view::sheet(&self.reader, scope, &seat, self.now)?;
        let (sheet, state) = (&counted.sheet, counted.state);
        let report = Report::new(sheet, state.journal(), state.still, state.log);
        let rule = self.policy().rates.as_ref();
        let found = findings(sheet);
        let listed = counted.excluded.iter().take(MOST_LISTED);
        let listed: Result<Vec<_>, _> = listed.map(|case| self.excluded(*case)).collect();
        Ok(Numbers {
            node,
            name: self.node(node),
            policy: self.policy().reference(),
            scope: report.scope.clone(),
            as_of: report.as_of,
            journal: report.journal,
            still: report.still,
            log: report.log,
            figures: self.figures(report),
            rates: rule.map(|rule| rates(sheet, rule).into()),
            findings: found.into_iter().map(|one| self.finding(one)).collect(),
            exclusions: listed?.into_iter().flatten().collect(),
            more_exclusions: counted.excluded.len().saturating_sub(MOST_LISTED),
        })
    }

    fn figures(&self, report: Report) -> Vec<FigureShown> {
        let figures = report.figures.into_iter().map(|figure| {
            let rows = figure.rows.into_iter().map(|row| {
                let GroupShown { group: _, code, node } = self.group(figure.grouping, &row.group);
                RowShown { row, code, node }
            });
            FigureShown {
                metric: figure.metric,
                name: figure.name,
                name_en: figure.name_en,
                grouping: figure.grouping,
                rows: rows.collect(),
            }
        });
        figures.collect()
    }

    fn finding(&self, found: Finding) -> FindingShown {
        let Finding { kind, rule, rule_en, grouping, group, part } = found;
        let rule = named(kind.key(), Some((rule, rule_en)));
        FindingShown { kind, rule, grouping, group: self.group(grouping, &group), part }
    }

    fn excluded(&self, id: CaseId) -> Result<Option<Excluded>, Problem> {
        let Some(case) = view::case(&self.reader, id)? else { return Ok(None) };
        let exclusions = self.exclusions(&case, &mut People::new(self))?;
        let reasons = match self.case(id) {
            Ok(seen) => Some(self.reasons(&seen)?),
            Err(_) => None,
        };
        Ok(Some(Excluded { case: id, number: case.number, exclusions, reasons }))
    }

    fn reasons(&self, case: &governance::case::Case) -> Result<Vec<Option<Value>>, Problem> {
        let steps = case.exclusions.iter().filter_map(|made| case.steps.get(made.step as usize));
        let reasons = steps.map(|step| {
            let found = self.record(case, step)?;
            Ok(found.and_then(|(_, mut values)| values.remove("reason")))
        });
        reasons.collect()
    }
}

impl From<governance::numbers::Rates> for RatesShown {
    fn from(rates: governance::numbers::Rates) -> Self {
        let governance::numbers::Rates { lines, score_all, score_kept } = rates;
        Self { lines, score_all, score_kept }
    }
}
