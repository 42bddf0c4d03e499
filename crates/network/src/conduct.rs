//! How peers behave and what it costs them. Strikes add up and are forgiven with time; too many of
//! them are a penalty, during which the peer is refused. Time is an argument.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::wire::WireError;

use crate::config;

/// What a peer did that an honest node does not do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Offence {
    /// A message that cannot be read: unknown type, over its cap, or not canonical CBOR.
    #[error("sent a message that cannot be read")]
    Malformed(#[source] Arc<WireError>),
    /// A message that stops in the middle.
    #[error("sent a message that stops in the middle")]
    Truncated,
    /// A request that took too long to arrive.
    #[error("took longer than {0:?} to send a request")]
    Slow(Duration),
    /// A response of a type that does not belong to the request.
    #[error("answered a request of type {asked} by a response of type {answered}")]
    Mismatched {
        /// Type tag of the request.
        asked: u8,
        /// Type tag of the response.
        answered: u8,
    },
    /// Requests over the rate limit, which were refused.
    #[error("sends requests faster than it may")]
    Flood,
    /// A message that could be read, but what it says does not hold; see
    /// [`Handle::strike`](crate::Handle::strike).
    #[error("sent what does not hold: {0}")]
    Untrue(String),
}

impl From<WireError> for Offence {
    fn from(error: WireError) -> Self {
        Self::Malformed(Arc::new(error))
    }
}

impl Offence {
    /// Strikes that it costs. What a broken network also brings about costs little, what only a
    /// faulty or hostile program does costs a whole one.
    #[must_use]
    pub fn strikes(&self) -> f64 {
        match self {
            Self::Malformed(_) | Self::Mismatched { .. } | Self::Untrue(_) => 1.0,
            Self::Slow(_) => 0.2,
            Self::Truncated => 0.1,
            Self::Flood => 0.02,
        }
    }
}

/// The record of one peer's offences.
#[derive(Clone, Debug)]
pub(crate) struct Conduct {
    strikes: f64,
    at: Instant,
    penalties: u32,
    /// End of the last penalty.
    until: Option<Instant>,
}

impl Conduct {
    pub(crate) fn clean(now: Instant) -> Self {
        Self { strikes: 0.0, at: now, penalties: 0, until: None }
    }

    /// Counts an offence; the end of the penalty where it was one too many.
    pub(crate) fn strike(
        &mut self,
        offence: &Offence,
        now: Instant,
        rules: &config::Conduct,
    ) -> Option<Instant> {
        self.strikes = self.strikes(now, rules) + offence.strikes();
        self.at = now;
        if self.strikes <= f64::from(rules.strikes) {
            return None;
        }
        if self.until.is_some_and(|until| now > until + rules.longest) {
            self.penalties = 0;
        }
        let penalty = rules.penalty.saturating_mul(1 << self.penalties.min(16));
        let until = now + penalty.min(rules.longest);
        self.penalties += 1;
        self.strikes = 0.0;
        self.until = Some(until);
        Some(until)
    }

    /// Strikes not yet forgiven.
    pub(crate) fn strikes(&self, now: Instant, rules: &config::Conduct) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        (self.strikes - passed / rules.forgiveness.as_secs_f64()).max(0.0)
    }

    /// Rest of the penalty, where one is running.
    pub(crate) fn refused_for(&self, now: Instant) -> Option<Duration> {
        let rest = self.until?.saturating_duration_since(now);
        (!rest.is_zero()).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> config::Conduct {
        config::Conduct::default()
    }

    #[test]
    fn the_fifth_malformed_message_in_a_row_is_a_penalty() {
        let now = Instant::now();
        let mut conduct = Conduct::clean(now);
        let bad = Offence::from(WireError::UnknownType(9));
        for _ in 0..4 {
            assert_eq!(conduct.strike(&bad, now, &rules()), None);
        }
        assert_eq!(conduct.strike(&bad, now, &rules()), Some(now + rules().penalty));
        assert_eq!(conduct.refused_for(now), Some(rules().penalty));
        assert_eq!(conduct.refused_for(now + rules().penalty), None);
    }

    #[test]
    fn strikes_are_forgiven_with_time() {
        let start = Instant::now();
        let mut conduct = Conduct::clean(start);
        for minute in 0..100 {
            let now = start + rules().forgiveness * minute;
            assert_eq!(
                conduct.strike(&Offence::from(WireError::UnknownType(9)), now, &rules()),
                None
            );
        }
    }

    #[test]
    fn penalties_double_up_to_the_longest_and_start_afresh_after_good_conduct() {
        let rules = config::Conduct { strikes: 0, ..rules() };
        let mut now = Instant::now();
        let mut conduct = Conduct::clean(now);
        let bad = Offence::from(WireError::UnknownType(9));
        let mut last = Duration::ZERO;
        for _ in 0..40 {
            let until = conduct.strike(&bad, now, &rules).unwrap();
            let penalty = until - now;
            assert!(penalty == (last * 2).clamp(rules.penalty, rules.longest), "{penalty:?}");
            last = penalty;
            now = until;
        }
        assert_eq!(last, rules.longest);
        now += rules.longest + Duration::from_secs(1);
        assert_eq!(conduct.strike(&bad, now, &rules), Some(now + rules.penalty));
    }

    #[test]
    fn a_stall_of_every_stream_of_an_honest_peer_is_no_penalty() {
        let now = Instant::now();
        let mut conduct = Conduct::clean(now);
        let quota = 2 * config::Requests::default().inbound_per_peer;
        for _ in 0..quota {
            let slow = Offence::Slow(Duration::from_secs(10));
            assert_eq!(conduct.strike(&slow, now, &rules()), None);
        }
    }
}
