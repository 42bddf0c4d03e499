//! The header's CBOR: a map with integer keys, written and read in one order.
//!
//! ```text
//! {0: 1, 1: author, 2: epoch, 3: seq, 4: prev, 5: time in ms, 6: subject, 7: kind,
//!  8: [cause…], ? 9: [actor, role], 10: {field: commitment …}}
//! ```

use crate::cbor::{Fault, Limits, Reader, Writer};
use crate::header::{Actor, Header, MAX_CAUSES, MAX_COMMITMENTS};
use crate::ids::{ActorId, Commitment, FieldId, Kind, NodeId, RecordId, Subject};
use crate::statement::{Domain, Statement, StatementError};
use crate::time::Timestamp;

/// The format's version, under key 0.
const VERSION: u64 = 1;
/// Pairs beside the optional actor.
const PAIRS: usize = 10;

mod key {
    pub(super) const VERSION: u64 = 0;
    pub(super) const AUTHOR: u64 = 1;
    pub(super) const EPOCH: u64 = 2;
    pub(super) const SEQ: u64 = 3;
    pub(super) const PREV: u64 = 4;
    pub(super) const TIME: u64 = 5;
    pub(super) const SUBJECT: u64 = 6;
    pub(super) const KIND: u64 = 7;
    pub(super) const CAUSES: u64 = 8;
    pub(super) const ACTOR: u64 = 9;
    pub(super) const COMMITMENTS: u64 = 10;
}

impl Statement for Header {
    const DOMAIN: Domain = Domain::Record;
    /// A header with everything in it takes 3.1 KiB.
    const LIMITS: Limits = Limits { bytes: 4096, depth: 2, items: 256 };

    fn encode(&self) -> Vec<u8> {
        let lists = self.causes.len() * 34 + self.commitments.len() * 37;
        let mut writer = Writer::with_capacity(192 + lists);
        writer.map(PAIRS + usize::from(self.actor.is_some()));
        self.write_place(&mut writer);
        self.write_matter(&mut writer);
        self.write_commitments(&mut writer);
        writer.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let mut reader = Reader::new(bytes);
        let pairs = reader.map()?;
        read_version(&mut reader)?;
        if pairs != PAIRS && pairs != PAIRS + 1 {
            return Err(Fault::Expected("a map of 10 or 11 pairs").at(0).into());
        }
        let header = read(&mut reader, pairs > PAIRS)?;
        reader.end()?;
        header.check()?;
        Ok(header)
    }
}

impl Header {
    fn write_place(&self, writer: &mut Writer) {
        writer.uint(key::VERSION);
        writer.uint(VERSION);
        writer.uint(key::AUTHOR);
        writer.bytes(self.author.as_bytes());
        writer.uint(key::EPOCH);
        writer.uint(self.epoch.into());
        writer.uint(key::SEQ);
        writer.uint(self.seq);
        writer.uint(key::PREV);
        writer.bytes(self.prev.as_bytes());
        writer.uint(key::TIME);
        writer.int(self.time.millis());
    }

    fn write_matter(&self, writer: &mut Writer) {
        writer.uint(key::SUBJECT);
        writer.bytes(self.subject.as_bytes());
        writer.uint(key::KIND);
        writer.uint(self.kind.0.into());
        writer.uint(key::CAUSES);
        writer.array(self.causes.len());
        for cause in &self.causes {
            writer.bytes(cause.as_bytes());
        }
        if let Some(actor) = &self.actor {
            writer.uint(key::ACTOR);
            writer.array(2);
            writer.bytes(actor.id.as_bytes());
            writer.text(&actor.role);
        }
    }

    fn write_commitments(&self, writer: &mut Writer) {
        writer.uint(key::COMMITMENTS);
        writer.map(self.commitments.len());
        for (field, commitment) in &self.commitments {
            writer.uint(field.0.into());
            writer.bytes(commitment.as_bytes());
        }
    }
}

/// Everything after the version.
fn read(reader: &mut Reader<'_>, has_actor: bool) -> Result<Header, StatementError> {
    reader.key(key::AUTHOR, "key 1, the author")?;
    let author = NodeId::from_bytes(reader.bytes_of("an author of 32 bytes")?);
    reader.key(key::EPOCH, "key 2, the epoch")?;
    let epoch = reader.uint_of("an epoch of 32 bits")?;
    reader.key(key::SEQ, "key 3, the sequence number")?;
    let seq = reader.uint()?;
    reader.key(key::PREV, "key 4, the previous record")?;
    let prev = RecordId::from_bytes(reader.bytes_of("a record id of 32 bytes")?);
    reader.key(key::TIME, "key 5, the time")?;
    let time = read_time(reader)?;
    reader.key(key::SUBJECT, "key 6, the subject")?;
    let subject = Subject::from_bytes(reader.bytes_of("a subject of 16 bytes")?);
    reader.key(key::KIND, "key 7, the kind")?;
    let kind = Kind(reader.uint_of("a kind of 16 bits")?);
    let causes = read_causes(reader)?;
    let actor = if has_actor { Some(read_actor(reader)?) } else { None };
    let commitments = read_commitments(reader)?;
    Ok(Header { author, epoch, seq, prev, time, subject, kind, causes, actor, commitments })
}

/// Before anything that another version may have changed.
fn read_version(reader: &mut Reader<'_>) -> Result<(), StatementError> {
    reader.key(key::VERSION, "key 0, the version")?;
    match reader.uint()? {
        VERSION => Ok(()),
        found => Err(StatementError::Version { found, known: VERSION }),
    }
}

fn read_time(reader: &mut Reader<'_>) -> Result<Timestamp, StatementError> {
    let start = reader.offset();
    let wrong = |_| Fault::Expected("a time in the years 0000 to 9999").at(start);
    Ok(Timestamp::try_from_millis(reader.int()?).map_err(wrong)?)
}

fn read_causes(reader: &mut Reader<'_>) -> Result<Vec<RecordId>, StatementError> {
    reader.key(key::CAUSES, "key 8, the causes")?;
    let start = reader.offset();
    let count = reader.array()?;
    if count > MAX_CAUSES {
        return Err(Fault::Expected("at most 16 causes").at(start).into());
    }
    let mut causes = Vec::with_capacity(count);
    for _ in 0..count {
        causes.push(RecordId::from_bytes(reader.bytes_of("a record id of 32 bytes")?));
    }
    Ok(causes)
}

fn read_actor(reader: &mut Reader<'_>) -> Result<Actor, StatementError> {
    reader.key(key::ACTOR, "key 9, the actor")?;
    reader.array_of(2, "an actor's id and role")?;
    let id = ActorId::from_bytes(reader.bytes_of("an actor id of 16 bytes")?);
    Ok(Actor { id, role: reader.text()?.to_owned() })
}

fn read_commitments(reader: &mut Reader<'_>) -> Result<Vec<(FieldId, Commitment)>, StatementError> {
    reader.key(key::COMMITMENTS, "key 10, the commitments")?;
    let start = reader.offset();
    let count = reader.map()?;
    if count > MAX_COMMITMENTS {
        return Err(Fault::Expected("at most 64 commitments").at(start).into());
    }
    let mut commitments = Vec::with_capacity(count);
    for _ in 0..count {
        let field = FieldId(reader.uint_of("a field id of 16 bits")?);
        let commitment = Commitment::from_bytes(reader.bytes_of("a commitment of 32 bytes")?);
        commitments.push((field, commitment));
    }
    Ok(commitments)
}
