//! Token buckets by key, in bounded memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::state::Rate;

/// Most keys kept. When there are more, those whose bucket is full again are forgotten; if none
/// is, newcomers share one bucket until some are.
const MOST: usize = 8_192;

/// Who is limited.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Key {
    /// An IPv4 address.
    V4([u8; 4]),
    /// The first 64 bits of an IPv6 address, which is what one household has.
    V6([u8; 8]),
    /// An account, by the beginning of its name's hash.
    Account([u8; 8]),
    /// Everybody, and whoever came without an address.
    All,
}

/// Buckets of one rate.
pub(crate) struct Buckets {
    rate: Rate,
    buckets: Mutex<HashMap<Key, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    level: f64,
    at: Instant,
}

impl Key {
    /// The key of an address.
    pub(crate) fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Self::All,
            Some(IpAddr::V4(v4)) => Self::V4(v4.octets()),
            Some(IpAddr::V6(v6)) => {
                let [a, b, c, d, e, f, g, h, ..] = v6.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

impl Key {
    /// The key of an account.
    pub(crate) fn of_account(name: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(name.as_bytes()).as_bytes();
        Self::Account([a, b, c, d, e, f, g, h])
    }
}

impl Buckets {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes one from the key's bucket, or says after what time there will be one.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn take(&self, key: Key, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST && !buckets.contains_key(&key) {
            let full = f64::from(self.rate.burst);
            buckets.retain(|_, bucket| self.level(bucket, now) < full);
        }
        let key = if buckets.len() >= MOST && !buckets.contains_key(&key) { Key::All } else { key };
        let fresh = Bucket { level: f64::from(self.rate.burst.max(1)), at: now };
        let bucket = buckets.entry(key).or_insert(fresh);
        *bucket = Bucket { level: self.level(bucket, now), at: now };
        if bucket.level >= 1.0 {
            bucket.level -= 1.0;
            return Ok(());
        }
        let seconds = (1.0 - bucket.level) * 3_600.0 / f64::from(self.rate.per_hour.max(1));
        Err(Duration::from_secs_f64(seconds.ceil().max(1.0)))
    }

    fn level(&self, bucket: &Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        let refilled = bucket.level + passed * f64::from(self.rate.per_hour) / 3_600.0;
        refilled.min(f64::from(self.rate.burst.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> Key {
        Key::of(Some(IpAddr::from(number.to_be_bytes())))
    }

    #[test]
    fn a_bucket_empties_and_refills_for_each_key_alone() {
        let buckets = Buckets::new(Rate { burst: 2, per_hour: 3_600 });
        let now = Instant::now();
        assert!(buckets.take(address(1), now).is_ok());
        assert!(buckets.take(address(1), now).is_ok());
        assert_eq!(buckets.take(address(1), now), Err(Duration::from_secs(1)));
        assert!(buckets.take(address(2), now).is_ok());
        assert!(buckets.take(address(1), now + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_newcomers_to_a_full_table_share_a_bucket() {
        let buckets = Buckets::new(Rate { burst: 1, per_hour: 1 });
        let now = Instant::now();
        let taken = (0..20_000).filter(|n| buckets.take(address(*n), now).is_ok()).count();
        assert_eq!(taken, MOST + 1);
        assert!(buckets.buckets.lock().unwrap().len() <= MOST + 1);
        let later = now + Duration::from_secs(3_700);
        assert!(buckets.take(address(30_000), later).is_ok());
        assert!(buckets.buckets.lock().unwrap().len() <= 2);
    }

    #[test]
    fn a_household_of_ipv6_addresses_has_one_bucket() {
        let of = |text: &str| Key::of(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
