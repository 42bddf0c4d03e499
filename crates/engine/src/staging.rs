//! A batch in the making: frames and index changes that are seen by whatever follows in the same
//! batch, and by nobody else until the store has made them durable.

use std::collections::BTreeMap;
use std::sync::Arc;

use record::cbor::Limits;
use record::chain::Head;
use record::tree::{Frontier, Nodes};
use record::{Disclosure, Hash, RecordId};
use serde::{Serialize, de::DeserializeOwned};

use crate::store::{Commit, Frame, Mark, Mutation, Pair, Position, Read, Store, StoreError, Table};

/// Bounds of a frame's note.
pub const NOTE_LIMITS: Limits =
    Limits { bytes: crate::store::MAX_VALUE, depth: 16, items: 32 * 1024 };

/// Reading rows, whether committed or staged.
pub trait Lookup {
    /// The value under a key.
    ///
    /// # Errors
    /// When the index can't be read.
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// As [`Read::scan`]; staged changes are not seen.
    ///
    /// # Errors
    /// When the index can't be read.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError>;

    /// The frame at a position.
    ///
    /// # Errors
    /// When it can't be read.
    fn frame_at(&self, at: Position) -> Result<Frame, StoreError>;
}

impl Lookup for Arc<dyn Read> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        Read::scan(self.as_ref(), table, prefix, after, limit)
    }

    fn frame_at(&self, at: Position) -> Result<Frame, StoreError> {
        self.frame(at)
    }
}

/// A row, decoded.
///
/// # Errors
/// When the index can't be read, or holds what this version can't read.
pub fn row<T: DeserializeOwned>(
    view: &(impl Lookup + ?Sized),
    table: Table,
    key: &[u8],
) -> Result<Option<T>, StoreError> {
    let Some(bytes) = view.value(table, key)? else { return Ok(None) };
    decode(&bytes).map(Some)
}

/// A row's value, decoded. Rows are this node's own words to itself, written and read in bulk:
/// they are plain CBOR and not checked for canonical form.
///
/// # Errors
/// When this version can't read it.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    ciborium::from_reader(bytes)
        .map_err(|error| StoreError::Index { what: format!("a row of the index: {error}") })
}

/// How far this node's own log has come.
#[derive(Clone)]
pub struct Log {
    /// The last record.
    pub head: Option<Head>,
    /// The tree over all own records.
    pub frontier: Frontier,
}

impl Log {
    /// Epoch and sequence number of the next record.
    #[must_use]
    pub fn next(&self) -> (u32, u64) {
        self.head.map_or((0, 0), |head| (head.epoch, head.seq + 1))
    }

    /// The watermark's values.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            epoch: self.head.map_or(0, |head| head.epoch),
            count: self.head.map_or(0, |head| head.seq + 1),
            head: self.head.map_or(RecordId::ZERO, |head| head.id),
            root: self.frontier.root(),
        }
    }
}

/// Table and key of a row.
type RowKey = (Table, Vec<u8>);
/// What a row will be; `None` removes it.
type RowValue = Option<Vec<u8>>;

/// A batch in the making.
pub struct Staging<'s> {
    store: &'s dyn Store,
    reader: Arc<dyn Read>,
    next: Position,
    positions: BTreeMap<Position, usize>,
    frames: Vec<Frame>,
    rows: BTreeMap<RowKey, RowValue>,
    tree: BTreeMap<u64, Hash>,
    /// What each row was before, since the last savepoint.
    undo: Vec<(RowKey, Option<RowValue>)>,
    /// The log as the batch has it so far.
    pub log: Log,
}

/// A point to which a batch can be taken back.
pub struct Savepoint {
    next: Position,
    frames: usize,
    log: Log,
}

impl<'s> Staging<'s> {
    /// An empty batch on top of a store.
    #[must_use]
    pub fn new(store: &'s dyn Store, log: Log) -> Self {
        Self {
            store,
            reader: store.reader(),
            next: store.begin(),
            positions: BTreeMap::new(),
            frames: Vec::new(),
            rows: BTreeMap::new(),
            tree: BTreeMap::new(),
            undo: Vec::new(),
            log,
        }
    }

