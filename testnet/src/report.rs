//! The report: what every node says, held against what the demo itself did. A figure that differs
//! is told in words and makes the report wrong.

mod audit;
mod cases;
mod clocks;
mod journals;
mod nodes;
mod numbers;
mod opened;
mod table;
mod told;
mod waiting;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::client::{Ask, ClientError};
use crate::enrol::{EnrolError, OPERATOR, operator_token};
use crate::federation::{Federation, FederationError};
use crate::ground::Ground;
use crate::ledger::{Asked, Befallen, Book, Entry};
use crate::voice::Voice;

pub use journals::verify;
pub use table::Table;

/// What the demo found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    text: String,
    wrong: Vec<String>,
    checked: u64,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A node could not be asked.
    #[error("{name} could not be asked")]
    Asked {
        /// The node.
        name: String,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// No operator's token.
    #[error(transparent)]
    Token(#[from] EnrolError),
    /// A node's process.
    #[error(transparent)]
    Federation(#[from] FederationError),
    /// A file of a node can't be read.
    #[error("{path} can't be read")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// What the report is made from.
pub struct Desk<'a> {
    federation: &'a Federation,
    grounds: &'a [Ground],
    book: &'a Book,
    entries: &'a [Entry],
    voice: &'a Voice,
    ids: Vec<String>,
}

impl Report {
    /// Whether every figure is right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.wrong.is_empty()
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn wrong(&self) -> &[String] {
        &self.wrong
    }

    /// How many figures were held against the demo's own ledger.
    #[must_use]
    pub fn checked(&self) -> u64 {
        self.checked
    }

    /// The report as it is printed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn title(&mut self, zh: &str, en: &str) {
        self.line(&format!("\n== {zh} · {en}"));
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn table(&mut self, table: &Table) {
        self.text.push_str(&table.text());
    }

    /// Holds a figure against what it has to be; gives the mark to print beside it.
    fn check<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: &str,
        found: &T,
        due: &T,
    ) -> &'static str {
        self.checked += 1;
        if found == due {
            return "✓";
        }
        let what = format!("{what}：应为 {due:?}，实为 {found:?} (must be {due:?}, is {found:?})");
        self.wrong.push(what);
        "✗"
    }
}

/// Asks every node and writes the report. The nodes have to run and to have nothing left to send.
///
/// # Errors
/// [`ReportError`], when something could not be asked; what is wrong is in the report.
pub async fn of_running(desk: &Desk<'_>) -> Result<Report, ReportError> {
    let mut report = Report::default();
    told::misfortunes(desk, &mut report);
    numbers::write(desk, &mut report).await?;
    clocks::write(desk, &mut report).await?;
    desk.voice.progress("逐案核对…", "every case is looked up at every node that acted on it");
    cases::write(desk, &mut report).await?;
    nodes::write(desk, &mut report).await?;
    opened::write(desk, &mut report).await?;
    waiting::write(desk, &mut report).await?;
    desk.voice.progress("检查各单位拿到了什么…", "what was given to whom");
    audit::write(desk, &mut report).await?;
    Ok(report)
}

impl<'a> Desk<'a> {
    /// A desk with everything to compare.
    #[must_use]
    pub fn new(
        federation: &'a Federation,
        grounds: &'a [Ground],
        book: &'a Book,
        entries: &'a [Entry],
        voice: &'a Voice,
        ids: Vec<String>,
    ) -> Self {
        Self { federation, grounds, book, entries, voice, ids }
    }

    fn seats(&self) -> std::ops::Range<usize> {
        0..self.federation.plan.seats().len()
    }

    fn name(&self, seat: usize) -> &str {
        self.federation.name(seat)
    }

    /// The seat of a node, by its id.
    fn seat_of(&self, id: &str) -> Option<usize> {
        self.ids.iter().position(|known| known == id)
    }

