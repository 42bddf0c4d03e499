//! Reading is on record: an entry of the access log for each look, durable before the answer
//! leaves, and now and then a signed record that binds the log.

use governance::act::FieldValues;
use governance::field;
use record::{FieldId, Subject, Timestamp};

use super::Desk;
use crate::access::{AccessEntry, MAX_FIELDS, Reading, SEALED_WITHIN, VERSION};
use crate::command::{Agent, Receipt, Refused};
use crate::kind;
use crate::project;
use crate::sign::{self, Draft, whose};
use crate::staging::Lookup;
use crate::store::{FrameKind, Position, StoreError, Table};

/// Longest name of a role, in bytes.
const MAX_ROLE: usize = 64;

impl Desk<'_, '_> {
    /// Puts a look on record. It is no change of anything else, so a node that must not sign does
    /// this, too.
    pub(crate) fn put_on_record(
        &mut self,
        by: &Agent,
        reading: Reading,
    ) -> Result<Receipt, Refused> {
        let Agent::Staff(person) = by else { return Err(Refused::NoStanding) };
        let Reading { role, look, subject, mut fields, purpose } = reading;
        if role.len() > MAX_ROLE {
            return Err(Refused::Invalid { field: "role", what: "at most 64 bytes".into() });
        }
        fields.truncate(MAX_FIELDS);
        let mark = project::access_mark(self.staging, whose(self.setup))?;
        let entry = AccessEntry {
            version: VERSION,
            number: mark.number + 1,
            before: mark.link,
            time: self.now,
            person: *person,
            role,
            look,
            subject,
            fields,
            purpose,
        };
        let mut frame = sign::local(FrameKind::Access, Vec::new());
        frame.envelope = entry.encode().into();
        let (at, frame) = self.staging.push(frame)?;
        project::project(whose(self.setup), self.staging, at, &frame)?;
        Ok(Receipt::empty())
    }

    /// Binds the access log to the signed log, when its first entry that is not bound yet is old
    /// enough.
    pub(crate) fn seal_access(&mut self) -> Result<(), Refused> {
        let mark = project::access_mark(self.staging, whose(self.setup))?;
        let sealed = project::access_sealed(self.staging)?;
        if mark.number <= sealed {
            return Ok(());
        }
        let first = entry_at(self.staging, sealed + 1)?;
        if first.is_some_and(|first| first.plus(SEALED_WITHIN) > self.now) {
            return Ok(());
        }
        let encode = "a number and a hash have a deterministic encoding";
        let mut fields = FieldValues::new();
        let mut put = |id: FieldId, value: Vec<u8>| fields.insert(id, value);
        put(field::ACCESS_COUNT, record::cbor::encode(&mark.number).expect(encode));
        put(field::ACCESS_HEAD, record::cbor::encode(&mark.link).expect(encode));
        let draft = Draft {
            subject: Subject::ZERO,
            kind: kind::ACCESS_SEALED,
            causes: Vec::new(),
            actor: None,
            fields,
            note: None,
        };
        sign::append(self.setup, self.staging, draft, self.now, self.rng)?;
        Ok(())
    }
}

/// When an entry was made.
fn entry_at(view: &impl Lookup, number: u64) -> Result<Option<Timestamp>, StoreError> {
    let row = view.value(Table::Access, &number.to_be_bytes())?;
    let Some(at) = row.as_deref().and_then(Position::from_bytes) else { return Ok(None) };
    let frame = view.frame_at(at)?;
    Ok(AccessEntry::decode(&frame.envelope).ok().map(|entry| entry.time))
}
