//! What is due when. An entry that has become pointless stays until its time and is then ignored by
//! whoever looks at the peer, so nothing has to be taken out.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use libp2p::PeerId;

/// Something to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A peer may have to be dialled.
    Dial(PeerId),
    /// A peer which is no neighbour may have been here long enough.
    Leave(PeerId),
}

/// The heap of times.
#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Due)>>,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Instant, due: Due) {
        self.heap.push(Reverse((at, due)));
    }

    /// Takes out one entry whose time has come.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Due> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, due))| due)
    }

    /// Completes when the first entry's time has come; never, where there is none. Safe to cancel.
    pub(crate) async fn wait(&self) {
        match self.heap.peek() {
            Some(Reverse((at, _))) => tokio::time::sleep_until((*at).into()).await,
            None => std::future::pending().await,
        }
    }
}
