//! Brings the index up to the journal.

use record::Hash;
use record::chain::Head;
use record::tree::Frontier;

use crate::project;
use crate::sign::whose;
use crate::staging::{self, Log, Staging, Tips};
use crate::store::{Position, Read, Store, StoreError, Table};
use crate::world::Setup;

/// Frames replayed in one batch of the index.
const REPLAY: usize = 20_000;

/// Brings the index up to the journal and gives the log's end.
pub(super) fn replay(
    setup: &Setup,
    store: &mut dyn Store,
    tips: &mut Tips,
) -> Result<Log, StoreError> {
    let mut log = stored_log(setup, store)?;
    loop {
        let from = store.indexed_up_to();
        let (frames, next) = store.replay(from, REPLAY)?;
        if frames.is_empty() {
            return Ok(log);
        }
        let mut staging = Staging::new(store, log.clone(), tips);
        for (at, frame) in &frames {
            project::project(whose(setup), &mut staging, *at, frame)?;
        }
        let replayed = staging.finish_replay(frames.last().map(|(at, _)| *at))?;
        log = replayed.log;
        // First, so that the index never knows of an erasure that was not carried out.
        // A photo may have been uploaded again since; what is left of one is cleared like any other
        // that no row tells of.
        let mut erasures = replayed.erasures;
        erasures.iter_mut().for_each(|erasure| erasure.photos.clear());
        store.erase(&erasures)?;
        store.index(replayed.mutations, replayed.tree, log.mark(), next)?;
    }
}

fn stored_log(setup: &Setup, store: &dyn Store) -> Result<Log, StoreError> {
    let reader = store.reader();
    let key = setup.me().as_bytes().to_vec();
    let last = reader.scan_back(Table::Log, &key, None, 1)?;
    let Some((_, value)) = last.first() else {
        return Ok(Log { head: None, frontier: Frontier::default(), opening: None });
    };
    let damaged = || StoreError::Index { what: "the log's last row".into() };
    let at = Position::from_bytes(value).ok_or_else(damaged)?;
    let readable = project::read(whose(setup), at, &reader.frame(at)?)?;
    let size: u64 = staging::row(&reader, Table::Meta, b"size")?.ok_or_else(damaged)?;
    let frontier = Frontier::at(&TreeOf(reader.as_ref()), size)
        .map_err(|error| StoreError::Index { what: error.to_string() })?;
    Ok(Log { head: Some(Head::of(&readable.record)), frontier, opening: None })
}

struct TreeOf<'a>(&'a dyn Read);

impl record::tree::Nodes for TreeOf<'_> {
    type Error = StoreError;

    fn node(&self, position: u64) -> Result<Hash, StoreError> {
        self.0.tree_node(position)
    }
}
