//! Numbers: what the county is told by the whole federation, beside the demo's own ledger and the
//! articles' figures.

use std::collections::{BTreeMap, BTreeSet};

use governance::change::Phase;
use serde_json::{Value, json};

use super::{Desk, Report, ReportError, Table};
use crate::client::Ask;
use crate::ledger::{Book, CaseState};
use crate::plan::Part;
use crate::practice::{Practice, Shares};

type Counts = BTreeMap<String, u64>;

/// What the ledger has: what the county must be told, less small counts, and what there is.
struct Due {
    told: Counts,
    held: Counts,
}

/// In steps of how many nodes answer the one above; 1 where they answer exactly.
pub(super) fn step(practice: &Practice) -> u64 {
    practice.policy().suppression.map_or(1, |rule| rule.least.into())
}

fn suppressed(report: &mut Report, step: u64) {
    if step > 1 {
        report.line(&format!(
            "各节点对上级只报 {step} 的倍数，零头并入“其他”，再有零头不报：“应报”由账本按此规则算出，逐项核对。 What a \
             node tells the one above are multiples of {step}; what is over of its groups is told \
             together, if that is {step} at least: “due” is reckoned from the ledger by this rule."
        ));
    }
}

pub(super) async fn write(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    let (book, practice) = (desk.book, &desk.federation.practice);
    let (county, step) = (desk.federation.plan.county(), step(practice));
    suppressed(report, step);
    let stages = ask(desk, "received", "stage").await?;
    let stage = |case: &CaseState| case.stage.clone();
    let due = Due { told: book.told(county, step, stage), held: book.by(|case| Some(stage(case))) };
    by_stage(report, practice, &counts(&stages), &due);
    let settled = ask(desk, "received", "level_settled").await?;
    let due = Due { told: book.told(county, step, settled_at), held: settled_in(book) };
    by_level(report, practice.shares(), &counts(&settled), &due);
    let children = ask(desk, "received", "child").await?;
    by_child(desk, report, &counts(&children));
    open_and_closed(desk, report).await?;
    times(desk, report).await?;
    completeness(desk, report, &children);
    Ok(())
}

/// Asks the county, who asks everybody.
pub(super) async fn ask(
    desk: &Desk<'_>,
    metric: &str,
    grouping: &str,
) -> Result<Value, ReportError> {
    let body = json!({
        "metric": metric,
        "grouping": grouping,
        "from": "2020-01-01T00:00:00Z",
        "until": "2099-01-01T00:00:00Z",
        "budget_ms": 20_000,
    });
    let county = desk.federation.plan.county();
    desk.ask(county, "dispatcher", Ask::post("/v1/queries", body)).await
}

fn counts(answer: &Value) -> Counts {
    let rows = answer["rows"].as_array().into_iter().flatten();
    rows.map(|row| {
        let group = row["group"].as_str().unwrap_or("?").to_owned();
        (group, row["count"].as_u64().unwrap_or(0))
    })
    .collect()
}

/// `-` stands for cases that are not settled.
fn settled_at(case: &CaseState) -> String {
    case.settled.clone().unwrap_or_else(|| "-".to_owned())
}

fn settled_in(book: &Book) -> Counts {
    book.by(|case| Some(settled_at(case)))
}

fn by_stage(report: &mut Report, practice: &Practice, found: &Counts, due: &Due) {
    report.title(
        "事件 · 按阶段",
        "cases by stage, as the county was told and as the ledger has them",
    );
    let stages = practice.policy().stages.iter();
    let names: Vec<(&str, String)> = stages
        .map(|stage| (stage.key.as_str(), format!("{} {}", stage.name, stage.name_en)))
        .collect();
    let mut table = Table::of(&["阶段 stage", "县查询 county", "应报 due", "账本 ledger", ""]);
    for (key, name) in known_first(&names, found, due) {
        let (found, told) = (count(found, &key), count(&due.told, &key));
        let mark = report.check(&format!("阶段 {name} 的件数 cases in that stage"), &found, &told);
        let held = count(&due.held, &key).to_string();
        table.row([name, found.to_string(), told.to_string(), held, mark.to_owned()]);
    }
    let sum = |counts: &Counts| counts.values().sum::<u64>();
    let (found, told, held) = (sum(found), sum(&due.told), sum(&due.held));
    let mark = report.check("事件总数 cases in all", &found, &told);
    let cells = [found, told, held].map(|number| number.to_string());
    let [found, told, held] = cells;
    table.row(["合计 total".to_owned(), found, told, held, mark.to_owned()]);
    report.table(&table);
}

