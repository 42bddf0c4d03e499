//! A street that is killed while matters are on their way to it.

use serde_json::json;

use crate::desk::Desk;
use crate::matter::{acts, escalated, finish, handle, send_home, take};
use crate::pair::Pair;
use crate::until;

/// Matters that are escalated while the moment comes, and after it.
const BEFORE: usize = 6;
const AFTER: usize = 2;

/// What the street is at when it is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The community has just been told that the first matter is escalated.
    Acknowledged,
    /// The first matter has just come up.
    Arrived,
    /// It is being taken on.
    Taking,
    /// It is being sent home.
    SendingHome,
    /// The street has just come back, and reads what it missed.
    CatchingUp,
}

const MOMENTS: [Moment; 5] = [
    Moment::Acknowledged,
    Moment::Arrived,
    Moment::Taking,
    Moment::SendingHome,
    Moment::CatchingUp,
];

/// What happens to a matter at both nodes, from report to close.
const LIFE: [&str; 9] = [
    "report",
    "accept",
    "escalate",
    "accept_custody",
    "handle",
    "send_home",
    "accept_custody",
    "verify",
    "close",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_street_killed_in_mid_escalation_loses_nothing_and_the_case_arrives_once() {
    let mut pair = Pair::meet("").await;
    let mut cases = Vec::new();
    for (round, moment) in MOMENTS.into_iter().enumerate() {
        cases.extend(kill_in(&mut pair, round, moment).await);
    }
    pair.until_met().await;
    let (street, community) = (pair.at_street(), pair.at_community());
    for case in &cases {
        for act in [take(), handle(), send_home()] {
            street.act_when_possible(case, act).await;
        }
        finish(&community, case).await;
    }
    pair.until_even().await;
    for desk in [&street, &community] {
        let mut there = ids(desk).await;
        let mut wanted = cases.clone();
        there.sort();
        wanted.sort();
        assert_eq!(there, wanted, "every acknowledged case, once");
        for case in &cases {
            let found = desk.case(case).await.expect("it is here");
            assert_eq!(acts(&found), LIFE, "{found}");
        }
    }
    let quarantine = pair.street.operator().get("/v1/quarantine").await;
    assert_eq!(quarantine["items"], json!([]));
    pair.stop_and_verify().await;
}

/// Lets the street be killed at a moment while matters come up, and starts it again; gives the
/// cases whose escalation was acknowledged.
async fn kill_in(pair: &mut Pair, round: usize, moment: Moment) -> Vec<String> {
    let community = pair.at_community();
    let mut cases = vec![escalated(&community, &format!("{round}-first")).await];
    let more = tokio::spawn(escalate(community.clone(), format!("{round}-before"), BEFORE));
    strike(pair, moment, &cases[0]).await;
    cases.extend(more.await.expect("the community works on"));
    cases.extend(escalate(community.clone(), format!("{round}-after"), AFTER).await);
    let lag = pair.community.operator().peer("parent").await["lag"].as_u64();
    assert!(lag > Some(0), "{moment:?}: what was acknowledged is on its way");
    pair.street.start().await;
    if matches!(moment, Moment::CatchingUp) {
        pair.street.kill().await;
        pair.street.start().await;
    }
    cases
}

async fn escalate(community: Desk, key: String, count: usize) -> Vec<String> {
    let mut cases = Vec::new();
    for number in 0..count {
        cases.push(escalated(&community, &format!("{key}-{number}")).await);
    }
    cases
}

/// Kills the street when it is at what the moment says.
async fn strike(pair: &mut Pair, moment: Moment, case: &str) {
    let street = pair.at_street();
    let arrived =
        async || until("it has come up", async || street.case(case).await.is_some()).await;
    match moment {
        Moment::Acknowledged | Moment::CatchingUp => pair.street.kill().await,
        Moment::Arrived => {
            arrived().await;
            pair.street.kill().await;
        }
        Moment::Taking => {
            arrived().await;
            kill_in_mid(pair, &street, case, take()).await;
        }
        Moment::SendingHome => {
            street.act_when_possible(case, take()).await;
            street.act_when_possible(case, handle()).await;
            kill_in_mid(pair, &street, case, send_home()).await;
        }
    }
}

/// Kills the street while it is asked for something; whether it was done, shows later.
async fn kill_in_mid(pair: &mut Pair, street: &Desk, case: &str, act: serde_json::Value) {
    let (street, case) = (street.clone(), case.to_owned());
    let asked = tokio::spawn(async move { street.try_act(&case, act).await });
    tokio::task::yield_now().await;
    pair.street.kill().await;
    asked.abort();
}

async fn ids(desk: &Desk) -> Vec<String> {
    desk.cases().await.iter().map(|case| crate::desk::text(case, "id")).collect()
}
