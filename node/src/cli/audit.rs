//! `wangge audit`.

mod answer;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;
use governance::numbers::{Difference, FigureRow, Finding, Part, RateLine, findings, rates};
use governance::policy::Policy;
use governance::query::{Group, Grouping};
use record::{NodeId, Timestamp};

use super::failure::Failure;
use super::print;
use crate::audit::{self, Audit, Inexact, Wanted};
use crate::config::Config;

/// What to recount.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// 数据目录或导出目录 / a data folder or an export
    #[arg(value_name = "DIR", required_unless_present = "answer")]
    folder: Option<PathBuf>,
    /// 与此报告逐项核对（GET /v1/numbers 的 JSON）/ a report to hold it against, as GET /v1/numbers gives it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["answer", "from", "until"])]
    against: Option<PathBuf>,
    /// 核验一份签名答复（POST /v1/queries，signed）/ checks a signed answer of POST /v1/queries
    #[arg(long, value_name = "FILE", conflicts_with_all = ["node", "from", "until"])]
    answer: Option<PathBuf>,
    /// 按本目录所见复算另一节点 / recounts another node, as far as it is known here
    #[arg(long, value_name = "NODE")]
    node: Option<NodeId>,
    /// 起 / first moment, such as 2026-03-01T00:00:00+08:00 [default: all time]
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// 止（不含）/ first moment after the range [default: the latest record]
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// 输出 JSON / as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn audit(config: &Config, args: Args) -> Result<ExitCode, Failure> {
    let Args { folder, against, answer, node, from, until, json } = args;
    if let Some(file) = answer {
        return answer::answer(&file, folder.as_deref());
    }
    // The parser sees to it that there is one.
    let folder = folder.unwrap_or_default();
    let against = against.map(|file| audit::read_report(&file)).transpose()?;
    let wanted = Wanted { node, from, until, against };
    let audit = audit::audit(&folder, &wanted)?;
    if json {
        print::line(&as_json(&audit)?);
    } else {
        show(&audit, config.policy.load().ok().as_ref(), wanted.against.is_some());
    }
    Ok(if audit.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_json(audit: &Audit) -> Result<String, Failure> {
    let whole = serde_json::json!({
        "sound": audit.verified.is_sound(),
        "holds": audit.holds(),
        "cases": audit.cases,
        "recounted": audit.recounted,
        "findings": findings(&audit.sheet),
        "differences": audit.differences,
    });
    serde_json::to_string(&whole).map_err(|error| Failure::new("报告无法写成 JSON", error))
}

fn show(audit: &Audit, policy: Option<&Policy>, compared: bool) {
    let report = &audit.recounted;
    let problems = audit.verified.problems.len();
    let state = match audit.verified.is_sound() {
        true => "账本完好 the journal is sound".to_owned(),
        false => format!("账本有 {problems} 处问题，见 wangge verify; {problems} problems in it"),
    };
    print::line(&format!("{}: {state}", audit.verified.folder));
    let (node, cases) = (report.node.short(), audit.cases);
    print::line(&format!("节点 node {node}: {cases} 件 cases，截至 as of {}", report.as_of));
    if audit.unapplied > 0 {
        let count = audit.unapplied;
        print::line(&format!("未采信的记录 records that changed nothing: {count}"));
    }
    for figure in report.figures.iter().filter(|figure| !figure.rows.is_empty()) {
        let (zh, en) = figure.grouping.names();
        let whole = figure.grouping == Grouping::None;
        let grouping = if whole { String::new() } else { format!("，{zh} {en}") };
        print::line(&format!("{} {}{grouping}", figure.name, figure.name_en));
        for row in &figure.rows {
            let name = named(policy, figure.grouping, &row.group);
            print::line(&format!("  {name}: {}", numbers(row)));
        }
    }
    if let Some(rule) = policy.and_then(|policy| policy.rates.as_ref()) {
        for line in rates(&audit.sheet, rule).lines {
            print::line(&rate(&line));
        }
    }
    for found in findings(&audit.sheet) {
        print::line(&finding(policy, &found));
    }
    if compared {
        show_comparison(audit, policy);
    }
}

fn show_comparison(audit: &Audit, policy: Option<&Policy>) {
    for why in &audit.inexact {
        print::line(inexact(why));
    }
    for difference in &audit.differences {
        print::line(&told(policy, difference));
    }
    if audit.differences.is_empty() {
        print::line("与报告逐项一致。 Every figure of the report is what the records give.");
    } else {
        let count = audit.differences.len();
        print::line(&format!("{count} 项不一致。 {count} figures differ."));
    }
}

fn inexact(why: &Inexact) -> &'static str {
    match why {
        Inexact::Moving => {
            "统计时节点仍在写入，逐项一致与否不能苛求：请再取一次报告。 the node was writing while it \
             counted: fetch the report once more"
        }
        Inexact::Behind => {
            "目录中的账本不到报告所统计之处：请重新导出。 the journal here ends before what was \
             counted: export it anew"
        }
        Inexact::OtherLog { .. } => {
            "报告所据的账本与此不同：不是同一份历史。 the report was counted from another log than \
             this one: these are two histories"
        }
        Inexact::Shared => {
            "只据共享到此的记录：下面只列出此处所知多于报告之项。 only from what was shared with this \
             node: figures of which more is known here are listed"
        }
    }
}

