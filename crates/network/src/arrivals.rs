//! How fast connections may come from one place before anybody has said who they are: a quota of
//! handshakes under way and a rate, per IPv4 address or IPv6 /64. Time is an argument.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use crate::bucket::{Bucket, Rate};

/// Sources remembered; beyond it those which owe nothing are forgotten, then all that wait for
/// nothing.
const MAX_SOURCES: usize = 4096;

/// The sources of recent connections.
pub(crate) struct Arrivals {
    pending: usize,
    rate: Rate,
    sources: HashMap<IpAddr, Source>,
}

struct Source {
    pending: usize,
    bucket: Bucket,
}

impl Arrivals {
    /// `pending` handshakes at the same time and `rate` connections for each source.
    pub(crate) fn new(pending: usize, rate: Rate) -> Self {
        Self { pending, rate, sources: HashMap::new() }
    }

    /// Counts a connection in; `false` when its source has used up its quota.
    pub(crate) fn arrive(&mut self, ip: IpAddr, now: Instant) -> bool {
        self.make_room(now);
        let rate = self.rate;
        let source = self
            .sources
            .entry(prefix(ip))
            .or_insert_with(|| Source { pending: 0, bucket: Bucket::full(rate, now) });
        let room = source.pending < self.pending && source.bucket.take(now);
        source.pending += usize::from(room);
        room
    }

    /// The handshake of a connection that was counted in is over, well or not.
    pub(crate) fn settle(&mut self, ip: IpAddr) {
        if let Some(source) = self.sources.get_mut(&prefix(ip)) {
            source.pending = source.pending.saturating_sub(1);
        }
    }

    fn make_room(&mut self, now: Instant) {
        if self.sources.len() < MAX_SOURCES {
            return;
        }
        self.sources.retain(|_, source| source.pending > 0 || !source.bucket.is_full(now));
        if self.sources.len() >= MAX_SOURCES {
            self.sources.retain(|_, source| source.pending > 0);
        }
    }
}

/// What one subscriber has: an IPv4 address, or the /64 of an IPv6 address.
fn prefix(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        IpAddr::V4(ip) => IpAddr::V4(ip),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn arrivals() -> Arrivals {
        Arrivals::new(2, Rate { per_second: 1, burst: 3 })
    }

    fn v4(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_source_cannot_use_up_the_room_of_another() {
        let now = Instant::now();
        let mut arrivals = arrivals();
        assert!(arrivals.arrive(v4(1), now) && arrivals.arrive(v4(1), now));
        assert!(!arrivals.arrive(v4(1), now));
        assert!(arrivals.arrive(v4(2), now));
    }

    #[test]
    fn a_source_that_connects_again_and_again_is_slowed_down() {
        let now = Instant::now();
        let mut arrivals = arrivals();
        let mut came = 0;
        for _ in 0..100 {
            if arrivals.arrive(v4(1), now) {
                came += 1;
                arrivals.settle(v4(1));
            }
        }
        assert_eq!(came, 3);
        assert!(arrivals.arrive(v4(1), now + Duration::from_secs(1)));
    }

    #[test]
    fn an_ipv6_network_of_a_subscriber_counts_as_one_source() {
        let now = Instant::now();
        let mut arrivals = arrivals();
        let ip = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        assert!(arrivals.arrive(ip(1), now) && arrivals.arrive(ip(2), now));
        assert!(!arrivals.arrive(ip(3), now));
    }

    #[test]
    fn sources_are_forgotten_rather_than_piled_up() {
        let now = Instant::now();
        let mut arrivals = arrivals();
        for number in 0..3 * MAX_SOURCES {
            let ip = IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
            arrivals.arrive(ip, now);
            arrivals.settle(ip);
            assert!(arrivals.sources.len() <= MAX_SOURCES);
        }
    }
}
