//! `wangge doctor`: what an operator has to know of the node, in plain words, worst first. A node
//! that runs tells it itself; of one that does not, its folder is looked at.

use std::process::ExitCode;

use engine::doctor::{self, Finding, State};
use serde_json::{Value, json};
use store::VerifyReport;

use super::failure::Failure;
use super::print;
use crate::checks;
use crate::config::Config;
use crate::folder::Folder;
use crate::identity::Identity;
use crate::local::{Local, LocalError};
use crate::node::{StartError, now, open};
use crate::verify::{VerifyError, verify};

/// Most problems of a journal that are told one by one.
const MAX_TOLD: usize = 20;

pub(super) async fn doctor(config: &Config, as_json: bool) -> Result<ExitCode, Failure> {
    let findings = match Local::find(&Folder::new(&config.data)) {
        Ok(local) => running(&local).await?,
        Err(LocalError::NotRunning { .. }) => {
            let settings = config.clone();
            let opened = tokio::task::spawn_blocking(move || stopped(&settings)).await;
            written(opened.map_err(|error| Failure::new("程序内部错误", error))?)
        }
        Err(other) => return Err(other.into()),
    };
    let well = findings.iter().all(|finding| of(finding, "state") != "wrong");
    if as_json {
        print::line(&json!({ "findings": findings }).to_string());
    } else {
        findings.iter().for_each(|finding| print::line(&line(finding)));
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn of<'f>(finding: &'f Value, name: &str) -> &'f str {
    finding.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn line(finding: &Value) -> String {
    let sign = match of(finding, "state") {
        "good" => "✓",
        "watch" => "!",
        _ => "✗",
    };
    format!("{sign} {}\n  {}", of(finding, "zh"), of(finding, "en"))
}

/// Findings as the API writes them, worst first.
fn written(mut findings: Vec<Finding>) -> Vec<Value> {
    findings.sort_by_key(|finding| finding.state);
    findings.iter().map(|finding| json!(finding)).collect()
}

/// A node that runs, by its own account.
async fn running(local: &Local) -> Result<Vec<Value>, LocalError> {
    match local.get("/v1/doctor").await {
        Ok(told) => Ok(told["findings"].as_array().cloned().unwrap_or_default()),
        Err(error @ LocalError::Connection { .. }) => Ok(written(vec![Finding::new(
            State::Wrong,
            "signing",
            "节点没有回应：running.json 还在，进程可能已崩溃，请重新启动。",
            error.to_string(),
        )])),
        Err(error) => Err(error),
    }
}

/// A node that does not run: whether it would start, and whether what is stored is whole.
fn stopped(config: &Config) -> Vec<Finding> {
    let mut found = vec![Finding::new(
        State::Watch,
        "running",
        "节点没有运行。",
        "the node does not run: `wangge serve` starts it",
    )];
    match open(config) {
        Ok(opened) => {
            found.extend(checks::of_machine(config, &opened.setup.calendar));
            found.push(Finding::new(
                State::Good,
                "folder",
                "数据目录可以打开。",
                "the data folder can be opened",
            ));
        }
        Err(error) => found.push(refused(&error)),
    }
    if let Ok(identity) = Identity::read(&Folder::new(&config.data)) {
        let left = identity.standing.expires().millis() - now().millis();
        found.push(doctor::certificate(left.div_euclid(86_400_000)));
    }
    found.extend(journal(verify(&config.data)));
    found
}

fn refused(error: &StartError) -> Finding {
    Finding::new(
        State::Wrong,
        "folder",
        "数据目录不能打开：请按下面的说明处理。",
        format!("the data folder can't be opened: {error}"),
    )
}

/// What `wangge verify` finds.
fn journal(verified: Result<VerifyReport, VerifyError>) -> Vec<Finding> {
    let report = match verified {
        Ok(report) => report,
        Err(error) => {
            let zh = "账本不能核验：请按下面的说明处理。";
            return vec![Finding::new(State::Wrong, "journal", zh, error.to_string())];
        }
    };
    if report.problems.is_empty() {
        return vec![Finding::new(
            State::Good,
            "journal",
            format!("账本逐帧核验无误：{} 帧，{} 字节。", report.frames, report.bytes),
            format!("every frame was verified: {} in {} bytes", report.frames, report.bytes),
        )];
    }
    let told = report.problems.iter().take(MAX_TOLD).map(|problem| {
        let (file, offset) = (&problem.file, problem.offset);
        let zh = format!("账本被改动或损坏：{file} 第 {offset} 字节处。请从备份放回这个文件。");
        let (what, action) = (&problem.what, problem.action);
        Finding::new(
            State::Wrong,
            "journal",
            zh,
            format!("{file}, byte {offset}: {what}; {action}"),
        )
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_stands_first_and_has_its_sign() {
        let of = |state| Finding::new(state, "x", "甲", "a");
        let lines: Vec<String> = written([State::Good, State::Wrong, State::Watch].map(of).into())
            .iter()
            .map(line)
            .collect();
        assert_eq!(lines, ["✗ 甲\n  a", "! 甲\n  a", "✓ 甲\n  a"]);
    }
}
