//! Requests that are known again by their idempotency key, for as long as they are remembered; and
//! sweeping out what has run out, a little at a time and from a random place on, so that all of it
//! is found in time. Receipts, of which every report has one, are swept as time passes and not when
//! somebody waits. What is swept is named in a frame.

use record::Timestamp;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;

use super::Desk;
use crate::command::{Once, REMEMBERED, Receipt, Refused};
use crate::note::{Done, DoneRow, Invitation, Note, Sweep, Token};
use crate::sign::{self, whose};
use crate::staging::{Lookup, decode};
use crate::store::Pair;
use crate::view::{self, Repeat};

/// Rows looked at in one sweep that somebody waits for.
const LOOKED_AT: usize = 64;
/// Rows looked at with every tick.
const LOOKED_AT_BY_THE_WAY: usize = 1_024;

impl Desk<'_, '_> {
    /// The receipt of the same command carried out before.
    pub(super) fn done_before(&self, once: &Once) -> Result<Option<Receipt>, Refused> {
        match view::repeat(self.staging, whose(self.setup), once)? {
            Repeat::New => Ok(None),
            Repeat::Same(receipt) => Ok(Some(*receipt)),
            Repeat::Other => Err(Refused::KeyReused),
        }
    }

    /// The note that a command is done.
    pub(super) fn done(&self, once: Once, receipt: &Receipt) -> Note {
        Note::Done(Done {
            key: once.key.to_vec().into(),
            digest: once.digest.to_vec().into(),
            receipt: receipt.clone(),
            at: Some(self.recorded()),
        })
    }

    /// Remembers a command that left no record.
    pub(crate) fn remember(
        &mut self,
        once: Option<Once>,
        receipt: &Receipt,
    ) -> Result<(), Refused> {
        let Some(once) = once else { return Ok(()) };
        let note = self.done(once, receipt);
        sign::note(self.setup, self.staging, &note)?;
        Ok(())
    }

    /// The time that a record would bear now: a clock set back does not make it run backwards.
    fn recorded(&self) -> Timestamp {
        self.staging.log.head.map_or(self.now, |head| head.time.max(self.now))
    }

    /// Sweeps receipts; with every tick.
    pub(crate) fn sweep_receipts(&mut self) -> Result<(), Refused> {
        let now = self.recorded();
        let gone = |row: &DoneRow| row.at.plus(REMEMBERED) <= now;
        self.sweep(Sweep::Receipts, LOOKED_AT_BY_THE_WAY, gone)
    }

    /// Sweeps sessions and tokens.
    pub(super) fn sweep_tokens(&mut self) -> Result<(), Refused> {
        let now = self.now;
        self.sweep(Sweep::Tokens, LOOKED_AT, |row: &Token| row.expires <= now)
    }

    /// Sweeps invitations.
    pub(super) fn sweep_invitations(&mut self) -> Result<(), Refused> {
        let now = self.now;
        self.sweep(Sweep::Invitations, LOOKED_AT, |row: &Invitation| row.expires <= now)
    }

    /// Sweeps something else with every tick.
    pub(super) fn sweep_by_the_way<T: DeserializeOwned>(
        &mut self,
        of: Sweep,
        has_run_out: impl Fn(&T) -> bool,
    ) -> Result<(), Refused> {
        self.sweep(of, LOOKED_AT_BY_THE_WAY, has_run_out)
    }

    fn sweep<T: DeserializeOwned>(
        &mut self,
        of: Sweep,
        most: usize,
        has_run_out: impl Fn(&T) -> bool,
    ) -> Result<(), Refused> {
        // Keys are hashes, and so is a random place as good as any.
        let from: [u8; 32] = self.random();
        let mut found = self.staging.scan(of.table(), &[], Some(&from), most)?;
        let left = most - found.len();
        if left > 0 {
            found.extend(self.staging.scan(of.table(), &[], None, left)?);
        }
        // A row that can't be read is for whoever asks for it, and not for the broom.
        let gone = |(_, value): &Pair| decode::<T>(value).is_ok_and(|row| has_run_out(&row));
        let mut keys = Vec::new();
        for (key, value) in found.into_iter().filter(gone) {
            // What this batch has changed or removed already is left alone.
            if self.staging.value(of.table(), &key)? == Some(value) {
                keys.push(key.into());
            }
        }
        self.swept(of, keys)
    }

    /// Removes rows.
    pub(super) fn swept(&mut self, of: Sweep, keys: Vec<ByteBuf>) -> Result<(), Refused> {
        if !keys.is_empty() {
            sign::note(self.setup, self.staging, &Note::Swept { of, keys })?;
        }
        Ok(())
    }

    fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }
}
