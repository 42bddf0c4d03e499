//! Errands that stay in their community: the grid settles, the community disposes (C2).

use serde_json::{Value, json};

use super::DayError;
use super::walk::{Walk, Who};
use crate::errands::{LeftAt, Turn, Way};
use crate::ledger::Done;
use crate::matters;

pub(super) const DISPATCHER: &str = "dispatcher";

/// Walks an errand from report to close, or to where it is left.
pub(super) async fn go(walk: &Walk<'_>) -> Result<(), DayError> {
    let report = walk.report().await?;
    match walk.errand.way {
        Way::OnTheSpot => on_the_spot(walk, &report).await,
        Way::Community => community(walk, &report).await,
        Way::Refused => refuse(walk, &report).await,
        Way::Open(left) => leave(walk, &report, left).await,
        // Those leave the community, or wait; see `climb` and `waiting`.
        Way::Street(_) | Way::County | Way::Waiting(_) => Ok(()),
    }
}

async fn refuse(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    let act = json!({
        "act": "refuse",
        "reason": "不属于本社区受理范围",
        "instead": "请拨打 12345 热线，或到县政务服务中心窗口办理",
    });
    here(walk, report, "refuse", DISPATCHER, act).await
}

async fn on_the_spot(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    let settle = |opinion: &str| json!({ "act": "settle_on_spot", "opinion": opinion });
    let worker = walk.grid_worker();
    here(walk, report, "settle", &worker, settle("到场查看，当场处理完毕")).await?;
    if walk.errand.turn == Turn::Unsolved {
        verify(walk, report, "verify-unsolved", true, false).await?;
        here(walk, report, "settle-again", &worker, settle("再次到场，已彻底处理")).await?;
    }
    verify(walk, report, "verify", true, true).await?;
    let closer = walk.closer();
    close(walk, report, "close", &closer).await?;
    if walk.errand.turn == Turn::Reopened {
        reopen(walk, report).await?;
        here(walk, report, "settle-anew", &worker, settle("问题复发，重新处理")).await?;
        verify(walk, report, "verify-anew", true, true).await?;
        close(walk, report, "close-anew", &closer).await?;
    }
    Ok(())
}

async fn community(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    to_the_community(walk, report).await?;
    if walk.errand.turn == Turn::Returned {
        dispatch(walk, report, "dispatch-first", 1).await?;
        let act = json!({ "act": "return", "reason": "派单有误，不属本岗位职责" });
        here(walk, report, "return", &walk.worker(1), act).await?;
    }
    dispatch_and_handle(walk, report, "").await?;
    if walk.errand.turn == Turn::Unsolved {
        verify(walk, report, "verify-unsolved", false, false).await?;
        handle(walk, report, "handle-again").await?;
    }
    verify(walk, report, "verify", false, true).await?;
    close(walk, report, "close", DISPATCHER).await?;
    if walk.errand.turn == Turn::Reopened {
        reopen(walk, report).await?;
        dispatch_and_handle(walk, report, "-anew").await?;
        verify(walk, report, "verify-anew", false, true).await?;
        close(walk, report, "close-anew", DISPATCHER).await?;
    }
    Ok(())
}

async fn leave(walk: &Walk<'_>, report: &Done, left: LeftAt) -> Result<(), DayError> {
    if left == LeftAt::Reported {
        return Ok(());
    }
    accept(walk, report).await?;
    if left == LeftAt::Accepted {
        return Ok(());
    }
    hand_up(walk, report).await?;
    dispatch(walk, report, "dispatch", 0).await?;
    if left == LeftAt::Dispatched {
        return Ok(());
    }
    take(walk, report, "take").await?;
    if left == LeftAt::Verifying {
        handle(walk, report, "handle").await?;
    }
    Ok(())
}

/// The grid worker takes it on and hands it up; the community sorts it.
pub(super) async fn to_the_community(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    accept(walk, report).await?;
    hand_up(walk, report).await?;
    let number = walk.errand.number;
    let act = json!({
        "act": "triage",
        "category": matters::category(&walk.scene.matters[number]),
        "grade": if walk.errand.climbs() { "C" } else { "B" },
        "importance": number % 3 + 1,
        "urgency": (number / 3) % 3 + 1,
    });
    here(walk, report, "triage", DISPATCHER, act).await
}

pub(super) async fn accept(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    here(walk, report, "accept", &walk.grid_worker(), json!({ "act": "accept" })).await
}

pub(super) async fn hand_up(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    let act = json!({ "act": "hand_up", "reason": "网格内无法处置，需社区协调" });
    here(walk, report, "hand-up", &walk.grid_worker(), act).await
}

async fn dispatch_and_handle(walk: &Walk<'_>, report: &Done, end: &str) -> Result<(), DayError> {
    dispatch(walk, report, &format!("dispatch{end}"), 0).await?;
    take(walk, report, &format!("take{end}")).await?;
    handle(walk, report, &format!("handle{end}")).await
}

pub(super) async fn dispatch(
    walk: &Walk<'_>,
    report: &Done,
    step: &str,
    next: usize,
) -> Result<(), DayError> {
    let assignee = walk.person(report.seat, &walk.worker(next));
    let act = json!({ "act": "dispatch", "assignee": assignee });
    here(walk, report, step, DISPATCHER, act).await
}

pub(super) async fn take(walk: &Walk<'_>, report: &Done, step: &str) -> Result<(), DayError> {
    here(walk, report, step, &walk.worker(0), json!({ "act": "take" })).await
}

pub(super) async fn handle(walk: &Walk<'_>, report: &Done, step: &str) -> Result<(), DayError> {
    let act = json!({ "act": "handle", "opinion": "已联系相关方处理完毕，请核查" });
    here(walk, report, step, &walk.worker(0), act).await
}

/// Whoever reported says whether it is solved; once it is back, where it was away.
pub(super) async fn verify(
    walk: &Walk<'_>,
    report: &Done,
    step: &str,
    on_the_spot: bool,
    solved: bool,
) -> Result<(), DayError> {
    let satisfaction = if solved { 3 + walk.errand.number % 3 } else { 2 };
    let act = json!({ "act": "verify", "solved": solved, "satisfaction": satisfaction });
    by_reporter(walk, report, step, walk.verifier(on_the_spot), act).await
}

async fn reopen(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    let act = json!({ "act": "reopen", "reason": "问题又出现了，请再处理" });
    by_reporter(walk, report, "reopen", walk.reporter(), act).await
}

async fn by_reporter(
    walk: &Walk<'_>,
    report: &Done,
    step: &str,
    login: Option<String>,
    act: Value,
) -> Result<(), DayError> {
    let who = match &login {
        Some(login) => Who::Staff(login),
        None => Who::Resident(report.code.as_deref().unwrap_or_default()),
    };
    let (case, seat) = (&report.case, report.seat);
    if walk.errand.climbs() {
        walk.act_when_possible(case, step, seat, who, act).await.map(|_| ())
    } else {
        walk.act(case, step, seat, who, act).await.map(|_| ())
    }
}

pub(super) async fn close(
    walk: &Walk<'_>,
    report: &Done,
    step: &str,
    login: &str,
) -> Result<(), DayError> {
    here(walk, report, step, login, json!({ "act": "close" })).await
}

async fn here(
    walk: &Walk<'_>,
    report: &Done,
    step: &str,
    login: &str,
    act: Value,
) -> Result<(), DayError> {
    walk.act(&report.case, step, report.seat, Who::Staff(login), act).await.map(|_| ())
}
