//! Every case, looked up at its home and at every node that acted on it: it stands where the
//! ledger says, and every record that was acknowledged is in its timeline.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::{Desk, Report, ReportError};
use crate::client::Ask;
use crate::ledger::CaseState;
use crate::people::AUDITOR;
use crate::plan::Part;

/// Requests at once.
const AT_ONCE: usize = 32;
/// Differences that are told one by one; more are only counted.
const TOLD: usize = 10;

/// What was found of one case.
#[derive(Default)]
struct Found {
    wrong: Vec<String>,
    records: u64,
    missing: u64,
    acts: BTreeMap<String, u64>,
}

pub(super) async fn write(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    let looked = stream::iter(desk.book.cases.values().map(|case| look_up(desk, case)));
    let found: Vec<Found> = looked.buffer_unordered(AT_ONCE).try_collect().await?;
    report.title("逐案核对", "every case at every node that acted on it");
    let wrong: Vec<&String> = found.iter().flat_map(|found| &found.wrong).collect();
    for what in wrong.iter().take(TOLD) {
        report.line(&format!("  ✗ {what}"));
    }
    let cases = found.len();
    let mark = report.check("与账本不符之处 differences from the ledger", &wrong.len(), &0);
    report.line(&format!(
        "  {mark} {cases} 件的阶段、层级、退回与重开次数都与账本一致 · {cases} cases stand where the \
         ledger says"
    ));
    let sum = |of: fn(&Found) -> u64| found.iter().map(of).sum::<u64>();
    let (records, missing) = (sum(|found| found.records), sum(|found| found.missing));
    let mark = report.check("缺失的已确认记录 acknowledged records that are missing", &missing, &0);
    report.line(&format!(
        "  {mark} {records} 条已确认的记录全部在案 · every acknowledged record is in its timeline"
    ));
    escalations(desk, report, &found);
    Ok(())
}

/// Escalations as the timelines at home have them.
fn escalations(desk: &Desk<'_>, report: &mut Report, found: &[Found]) {
    report.title("上报与回流", "escalations");
    let of = |act: &str| found.iter().filter_map(|found| found.acts.get(act)).sum::<u64>();
    let due = desk.book.offers();
    for (act, due, name) in [
        ("escalate", due.up, "提请上级 offered"),
        ("accept_custody up", due.accepted, "上级接收 accepted"),
        ("refuse_custody", due.refused, "上级退回 refused"),
        ("send_home", due.home, "办结回流 sent home"),
        ("accept_custody home", due.home, "已回到受理地 came home"),
    ] {
        let found = of(act);
        let mark = report.check(name, &found, &due);
        report.line(&format!("  {mark} {name}: {found}"));
    }
}

async fn look_up(desk: &Desk<'_>, case: &CaseState) -> Result<Found, ReportError> {
    let mut found = Found::default();
    let mut due: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for (seat, record) in &case.records {
        due.entry(*seat).or_default().insert(record);
    }
    for (seat, records) in due {
        let ask = Ask::get(format!("/v1/cases/{}", case.id));
        let shown = desk.ask(seat, reader(desk, seat), ask).await?;
        let timeline: BTreeSet<&str> =
            steps(&shown).filter_map(|step| step["record"].as_str()).collect();
        let missing = records.difference(&timeline).count() as u64;
        found.records += records.len() as u64 - missing;
        found.missing += missing;
        if seat == case.home {
            compare(case, &shown, &mut found);
            custody(desk, case, &shown, &mut found);
        }
    }
    Ok(found)
}

/// Who may see every case that a node knows; its operator sees none.
pub(super) fn reader(desk: &Desk<'_>, seat: usize) -> &'static str {
    match desk.federation.plan.seats()[seat].part {
        Part::Community => "dispatcher",
        Part::County | Part::Street | Part::Unit => AUDITOR,
    }
}

fn steps(shown: &Value) -> impl Iterator<Item = &Value> {
    shown["timeline"].as_array().into_iter().flatten()
}

fn compare(case: &CaseState, shown: &Value, found: &mut Found) {
    let text = |value: &Value| value["key"].as_str().map(str::to_owned);
    let number = |name: &str| shown[name].as_u64().map(|number| number.to_string());
    let due = |text: &str| Some(text.to_owned());
    for (what, is, due) in [
        ("阶段 stage", text(&shown["stage"]), due(&case.stage)),
        ("层级 level", text(&shown["level"]), due(&case.level)),
        ("处置层级 settled", text(&shown["settled"]), case.settled.clone()),
        ("退回 returns", number("returns"), Some(case.returns.to_string())),
        ("重开 reopens", number("reopens"), Some(case.reopens.to_string())),
    ] {
        if is != due {
            let (is, due) = (is.unwrap_or("—".into()), due.unwrap_or("—".into()));
            found.wrong.push(format!("{} {what}：应为 {due}，实为 {is}", case.number));
        }
    }
    let here = shown["custody"]["here"].as_bool() == Some(true);
    if here != case.is_held_by(case.home) {
        found.wrong.push(format!("{} 责任未回到受理地 custody did not come home", case.number));
    }
}

/// Counts how custody moved, by the records that home has of it.
fn custody(desk: &Desk<'_>, case: &CaseState, shown: &Value, found: &mut Found) {
    for step in steps(shown) {
        let author = step["author"]["id"].as_str().and_then(|id| desk.seat_of(id));
        let act = match step["act"].as_str().unwrap_or_default() {
            "accept_custody" if author == Some(case.home) => "accept_custody home",
            // On the way home a node in between takes the case by itself: nobody acts.
            "accept_custody" if step["actor"].is_null() => continue,
            "accept_custody" => "accept_custody up",
            "send_home" if step["actor"].is_null() => continue,
            other => other,
        };
        *found.acts.entry(act.to_owned()).or_default() += 1;
    }
}
