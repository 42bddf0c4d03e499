//! What is left on every desk: the next person to open a console has something to do there.

use governance::change::Phase;
use serde_json::Value;

use super::cases::reader;
use super::{Desk, Report, ReportError, Table};
use crate::client::Ask;
use crate::enrol::OPERATOR;
use crate::ledger::CaseState;
use crate::plan::Part;

/// What a node shows of it.
#[derive(Default)]
struct Left {
    open: u64,
    overdue: u64,
    /// The same, as the list of those says.
    listed: u64,
    /// Of other nodes' cases, those that wait for a word of this one.
    awaiting: u64,
}

pub(super) async fn write(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    report.title("各桌上还有什么", "what is left on every desk");
    let mut table = Table::of(&[
        "节点 node",
        "在办 open",
        "超期 overdue",
        "待答复 to answer",
        "手记 notes",
        "待确认 to confirm",
        "邀请 invitations",
        "",
    ]);
    for seat in desk.seats() {
        let name = desk.name(seat).to_owned();
        let left = left(desk, seat).await?;
        let held = |case: &&CaseState| case.is_held_by(seat) && is_open(desk, case);
        let held = desk.book.cases.values().filter(held).count() as u64;
        let awaiting = |case: &&CaseState| case.awaits(seat);
        let awaiting = desk.book.cases.values().filter(awaiting).count() as u64;
        let notes = match desk.federation.plan.seats()[seat].part {
            Part::Community => count(desk, seat, "dispatcher", "/v1/notes?limit=200").await?,
            Part::County | Part::Street | Part::Unit => 0,
        };
        let proposals = count(desk, seat, OPERATOR, "/v1/proposals").await?;
        let invitations = waiting_invitations(desk, seat).await?;
        let beside = |what: &str| desk.beside(seat, what);
        let marks = [
            report.check(&format!("{name} 的在办件数 open cases there"), &left.open, &held),
            report.check(
                &format!("{name} 待答复的件数 cases to answer"),
                &left.awaiting,
                &awaiting,
            ),
            report.check(&format!("{name} 的超期件数 overdue cases"), &left.listed, &left.overdue),
            report.check(&format!("{name} 的手记 notes"), &notes, &beside("note")),
            report.check(
                &format!("{name} 待确认的提名 proposals"),
                &proposals,
                &beside("proposal"),
            ),
            report.check(
                &format!("{name} 未用的邀请 invitations"),
                &invitations,
                &beside("invitation"),
            ),
        ];
        let mark = if marks.iter().all(|mark| *mark == "✓") { "✓" } else { "✗" };
        let figures = [left.open, left.overdue, left.awaiting, notes, proposals, invitations];
        let figures = figures.map(|figure| figure.to_string());
        table.row(std::iter::once(name).chain(figures).chain([mark.to_owned()]));
    }
    report.table(&table);
    Ok(())
}

fn is_open(desk: &Desk<'_>, case: &CaseState) -> bool {
    let part = desk.federation.plan.seats()[case.holder].part;
    let stage = desk.federation.practice.policy_of(part).stage(&case.stage);
    stage.is_some_and(|stage| !Phase::is_end(stage.phase))
}

async fn left(desk: &Desk<'_>, seat: usize) -> Result<Left, ReportError> {
    let (mut left, mut after) = (Left::default(), String::new());
    let overdue = Ask::get("/v1/cases?overdue=true&limit=200");
    let overdue = desk.ask(seat, reader(desk, seat), overdue).await?;
    left.listed = overdue["items"].as_array().map_or(0, |items| items.len() as u64);
    let offered = Ask::get("/v1/cases?offered=true&limit=200");
    let offered = desk.ask(seat, reader(desk, seat), offered).await?;
    let to_us =
        |case: &&Value| case["custody"]["offer"]["to_us"] == true || !case["called"].is_null();
    left.awaiting = offered["items"].as_array().into_iter().flatten().filter(to_us).count() as u64;
    loop {
        let ask = Ask::get(format!("/v1/cases?open=true&limit=200{after}"));
        let page = desk.ask(seat, reader(desk, seat), ask).await?;
        for case in page["items"].as_array().into_iter().flatten() {
            let here = case["custody"]["here"] == true;
            left.open += u64::from(here);
            left.overdue += u64::from(here && case["clock"]["state"] == "overdue");
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(left),
        }
    }
}

async fn count(desk: &Desk<'_>, seat: usize, login: &str, path: &str) -> Result<u64, ReportError> {
    let page = desk.ask(seat, login, Ask::get(path)).await?;
    Ok(page["items"].as_array().map_or(0, |items| items.len() as u64))
}

async fn waiting_invitations(desk: &Desk<'_>, seat: usize) -> Result<u64, ReportError> {
    let page = desk.ask(seat, OPERATOR, Ask::get("/v1/invitations?limit=200")).await?;
    let open = |one: &&Value| one["newcomer"].is_null();
    Ok(page["items"].as_array().map_or(0, |items| items.iter().filter(open).count() as u64))
}
