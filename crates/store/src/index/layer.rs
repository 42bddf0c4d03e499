//! What was committed and is not in sled yet: ordered in memory, newest over oldest.

use std::collections::{BTreeMap, VecDeque};
use std::iter::Peekable;
use std::sync::Arc;

use engine::store::{Mark, Mutation};
use record::Hash;

use crate::index::span::{Direction, Span};

/// So many keys make a layer, which goes to sled in one atomic batch. Measured on sled 0.34.7: a
/// batch blocks every reader while it is applied, 6 ms at 200 keys, 25 ms at 1,000, 100 ms at
/// 4,000; and larger ones bring no more throughput.
pub(crate) const LAYER_KEYS: usize = 1000;
/// What an entry costs beside its bytes, roughly.
const ENTRY_COST: usize = 96;

/// A key with its table's number before it.
pub(crate) type Key = Box<[u8]>;
/// `None` for a key that was removed.
pub(crate) type Value = Option<Arc<[u8]>>;

/// The changes of some whole commits.
#[derive(Default)]
pub(crate) struct Layer {
    pub(crate) entries: BTreeMap<Key, Value>,
    pub(crate) tree: BTreeMap<u64, Hash>,
    /// Everything in the journal before this is reflected by this layer and those below.
    pub(crate) up_to: u64,
    pub(crate) mark: Option<Mark>,
    bytes: usize,
}

/// All layers: one that is being filled, and those that wait for sled.
#[derive(Default)]
pub(crate) struct Overlay {
    /// Oldest first.
    waiting: VecDeque<Arc<Layer>>,
    fresh: Layer,
    bytes: usize,
}

/// What one commit changes.
pub(crate) struct Changes {
    pub(crate) mutations: Vec<Mutation>,
    pub(crate) tree: Vec<(u64, Hash)>,
    pub(crate) mark: Mark,
    pub(crate) up_to: u64,
}

impl Overlay {
    pub(crate) fn push(&mut self, changes: Changes) {
        let before = self.fresh.bytes;
        let Changes { mutations, tree, mark, up_to } = changes;
        for Mutation { table, key, value } in mutations {
            self.fresh.put(prefixed(table as u8, &key), value.map(Arc::from));
        }
        self.fresh.bytes += tree.len() * (Hash::LEN + ENTRY_COST);
        self.fresh.tree.extend(tree);
        self.fresh.mark = Some(mark);
        self.fresh.up_to = up_to;
        // A row that became shorter makes the layer smaller.
        self.bytes = self.bytes - before + self.fresh.bytes;
        if self.fresh.entries.len() >= LAYER_KEYS {
            self.seal();
        }
    }

    /// Bytes in memory, roughly.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a layer has its size and waits.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The layer that is to go next; it stays in place until [`Self::drop_oldest`]. With `small`,
    /// the one that is being filled counts when no other waits.
    pub(crate) fn oldest(&mut self, small: bool) -> Option<Arc<Layer>> {
        if small && self.waiting.is_empty() && self.fresh.mark.is_some() {
            self.seal();
        }
        self.waiting.front().cloned()
    }

    pub(crate) fn drop_oldest(&mut self) {
        if let Some(layer) = self.waiting.pop_front() {
            self.bytes -= layer.bytes;
        }
    }

    /// What the newest layer with this key says.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Value> {
        self.newest_first().find_map(|layer| layer.entries.get(key))
    }

    pub(crate) fn tree_node(&self, position: u64) -> Option<Hash> {
        self.newest_first().find_map(|layer| layer.tree.get(&position)).copied()
    }

    /// The entries of a span in order, removals included, up to the `limit`th that is no removal.
    pub(crate) fn pick(
        &self,
        span: &Span,
        direction: Direction,
        limit: usize,
    ) -> Vec<(Key, Value)> {
        let mut layers: Vec<_> =
            self.newest_first().map(|layer| layer.walk(span, direction).peekable()).collect();
        let (mut picked, mut live) = (Vec::new(), 0);
        while live < limit {
            let Some(key) = first_key(&mut layers, direction) else { break };
            let mut value = None;
            for layer in &mut layers {
                // The newest comes first and wins; the others only go on.
                if let Some((_, found)) = layer.next_if(|(next, _)| *next == key) {
                    value.get_or_insert(found);
                }
            }
            let value = value.expect("one of the layers has the key").clone();
            live += usize::from(value.is_some());
            picked.push((key.clone(), value));
        }
        picked
    }

    fn newest_first(&self) -> impl Iterator<Item = &Layer> {
        let waiting = self.waiting.iter().rev().map(|layer| &**layer);
        std::iter::once(&self.fresh).chain(waiting)
    }

    fn seal(&mut self) {
        self.waiting.push_back(Arc::new(std::mem::take(&mut self.fresh)));
    }
}

impl Layer {
    fn put(&mut self, key: Key, value: Value) {
        let cost = |key: &Key, value: &Value| {
            key.len() + value.as_ref().map_or(0, |value| value.len()) + ENTRY_COST
        };
        self.bytes += cost(&key, &value);
        if let Some(old) = self.entries.get(&key) {
            self.bytes -= cost(&key, old);
        }
        self.entries.insert(key, value);
    }

    fn walk<'a>(
        &'a self,
        span: &Span,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = (&'a Key, &'a Value)> + 'a> {
        let range = self.entries.range::<[u8], _>(span.bounds());
        match direction {
            Direction::Forward => Box::new(range),
            Direction::Back => Box::new(range.rev()),
        }
    }
}

/// A key as sled has it: all tables lie in one tree, so that one batch is atomic over all of them.
pub(crate) fn prefixed(table: u8, key: &[u8]) -> Key {
    let mut prefixed = Vec::with_capacity(key.len() + 1);
    prefixed.push(table);
    prefixed.extend_from_slice(key);
    prefixed.into_boxed_slice()
}

fn first_key<'a, I: Iterator<Item = (&'a Key, &'a Value)>>(
    layers: &mut [Peekable<I>],
    direction: Direction,
) -> Option<&'a Key> {
    let keys = layers.iter_mut().filter_map(|layer| layer.peek().map(|(key, _)| *key));
    match direction {
        Direction::Forward => keys.min(),
        Direction::Back => keys.max(),
    }
}

#[cfg(test)]
mod tests {
    use engine::store::Table;
    use record::RecordId;

    use super::*;

    const MARK: Mark = Mark { epoch: 0, count: 0, head: RecordId::ZERO, root: Hash::ZERO };

    fn write(overlay: &mut Overlay, value: Option<Vec<u8>>) {
        let mutations = vec![Mutation { table: Table::Meta, key: vec![1], value }];
        overlay.push(Changes { mutations, tree: Vec::new(), mark: MARK, up_to: 0 });
    }

    #[test]
    fn what_is_in_memory_is_counted_when_a_row_becomes_shorter_or_goes() {
        let mut overlay = Overlay::default();
        write(&mut overlay, Some(vec![0; 4]));
        let short = overlay.bytes();
        write(&mut overlay, Some(vec![0; 400]));
        assert_eq!(overlay.bytes(), short + 396);
        write(&mut overlay, Some(vec![0; 4]));
        assert_eq!(overlay.bytes(), short);
        write(&mut overlay, None);
        assert_eq!(overlay.bytes(), short - 4);
    }
}
