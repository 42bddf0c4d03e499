//! What befell the federation, and what the county was told meanwhile.

use std::collections::BTreeSet;

use super::{Desk, Report};
use crate::ledger::Befallen;

pub(super) fn misfortunes(desk: &Desk<'_>, report: &mut Report) {
    let plan = &desk.federation.plan;
    let (killed, cut_off) = (desk.name(plan.killed()), desk.name(plan.cut_off()));
    report.title("变故", "what befell the federation");
    let days = desk.days();
    for (what, zh, en) in [
        (Befallen::Killed, format!("{killed} 被 kill -9"), "killed"),
        (Befallen::Restarted, format!("{killed} 重新启动"), "restarted"),
        (Befallen::Cut, format!("{cut_off} 断线"), "cut off"),
        (Befallen::Healed, format!("{cut_off} 恢复"), "healed"),
    ] {
        let mark = report.check(&zh, &desk.befell(what), &days);
        report.line(&format!("  {mark} {zh}（{days} 天 {days} 次） {en}, once a day"));
    }
    for asked in desk.asked_in_cut() {
        // The federation may have grown since.
        let nodes = desk.nodes_on(asked.day);
        let due = plan.all_cut_off().into_iter().filter(|seat| *seat < nodes);
        let due: BTreeSet<&str> = due.map(|seat| desk.name(seat)).collect();
        let missing: BTreeSet<&str> = asked.missing.iter().map(String::as_str).collect();
        let what = "断线期间县级查询缺失的节点 missing while cut off";
        let mark = report.check(what, &missing, &due);
        let honest = (asked.partial, asked.total);
        let marked = report.check(
            "断线期间的回答（不完整，有合计） partial, total",
            &honest,
            &(true, false),
        );
        report.line(&format!(
            "  {mark}{marked} 断线期间县级查询：已计 {}，缺 {}，未给合计 · the county's answer while \
             cut off named who was missing and gave no total",
            asked.so_far,
            asked.missing.join("、")
        ));
    }
    for (connected, waiting) in desk.alone() {
        let found = (connected, waiting > 0);
        let what = "断线结束前该社区（与上级相连，有待送条目） connected, with entries waiting";
        let mark = report.check(what, &found, &(false, true));
        report.line(&format!(
            "  {mark} 恢复前 {cut_off} 仍与上级断开，{waiting} 条待送 · right before the line was \
             mended it was still alone, with {waiting} entries waiting"
        ));
    }
}
