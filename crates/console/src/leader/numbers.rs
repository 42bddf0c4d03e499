//! Numbers: what is asked of the nodes below, and this node's own sheet.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use futures::future::join_all;
use governance::query::{Grouping, Metric};
use governance::territory::Level;
use record::NodeId;
use serde::Deserialize;
use serde_json::json;

use super::figure::Shown;
use super::range::{Range, SPANS, Wanted};
use crate::api::Ask;
use crate::page::{Page, show};
use crate::shape::numbers::{Answered, Completeness, Numbers};
use crate::staff::Staff;
use crate::trouble::Trouble;

/// How long the nodes below may take, in milliseconds: a page that waits longer is not read.
const BUDGET: u32 = 3_000;

/// What is asked of everybody, in the order of the page. `Child` stands for the nodes below; where
/// there are none, grids are counted apart instead.
const ASKED: [(Metric, Grouping); 15] = [
    (Metric::OnTime, Grouping::Level),
    (Metric::Closed, Grouping::LevelSettled),
    (Metric::Open, Grouping::Child),
    (Metric::Overdue, Grouping::Child),
    (Metric::Sleeping, Grouping::Child),
    (Metric::TimeToAnswer, Grouping::Child),
    (Metric::TimeToClose, Grouping::Child),
    (Metric::Returned, Grouping::Child),
    (Metric::Reopened, Grouping::Child),
    (Metric::Solved, Grouping::Child),
    (Metric::Satisfied, Grouping::Child),
    (Metric::Received, Grouping::Category),
    (Metric::MonthEnd, Grouping::Month),
    (Metric::Unverified, Grouping::Child),
    (Metric::Trivial, Grouping::Child),
];

/// What the address says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    #[serde(flatten)]
    wanted: Wanted,
    /// Only this node below and what is below it.
    under: String,
}

#[derive(Template)]
#[template(path = "leader/numbers.html")]
struct NumbersPage {
    p: Page,
    wanted: Wanted,
    range: Range,
    /// The node below whose numbers these are, where not this one's.
    under: Option<NodeId>,
    /// What that node is called.
    name: String,
    asked: Vec<Shown>,
    /// Of the first answer; the others have their own where it differs.
    completeness: Completeness,
    /// This node's own sheet, where it is this node's page.
    own: Option<Own>,
}

struct Own {
    numbers: Numbers,
    figures: Vec<Shown>,
}

impl NumbersPage {
    fn spans(&self) -> impl Iterator<Item = &'static str> {
        SPANS.into_iter()
    }

    /// The figures of which there is something to be shown.
    fn some(&self) -> Vec<&Shown> {
        self.asked.iter().filter(|figure| !figure.is_nothing()).collect()
    }

    /// Those of which there is nothing, as everybody has answered.
    fn none(&self) -> Vec<&Shown> {
        let none = |figure: &&Shown| figure.is_nothing() && !figure.partial;
        // What is shown otherwise, too, is said once.
        self.asked.iter().filter(none).filter(|figure| !figure.is_apart()).collect()
    }

    /// Those of which nobody knows whether there is something.
    fn unanswered(&self) -> Vec<&Shown> {
        self.asked.iter().filter(|figure| figure.is_nothing() && figure.partial).collect()
    }

    /// The time that this page is for, in an address.
    fn query(&self) -> String {
        let Wanted { span, from, to } = &self.wanted;
        let mut query = form_urlencoded::Serializer::new(String::new());
        match span.as_str() {
            "days" => query.append_pair("from", from).append_pair("to", to),
            span => query.append_pair("span", span),
        };
        query.finish()
    }

    /// Whether others are missing from a figure than from the page as a whole.
    fn differs(&self, figure: &Shown) -> bool {
        let names = |all: &Completeness| {
            all.missing().iter().map(|(why, line)| (*why, line.node)).collect::<Vec<_>>()
        };
        figure.completeness.as_ref().is_some_and(|own| names(own) != names(&self.completeness))
    }

    /// An age in words, of an answer that was kept from before.
    fn age(&self, age_ms: &u64) -> String {
        let then = self.p.now.millis().saturating_sub(i64::try_from(*age_ms).unwrap_or(i64::MAX));
        self.p.relative(&record::Timestamp::from_millis(then.max(0)))
    }

    /// The last day that is counted.
    fn last(&self) -> String {
        self.p.day(&self.range.until.minus(std::time::Duration::from_millis(1)))
    }
}

