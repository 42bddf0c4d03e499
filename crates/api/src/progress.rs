//! Imports that are under way: how many of a file's rows are done, for whoever sent it. Nothing of it
//! is kept: an import that was broken off goes on with the same file once more.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use record::{Subject, Timestamp};
use serde::Serialize;

/// What a file brings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Brings {
    /// Divisions and grids.
    Places,
    /// People and appointments.
    People,
    /// Reports.
    Reports,
}

/// One import under way. It is listed for as long as somebody holds it.
pub(crate) struct Progress {
    by: Subject,
    brings: Brings,
    began: Timestamp,
    rows: usize,
    done: AtomicUsize,
}

/// Every import under way; no more than are taken in at once.
#[derive(Default)]
pub(crate) struct UnderWay(Mutex<Vec<Weak<Progress>>>);

/// How far an import has come.
#[derive(Serialize)]
pub(crate) struct Shown {
    brings: Brings,
    began: Timestamp,
    /// Rows that are to be done; those that change nothing and those in error are not among them.
    rows: usize,
    /// How many of them are done.
    done: usize,
}

impl Progress {
    /// So many more rows are done.
    pub(crate) fn step(&self, rows: usize) {
        self.done.fetch_add(rows, Relaxed);
    }
}

impl UnderWay {
    /// An import of so many rows begins.
    pub(crate) fn begin(
        &self,
        by: Subject,
        brings: Brings,
        rows: usize,
        began: Timestamp,
    ) -> Arc<Progress> {
        let progress = Arc::new(Progress { by, brings, began, rows, done: AtomicUsize::new(0) });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.strong_count() > 0);
        all.push(Arc::downgrade(&progress));
        progress
    }

    /// Somebody's imports, the newest first.
    pub(crate) fn of(&self, person: Subject) -> Vec<Shown> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs =
            all.iter().rev().filter_map(Weak::upgrade).filter(|import| import.by == person);
        let shown = |import: Arc<Progress>| {
            let Progress { brings, began, rows, .. } = *import;
            Shown { brings, began, rows, done: import.done.load(Relaxed).min(rows) }
        };
        theirs.map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_listed_for_its_sender_while_it_lasts() {
        let under_way = UnderWay::default();
        let [one, other] = [1, 2].map(|number| Subject::from_bytes([number; 16]));
        let first = under_way.begin(one, Brings::People, 10, Timestamp::EPOCH);
        first.step(4);
        let shown = serde_json::to_value(under_way.of(one)).unwrap();
        assert_eq!((&shown[0]["rows"], &shown[0]["done"]), (&10.into(), &4.into()));
        assert!(under_way.of(other).is_empty());
        drop(first);
        assert!(under_way.of(one).is_empty());
    }
}
