//! `wangge policy`.

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use super::args::PolicyCommand;
use super::commands::wait;
use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::folder::Folder;
use crate::local::Local;
use crate::node::StartError;
use crate::policy::PolicyFile;
use crate::publish;

pub(super) fn policy(config: &Config, what: PolicyCommand) -> Result<ExitCode, Failure> {
    match what {
        PolicyCommand::Check { file } => check(config, file.as_deref())?,
        PolicyCommand::Graph { file } => {
            let policy = read(config, file.as_deref())?.policy;
            print::line(governance::policy::mermaid(&policy).trim_end());
        }
        PolicyCommand::Schema => print::line(governance::policy::schema().trim_end()),
        PolicyCommand::List { json } => return wait(list(config, json)),
        PolicyCommand::Publish { file } => {
            let version = read(config, Some(&file))?;
            let reference = version.reference();
            wait(async { done(publish::put(config, &version, true).await) })?;
            print::line(&format!("已发布 {reference}；下级启用后，新事件按它办理。"));
            print::line(&format!(
                "{reference} is published; what begins below runs under it once it is adopted there"
            ));
        }
        PolicyCommand::Keep { file } => {
            let version = read(config, Some(&file))?;
            wait(async { done(publish::put(config, &version, false).await) })?;
            print::line(&format!("已保存 {0} 全文。 {0} is kept.", version.reference()));
        }
        PolicyCommand::Adopt { reference } => {
            wait(async { done(publish::adopt(config, &reference).await) })?;
            print::line(&format!("{reference} 已启用；在办事件仍按原版本办理。"));
            print::line(&format!(
                "{reference} is in force; cases that began before keep their version"
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn done(outcome: Result<(), publish::PublishError>) -> Result<ExitCode, Failure> {
    outcome?;
    Ok(ExitCode::SUCCESS)
}

fn read(config: &Config, file: Option<&Path>) -> Result<governance::policy::Version, Failure> {
    let file = file.map(Path::to_path_buf).or_else(|| config.policy.file.clone());
    let found = PolicyFile { file, ..config.policy }.version();
    Ok(found.map_err(StartError::from)?)
}

fn check(config: &Config, file: Option<&Path>) -> Result<(), Failure> {
    let policy = read(config, file)?.policy;
    print::line(&format!("规则 policy: {} ({})", policy.reference(), policy.name));
    print::line("规则可用。 The policy can be used.");
    Ok(())
}

async fn list(config: &Config, json: bool) -> Result<ExitCode, Failure> {
    let answer = Local::find(&Folder::new(&config.data))?.get("/v1/policies").await?;
    if json {
        print::line(&answer.to_string());
    } else {
        let items = answer.get("items").and_then(Value::as_array).map(Vec::as_slice);
        for item in items.unwrap_or_default() {
            print::line(&line(item));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A version in a line.
fn line(item: &Value) -> String {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let is = |name: &str| item.get(name).and_then(Value::as_bool).unwrap_or(false);
    let mut line = text("reference").unwrap_or("-").to_owned();
    if is("in_force") {
        line.push_str("  现行 in force");
    }
    if let Some(since) = text("in_force_since") {
        line.push_str(&format!("  启用 adopted {since}"));
    }
    if let Some(at) = text("published") {
        line.push_str(&format!("  发布 published {at}"));
    }
    if let Some(from) = item.pointer("/from/name").and_then(Value::as_str) {
        line.push_str(&format!("  上级发布，待启用 from {from}, to be adopted"));
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_says_what_is_in_force_and_what_waits() {
        let own = json!({ "reference": "she-county/2", "in_force": true,
            "in_force_since": "2026-03-02T00:00:00.000Z" });
        assert!(line(&own).contains("现行 in force"));
        let given = json!({ "reference": "she-county/3", "in_force": false,
            "from": { "name": "歙县" } });
        assert!(line(&given).contains("歙县") && !line(&given).contains("in force"));
    }
}
