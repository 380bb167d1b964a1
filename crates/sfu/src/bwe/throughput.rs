//! Bits per second over the last half second.

const BUCKET_US: u64 = 50_000;
const BUCKETS: usize = 10;
/// Shorter than this tells nothing.
const LEAST_US: u64 = 150_000;

#[derive(Debug)]
pub(super) struct Throughput {
    buckets: [u32; BUCKETS],
    bytes: u64,
    /// The newest bucket's number since time zero.
    newest: u64,
    newest_us: u64,
    /// Since when it has been measured without a break.
    first_us: Option<u64>,
}

impl Throughput {
    pub(super) fn new() -> Self {
        Self { buckets: [0; BUCKETS], bytes: 0, newest: 0, newest_us: 0, first_us: None }
    }

    #[inline]
    pub(super) fn add(&mut self, at_us: u64, bytes: u16) {
        let bucket = at_us / BUCKET_US;
        if bucket > self.newest || self.first_us.is_none() {
            self.advance(bucket, at_us);
        } else if self.newest - bucket >= BUCKETS as u64 {
            return;
        }
        self.newest_us = self.newest_us.max(at_us);
        self.buckets[(bucket % BUCKETS as u64) as usize] += u32::from(bytes);
        self.bytes += u64::from(bytes);
    }

    /// Up to the newest.
    pub(super) fn bitrate(&self) -> Option<f64> {
        self.over(self.newest_us, self.bytes)
    }

    /// Over the last moments only. While a queue stands, that is what the bottleneck carries, whatever was sent before.
    pub(super) fn recent(&self) -> Option<f64> {
        const RECENT: u64 = 4;
        let oldest = (self.newest + 1).saturating_sub(RECENT);
        let bytes: u64 = (oldest..=self.newest).map(|number| u64::from(self.bucket(number))).sum();
        let span_us = self.newest_us.saturating_sub((oldest * BUCKET_US).max(self.first_us?));
        (span_us >= LEAST_US).then(|| bytes as f64 * 8e6 / span_us as f64)
    }

    /// Up to now, when nothing may have been added for a while.
    pub(super) fn bitrate_at(&self, now_us: u64) -> Option<f64> {
        let now = now_us / BUCKET_US;
        let gone = now.saturating_sub(self.newest).min(BUCKETS as u64);
        let forgotten: u64 = (0..gone).map(|step| u64::from(self.bucket(self.newest + 1 + step))).sum();
        self.over(now_us.max(self.newest_us), self.bytes - forgotten)
    }

    fn over(&self, end_us: u64, bytes: u64) -> Option<f64> {
        let oldest_us = ((end_us / BUCKET_US + 1).saturating_sub(BUCKETS as u64)) * BUCKET_US;
        let span_us = end_us.saturating_sub(oldest_us.max(self.first_us?));
        (span_us >= LEAST_US).then(|| bytes as f64 * 8e6 / span_us as f64)
    }

    fn bucket(&self, number: u64) -> u32 {
        self.buckets[(number % BUCKETS as u64) as usize]
    }

    fn advance(&mut self, bucket: u64, at_us: u64) {
        let steps = bucket.saturating_sub(self.newest);
        if self.first_us.is_none() || steps >= BUCKETS as u64 {
            *self = Self { first_us: Some(at_us), newest: bucket, newest_us: at_us, ..Self::new() };
            return;
        }
        for step in 1..=steps {
            let place = ((self.newest + step) % BUCKETS as u64) as usize;
            self.bytes -= u64::from(self.buckets[place]);
            self.buckets[place] = 0;
        }
        self.newest = bucket;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_measures_an_even_flow() {
        let mut flow = Throughput::new();
        for turn in 0..1000u64 {
            flow.add(turn * 10_000, 1000);
            match flow.bitrate() {
                None => assert!(turn < 15),
                // The first counts although no time had passed before it.
                Some(bitrate) => assert!((780_000.0..=870_000.0).contains(&bitrate), "{bitrate} at {turn}"),
            }
        }
        assert!(flow.bitrate_at(9_990_000 + 250_000).unwrap() < 500_000.0);
        assert!(flow.bitrate_at(9_990_000 + 600_000).unwrap() == 0.0);
    }

    #[test]
    fn a_break_begins_it_anew() {
        let mut flow = Throughput::new();
        (0..100u64).for_each(|turn| flow.add(turn * 10_000, 1000));
        flow.add(5_000_000, 1000);
        assert_eq!(flow.bitrate(), None);
    }
}
