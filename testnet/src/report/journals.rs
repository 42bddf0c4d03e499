//! `verify` over every node's journal, offline.

use super::nodes::records_due;
use super::{Desk, Report, ReportError, Table};
use crate::processes::Journal;

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
        let outcome = desk.federation.program().verify(&desk.federation.data(seat)).await;
        let outcome = outcome.map_err(crate::federation::FederationError::from)?;
        let found = outcome.journal.as_ref();
        let records = found.map_or(0, Journal::own);
        let problems = found.map_or("—".to_owned(), |found| found.problems.len().to_string());
        let exit = report.check(&format!("{name} verify 通过 passes"), &outcome.passed, &true);
        let none = report.check(&format!("{name} 账本的问题 problems"), &problems, &"0".to_owned());
        let what = format!("{name} 账本里的自有记录 own records");
        let all = report.check(&what, &records, &records_due(desk, seat));
        let mark = if [exit, none, all] == ["✓"; 3] { "✓" } else { "✗" };
        for problem in found.iter().flat_map(|found| &found.problems).take(5) {
            report.line(&format!("  ✗ {name}: {problem}"));
        }
        table.row([
            name,
            found.map_or(0, |found| found.frames).to_string(),
            records.to_string(),
            found.map_or(0, |found| found.verified).to_string(),
            problems,
            mark.to_owned(),
        ]);
    }
    report.table(&table);
    Ok(())
}
