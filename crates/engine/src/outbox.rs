//! The wire side of the release gate: the only function that reads stored records for another
//! node. What a peer can be given is what was staged into its own stream, with the fields that
//! its entry names, and nothing else.

use std::collections::BTreeSet;

use record::{NodeId, Signed, Unverified};
use serde_bytes::ByteBuf;

use crate::entry::Entry;
use crate::peer::Card;
use crate::project::{self, stream_key};
use crate::staging::{disclosures, row};
use crate::store::{Position, Read, StoreError, Table};
use crate::wire::{PAGE_BYTES, PAGE_ENTRIES, Page, Parcel};
use crate::world::Setup;

/// The entries of `peer`'s stream after a number, up to a page.
///
/// # Errors
/// When storage can't be read.
pub fn page(
    setup: &Setup,
    reader: &std::sync::Arc<dyn Read>,
    peer: NodeId,
    after: u64,
) -> Result<Page, StoreError> {
    let mut page = Page { parcels: Vec::new(), chains: Vec::new(), more: false };
    let mut authors = BTreeSet::new();
    let mut bytes = 0;
    let start = stream_key(peer, after);
    let found = reader.scan(Table::Outbox, peer.as_bytes(), Some(&start), PAGE_ENTRIES + 1)?;
    for (_, value) in found {
        if page.parcels.len() == PAGE_ENTRIES {
            page.more = true;
            break;
        }
        let Some(at) = Position::from_bytes(&value) else { continue };
        let (entry, parcel) = release(setup, reader, peer, at)?;
        let size = size(&parcel);
        if bytes + size > PAGE_BYTES && !page.parcels.is_empty() {
            page.more = true;
            break;
        }
        bytes += size;
        authors.insert(entry.author);
        page.parcels.push(parcel);
    }
    authors.remove(&setup.me());
    for author in authors {
        let known: Option<Card> = row(reader, Table::Peer, author.as_bytes())?;
        page.chains.extend(known.map(|known| known.chain));
    }
    Ok(page)
}

/// The gate: what the entry at a position gives to a peer. An entry of another peer's stream
/// gives nothing, whatever the index says.
fn release(
    setup: &Setup,
    reader: &std::sync::Arc<dyn Read>,
    peer: NodeId,
    at: Position,
) -> Result<(Signed<Entry>, Parcel), StoreError> {
    let wrong = |what: &str| StoreError::Damaged {
        path: "journal".into(),
        offset: at.0,
        what: what.to_owned(),
    };
    let sent = reader.frame(at)?;
    let entry = Unverified::<Entry>::parse(sent.envelope)
        .map_err(|error| wrong(&error.to_string()))?
        .trust_stored(&setup.federation);
    if entry.recipient != peer || entry.sender != setup.me() {
        return Err(wrong("the entry belongs to another stream: rebuild the index"));
    }
    let position = project::position_of(reader, entry.author, entry.epoch, entry.seq)?
        .ok_or_else(|| wrong("the record of an entry is not in the journal"))?;
    let frame = reader.frame(position)?;
    let readable = project::read(crate::sign::whose(setup), position, &frame)?;
    if !project::is(&readable.record, entry.record) {
        return Err(wrong("the record of an entry is another one: rebuild the index"));
    }
    let mut released: Vec<_> = disclosures(&frame)
        .filter(|disclosure| entry.fields.binary_search(&disclosure.field).is_ok())
        .cloned()
        .collect();
    released.sort_by_key(|disclosure| disclosure.field);
    let parcel = Parcel {
        entry: ByteBuf::from(entry.bytes().to_vec()),
        record: ByteBuf::from(frame.envelope.to_vec()),
        disclosures: released,
    };
    Ok((entry, parcel))
}

fn size(parcel: &Parcel) -> usize {
    let values: usize = parcel.disclosures.iter().map(|part| part.value.len() + 32).sum();
    parcel.entry.len() + parcel.record.len() + values + 16
}
