//! The rate that follows from what the queue does: up by steps while all is well, below what got through when it
//! grows (draft-ietf-rmcat-gcc-02 §5.5).

use super::{MIN_BITRATE, trend::Usage};

/// Of what got through, when the queue grows.
const DECREASE: f64 = 0.85;
/// A queue that stands is to be gone within this, but no step goes below a share of what got through.
const DRAIN_US: f64 = 1_000_000.0;
const STEEPEST_DECREASE: f64 = 0.5;
/// It stands so long: no growth, and a decrease even if it no longer grows. If that does not help, it is no queue
/// but a longer path.
const STANDING_US: u64 = 100_000;
const INTOLERABLE_US: u64 = 250_000;
const MOST_FORCED: u8 = 2;
/// Per second.
const INCREASE: f64 = 1.08;
/// Growth ends here: what was not sent was not measured.
const BEYOND_ACKED: f64 = 1.5;
const BEYOND_ACKED_BITS: f64 = 10_000.0;
/// How long a step takes to show, beyond a round trip.
const RESPONSE_US: f64 = 100_000.0;
/// At least such a share of itself per second near the capacity, however long a round trip takes.
const LEAST_INCREASE: f64 = 0.02;

/// What feedback shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) usage: Usage,
    /// How long the queue at the bottleneck is at least.
    pub(super) standing_us: u64,
    /// What gets through, bits per second.
    pub(super) acked: Option<f64>,
    /// And over the last moments only: what the bottleneck carries, while it is full.
    pub(super) recent: Option<f64>,
    pub(super) rtt_us: u64,
}

#[derive(Debug)]
pub(super) struct RateControl {
    bitrate: f64,
    capacity: Capacity,
    growing: bool,
    updated_us: Option<u64>,
    decreased_us: Option<u64>,
    /// Decreases for a queue that stands, since there last was none.
    forced: u8,
}

impl RateControl {
    pub(super) fn new(bitrate: f64) -> Self {
        Self {
            bitrate,
            capacity: Capacity::default(),
            growing: true,
            updated_us: None,
            decreased_us: None,
            forced: 0,
        }
    }

    pub(super) fn bitrate(&self) -> f64 {
        self.bitrate
    }

    /// Feedback came.
    pub(super) fn update(&mut self, now_us: u64, seen: Seen, most: u64) {
        let passed_us = now_us.saturating_sub(self.updated_us.unwrap_or(now_us)).min(1_000_000) as f64;
        self.updated_us = Some(now_us);
        if seen.standing_us < STANDING_US {
            self.forced = 0;
        }
        match seen.usage {
            Usage::Over => {
                self.decrease(now_us, seen);
            }
            // The queue drains: wait for it to be empty.
            Usage::Under => self.growing = false,
            Usage::Normal if seen.standing_us >= INTOLERABLE_US && self.forced < MOST_FORCED => {
                self.forced += u8::from(self.decrease(now_us, seen));
            }
            Usage::Normal if seen.standing_us >= STANDING_US => self.growing = false,
            Usage::Normal if self.growing => self.increase(passed_us / 1e6, seen),
            Usage::Normal => self.growing = true,
        }
        self.bitrate = self.bitrate.clamp(MIN_BITRATE as f64, most as f64);
    }

    /// It was shown that this much gets through.
    pub(super) fn raise(&mut self, now_us: u64, bitrate: f64) {
        if bitrate > self.bitrate {
            self.bitrate = bitrate;
            self.capacity = Capacity::default();
            self.updated_us = Some(now_us);
        }
    }

    pub(super) fn scale(&mut self, factor: f64) {
        self.bitrate = (self.bitrate * factor).max(MIN_BITRATE as f64);
    }

    fn increase(&mut self, seconds: f64, Seen { acked, rtt_us, .. }: Seen) {
        if let Some(acked) = acked {
            self.capacity.forget_unless_below(acked);
        }
        let grown = if self.capacity.mean.is_some() {
            self.bitrate + near_capacity_per_second(self.bitrate, rtt_us) * seconds
        } else {
            self.bitrate * INCREASE.powf(seconds)
        };
        let ceiling = acked.map_or(self.bitrate, |acked| acked * BEYOND_ACKED + BEYOND_ACKED_BITS);
        // Above the ceiling it stays where it is.
        self.bitrate = grown.min(ceiling).max(self.bitrate);
    }