    /// Whether there is nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Stages a frame and tells where it will be.
    ///
    /// # Errors
    /// When the frame is too large.
    pub fn push(&mut self, frame: Frame) -> Result<Position, StoreError> {
        let at = self.next;
        self.next = self.store.following(at, &frame)?;
        self.positions.insert(at, self.frames.len());
        self.frames.push(frame);
        Ok(at)
    }

    /// Puts a row.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when the value is over the limit.
    pub fn put<T: Serialize>(
        &mut self,
        table: Table,
        key: Vec<u8>,
        value: &T,
    ) -> Result<(), StoreError> {
        let mut bytes = Vec::with_capacity(128);
        ciborium::into_writer(value, &mut bytes).expect("writing to memory does not fail");
        let value = bytes;
        self.put_bytes(table, key, value)
    }

    /// Puts a row's bytes.
    ///
    /// # Errors
    /// As [`Staging::put`].
    pub fn put_bytes(
        &mut self,
        table: Table,
        key: Vec<u8>,
        value: Vec<u8>,
    ) -> Result<(), StoreError> {
        let (size, limit) = (value.len(), crate::store::MAX_VALUE);
        if size > limit {
            return Err(StoreError::TooLarge { what: "a row of the index", size, limit });
        }
        self.set((table, key), Some(value));
        Ok(())
    }

    /// Removes a row.
    pub fn remove(&mut self, table: Table, key: Vec<u8>) {
        self.set((table, key), None);
    }

    fn set(&mut self, key: RowKey, value: RowValue) {
        let before = self.rows.insert(key.clone(), value);
        self.undo.push((key, before));
    }

    /// Marks where one input begins, so that it can be undone without the others.
    pub fn savepoint(&mut self) -> Savepoint {
        self.undo.clear();
        Savepoint { next: self.next, frames: self.frames.len(), log: self.log.clone() }
    }

    /// Takes the batch back to the last savepoint.
    pub fn roll_back(&mut self, to: Savepoint) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
        self.frames.truncate(to.frames);
        self.positions.retain(|_, index| *index < to.frames);
        self.next = to.next;
        // Tree nodes beyond the log's size are never read, and the next append writes them anew.
        self.log = to.log;
    }

    /// Adds nodes of the log's tree.
    pub fn grow(&mut self, nodes: Vec<(u64, Hash)>) {
        self.tree.extend(nodes);
    }

    /// Ends the batch: what the store is to keep.
    #[must_use]
    pub fn finish(self) -> (Commit, Log) {
        let tree = self.tree.into_iter().collect();
        let (mutations, mark) = (mutations(self.rows), self.log.mark());
        (Commit { frames: self.frames, mutations, tree, mark }, self.log)
    }

    /// Rows and tree nodes alone, for replay.
    #[must_use]
    pub fn finish_replay(self) -> (Vec<Mutation>, Vec<(u64, Hash)>, Log) {
        (mutations(self.rows), self.tree.into_iter().collect(), self.log)
    }
}

fn mutations(rows: BTreeMap<RowKey, RowValue>) -> Vec<Mutation> {
    rows.into_iter().map(|((table, key), value)| Mutation { table, key, value }).collect()
}

impl Nodes for Staging<'_> {
    type Error = StoreError;

    fn node(&self, position: u64) -> Result<Hash, StoreError> {
        match self.tree.get(&position) {
            Some(staged) => Ok(*staged),
            None => self.reader.tree_node(position),
        }
    }
}

impl Lookup for Staging<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.rows.get(&(table, key.to_vec())) {
            Some(staged) => Ok(staged.clone()),
            None => self.reader.get(table, key),
        }
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.reader.scan(table, prefix, after, limit)
    }

    fn frame_at(&self, at: Position) -> Result<Frame, StoreError> {
        match self.positions.get(&at) {
            Some(index) => Ok(self.frames[*index].clone()),
            None => self.reader.frame(at),
        }
    }
}

/// Every disclosure of a frame, in clear or sealed.
pub fn disclosures(frame: &Frame) -> impl Iterator<Item = &Disclosure> {
    frame.open.iter().chain(&frame.sealed)
}
