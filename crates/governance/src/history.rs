//! What changes over time and keeps what it was: periods that follow each other and never overlap,
//! so that a question about the past has the answer it had then (T2).

use record::Timestamp;
use serde::{Deserialize, Serialize};

/// Most versions of one thing.
pub const MAX_VERSIONS: usize = 200;

/// Something as it was over one period.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period<T> {
    /// When it begins.
    pub from: Timestamp,
    /// The first moment at which it is no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What it was.
    pub what: T,
}

/// All periods of one thing, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History<T>(Vec<Period<T>>);

/// Why a period does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HistoryError {
    /// Ends before it begins.
    #[error("it ends before it begins: until must be later than from")]
    Empty,
    /// A further version would begin in what has been.
    #[error("a change can't begin before {earliest}: what has been stays as it was")]
    Past {
        /// The earliest moment at which one may begin.
        earliest: Timestamp,
    },
    /// It has ended, or ends then already.
    #[error("it has ended already")]
    Ended,
    /// Too many versions.
    #[error("it has {MAX_VERSIONS} versions, as many as one may have: end it and begin another")]
    Full,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Period<T> {
    /// Whether it holds at the time.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

impl<T> History<T> {
    /// Whether a period may be added at time `now`. The first may begin in the past, since it may
    /// have been so before it was entered; a further one may not.
    ///
    /// # Errors
    /// See [`HistoryError`].
    pub fn check(&self, next: &Period<T>, now: Timestamp) -> Result<(), HistoryError> {
        if next.until.is_some_and(|until| until <= next.from) {
            return Err(HistoryError::Empty);
        }
        let Some(last) = self.0.last() else { return Ok(()) };
        if self.0.len() >= MAX_VERSIONS {
            return Err(HistoryError::Full);
        }
        let after = Timestamp::from_millis(last.from.millis().saturating_add(1));
        let earliest = after.max(now);
        if next.from < earliest { Err(HistoryError::Past { earliest }) } else { Ok(()) }
    }

    /// Adds a period; one that was open ends where it begins. What a journal replays was checked
    /// when it was written: see [`Self::check`].
    pub fn insert(&mut self, next: Period<T>) {
        if let Some(last) = self.0.last_mut() {
            last.until = Some(last.until.map_or(next.from, |until| until.min(next.from)));
        }
        self.0.push(next);
    }

    /// Whether it may be ended at the time.
    ///
    /// # Errors
    /// When it has ended, or would never have been.
    pub fn check_end(&self, at: Timestamp) -> Result<(), HistoryError> {
        match self.0.last() {
            Some(last) if last.from >= at => Err(HistoryError::Empty),
            Some(last) if last.until.is_none_or(|until| at < until) => Ok(()),
            Some(_) | None => Err(HistoryError::Ended),
        }
    }

    /// Ends it. See [`Self::check_end`].
    pub fn end(&mut self, at: Timestamp) {
        if let Some(last) = self.0.last_mut() {
            last.until = Some(last.until.map_or(at, |until| until.min(at)));
        }
    }

    /// What it is at the time.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<&Period<T>> {
        self.0.iter().rev().find(|period| period.holds(at))
    }

    /// The last period, whether over, in force or to come.
    #[must_use]
    pub fn latest(&self) -> Option<&Period<T>> {
        self.0.last()
    }

    /// Every period, oldest first.
    #[must_use]
    pub fn periods(&self) -> &[Period<T>] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    proptest! {
        /// Whatever is asked in whatever order: what was answered about the past stays answered.
        #[test]
        fn what_has_been_stays_as_it_was(acts in prop::collection::vec((0i64..50, 1i64..20, any::<bool>()), 1..30)) {
            let mut history: History<usize> = History::default();
            let mut now = 0;
            for (index, (ahead, lasts, ends)) in acts.into_iter().enumerate() {
                now += 5;
                let past: Vec<_> = (0..now).map(|t| history.at(at(t)).map(|p| p.what)).collect();
                let had = history.latest().is_some();
                if ends {
                    if history.check_end(at(now)).is_ok() { history.end(at(now)); }
                } else {
                    let from = at(now + ahead);
                    let next = Period { from, until: Some(at(now + ahead + lasts)), what: index };
                    if history.check(&next, at(now)).is_ok() { history.insert(next); }
                }
                if had {
                    let then: Vec<_> = (0..now).map(|t| history.at(at(t)).map(|p| p.what)).collect();
                    prop_assert_eq!(past, then);
                }
                for pair in history.periods().windows(2) {
                    prop_assert!(pair[0].until.unwrap() <= pair[1].from);
                }
            }
        }
    }

    #[test]
    fn a_change_of_the_past_is_refused_with_the_earliest_moment() {
        let mut history = History::default();
        history.insert(Period { from: at(10), until: None, what: () });
        let next = Period { from: at(20), until: None, what: () };
        assert_eq!(history.check(&next, at(30)), Err(HistoryError::Past { earliest: at(30) }));
        assert_eq!(history.check_end(at(10)), Err(HistoryError::Empty));
        history.end(at(40));
        assert_eq!(history.check_end(at(50)), Err(HistoryError::Ended));
    }
}
