//! Rows of cases: the case itself, the facts that counting needs, and the orders in which cases
//! are listed.

use std::sync::Arc;

use governance::act::ActKind;
use governance::case::{Case, CaseId, Custody, Event, Rejected, Step};
use governance::change::{Change, ChangeError, Outcome, Phase};
use governance::field;
use governance::query::Fact;
use record::{Fields, Header, NodeId, Record, RecordId, Subject, Timestamp};

use super::{Done, Readable, Whose, aside, senseless};
use crate::code;
use crate::note::Quarantined;
use crate::staging::Staging;
use crate::store::{Position, StoreError, Table};

/// Why a record about a case was not applied: the rules say no, or it can't be read.
pub(super) enum NotApplied {
    Rejected(Rejected),
    Unreadable(ChangeError),
    NoAct,
    /// A report under an id that does not follow from its place in its author's log.
    OtherId,
}

/// A case before a record and after it.
type Applied = (Option<Arc<Case>>, Result<Arc<Case>, NotApplied>);

/// Applies a record to its case and writes the case's rows. `fresh`: nothing of its author's log
/// is known from this record on.
pub(super) fn apply(
    whose: Whose,
    staging: &mut Staging<'_>,
    readable: &Readable,
    sender: NodeId,
    fresh: bool,
) -> Result<Applied, StoreError> {
    let record = &readable.record;
    let event = match event(readable, sender) {
        Ok(event) => event,
        Err(problem) => return Ok((None, Err(problem))),
    };
    // A report's place in its author's log gives its case the id: where the place is new, so is
    // the case, and the index need not be asked.
    let opens = fresh && event.step.act == ActKind::Report;
    let before = if opens { None } else { staging.case(record.subject)? };
    match governance::case::apply(before.as_deref(), &event, whose.me) {
        Err(rejected) => Ok((before, Err(NotApplied::Rejected(rejected)))),
        Ok(after) => {
            let after = Arc::new(after);
            staging.put_case(after.clone());
            let known = before.as_deref().map(|case| Fact::of(case, whose.me));
            let fact = Fact::of(&after, whose.me);
            if known.as_ref() != Some(&fact) {
                staging.put_compact(Table::Fact, fact_key(after.id), &fact)?;
            }
            reorder(staging, before.as_deref(), &after)?;
            receipt(whose, staging, before.is_none(), &after)?;
            origin(whose, staging, readable, before.is_none(), &after)?;
            Ok((before, Ok(after)))
        }
    }
}

/// Writes what hangs on a case that began at this node, where the record is its report.
pub(super) fn opened_here(
    whose: Whose,
    staging: &mut Staging<'_>,
    readable: &Readable,
    opened: bool,
    case: &Case,
) -> Result<(), StoreError> {
    receipt(whose, staging, opened, case)?;
    origin(whose, staging, readable, opened, case)
}

/// An own record always applies: it was decided on the same state.
pub(super) fn own(
    at: Position,
    applied: Result<Arc<Case>, NotApplied>,
) -> Result<Done, StoreError> {
    match applied {
        Ok(case) => Ok(Done { case: Some(case), ..Done::default() }),
        Err(problem) => Err(senseless(at, &format!("an own record: {}", problem.words()))),
    }
}

/// A foreign record that does not apply is kept and shown, and changes nothing.
pub(super) fn foreign(
    staging: &mut Staging<'_>,
    at: Position,
    record: &Record,
    sender: NodeId,
    applied: Result<Arc<Case>, NotApplied>,
) -> Result<Done, StoreError> {
    match applied {
        Ok(case) => Ok(Done { case: Some(case), ..Done::default() }),
        Err(NotApplied::Rejected(Rejected::Known)) => {
            Ok(Done { rejected: Some(Rejected::Known), ..Done::default() })
        }
        Err(problem) => {
            let why = problem.words();
            let held =
                Quarantined { from: sender, record: record.id(), subject: record.subject, why };
            aside::put(staging, at, &held)?;
            let rejected = match problem {
                NotApplied::Rejected(rejected) => Some(rejected),
                NotApplied::Unreadable(_) | NotApplied::NoAct | NotApplied::OtherId => {
                    Some(Rejected::NoOutcome)
                }
            };
            Ok(Done { rejected, ..Done::default() })
        }
    }
}

