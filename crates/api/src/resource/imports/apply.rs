//! A file's commands on their way to the engine: enough of them under way that they share
//! commits, and few enough that everybody else's find room in the queue.

use std::time::Duration;

use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::runtime::Handle;
use futures::StreamExt;
use futures::stream;
use import::problem::{Fault, Problem as Named, Spot};

use crate::problem::Problem;
use crate::progress::Progress;

/// Commands under way at once: half of what one commit takes, a sixteenth of the queue.
pub(super) const UNDER_WAY: usize = 256;
/// How often a command is tried while the node is busy, and how long is waited between.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// A command and the row that it is from.
pub(super) struct Row {
    pub(super) spot: Spot,
    pub(super) what: What,
}

/// What came of a row.
pub(super) type Done = Result<Receipt, Named>;

/// Carries out the commands of rows that do not depend on each other, in their order, and gives
/// what came of each.
///
/// # Errors
/// What ends the import before its end, with the rows before it done: the same file once more goes
/// on from there.
pub(super) async fn rows(
    handle: &Handle,
    by: &Agent,
    rows: impl IntoIterator<Item = Row>,
    progress: &Progress,
) -> Result<Vec<Done>, Problem> {
    let one = |row: Row| async move {
        match persist(handle, by, row.what).await {
            Ok(receipt) => Ok(Ok(receipt)),
            Err(refused) => named(refused, row.spot).map(Err),
        }
    };
    let mut under_way = stream::iter(rows.into_iter().map(one)).buffered(UNDER_WAY);
    let mut done = Vec::new();
    while let Some(outcome) = under_way.next().await {
        done.push(outcome?);
        progress.step(1);
    }
    Ok(done)
}

/// Carries out a command, waiting while the node is busy.
///
/// # Errors
/// What the engine refuses.
pub(super) async fn persist(handle: &Handle, by: &Agent, what: What) -> Result<Receipt, Refused> {
    let mut tries = 1;
    loop {
        let command = Command { by: by.clone(), once: None, what: what.clone() };
        match handle.command(command).await {
            Err(Refused::Busy(_)) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// A refusal of one row by name; an error for what would refuse every other row, too.
pub(super) fn named(refused: Refused, spot: Spot) -> Result<Named, Problem> {
    match &refused {
        Refused::Rule(refusal) => {
            Ok(Named::error(Fault::RuleBroken, spot, refusal.zh(), refusal.to_string()))
        }
        Refused::Invalid { field, what } => {
            let zh = format!("{field} 不合规则：{what}");
            Ok(Named::error(Fault::RuleBroken, spot, zh, refused.to_string()))
        }
        Refused::OtherReport { number } => Ok(Named::error(
            Fault::Conflict,
            spot,
            format!("此编号已是事件 {number}，而内容不同；事件保持原样"),
            format!("the number is that of case {number}, which says otherwise and stays as it is"),
        )),
        Refused::NotFound(what) => Ok(Named::error(
            Fault::RuleBroken,
            spot,
            format!("没有对应的 {what}"),
            format!("there is no such {what}"),
        )),
        Refused::Power(_)
        | Refused::Second(_)
        | Refused::Hand(_)
        | Refused::MustSign
        | Refused::CodeNeeded
        | Refused::CodeWrong
        | Refused::NoStanding
        | Refused::Stale { .. }
        | Refused::KeyReused
        | Refused::Busy(_)
        | Refused::Frozen(_)
        | Refused::Storage(_)
        | Refused::Stopping => Err(refused.into()),
    }
}
