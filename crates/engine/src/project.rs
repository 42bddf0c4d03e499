//! What a frame means for the index: one function from frame to rows, used when a frame is made,
//! when it is received and when the journal is replayed. It never asks policy, clock or network.

mod access;
mod aside;
mod case;
mod erase;
mod fork;
mod ground;
mod leaf;
mod local;
mod people;
mod photo;
mod policy;
mod reclaim;
mod revocation;
mod roster;
mod stream;
mod withdrawal;

use std::sync::Arc;

use governance::act::ActKind;
use governance::case::{Case, CaseId, Rejected};
use record::chain::Head;
use record::tree::leaf_hash;
use record::{
    FederationId, FieldError, Fields, Hash, Header, NodeId, Record, RecordId, Timestamp,
    Unverified, cbor,
};

pub use access::{access_mark, access_sealed, reads_key};
pub use case::Order;
pub(crate) use case::{event_of, foreseen};
pub use case::{fact_key, order_keys, origin_key, receipt_hash};
pub use fork::{ForkedRow, forked};
pub use ground::{Dated, Of, ground_key};
pub use leaf::{leaf_of, place_of};
pub use local::{factor_secret, held, held_key, key_key, keys_of, receipt, saved_views, views_key};
pub use people::{
    Paper, Registered, Written, appointment_key, growth_key, note_key, notes_prefix, paper_key,
    raised_key,
};
pub use photo::{shown_key, wanted_key};
pub use policy::{
    PolicyRow, Source, given_key, given_prefix, in_force, kept_key, of_file, published,
};
pub use reclaim::{Lost, highest_epoch, lost};
use revocation::Told;
pub(crate) use revocation::is_compromised;
pub use revocation::{Compromise, Listed, issuer_key};
pub use roster::{person_key, places};
pub(crate) use stream::log_key_of;
pub use stream::{Sent, given_of, given_to, log_key, stream_key};
pub use withdrawal::{MAX_WITHDRAWALS, withdrawn_key};

use crate::entry::Entry;
use crate::exchange::ROTATION;
use crate::kind;
use crate::note::{Came, Note, Stands};
use crate::peer::Card;
use crate::staging::{Lookup, NOTE_LIMITS, Staging, disclosures};
use crate::store::{Frame, FrameKind, Position, StoreError, Table};

/// Who this node is, as far as projection needs it.
#[derive(Clone, Copy)]
pub struct Whose {
    /// This node.
    pub me: NodeId,
    /// The federation.
    pub federation: FederationId,
}

/// What a frame did, for those who act upon it live.
#[derive(Default)]
pub struct Done {
    /// The case that changed, after the change.
    pub case: Option<Arc<Case>>,
    /// The same case before it.
    pub before: Option<Arc<Case>>,
    /// Why a record was not applied.
    pub rejected: Option<Rejected>,
    /// Whether territory, roster, peers or policies changed.
    pub world: bool,
    /// Whether the sender gave a version of its policy.
    pub policy: bool,
    /// Whether an author withdrew fields, and that was not known yet.
    pub withdrawn: bool,
    /// Photos that were erased from the case: a note has to say that they are gone.
    pub gone: Vec<Hash>,
    /// Cases that are others now, because records of theirs are held back or no longer are.
    pub judged: Vec<CaseId>,
}

/// A record with those of its fields that this node has.
pub struct Readable {
    /// The record.
    pub record: Record,
    /// The fields.
    pub fields: Fields,
    /// When it came, where its author dated it later than that (S6): for this node it was said then.
    pub came: Option<Timestamp>,
}

impl Readable {
    /// When it was said, as far as this node goes along: never later than it came.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.came.unwrap_or(self.record.time)
    }
}

