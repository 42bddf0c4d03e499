//! The background thread: carries the overlay to sled, and writes the watermark.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use engine::store::StoreError;

use crate::index::{Index, PATIENCE};
use crate::journal::Files;
use crate::watermark::Watermark;

/// Small changes wait this long for more, so that they go to sled together.
const GATHER: Duration = Duration::from_millis(100);
/// The watermark is written at most this often.
const WATERMARK_PERIOD: Duration = Duration::from_secs(1);
/// sled is flushed at most this often.
const FLUSH_PERIOD: Duration = Duration::from_secs(5);

/// What the thread works on.
pub(crate) struct Kept {
    pub(crate) index: Arc<Index>,
    pub(crate) files: Arc<Files>,
    pub(crate) watermark_path: PathBuf,
    /// The newest state; the thread writes it when it is due.
    pub(crate) watermark: Mutex<Option<Watermark>>,
    bell: Mutex<Bell>,
    rung: Condvar,
}

#[derive(Clone, Copy, Default)]
struct Bell {
    work: bool,
    stop: bool,
}

/// The running thread.
pub(crate) struct Keeper {
    kept: Arc<Kept>,
    /// Says when the thread has ended.
    ended: Receiver<()>,
}

impl Kept {
    pub(crate) fn new(
        index: Arc<Index>,
        files: Arc<Files>,
        watermark_path: PathBuf,
        watermark: Option<Watermark>,
    ) -> Self {
        let watermark = Mutex::new(watermark);
        let (bell, rung) = (Mutex::default(), Condvar::new());
        Self { index, files, watermark_path, watermark, bell, rung }
    }

    /// There is a whole layer to carry.
    pub(crate) fn ring(&self) {
        self.bell().work = true;
        self.rung.notify_one();
    }

    /// The newest watermark, to be written soon.
    pub(crate) fn set_watermark(&self, watermark: Watermark) {
        *self.newest() = Some(watermark);
    }

    pub(crate) fn newest(&self) -> MutexGuard<'_, Option<Watermark>> {
        self.watermark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bell(&self) -> MutexGuard<'_, Bell> {
        self.bell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work, but not long.
    fn wait(&self) -> Bell {
        let idle = |bell: &mut Bell| !bell.work && !bell.stop;
        let woken = self.rung.wait_timeout_while(self.bell(), GATHER, idle);
        let (mut bell, _) = woken.unwrap_or_else(PoisonError::into_inner);
        let rung = *bell;
        bell.work = false;
        rung
    }

    /// Carries all layers that have their size, and with `small` the rest too. Returns whether
    /// there was anything.
    fn drain(&self, small: bool) -> Result<bool, StoreError> {
        let mut any = false;
        while self.index.drain(&self.files, small)? {
            any = true;
        }
        Ok(any)
    }

    fn write_watermark(&self, written: &mut Option<Watermark>) {
        let newest = *self.newest();
        let Some(watermark) = newest.filter(|_| newest != *written) else { return };
        // Whatever comes of it: a disk that refuses is not asked again for the same.
        *written = newest;
        if let Err(error) = watermark.write(&self.watermark_path) {
            tracing::error!(%error, "the watermark can't be written");
        }
    }
}

impl Keeper {
    /// Starts the thread. `written` is the watermark that is on the disk.
    pub(crate) fn start(kept: Arc<Kept>, written: Option<Watermark>) -> std::io::Result<Self> {
        let work = Arc::clone(&kept);
        let (end, ended) = mpsc::sync_channel(1);
        let run = move || {
            // A failure of the index is latched inside it; this thread must not take the node down.
            if catch_unwind(AssertUnwindSafe(|| run(&work, written))).is_err() {
                work.index.give_up("the thread that keeps it panicked");
            }
            drop(work);
            let _ = end.send(());
        };
        thread::Builder::new().name("wangge-index".to_owned()).spawn(run)?;
        Ok(Self { kept, ended })
    }

    /// Lets the thread finish what there is, and waits for it; not for ever, for sled may hang.
    pub(crate) fn stop(&self) {
        self.kept.bell().stop = true;
        self.kept.rung.notify_one();
        if self.ended.recv_timeout(PATIENCE).is_err() {
            self.kept.index.give_up("sled does not come back");
        }
    }
}

fn run(kept: &Kept, mut written: Option<Watermark>) {
    let (mut flushed, mut marked) = (Instant::now(), Instant::now());
    let (mut dirty, mut failed) = (false, false);
    loop {
        let Bell { work, stop } = kept.wait();
        if !failed {
            let drained = kept.drain(stop || !work);
            dirty |= *drained.as_ref().unwrap_or(&false);
            failed = drained.is_err();
        }
        if dirty && !failed && flushed.elapsed() >= FLUSH_PERIOD {
            failed = kept.index.flush().is_err();
            (dirty, flushed) = (false, Instant::now());
        }
        if marked.elapsed() >= WATERMARK_PERIOD {
            kept.write_watermark(&mut written);
            marked = Instant::now();
        }
        if stop {
            return;
        }
    }
}
