//! How long packets wait at the bottleneck: the least delay of late against the least in memory. The slope of
//! [`super::trend`] sees a queue grow, but not one that stands.

/// The least delay is remembered for one to two of these, so that a path that has become longer is not taken for a
/// queue for good.
const MEMORY_US: u64 = 5_000_000;
/// How fast [`Queue::wobble_us`] follows.
const WOBBLE_US: f64 = 3_000_000.0;
/// Less than so many times it is no queue yet, within bounds: more than the most is one whatever the jitter.
const WOBBLES: f64 = 3.5;
const DOUBT_US: std::ops::RangeInclusive<f64> = 5_000.0..=50_000.0;

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The least delay since `turned_us`, and in the time before. Between two clocks: only differences mean anything.
    least_us: Option<i64>,
    least_before_us: Option<i64>,
    turned_us: u64,
    /// The least of this feedback: what waited behind a burst of its own does not count.
    newest_us: Option<i64>,
    standing_us: u64,
    /// By how much the least delay changes from one feedback to the next: little where a queue grows or stands, much
    /// where there is jitter.
    wobble_us: f64,
    settled_us: u64,
}

impl Queue {
    pub(super) fn push(&mut self, sent_us: u64, arrived_us: i64) {
        let delay_us = arrived_us - sent_us as i64;
        self.newest_us = Some(self.newest_us.map_or(delay_us, |newest_us| newest_us.min(delay_us)));
    }

    /// At the end of each feedback: how long everything in it waited at least.
    pub(super) fn settle(&mut self, now_us: u64) -> u64 {
        let Some(newest_us) = self.newest_us.take() else { return self.standing_us };
        if now_us.saturating_sub(self.turned_us) >= MEMORY_US {
            self.turned_us = now_us;
            self.least_before_us = self.least_us.take();
        }
        let least_us = self.least_us.map_or(newest_us, |least_us| least_us.min(newest_us));
        self.least_us = Some(least_us);
        let base_us = self.least_before_us.map_or(least_us, |before_us| before_us.min(least_us));
        let standing_us = (newest_us - base_us) as u64;
        let step_us = standing_us.abs_diff(std::mem::replace(&mut self.standing_us, standing_us));
        let passed_us = now_us.saturating_sub(self.settled_us).min(100_000) as f64;
        self.settled_us = now_us;
        let step_us = (step_us as f64).min(*DOUBT_US.end());
        self.wobble_us += (step_us - self.wobble_us) * passed_us / WOBBLE_US;
        self.standing_us
    }

    /// A queue that stands for less may be jitter.
    pub(super) fn doubt_us(&self) -> u64 {
        (self.wobble_us * WOBBLES).clamp(*DOUBT_US.start(), *DOUBT_US.end()) as u64
    }

    pub(super) fn standing_us(&self) -> u64 {
        self.standing_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_doubted_follows_the_jitter_within_bounds() {
        let mut queue = Queue::default();
        let mut doubt = |from_s: u64, delay_us: fn(u64) -> i64| {
            for turn in from_s * 10..from_s * 10 + 100 {
                queue.push(turn * 100_000, turn as i64 * 100_000 + delay_us(turn));
                queue.settle(turn * 100_000);
            }
            queue.doubt_us()
        };
        assert!((5_000..8_000).contains(&doubt(1, |turn| turn as i64 * 1_000)));
        assert!((35_000..50_000).contains(&doubt(11, |turn| (turn % 2) as i64 * 12_000)));
        assert_eq!(doubt(21, |turn| (turn % 5) as i64 * 100_000), 50_000);
    }

    #[test]
    fn only_what_nothing_escaped_is_a_standing_queue() {
        let mut queue = Queue::default();
        let mut feedback = |now_us: u64, delays_us: [i64; 3]| {
            delays_us.iter().for_each(|delay_us| queue.push(now_us, now_us as i64 - 50_000 + delay_us));
            queue.settle(now_us)
        };
        assert_eq!(feedback(0, [20_000, 30_000, 90_000]), 0);
        assert_eq!(feedback(100_000, [25_000, 190_000, 260_000]), 5_000);
        assert_eq!(feedback(200_000, [150_000, 190_000, 130_000]), 110_000);
        // A path that stays longer becomes the measure.
        assert_eq!(feedback(6_000_000, [150_000, 190_000, 130_000]), 110_000);
        assert_eq!(feedback(12_000_000, [150_000, 190_000, 130_000]), 0);
    }
}