/// Writes the rows that a frame implies. The frame's statements were verified before it was
/// journalled and are not verified again.
///
/// # Errors
/// When the index can't be read or a stored frame makes no sense.
pub fn project(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<Done, StoreError> {
    match frame.kind {
        FrameKind::Own | FrameKind::Foreign => {
            let readable = read(whose, at, frame)?;
            project_read(whose, staging, at, frame, &readable)
        }
        FrameKind::Sent => stream::sent(whose, staging, at, frame).map(|()| Done::default()),
        FrameKind::Acknowledged => {
            stream::acknowledged(whose, staging, at, frame).map(|()| Done::default())
        }
        FrameKind::Access => access::read(whose, staging, at, frame).map(|()| Done::default()),
        FrameKind::StreamHead => {
            stream::headed(whose, staging, at, frame).map(|()| Done::default())
        }
        FrameKind::Checkpoint => {
            stream::witnessed(whose, staging, at, frame)?;
            note(whose, staging, at, frame).map(|_| Done::default())
        }
        FrameKind::Countersigned => {
            stream::countersigned(whose, staging, at, frame).map(|()| Done::default())
        }
        FrameKind::Certificate | FrameKind::Local => {
            let world = frame.kind == FrameKind::Certificate;
            let Told { cases: judged, gone } = note(whose, staging, at, frame)?;
            Ok(Done { world, judged, gone, ..Done::default() })
        }
    }
}

/// As [`project`], for a frame whose record the caller has read: one just verified or just signed.
///
/// # Errors
/// As [`project`].
pub fn project_read(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
    readable: &Readable,
) -> Result<Done, StoreError> {
    if frame.kind == FrameKind::Own {
        return own(whose, staging, at, frame, readable);
    }
    stream::received(whose, staging, at, frame)?;
    foreign(whose, staging, at, frame, readable)
}

/// The record in a frame, read back.
///
/// # Errors
/// When the frame makes no sense.
pub fn read(whose: Whose, at: Position, frame: &Frame) -> Result<Readable, StoreError> {
    let record = Unverified::<Header>::parse(frame.envelope.clone())
        .map_err(|error| senseless(at, &error.to_string()))?
        .trust_stored(&whose.federation);
    let fields = fields(&record, frame).map_err(|error| senseless(at, &error.to_string()))?;
    let came = came_of(at, frame)?.at;
    Ok(Readable { record, fields, came })
}

/// Where the record in a frame of another's stands in its author's log, as it came along.
///
/// # Errors
/// When the frame makes no sense.
pub fn stands(at: Position, frame: &Frame) -> Result<Option<Stands>, StoreError> {
    Ok(came_of(at, frame)?.stands)
}

fn came_of(at: Position, frame: &Frame) -> Result<Came, StoreError> {
    if frame.came.is_empty() {
        return Ok(Came::default());
    }
    cbor::decode(&frame.came, &NOTE_LIMITS)
        .map_err(|error| senseless(at, &format!("how it came: {error}")))
}

fn fields(record: &Record, frame: &Frame) -> Result<Fields, FieldError> {
    let all: Vec<_> = disclosures(frame).cloned().collect();
    record::open(record, &all)
}

fn own(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
    readable: &Readable,
) -> Result<Done, StoreError> {
    let record = &readable.record;
    if record.kind == kind::EPOCH_OPENED {
        let last = staging.log.head.map(|head| (head.epoch, head.seq));
        reclaim::opened(staging, last, record.epoch)?;
    }
    staging.put_log(record, at)?;
    leaf::grow(staging, record.epoch, staging.log.frontier.size())?;
    let grown = staging.log.frontier.append(leaf_hash(record.id().as_bytes()));
    staging.grow(grown);
    staging.log.head = Some(Head::of(record));
    let size = staging.log.frontier.size();
    staging.put(Table::Meta, b"size".to_vec(), &size)?;
    note(whose, staging, at, frame)?;
    if is_of_people(record.kind) {
        erase::said(staging, at, record.subject)?;
    }
    if ActKind::from_kind(record.kind).is_some() {
        let (before, applied) = case::apply(whose, staging, readable, whose.me, true)?;
        photo::shown(staging, readable, None)?;
        let gone = match applied {
            Ok(_) => erasure(whose, staging, at, before.as_deref(), readable)?,
            Err(_) => None,
        };
        let gone = gone.unwrap_or_default();
        return Ok(Done { before, gone, ..case::own(at, applied)? });
    }
    if is_policy(record.kind) {
        policy::own(staging, at, readable)?;
        return Ok(Done { world: true, ..Done::default() });
    }
    if record.kind == kind::FIELDS_WITHDRAWN {
        let done = withdrawal::withdrawn(staging, readable)?;
        return done.map_err(|why| senseless(at, &why));
    }
    let world = match record.kind {
        kind::ACCESS_SEALED => access::sealed(staging, at, readable).map(|()| false)?,
        kind::TRUST => {
            staging.put_bytes(Table::Trust, at.to_bytes().to_vec(), Vec::new()).map(|()| false)?
        }
        kind::PLACE | kind::PLACE_ENDED => roster::place(staging, at, readable)?,
        kind::PERSON_ERASED | kind::NOTE_ERASED => {
            erase::forgotten(staging, record.subject).map(|()| false)?
        }
        kind::PERSON | kind::APPOINTED | kind::DISMISSED => roster::person(staging, at, readable)?,
        kind::ORGANISATION
        | kind::ORGANISATION_ENDED
        | kind::DUTY_LISTS
        | kind::STATION
        | kind::STATION_ENDED
        | kind::RESHAPED => ground::ground(staging, at, readable)?,
        // What they mean for this node stands in the notes beside them.
        kind::EPOCH_OPENED
        | kind::PROPOSED
        | kind::PROPOSAL_ENDED
        | kind::ACCOUNT_CONFIRMED
        | kind::FACTOR_RESET
        | kind::KEY_ENROLLED
        | kind::KEY_REVOKED => false,
        kind::GROWTH
        | kind::MEMBER
        | kind::POST_TAKEN
        | kind::POST_LEFT
        | kind::MEMBER_WITHDRAWN
        | kind::NOTE
        | kind::NOTE_RAISED => people::people(staging, at, readable).map(|()| false)?,
        _ => return Err(senseless(at, "a record of a kind that this version does not know")),
    };
    Ok(Done { world, ..Done::default() })
}

/// Whether a record's subject is somebody on the roster, a registered member or a note: what is said
/// there is erased together, and so is every receipt that lies with it. The record of the erasure
/// itself stays.
fn is_of_people(kind: record::Kind) -> bool {
    let of_people = [
        kind::PERSON,
        kind::APPOINTED,
        kind::DISMISSED,
        kind::PROPOSED,
        kind::PROPOSAL_ENDED,
        kind::ACCOUNT_CONFIRMED,
        kind::FACTOR_RESET,
        kind::KEY_ENROLLED,
        kind::KEY_REVOKED,
        kind::GROWTH,
        kind::MEMBER,
        kind::POST_TAKEN,
        kind::POST_LEFT,
        kind::NOTE,
        kind::NOTE_RAISED,
    ];
    of_people.contains(&kind)
}

fn is_policy(kind: record::Kind) -> bool {
    [kind::POLICY, kind::POLICY_IN_FORCE, kind::POLICY_PUBLISHED].contains(&kind)
}

fn foreign(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
    readable: &Readable,
) -> Result<Done, StoreError> {
    let subject = readable.record.subject;
    let done = foreign_record(whose, staging, at, frame, readable)?;
    // Words that come to an erased case again go at once, whatever became of the record.
    if done.case.is_none() && is_erased(staging, subject)? {
        erase::late(staging, at, subject);
    }
    if done.case.is_some() && reclaim::waits(whose, staging, subject)? {
        let resumed = reclaim::resume(whose, staging, subject)?;
        let gone = [done.gone, resumed.gone].concat();
        let case = staging.case(subject)?;
        return Ok(Done { case, gone, judged: resumed.judged, ..done });
    }
    Ok(done)
}

fn foreign_record(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
    readable: &Readable,
) -> Result<Done, StoreError> {
    let record = &readable.record;
    let sender = frame.peer.ok_or_else(|| senseless(at, "a foreign record without a sender"))?;
    let fresh = staging.is_beyond(record)?;
    let known = if fresh { None } else { known(whose, staging, record)? };
    let own = record.author == whose.me;
    match known {
        Some(other) if other.readable.record.id() != record.id() => {
            // Two histories by one author (S2): both are kept, neither is merged.
            return fork::found(staging, at, record, record.seq, sender);
        }
        Some(same) if own && same.breadth >= breadth(frame) => {
            return Ok(Done { rejected: Some(Rejected::Known), ..Done::default() });
        }
        _ if own => return reclaim::taken_back(whose, staging, at, readable, sender),
        Some(same) if same.breadth >= breadth(frame) => {}
        Some(_) => {
            if !is_erased(staging, record.subject)? {
                staging.put_log(record, at)?;
            }
        }
        None => {
            if let Some(seq) = fork::contradicted(whose, staging, record, fresh)? {
                return fork::found(staging, at, record, seq, sender);
            }
            staging.put_log(record, at)?;
        }
    }
    if revocation::is_held_back(staging, record)? {
        return case::hold(staging, at, record, sender, revocation::HELD_BACK.to_owned());
    }
    if fork::is_frozen(whose, staging, record)? {
        return case::hold(staging, at, record, sender, fork::FROZEN.to_owned());
    }
    if record.kind == kind::POLICY && record.author == sender {
        return match policy::given(staging, at, readable)? {
            Ok(()) => Ok(Done { policy: true, ..Done::default() }),
            Err(why) => case::hold(staging, at, record, sender, why),
        };
    }
    if record.kind == kind::FIELDS_WITHDRAWN {
        return match withdrawal::withdrawn(staging, readable)? {
            Ok(done) => Ok(done),
            Err(why) => case::hold(staging, at, record, sender, why),
        };
    }
    let (before, applied) = case::apply(whose, staging, readable, sender, fresh)?;
    let changed = applied.is_ok();
    let done = case::foreign(staging, at, record, sender, applied)?;
    if changed && let Some(gone) = erasure(whose, staging, at, before.as_deref(), readable)? {
        return Ok(Done { before, gone, ..done });
    }
    let again = done.rejected == Some(Rejected::Known) && !is_erased(staging, record.subject)?;
    if again || done.rejected.is_none() {
        photo::received(staging, at, frame, readable, sender)?;
    }
    Ok(Done { before, ..done })
}

/// Whether people's words on a case are erased.
fn is_erased(staging: &Staging<'_>, case: CaseId) -> Result<bool, StoreError> {
    Ok(staging.case(case)?.is_some_and(|case| case.erased.is_some()))
}

/// Carries out what a record that was applied means for people's words: where the case was erased
/// before it or is erased by it. Gives the photos that it erased.
fn erasure(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    before: Option<&Case>,
    readable: &Readable,
) -> Result<Option<Vec<Hash>>, StoreError> {
    let Some(case) = before else { return Ok(None) };
    let erases = ActKind::from_kind(readable.record.kind) == Some(ActKind::Erase);
    if case.erased.is_some() {
        erase::late(staging, at, case.id);
        Ok(Some(Vec::new()))
    } else if erases {
        erase::erased(whose, staging, case).map(Some)
    } else {
        Ok(None)
    }
}

/// What this node already has in a place of an author's log.
struct Known {
    readable: Readable,
    breadth: usize,
}

fn known(
    whose: Whose,
    staging: &Staging<'_>,
    record: &Record,
) -> Result<Option<Known>, StoreError> {
    let found = position_of(staging, record.author, record.epoch, record.seq)?;
    let Some(at) = found else { return Ok(None) };
    let frame = staging.frame_at(at)?;
    let breadth = breadth(&frame);
    Ok(Some(Known { readable: read(whose, at, &frame)?, breadth }))
}

/// How much of a record a frame was given: what its entry says, so that it stays the same when
/// people's words are erased.
fn breadth(frame: &Frame) -> usize {
    let entry = frame.entry.as_deref().map(Entry::decode);
    entry.map_or(usize::MAX, |entry| entry.map_or(0, |entry| entry.fields.len()))
}

/// A frame's note, if it has one.
fn note_of(at: Position, frame: &Frame) -> Result<Option<Note>, StoreError> {
    if frame.note.is_empty() {
        return Ok(None);
    }
    cbor::decode(&frame.note, &NOTE_LIMITS)
        .map(Some)
        .map_err(|error| senseless(at, &format!("its note: {error}")))
}

/// Rows that a frame's note implies; gives the cases that are others by it.
fn note(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    frame: &Frame,
) -> Result<Told, StoreError> {
    let Some(note) = note_of(at, frame)? else { return Ok(Told::default()) };
    match note {
        Note::Revocations { list, chain } => {
            return revocation::listed(whose, staging, at, list, chain);
        }
        Note::Peer { chain, addresses, next, former } => {
            let told = revocation::issued(whose, staging, &chain)?;
            let card = Card { chain, addresses, next, former };
            return stream::peer(staging, at, frame, &card).map(|()| told);
        }
        Note::Standing { chain } => local::standing(staging, &chain)?,
        Note::Accepted { node, epoch } => {
            stream::accepted(staging, node, epoch)?;
            return fork::accepted(whose, staging, node, epoch);
        }
        Note::GivenBack { node, before } => reclaim::given(staging, node, before)?,
        Note::Ahead { epoch } => reclaim::ahead(staging, epoch)?,
        Note::Shown {} => stream::shown(whose, staging, at, frame)?,
        Note::Challenged { node, unopened } => stream::challenged(staging, node, unopened)?,
        Note::Rotation(rotation) => {
            staging.put(Table::Meta, ROTATION.to_vec(), &rotation)?;
        }
        Note::Done(done) => local::done(staging, at, done)?,
        Note::Account(account) => {
            staging.put(Table::Account, account.name.clone().into_bytes(), &account)?;
        }
        Note::Views { account, .. } => {
            staging.put_bytes(Table::Meta, views_key(&account), at.to_bytes().to_vec())?;
        }
        Note::Token { hash, token } => local::token(staging, hash, token.as_ref())?,
        Note::Invitation { hash, invitation } => {
            local::put_or_remove(staging, Table::Invitation, hash, invitation.as_ref())?;
        }
        Note::Uploaded { hash, size, at } => photo::uploaded(staging, hash, size, at)?,
        Note::Fetched { hash, size } => photo::fetched(staging, hash, size)?,
        Note::Gone { photos } => erase::gone(staging, &photos)?,
        Note::Swept { of, keys } => local::swept(staging, of, keys)?,
        Note::Factor { account, factor } => local::factor(staging, at, account, factor)?,
        Note::FactorUsed { account, step, recovery } => {
            local::factor_used(staging, account, step, recovery.as_ref())?;
        }
        Note::Key { key, row } => local::key(staging, &key, &row)?,
        Note::Proposed(proposed) => {
            let key = proposed.record.as_bytes().to_vec();
            staging.put(Table::Proposal, key, &proposed)?;
        }
        Note::Settled { proposal } => {
            staging.remove(Table::Proposal, proposal.as_bytes().to_vec());
        }
    }
    Ok(Told::default())
}

/// A stored frame that this version can't make sense of.
fn senseless(at: Position, what: &str) -> StoreError {
    StoreError::Damaged { path: "journal".into(), offset: at.0, what: what.to_owned() }
}

/// The position of a record in the journal.
///
/// # Errors
/// When the index can't be read.
pub fn position_of(
    view: &(impl Lookup + ?Sized),
    author: NodeId,
    epoch: u32,
    seq: u64,
) -> Result<Option<Position>, StoreError> {
    let key = log_key_of(author, epoch, seq);
    Ok(view.value(Table::Log, &key)?.as_deref().and_then(Position::from_bytes))
}

/// The record id that a step or entry must have; guards against an index that points wrong.
#[must_use]
pub fn is(record: &Record, id: RecordId) -> bool {
    record.id() == id
}