/// A record that makes no sense here: kept and shown, and nothing changes.
pub(super) fn hold(
    staging: &mut Staging<'_>,
    at: Position,
    record: &Record,
    sender: NodeId,
    why: String,
) -> Result<Done, StoreError> {
    let held = Quarantined { from: sender, record: record.id(), subject: record.subject, why };
    aside::put(staging, at, &held)?;
    Ok(Done { rejected: Some(Rejected::NoOutcome), ..Done::default() })
}

/// A record in a place of its author's log that another record has.
pub(super) fn fork(
    staging: &mut Staging<'_>,
    at: Position,
    record: &Record,
    seq: u64,
    sender: NodeId,
) -> Result<Done, StoreError> {
    let why = format!(
        "{} signed two different records {}/{seq}: do not trust either until its operator explains",
        record.author.short(),
        record.epoch,
    );
    let held = Quarantined { from: sender, record: record.id(), subject: record.subject, why };
    aside::put(staging, at, &held)?;
    Ok(Done { rejected: Some(Rejected::Known), ..Done::default() })
}

impl NotApplied {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Rejected(rejected) => rejected.to_string(),
            Self::Unreadable(error) => error.to_string(),
            Self::OtherId => "the case's id is not the one that its report gives it".into(),
            Self::NoAct => "records of this kind are not shared between nodes".into(),
        }
    }
}

/// What a record says happened to a case, if it is about one and can be read.
pub(crate) fn event_of(readable: &Readable, sender: NodeId) -> Option<Event> {
    event(readable, sender).ok()
}

/// What a record that is not signed yet would be.
pub(crate) fn foreseen(header: &Header, fields: &Fields, me: NodeId) -> Option<Event> {
    let act = ActKind::from_kind(header.kind)?;
    // Its id is not known before it is signed: one that no record has stands for it.
    let step = step(header, RecordId::from_bytes([0xff; 32]), act);
    event_from(header.subject, step, fields, me).ok()
}

pub(super) fn event(readable: &Readable, sender: NodeId) -> Result<Event, NotApplied> {
    let record = &readable.record;
    let act = ActKind::from_kind(record.kind).ok_or(NotApplied::NoAct)?;
    let opens = act == ActKind::Report;
    if opens && record.subject != code::case_id(record.author, record.epoch, record.seq) {
        return Err(NotApplied::OtherId);
    }
    let step = Step { time: readable.time(), ..step(record, record.id(), act) };
    event_from(record.subject, step, &readable.fields, sender)
}

fn event_from(
    case: CaseId,
    step: Step,
    fields: &Fields,
    sender: NodeId,
) -> Result<Event, NotApplied> {
    let act = step.act;
    let change = Change::read(act, fields).map_err(NotApplied::Unreadable)?;
    let outcome = has_outcome(act)
        .then(|| Outcome::read(fields))
        .transpose()
        .map_err(NotApplied::Unreadable)?;
    let words = fields.iter().map(|(id, _)| id).filter(|id| !field::is_structural(*id));
    let words = words.collect();
    Ok(Event { case, step, sender, change, outcome, words })
}

fn has_outcome(act: ActKind) -> bool {
    !act.is_contribution() && act != ActKind::RefuseCustody
}

fn step(header: &Header, record: RecordId, act: ActKind) -> Step {
    Step {
        record,
        author: header.author,
        epoch: header.epoch,
        seq: header.seq,
        time: header.time,
        act,
        actor: header.actor.as_ref().map(|actor| Subject::from_bytes(*actor.id.as_bytes())),
        role: header.actor.as_ref().map(|actor| actor.role.clone()),
    }
}

/// Key of a case's facts.
#[must_use]
pub fn fact_key(case: CaseId) -> Vec<u8> {
    case.as_bytes().to_vec()
}

/// The orders in which cases are listed; each key ends with the time of opening and the case id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Every case.
    All,
    /// Cases in a phase.
    Phase(Phase),
    /// Cases given to a person and not ended.
    Assignee(Subject),
    /// Cases offered to this node and not yet answered, or called to.
    Offered,
    /// Cases this node holds that have not ended.
    Open,
    /// Cases treated together with this one.
    MergedInto(CaseId),
    /// Cases that a source had first, by the hash of its key: see [`Order::of_source`].
    Source([u8; 8]),
    /// Live cases held here whose place nobody knows.
    Unplaced,
    /// Cases of this node that have ended and are not erased, by the time of their last record.
    Ended,
}