fn by_level(report: &mut Report, shares: Shares, found: &Counts, due: &Due) {
    report.title("已处置 · 按处置层级", "settled, by level; beside the articles' share (C10)");
    let Shares { on_the_spot, upward } = shares;
    let names = [
        ("grid", "网格当场 on the spot", on_the_spot.to_string()),
        ("community", "社区（村） community", (100 - on_the_spot - upward).to_string()),
        ("department", "成员单位 departments", upward.to_string()),
        ("township", "街镇 township", String::new()),
        ("county", "县 county", String::new()),
    ];
    // What is over is of no level, and shares are of what there is.
    let settled: u64 = due.held.iter().filter(|(key, _)| *key != "-").map(|(_, count)| count).sum();
    let heads =
        ["层级 level", "县查询 county", "应报 due", "账本 ledger", "账本 %", "文章 article %", ""];
    let mut table = Table::of(&heads);
    let known: Vec<(&str, String)> =
        names.iter().map(|(key, name, _)| (*key, (*name).to_owned())).collect();
    for (key, name) in known_first(&known, found, due) {
        let (found, told) = (count(found, &key), count(&due.told, &key));
        let held = count(&due.held, &key);
        let mark =
            report.check(&format!("处置层级 {name} 的件数 cases settled there"), &found, &told);
        let (share, article) = match names.iter().find(|(known, ..)| *known == key) {
            Some((_, _, article)) => (percent(held, settled), article.clone()),
            None => (String::new(), String::new()),
        };
        let cells = [found, told, held].map(|number| number.to_string());
        let [found, told, held] = cells;
        table.row([name, found, told, held, share, article, mark.to_owned()]);
    }
    report.table(&table);
    let levels = ["department", "township", "county"];
    let above: u64 = levels.iter().map(|key| count(&due.held, key)).sum();
    report.line(&format!(
        "  出社区共 {above} 件，占 {} % · left the community",
        percent(above, settled)
    ));
}

/// Groups by the names that are known, then whatever else there is.
fn known_first(names: &[(&str, String)], found: &Counts, due: &Due) -> Vec<(String, String)> {
    let keys: BTreeSet<&String> =
        found.keys().chain(due.told.keys()).chain(due.held.keys()).collect();
    let known = names.iter().filter(|(key, _)| keys.iter().any(|k| k.as_str() == *key));
    let mut list: Vec<(String, String)> =
        known.map(|(key, name)| ((*key).to_owned(), name.clone())).collect();
    let others = keys.iter().filter(|key| !names.iter().any(|(known, _)| *known == key.as_str()));
    list.extend(others.map(|key| {
        let name = match key.as_str() {
            "-" => "未处置 not settled",
            "?" => "其他（零头合计） what is over",
            other => other,
        };
        ((*key).clone(), name.to_owned())
    }));
    list
}

fn by_child(desk: &Desk<'_>, report: &mut Report, found: &Counts) {
    report.title("事件 · 按下级", "cases by the county's children");
    let plan = &desk.federation.plan;
    let step = step(&desk.federation.practice);
    let mut due = BTreeMap::<usize, u64>::new();
    for (home, told) in desk.book.told_of(plan.county(), step, |_| true) {
        let street = plan.seats()[home].parent.filter(|above| *above != plan.county());
        *due.entry(street.unwrap_or(home)).or_default() += told;
    }
    let mut table = Table::of(&["下级 child", "县查询 county", "应报 due", ""]);
    for (seat, _) in plan.of_part(Part::Street) {
        let found = count(found, &desk.ids[seat]);
        let due = due.get(&seat).copied().unwrap_or(0);
        let name = desk.name(seat).to_owned();
        let mark = report.check(&format!("{name} 以下的件数 cases below it"), &found, &due);
        table.row([name, found.to_string(), due.to_string(), mark.to_owned()]);
    }
    report.table(&table);
}

async fn open_and_closed(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    let policy = desk.federation.practice.policy();
    let phase = |case: &CaseState| policy.stage(&case.stage).map(|stage| stage.phase);
    let is_closed = |case: &CaseState| phase(case) == Some(Phase::Closed);
    let is_over = |case: &CaseState| phase(case).is_some_and(Phase::is_end);
    let closed = told_of(desk, is_closed);
    let open = told_of(desk, |case| !is_over(case));
    for (metric, due, zh) in [("open", open, "在办 open"), ("closed", closed, "结案 closed")] {
        let answer = ask(desk, metric, "none").await?;
        let found = number(&answer["total"]["count"]);
        let mark = report.check(&format!("{zh} 合计 total"), &found, &due.to_string());
        report.line(&format!("  {mark} {zh}: {found}"));
    }
    Ok(())
}

