//! Worker threads for what needs no change of state: reading pages, checking signatures, counting.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use governance::query::{Matter, Seat};
use record::{Hash, NodeId};
use tokio::sync::oneshot;

use super::Handle;
use crate::arrival::PageError;
use crate::engine::{Input, Wanted};
use crate::wire::{Challenge, Fetch, PIECE_BYTES, Page, Response};
use crate::world::World;
use crate::{arrival, blob, outbox, view};

/// Jobs that may wait.
const QUEUE: usize = 256;
const THREADS: usize = 2;

/// Work for a worker thread.
pub(super) enum Job {
    /// Read a page of a peer's stream.
    Page {
        /// The peer.
        peer: NodeId,
        /// Entries above this.
        after: u64,
        /// What it may have.
        bounds: outbox::Bounds,
        /// Where the page goes.
        reply: oneshot::Sender<Response>,
    },
    /// Open a record for the parent.
    Open {
        /// Who asks.
        peer: NodeId,
        /// For what.
        asked: Challenge,
        /// Where the record goes.
        reply: oneshot::Sender<Response>,
    },
    /// Check a page's signatures.
    Verify {
        /// The peer it came from.
        from: NodeId,
        /// Which page it is.
        wanted: Wanted,
        /// The page.
        page: Page,
        /// The peers known now.
        world: Arc<World>,
    },
    /// Read a piece of a photo for a peer.
    Piece {
        /// The peer.
        peer: NodeId,
        /// Which piece.
        fetch: Fetch,
        /// Where it goes.
        reply: oneshot::Sender<Response>,
    },
    /// Keep a photo that came from a peer.
    KeepPhoto {
        /// The peer.
        from: NodeId,
        /// The photo.
        photo: Hash,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Clear photos away that nothing keeps.
    ClearPhotos,
    /// Count cases.
    Count {
        /// For which question.
        ask: u64,
        /// What.
        matter: Matter,
        /// This node.
        seat: Seat,
    },
}

/// The worker threads' queue. They end when it is dropped.
pub(super) struct Workers(SyncSender<Job>);

impl Workers {
    pub(super) fn start(handle: Handle) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..THREADS {
            let (handle, jobs) = (handle.clone(), jobs.clone());
            std::thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || work(&handle, &jobs))?;
        }
        Ok(Self(queue))
    }

    /// Hands over a job; gives it back when the queue is full.
    pub(super) fn put(&self, job: Job) -> Option<Job> {
        self.0.try_send(job).err().map(|error| match error {
            std::sync::mpsc::TrySendError::Full(job)
            | std::sync::mpsc::TrySendError::Disconnected(job) => job,
        })
    }
}

fn work(handle: &Handle, jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
        match job {
            Ok(job) => run_or_say(handle, job),
            Err(_) => return,
        }
    }
}

/// A job that panics ends alone: there are few threads, and what made one fail comes again.
fn run_or_say(handle: &Handle, job: Job) {
    let unchecked =
        if let Job::Verify { from, wanted, .. } = &job { Some((*from, *wanted)) } else { None };
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(handle, job)));
    if ended.is_err() {
        tracing::error!(
            "后台任务出错，已略过：请把日志发给维护者 a job failed and was left out: send the log to \
             the maintainers"
        );
        if let Some((from, wanted)) = unchecked {
            let page = Err(PageError::NotChecked);
            handle.put_blocking(Input::Arrived { from, wanted, page });
        }
    }
}

fn run(handle: &Handle, job: Job) {
    match job {
        Job::Page { peer, after, bounds, reply } => {
            let page = outbox::page(&handle.setup(), &handle.reader, peer, after, bounds);
            let response = page.map(Response::Page).unwrap_or_else(|error| {
                tracing::error!(peer = %peer, error = %error, "a page could not be read");
                Response::Refused
            });
            let _ = reply.send(response);
        }
        Job::Open { peer, asked, reply } => {
            let opened = outbox::open(&handle.setup(), &handle.reader, peer, &asked);
            let opened = opened.unwrap_or_else(|error| {
                tracing::error!(peer = %peer, error = %error, "a record could not be opened");
                None
            });
            let _ = reply.send(opened.map_or(Response::Refused, Response::Opened));
        }
        Job::Verify { from, wanted, page, world } => {
            let page =
                arrival::verify_page(&handle.setup(), &world.directory, from, page, handle.now());
            handle.put_blocking(Input::Arrived { from, wanted, page });
        }
        Job::Piece { peer, fetch, reply } => {
            let (setup, reader) = (handle.setup(), &handle.reader);
            let blobs = handle.blobs.as_ref();
            let piece =
                outbox::piece(&setup, reader, blobs, peer, &fetch, PIECE_BYTES, handle.now());
            let piece = piece.unwrap_or_else(|error| {
                tracing::error!(peer = %peer, error = %error, "a photo could not be read");
                None
            });
            let _ = reply.send(piece.map_or(Response::Refused, Response::Piece));
        }
        Job::KeepPhoto { from, photo, bytes } => {
            let kept = blob::keep(handle.blobs.as_ref(), &photo, &bytes);
            handle.put_blocking(Input::PhotoKept { from, photo, kept });
        }
        Job::ClearPhotos => handle.clear_photos(),
        Job::Count { ask, matter, seat } => {
            let counted = view::count(&handle.reader, &matter, &seat, handle.now());
            let counted = counted
                .inspect_err(|error| tracing::error!(error = %error, "counting failed"))
                .ok();
            handle.put_blocking(Input::Counted { ask, counted });
        }
    }
}