impl Order {
    /// The beginning that the keys of this order share.
    #[must_use]
    pub fn prefix(self) -> Vec<u8> {
        match self {
            Self::All => vec![1],
            Self::Phase(phase) => vec![2, phase as u8],
            Self::Assignee(person) => [&[3], person.as_bytes().as_slice()].concat(),
            Self::Offered => vec![4],
            Self::Open => vec![5],
            Self::MergedInto(case) => [&[6], case.as_bytes().as_slice()].concat(),
            Self::Source(hash) => [&[7], hash.as_slice()].concat(),
            Self::Unplaced => vec![8],
            Self::Ended => vec![9],
        }
    }

    /// The order of the cases that a source had first.
    #[must_use]
    pub fn of_source(source: &str) -> Self {
        let hash = origin_key(source, "");
        Self::Source(hash.first_chunk().copied().unwrap_or_default())
    }

    /// The key of a case.
    #[must_use]
    pub fn key(self, opened: Timestamp, case: CaseId) -> Vec<u8> {
        let mut key = self.prefix();
        // Times before 1970 would sort last; a report's time is never that old.
        key.extend_from_slice(&opened.millis().to_be_bytes());
        key.extend_from_slice(case.as_bytes());
        key
    }
}

/// Every order key that a case has.
#[must_use]
pub fn order_keys(case: &Case) -> Vec<Vec<u8>> {
    let mut orders = vec![Order::All, Order::Phase(case.phase)];
    let live = !case.is_ended();
    orders.extend(case.assignee.filter(|_| live).map(Order::Assignee));
    let guest = matches!(case.custody, Custody::With { .. });
    orders.extend(case.aside.as_ref().and_then(|aside| aside.into).map(Order::MergedInto));
    if live && guest {
        orders.push(Order::Offered);
    }
    if live && !guest {
        orders.push(Order::Open);
        let nowhere = case.place.is_none() && case.grid.is_none();
        orders.extend(nowhere.then_some(Order::Unplaced));
    }
    orders.extend(case.source.as_deref().map(Order::of_source));
    let keys = orders.into_iter().map(|order| order.key(case.opened, case.id));
    let at_home = !guest && case.trail.last() == Some(&case.home);
    let ended = case.steps.last().filter(|_| !live && at_home && case.erased.is_none());
    keys.chain(ended.map(|last| Order::Ended.key(last.time, case.id))).collect()
}

fn reorder(
    staging: &mut Staging<'_>,
    before: Option<&Case>,
    after: &Case,
) -> Result<(), StoreError> {
    let old = before.map(order_keys).unwrap_or_default();
    let new = order_keys(after);
    for key in old.iter().filter(|key| !new.contains(key)) {
        staging.remove(Table::CaseOrder, key.clone());
    }
    for key in new.into_iter().filter(|key| !old.contains(key)) {
        staging.put_bytes(Table::CaseOrder, key, Vec::new())?;
    }
    Ok(())
}

/// The code by which a resident's report is found again: see [`crate::code`].
fn receipt(
    whose: Whose,
    staging: &mut Staging<'_>,
    opened: bool,
    case: &Case,
) -> Result<(), StoreError> {
    if !opened || case.home != whose.me {
        return Ok(());
    }
    match case.reporter {
        Some(reporter) => staging.put_bytes(
            Table::Receipt,
            receipt_hash(reporter).to_vec(),
            case.id.as_bytes().to_vec(),
        ),
        None => Ok(()),
    }
}

/// The number by which another system knows the case: see [`origin_key`].
fn origin(
    whose: Whose,
    staging: &mut Staging<'_>,
    readable: &Readable,
    opened: bool,
    case: &Case,
) -> Result<(), StoreError> {
    let Some(source) = case.source.as_ref().filter(|_| opened && case.home == whose.me) else {
        return Ok(());
    };
    match readable.fields.get::<String>(field::SOURCE_NUMBER) {
        Ok(Some(number)) => {
            let key = origin_key(source, &number).to_vec();
            staging.put_bytes(Table::Origin, key, case.id.as_bytes().to_vec())
        }
        Ok(None) => Ok(()),
        Err(error) => Err(StoreError::Index { what: format!("a source's number: {error}") }),
    }
}

/// Key of the origin table: blake3 of a source's key and its number. For a source that gives no
/// numbers, whose digests stand in their place, it tells nothing to who can't guess the report
/// word for word.
#[must_use]
pub fn origin_key(source: &str, number: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("wangge origin of a report v1");
    for part in [source, number] {
        hasher.update(&(part.len() as u64).to_be_bytes()).update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Key of the receipt table: the reporter's opaque id, which for a resident is a hash of the code.
#[must_use]
pub fn receipt_hash(reporter: Subject) -> [u8; 16] {
    *reporter.as_bytes()
}
