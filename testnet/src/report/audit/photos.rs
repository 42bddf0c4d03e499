//! The photos that were released with reports: which nodes have them, and that each is, byte for
//! byte, what has to be kept of the one that the demo sent.

use std::collections::BTreeSet;
use std::time::Duration;

use governance::act::ActKind;
use governance::case::Party;
use hyper::StatusCode;
use tokio::time::Instant;

use super::super::{Desk, Report, ReportError};
use super::Holding;
use crate::client::{Ask, ClientError};
use crate::people::AUDITOR;
use crate::plan::Part;

/// A photo follows its record within seconds.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn write(
    desk: &Desk<'_>,
    report: &mut Report,
    held: &[(usize, Holding)],
) -> Result<(), ReportError> {
    report.title("照片给了谁", "who was given which photos");
    let sent = desk.book.cases.values().filter(|case| case.photo.is_some()).count();
    report.line(&format!("  上报时附照片 {sent} 件 · {sent} reports came with a photo"));
    for (seat, holding) in held {
        let name = desk.name(*seat);
        let due = due(desk, *seat);
        report.check(&format!("{name} 拿到的照片 photos released"), &holding.photos, &due);
        let mut same = 0;
        for (case, hash) in &holding.photos {
            let bytes = photo(desk, *seat, case, hash).await?;
            same += usize::from(blake3::hash(&bytes).to_hex().as_str() == hash);
        }
        let what = format!("{name} 的照片逐字节相同 photos byte for byte");
        let mark = report.check(&what, &same, &due.len());
        report.line(&format!("  {mark} {name}：{same} 张 photos"));
    }
    Ok(())
}

/// The photos of the cases that a node knows, where the policy of
/// those who told it lets it have them.
fn due(desk: &Desk<'_>, seat: usize) -> BTreeSet<(String, String)> {
    let practice = &desk.federation.practice;
    let unit = desk.federation.plan.seats()[seat].part == Part::Unit;
    let (from, to) =
        if unit { (Part::Street, Party::Unit) } else { (Part::Community, Party::Above) };
    let rule = practice.policy_of(from).disclosure(to, ActKind::Report);
    if rule.is_none_or(|rule| !rule.fields.iter().any(|field| field == "photos")) {
        return BTreeSet::new();
    }
    let cases = desk.book.cases.values().filter(|case| case.is_known_to(seat));
    cases.filter_map(|case| Some((case.id.clone(), case.photo.clone()?))).collect()
}

/// A photo as a node serves it, as soon as it is there.
async fn photo(
    desk: &Desk<'_>,
    seat: usize,
    case: &str,
    hash: &str,
) -> Result<Vec<u8>, ReportError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let ask = Ask::get(format!("/v1/cases/{case}/photos/{hash}"));
        match desk.bytes(seat, AUDITOR, ask).await {
            Err(ReportError::Asked {
                source: ClientError::Refused { status: StatusCode::NOT_FOUND, .. },
                ..
            }) if Instant::now() < until => tokio::time::sleep(PAUSE).await,
            other => return other,
        }
    }
}
