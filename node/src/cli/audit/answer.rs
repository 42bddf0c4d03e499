//! `wangge audit --answer`.

use std::path::Path;
use std::process::ExitCode;

use governance::query::Completeness;

use super::super::failure::Failure;
use super::super::print;
use crate::audit::{AnswerAudit, Witness, audit_answer};

pub(super) fn answer(file: &Path, folder: Option<&Path>) -> Result<ExitCode, Failure> {
    let audit = audit_answer(file, folder)?;
    show(&audit);
    Ok(if audit.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(audit: &AnswerAudit) {
    let (answer, certificate) = (&audit.answer, audit.standing.certificate());
    let node = format!("{} {}", certificate.name, answer.node.short());
    print::line(&format!("签名成立 signed by {node}，{} ", answer.answered_at));
    if !audit.trusted_root {
        let root = audit.root;
        print::line(&format!(
            "根密钥取自文件本身，请与联盟公布的核对。 The root key is the file's own word: compare it \
             with what the federation published: {root}"
        ));
    }
    let (zh, en) = answer.matter.metric.names();
    print::line(&format!("{zh} {en} [{}, {})", answer.matter.from, answer.matter.until));
    for (group, cell) in audit.total.so_far().iter() {
        print::line(&format!("  {group}: {} / {} / {}", cell.count, cell.yes, cell.sum));
    }
    completeness(audit.total.completeness());
    let log = answer.log;
    print::line(&format!("日志 log: {} 条 records, {}", log.size, log.root));
    print::line(witness(audit.witness));
    for (group, told, signed) in &audit.differences {
        let side = |count: &Option<u64>| count.map_or("—".to_owned(), |count| count.to_string());
        let (told, signed) = (side(told), side(signed));
        print::line(&format!("不一致 differs: {group}：文件 file {told}；签名 signed {signed}"));
    }
    print::line(match audit.holds() {
        true => "答复成立。 The answer holds.",
        false => "答复不成立。 The answer does not hold.",
    });
}

/// Who is missing is named: a partial is never shown as a total.
fn completeness(lists: &Completeness) {
    let Completeness { answered, coarse, short, stale, pending, refused, omitted, invalid } = lists;
    let short = *short;
    let lists = [
        ("已答复 answered", answered),
        ("小数值已抑制 in steps only", coarse),
        ("旧答复 stale", stale),
        ("未答复 pending", pending),
        ("拒绝 refused", refused),
        ("略去 omitted", omitted),
        ("不成立 invalid", invalid),
    ];
    for (name, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        let nodes: Vec<String> = lines
            .iter()
            .map(|line| line.name.clone().unwrap_or_else(|| line.node.short().to_string()))
            .collect();
        print::line(&format!("  {name}: {}", nodes.join("、")));
    }
    if short > 0 {
        print::line(&format!("  合计至多少算 {short} 件 too low by {short} at most"));
    }
}

fn witness(witness: Witness) -> &'static str {
    match witness {
        Witness::None => "未给目录，日志未核对。 No folder was given to check the log by.",
        Witness::Own { counted: true } => {
            "目录是该节点自己的：日志一致，复算一致。 The node's own records give the same log and count."
        }
        Witness::Own { counted: false } => {
            "日志一致，但复算不一致。 The log is the same, and its records give another count."
        }
        Witness::Checkpoint => {
            "目录中有该日志同一长度的检查点，根一致。 The folder holds a checkpoint of that size and root."
        }
        Witness::NoCheckpoint => {
            "目录中没有恰为此长度的检查点。 The folder holds no checkpoint of exactly that size."
        }
        Witness::Contradicted => {
            "与目录中的日志矛盾。 It contradicts what the folder holds of that log."
        }
    }
}