    /// The bearer token of a login.
    fn token(&self, seat: usize, login: &str) -> Result<String, ReportError> {
        if login == OPERATOR {
            return Ok(operator_token(self.federation, seat)?);
        }
        let state = self.federation.state();
        Ok(state.nodes[seat].tokens.get(login).cloned().unwrap_or_default())
    }

    async fn ask(&self, seat: usize, login: &str, ask: Ask) -> Result<Value, ReportError> {
        let ask = ask.by(&self.token(seat, login)?);
        let answer = self.federation.client(seat).json(ask).await;
        answer.map_err(|source| self.not_asked(seat, source))
    }

    async fn bytes(&self, seat: usize, login: &str, ask: Ask) -> Result<Vec<u8>, ReportError> {
        let ask = ask.by(&self.token(seat, login)?);
        let reply = self.federation.client(seat).send(&ask).await;
        reply.map(|reply| reply.bytes.to_vec()).map_err(|source| self.not_asked(seat, source))
    }

    fn not_asked(&self, seat: usize, source: ClientError) -> ReportError {
        ReportError::Asked { name: self.name(seat).to_owned(), source }
    }

    fn befell(&self, what: Befallen) -> usize {
        let days = self.entries.iter().filter_map(|entry| match entry {
            Entry::Befell { day, what: befell } if *befell == what => Some(*day),
            Entry::Befell { .. }
            | Entry::Day(_)
            | Entry::Done(_)
            | Entry::Asked(_)
            | Entry::Alone { .. }
            | Entry::Clocks { .. }
            | Entry::Beside(_)
            | Entry::Over { .. } => None,
        });
        // A day that was interrupted may have begun a misfortune twice.
        days.collect::<BTreeSet<_>>().len()
    }

    fn days(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry, Entry::Day(_))).count()
    }

    /// How many nodes there were on a day.
    fn nodes_on(&self, day: usize) -> usize {
        let found = self.entries.iter().find_map(|entry| match entry {
            Entry::Day(begun) if begun.number == day => Some(begun.nodes),
            Entry::Day(_)
            | Entry::Done(_)
            | Entry::Befell { .. }
            | Entry::Asked(_)
            | Entry::Alone { .. }
            | Entry::Clocks { .. }
            | Entry::Beside(_)
            | Entry::Over { .. } => None,
        });
        found.unwrap_or(0)
    }

    fn asked_in_cut(&self) -> impl Iterator<Item = &Asked> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Asked(asked) => Some(asked),
            Entry::Day(_)
            | Entry::Done(_)
            | Entry::Befell { .. }
            | Entry::Alone { .. }
            | Entry::Clocks { .. }
            | Entry::Beside(_)
            | Entry::Over { .. } => None,
        })
    }

    /// How many of something were left besides cases at a node.
    fn beside(&self, seat: usize, what: &str) -> u64 {
        let is_it = |entry: &&Entry| match entry {
            Entry::Beside(beside) => beside.seat == seat && beside.step.starts_with(what),
            Entry::Asked(_)
            | Entry::Day(_)
            | Entry::Done(_)
            | Entry::Befell { .. }
            | Entry::Alone { .. }
            | Entry::Clocks { .. }
            | Entry::Over { .. } => false,
        };
        self.entries.iter().filter(is_it).count() as u64
    }

    /// Whether a cut-off community was connected, and what it could not hand over.
    fn alone(&self) -> impl Iterator<Item = (bool, u64)> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Alone { connected, waiting, .. } => Some((*connected, *waiting)),
            Entry::Day(_)
            | Entry::Done(_)
            | Entry::Befell { .. }
            | Entry::Asked(_)
            | Entry::Clocks { .. }
            | Entry::Beside(_)
            | Entry::Over { .. } => None,
        })
    }
}

/// Waits until every stream is acknowledged and every log is witnessed, or until it is clear that
/// something is stuck: the report then says what.
///
/// # Errors
/// [`ReportError::Asked`].
pub async fn until_quiet(desk: &Desk<'_>) -> Result<(), ReportError> {
    nodes::until_quiet(desk).await
}
