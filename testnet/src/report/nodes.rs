//! Every node: its log, its streams to others, and how far its parent has witnessed it.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::{Desk, Report, ReportError, Table};
use crate::client::Ask;
use crate::enrol::OPERATOR;
use crate::{metrics, settle};

/// How long streams and witnessing may take to come to rest; a log is witnessed every ten seconds.
const REST: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(300);

/// How a node is, by its own words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Node {
    /// Records in its log.
    records: u64,
    /// Records that its parent has countersigned; none at the top.
    witnessed: Option<u64>,
    /// Received but not applied.
    quarantined: usize,
    /// Every neighbour.
    links: Vec<Link>,
}

/// A neighbour, as a node sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Link {
    to: usize,
    connected: bool,
    sent: u64,
    acknowledged: u64,
    received: u64,
}

pub(super) async fn until_quiet(desk: &Desk<'_>) -> Result<(), ReportError> {
    let until = Instant::now() + REST;
    loop {
        let nodes = look(desk).await?;
        if nodes.iter().all(is_quiet) || Instant::now() > until {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn is_quiet(node: &Node) -> bool {
    let even = |link: &Link| link.connected && link.sent == link.acknowledged;
    node.links.iter().all(even) && node.witnessed.is_none_or(|size| size == node.records)
}

async fn look(desk: &Desk<'_>) -> Result<Vec<Node>, ReportError> {
    let mut nodes = Vec::new();
    for seat in desk.seats() {
        nodes.push(node(desk, seat).await?);
    }
    Ok(nodes)
}

async fn node(desk: &Desk<'_>, seat: usize) -> Result<Node, ReportError> {
    let metrics = desk.bytes(seat, OPERATOR, Ask::get("/metrics")).await?;
    let peers = desk.ask(seat, OPERATOR, Ask::get("/v1/peers")).await?;
    let held = desk.ask(seat, OPERATOR, Ask::get("/v1/quarantine?limit=200")).await?;
    let neighbour = |peer: &&Value| peer["relation"] != "other";
    let peers = peers["items"].as_array().cloned().unwrap_or_default();
    let parent = peers.iter().find(|peer| peer["relation"] == "parent");
    Ok(Node {
        records: metrics::value(&metrics, "wangge_log_records"),
        witnessed: parent.map(|peer| peer["countersigned"]["size"].as_u64().unwrap_or(0)),
        quarantined: held["items"].as_array().map_or(0, Vec::len),
        links: peers.iter().filter(neighbour).filter_map(|peer| link(desk, peer)).collect(),
    })
}

fn link(desk: &Desk<'_>, peer: &Value) -> Option<Link> {
    Some(Link {
        to: desk.seat_of(peer["id"].as_str()?)?,
        connected: peer["connected"].as_bool()?,
        sent: peer["sent"]["number"].as_u64()?,
        acknowledged: peer["acknowledged"].as_u64()?,
        received: peer["received"]["number"].as_u64()?,
    })
}

/// Records that each node must have: of settling in, and of every act, its own ones included.
pub(super) fn records_due(desk: &Desk<'_>, seat: usize) -> u64 {
    let settled = settle::records(desk.federation, seat, &desk.grounds[seat]);
    settled + desk.book.records.get(&seat).copied().unwrap_or(0)
}

pub(super) async fn write(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    let nodes = look(desk).await?;
    report.title("各节点", "every node");
    let mut table = Table::of(&[
        "节点 node",
        "记录 records",
        "账本 ledger",
        "发出 entries out",
        "已确认 acked",
        "对方已收 received",
        "上级见证 witnessed",
        "未采纳 held",
        "",
    ]);
    for (seat, node) in nodes.iter().enumerate() {
        let name = desk.name(seat).to_owned();
        let sum = |of: fn(&Link) -> u64| node.links.iter().map(of).sum::<u64>();
        let (sent, acknowledged) = (sum(|link| link.sent), sum(|link| link.acknowledged));
        let received: u64 = node.links.iter().filter_map(|link| arrived(&nodes, seat, link)).sum();
        let due = records_due(desk, seat);
        let connected = node.links.iter().all(|link| link.connected);
        let marks = [
            report.check(&format!("{name} 的记录数 records"), &node.records, &due),
            report.check(&format!("{name} 发出的条目被确认 acknowledged"), &acknowledged, &sent),
            report.check(&format!("{name} 发出的条目被收到 received"), &received, &sent),
            report.check(&format!("{name} 与邻居相连 connected"), &connected, &true),
            report.check(&format!("{name} 未采纳的记录 held back"), &node.quarantined, &0),
            match node.witnessed {
                Some(size) => {
                    report.check(&format!("{name} 被上级见证 witnessed"), &size, &node.records)
                }
                None => "✓",
            },
        ];
        let mark = if marks.iter().all(|mark| *mark == "✓") { "✓" } else { "✗" };
        table.row([
            name,
            node.records.to_string(),
            due.to_string(),
            sent.to_string(),
            acknowledged.to_string(),
            received.to_string(),
            node.witnessed.map_or("-".to_owned(), |size| size.to_string()),
            node.quarantined.to_string(),
            mark.to_owned(),
        ]);
    }
    report.table(&table);
    report.line("  账本 = 建档记录 + 每一次被确认的办理 + 节点自动接收与回传，一条不多一条不少。");
    report.line(
        "  ledger = settling in + every acknowledged act + what nodes do by themselves: not one \
         record more or less, kill -9 or not",
    );
    Ok(())
}

/// What the other side says it has received over a link.
fn arrived(nodes: &[Node], from: usize, link: &Link) -> Option<u64> {
    let back = nodes.get(link.to)?.links.iter().find(|back| back.to == from)?;
    Some(back.received)
}
