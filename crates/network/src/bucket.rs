//! A token bucket. Time is an argument.

use std::time::Instant;

/// How many tokens come back and how many it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Tokens a second.
    pub(crate) per_second: u32,
    /// Tokens in a full bucket.
    pub(crate) burst: u32,
}

/// A bucket that starts full.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    level: f64,
    at: Instant,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, level: f64::from(rate.burst), at: now }
    }

    /// Takes one token; `false` when there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.refill(now);
        let there = self.level >= 1.0;
        if there {
            self.level -= 1.0;
        }
        there
    }

    /// Whether nothing is owed, so that forgetting the bucket changes nothing.
    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.level >= f64::from(self.rate.burst)
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let level = self.level + passed * f64::from(self.rate.per_second);
        self.level = level.min(f64::from(self.rate.burst));
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_more_than_burst_plus_rate_times_time(
            per_second in 0u32..50,
            burst in 1u32..50,
            waits in prop::collection::vec(0u64..500, 1..200),
        ) {
            let start = Instant::now();
            let mut bucket = Bucket::full(Rate { per_second, burst }, start);
            let mut now = start;
            let mut taken = 0u32;
            for wait in waits {
                now += Duration::from_millis(wait);
                taken += u32::from(bucket.take(now));
                let allowed =
                    f64::from(burst) + (now - start).as_secs_f64() * f64::from(per_second);
                prop_assert!(f64::from(taken) <= allowed + 1e-6);
            }
        }
    }

    #[test]
    fn a_clock_that_jumps_back_gives_no_tokens() {
        let now = Instant::now() + Duration::from_secs(10);
        let mut bucket = Bucket::full(Rate { per_second: 1, burst: 1 }, now);
        assert!(bucket.take(now));
        assert!(!bucket.take(now.checked_sub(Duration::from_secs(5)).unwrap()));
        assert!(!bucket.take(now + Duration::from_millis(900)));
        assert!(bucket.take(now + Duration::from_millis(1001)));
    }
}
