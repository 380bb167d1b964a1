//! The bound that loss sets (draft-ietf-rmcat-gcc-02 §6), made to live with networks that lose packets whatever
//! is sent: loss that does not lessen while the rate falls is not congestion, and neither is some while there is
//! no queue.

/// Above it the bound falls, below it rises; in between it is a matter of the queue.
const HIGH: f64 = 0.10;
const LOW: f64 = 0.02;
/// With so much lost it falls as far as it must; with less, no further than to a share of where it began.
const SEVERE: f64 = 0.4;
const FLOOR: f64 = 0.5;
const INCREASE: f64 = 1.05;
const SLOW_INCREASE: f64 = 1.015;
/// No more above the other bound than this, so that it takes hold soon.
const ABOVE: f64 = 1.5;

const PERIOD_US: u64 = 300_000;
const FEWEST_PACKETS: u32 = 20;
/// Loss is judged by the last periods together, the newest counting this much.
const WEIGHT: f64 = 0.4;

#[derive(Debug)]
pub(super) struct LossBound {
    /// None until there was any loss to speak of.
    bound: Option<f64>,
    /// Where the bound was when loss became high.
    began: Option<f64>,
    lost: u32,
    total: u32,
    share: Option<f64>,
    due_us: u64,
}

impl LossBound {
    pub(super) fn new() -> Self {
        Self { bound: None, began: None, lost: 0, total: 0, share: None, due_us: 0 }
    }

    pub(super) fn lost(&mut self) {
        self.lost += 1;
        self.total += 1;
    }

    pub(super) fn received(&mut self) {
        self.total += 1;
    }

    pub(super) fn bitrate(&self) -> f64 {
        self.bound.unwrap_or(f64::INFINITY)
    }

    /// It was shown that this much gets through.
    pub(super) fn raise(&mut self, bitrate: f64) {
        self.bound = self.bound.map(|bound| bound.max(bitrate));
    }

    /// Judges a period when it is over; `other` is what the delay allows, `queued` whether there is a queue.
    pub(super) fn update(&mut self, now_us: u64, other: f64, queued: bool, rtt_us: u64) {
        if now_us < self.due_us || self.total < FEWEST_PACKETS {
            return;
        }
        self.due_us = now_us + PERIOD_US.max(rtt_us);
        let newest = f64::from(self.lost) / f64::from(self.total);
        (self.lost, self.total) = (0, 0);
        let share = self.share.map_or(newest, |share| share + WEIGHT * (newest - share));
        self.share = Some(share);

        let bound = self.bound.unwrap_or(f64::INFINITY).min(other * ABOVE);
        if self.began.is_some_and(|began| bound > began) {
            self.began = None;
        }
        if share > HIGH || (share > LOW && queued) {
            let bound = bound.min(other);
            let began = *self.began.get_or_insert(bound);
            let floor = if share > SEVERE { 0.0 } else { began * FLOOR };
            self.bound = Some((bound * (1.0 - 0.5 * share)).max(floor.min(bound)));
        } else {
            let factor = if share < LOW { INCREASE } else { SLOW_INCREASE };
            self.bound = self.bound.map(|_| bound * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn periods(bound: &mut LossBound, count: u64, lost: u32, queued: bool) {
        for _ in 0..count {
            (0..lost).for_each(|_| bound.lost());
            (lost..100).for_each(|_| bound.received());
            bound.update(bound.due_us, 1_000_000.0, queued, 0);
        }
    }

    #[test]
    fn little_loss_bounds_nothing() {
        let mut bound = LossBound::new();
        periods(&mut bound, 100, 9, false);
        assert!(bound.bitrate().is_infinite());
    }

    #[test]
    fn some_loss_with_a_queue_lowers_and_without_does_not() {
        let mut bound = LossBound::new();
        periods(&mut bound, 10, 5, true);
        let lowered = bound.bitrate();
        assert!(lowered < 800_000.0, "{lowered}");
        periods(&mut bound, 10, 5, false);
        assert!(bound.bitrate() > lowered, "{}", bound.bitrate());
    }

    #[test]
    fn much_loss_lowers_and_none_raises() {
        let mut bound = LossBound::new();
        periods(&mut bound, 10, 50, false);
        assert!(bound.bitrate() < 200_000.0, "{}", bound.bitrate());
        periods(&mut bound, 100, 0, false);
        assert!(bound.bitrate() > 1_000_000.0, "{}", bound.bitrate());
    }

    #[test]
    fn loss_that_does_not_lessen_halves_the_rate_at_most() {
        let mut bound = LossBound::new();
        periods(&mut bound, 200, 15, false);
        assert!((499_000.0..=501_000.0).contains(&bound.bitrate()), "{}", bound.bitrate());
    }
}