async fn times(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    let closed = told_of(desk, |case| case.stage == "closed");
    let answer = ask(desk, "time_to_close", "none").await?;
    let total = &answer["total"];
    let mark = report.check(
        "有结案时长的件数 cases with a time to close",
        &number(&total["count"]),
        &closed.to_string(),
    );
    let (median, p90) = (total["median_ms"].as_u64(), total["p90_ms"].as_u64());
    let ordered = median.is_some() && median <= p90;
    let also = report.check("结案时长：中位数不大于九成位 median within p90", &ordered, &true);
    report.line(&format!(
        "  {mark}{also} 结案用时 time to close: 中位 median {}，九成 p90 {}",
        seconds(median),
        seconds(p90)
    ));
    let answer = ask(desk, "time_to_answer", "none").await?;
    let total = &answer["total"];
    report.line(&format!(
        "    首次答复 time to answer: {} 件，中位 median {}，九成 p90 {}",
        total["count"].as_u64().unwrap_or(0),
        seconds(total["median_ms"].as_u64()),
        seconds(total["p90_ms"].as_u64())
    ));
    Ok(())
}

/// Of how many such cases the county must be told.
fn told_of(desk: &Desk<'_>, wanted: impl Fn(&CaseState) -> bool) -> u64 {
    let federation = desk.federation;
    let told = desk.book.told_of(federation.plan.county(), step(&federation.practice), wanted);
    told.values().sum()
}

fn completeness(desk: &Desk<'_>, report: &mut Report, answer: &Value) {
    report.title("县级查询的完整性", "completeness of the county's answer");
    let names = |list: &str| -> BTreeSet<String> {
        let lines = answer["completeness"][list].as_array().into_iter().flatten();
        lines.map(|line| line["name"].as_str().unwrap_or("?").to_owned()).collect()
    };
    let asked = |(_, seat): &(usize, &crate::plan::Seat)| seat.part != Part::Unit;
    let seats = desk.federation.plan.seats().iter().enumerate().filter(asked);
    let due: BTreeSet<String> = seats.map(|(_, seat)| seat.name.clone()).collect();
    let found = names("answered");
    let mark = report.check("回答了的节点 nodes that answered", &found, &due);
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join("、");
    report.line(&format!("  {mark} 已答 answered ({}): {}", found.len(), list(&found)));
    for kind in ["stale", "pending", "refused", "omitted", "invalid"] {
        let missing = names(kind);
        let mark = report.check(&format!("{kind} 的节点 nodes"), &missing, &BTreeSet::new());
        if !missing.is_empty() {
            report.line(&format!("  {mark} {kind}: {}", list(&missing)));
        }
    }
    if step(&desk.federation.practice) > 1 {
        let own: BTreeSet<String> =
            [desk.federation.plan.seats()[desk.federation.plan.county()].name.clone()].into();
        let below: BTreeSet<String> = due.difference(&own).cloned().collect();
        let mark =
            report.check("只报约数的节点 nodes that told multiples", &names("coarse"), &below);
        let short = answer["completeness"]["short"].as_u64().unwrap_or(0);
        report.line(&format!(
            "  {mark} 下级都只报倍数，合计至多少算 {short} 件 · the total may be too low by {short} at most"
        ));
        let held = desk.book.cases.len() as u64;
        let told = answer["total"]["count"].as_u64().unwrap_or(0);
        let within = told <= held && held - told <= short;
        let mark = report.check("少算不超过所说 no more is left out than said", &within, &true);
        report.line(&format!(
            "  {mark} 实有 {held} 件，报到县 {told} 件 · of {held} cases {told} were told"
        ));
    }
    let whole = answer["partial"] == json!(false) && !answer["total"].is_null();
    let mark = report.check("完整并有合计 complete, with a total", &whole, &true);
    report.line(&format!("  {mark} 完整，给出合计 · complete, with a total"));
}

/// A number of an answer, or that there is none.
fn number(value: &Value) -> String {
    value.as_u64().map_or("—".to_owned(), |number| number.to_string())
}

fn count(counts: &Counts, key: &str) -> u64 {
    counts.get(key).copied().unwrap_or(0)
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    let tenths = (part * 1_000 + whole / 2) / whole;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn seconds(millis: Option<u64>) -> String {
    millis.map_or("—".to_owned(), |millis| format!("{}.{:03} s", millis / 1_000, millis % 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice;

    #[test]
    fn shares_are_rounded_to_a_tenth_of_a_percent() {
        assert_eq!(percent(35, 100), "35.0");
        assert_eq!(percent(1, 3), "33.3");
        assert_eq!(percent(2, 3), "66.7");
        assert_eq!(percent(0, 0), "—");
    }

    #[test]
    fn a_wrong_figure_is_told_in_words() {
        let mut report = Report::default();
        let found = [("closed".to_owned(), 3)].into();
        let of = |number| [("closed".to_owned(), number)].into();
        let due = Due { told: of(4), held: of(5) };
        by_stage(&mut report, &Practice::named(practice::USUAL).unwrap(), &found, &due);
        assert!(!report.is_right());
        assert!(
            report.wrong()[0].contains("已结案") && report.wrong()[0].contains("must be 4, is 3")
        );
    }
}
