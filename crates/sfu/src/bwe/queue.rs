//! How long packets wait at the bottleneck: the least delay of late against the least in memory. The slope of
//! [`super::trend`] sees a queue grow, but not one that stands.

/// The least delay is remembered for one to two of these, so that a path that has become longer is not taken for a
/// queue for good.
const MEMORY_US: u64 = 5_000_000;

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The least delay since `turned_us`, and in the time before. Between two clocks: only differences mean anything.
    least_us: Option<i64>,
    least_before_us: Option<i64>,
    turned_us: u64,
    /// The least of this feedback: what waited behind a burst of its own does not count.
    newest_us: Option<i64>,
    standing_us: u64,
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
        self.standing_us = (newest_us - base_us) as u64;
        self.standing_us
    }

    pub(super) fn standing_us(&self) -> u64 {
        self.standing_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
