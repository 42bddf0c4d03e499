//! Reading is on record: what a handler shows of cases and people goes into the access log before
//! it is shown. The same look at the same thing within some minutes is put there once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use engine::access::{Look, Purpose, Reading, SAME_LOOK};
use engine::command::{Agent, Command, What};
use governance::field;
use record::{FieldId, Subject, Timestamp};

use crate::desk::Desk;
use crate::problem::{Kind, Problem};

/// Looks that are remembered; with more, those that are over are forgotten, and then all.
const REMEMBERED: usize = 8_192;

/// What was looked at within the last minutes, by whom.
#[derive(Default)]
pub(crate) struct Looks(Mutex<HashMap<(Subject, Reading), Timestamp>>);

impl Looks {
    /// Whether it is a new look. [`Looks::seen`] says that it was put on record.
    fn is_new(&self, by: Subject, reading: &Reading, now: Timestamp) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = seen.get(&(by, reading.clone()));
        at.is_none_or(|at| now < *at || at.plus(SAME_LOOK) <= now)
    }

    fn seen(&self, by: Subject, reading: Reading, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.retain(|_, at| now < at.plus(SAME_LOOK));
        }
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert((by, reading), now);
    }
}

/// Something that is about to be shown.
pub(crate) struct Shown<'a> {
    pub(crate) look: Look,
    pub(crate) subject: Option<Subject>,
    /// Names of fields; codes and times among them are not put on record.
    pub(crate) fields: Vec<&'a str>,
}

impl<'a> Shown<'a> {
    pub(crate) fn of(look: Look, subject: Subject) -> Self {
        Self { look, subject: Some(subject), fields: Vec::new() }
    }

    pub(crate) fn list(look: Look) -> Self {
        Self { look, subject: None, fields: Vec::new() }
    }

    pub(crate) fn with(mut self, fields: impl IntoIterator<Item = &'a str>) -> Self {
        self.fields.extend(fields);
        self
    }

    fn ids(&self) -> Vec<FieldId> {
        let known = self.fields.iter().filter_map(|key| field::by_key(key));
        let words = known.filter(|field| field.class != field::Class::Structural);
        let mut ids: Vec<FieldId> = words.map(|field| field.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

impl Desk {
    /// Puts on record what the signed-in person is about to be shown of the work before them. A
    /// node that can write no more goes on showing what is masked, and says so in its log: who is
    /// called to a fire needs to read.
    ///
    /// # Errors
    /// What the engine refuses.
    pub(crate) async fn looked(&self, shown: Shown<'_>) -> Result<(), Problem> {
        if self.cannot_write() {
            tracing::error!("a look at a case is not on record: the node is read-only");
            return Ok(());
        }
        self.put_on_record(shown, Purpose::Work).await
    }

    /// As [`Desk::looked`], for what is masked otherwise: not on record, not shown.
    ///
    /// # Errors
    /// What the engine refuses; [`Kind::READ_ONLY`].
    pub(crate) async fn revealed(&self, shown: Shown<'_>, why: Purpose) -> Result<(), Problem> {
        if self.cannot_write() {
            return Err(Kind::READ_ONLY.into());
        }
        self.put_on_record(shown, why).await
    }

    fn cannot_write(&self) -> bool {
        self.state.handle.reader().health().read_only.is_some()
    }

    async fn put_on_record(&self, shown: Shown<'_>, purpose: Purpose) -> Result<(), Problem> {
        let actor = &self.session()?.actor;
        let role = actor.appointments().first().map(|held| held.role.clone()).unwrap_or_default();
        let (look, subject, fields) = (shown.look, shown.subject, shown.ids());
        let reading = Reading { role, look, subject, fields, purpose };
        // Each reveal is on record, however soon after the last.
        let looks = &self.state.looks;
        if look != Look::Reveal && !looks.is_new(actor.id, &reading, self.now) {
            return Ok(());
        }
        let (by, what) = (Agent::Staff(actor.id), What::Read(reading.clone()));
        self.state.handle.command(Command { by, once: None, what }).await?;
        looks.seen(actor.id, reading, self.now);
        Ok(())
    }
}
