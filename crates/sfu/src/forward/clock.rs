//! A publisher's clock told in ours, and its RTP timestamps told in that.

use std::time::{Duration, Instant};

/// Two clocks drift apart by this much at most, in millionths.
const DRIFT_PPM: i64 = 250;
/// A report this far from what was expected means that the publisher's clock was set.
const STEP_US: i64 = 2_000_000;

/// What a publisher's wall clock shows, in our time. One for all its tracks: they share that clock, so that its
/// audio and its video stay in step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    reference: Option<(Instant, u64)>,
}

impl Clock {
    /// A sender report with this NTP timestamp (RFC 3550 §6.4.1) has arrived: when it was sent, in our time and as
    /// if it had come with the least delay seen so far.
    pub(crate) fn sample(&mut self, now: Instant, ntp: u64) -> Instant {
        let lag = self.reference.map_or(0, |(at, reference)| {
            let elapsed = now.saturating_duration_since(at).as_micros() as i64;
            let told = ntp_us(ntp.wrapping_sub(reference) as i64);
            let late = elapsed.saturating_sub(told);
            if late.abs() > STEP_US {
                0
            } else {
                (late - elapsed.min(STEP_US * 1000) * DRIFT_PPM / 1_000_000).max(0)
            }
        });
        let sent = now.checked_sub(Duration::from_micros(lag as u64)).unwrap_or(now);
        self.reference = Some((sent, ntp));
        sent
    }
}

/// A difference of NTP timestamps (32.32 fixed point) in microseconds.
fn ntp_us(difference: i64) -> i64 {
    ((i128::from(difference) * 1_000_000) >> 32) as i64
}

/// What a sender report tells: this RTP timestamp was (or will be) this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub(crate) at: Instant,
    pub(crate) timestamp: u32,
}

impl Mapping {
    /// Ticks from the moment of one timestamp to that of another by another mapping.
    pub(crate) fn ticks_since(&self, timestamp: u32, other: &Mapping, before: u32, rate: u32) -> i64 {
        let own = i64::from(timestamp.wrapping_sub(self.timestamp) as i32);
        let others = i64::from(before.wrapping_sub(other.timestamp) as i32);
        ticks_between(other.at, self.at, rate) + own - others
    }

    /// The RTP timestamp of this moment.
    pub(crate) fn timestamp_at(&self, now: Instant, rate: u32) -> u32 {
        self.timestamp.wrapping_add(ticks_between(self.at, now, rate) as u32)
    }
}

/// Ticks from one moment to another; negative when the other is the earlier one.
pub(crate) fn ticks_between(from: Instant, to: Instant, rate: u32) -> i64 {
    let ticks = |time: Duration| (time.as_micros() * u128::from(rate) / 1_000_000) as i64;
    if to >= from { ticks(to - from) } else { -ticks(from - to) }
}

#[cfg(test)]
mod tests;
