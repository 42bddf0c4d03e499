//! Who was given what, out of the entries that were sent; and who read what.

use std::collections::BTreeMap;
use std::sync::Arc;

use governance::case::CaseId;
use record::{Kind, NodeId, Subject};

use super::damaged;
use crate::access::{AccessEntry, AccessMark};
use crate::entry::Entry;
use crate::note::Withdrawn;
use crate::peer::Streams;
use crate::project::{self, Sent, Whose};
use crate::staging::{compact_row, decode_compact};
use crate::store::{FrameKind, Position, Read, StoreError, Table};

/// Most roles that are looked at for one subject.
const ROLES: usize = 256;

/// Something that a node was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// To whom.
    pub to: NodeId,
    /// The manifest under which it went.
    pub entry: Entry,
    /// Whether that node has signed that it has it.
    pub acknowledged: bool,
}

/// Everything that others were given of a case, by recipient and in the order in which it went.
///
/// # Errors
/// When index or journal can't be read.
pub fn given(reader: &Arc<dyn Read>, case: CaseId) -> Result<Vec<Given>, StoreError> {
    let mut found = Vec::new();
    for (to, numbers) in project::given_of(reader, case)? {
        let streams: Option<Streams> = compact_row(reader, Table::Stream, to.as_bytes())?;
        let acknowledged = streams.unwrap_or_default().acknowledged;
        for number in numbers {
            let row = reader.get(Table::Outbox, &project::stream_key(to, number))?;
            let sent = row.as_deref().and_then(Sent::from_bytes);
            let frame = reader.frame(sent.ok_or_else(|| damaged("an entry that was sent"))?.at)?;
            let fits = (frame.kind, frame.peer) == (FrameKind::Sent, Some(to));
            let entry = Entry::decode(&frame.envelope).ok().filter(|_| fits);
            let entry = entry.ok_or_else(|| damaged("an entry that was sent: rebuild it"))?;
            found.push(Given { to, acknowledged: number <= acknowledged, entry });
        }
    }
    Ok(found)
}

/// Something in a node's stream that it has not acknowledged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The manifest under which it goes.
    pub entry: Entry,
    /// What the record is of: the number of its kind.
    pub kind: Kind,
    /// The case, place or person that it is about.
    pub subject: Subject,
}

/// What waits for a node, in the order in which it goes, after a number of its stream where that is
/// beyond what it has acknowledged.
///
/// # Errors
/// When index or journal can't be read.
pub fn waiting(
    reader: &Arc<dyn Read>,
    whose: Whose,
    to: NodeId,
    after: u64,
    limit: usize,
) -> Result<Vec<Waiting>, StoreError> {
    let streams: Option<Streams> = compact_row(reader, Table::Stream, to.as_bytes())?;
    let after = after.max(streams.unwrap_or_default().acknowledged);
    let start = project::stream_key(to, after);
    let found = reader.scan(Table::Outbox, to.as_bytes(), Some(&start), limit)?;
    let waits = |(_, value): (Vec<u8>, Vec<u8>)| {
        let sent = Sent::from_bytes(&value).ok_or_else(|| damaged("an entry that waits"))?;
        let frame = reader.frame(sent.at)?;
        let fits = (frame.kind, frame.peer) == (FrameKind::Sent, Some(to));
        let entry = Entry::decode(&frame.envelope).ok().filter(|_| fits);
        let entry = entry.ok_or_else(|| damaged("an entry that waits: rebuild it"))?;
        let at = project::position_of(reader, entry.author, entry.epoch, entry.seq)?;
        let at = at.ok_or_else(|| damaged("the record of an entry that waits"))?;
        let header = project::read(whose, at, &reader.frame(at)?)?.record;
        Ok(Waiting { kind: header.kind, subject: header.subject, entry })
    };
    found.into_iter().map(waits).collect()
}

/// An author's withdrawals of fields of its records of a case.
///
/// # Errors
/// When the index can't be read.
pub fn withdrawn(
    reader: &Arc<dyn Read>,
    case: CaseId,
    author: NodeId,
) -> Result<Vec<Withdrawn>, StoreError> {
    let key = project::withdrawn_key(case, author);
    Ok(compact_row(reader, Table::Withdrawn, &key)?.unwrap_or_default())
}

/// Entries of the access log, newest first, strictly before a number where given.
///
/// # Errors
/// When index or journal can't be read.
pub fn access_log(
    reader: &Arc<dyn Read>,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<AccessEntry>, StoreError> {
    let before = before.map(u64::to_be_bytes);
    let before = before.as_ref().map(<[u8; 8]>::as_slice);
    let found = Read::scan_back(reader.as_ref(), Table::Access, &[], before, limit)?;
    let entry = |(_, value): (Vec<u8>, Vec<u8>)| {
        let at = Position::from_bytes(&value).ok_or_else(|| damaged("a row of the access log"))?;
        let frame = reader.frame(at)?;
        AccessEntry::decode(&frame.envelope).map_err(|_| damaged("an entry of the access log"))
    };
    found.into_iter().map(entry).collect()
}

/// Whether the newest entries of the access log are one chain that ends where the log does: how many
/// were looked at, and the number of one after which the next does not follow.
///
/// # Errors
/// When index or journal can't be read.
pub fn access_chain(
    reader: &Arc<dyn Read>,
    whose: Whose,
    limit: usize,
) -> Result<(u64, Option<u64>), StoreError> {
    let end = project::access_mark(reader, whose)?;
    // Not those that somebody's look has added since.
    let entries = access_log(reader, Some(end.number.saturating_add(1)), limit)?;
    let (mut link, mut number) = (end.link, end.number);
    for entry in &entries {
        let before = AccessMark { number: entry.number.wrapping_sub(1), link: entry.before };
        let after = before.after(&entry.encode());
        if (after.number, after.link) != (number, link) {
            return Ok((entries.len() as u64, Some(number)));
        }
        (number, link) = (before.number, before.link);
    }
    let start = AccessMark::start(&whose.federation, whose.me);
    let whole = entries.len() == limit || (number, link) == (start.number, start.link);
    Ok((entries.len() as u64, (!whole).then_some(number)))
}

/// How often a case was looked at, by the role of who looked.
///
/// # Errors
/// When the index can't be read.
pub fn reads(
    reader: &Arc<dyn Read>,
    subject: Subject,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let prefix = project::reads_key(subject, None);
    let found = Read::scan(reader.as_ref(), Table::Reads, &prefix, None, ROLES)?;
    let row = |(key, value): (Vec<u8>, Vec<u8>)| {
        let role = String::from_utf8(key[prefix.len()..].to_vec());
        let role = role.map_err(|_| damaged("a key of reads"))?;
        Ok((role, decode_compact(&value)?))
    };
    found.into_iter().map(row).collect()
}
