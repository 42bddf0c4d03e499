//! `wangge doctor`: what an operator has to know of trust, in plain words, worst first.

use std::process::ExitCode;

use record::Timestamp;
use serde_json::{Value, json};
use store::keyfile;

use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::folder::Folder;
use crate::identity::Identity;
use crate::local::{Local, LocalError};
use crate::node::{StartError, now, open};

/// Days before a certificate's end at which it is time to do something.
const SOON: i64 = 30;
/// How long the log may grow without the parent's countersignature, in minutes.
const UNWITNESSED: i64 = 60;

/// How a thing stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum State {
    Wrong,
    Watch,
    Good,
}

/// One thing that was looked at.
struct Finding {
    state: State,
    /// Which, for programs.
    what: &'static str,
    zh: String,
    en: String,
}

pub(super) async fn doctor(config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    let mut findings = match Local::find(&Folder::new(&config.data)) {
        Ok(local) => running(&local).await?,
        Err(LocalError::NotRunning { .. }) => {
            let settings = config.clone();
            let opened = tokio::task::spawn_blocking(move || stopped(&settings)).await;
            opened.map_err(|error| Failure::new("程序内部错误", error))?
        }
        Err(other) => return Err(other.into()),
    };
    findings.push(keys(config));
    findings.sort_by_key(|finding| finding.state);
    let well = findings.iter().all(|finding| finding.state != State::Wrong);
    if as_json {
        print::line(&document(&findings).to_string());
    } else {
        findings.iter().for_each(|finding| print::line(&line(finding)));
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn finding(
    state: State,
    what: &'static str,
    zh: impl Into<String>,
    en: impl Into<String>,
) -> Finding {
    Finding { state, what, zh: zh.into(), en: en.into() }
}

fn line(finding: &Finding) -> String {
    let sign = match finding.state {
        State::Wrong => "✗",
        State::Watch => "!",
        State::Good => "✓",
    };
    format!("{sign} {}\n  {}", finding.zh, finding.en)
}

fn document(findings: &[Finding]) -> Value {
    let state = |state| match state {
        State::Wrong => "wrong",
        State::Watch => "watch",
        State::Good => "good",
    };
    let one = |finding: &Finding| {
        json!({ "state": state(finding.state), "what": finding.what, "zh": finding.zh,
            "en": finding.en })
    };
    json!({ "findings": findings.iter().map(one).collect::<Vec<_>>() })
}

/// A node that runs, by its own account.
async fn running(local: &Local) -> Result<Vec<Finding>, LocalError> {
    let mut found = vec![signing(local.get("/readyz").await)];
    let node = local.get("/v1/node").await?;
    found.push(certificate(&node));
    found.push(lists(&local.get("/v1/revocations").await?));
    let peers = local.get("/v1/peers").await?;
    found.extend(witnessed(&node, &peers, now()));
    found.extend(neighbours(&peers));
    found.push(quarantine(&local.get("/v1/quarantine?limit=200").await?));
    Ok(found)
}

fn signing(ready: Result<Value, LocalError>) -> Finding {
    match ready {
        Ok(_) => finding(State::Good, "signing", "节点在工作并签名。", "the node works and signs"),
        Err(LocalError::Refused { why, title, .. }) => {
            finding(State::Wrong, "signing", title, format!("the node is not ready: {why}"))
        }
        Err(error) => finding(
            State::Wrong,
            "signing",
            "节点没有回应：running.json 还在，进程可能已崩溃，请重新启动。",
            error.to_string(),
        ),
    }
}

fn certificate(node: &Value) -> Finding {
    let days = node.pointer("/certificate/days_left").and_then(Value::as_i64).unwrap_or(-1);
    let state = match days {
        ..0 => State::Wrong,
        0..SOON => State::Watch,
        SOON.. => State::Good,
    };
    let (zh, en) = match state {
        State::Wrong => (
            "证书已过期，别的节点不再理会本节点：请向上级换发。".to_owned(),
            "the certificate is over and peers refuse this node: have it renewed".to_owned(),
        ),
        State::Watch | State::Good => {
            (format!("证书还有 {days} 天。"), format!("the certificate holds for {days} days"))
        }
    };
    finding(state, "certificate", zh, en)
}

fn lists(answer: &Value) -> Finding {
    let overdue = answer.get("lists").and_then(Value::as_array).map(Vec::as_slice);
    let is_overdue = |list: &&Value| list.get("overdue").and_then(Value::as_bool) == Some(true);
    let late: Vec<&str> = overdue
        .unwrap_or_default()
        .iter()
        .filter(is_overdue)
        .map(|list| list.pointer("/issuer/name").and_then(Value::as_str).unwrap_or("root"))
        .collect();
    match answer.get("status").and_then(Value::as_str) {
        Some("good") => finding(
            State::Good,
            "revocations",
            "吊销名单都在有效期内。",
            "revocation lists are up to date",
        ),
        Some("revoked") => finding(
            State::Wrong,
            "revocations",
            "本节点的证书已被吊销：请与签发者联系。",
            "this node's certificate is revoked: ask whoever issued it",
        ),
        _ => finding(
            State::Wrong,
            "revocations",
            format!(
                "吊销名单过期或缺失（{}）：本地工作照常，暂停向外提供个人信息。",
                late.join("、")
            ),
            format!(
                "a revocation list is overdue or missing ({}): local work goes on, personal data \
                 is not released; get in touch with the node above, or install the root's next \
                 list",
                late.join(", ")
            ),
        ),
    }
}

fn witnessed(node: &Value, peers: &Value, now: Timestamp) -> Option<Finding> {
    let parent = node.pointer("/parent/id").and_then(Value::as_str)?;
    let peers = peers.get("items").and_then(Value::as_array)?;
    let is_parent = |peer: &&Value| peer.get("id").and_then(Value::as_str) == Some(parent);
    let seal = peers.iter().find(is_parent).and_then(|peer| peer.get("countersigned"));
    let at = seal.and_then(|seal| seal.get("time")?.as_str()?.parse::<Timestamp>().ok());
    let Some(at) = at else {
        return Some(finding(
            State::Watch,
            "witness",
            "上级还没有副署过本节点的账本。",
            "the parent has not countersigned this node's log yet",
        ));
    };
    let minutes = (now.millis() - at.millis()).max(0) / 60_000;
    let size = seal.and_then(|seal| seal.get("size")?.as_u64()).unwrap_or_default();
    // An idle log is not shown again: age alone is no fault.
    let state = if minutes > UNWITNESSED { State::Watch } else { State::Good };
    Some(finding(
        state,
        "witness",
        format!("上级 {minutes} 分钟前副署了账本的前 {size} 条记录。"),
        format!("{minutes} min ago the parent countersigned the first {size} records of the log"),
    ))
}

fn neighbours(peers: &Value) -> Vec<Finding> {
    let items = peers.get("items").and_then(Value::as_array).map(Vec::as_slice);
    let mut found = Vec::new();
    for peer in items.unwrap_or_default() {
        let text = |name: &str| peer.get(name).and_then(Value::as_str).unwrap_or("-");
        let (name, short) = (text("name"), text("short"));
        match text("trust") {
            "revoked" => found.push(finding(
                State::Watch,
                "peer",
                format!("{name}（{short}）的证书已被吊销，不再往来。"),
                format!("{name} ({short}) is revoked and not spoken to"),
            )),
            "stale" if text("relation") != "other" => found.push(finding(
                State::Watch,
                "peer",
                format!("{name}（{short}）的吊销名单过期：暂不给它个人信息。"),
                format!("{name} ({short}) has no fresh revocation list: no personal data for it"),
            )),
            _ => {}
        }
        if let Some(epoch) = peer.get("reopened").and_then(Value::as_u64) {
            found.push(finding(
                State::Wrong,
                "epoch",
                format!(
                    "{name}（{short}）丢失了本节点副署过的记录，开启了纪元 {epoch}：核实后运行 `wangge \
                     epoch accept {short} --epoch {epoch}`。"
                ),
                format!(
                    "{name} ({short}) lost records that this node countersigned and opened epoch \
                     {epoch}: when its operator has explained, `wangge epoch accept {short} \
                     --epoch {epoch}`"
                ),
            ));
        }
        if let Some(place) = peer.get("forked") {
            let (epoch, number) = (&place["epoch"], &place["number"]);
            found.push(finding(
                State::Wrong,
                "fork",
                format!(
                    "{name}（{short}）签了两份互相矛盾的记录（{epoch}/{number}）：它此后的记录一律不采用。请用 `wangge \
                     prove fork` 取证；查明后由它开启新纪元，再运行 `wangge epoch accept {short} --epoch N`。"
                ),
                format!(
                    "{name} ({short}) signed two records that contradict each other \
                     ({epoch}/{number}), and nothing from it counts since: take the proof with \
                     `wangge prove fork`; when that is explained it opens an epoch, and `wangge \
                     epoch accept {short} --epoch N` lets it count again"
                ),
            ));
        }
        if let Some(what) = peer.get("trouble").and_then(Value::as_str) {
            let zh = format!("与 {name}（{short}）的交换出错：{what}");
            found.push(finding(State::Wrong, "peer", zh, format!("{name} ({short}): {what}")));
        }
    }
    found
}

/// Whether a copy of the disk is enough to be this node.
fn keys(config: &Config) -> Finding {
    let state = keyfile::protection(&config.data);
    match state {
        Ok(files) if files.iter().all(|(_, protected)| *protected) => finding(
            State::Good,
            "keys",
            "密钥文件有口令保护。",
            "the key files are under a passphrase",
        ),
        Ok(_) => finding(
            State::Watch,
            "keys",
            "密钥文件没有口令保护，谁拿到磁盘或备份谁就能冒充本节点：见 `wangge protect`。",
            "the key files are under no passphrase, so whoever has the disk or a backup can be \
             this node: see `wangge protect`",
        ),
        Err(error) => finding(State::Wrong, "keys", "读不到密钥文件。", error.to_string()),
    }
}

fn quarantine(answer: &Value) -> Finding {
    let items = answer.get("items").and_then(Value::as_array).map(Vec::as_slice);
    let items = items.unwrap_or_default();
    match items.len() {
        0 => finding(State::Good, "quarantine", "没有待查的记录。", "nothing is in quarantine"),
        held => finding(
            State::Watch,
            "quarantine",
            format!("有 {held} 条收到而未采用的记录：见 /v1/quarantine。"),
            format!("{held} records were received and not applied: see /v1/quarantine"),
        ),
    }
}

/// A node that does not run: whether it would start.
fn stopped(config: &Config) -> Vec<Finding> {
    let mut found = vec![finding(
        State::Watch,
        "running",
        "节点没有运行。",
        "the node does not run: `wangge serve` starts it",
    )];
    match open(config) {
        Ok(_) => found.push(finding(
            State::Good,
            "folder",
            "数据目录可以打开。",
            "the data folder can be opened",
        )),
        Err(error) => found.push(refused(&error)),
    }
    if let Ok(identity) = Identity::read(&Folder::new(&config.data)) {
        let left = identity.standing.expires().millis() - now().millis();
        let days = left.div_euclid(86_400_000);
        found.push(certificate(&json!({ "certificate": { "days_left": days } })));
    }
    found
}

fn refused(error: &StartError) -> Finding {
    finding(
        State::Wrong,
        "folder",
        "数据目录不能打开：请按下面的说明处理。",
        format!("the data folder can't be opened: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_as_wrong() {
        let state = |finding: Finding| finding.state;
        let days = |days: i64| certificate(&json!({ "certificate": { "days_left": days } }));
        assert_eq!(
            [days(-1), days(5), days(200)].map(state),
            [State::Wrong, State::Watch, State::Good]
        );
        let of = |status: &str| lists(&json!({ "status": status, "lists": [] })).state;
        assert_eq!(["good", "stale", "revoked"].map(of), [State::Good, State::Wrong, State::Wrong]);
        let held = |why: &str| quarantine(&json!({ "items": [{ "why": why }] })).state;
        assert_eq!(held("held back"), State::Watch);
        let peer = json!({ "trust": "good", "forked": { "epoch": 0, "number": 4 } });
        let found = neighbours(&json!({ "items": [peer] }));
        assert_eq!(found.first().map(|found| found.state), Some(State::Wrong));
    }

    #[test]
    fn a_stale_neighbour_is_named() {
        let peer = json!({ "name": "住建局", "short": "7ZZZG", "trust": "stale",
            "relation": "unit" });
        let found = neighbours(&json!({ "items": [peer] }));
        assert_eq!(found.len(), 1);
        assert!(found[0].zh.contains("住建局"));
    }
}
