//! How long a thread works before it waits again: the longest that what comes next may have to wait.

use std::time::Duration;

/// Buckets by powers of two, from 1 µs to a second; what takes longer is in the last.
const BUCKETS: usize = 22;

/// How often a batch took so long: everything from when the poller has told of something to when it is asked again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batches {
    counts: [u64; BUCKETS],
    nanoseconds: u64,
}

impl Batches {
    #[inline]
    pub(crate) fn note(&mut self, took: Duration) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        // 0 for up to 1 µs, 1 for up to 2 µs, 2 for up to 4 µs...
        let micros = nanoseconds.div_ceil(1000).max(1);
        let bucket = micros.next_power_of_two().trailing_zeros() as usize;
        self.counts[bucket.min(BUCKETS - 1)] += 1;
        self.nanoseconds = self.nanoseconds.saturating_add(nanoseconds);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, more)| *sum += more);
        self.nanoseconds = self.nanoseconds.saturating_add(other.nanoseconds);
    }

    /// The buckets, shortest first: seconds that a batch in it took at most, and how many took no longer than that. The
    /// last has no bound.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut sum = 0;
        self.counts.into_iter().enumerate().map(move |(bucket, count)| {
            sum += count;
            (if bucket + 1 == BUCKETS { f64::INFINITY } else { bound(bucket) }, sum)
        })
    }

    /// All batches.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What they took together, in seconds.
    pub fn seconds(&self) -> f64 {
        self.nanoseconds as f64 / 1e9
    }

    /// What this share of them took at most, in seconds; none without a batch.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = (self.count() as f64 * share).ceil().max(1.0) as u64;
        let reached = self.cumulative().position(|(_, sum)| sum >= wanted)?;
        Some(bound(reached))
    }
}

fn bound(bucket: usize) -> f64 {
    (1u64 << bucket) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_in_the_bucket_that_bounds_it() {
        let mut batches = Batches::default();
        assert_eq!(batches.quantile(0.5), None);
        for nanoseconds in [0, 900, 1_000, 1_001, 2_000, 2_001, 90_000_000_000] {
            batches.note(Duration::from_nanos(nanoseconds));
        }
        let buckets: Vec<_> = batches.cumulative().collect();
        assert_eq!(buckets[..3], [(1e-6, 3), (2e-6, 5), (4e-6, 6)]);
        assert_eq!(buckets[BUCKETS - 1], (f64::INFINITY, 7));
        assert_eq!((batches.quantile(0.5), batches.quantile(0.71)), (Some(2e-6), Some(2e-6)));
        assert_eq!(batches.quantile(0.8), Some(4e-6));
        let mut twice = batches;
        twice.add(&batches);
        assert_eq!((twice.count(), twice.seconds()), (14, batches.seconds() * 2.0));
    }
}
