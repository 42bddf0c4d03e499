//! Reading what the index holds, for the API, the console and the answering of questions.

mod count;
mod erasure;
mod given;
mod ground;
mod local;
mod people;
mod photo;
mod policy;
mod proof;
mod trust;

use std::sync::Arc;

use governance::case::{Case, CaseId, Step};
use record::{Fields, NodeId, Record};

use crate::peer::PeerRow;
use crate::project::{self, Order, Whose};
use crate::staging::{compact_row, row};
use crate::store::{Read, StoreError, Table};
use crate::usable::{self, Uses};

pub(crate) use count::LAST;
pub use count::{Counted, State, count, sheet};
pub use erasure::outstanding;
pub use given::{Given, Waiting, access_chain, access_log, given, reads, waiting, withdrawn};
pub use ground::{duty_lists, duty_versions, organisation, organisations, station, stations};
pub use local::{
    Repeat, Staff, account, accounts, endorsement, factor, imported, invitation, invitations,
    key_label, key_record, keys_of, person_key, proposals, quarantined, repeat, reported,
    saved_views, staff, token, tokens_of,
};
pub use people::{
    MemberShown, NoteShown, Papers, growth, member, note, note_of, note_text, notes, papers,
    papers_of, registrations,
};
pub use photo::{kept_photos, shown};
pub use policy::{Edition, policies, policy_text, published_policy};
pub use proof::{Head, Proof, prove};
pub(crate) use proof::{only_grew, path, root_at};
pub use trust::{Trusted, trust_acts};

/// Rows read at a time.
const PAGE: usize = 2_000;

/// A case.
///
/// # Errors
/// When the index can't be read.
pub fn case(reader: &Arc<dyn Read>, id: CaseId) -> Result<Option<Case>, StoreError> {
    compact_row(reader, Table::Case, id.as_bytes())
}

/// Cases in an order, newest first, strictly before a key of that order where given; each with
/// its key, which is the cursor for the next page.
///
/// # Errors
/// When the index can't be read.
pub fn cases(
    reader: &Arc<dyn Read>,
    order: Order,
    before: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<(Vec<u8>, Case)>, StoreError> {
    let found = Read::scan_back(reader.as_ref(), Table::CaseOrder, &order.prefix(), before, limit)?;
    let mut cases = Vec::with_capacity(found.len());
    for (key, _) in found {
        let id = &key[key.len().saturating_sub(16)..];
        if let Some(case) = compact_row(reader, Table::Case, id)? {
            cases.push((key, case));
        }
    }
    Ok(cases)
}

/// A step's record with the fields that this node has, and what it may do with them.
///
/// # Errors
/// When the journal can't be read, or the index points at another record.
pub fn record_of(
    reader: &Arc<dyn Read>,
    whose: Whose,
    case: CaseId,
    step: &Step,
) -> Result<Option<(Record, Fields, Uses)>, StoreError> {
    let Some(at) = project::position_of(reader, step.author, step.epoch, step.seq)? else {
        return Ok(None);
    };
    let frame = reader.frame(at)?;
    let readable = project::read(whose, at, &frame)?;
    if !project::is(&readable.record, step.record) {
        let what = "the index points at another record: rebuild it".into();
        return Err(StoreError::Damaged { path: "journal".into(), offset: at.0, what });
    }
    let uses = usable::of(reader, whose.me, case, step, &frame)?;
    Ok(Some((readable.record, readable.fields, uses)))
}

/// A peer: who it is, how far the streams have come, what was witnessed.
///
/// # Errors
/// When the index can't be read.
pub fn peer(reader: &Arc<dyn Read>, node: NodeId) -> Result<Option<PeerRow>, StoreError> {
    let key = node.as_bytes();
    let Some(card) = row(reader, Table::Peer, key)? else { return Ok(None) };
    let streams = compact_row(reader, Table::Stream, key)?.unwrap_or_default();
    let witness = row(reader, Table::Witness, key)?.unwrap_or_default();
    let forked = project::forked(reader, node)?;
    Ok(Some(PeerRow { card, streams, witness, forked }))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Index { what: what.to_owned() }
}
