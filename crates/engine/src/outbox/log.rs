//! This node's log, as it is shown to a neighbour: where the records that are given to it stand,
//! and that the log only grew since the neighbour saw it last. What is shown of other records are
//! hashes over salted values, which tell nothing but their number.

use std::sync::Arc;

use record::{Checkpoint, Hash, NodeId, RecordId, Signed, Timestamp};
use serde_bytes::ByteBuf;

use super::damaged;
use crate::project;
use crate::sign::whose;
use crate::store::{Position, Read, StoreError, Table};
use crate::view;
use crate::wire::{Challenge, Grown, Opened, Page, Place};
use crate::world::Setup;

/// This node's log as it is in the index.
struct Log {
    epoch: u32,
    size: u64,
    root: Hash,
    head: RecordId,
}

/// Puts into a page where the records stand whose numbers are `own`: for each parcel that is of
/// this node's own, its epoch and sequence number. `false` where the neighbour has seen a longer
/// log than there is here, in an epoch that goes on: then this copy of the data is an old one, and
/// vouches for nothing.
pub(super) fn show(
    setup: &Setup,
    reader: &Arc<dyn Read>,
    held: Option<(u32, u64)>,
    now: Timestamp,
    own: &[Option<(u32, u64)>],
    page: &mut Page,
) -> Result<bool, StoreError> {
    if own.iter().all(Option::is_none) {
        return Ok(true);
    }
    let Some(log) = last(setup, reader)? else { return Ok(true) };
    let held = held.filter(|(epoch, size)| *epoch == log.epoch || *size <= log.size);
    let seen = held.map_or(0, |(_, size)| size);
    if seen > log.size {
        return Ok(false);
    }
    for (parcel, at) in page.parcels.iter_mut().zip(own) {
        let Some((epoch, seq)) = at else { continue };
        let leaf = project::leaf_of(reader, *epoch, *seq)?;
        if let Some(index) = leaf.filter(|index| *index < log.size) {
            parcel.place = Some(Place { index, path: view::path(reader, index, log.size)? });
        }
    }
    let checkpoint = Checkpoint {
        author: setup.me(),
        epoch: log.epoch,
        size: log.size,
        root: log.root,
        head: log.head,
        time: now,
    };
    let signed = Signed::sign(checkpoint, &setup.key, &setup.federation);
    let checkpoint = ByteBuf::from(signed.bytes().to_vec());
    page.log = Some(Grown { checkpoint, proof: view::only_grew(reader, seen, log.size)? });
    Ok(true)
}

/// Opens the record that is asked for, for whoever countersigned this node's log: its parent. The
/// record's header goes and none of its fields. `None` where it is not the parent that asks, where
/// the log never was what it names, and where the record is not there.
///
/// # Errors
/// When storage can't be read.
pub fn open(
    setup: &Setup,
    reader: &Arc<dyn Read>,
    peer: NodeId,
    asked: &Challenge,
) -> Result<Option<Opened>, StoreError> {
    let size = last(setup, reader)?.map_or(0, |log| log.size);
    let fits = asked.index < asked.size && asked.size <= size;
    if setup.standing.parent() != Some(peer) || !fits {
        return Ok(None);
    }
    if view::root_at(reader, asked.size)? != asked.root {
        return Ok(None);
    }
    let Some((epoch, seq)) = project::place_of(reader, asked.index)? else { return Ok(None) };
    let Some(at) = project::position_of(reader, setup.me(), epoch, seq)? else { return Ok(None) };
    let record = ByteBuf::from(reader.frame(at)?.envelope.to_vec());
    let path = view::path(reader, asked.index, asked.size)?;
    Ok(Some(Opened { record, path }))
}

/// The log up to the last record that is in the index.
fn last(setup: &Setup, reader: &Arc<dyn Read>) -> Result<Option<Log>, StoreError> {
    let last = reader.scan_back(Table::Log, setup.me().as_bytes(), None, 1)?;
    let Some((_, value)) = last.first() else { return Ok(None) };
    let wrong = || damaged(Position::START, "its own log: rebuild the index");
    let at = Position::from_bytes(value).ok_or_else(wrong)?;
    let record = project::read(whose(setup), at, &reader.frame(at)?)?.record;
    let leaf = project::leaf_of(reader, record.epoch, record.seq)?.ok_or_else(wrong)?;
    let size = leaf + 1;
    let root = view::root_at(reader, size)?;
    Ok(Some(Log { epoch: record.epoch, size, root, head: record.id() }))
}
