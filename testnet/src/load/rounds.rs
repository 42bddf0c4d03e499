//! The node, the raw append and PostgreSQL in turns, a share each, again and again: whatever else
//! the machine does meanwhile falls on all of them alike.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::postgres::{PostgresError, Server, Tools};
use super::{LoadError, Options, append};
use crate::alone::{Home, Running, Usage};
use crate::client::Ask;
use crate::intake::{self, Forms, Taken};
use crate::metrics;
use crate::voice::Voice;

/// Turns, where each can be given enough to do.
const ROUNDS: u64 = 5;

/// What came of all turns.
#[derive(Default)]
pub(super) struct Raced {
    /// The node's part.
    pub(super) taken: Taken,
    /// Processor time of the node and of this program in the node's turns.
    pub(super) worked: [Duration; 2],
    /// Bytes of a case in the journal.
    pub(super) bytes: u64,
    /// Cases in a commit, on the average.
    pub(super) batch: f64,
    /// Time for the raw append of as many records of that size.
    pub(super) appended: Duration,
    /// PostgreSQL's part.
    pub(super) beside: Beside,
}

/// What PostgreSQL did.
#[derive(Default)]
pub(super) enum Beside {
    /// So many rows in this time.
    Rows {
        version: String,
        rows: u64,
        took: Duration,
    },
    #[default]
    NotWanted,
    NotAtHand,
    Failed(String),
}

/// Who takes part besides the node.
struct Rivals {
    append: PathBuf,
    postgres: Option<Postgres>,
}

struct Postgres {
    tools: Tools,
    server: Server,
}

pub(super) async fn race(
    options: &Options,
    folder: &Path,
    (home, node): (&Home, &Running),
    forms: &Arc<Forms>,
    voice: &Voice,
) -> Result<Raced, LoadError> {
    let Options { cases, connections, .. } = *options;
    let (postgres, beside) = postgres(options, folder, voice).await;
    let rivals = Rivals { append: folder.join("append"), postgres };
    let mut raced = Raced { beside, ..Raced::default() };
    let before = Told::by(home, node).await?;
    let rounds = ROUNDS.min(cases / connections.max(1) as u64).max(1);
    for round in 0..rounds {
        let numbers = cases * round / rounds..cases * (round + 1) / rounds;
        let share = numbers.end - numbers.start;
        let began = [node.usage().worked, Usage::own().worked];
        let taken = intake::take(node.client(), forms, numbers.clone(), connections).await?;
        let ended = [node.usage().worked, Usage::own().worked];
        voice.progress(
            &format!("第 {}/{rounds} 轮：{share} 件，每秒 {:.0} 件", round + 1, taken.rate()),
            &format!("round {} of {rounds}: {share} cases, so many a second", round + 1),
        );
        raced.taken.add(taken);
        raced.worked = [0, 1].map(|who| raced.worked[who] + ended[who] - began[who]);
        let now = Told::by(home, node).await?;
        raced.bytes = now.journal.saturating_sub(before.journal) / numbers.end.max(1);
        raced.batch = numbers.end as f64 / now.batches.saturating_sub(before.batches).max(1) as f64;
        rivals.turn(&mut raced, forms, share, connections).await?;
    }
    if let Some(Postgres { server, .. }) = rivals.postgres {
        server.stop().await;
    }
    Ok(raced)
}

impl Rivals {
    async fn turn(
        &self,
        raced: &mut Raced,
        forms: &Forms,
        share: u64,
        connections: usize,
    ) -> Result<(), LoadError> {
        let size = usize::try_from(raced.bytes).unwrap_or(0);
        let appended = append::append(&self.append, share, size, connections).await;
        raced.appended += appended.map_err(LoadError::Append)?;
        let (Some(Postgres { tools, server }), Beside::Rows { rows, took, .. }) =
            (&self.postgres, &mut raced.beside)
        else {
            return Ok(());
        };
        match server.insert(tools, &forms.typical(), share, connections).await {
            Ok((more, time)) => (*rows, *took) = (*rows + more, *took + time),
            Err(error) => raced.beside = Beside::Failed(error.to_string()),
        }
        Ok(())
    }
}

/// Starts PostgreSQL, where it is wanted and can be.
async fn postgres(options: &Options, folder: &Path, voice: &Voice) -> (Option<Postgres>, Beside) {
    if !options.postgres {
        return (None, Beside::NotWanted);
    }
    let Some(tools) = Tools::at_hand() else { return (None, Beside::NotAtHand) };
    voice.progress("准备 PostgreSQL…", "PostgreSQL is made ready");
    let started = async {
        let version = tools.version().await?;
        Ok::<_, PostgresError>((version, Server::start(&tools, &folder.join("postgres")).await?))
    };
    match started.await {
        Ok((version, server)) => {
            let beside = Beside::Rows { version, rows: 0, took: Duration::ZERO };
            (Some(Postgres { tools, server }), beside)
        }
        Err(error) => (None, Beside::Failed(error.to_string())),
    }
}

/// What the node says of itself.
struct Told {
    journal: u64,
    batches: u64,
}

impl Told {
    async fn by(home: &Home, node: &Running) -> Result<Self, LoadError> {
        let reply = node.client().send(&Ask::get("/metrics")).await;
        let bytes = reply.map_err(|source| home.asked(source))?.bytes;
        Ok(Self {
            journal: metrics::value(&bytes, "wangge_journal_bytes"),
            batches: metrics::value(&bytes, "wangge_engine_batches_total"),
        })
    }
}