fn told(policy: Option<&Policy>, difference: &Difference) -> String {
    let (zh, en) = difference.metric.names();
    let group = named(policy, difference.grouping, &difference.group);
    let side = |row: &Option<FigureRow>| row.as_ref().map_or("—".to_owned(), numbers);
    let (reported, recounted) = (side(&difference.reported), side(&difference.recounted));
    format!(
        "不一致 differs: {zh} {en}，{group}：报告 reported {reported}；复算 recounted {recounted}"
    )
}

/// A group with its names in the policy in force.
fn named(policy: Option<&Policy>, grouping: Grouping, group: &Group) -> String {
    let code = match group {
        Group::All => return "合计 all".into(),
        Group::Unset => return "（无）none".into(),
        Group::Other => return "（其他）others".into(),
        Group::Node(node) => return node.short().to_string(),
        Group::Code(code) => code,
    };
    let names = policy.and_then(|policy| names(policy, grouping, code));
    names.map_or_else(|| code.clone(), |(zh, en)| format!("{zh} {en}"))
}

fn names<'a>(policy: &'a Policy, grouping: Grouping, code: &str) -> Option<(&'a str, &'a str)> {
    match grouping {
        Grouping::Level | Grouping::LevelSettled => {
            let level = policy.levels.iter().find(|level| level.key == code)?;
            Some((&level.name, &level.name_en))
        }
        Grouping::Channel => {
            let channel = policy.channels.iter().find(|channel| channel.key == code)?;
            Some((&channel.name, &channel.name_en))
        }
        Grouping::Category => {
            let category = policy.categories.iter().find(|category| category.key == code)?;
            Some((&category.name, &category.name_en))
        }
        Grouping::Ground => {
            let ground = policy.exclusion(code)?;
            Some((&ground.name, &ground.name_en))
        }
        Grouping::Stage => {
            policy.stage(code).map(|stage| (stage.name.as_str(), stage.name_en.as_str()))
        }
        Grouping::None
        | Grouping::Phase
        | Grouping::Grid
        | Grouping::Child
        | Grouping::Closing
        | Grouping::Month
        | Grouping::Unit => None,
    }
}

/// A row's numbers: `12`, `12，其中 of which 9 (75.0 %)`, `12 … 共 in all 3`.
fn numbers(row: &FigureRow) -> String {
    let mut text = row.count.to_string();
    if let Some(yes) = row.yes {
        text += &format!("，其中 of which {}", ratio(Part { yes, of: row.count }));
    }
    if let Some(sum) = row.sum {
        text += &format!("，共 in all {sum}");
    }
    if let Some(median) = row.median_ms {
        text += &format!("，中位 median {} min", median / 60_000);
    }
    text
}

/// A share, rounded down to a thousandth; nothing of nothing is no share.
fn ratio(part: Part) -> String {
    match (part.yes * 1_000).checked_div(part.of) {
        None => "无可计 none to count".into(),
        Some(share) => format!("{} ({}.{} %)", part.yes, share / 10, share % 10),
    }
}

fn rate(line: &RateLine) -> String {
    use governance::act::Rate;
    let name = match line.rate {
        Rate::Response => "响应率 response",
        Rate::Solved => "解决率 solved",
        Rate::Satisfied => "满意率 satisfied",
    };
    let of = |part: Part| format!("{} / {}", ratio(part), part.of);
    let (all, kept) = (of(line.all), of(line.kept));
    format!("{name}: 全部 all {all}；剔除后 without exclusions {kept}")
}

fn finding(policy: Option<&Policy>, found: &Finding) -> String {
    let group = named(policy, found.grouping, &found.group);
    let Part { yes, of } = found.part;
    format!("请人看一看 to look at: {group}: {yes} / {of}\n  {} {}", found.rule, found.rule_en)
}
