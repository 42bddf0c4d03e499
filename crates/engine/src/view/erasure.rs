//! How far an erasure has come: who was told to erase and has not yet said that they have it.

use std::collections::BTreeSet;
use std::sync::Arc;

use governance::case::Case;
use record::NodeId;

use crate::entry::Entry;
use crate::peer::Streams;
use crate::project::{Sent, stream_key};
use crate::staging::compact_row;
use crate::store::{Read, StoreError, Table};

/// Most entries that are looked through for one peer. Whoever is further behind has it not.
const LOOKED_AT: usize = 2_000;

/// The parties of an erased case, past and present, to whom this node sent the erasure, that have not acknowledged it.
/// An acknowledgement is signed after the keys were destroyed, never before.
///
/// # Errors
/// When storage can't be read.
pub fn outstanding(reader: &Arc<dyn Read>, case: &Case) -> Result<Vec<NodeId>, StoreError> {
    let Some((_, record)) = case.erased else { return Ok(Vec::new()) };
    let mut late = Vec::new();
    let parties: BTreeSet<&NodeId> = case.parties.keys().chain(&case.left).collect();
    for node in parties {
        let streams: Option<Streams> = compact_row(reader, Table::Stream, node.as_bytes())?;
        let Streams { outbox, acknowledged, .. } = streams.unwrap_or_default();
        if acknowledged >= outbox.number {
            continue;
        }
        let from = stream_key(*node, acknowledged);
        let waiting = reader.scan(Table::Outbox, node.as_bytes(), Some(&from), LOOKED_AT)?;
        let mut has_it = waiting.len() < LOOKED_AT;
        for (_, value) in waiting {
            let Some(sent) = Sent::from_bytes(&value) else { continue };
            let entry = Entry::decode(&reader.frame(sent.at)?.envelope);
            has_it &= entry.is_ok_and(|entry| entry.record != record);
        }
        if !has_it {
            late.push(*node);
        }
    }
    Ok(late)
}
