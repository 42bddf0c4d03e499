//! Changed cases with running numbers, kept for a while, so that a listener who was away for a
//! moment can go on where it stopped, and one who was away for longer is told to look anew.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use engine::runtime::Handle;
use governance::case::CaseId;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

/// Changes kept.
const KEPT: usize = 4_096;
/// Changes given at once.
const BATCH: usize = 64;

/// The changes of late.
pub(crate) struct Feed {
    shared: Arc<Shared>,
    pump: OnceLock<()>,
}

struct Shared {
    /// Tells this run's numbers from those of the run before.
    run: u32,
    recent: Mutex<Recent>,
    last: watch::Sender<u64>,
}

#[derive(Default)]
struct Recent {
    /// Number of the first change kept; numbers start at 1.
    first: u64,
    cases: VecDeque<CaseId>,
}

/// Where a listener is.
pub(crate) struct Cursor {
    shared: Arc<Shared>,
    last: watch::Receiver<u64>,
    /// Number of the last change it was given.
    at: u64,
}

/// What a listener is given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Cases that changed since, each once, in the order of their last change.
    Changed(Vec<CaseId>),
    /// Too much happened: look anew.
    Lost,
}

impl Feed {
    pub(crate) fn new() -> Self {
        let run = u32::from_be_bytes(crate::session::random()[..4].try_into().unwrap_or_default());
        let recent = Mutex::new(Recent { first: 1, cases: VecDeque::new() });
        let shared = Arc::new(Shared { run, recent, last: watch::Sender::new(0) });
        Self { shared, pump: OnceLock::new() }
    }

    /// A listener from now on, or from after an event id it was given before. The second value
    /// tells whether it has missed what can't be told any more.
    pub(crate) fn listen(&self, handle: &Handle, after: Option<&str>) -> (Cursor, bool) {
        self.pump.get_or_init(|| {
            tokio::spawn(pump(self.shared.clone(), handle.changes()));
        });
        let last = self.shared.last.subscribe();
        let newest = *last.borrow();
        let known = after.and_then(|id| self.shared.number(id)).filter(|at| *at <= newest);
        let missed = after.is_some() && known.is_none();
        let at = known.unwrap_or(newest);
        (Cursor { shared: self.shared.clone(), last, at }, missed)
    }
}

async fn pump(shared: Arc<Shared>, mut changes: tokio::sync::broadcast::Receiver<CaseId>) {
    loop {
        match changes.recv().await {
            Ok(case) => shared.push(case),
            Err(RecvError::Lagged(missed)) => shared.skip(missed),
            Err(RecvError::Closed) => return,
        }
    }
}

impl Shared {
    fn push(&self, case: CaseId) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.cases.len() >= KEPT {
            recent.cases.pop_front();
            recent.first += 1;
        }
        recent.cases.push_back(case);
        let last = recent.first + recent.cases.len() as u64 - 1;
        drop(recent);
        self.last.send_replace(last);
    }

    /// Changes that nobody saw: numbers pass, and nothing before them can be gone on from.
    fn skip(&self, missed: u64) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.first += recent.cases.len() as u64 + missed;
        recent.cases.clear();
        let last = recent.first - 1;
        drop(recent);
        self.last.send_replace(last);
    }

    fn number(&self, id: &str) -> Option<u64> {
        let (run, number) = id.split_once('-')?;
        (run.parse() == Ok(self.run)).then(|| number.parse().ok()).flatten()
    }
}

impl Cursor {
    /// The id of the last event given.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.shared.run, self.at)
    }

    /// Waits until there is something new. `false` when nothing will come any more.
    pub(crate) async fn wait(&mut self) -> bool {
        let at = self.at;
        self.last.wait_for(|last| *last > at).await.is_ok()
    }

    /// What is new, at most a batch of it.
    pub(crate) fn take(&mut self) -> News {
        let recent = self.shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = recent.first + recent.cases.len() as u64 - 1;
        if self.at + 1 < recent.first {
            self.at = newest;
            return News::Lost;
        }
        let from = usize::try_from(self.at + 1 - recent.first).unwrap_or(usize::MAX);
        let batch: Vec<CaseId> = recent.cases.iter().skip(from).take(BATCH).copied().collect();
        self.at += batch.len() as u64;
        let last_of = |index: usize| !batch[index + 1..].contains(&batch[index]);
        let once = (0..batch.len()).filter(|index| last_of(*index)).map(|index| batch[index]);
        News::Changed(once.collect())
    }
}

#[cfg(test)]
mod tests {
    use record::Subject;

    use super::*;

    fn cursor(feed: &Feed, at: u64) -> Cursor {
        Cursor { shared: feed.shared.clone(), last: feed.shared.last.subscribe(), at }
    }

    fn case(number: u16) -> CaseId {
        let mut id = [0; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        Subject::from_bytes(id)
    }

    #[test]
    fn a_listener_gets_every_change_from_where_it_stopped() {
        let feed = Feed::new();
        let mut listener = cursor(&feed, 0);
        for number in [1, 2, 1] {
            feed.shared.push(case(number));
        }
        assert_eq!(listener.take(), News::Changed(vec![case(2), case(1)]), "each once");
        feed.shared.push(case(3));
        let mut again = cursor(&feed, feed.shared.number(&listener.id()).unwrap());
        assert_eq!(again.take(), News::Changed(vec![case(3)]));
        assert_eq!(again.take(), News::Changed(vec![]));
    }

    #[test]
    fn whoever_was_away_too_long_is_told_so_and_memory_is_bounded() {
        let feed = Feed::new();
        let mut away = cursor(&feed, 0);
        for number in 0..KEPT as u16 + 10 {
            feed.shared.push(case(number));
        }
        assert_eq!(away.take(), News::Lost);
        assert_eq!(away.take(), News::Changed(vec![]));
        assert_eq!(feed.shared.recent.lock().unwrap().cases.len(), KEPT);
        feed.shared.skip(7);
        assert_eq!(away.take(), News::Lost);
        assert!(feed.shared.number("1-x").is_none() && feed.shared.number("").is_none());
        assert!(feed.shared.number(&format!("{}-5", feed.shared.run.wrapping_add(1))).is_none());
    }
}
