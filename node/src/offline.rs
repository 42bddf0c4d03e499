//! A node that is not running, opened by an operator's command: the engine alone, without network
//! and API.

use std::path::Path;

use data_encoding::HEXLOWER;
use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::engine::{Effect, Input, Ticket};
use engine::store::{StoreError, Table};
use engine::view;

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
            | Effect::Open { .. }
            | Effect::Send { .. }
            | Effect::Verify { .. }
            | Effect::Count { .. }
            | Effect::Piece { .. }
            | Effect::KeepPhoto { .. }
            | Effect::Changed(_)
            | Effect::World(_)
            | Effect::Standing(_)
            | Effect::Succession(_)
            | Effect::Enrolment(_)
            | Effect::Greeted { .. }
            | Effect::Misbehaved { .. } => None,
        });
        outcome.unwrap_or(Err(Refused::Stopping))
    }

    /// The old key's word for the one that is to follow, while the key is being changed.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn endorsement(&self) -> Result<Option<Vec<u8>>, StoreError> {
        view::endorsement(&self.opened.engine.reader())
    }

    /// Whether there is an account of this login name.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn has_account(&self, login: &str) -> Result<bool, StoreError> {
        let found = self.opened.engine.reader().get(Table::Account, login.as_bytes())?;
        Ok(found.is_some())
    }

    /// Whether a file holds a token that the node would take now.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn takes_token(&self, file: &Path) -> Result<bool, StoreError> {
        let text = std::fs::read(file).unwrap_or_default();
        let Ok(secret) = HEXLOWER.decode(text.trim_ascii()) else { return Ok(false) };
        let hash = *blake3::hash(&secret).as_bytes();
        let known = view::token(&self.opened.engine.reader(), &hash)?;
        Ok(known.is_some_and(|token| token.expires > now()))
    }
}
