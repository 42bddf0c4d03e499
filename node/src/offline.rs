//! A node that is not running, opened by an operator's command: the engine alone, without network
//! and API.

use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::engine::{Effect, Input, Ticket};
use engine::store::{Read, Table};
use serde::de::DeserializeOwned;

use crate::config::Config;
use crate::node::{Opened, StartError, now, open};

/// An open data folder; locked until this is dropped.
pub struct Offline {
    /// What was opened.
    pub opened: Opened,
}

impl Offline {
    /// Opens the data folder.
    ///
    /// # Errors
    /// [`StartError`]; [`store::OpenError::Busy`] within it where the node is running.
    pub fn open(config: &Config) -> Result<Self, StartError> {
        Ok(Self { opened: open(config)? })
    }

    /// Carries out a command as the operator at the node's own console.
    ///
    /// # Errors
    /// [`Refused`], with nothing changed.
    pub fn command(&mut self, what: What) -> Result<Receipt, Refused> {
        let ticket = Ticket(1);
        let command = Command { by: Agent::Console, once: None, what };
        let effects = self.opened.engine.step(vec![Input::Command { ticket, command }], now());
        let outcome = effects.into_iter().find_map(|effect| match effect {
            Effect::Reply { outcome, .. } => Some(outcome),
            Effect::Answered { .. }
            | Effect::Respond { .. }
            | Effect::Page { .. }
            | Effect::Send { .. }
            | Effect::Verify { .. }
            | Effect::Count { .. }
            | Effect::Changed(_)
            | Effect::World(_)
            | Effect::Enrolment(_)
            | Effect::Greeted { .. }
            | Effect::Misbehaved { .. } => None,
        });
        outcome.unwrap_or(Err(Refused::Stopping))
    }

    /// A row of the index; `None` where there is none, or none that can be read.
    #[must_use]
    pub fn row<T: DeserializeOwned + serde::Serialize>(&self, table: Table, key: &[u8]) -> Option<T> {
        let bytes = self.reader().get(table, key).ok()??;
        record::cbor::decode(&bytes, &record::cbor::Limits::of_bytes(engine::store::MAX_VALUE)).ok()
    }

    fn reader(&self) -> std::sync::Arc<dyn Read> {
        self.opened.engine.reader()
    }
}
