//! How much of something may be used per time: bandwidth, and answers to whom is not proven.

use std::net::IpAddr;

use foldhash::fast::FixedState;

use crate::time::Tick;

/// A rate with a burst. Zero is not allowed; no limit is `None` where a limit is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units (bytes, answers) per second.
    pub per_second: u64,
    /// The most units at once.
    pub burst: u64,
}

/// A [`Rate`] made ready for the hot path: no division there.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    /// Nanoseconds a unit takes, times 1024.
    unit: u64,
    /// Nanoseconds the burst takes.
    burst: u64,
}

impl Limit {
    const UNLIMITED: Self = Self { unit: 0, burst: u64::MAX / 2 };

    pub(crate) fn new(rate: Option<Rate>) -> Self {
        let Some(rate) = rate else { return Self::UNLIMITED };
        let unit = 1_000_000_000 * 1024 / rate.per_second.max(1);
        Self { unit, burst: (unit.saturating_mul(rate.burst) >> 10).min(u64::MAX / 4) }
    }
}

/// A token bucket, as the time at which it will be full again (the generic cell rate algorithm).
#[derive(Clone, Copy, Default)]
pub(crate) struct Bucket {
    pub(crate) full_at: Tick,
}

impl Bucket {
    /// Takes this many units, or nothing if there are fewer.
    pub(crate) fn take(&mut self, limit: &Limit, units: u64, now: Tick) -> bool {
        let full_at = self.full_at.max(now).saturating_add(units.saturating_mul(limit.unit) >> 10);
        let within = full_at - now <= limit.burst;
        if within {
            self.full_at = full_at;
        }
        within
    }
}

/// Answers before proof, a bucket for each source network (IPv4 /24, IPv6 /48). The number of buckets is
/// fixed; which networks share one depends on the seed, so nobody can choose whom to share with.
pub(crate) struct NetworkBudget {
    buckets: Box<[Bucket]>,
    limit: Limit,
    hasher: FixedState,
}

impl NetworkBudget {
    const BUCKETS: usize = 4096;

    pub(crate) fn new(rate: Rate, seed: u64) -> Self {
        Self {
            buckets: vec![Bucket::default(); Self::BUCKETS].into(),
            limit: Limit::new(Some(rate)),
            hasher: FixedState::with_seed(seed),
        }
    }

    pub(crate) fn take(&mut self, source: IpAddr, now: Tick) -> bool {
        use std::hash::BuildHasher;
        let network = match source {
            IpAddr::V4(ip) => u64::from(u32::from(ip) >> 8),
            IpAddr::V6(ip) => 1 << 63 | (u128::from(ip) >> 80) as u64,
        };
        let at = self.hasher.hash_one(network) as usize % Self::BUCKETS;
        self.buckets[at].take(&self.limit, 1, now)
    }
}