/// `GET /numbers`
pub(super) async fn numbers(staff: Staff, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let (p, Asked { mut wanted, under }) = (staff.page("numbers"), asked);
    let range = wanted.range(p.now, p.offset);
    let under: Option<NodeId> = match under.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| Trouble::not_found())?),
    };
    let me = staff.state.handle.setup().me();
    let (focus, under) = (under.unwrap_or(me), under.filter(|under| *under != me));
    let question = |what| ask(&staff, what, range, under);
    let received = (Metric::Received, Grouping::Child);
    let first = question(received).await?;
    let completeness = first.completeness.clone();
    let apart = completeness.has_below(focus);
    let mut figures = Vec::new();
    if apart {
        figures.push(Shown::answered(&p, received, first, focus));
    } else {
        let by_grid = (Metric::Received, Grouping::Grid);
        figures.push(Shown::answered(&p, by_grid, question(by_grid).await?, focus));
    }
    let instead = |(metric, grouping)| {
        let below = grouping == Grouping::Child;
        (metric, if below && !apart { Grouping::Grid } else { grouping })
    };
    let all = ASKED.map(instead);
    let answers = join_all(all.map(question)).await;
    for (what, answer) in all.into_iter().zip(answers) {
        figures.push(Shown::answered(&p, what, answer?, focus));
    }
    let own = if under.is_none() { Some(sheet(&staff, &p, range).await?) } else { None };
    let name = completeness.name(focus).unwrap_or(&p.node).to_owned();
    let page = NumbersPage { p, wanted, range, under, name, asked: figures, completeness, own };
    Ok(show(page))
}

/// Asks this node and those below it.
async fn ask(
    staff: &Staff,
    (metric, grouping): (Metric, Grouping),
    range: Range,
    under: Option<NodeId>,
) -> Result<Answered, Trouble> {
    let question = json!({
        "metric": metric, "grouping": grouping, "from": range.from, "until": range.until,
        "under": under, "budget_ms": BUDGET,
    });
    // The semaphore is never closed.
    let _turn = staff.state.questions.acquire().await.ok();
    let mut answer: Answered =
        staff.carry_out(Ask::question("/v1/queries", &question)).await?.json()?;
    if matches!(grouping, Grouping::Level | Grouping::LevelSettled) {
        let world = staff.state.handle.world();
        answer.rows.sort_by_key(|row| from_below(&world.policy().levels, &row.group));
    }
    named(&mut answer);
    if grouping == Grouping::Child {
        let world = staff.state.handle.world();
        let me = under.unwrap_or_else(|| staff.state.handle.setup().me());
        answer.rows.sort_by_cached_key(|row| {
            let node = row.node.as_ref();
            let known = node.and_then(|node| world.directory.get(node.id));
            let code = known.map(|known| known.standing.certificate().area.to_string());
            // Whoever is not known here comes after those who are, by name.
            let name = node.and_then(|node| node.name.clone());
            (node.is_some_and(|node| node.id != me), code.is_none(), code, name)
        });
    }
    Ok(answer)
}

/// Names nodes further down, which this one has never met, as their certificates in the answer do.
fn named(answer: &mut Answered) {
    let Answered { rows, completeness, .. } = answer;
    for node in rows.iter_mut().filter_map(|row| row.node.as_mut()) {
        if node.name.is_none() {
            node.name = completeness.name(node.id).map(str::to_owned);
        }
    }
}

/// The place of a level when levels are told from the lowest up; what is none comes last.
fn from_below(levels: &[Level], key: &str) -> usize {
    let from_above = levels.iter().position(|level| level.key == key);
    from_above.map_or(usize::MAX, |at| levels.len() - at)
}

/// This node's own sheet.
async fn sheet(staff: &Staff, p: &Page, range: Range) -> Result<Own, Trouble> {
    let path = format!("/v1/numbers?from={}&until={}", range.from, range.until);
    let numbers: Numbers = staff.read(path).await?;
    let figures = numbers.figures.iter().filter(|figure| !figure.rows.is_empty());
    let figures = figures.map(|figure| Shown::own(p, figure)).collect();
    Ok(Own { numbers, figures })
}
