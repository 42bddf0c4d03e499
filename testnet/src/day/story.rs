//! What errands wait for and what waits for them: the cut and the kill, and how far the day is.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::watch;

use crate::ledger::{Befallen, Ledger};

/// How far a misfortune has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Stage {
    /// It is still to come.
    Before,
    /// It is here.
    During,
    /// It is over.
    After,
}

/// Something that the misfortunes wait for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mark {
    /// A case of the community to be cut off is dealt with at the street.
    AwayAtCut,
    /// A case was offered while its home is cut off.
    OfferedInCut,
    /// A case is offered to the street to be killed, and not accepted.
    OfferedAtKill,
    /// A case is with the units of the street to be killed.
    CalledAtKill,
    /// The units have done their part while the street is down.
    UnitsDone,
}

const MARKS: usize = 5;

/// How far the day is.
pub(super) struct Story {
    cut: watch::Sender<Stage>,
    kill: watch::Sender<Stage>,
    marks: watch::Sender<[bool; MARKS]>,
    reported: AtomicUsize,
    finished: AtomicUsize,
    acts: AtomicUsize,
    acts_in_cut: AtomicUsize,
}

impl Story {
    /// The story of a day, as far as the ledger tells that it has come. What was begun and not
    /// ended is begun again.
    #[must_use]
    pub(super) fn new(ledger: &Ledger, day: usize) -> Self {
        let stage = |over| if ledger.befell(day, over) { Stage::After } else { Stage::Before };
        Self {
            cut: watch::Sender::new(stage(Befallen::Healed)),
            kill: watch::Sender::new(stage(Befallen::Restarted)),
            marks: watch::Sender::new([false; MARKS]),
            reported: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
            acts: AtomicUsize::new(0),
            acts_in_cut: AtomicUsize::new(0),
        }
    }

    pub(super) fn mark(&self, mark: Mark) {
        self.marks.send_modify(|marks| marks[mark as usize] = true);
    }

    pub(super) async fn marked(&self, mark: Mark) {
        let mut marks = self.marks.subscribe();
        // An error means that the sender is gone: it is in `self`.
        let _ = marks.wait_for(|marks| marks[mark as usize]).await;
    }

    pub(super) fn cut(&self, stage: Stage) {
        self.cut.send_replace(stage);
    }

    pub(super) fn kill(&self, stage: Stage) {
        self.kill.send_replace(stage);
    }

    pub(super) fn is_cut(&self) -> Stage {
        *self.cut.borrow()
    }

    pub(super) fn is_killed(&self) -> Stage {
        *self.kill.borrow()
    }

    pub(super) async fn until_cut(&self, stage: Stage) {
        let _ = self.cut.subscribe().wait_for(|now| *now >= stage).await;
    }

    pub(super) async fn until_killed(&self, stage: Stage) {
        let _ = self.kill.subscribe().wait_for(|now| *now >= stage).await;
    }

    /// Counts an acknowledged act.
    pub(super) fn did(&self, at_cut_off: bool) {
        self.acts.fetch_add(1, Relaxed);
        if at_cut_off && self.is_cut() == Stage::During {
            self.acts_in_cut.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn reported(&self) {
        self.reported.fetch_add(1, Relaxed);
    }

    pub(super) fn finished(&self) {
        self.finished.fetch_add(1, Relaxed);
    }

    /// Reported, finished, and acts acknowledged in this run.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.reported.load(Relaxed), self.finished.load(Relaxed), self.acts.load(Relaxed))
    }

    /// Acts that the cut-off community has acknowledged while it was cut off.
    pub(super) fn in_cut(&self) -> usize {
        self.acts_in_cut.load(Relaxed)
    }
}
