//! `wangge approve`: letting in a node that came with an invitation.

use std::process::ExitCode;

use record::{NodeId, ShortId};
use serde_json::{Value, json};

use super::args::Approve;
use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::folder::Folder;
use crate::local::Local;

/// Who came, as the node's API tells.
struct Newcomer {
    invitation: String,
    id: String,
    short: String,
    name: String,
    asked: String,
    approved: bool,
}

pub(super) async fn approve(config: &Config, args: Approve) -> Result<ExitCode, Failure> {
    let local = Local::find(&Folder::new(&config.data))?;
    let waiting = newcomers(&local.get("/v1/invitations?limit=200").await?);
    let Some(wanted) = args.node else {
        list(&waiting);
        return Ok(ExitCode::SUCCESS);
    };
    let came = waiting.iter().find(|newcomer| is(newcomer, &wanted)).ok_or_else(|| {
        Failure::new(
            format!("没有等待批准的节点叫 {wanted}：核对短号，`wangge approve` 列出来者"),
            format!(
                "no node called {wanted} waits: check its short id; `wangge approve` lists who does"
            ),
        )
    })?;
    let path = format!("/v1/invitations/{}/approval", came.invitation);
    local.post(&path, &json!({ "node": came.id })).await?;
    print::line(&format!("已批准 {}（{}）加入。", came.name, came.short));
    print::line(&format!("{} ({}) is let in", came.name, came.short));
    Ok(ExitCode::SUCCESS)
}

fn newcomers(answer: &Value) -> Vec<Newcomer> {
    let items = answer.get("items").and_then(Value::as_array).map(Vec::as_slice);
    let text = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let came = items.unwrap_or_default().iter().filter_map(|item| {
        let newcomer = item.get("newcomer")?;
        Some(Newcomer {
            invitation: text(item, "id"),
            id: text(newcomer, "id"),
            short: text(newcomer, "short"),
            name: text(item, "name"),
            asked: text(newcomer, "asked"),
            approved: newcomer.get("approved").is_some(),
        })
    });
    came.collect()
}

/// A short id may be typed with spaces, dashes and in either case.
fn is(newcomer: &Newcomer, wanted: &str) -> bool {
    let read = newcomer.id.parse::<NodeId>().ok().zip(wanted.parse::<ShortId>().ok());
    newcomer.id == wanted || read.is_some_and(|(id, short)| short.matches(&id))
}

fn list(waiting: &[Newcomer]) {
    if waiting.is_empty() {
        print::line("没有等待批准的节点。 No node waits for approval.");
    }
    for Newcomer { short, name, asked, approved, .. } in waiting {
        let state = if *approved { "已批准 approved" } else { "等待批准 waits" };
        print::line(&format!("{short}  {name}  {asked}  {state}"));
    }
}
