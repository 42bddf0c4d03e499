//! `verify` over every node's journal, offline.

use serde_json::Value;

use super::nodes::records_due;
use super::{Desk, Report, ReportError, Table};

/// Verifies every node's journal and adds what came of it. The nodes must not run.
///
/// # Errors
/// [`ReportError::Federation`], when a verification could not be started.
pub async fn verify(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    report.title("离线核验每个节点的账本", "`verify` over every node's journal");
    let mut table = Table::of(&[
        "节点 node",
        "帧 frames",
        "自有记录 own records",
        "验签 signatures",
        "问题 problems",
        "",
    ]);
    for seat in desk.seats() {
        let name = desk.name(seat).to_owned();
        let data = desk.federation.data(seat);
        let args = ["verify".as_ref(), data.as_ref(), "--json".as_ref()];
        let output = desk.federation.program().output(&args, "").await;
        let output = output.map_err(crate::federation::FederationError::from)?;
        let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let records = found["log"]["count"].as_u64().unwrap_or(0);
        let problems = found["problems"].as_array();
        let problems = problems.map_or("—".to_owned(), |problems| problems.len().to_string());
        let exit =
            report.check(&format!("{name} verify 通过 passes"), &output.status.success(), &true);
        let none = report.check(&format!("{name} 账本的问题 problems"), &problems, &"0".to_owned());
        let what = format!("{name} 账本里的自有记录 own records");
        let all = report.check(&what, &records, &records_due(desk, seat));
        let mark = if [exit, none, all] == ["✓"; 3] { "✓" } else { "✗" };
        for problem in found["problems"].as_array().into_iter().flatten().take(5) {
            report.line(&format!("  ✗ {name}: {problem}"));
        }
        table.row([
            name,
            found["frames"].to_string(),
            records.to_string(),
            found["verified"].to_string(),
            problems,
            mark.to_owned(),
        ]);
    }
    report.table(&table);
    Ok(())
}
