//! Spot checks (S2): every node opens a record of its log for the node that countersigned it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Desk, Report, ReportError};
use crate::client::Ask;
use crate::enrol::OPERATOR;

/// How long opening a record may take.
const WITHIN: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(200);

pub(super) async fn write(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    report.title(
        "抽查账本",
        "every node opens a record of its log for the one that countersigned it",
    );
    for seat in desk.seats() {
        let below = below(desk, seat).await?;
        for peer in &below {
            let id = peer["id"].as_str().unwrap_or_default();
            let ask = Ask::post(format!("/v1/peers/{id}/challenge"), json!({}));
            desk.ask(seat, OPERATOR, ask).await?;
        }
        let due: Vec<&str> = below.iter().filter_map(|peer| peer["name"].as_str()).collect();
        let opened = until_opened(desk, seat, due.len()).await?;
        let name = desk.name(seat);
        let what = format!("{name} 抽查的节点 nodes that opened a record for it");
        let found: Vec<&str> = opened.iter().map(String::as_str).collect();
        let mark = report.check(&what, &found, &due);
        if !due.is_empty() {
            report.line(&format!("  {mark} {name} ← {}", due.join("、")));
        }
    }
    Ok(())
}

/// The nodes that a node stands above.
async fn below(desk: &Desk<'_>, seat: usize) -> Result<Vec<Value>, ReportError> {
    let peers = desk.ask(seat, OPERATOR, Ask::get("/v1/peers")).await?;
    let mut peers = peers["items"].as_array().cloned().unwrap_or_default();
    peers.retain(|peer| peer["relation"] == "child" || peer["relation"] == "unit");
    Ok(peers)
}

/// Names of those that have opened what they were asked for, once all have or time is up.
async fn until_opened(
    desk: &Desk<'_>,
    seat: usize,
    due: usize,
) -> Result<Vec<String>, ReportError> {
    let until = Instant::now() + WITHIN;
    loop {
        let mut opened = below(desk, seat).await?;
        opened.retain(|peer| !peer["opened"].is_null() && peer["unopened"].is_null());
        if opened.len() >= due || Instant::now() > until {
            let name = |peer: &Value| peer["name"].as_str().unwrap_or_default().to_owned();
            return Ok(opened.iter().map(name).collect());
        }
        tokio::time::sleep(LOOK).await;
    }
}