    /// Whether it was time to.
    fn decrease(&mut self, now_us: u64, seen: Seen) -> bool {
        self.growing = false;
        // The last step has not shown yet, unless far less gets through than is thought.
        let through = match (seen.acked, seen.recent) {
            (Some(acked), Some(recent)) => Some(acked.max(recent)),
            (acked, _) => acked,
        };
        let far_off = through.is_some_and(|through| through < self.bitrate / 2.0);
        if !self.may_decrease(now_us, seen.rtt_us) && !far_off {
            return false;
        }
        self.decreased_us = Some(now_us);
        let Some(acked) = through else {
            self.bitrate /= 2.0;
            return true;
        };
        let factor = DECREASE.min(1.0 - seen.standing_us as f64 / DRAIN_US).max(STEEPEST_DECREASE);
        let mut decreased = acked * factor;
        if decreased > self.bitrate
            && let Some(capacity) = self.capacity.mean
        {
            decreased = capacity * factor;
        }
        self.bitrate = self.bitrate.min(decreased);
        self.capacity.overused(acked);
        true
    }

    fn may_decrease(&self, now_us: u64, rtt_us: u64) -> bool {
        let wait_us = rtt_us.clamp(10_000, 200_000) + RESPONSE_US as u64;
        self.decreased_us.is_none_or(|decreased_us| now_us.saturating_sub(decreased_us) >= wait_us)
    }
}

/// About a packet for each response time.
fn near_capacity_per_second(bitrate: f64, rtt_us: u64) -> f64 {
    const FRAMES_PER_SECOND: f64 = 30.0;
    const PACKET_BITS: f64 = 1200.0 * 8.0;
    let frame = bitrate / FRAMES_PER_SECOND;
    let packet = frame / (frame / PACKET_BITS).ceil().max(1.0);
    (packet * 1e6 / (rtt_us as f64 + RESPONSE_US)).max(bitrate * LEAST_INCREASE)
}

/// What got through whenever the queue grew: about what the bottleneck carries.
#[derive(Debug, Default)]
struct Capacity {
    /// Bits per second.
    mean: Option<f64>,
    /// Its variance, in units of the mean.
    variance: f64,
}

impl Capacity {
    const WEIGHT: f64 = 0.05;
    const VARIANCES: std::ops::RangeInclusive<f64> = 0.4e3..=2.5e3;

    fn overused(&mut self, acked: f64) {
        if self.mean.is_some_and(|mean| acked < mean - self.deviation(mean)) {
            self.mean = None;
        }
        let mean = self.mean.map_or(acked, |mean| mean + Self::WEIGHT * (acked - mean));
        self.mean = Some(mean);
        let error = (mean - acked) * (mean - acked) / mean.max(1.0);
        let variance = (1.0 - Self::WEIGHT) * self.variance + Self::WEIGHT * error;
        self.variance = variance.clamp(*Self::VARIANCES.start(), *Self::VARIANCES.end());
    }

    /// More gets through than ever should: it has changed.
    fn forget_unless_below(&mut self, acked: f64) {
        if self.mean.is_some_and(|mean| acked > mean + self.deviation(mean)) {
            self.mean = None;
        }
    }

    fn deviation(&self, mean: f64) -> f64 {
        3.0 * (self.variance * mean).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rates after each of so many feedbacks, 100 ms apart, while this is seen.
    fn rates(seen: Seen, count: u64) -> Vec<f64> {
        let mut rate = RateControl::new(1_000_000.0);
        let rates = (0..count).map(|turn| {
            rate.update(turn * 100_000, seen, 10_000_000);
            rate.bitrate()
        });
        rates.collect()
    }

    const CALM: Seen = Seen {
        usage: Usage::Normal,
        standing_us: 0,
        acked: Some(1_000_000.0),
        recent: Some(1_000_000.0),
        rtt_us: 50_000,
    };

    #[test]
    fn it_grows_while_all_is_well_up_to_what_was_measured() {
        assert!(rates(CALM, 11)[10] > 1_070_000.0);
        assert_eq!(rates(CALM, 200)[199], 1_510_000.0);
    }

    #[test]
    fn it_does_not_grow_while_a_queue_stands() {
        let standing = Seen { standing_us: STANDING_US, ..CALM };
        assert!(rates(standing, 50).iter().all(|rate| *rate == 1_000_000.0));
    }

    #[test]
    fn a_queue_that_stays_long_lowers_it_but_a_longer_path_does_not_end_it() {
        let standing = Seen { standing_us: INTOLERABLE_US, ..CALM };
        let rates = rates(standing, 50);
        assert_eq!(rates[0], 750_000.0);
        assert!((500_000.0..=750_000.0).contains(&rates[49]), "{}", rates[49]);
    }
}
