//! Each level's own clock, what happened to cases on the way, and the three rates, as the county
//! is told them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::numbers::{ask, step};
use super::{Desk, Report, ReportError, Table};
use crate::ledger::CaseState;

pub(super) async fn write(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    on_time(desk, report).await?;
    on_the_way(desk, report).await?;
    rates(desk, report).await
}

async fn on_time(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    report.title("各级按期", "turns at each level, of which in time (C8)");
    let answer = ask(desk, "on_time", "level").await?;
    let mut table = Table::of(&["层级 level", "件次 turns", "按期 in time", "%"]);
    for row in rows(&answer) {
        let names = &row["code"];
        let name = format!("{} {}", text(&names["name"]), text(&names["name_en"]));
        let (turns, in_time) = (count(row, "count"), count(row, "yes"));
        table.row([name, turns.to_string(), in_time.to_string(), percent(in_time, turns)]);
    }
    report.table(&table);
    Ok(())
}

/// What the county is told of returns and reopenings is what the ledger has.
async fn on_the_way(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    let returns = told(desk, |case| case.returns);
    let reopens = told(desk, |case| case.reopens);
    let due = [
        ("returned", "退回 returns", Some(returns)),
        ("reopened", "重办 reopenings", Some(reopens)),
    ];
    let told =
        [("escalated", "上报 taken above", None), ("misdispatched", "错派 misdispatched", None)];
    for (metric, name, due) in due.into_iter().chain(told) {
        let answer = ask(desk, metric, "none").await?;
        let found = count(&answer["total"], "sum");
        let mark = due.map_or(" ", |due| report.check(name, &found, &due));
        report.line(&format!("  {mark} {name}: {found}"));
    }
    Ok(())
}

/// Of how many such events the county must be told: a node tells none where they are of too few
/// cases, and else multiples.
fn told(desk: &Desk<'_>, of: impl Fn(&CaseState) -> u64) -> u64 {
    let (county, step) = (desk.federation.plan.county(), step(&desk.federation.practice));
    let mut homes = BTreeMap::<usize, (u64, u64)>::new();
    for case in desk.book.cases.values() {
        let (cases, events) = homes.entry(case.home).or_default();
        *cases += u64::from(of(case) > 0);
        *events += of(case);
    }
    let floor = |number: u64| number / step * step;
    let told = homes.into_iter().map(|(home, (cases, events))| match floor(cases) {
        _ if home == county => events,
        0 => 0,
        cases => floor(events).max(cases),
    });
    told.sum()
}

async fn rates(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    report.title("三率", "the three rates, of valid call-backs; with and without exclusions");
    for (metric, name) in [
        ("response", "响应率 answered in time"),
        ("solved", "解决率 solved"),
        ("satisfied", "满意率 satisfied"),
    ] {
        let all = ask(desk, metric, "none").await?;
        let kept = ask(desk, &format!("{metric}_kept"), "none").await?;
        let of = |answer: &Value| {
            let (of, yes) = (count(&answer["total"], "count"), count(&answer["total"], "yes"));
            format!("{yes} / {of} ({})", percent(yes, of))
        };
        report.line(&format!("    {name}: {}；剔除后 without exclusions {}", of(&all), of(&kept)));
    }
    Ok(())
}

fn rows(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["rows"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

fn count(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or(0)
}

/// Nothing of nothing is no share.
fn percent(part: u64, whole: u64) -> String {
    let tenths = (part * 1_000).checked_div(whole);
    tenths
        .map_or("无可计 none".to_owned(), |tenths| format!("{}.{} %", tenths / 10, tenths % 10))
}
