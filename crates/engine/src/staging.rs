//! A batch in the making: frames and index changes that are seen by whatever follows in the same
//! batch, and by nobody else until the store has made them durable.

use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use governance::case::{Case, CaseId};
use record::cbor::Limits;
use record::chain::Head;
use record::tree::{Frontier, Nodes};
use record::{Disclosure, Hash, Header, NodeId, RecordId};
use serde::{Serialize, de::DeserializeOwned};

use crate::project;
use crate::store::{
    Commit, Erasure, Frame, Mark, Mutation, Pair, Position, Read, Store, StoreError, Table,
};
use crate::view::LAST;

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
    fn frame_at(&self, at: Position) -> Result<Arc<Frame>, StoreError>;

    /// A case.
    ///
    /// # Errors
    /// When the index can't be read.
    fn case_row(&self, id: CaseId) -> Result<Option<Arc<Case>>, StoreError> {
        Ok(compact_row(self, Table::Case, id.as_bytes())?.map(Arc::new))
    }
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

    fn frame_at(&self, at: Position) -> Result<Arc<Frame>, StoreError> {
        self.frame(at).map(Arc::new)
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
    /// The epoch that the next record opens, where one is to be opened.
    pub opening: Option<u32>,
}

impl Log {
    /// Epoch and sequence number of the next record.
    #[must_use]
    pub fn next(&self) -> (u32, u64) {
        let epoch = self.head.map_or(0, |head| head.epoch);
        match self.opening {
            Some(opening) if opening > epoch => (opening, 0),
            Some(_) | None => self.head.map_or((0, 0), |head| (head.epoch, head.seq + 1)),
        }
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

/// A row in the compact form, decoded: see [`Staging::put_compact`].
///
/// # Errors
/// When the index can't be read, or holds what this version can't read.
pub fn compact_row<T: DeserializeOwned>(
    view: &(impl Lookup + ?Sized),
    table: Table,
    key: &[u8],
) -> Result<Option<T>, StoreError> {
    let Some(bytes) = view.value(table, key)? else { return Ok(None) };
    decode_compact(&bytes).map(Some)
}

/// A row's value in the compact form, decoded.
///
/// # Errors
/// When this version can't read it.
pub fn decode_compact<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    postcard::from_bytes(bytes)
        .map_err(|error| StoreError::Index { what: format!("a row of the index: {error}") })
}

/// The highest sequence number known of each log, by author and epoch: what lies beyond needs not
/// be looked for in the index. May say more than is known after a batch that failed, never less.
#[derive(Default)]
pub struct Tips(HashMap<(NodeId, u32), Option<u64>>);

/// A case in a batch.
#[derive(Clone)]
struct Held {
    case: Option<Arc<Case>>,
    changed: bool,
}

/// Table and key of a row.
type RowKey = (Table, Vec<u8>);
/// What a row will be; `None` removes it.
type RowValue = Option<Vec<u8>>;

/// What a replayed stretch of the journal implies: rows, tree nodes, and the log after it.
pub struct Replayed {
    /// Rows.
    pub mutations: Vec<Mutation>,
    /// Nodes of the log's tree.
    pub tree: Vec<(u64, Hash)>,
    /// The log.
    pub log: Log,
    /// What has to be erased, unless it was before the node stopped.
    pub erasures: Vec<Erasure>,
}

/// A batch in the making.
pub struct Staging<'s> {
    store: &'s dyn Store,
    reader: Arc<dyn Read>,
    next: Position,
    positions: BTreeMap<Position, usize>,
    frames: Vec<Arc<Frame>>,
    rows: BTreeMap<RowKey, RowValue>,
    tree: BTreeMap<u64, Hash>,
    /// Cases read or changed in this batch, decoded: a case's row is written once a batch, however
    /// many records it got.
    cases: RefCell<HashMap<CaseId, Held>>,
    tips: &'s mut Tips,
    /// What is to be erased once the batch is durable.
    erasures: Vec<Erasure>,
    /// What each row was before, since the last savepoint.
    undo: Vec<(RowKey, Option<RowValue>)>,
    /// What each case was before, since the last savepoint.
    undo_cases: Vec<(CaseId, Option<Held>)>,
    /// The log as the batch has it so far.
    pub log: Log,
}

/// A point to which a batch can be taken back.
pub struct Savepoint {
    next: Position,
    erasures: usize,
    frames: usize,
    log: Log,
}

