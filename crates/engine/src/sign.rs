//! The one place where this node signs: it reads the tip of the log, appends and projects in the
//! same batch.

use std::sync::Arc;

use governance::act::FieldValues;
use governance::field;
use rand::CryptoRng;
use record::{Disclosure, Header, Kind, Record, RecordId, Signed, Subject, Timestamp};

use crate::note::Note;
use crate::project::{self, Done, Whose};
use crate::staging::Staging;
use crate::store::{Frame, FrameKind, Position, StoreError};
use crate::world::Setup;

/// What is to be signed.
pub(crate) struct Draft {
    /// What it is about.
    pub(crate) subject: Subject,
    /// Its kind.
    pub(crate) kind: Kind,
    /// Records it follows from.
    pub(crate) causes: Vec<RecordId>,
    /// Who acted, in which role.
    pub(crate) actor: Option<record::Actor>,
    /// Its fields.
    pub(crate) fields: FieldValues,
    /// Local facts to go into the same frame.
    pub(crate) note: Option<Note>,
}

/// Signs a draft as the next record of the log and stages it.
pub(crate) fn append(
    setup: &Setup,
    staging: &mut Staging<'_>,
    draft: Draft,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(Record, Position, Done), StoreError> {
    let mut open = Vec::new();
    let mut sealed = Vec::new();
    let mut commitments = Vec::new();
    for (id, value) in draft.fields {
        let (disclosure, commitment) = Disclosure::seal(id, value, rng);
        commitments.push((id, commitment));
        if field::is_structural(id) { &mut open } else { &mut sealed }.push(disclosure);
    }
    let head = staging.log.head;
    let (epoch, seq) = staging.log.next();
    let header = Header {
        author: setup.me(),
        epoch,
        seq,
        prev: head.map_or(RecordId::ZERO, |head| head.id),
        // A clock set back must not make the log run backwards.
        time: head.map_or(now, |head| head.time.max(now)),
        subject: draft.subject,
        kind: draft.kind,
        causes: draft.causes,
        actor: draft.actor,
        commitments,
    };
    let record: Record = Signed::sign(header, &setup.key, &setup.federation);
    let frame = Frame {
        kind: FrameKind::Own,
        subject: draft.subject,
        envelope: record.bytes().clone(),
        entry: None,
        peer: None,
        open,
        sealed,
        note: draft.note.map(|note| encode(&note)).unwrap_or_default(),
        came: Vec::new(),
    };
    let (at, frame) = staging.push(frame)?;
    let done = project::project(whose(setup), staging, at, &frame)?;
    Ok((record, at, done))
}

/// Stages local facts without a record.
pub(crate) fn note(
    setup: &Setup,
    staging: &mut Staging<'_>,
    note: &Note,
) -> Result<Done, StoreError> {
    let frame = local(FrameKind::Local, encode(note));
    let (at, frame) = staging.push(frame)?;
    project::project(whose(setup), staging, at, &frame)
}

pub(crate) fn local(kind: FrameKind, note: Vec<u8>) -> Frame {
    Frame {
        kind,
        subject: Subject::ZERO,
        envelope: Arc::from([]),
        entry: None,
        peer: None,
        open: Vec::new(),
        sealed: Vec::new(),
        note,
        came: Vec::new(),
    }
}

pub(crate) fn encode(note: &Note) -> Vec<u8> {
    record::cbor::encode(note).expect("notes are plain data without floats")
}

pub(crate) fn whose(setup: &Setup) -> Whose {
    Whose { me: setup.me(), federation: setup.federation }
}
