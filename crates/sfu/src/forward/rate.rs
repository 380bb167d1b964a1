//! Bits per second over the last second.

use std::time::{Duration, Instant};

const BUCKETS: u64 = 8;
const BUCKET: Duration = Duration::from_millis(125);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rate {
    opened: Option<Instant>,
    bytes: [u64; BUCKETS as usize],
    /// The newest bucket, counted from the opening.
    newest: u64,
}

impl Rate {
    pub(crate) fn add(&mut self, now: Instant, bytes: usize) {
        let opened = *self.opened.get_or_insert(now);
        let bucket = bucket(opened, now);
        for stale in (self.newest + 1..=bucket).take(BUCKETS as usize) {
            // With a longer silence than the window, each bucket is met once.
            self.bytes[(stale % BUCKETS) as usize] = 0;
        }
        self.newest = self.newest.max(bucket);
        self.bytes[(self.newest % BUCKETS) as usize] += bytes as u64;
    }

    pub(crate) fn bits_per_second(&self, now: Instant) -> u64 {
        let Some(opened) = self.opened else { return 0 };
        let current = bucket(opened, now);
        let oldest = (current + 1).saturating_sub(BUCKETS);
        let start = (self.newest + 1).saturating_sub(BUCKETS).max(oldest);
        let bytes: u64 = (start..=self.newest).map(|bucket| self.bytes[(bucket % BUCKETS) as usize]).sum();
        let elapsed = now.saturating_duration_since(opened).as_micros() as u64;
        let covered =
            (elapsed - (oldest * BUCKET.as_micros() as u64).min(elapsed)).max(2 * BUCKET.as_micros() as u64);
        bytes * 8_000_000 / covered
    }
}

fn bucket(opened: Instant, now: Instant) -> u64 {
    (now.saturating_duration_since(opened).as_micros() / BUCKET.as_micros()) as u64
}

#[cfg(test)]
mod tests;
