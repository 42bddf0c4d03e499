//! Durations that can be added up: counts in buckets that are the same everywhere.
//!
//! Integers only, so that every machine puts a duration into the same bucket. Values up to 127 ms
//! have a bucket each. Above, each doubling is divided into 64 equal buckets, and a bucket stands
//! for its middle: a bucket of width w begins at 64·w or later, so the middle is off by at most
//! w/2, which is **at most 1/128 (0.8 %) of the value**. Merging loses nothing further.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Most of anything that one node counts under one group.
pub const MAX_COUNT: u64 = 1_000_000_000;
/// Bits of a value that a bucket keeps below the leading one.
const KEPT: u32 = 6;
/// Buckets in a doubling.
const STEPS: u64 = 1 << KEPT;
/// The longest duration told apart: about 69 years in milliseconds. Longer ones count as this.
const LONGEST: u64 = (1 << 41) - 1;

/// How often durations occurred, in milliseconds, to within 1 %.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<u16, u64>", into = "BTreeMap<u16, u64>")]
pub struct Histogram(BTreeMap<u16, u64>);

/// Why counts are not a histogram.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HistogramError {
    /// No duration has this bucket.
    #[error("histogram has bucket {0}, beyond the last")]
    Bucket(u16),
    /// Zero, which is written by leaving the bucket out, or absurd.
    #[error("histogram has {count} in bucket {bucket}; it takes 1 to {MAX_COUNT}")]
    Count {
        /// The bucket.
        bucket: u16,
        /// What it claims.
        count: u64,
    },
}

impl Histogram {
    /// Adds one duration in milliseconds.
    pub fn record(&mut self, millis: u64) {
        let count = self.0.entry(bucket(millis)).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds everything in the other. Commutative and associative.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, more) in &other.0 {
            let count = self.0.entry(*bucket).or_default();
            *count = count.saturating_add(*more);
        }
    }

    /// The buckets that have any, ascending, with how many.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (u16, u64)> {
        self.0.iter().map(|(bucket, count)| (*bucket, *count))
    }

    /// Adds to a bucket.
    pub(super) fn add(&mut self, bucket: u16, count: u64) {
        if count > 0 {
            let known = self.0.entry(bucket).or_default();
            *known = known.saturating_add(count);
        }
    }

    /// How many durations were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The median in milliseconds, to within 1 %; none of nothing.
    #[must_use]
    pub fn median(&self) -> Option<u64> {
        self.percentile(50)
    }

    /// The 90th percentile in milliseconds, to within 1 %; none of nothing.
    #[must_use]
    pub fn p90(&self) -> Option<u64> {
        self.percentile(90)
    }

    /// The smallest recorded duration that at least `percent` in a hundred do not exceed (nearest
    /// rank), in milliseconds, to within 1 %; none of nothing. More than 100 counts as 100.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<u64> {
        let part = u128::from(self.count()) * u128::from(percent.min(100));
        let rank = part.div_ceil(100).max(1);
        let mut passed = 0_u128;
        self.0.iter().find_map(|(bucket, count)| {
            passed += u128::from(*count);
            (passed >= rank).then(|| middle(*bucket))
        })
    }
}

/// The bucket of a duration.
fn bucket(millis: u64) -> u16 {
    let value = millis.min(LONGEST);
    let halvings = value.checked_ilog2().unwrap_or(0).saturating_sub(KEPT);
    let bucket = u64::from(halvings) * STEPS + (value >> halvings);
    u16::try_from(bucket).expect("the longest duration has bucket 2303")
}

/// The duration in the middle of a bucket.
fn middle(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    let halvings = (bucket / STEPS).saturating_sub(1);
    let low = (bucket - halvings * STEPS) << halvings;
    low + ((1 << halvings) - 1) / 2
}

impl TryFrom<BTreeMap<u16, u64>> for Histogram {
    type Error = HistogramError;

    fn try_from(counts: BTreeMap<u16, u64>) -> Result<Self, HistogramError> {
        let last = bucket(LONGEST);
        let wrong = counts.iter().find_map(|(bucket, count)| match (*bucket, *count) {
            (bucket, _) if bucket > last => Some(HistogramError::Bucket(bucket)),
            (_, 1..=MAX_COUNT) => None,
            (bucket, count) => Some(HistogramError::Count { bucket, count }),
        });
        wrong.map_or(Ok(Self(counts)), Err)
    }
}

impl From<Histogram> for BTreeMap<u16, u64> {
    fn from(histogram: Histogram) -> Self {
        histogram.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Durations of every size up to a bit over the longest one told apart.
    fn durations() -> impl Strategy<Value = u64> {
        (0_u32..41, any::<u64>()).prop_map(|(bits, noise)| noise & ((1 << bits) - 1) | 1 << bits)
    }

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.record(*value));
        histogram
    }

    fn within_one_percent(estimate: u64, exact: u64) -> bool {
        u128::from(estimate.abs_diff(exact)) * 100 <= u128::from(exact)
    }

    #[test]
    fn the_ends_of_the_scale_have_buckets() {
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(LONGEST), 2303);
        assert_eq!(bucket(u64::MAX), 2303);
        assert_eq!(of(&[]).median(), None);
        assert_eq!(of(&[0, 0]).p90(), Some(0));
        assert_eq!(of(&[127]).median(), Some(127));
    }

    #[test]
    fn buckets_follow_each_other_without_gap() {
        for value in 0..1 << 14 {
            assert!((0..=1).contains(&(bucket(value + 1) - bucket(value))), "{value}");
        }
    }

    #[test]
    fn absurd_counts_and_buckets_are_refused() {
        assert!(Histogram::try_from(BTreeMap::from([(2303, MAX_COUNT)])).is_ok());
        assert!(Histogram::try_from(BTreeMap::from([(2304, 1)])).is_err());
        assert!(Histogram::try_from(BTreeMap::from([(1, 0)])).is_err());
        assert!(Histogram::try_from(BTreeMap::from([(1, MAX_COUNT + 1)])).is_err());
    }

    proptest! {
        #[test]
        fn every_percentile_is_within_one_percent_of_the_exact_one(
            mut values in vec(durations(), 1..200), percent in 1_u8..=100,
        ) {
            let histogram = of(&values);
            values.sort_unstable();
            let rank = (values.len() * usize::from(percent)).div_ceil(100).max(1);
            let exact = values[rank - 1];
            let estimate = histogram.percentile(percent).unwrap();
            prop_assert!(within_one_percent(estimate, exact), "{estimate} for {exact}");
        }

        #[test]
        fn merging_is_recording_together_in_any_order(
            a in vec(durations(), 0..50), b in vec(durations(), 0..50), c in vec(durations(), 0..50),
        ) {
            let merge = |x: &Histogram, y: &Histogram| { let mut sum = x.clone(); sum.merge(y); sum };
            let (ha, hb, hc) = (of(&a), of(&b), of(&c));
            let together = of(&[a, b, c].concat());
            prop_assert_eq!(&merge(&merge(&ha, &hb), &hc), &together);
            prop_assert_eq!(&merge(&ha, &merge(&hb, &hc)), &together);
            prop_assert_eq!(&merge(&hc, &merge(&hb, &ha)), &together);
        }
    }
}
