//! How many of something each key has at once: connections, bodies on their way, event streams.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts by key. Clones count together. Holds no more keys than there are shares out.
pub(crate) struct Shares<K>(Arc<Mutex<HashMap<K, usize>>>);

/// One share, given back when dropped.
pub(crate) struct Share<K: Eq + Hash> {
    shares: Shares<K>,
    key: K,
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// A share for the key; `None` when it has `most` already.
    pub(crate) fn take(&self, key: K, most: usize) -> Option<Share<K>> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = out.get(&key).copied().unwrap_or(0);
        if count >= most {
            return None;
        }
        out.insert(key.clone(), count + 1);
        Some(Share { shares: self.clone(), key })
    }

    /// How many the key has.
    #[cfg(test)]
    pub(crate) fn out(&self, key: &K) -> usize {
        let out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.get(key).copied().unwrap_or(0)
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut out = self.shares.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = out.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                out.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_share_and_nothing_is_remembered_of_what_was_given_back() {
        let shares = Shares::default();
        let one = shares.take("a", 2);
        let two = shares.take("a", 2);
        assert!(one.is_some() && two.is_some() && shares.take("a", 2).is_none());
        assert!(shares.take("b", 2).is_some());
        drop(one);
        assert!(shares.take("a", 2).is_some());
        drop(two);
        assert!(shares.0.lock().unwrap().is_empty());
    }
}
