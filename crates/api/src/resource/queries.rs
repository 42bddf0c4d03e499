//! Numbers of this node and the nodes below it. A partial is never shown as a total.

use std::time::Duration;

use axum::Json;
use governance::area::AreaCode;
use governance::numbers::FigureRow;
use governance::query::{
    Answer, Cell, Completeness, Group, Grouping, Matter, Metric, total, total_under,
};
use record::{NodeId, PublicKey, RecordId, Signed, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use crate::body::Body;
use crate::desk::{Desk, View};
use crate::hex;
use crate::problem::{Kind, Problem};
use crate::shape::group::{GroupShown, is_known};

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
    /// Only of this node and those below it: what its own answer says, inside the one from above.
    #[serde(default)]
    under: Option<NodeId>,
    #[serde(default = "usual")]
    budget_ms: u32,
    /// Whether to give the signed answer itself, too.
    #[serde(default)]
    signed: bool,
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
    /// Only where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<Evidence>,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    group: GroupShown,
    #[serde(flatten)]
    numbers: Numbers,
}

/// What was counted; `yes` and `sum` are of the metrics that have them.
#[derive(Serialize)]
struct Numbers {
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    yes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<u64>,
    /// Milliseconds, to within 1 %; only of metrics that take time.
    #[serde(skip_serializing_if = "Option::is_none")]
    median_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p90_ms: Option<u64>,
}

/// What checks the answer elsewhere: see `wangge audit --answer`.
#[derive(Serialize)]
struct Evidence {
    /// This node's signed answer (COSE_Sign1) in hex, with the others' inside.
    answer: String,
    /// This node's certificates in hex, its own first.
    certificates: Vec<String>,
    /// The federation's root key.
    root: PublicKey,
}

impl Numbers {
    fn new(metric: Metric, cell: &Cell) -> Self {
        let row = FigureRow::new(metric, &Group::All, cell);
        let FigureRow { group: _, count, yes, sum, median_ms, p90_ms } = row;
        Self { count, yes, sum, median_ms, p90_ms }
    }
}

/// `POST /v1/queries`
pub(crate) async fn ask(desk: Desk, body: Body<Ask>) -> Result<Json<Answered>, Problem> {
    let Ask { metric, grouping, from, until, area, under, budget_ms, signed } = body.value;
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
        let standing = &view.setup.standing;
        let total = match under {
            Some(node) => total_under(&question, &answer, standing, node, now, known),
            None => total(&question, &answer, standing, now, known),
        };
        let total = total.map_err(|error| {
            tracing::error!(error = %error, "this node's own answer does not hold");
            Problem::from(Kind::INTERNAL)
        })?;
        let partial = total.is_partial();
        if under.is_some() && !partial && total.completeness().answered.is_empty() {
            return Err(Problem::not_found());
        }
        let tally = total.so_far();
        let rows =
            tally.iter().map(|(group, cell)| view.row(metric, grouping, group, cell)).collect();
        Ok(Answered {
            question: question.id,
            answer: answer.id(),
            answered_at: answer.answered_at,
            matter: question.matter.clone(),
            partial,
            rows,
            total: total.complete().map(|tally| Numbers::new(metric, &tally.sum())),
            so_far: partial.then(|| Numbers::new(metric, &tally.sum())),
            completeness: total.completeness().clone(),
            signed: signed.then(|| view.evidence(&answer)),
        })
    });
    answered.await.map(Json)
}

impl View {
    fn row(&self, metric: Metric, grouping: Grouping, group: &Group, cell: &Cell) -> Row {
        Row { group: self.group(grouping, group), numbers: Numbers::new(metric, cell) }
    }

    fn evidence(&self, answer: &Signed<Answer>) -> Evidence {
        let standing = &self.setup.standing;
        Evidence {
            answer: hex::encode(answer.bytes()),
            certificates: standing.chain().map(|link| hex::encode(link)).collect(),
            root: self.setup.root,
        }
    }
}
