//! `testnet load`: how fast one real node creates cases over HTTP, each answered when it is
//! durable, beside what the disk would let any design do and beside PostgreSQL, in one run on one
//! file system. What was acknowledged has to be there in the end, or the run has failed.

mod append;
mod pages;
mod postgres;
mod rounds;
mod told;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::alone::{self, AloneError, Home, Running, Usage};
use crate::client::Ask;
use crate::ground::Ground;
use crate::ids::{self, Nonce};
use crate::intake::{self, Forms, IntakeError, Taken};
use crate::plan::{self, Plan, PlanError};
use crate::processes::{Founding, Journal, ProcessError, Program};
use crate::voice::Voice;

use rounds::Raced;

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// Cases to create.
    pub cases: u64,
    /// Connections, each with one request on its way at a time; at least 1.
    pub connections: usize,
    /// Whether to compare with PostgreSQL, where it is at hand.
    pub postgres: bool,
    /// In which folder to make the one that is measured on; the system's for temporary files where
    /// absent.
    pub within: Option<PathBuf>,
    /// The program that the node is run with; the one that runs where absent.
    pub program: Option<PathBuf>,
}

/// What was measured.
pub struct Figures {
    cases: u64,
    connections: usize,
    raced: Raced,
    /// Right after its start, with nothing but its territory.
    idle: Usage,
    /// With every case, before it was stopped.
    loaded: Usage,
    /// With every case, right after it was started again.
    again: Usage,
    starting: [Duration; 2],
    pages: pages::Pages,
    lost: Vec<String>,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The node.
    #[error(transparent)]
    Node(#[from] AloneError),
    /// This program can't be found again.
    #[error(transparent)]
    Program(#[from] ProcessError),
    /// The table of places is not as it should be.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// No randomness.
    #[error("the system has no randomness")]
    Random(#[source] std::io::Error),
    /// A report was not taken.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The journal does not verify before anything was reported.
    #[error("the new node's journal does not verify")]
    Unsound,
    /// The disk.
    #[error("the raw append failed")]
    Append(#[source] std::io::Error),
    /// Somebody stopped it.
    #[error("interrupted")]
    Interrupted,
}

/// Measures, unless it is `interrupted`; leaves nothing behind.
///
/// # Errors
/// [`LoadError`], when there is nothing to tell. What was lost is told in the figures.
pub async fn run(
    options: &Options,
    voice: &Voice,
    interrupted: impl Future<Output = ()>,
) -> Result<Figures, LoadError> {
    let folder = alone::folder(options.within.as_deref())?;
    tokio::select! {
        outcome = measure(options, folder.path(), voice) => outcome,
        () = interrupted => Err(LoadError::Interrupted),
    }
}

async fn measure(options: &Options, folder: &Path, voice: &Voice) -> Result<Figures, LoadError> {
    let Options { cases, connections, .. } = *options;
    let program = Program::new(options.program.clone())?;
    let nonce = Nonce::new(&ids::random().map_err(LoadError::Random)?);
    let (home, forms) = settle(&program, folder, &nonce).await?;
    let before = home.verify().await?.sound().cloned().ok_or(LoadError::Unsound)?;
    let node = home.start().await?;
    let (idle, first) = (node.usage(), node.starting);
    let raced = rounds::race(options, folder, (&home, &node), &forms, voice).await?;
    let loaded = node.usage();
    node.stop().await?;

    voice.progress("停止节点，离线核验账本，重新启动…", "stopped, verified offline, started again");
    let mut lost = Vec::new();
    verify(&home, &before, cases, &mut lost).await?;
    let node = home.start().await?;
    let (again, second) = (node.usage(), node.starting);
    look_up(&home, &node, &raced.taken, cases, &mut lost).await?;
    voice.progress("逐页计时…", "timing every page");
    let pages = pages::measure(&home, &node, raced.taken.receipts.first()).await?;
    node.stop().await?;
    let starting = [first, second];
    Ok(Figures { cases, connections, raced, idle, loaded, again, starting, pages, lost })
}

/// A community's node with its grids and buildings, not running.
async fn settle(
    program: &Program,
    folder: &Path,
    nonce: &Nonce,
) -> Result<(Home, Arc<Forms>), LoadError> {
    let plan = Plan::of(plan::FEWEST)?;
    let number = plan.communities()[0];
    let seat = &plan.seats()[number];
    let founding = Founding { name: &seat.name, level: "community", area: &seat.area };
    let home = Home::found(program, folder.join("node"), founding).await?;
    let ground = Ground::of(&plan, number, nonce, 1);
    let node = home.start().await?;
    let established = home.office(&node, nonce)?.establish(&ground, 0).await;
    established.map_err(|source| home.asked(source))?;
    node.stop().await?;
    Ok((home, Arc::new(Forms::new(nonce, &ground))))
}

async fn verify(
    home: &Home,
    before: &Journal,
    cases: u64,
    lost: &mut Vec<String>,
) -> Result<(), LoadError> {
    let verified = home.verify().await?;
    if verified.sound().is_none() {
        lost.push("账本核验未通过 the journal does not verify".to_owned());
    }
    let after = verified.journal.map_or(0, |journal| journal.own());
    let more = after.saturating_sub(before.own());
    expect("账本里多出的记录 more records in the journal", more, cases, lost);
    Ok(())
}

/// Asks the node that was started again for what it had acknowledged.
async fn look_up(
    home: &Home,
    node: &Running,
    taken: &Taken,
    cases: u64,
    lost: &mut Vec<String>,
) -> Result<(), LoadError> {
    expect("不同的事件编号 cases with ids of their own", taken.distinct(), cases, lost);
    let body = json!({
        "metric": "received",
        "grouping": "none",
        "from": "2020-01-01T00:00:00Z",
        "until": "2099-01-01T00:00:00Z",
        "budget_ms": 25_000,
    });
    let ask = Ask::post("/v1/queries", body).by(&home.token()?);
    let answer = node.client().json(ask).await.map_err(|source| home.asked(source))?;
    let counted = answer.pointer("/total/count").and_then(Value::as_u64).unwrap_or(0);
    expect("重启后查询到的事件 cases counted after the restart", counted, cases, lost);
    let (receipts, client) = (&taken.receipts, node.client());
    let found = intake::found(client, receipts).await.map_err(|source| home.asked(source))?;
    expect("凭回执查到的事件 cases found by their receipts", found, receipts.len() as u64, lost);
    Ok(())
}

fn expect(what: &str, found: u64, due: u64, lost: &mut Vec<String>) {
    if found != due {
        lost.push(format!("{what}：应为 {due}，实为 {found} (must be {due}, is {found})"));
    }
}

impl Figures {
    /// Whether everything that was acknowledged is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.lost.is_empty()
    }

    /// The figures as they are printed.
    #[must_use]
    pub fn text(&self) -> String {
        told::text(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_differs_either_way_is_told_with_both_numbers() {
        let mut lost = Vec::new();
        expect("cases", 50, 50, &mut lost);
        assert!(lost.is_empty());
        expect("cases", 49, 50, &mut lost);
        expect("cases", 51, 50, &mut lost);
        assert!(lost.len() == 2 && lost[0].contains("must be 50, is 49"), "{lost:?}");
    }
}
