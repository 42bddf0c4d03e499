//! When and where a peer is dialled: the addresses it is known by, and the state of reaching it.
//! Time and randomness are arguments.

use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use rand::{Rng, RngExt};

use crate::config::Backoff;

/// Most addresses kept of a peer from each source (told by the node, learned from the peer).
pub(crate) const MAX_ADDRESSES: usize = 8;

/// How much is done to reach a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// It is not dialled.
    None,
    /// Each address is tried once.
    Once,
    /// It is dialled until it is there, and again whenever it is lost.
    Always,
}

/// Where reaching the peer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing is under way.
    Idle,
    /// It is dialled at this time.
    Waiting(Instant),
    /// It is being dialled.
    Dialling,
    /// It is connected, since then.
    Connected(Instant),
}

/// What reaching one peer takes.
#[derive(Clone, Debug)]
pub(crate) struct Redial {
    effort: Effort,
    state: State,
    told: Vec<Multiaddr>,
    learned: Vec<Multiaddr>,
    /// Addresses that were answered by another key since the last success or full round.
    suspects: Vec<Multiaddr>,
    /// Whether an address came to be known during the dial under way, which does not try it.
    fresh: bool,
    failures: u32,
}

impl Redial {
    /// A peer of which no address is known.
    pub(crate) fn new() -> Self {
        Self {
            effort: Effort::None,
            state: State::Idle,
            told: Vec::new(),
            learned: Vec::new(),
            suspects: Vec::new(),
            fresh: false,
            failures: 0,
        }
    }

    pub(crate) fn effort(&self) -> Effort {
        self.effort
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Dials in a row that failed.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Every address known, those told first.
    pub(crate) fn addresses(&self) -> Vec<Multiaddr> {
        let mut all = self.told.clone();
        all.extend(self.learned.iter().filter(|address| !self.told.contains(address)).cloned());
        all
    }

    /// The node tells where the peer is and how much is to be done to reach it.
    ///
    /// State transition: `Idle` or `Waiting` → `Waiting(now)` where there is anything new to try;
    /// `Waiting` → `Idle` where nothing is to be done any more.
    pub(crate) fn tell(&mut self, mut addresses: Vec<Multiaddr>, effort: Effort, now: Instant) {
        addresses.truncate(MAX_ADDRESSES);
        let changed = self.told != addresses || self.effort != effort;
        self.told = addresses;
        self.effort = effort;
        if changed {
            self.start_afresh(now);
        }
    }

    /// The peer itself says where it is.
    ///
    /// State transition: `Waiting` → `Waiting(now)` where there is an address not tried before.
    pub(crate) fn learn(&mut self, mut addresses: Vec<Multiaddr>, now: Instant) {
        addresses.truncate(MAX_ADDRESSES);
        let fresh = addresses.iter().any(|address| !self.learned.contains(address));
        self.learned = addresses;
        if fresh {
            self.start_afresh(now);
        }
    }

    /// State transition: `Waiting(t)` with `t ≤ now` → `Dialling`.
    ///
    /// Returns the addresses to dial, none when it is not time or there is nothing to try.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Multiaddr> {
        match self.state {
            State::Waiting(at) if at <= now => self.dial(),
            State::Idle | State::Waiting(_) | State::Dialling | State::Connected(_) => Vec::new(),
        }
    }

    /// A dial failed; `impostor` is the address that another key answered, where that was why. libp2p
    /// gives up every other address then, so they are tried at once and the impostor's later.
    ///
    /// State transition: `Dialling` → `Waiting`, or `Idle` when no more is to be done.
    pub(crate) fn failed(
        &mut self,
        impostor: Option<Multiaddr>,
        now: Instant,
        backoff: &Backoff,
        rng: &mut impl Rng,
    ) {
        if self.state != State::Dialling {
            return;
        }
        let answered = impostor.is_some();
        self.suspects.extend(impostor);
        let rest = answered && self.candidates().next().is_some();
        let fresh = std::mem::take(&mut self.fresh);
        if (rest || fresh) && self.effort != Effort::None {
            self.state = State::Waiting(now);
            return;
        }
        self.suspects.clear();
        self.failures = self.failures.saturating_add(1);
        match self.effort {
            Effort::Always => self.wait(now, backoff, rng),
            Effort::Once => {
                self.effort = Effort::None;
                self.state = State::Idle;
            }
            Effort::None => self.state = State::Idle,
        }
    }

    /// State transition: any → `Connected`.
    pub(crate) fn connected(&mut self, now: Instant) {
        if !matches!(self.state, State::Connected(_)) {
            self.state = State::Connected(now);
        }
        self.suspects.clear();
        self.fresh = false;
        if self.effort == Effort::Once {
            self.effort = Effort::None;
        }
    }

    /// The last connection is gone. Only one that lasted clears the count of failures, so that a
    /// peer which hangs up at once is not dialled without pause.
    ///
    /// State transition: any → `Waiting`, or `Idle` when no more is to be done.
    pub(crate) fn lost(&mut self, now: Instant, backoff: &Backoff, rng: &mut impl Rng) {
        if let State::Connected(since) = self.state {
            let lasted = now.saturating_duration_since(since) >= backoff.longest;
            self.failures = if lasted { 0 } else { self.failures.saturating_add(1) };
        }
        match self.effort {
            Effort::Always => self.wait(now, backoff, rng),
            Effort::Once | Effort::None => self.state = State::Idle,
        }
    }

    /// The peer is refused until then.
    ///
    /// State transition: `Idle` or `Waiting` → `Waiting(until)`.
    pub(crate) fn hold(&mut self, until: Instant) {
        if self.effort == Effort::Always && !matches!(self.state, State::Connected(_)) {
            self.state = State::Waiting(until);
        }
    }

    fn start_afresh(&mut self, now: Instant) {
        self.suspects.clear();
        self.fresh = self.state == State::Dialling;
        if !matches!(self.state, State::Idle | State::Waiting(_)) {
            return;
        }
        self.failures = 0;
        let wanted = self.effort != Effort::None && self.candidates().next().is_some();
        self.state = if wanted { State::Waiting(now) } else { State::Idle };
    }

    fn dial(&mut self) -> Vec<Multiaddr> {
        let addresses: Vec<Multiaddr> = self.candidates().cloned().collect();
        self.state = if addresses.is_empty() { State::Idle } else { State::Dialling };
        addresses
    }

    fn candidates(&self) -> impl Iterator<Item = &Multiaddr> {
        let learned = self.learned.iter().filter(|address| !self.told.contains(address));
        self.told.iter().chain(learned).filter(|address| !self.suspects.contains(address))
    }

    fn wait(&mut self, now: Instant, backoff: &Backoff, rng: &mut impl Rng) {
        self.state = State::Waiting(now + delay(self.failures, backoff, rng));
    }
}

/// `first`, twice that for the second failure in a row and so on up to `longest`; shortened by up
/// to a half at random.
fn delay(failures: u32, backoff: &Backoff, rng: &mut impl Rng) -> Duration {
    let doublings = failures.saturating_sub(1).min(31);
    let full = backoff.first.saturating_mul(1 << doublings).min(backoff.longest);
    full.mul_f64(rng.random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests;
