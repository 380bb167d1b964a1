//! Limits by where something comes from, in a table with a bound: sources share a fixed number of limiters by
//! a keyed hash, whose collisions nobody can choose.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    num::NonZeroU32,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

const BUCKETS: usize = 4096;

/// A limit for each source address.
pub(crate) struct Sources {
    limiters: Vec<DefaultDirectRateLimiter>,
    hasher: RandomState,
}

impl Sources {
    pub(crate) fn new(quota: Quota) -> Self {
        Self {
            limiters: (0..BUCKETS).map(|_| RateLimiter::direct(quota)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Counts one more from there; says false when that is one too many.
    pub(crate) fn allow(&self, source: Option<IpAddr>) -> bool {
        let bucket = self.hasher.hash_one(source.map(network)) as usize % BUCKETS;
        self.limiters[bucket].check().is_ok()
    }
}

/// A home or office has one IPv4 address, or a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}

/// So many a second in the long run, and so many at once.
pub(crate) fn per_second(rate: u32, burst: u32) -> Quota {
    Quota::per_second(number(rate)).allow_burst(number(burst))
}

/// The same by the minute.
pub(crate) fn per_minute(rate: u32, burst: u32) -> Quota {
    Quota::per_minute(number(rate)).allow_burst(number(burst))
}

pub(crate) fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_from_one_source_leaves_the_others_alone() {
        let sources = Sources::new(per_second(1, 300));
        let flood = |last: u16| Some(IpAddr::V6([0x2001, 0xdb8, 0, 1, 0, 0, 0, last].into()));
        let allowed = (0..2_000).filter(|n| sources.allow(flood(*n))).count();
        assert!((300..310).contains(&allowed), "one /64 is one source: {allowed}");
        let others = (0..100u8).filter(|n| sources.allow(Some(IpAddr::from([198, 51, 100, *n])))).count();
        assert!(others >= 98, "{others} of 100 others");
    }
}
