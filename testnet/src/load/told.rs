//! The figures in words.

use std::fmt::Write as _;
use std::time::Duration;

use super::Figures;
use super::rounds::{Beside, Raced};
use crate::alone::Usage;
use crate::intake::per_second;
use crate::report::Table;

pub(super) fn text(figures: &Figures) -> String {
    let mut text = rates(figures);
    text.push_str(&room(figures));
    text.push_str(&pages(figures));
    if figures.is_whole() {
        let _ = writeln!(
            text,
            "\n  账本核验无误，恰好多 {cases} 件，重启后可查 ✓  the journal verifies and holds exactly \
             {cases} more cases",
            cases = figures.cases
        );
    } else {
        text.push_str("\n丢失或有误： Lost or wrong:\n");
        for lost in &figures.lost {
            let _ = writeln!(text, "  ✗ {lost}");
        }
    }
    text
}

fn rates(figures: &Figures) -> String {
    let Figures { cases, connections, raced, .. } = figures;
    let Raced { taken, worked, bytes, batch, appended, beside } = raced;
    let rate = taken.rate();
    let mut table = Table::of(&["", "件/秒 per second", "本节点与之比 ours to it"]);
    table.row(["网格节点 this node".to_owned(), whole(rate), String::new()]);
    let raw = per_second(*cases, *appended);
    let append = format!("成组直接追加 raw group-committed append, {bytes} B");
    table.row([append, whole(raw), ratio(rate, raw)]);
    if let Beside::Rows { version, rows, took } = beside {
        let rows = per_second(*rows, *took);
        let name = format!("{version} 单行插入 single-row insert");
        table.row([name, whole(rows), ratio(rate, rows)]);
    }
    let mut text = format!(
        "\n== 建案 · cases created over HTTP, each answered when durable: {cases}, on {connections} \
         connections\n{}",
        table.text()
    );
    if let Some(why) = unmeasured(beside) {
        let _ = writeln!(text, "  PostgreSQL：{why}");
    }
    let [half, most] = taken.latencies([0.5, 0.99]).map(milliseconds);
    let [node, client] = worked.map(|worked| worked.as_secs_f64() / taken.took.as_secs_f64());
    let _ = writeln!(
        text,
        "  延迟 latency p50 {half} ms，p99 {most} ms；每次落盘 cases per sync {batch:.1}；处理器 \
         processors: 节点 node {node:.2}，客户端 client {client:.2}",
    );
    text
}

fn unmeasured(beside: &Beside) -> Option<String> {
    match beside {
        Beside::Rows { .. } => None,
        Beside::NotWanted => Some("未比较 not compared (--no-postgres)".to_owned()),
        Beside::NotAtHand => Some("未安装，未比较 not at hand, not compared".to_owned()),
        Beside::Failed(why) => Some(format!("未能比较 not compared: {why}")),
    }
}

fn room(figures: &Figures) -> String {
    let Figures { idle, loaded, again, starting: [first, second], .. } = figures;
    let mut table = Table::of(&["", "内存 resident MB", "最高 peak MB", "启动 start-up s"]);
    let mut row = |name: String, usage: &Usage, starting: Option<&Duration>| {
        let starting = starting.map(|took| format!("{:.2}", took.as_secs_f64()));
        let (resident, peak) = (megabytes(usage.resident), megabytes(usage.peak));
        table.row([name, resident, peak, starting.unwrap_or_default()]);
    };
    row("空闲 idle, right after its start".to_owned(), idle, Some(first));
    row(format!("{} 件后 after as many cases", figures.cases), loaded, None);
    row("重启后 started again".to_owned(), again, Some(second));
    format!("\n== 内存与启动 · memory and start-up\n{}", table.text())
}

/// Each page beside the smallest answer of the same node in the same run.
fn pages(figures: &Figures) -> String {
    let least = figures.pages.least.as_secs_f64();
    let mut table = Table::of(&["", "毫秒 ms (p50)", "与 /livez 之比 to /livez", "kB"]);
    for page in &figures.pages.pages {
        let took = milliseconds(page.half);
        let beside = format!("{:.1}", page.half.as_secs_f64() / least.max(f64::EPSILON));
        table.row([page.name.to_owned(), took, beside, format!("{:.1}", page.bytes as f64 / 1e3)]);
    }
    format!(
        "\n== 网页 · pages of the console with {} cases; /livez takes {} ms\n{}",
        figures.cases,
        milliseconds(figures.pages.least),
        table.text()
    )
}

fn whole(number: f64) -> String {
    format!("{number:.0}")
}

fn ratio(one: f64, other: f64) -> String {
    format!("{:.2}", one / other)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
