//! The rate that follows from what the queue does: up by steps while all is well, below what got through when it
//! grows (draft-ietf-rmcat-gcc-02 §5.5).

use super::{MIN_BITRATE, trend::Usage};

/// Of what got through, when the queue grows.
const DECREASE: f64 = 0.85;
/// Per second.
const INCREASE: f64 = 1.08;
/// Growth ends here: what was not sent was not measured.
const BEYOND_ACKED: f64 = 1.5;
const BEYOND_ACKED_BITS: f64 = 10_000.0;
/// How long a step takes to show, beyond a round trip.
const RESPONSE_US: f64 = 100_000.0;
/// At least so much per second near the capacity.
const LEAST_INCREASE: f64 = 4_000.0;

#[derive(Debug)]
pub(super) struct RateControl {
    bitrate: f64,
    capacity: Capacity,
    growing: bool,
    updated_us: Option<u64>,
    decreased_us: Option<u64>,
}

impl RateControl {
    pub(super) fn new(bitrate: f64) -> Self {
        Self { bitrate, capacity: Capacity::default(), growing: true, updated_us: None, decreased_us: None }
    }

    pub(super) fn bitrate(&self) -> f64 {
        self.bitrate
    }

    /// Feedback came; `acked` is what gets through, bits per second.
    pub(super) fn update(&mut self, now_us: u64, usage: Usage, acked: Option<f64>, rtt_us: u64, most: u64) {
        let passed_us = now_us.saturating_sub(self.updated_us.unwrap_or(now_us)).min(1_000_000) as f64;
        self.updated_us = Some(now_us);
        match usage {
            // The queue drains: wait for it to be empty.
            Usage::Under => self.growing = false,
            Usage::Normal if self.growing => self.increase(passed_us / 1e6, acked, rtt_us),
            Usage::Normal => self.growing = true,
            Usage::Over => self.decrease(now_us, acked, rtt_us),
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

    fn increase(&mut self, seconds: f64, acked: Option<f64>, rtt_us: u64) {
        if let Some(acked) = acked {
            self.capacity.forget_unless_below(acked);
        }
        let grown = if self.capacity.known() {
            self.bitrate + near_capacity_per_second(self.bitrate, rtt_us) * seconds
        } else {
            self.bitrate * INCREASE.powf(seconds)
        };
        let ceiling = acked.map_or(self.bitrate, |acked| acked * BEYOND_ACKED + BEYOND_ACKED_BITS);
        // Above the ceiling it stays where it is.
        self.bitrate = grown.min(ceiling).max(self.bitrate);
    }

    fn decrease(&mut self, now_us: u64, acked: Option<f64>, rtt_us: u64) {
        self.growing = false;
        let Some(acked) = acked else {
            if self.may_decrease(now_us, rtt_us) {
                self.bitrate /= 2.0;
                self.decreased_us = Some(now_us);
            }
            return;
        };
        // The last step has not shown yet, unless far less gets through than is thought.
        if !self.may_decrease(now_us, rtt_us) && acked >= self.bitrate / 2.0 {
            return;
        }
        let mut decreased = acked * DECREASE;
        if decreased > self.bitrate
            && let Some(capacity) = self.capacity.mean()
        {
            decreased = capacity * DECREASE;
        }
        self.bitrate = self.bitrate.min(decreased);
        self.capacity.overused(acked);
        self.decreased_us = Some(now_us);
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
    (packet * 1e6 / (rtt_us as f64 + RESPONSE_US)).max(LEAST_INCREASE)
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

    fn known(&self) -> bool {
        self.mean.is_some()
    }

    fn mean(&self) -> Option<f64> {
        self.mean
    }

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