impl<'s> Staging<'s> {
    /// An empty batch on top of a store.
    #[must_use]
    pub fn new(store: &'s dyn Store, log: Log, tips: &'s mut Tips) -> Self {
        Self {
            store,
            reader: store.reader(),
            next: store.begin(),
            positions: BTreeMap::new(),
            frames: Vec::new(),
            rows: BTreeMap::new(),
            tree: BTreeMap::new(),
            cases: RefCell::default(),
            tips,
            erasures: Vec::new(),
            undo: Vec::new(),
            undo_cases: Vec::new(),
            log,
        }
    }

    /// Whether there is nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Stages a frame; gives it back with the place where it will be.
    ///
    /// # Errors
    /// When the frame is too large.
    pub fn push(&mut self, frame: Frame) -> Result<(Position, Arc<Frame>), StoreError> {
        let at = self.next;
        self.next = self.store.following(at, &frame)?;
        self.positions.insert(at, self.frames.len());
        let frame = Arc::new(frame);
        self.frames.push(frame.clone());
        Ok((at, frame))
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

    /// Puts a row in a compact form that names no fields, for the tables that counting and every
    /// act go through. Only types without skipped fields can be read back; when one of them
    /// changes, so must [`crate::store::ROW_FORMAT`].
    ///
    /// # Errors
    /// As [`Staging::put`].
    pub fn put_compact<T: Serialize>(
        &mut self,
        table: Table,
        key: Vec<u8>,
        value: &T,
    ) -> Result<(), StoreError> {
        let value = postcard::to_allocvec(value).expect("writing to memory does not fail");
        self.put_bytes(table, key, value)
    }

    /// Whether nothing is known of a record's author from this record on.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn is_beyond(&mut self, header: &Header) -> Result<bool, StoreError> {
        let tip = match self.tips.0.entry((header.author, header.epoch)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                let prefix = [header.author.as_bytes().as_slice(), &header.epoch.to_be_bytes()];
                let last = self.reader.scan_back(Table::Log, &prefix.concat(), None, 1)?;
                let seq = last.first().and_then(|(key, _)| key.last_chunk::<8>());
                *unknown.insert(seq.map(|seq| u64::from_be_bytes(*seq)))
            }
        };
        Ok(tip.is_none_or(|tip| header.seq > tip))
    }

    /// Whether the last record that is known of a header's author in its epoch stands at `seq` or
    /// behind it, so that the index is worth asking for that place.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn is_known_up_to(&mut self, header: &Header, seq: u64) -> Result<bool, StoreError> {
        self.is_beyond(header)?;
        let tip = self.tips.0.get(&(header.author, header.epoch)).copied().flatten();
        Ok(tip.is_some_and(|tip| tip >= seq))
    }

    /// Puts the row that says where a record lies.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn put_log(&mut self, header: &Header, at: Position) -> Result<(), StoreError> {
        if self.is_beyond(header)? {
            self.tips.0.insert((header.author, header.epoch), Some(header.seq));
        }
        self.put_bytes(Table::Log, project::log_key(header), at.to_bytes().to_vec())
    }

    /// A case as this batch has it so far.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn case(&self, id: CaseId) -> Result<Option<Arc<Case>>, StoreError> {
        if let Some(held) = self.cases.borrow().get(&id) {
            return Ok(held.case.clone());
        }
        let case = compact_row(&self.reader, Table::Case, id.as_bytes())?.map(Arc::new);
        self.cases.borrow_mut().insert(id, Held { case: case.clone(), changed: false });
        Ok(case)
    }

    /// Puts a case's row.
    pub fn put_case(&mut self, case: Arc<Case>) {
        let id = case.id;
        let held = Held { case: Some(case), changed: true };
        let before = self.cases.get_mut().insert(id, held);
        self.undo_cases.push((id, before));
    }

    /// Removes a case's row.
    pub fn remove_case(&mut self, id: CaseId) {
        let before = self.cases.get_mut().insert(id, Held { case: None, changed: false });
        self.undo_cases.push((id, before));
        self.remove(Table::Case, id.as_bytes().to_vec());
    }

    /// The last row whose key begins with `prefix`, as this batch has it so far; of a table from
    /// which nothing is removed.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn last(&self, table: Table, prefix: &[u8]) -> Result<Option<Pair>, StoreError> {
        let kept = self.reader.scan_back(table, prefix, None, 1)?.pop();
        let staged = self.rows.range((table, prefix.to_vec())..);
        let staged = staged.take_while(|((of, key), _)| *of == table && key.starts_with(prefix));
        let staged = staged.filter_map(|((_, key), value)| Some((key.clone(), value.clone()?)));
        Ok(kept.into_iter().chain(staged.last()).max())
    }

    /// Every row whose key begins with `prefix`, ascending, as this batch has it so far.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn all(&self, table: Table, prefix: &[u8]) -> Result<Vec<Pair>, StoreError> {
        const PAGE: usize = 1_000;
        let mut found = BTreeMap::new();
        let mut last: Option<Vec<u8>> = None;
        loop {
            let page = self.reader.scan(table, prefix, last.as_deref(), PAGE)?;
            last = page.last().map(|(key, _)| key.clone());
            let done = page.len() < PAGE;
            found.extend(page);
            if done {
                break;
            }
        }
        let staged = self.rows.range((table, prefix.to_vec())..);
        let staged = staged.take_while(|((of, key), _)| *of == table && key.starts_with(prefix));
        for ((_, key), value) in staged {
            match value {
                Some(value) => found.insert(key.clone(), value.clone()),
                None => found.remove(key),
            };
        }
        Ok(found.into_iter().collect())
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
        self.undo_cases.clear();
        let erasures = self.erasures.len();
        let (next, frames) = (self.next, self.frames.len());
        Savepoint { next, erasures, frames, log: self.log.clone() }
    }

    /// Takes the batch back to the last savepoint.
    pub fn roll_back(&mut self, to: Savepoint) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
        let cases = self.cases.get_mut();
        while let Some((id, before)) = self.undo_cases.pop() {
            match before {
                Some(held) => cases.insert(id, held),
                None => cases.remove(&id),
            };
        }
        self.frames.truncate(to.frames);
        self.erasures.truncate(to.erasures);
        self.positions.retain(|_, index| *index < to.frames);
        self.next = to.next;
        // Tree nodes beyond the log's size are never read, and the next append writes them anew.
        self.log = to.log;
    }

    /// Adds nodes of the log's tree.
    pub fn grow(&mut self, nodes: Vec<(u64, Hash)>) {
        self.tree.extend(nodes);
    }

    /// Has something erased once the batch is durable.
    pub fn erase(&mut self, erasure: Erasure) {
        self.erasures.push(erasure);
    }

    /// Ends the batch: what the store is to keep.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when a case's row is over the limit.
    pub fn finish(mut self) -> Result<(Commit, Log), StoreError> {
        self.put_cases()?;
        let last = self.positions.keys().next_back().copied();
        self.put_last(last)?;
        let tree = self.tree.into_iter().collect();
        let (mutations, mark) = (mutations(self.rows), self.log.mark());
        let frames = self.frames.into_iter().map(Arc::unwrap_or_clone).collect();
        let erasures = self.erasures;
        Ok((Commit { frames, mutations, tree, mark, erasures }, self.log))
    }

    /// Rows and tree nodes alone, for replay of frames up to the one at `last`.
    ///
    /// # Errors
    /// As [`Staging::finish`].
    pub fn finish_replay(mut self, last: Option<Position>) -> Result<Replayed, StoreError> {
        self.put_cases()?;
        self.put_last(last)?;
        let tree = self.tree.into_iter().collect();
        let (mutations, erasures) = (mutations(self.rows), self.erasures);
        Ok(Replayed { mutations, tree, log: self.log, erasures })
    }

    /// How far the index reflects the journal, in a row that becomes visible with all others: who
    /// reads it before and after something long knows whether anything was written meanwhile.
    fn put_last(&mut self, last: Option<Position>) -> Result<(), StoreError> {
        last.map_or(Ok(()), |at| self.put(Table::Meta, LAST.to_vec(), &at))
    }

    fn put_cases(&mut self) -> Result<(), StoreError> {
        let cases = std::mem::take(self.cases.get_mut());
        let changed = cases.into_values().filter(|held| held.changed);
        for case in changed.filter_map(|held| held.case) {
            self.put_compact(Table::Case, case.id.as_bytes().to_vec(), case.as_ref())?;
        }
        Ok(())
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

    fn frame_at(&self, at: Position) -> Result<Arc<Frame>, StoreError> {
        match self.positions.get(&at) {
            Some(index) => Ok(self.frames[*index].clone()),
            None => self.reader.frame(at).map(Arc::new),
        }
    }

    fn case_row(&self, id: CaseId) -> Result<Option<Arc<Case>>, StoreError> {
        self.case(id)
    }
}

/// Every disclosure of a frame, in clear or sealed.
pub fn disclosures(frame: &Frame) -> impl Iterator<Item = &Disclosure> {
    frame.open.iter().chain(&frame.sealed)
}
