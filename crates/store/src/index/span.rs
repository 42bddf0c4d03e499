//! A stretch of keys, and reading it from memory and sled together.

use std::cmp::Ordering;
use std::ops::Bound;

use engine::store::Pair;

use crate::index::layer::{Key, Value};

/// Which way to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Forward,
    Back,
}

/// Keys from `low` up to but not including `high`, with the table's number before them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub(crate) low: Vec<u8>,
    pub(crate) high: Vec<u8>,
}

impl Span {
    /// The keys with a prefix, strictly after `after` where given. `None` when there can be none.
    pub(crate) fn after(table: u8, prefix: &[u8], after: Option<&[u8]>) -> Option<Self> {
        let mut span = Self::of(table, prefix);
        if let Some(after) = after {
            // The key itself with a zero is the very next one.
            let mut next = [&[table], after].concat();
            next.push(0);
            span.low = span.low.max(next);
        }
        span.unless_empty()
    }

    /// The keys with a prefix, strictly before `before` where given. `None` when there can be none.
    pub(crate) fn before(table: u8, prefix: &[u8], before: Option<&[u8]>) -> Option<Self> {
        let mut span = Self::of(table, prefix);
        if let Some(before) = before {
            span.high = span.high.min([&[table], before].concat());
        }
        span.unless_empty()
    }

    pub(crate) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (Bound::Included(&self.low), Bound::Excluded(&self.high))
    }

    fn of(table: u8, prefix: &[u8]) -> Self {
        let low = [&[table], prefix].concat();
        let mut high = low.clone();
        // No table has the number 255, so there is always a byte to count up.
        while let Some(last) = high.pop() {
            if last < u8::MAX {
                high.push(last + 1);
                break;
            }
        }
        Self { low, high }
    }

    fn unless_empty(self) -> Option<Self> {
        (self.low < self.high).then_some(self)
    }
}

/// Puts what memory has over what sled has, both in order, without the table's number.
///
/// # Errors
/// The first error of `stored`.
pub(crate) fn merge<E>(
    picked: Vec<(Key, Value)>,
    stored: impl Iterator<Item = Result<Pair, E>>,
    direction: Direction,
    limit: usize,
) -> Result<Vec<Pair>, E> {
    let mut picked = picked.into_iter().peekable();
    let mut stored = stored.peekable();
    let mut pairs = Vec::new();
    while pairs.len() < limit {
        let order = match (picked.peek(), stored.peek()) {
            (None, None) => break,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None | Some(Err(_))) => Ordering::Less,
            (Some((new, _)), Some(Ok((old, _)))) => match direction {
                Direction::Forward => (**new).cmp(old),
                Direction::Back => (**new).cmp(old).reverse(),
            },
        };
        if order == Ordering::Equal {
            stored.next();
        }
        if order == Ordering::Greater {
            pairs.extend(stored.next().transpose()?.map(bare));
        } else if let Some((key, Some(value))) = picked.next() {
            pairs.push(bare((key.into_vec(), value.to_vec())));
        }
    }
    Ok(pairs)
}

/// Takes the table's number off the key.
fn bare((mut key, value): Pair) -> Pair {
    key.remove(0);
    (key, value)
}
