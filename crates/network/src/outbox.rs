//! Events on their way to the node, in a bounded channel. What the node must know waits here, merged
//! to the latest state, so that it stays bounded by the number of peers and addresses; everything
//! else is refused when there is no room.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::event::Event;

/// The sending end of the event channel with what waits for room in it.
pub(crate) struct Outbox {
    sender: mpsc::Sender<Event>,
    waiting: VecDeque<Event>,
}

impl Outbox {
    pub(crate) fn new(sender: mpsc::Sender<Event>) -> Self {
        Self { sender, waiting: VecDeque::new() }
    }

    /// Delivers a change of state, now or later, unless a later change makes up for it.
    pub(crate) fn state(&mut self, event: Event) {
        if self.waiting.is_empty() {
            match self.sender.try_send(event) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(mpsc::error::TrySendError::Full(event)) => self.waiting.push_back(event),
            }
        } else {
            self.merge(event);
        }
    }

    /// Delivers a notice if at least half of the channel is free, so that no flood of them takes the
    /// room of requests.
    /// Tells whether it was delivered.
    pub(crate) fn notice(&self, event: Event) -> bool {
        let half = self.sender.capacity() * 2 >= self.sender.max_capacity();
        // Where there is room, the channel can only be closed: then nobody wants to know.
        self.waiting.is_empty() && half && self.sender.try_send(event).is_ok()
    }

    /// Delivers a request if there is room for it; dropping it, and with it the reply, refuses it.
    pub(crate) fn request(&self, event: Event) {
        if self.waiting.is_empty() {
            // Full or closed: the event comes back and is dropped.
            let _ = self.sender.try_send(event);
        }
    }

    /// Whether the node has dropped its end.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Delivers the first event that waits, or completes when the node drops its end. Safe to
    /// cancel.
    pub(crate) async fn tend(&mut self) {
        if self.waiting.is_empty() {
            return self.sender.closed().await;
        }
        if let Ok(room) = self.sender.reserve().await
            && let Some(event) = self.waiting.pop_front()
        {
            room.send(event);
        }
    }

    /// Appends a change of state; one that waits and is undone by it goes instead of both.
    fn merge(&mut self, event: Event) {
        let undone = self.waiting.iter().rposition(|earlier| concern_same(earlier, &event));
        match undone {
            Some(index) if undoes(&self.waiting[index], &event) => {
                self.waiting.remove(index);
            }
            Some(index) if repeats(&self.waiting[index], &event) => self.waiting[index] = event,
            Some(_) | None => self.waiting.push_back(event),
        }
    }
}

/// Whether both tell of the same peer's connection or of the same address.
fn concern_same(earlier: &Event, later: &Event) -> bool {
    match (subject(earlier), subject(later)) {
        (Some(earlier), Some(later)) => earlier == later,
        (None, _) | (_, None) => false,
    }
}

/// Whether `later` makes it as if `earlier` had never been. A lost connection is not undone by a new
/// one: whoever greeted the peer has to greet it again.
fn undoes(earlier: &Event, later: &Event) -> bool {
    matches!(
        (earlier, later),
        (Event::Connected { .. }, Event::Disconnected { .. })
            | (Event::Listening { .. }, Event::StoppedListening { .. })
            | (Event::StoppedListening { .. }, Event::Listening { .. })
    )
}

/// Whether both say the same kind of thing, so that the later one is enough.
fn repeats(earlier: &Event, later: &Event) -> bool {
    std::mem::discriminant(earlier) == std::mem::discriminant(later)
}

#[derive(PartialEq)]
enum Subject<'a> {
    Peer(&'a record::PublicKey),
    Address(&'a str),
}

fn subject(event: &Event) -> Option<Subject<'_>> {
    match event {
        Event::Connected { peer, .. } | Event::Disconnected { peer } => Some(Subject::Peer(peer)),
        Event::Listening { address } | Event::StoppedListening { address } => {
            Some(Subject::Address(address))
        }
        Event::Inbound { .. } | Event::Misbehaved { .. } | Event::DialFailed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use record::PublicKey;

    use super::*;

    fn event(peer: u8, up: bool) -> Event {
        let peer = PublicKey::from_bytes([peer; 32]);
        if up { Event::Connected { peer, known: true } } else { Event::Disconnected { peer } }
    }

    fn told(event: &Event) -> (usize, bool) {
        let up = matches!(event, Event::Connected { .. });
        let Some(Subject::Peer(peer)) = subject(event) else {
            panic!("only events of peers were sent");
        };
        (usize::from(peer.as_bytes()[0]), up)
    }

    proptest! {
        /// Whatever the pace of the reader: what waits is bounded, each peer's events alternate,
        /// the last one told is the truth, and no reconnect goes unnoticed.
        #[test]
        fn a_slow_reader_is_told_the_truth_in_bounded_room(
            steps in prop::collection::vec((0u8..4, any::<bool>()), 0..300),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (sender, mut receiver) = mpsc::channel(2);
            let mut outbox = Outbox::new(sender);
            let mut truth = [false; 4];
            let mut lost_since_told = [false; 4];
            let mut seen = [false; 4];
            let hear = |event: Event, seen: &mut [bool; 4], lost: &mut [bool; 4]| {
                let (peer, up) = told(&event);
                assert_ne!(seen[peer], up, "events of a peer alternate");
                lost[peer] &= up;
                seen[peer] = up;
            };
            for (peer, read) in steps {
                let slot = usize::from(peer);
                truth[slot] = !truth[slot];
                lost_since_told[slot] |= seen[slot] && !truth[slot];
                outbox.state(event(peer, truth[slot]));
                prop_assert!(outbox.waiting.len() <= 8);
                if read {
                    if let Ok(event) = receiver.try_recv() {
                        hear(event, &mut seen, &mut lost_since_told);
                    }
                    if !outbox.waiting.is_empty() {
                        runtime.block_on(outbox.tend());
                    }
                }
            }
            loop {
                while let Ok(event) = receiver.try_recv() {
                    hear(event, &mut seen, &mut lost_since_told);
                }
                if outbox.waiting.is_empty() {
                    break;
                }
                runtime.block_on(outbox.tend());
            }
            prop_assert_eq!(seen, truth);
            prop_assert_eq!(lost_since_told, [false; 4]);
        }
    }

    #[test]
    fn notices_leave_half_of_the_room_to_requests() {
        let (sender, mut receiver) = mpsc::channel(4);
        let outbox = Outbox::new(sender);
        for _ in 0..100 {
            outbox.notice(event(1, true));
        }
        assert!(outbox.sender.capacity() > 0);
        let mut count = 0;
        while receiver.try_recv().is_ok() {
            count += 1;
        }
        assert_eq!(count, 3);
    }
}
