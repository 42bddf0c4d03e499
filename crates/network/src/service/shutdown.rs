//! Shutting down in order: no new connections and requests, those under way are answered, then
//! every connection is closed, then the task ends.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Service;

/// How far the task has come.
pub(super) enum Phase {
    /// It works.
    Running,
    /// It waits for the requests under way, until then.
    Draining { until: Instant, done: Option<oneshot::Sender<()>> },
    /// It waits for the connections to close, until then.
    Closing { until: Instant, done: Option<oneshot::Sender<()>> },
}

/// Time for a response that was sent to be read: the end of a connection can overtake it, because a
/// peer that writes into a closed connection loses what it has not read yet.
const READING: Duration = Duration::from_millis(250);

impl Phase {
    pub(super) fn is_running(&self) -> bool {
        matches!(self, Self::Running)
    }
}

/// Completes at that time, or never.
pub(super) async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

impl Service {
    /// State transition: `Running` → `Draining`.
    pub(super) fn shut_down(&mut self, until: Instant, done: oneshot::Sender<()>) {
        self.begin(until, Some(done));
    }

    /// The node has dropped its handles or its receiver.
    ///
    /// State transition: `Running` → `Draining`.
    pub(super) fn let_go(&mut self) {
        tracing::debug!("the node has let go of the network");
        self.begin(Instant::now(), None);
    }

    /// When the phase ends at the latest.
    pub(super) fn phase_ends(&self, now: Instant) -> Option<Instant> {
        match self.phase {
            Phase::Running => None,
            Phase::Draining { until, .. } => {
                Some(self.drained(now).map_or(until, |at| at.min(until)))
            }
            Phase::Closing { until, .. } => Some(until),
        }
    }

    /// State transition: `Draining` → `Closing` when nothing is under way or the time is over.
    pub(super) fn advance(&mut self) {
        let now = Instant::now();
        let over = self.phase_ends(now).is_some_and(|ends| ends <= now);
        let Phase::Draining { done, .. } = &mut self.phase else {
            return;
        };
        if !over {
            return;
        }
        let done = done.take();
        self.phase = Phase::Closing { until: now + self.grace(), done };
        let peers: Vec<_> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            // An error only says that the peer has gone in the meantime.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
    }

    /// Whether the task has nothing left to do.
    pub(super) fn is_over(&self) -> bool {
        match self.phase {
            Phase::Running | Phase::Draining { .. } => false,
            Phase::Closing { until, .. } => {
                Instant::now() >= until || self.swarm.connected_peers().next().is_none()
            }
        }
    }

    /// Lets go of every socket, then says so.
    pub(super) fn end(self) {
        let Self { phase, swarm, commands, .. } = self;
        drop(swarm);
        drop(commands);
        match phase {
            Phase::Closing { done: Some(done), .. } => super::reply(done, ()),
            Phase::Running | Phase::Draining { .. } | Phase::Closing { .. } => {}
        }
    }

    /// When nothing will be under way any more, where that is known.
    fn drained(&self, now: Instant) -> Option<Instant> {
        let idle = self.asked.is_empty() && self.answering.is_empty();
        idle.then(|| self.last_response.map_or(now, |at| at + READING))
    }

    fn begin(&mut self, until: Instant, done: Option<oneshot::Sender<()>>) {
        self.swarm.behaviour_mut().gate.admission.close();
        for listener in std::mem::take(&mut self.listeners) {
            self.swarm.remove_listener(listener);
        }
        self.phase = Phase::Draining { until, done };
    }

    /// A little longer than connections are given to close in good order.
    fn grace(&self) -> Duration {
        self.config.connections.closing + Duration::from_secs(1)
    }
}
