//! Cases that are left on somebody's desk: each is walked as far as the place where it waits. What
//! a policy does not know is left out, and the case waits one step earlier.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use governance::act::ActKind;
use serde_json::{Value, json};

use super::DayError;
use super::climb::Climb;
use super::home::{self, DISPATCHER};
use super::walk::{Walk, Who};
use crate::client::Ask;
use crate::errands::{Wait, Way};
use crate::ledger::Done;
use crate::people;

/// How far ahead a case that is put off is looked at again, in days.
const REVIEW: u64 = 60;
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Walks a case to where it waits.
pub(super) async fn go(walk: &Walk<'_>) -> Result<(), DayError> {
    let Way::Waiting(wait) = walk.errand.way else { return Ok(()) };
    let report = walk.report().await?;
    match wait {
        Wait::Reported => Ok(()),
        Wait::Accepted => home::accept(walk, &report).await,
        Wait::HandedUp => handed_up(walk, &report).await,
        Wait::Dispatched => dispatched(walk, &report).await,
        Wait::Objected => objected(walk, &report).await,
        Wait::Suspended => suspended(walk, &report).await,
        Wait::Unverified => handled(walk, &report).await,
        Wait::Verified => {
            handled(walk, &report).await?;
            home::verify(walk, &report, "verify", false, true).await
        }
        Wait::Mediating => mediating(walk, &report).await,
        Wait::Offered | Wait::AtStreet | Wait::Called | Wait::OfferedToCounty | Wait::AtCounty => {
            home::to_the_community(walk, &report).await?;
            Climb::new(walk, &report).wait(wait).await
        }
    }
}

async fn handed_up(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    home::accept(walk, report).await?;
    home::hand_up(walk, report).await
}

async fn dispatched(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    handed_up(walk, report).await?;
    home::dispatch(walk, report, "dispatch", 0).await
}

async fn handled(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    dispatched(walk, report).await?;
    home::take(walk, report, "take").await?;
    home::handle(walk, report, "handle").await
}

async fn objected(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    dispatched(walk, report).await?;
    let reason = "管网不归社区，应派供水（供气、通信）单位";
    let act = json!({ "act": "object", "reason": reason });
    if_known(walk, report, ActKind::Object, &walk.worker(0), act).await
}

async fn suspended(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    handed_up(walk, report).await?;
    let review = DateTime::<Utc>::from(std::time::SystemTime::now() + DAY * REVIEW as u32);
    let act = json!({
        "act": "suspend",
        "review": review.to_rfc3339_opts(SecondsFormat::Millis, true),
        "reason": "需列入改造计划，等上级批复",
    });
    for login in [DISPATCHER, people::HEAD] {
        if_known(walk, report, ActKind::Suspend, login, act.clone()).await?;
    }
    Ok(())
}

async fn mediating(walk: &Walk<'_>, report: &Done) -> Result<(), DayError> {
    handed_up(walk, report).await?;
    let policy = walk.practice().policy();
    let Some(severity) = policy.severities.first() else { return Ok(()) };
    let mediator = walk.person(report.seat, DISPATCHER);
    let act = json!({ "act": "mediate", "severity": severity.key, "mediators": [mediator] });
    if_known(walk, report, ActKind::Mediate, DISPATCHER, act).await?;
    let held = opened(walk, report).await?;
    let note = "双方到场，各说各的理；约定三天后带修缮报价再谈。";
    let act = json!({ "act": "session", "held": held, "note": note });
    if_known(walk, report, ActKind::Session, DISPATCHER, act).await
}

/// When the case was opened, by its node's clock.
async fn opened(walk: &Walk<'_>, report: &Done) -> Result<Value, DayError> {
    let ask = Ask::get(format!("/v1/cases/{}", report.case));
    let ask = ask.by(&walk.token(report.seat, DISPATCHER));
    let shown = walk.scene.federation.client(report.seat).json(ask).await;
    let shown = shown.map_err(|source| walk.failed("when it was opened", &report.case, source))?;
    Ok(shown["opened"].clone())
}

/// Does something, unless it was done or somebody of that login may not do it on this case now.
async fn if_known(
    walk: &Walk<'_>,
    report: &Done,
    kind: ActKind,
    login: &str,
    act: Value,
) -> Result<(), DayError> {
    let (case, step) = (&report.case, kind.key());
    if walk.known(step).is_some() || !may(walk, report, kind, login).await? {
        return Ok(());
    }
    walk.act(case, step, report.seat, Who::Staff(login), act).await.map(|_| ())
}

async fn may(walk: &Walk<'_>, report: &Done, kind: ActKind, login: &str) -> Result<bool, DayError> {
    let token = walk.token(report.seat, login);
    if token.is_empty() {
        return Ok(false);
    }
    let ask = Ask::get(format!("/v1/cases/{}/acts", report.case)).by(&token);
    let open = walk.scene.federation.client(report.seat).json(ask).await;
    let open = open.map_err(|source| walk.failed("what may be done", &report.case, source))?;
    let mut acts = open["acts"].as_array().into_iter().flatten();
    Ok(acts.any(|act| act["act"] == kind.key()))
}
