//! When a busy thread leaves its sockets alone for a moment, as network cards hold back interrupts.
//!
//! Being woken costs as much as forwarding some packets, and what one batch brings for a subscriber leaves in one run. A
//! thread that is woken again and again within [`GAP`] rests for the rest of it, so that packets of several clients
//! come together. A thread with less to do is never held up.

use std::time::{Duration, Instant};

/// What a packet may wait for others: a tenth of what a pacer of a browser puts between two bursts.
const GAP: Duration = Duration::from_micros(500);

/// So many wakings in a row, each soon after the one before, are a busy thread.
const BUSY: u32 = 3;

/// Counts wakings.
#[derive(Debug)]
pub(crate) struct Pace {
    woken: Instant,
    /// Wakings that came less than twice the gap after the one before.
    in_a_row: u32,
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self { woken: now, in_a_row: 0 }
    }

    /// The thread was woken.
    pub(crate) fn wake(&mut self, now: Instant) {
        let soon = now.saturating_duration_since(self.woken) < 2 * GAP;
        self.in_a_row = if soon { self.in_a_row.saturating_add(1) } else { 0 };
        self.woken = now;
    }

    /// How long it shall rest before it looks again.
    pub(crate) fn rest(&self, now: Instant) -> Option<Duration> {
        let left = GAP.saturating_sub(now.saturating_duration_since(self.woken));
        (self.in_a_row >= BUSY && !left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Duration = Duration::from_micros(1);

    #[test]
    fn a_thread_with_little_to_do_never_rests() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        for waking in 1..100 {
            let now = begin + waking * 1100 * US;
            pace.wake(now);
            assert_eq!(pace.rest(now + 20 * US), None);
        }
    }

    #[test]
    fn a_busy_thread_rests_for_what_is_left_of_the_gap() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        for waking in 1..3 {
            pace.wake(begin + waking * 100 * US);
            assert_eq!(pace.rest(begin + waking * 100 * US), None, "it may be over already");
        }
        pace.wake(begin + 300 * US);
        assert_eq!(pace.rest(begin + 350 * US), Some(450 * US));
        // So much was there to do that it need not rest any more.
        assert_eq!(pace.rest(begin + 800 * US), None);
        // It goes on as long as there is something after each rest.
        pace.wake(begin + 880 * US);
        assert_eq!(pace.rest(begin + 900 * US), Some(480 * US));
        pace.wake(begin + 2000 * US);
        assert_eq!(pace.rest(begin + 2010 * US), None);
    }
}
