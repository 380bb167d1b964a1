//! Trying whether more gets through than has been sent so far: for a moment packets go out faster than the estimate,
//! and their spacing on arrival tells. What is sent meanwhile anyway is part of it; padding makes up the rest, handed
//! out when it is due.

use std::num::NonZeroU16;

/// Probes with the same number belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cluster(NonZeroU16);

impl Cluster {
    pub(super) fn number(self) -> u16 {
        self.0.get()
    }

    pub(super) fn of(number: u16) -> Option<Self> {
        NonZeroU16::new(number).map(Self)
    }
}

/// Packets to send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) cluster: Cluster,
    /// At least so many of both.
    pub(crate) bytes: usize,
    pub(crate) packets: usize,
}

const PACKETS: u64 = 5;
const LEAST_BYTES: u64 = 2_500;
/// What is due is asked for in pieces of about a packet, and no more often than this.
const PIECE_BYTES: u64 = 1_200;
const PACE_US: u64 = 2_000;
/// Sending takes at most so many times as long as it should; then it was the server that was slow, or there was nothing
/// to send.
const PATIENCE: u64 = 3;
/// A probe lasts so long at its rate: long enough for jitter to matter little.
const DURATION_US: u64 = 40_000;
/// At the present estimate it is through within this, so that a failed one does not delay what comes behind.
const MOST_DELAY_US: u64 = 80_000;

/// The first goes so far beyond the start, later ones beyond the estimate.
const FIRST_FACTOR: f64 = 3.0;
const FACTOR: f64 = 2.0;
/// No further than this beyond what is wanted.
const BEYOND_DESIRED: f64 = 1.1;
/// Found this share of what was tried: there may be more.
const SUCCESS: f64 = 0.7;
/// It arrives about as fast as it was sent.
const THROUGH: f64 = 0.9;
/// When it arrives slower, a little less than that is the capacity.
const CAPACITY: f64 = 0.95;

/// So long after a probe the queue it made may still be seen.
const DISTURBED_US: u64 = 700_000;

const SOON_US: u64 = 200_000;
const INTERVAL_US: u64 = 3_000_000;
const LONGEST_INTERVAL_US: u64 = 12_000_000;
/// But no more than this while less is sent than is estimated: there is room for a probe, and nothing else tells.
const LIMITED_INTERVAL_US: u64 = 5_000_000;
/// After the queue has grown.
const QUIET_US: u64 = 1_500_000;
/// Feedback of a cluster that takes longer does not come.
const DEADLINE_US: u64 = 1_500_000;
/// A fall so far is won back by probes, even while as much is sent as the estimate allows.
const FALL: f64 = 0.7;
const FALLEN_US: u64 = 30_000_000;
/// A queue that grows so soon after a success shows that it was none: packets in a row measure the whole link, and
/// somebody else may use a part of it.
const DOUBT_US: u64 = 3_000_000;
const DOUBT: f64 = 1.4;

#[derive(Debug)]
pub(super) struct Prober {
    next_us: u64,
    /// The next if less is sent than is estimated.
    limited_us: u64,
    interval_us: u64,
    last: u16,
    current: Option<Flight>,
    /// Whether the next follows a success at once; so does the first.
    climbing: bool,
    begun: bool,
    /// What was estimated before it fell, and until when that is worth trying.
    fallen: Option<(f64, u64)>,
    finished_us: Option<u64>,
    /// The last success, until it is confirmed or refuted.
    succeeded: Option<Success>,
}

#[derive(Clone, Copy, Debug)]
struct Success {
    at_us: u64,
    found: f64,
}

#[derive(Debug)]
struct Flight {
    cluster: Cluster,
    /// Bits per second.
    bitrate: u64,
    bytes: u64,
    began_us: u64,
    /// When a piece is due again; none once all has been sent.
    piece_us: Option<u64>,
    deadline_us: u64,
    sent: Span,
    received: Span,
}

/// Packets and when each of them was sent or arrived: the sums that a least-squares line through them takes. Between the
/// first and the last alone, the jitter of two packets would be that of the result.
#[derive(Debug, Default)]
struct Span {
    packets: u64,
    bytes: u64,
    first_us: Option<i64>,
    /// Of the bytes so far (x) and of the times since the first (y).
    sum_x: f64,
    sum_y: f64,
    sum_xx: f64,
    sum_xy: f64,
}

impl Prober {
    pub(super) fn new() -> Self {
        Self {
            next_us: 0,
            limited_us: 0,
            interval_us: INTERVAL_US,
            last: 0,
            current: None,
            climbing: true,
            begun: false,
            fallen: None,
            finished_us: None,
            succeeded: None,
        }
    }

    /// Nothing that was found holds any more, and what is on its way is of no use.
    pub(super) fn begin_anew(&mut self, now_us: u64) {
        *self = Self { last: self.last, next_us: now_us, limited_us: now_us, begun: true, ..Self::new() };
    }

    pub(super) fn poll(&mut self, now_us: u64, estimate: u64, desired: u64, limited: bool) -> Option<Probe> {
        if self.current.is_none() {
            self.begin(now_us, estimate, desired, limited)?;
        }
        self.current.as_mut()?.piece(now_us)
    }

    fn begin(&mut self, now_us: u64, estimate: u64, desired: u64, limited: bool) -> Option<()> {
        if desired <= estimate {
            return None;
        }
        if now_us < self.next_us {
            if now_us >= self.limited_us && !limited {
                self.limited_us = now_us + SOON_US;
            }
            if now_us < self.limited_us {
                return None;
            }
        }
        let fallen = self.fallen.filter(|(before, until_us)| *before > estimate as f64 && now_us < *until_us);
        if !(limited || self.climbing || fallen.is_some()) {
            self.postpone(now_us);
            return None;
        }
        let factor = if self.begun { FACTOR } else { FIRST_FACTOR };
        let bitrate = (estimate as f64 * factor).min(desired as f64 * BEYOND_DESIRED);
        let bytes = (bitrate * DURATION_US as f64 / 8e6)
            .min(estimate as f64 * MOST_DELAY_US as f64 / 8e6)
            .max(LEAST_BYTES as f64);
        self.last = self.last.wrapping_add(1).max(1);
        self.begun = true;
        self.climbing = false;
        self.current = Some(Flight {
            cluster: Cluster::of(self.last)?,
            bitrate: bitrate as u64,
            bytes: bytes as u64,
            began_us: now_us,
            piece_us: Some(now_us),
            deadline_us: now_us + DEADLINE_US,
            sent: Span::default(),
            received: Span::default(),
        });
        Some(())
    }

    pub(super) fn underway(&self) -> bool {
        self.current.is_some()
    }

    /// What everything that is sent now belongs to.
    #[inline]
    pub(super) fn sending(&self) -> Option<Cluster> {
        self.current.as_ref().filter(|flight| flight.piece_us.is_some()).map(|flight| flight.cluster)
    }

    /// What arrives may have waited behind a probe.
    pub(super) fn disturbs(&self, now_us: u64) -> bool {
        let underway = self.current.as_ref().is_some_and(|flight| flight.sent.packets > 0);
        underway || self.finished_us.is_some_and(|finished_us| now_us < finished_us + DISTURBED_US)
    }

    /// Not now, but it may be time soon.
    pub(super) fn postpone(&mut self, now_us: u64) {
        self.next_us = self.next_us.max(now_us + SOON_US);
        self.limited_us = self.limited_us.max(now_us + SOON_US);
    }

    pub(super) fn sent(&mut self, now_us: u64, cluster: Cluster, bytes: u16) {
        if let Some(flight) = self.flight(cluster) {
            flight.sent.add(now_us as i64, bytes);
        }
    }

    pub(super) fn received(&mut self, cluster: Cluster, arrived_us: i64, bytes: u16) {
        if let Some(flight) = self.flight(cluster) {
            flight.received.add(arrived_us, bytes);
        }
    }

    /// What was found, bits per second, once enough of a cluster has arrived.
    pub(super) fn finish(&mut self, now_us: u64) -> Option<f64> {
        let flight = self.current.as_ref().filter(|flight| flight.complete())?;
        let found = flight.found();
        let tried = flight.bitrate as f64;
        let sent = flight.sent_bitrate();
        self.current = None;
        self.finished_us = Some(now_us);
        if found >= tried * SUCCESS {
            self.succeeded = Some(Success { at_us: now_us, found });
            self.again_soon(now_us);
        } else if sent < tried * SUCCESS && found >= sent * THROUGH {
            // It was not sent as fast as it should have been: that says nothing about the network.
            self.again_soon(now_us);
        } else {
            self.fail(now_us);
        }
        Some(found)
    }

    pub(super) fn expire(&mut self, now_us: u64) {
        if let Some(flight) = self.current.as_ref().filter(|flight| now_us >= flight.deadline_us) {
            let was_sent = flight.sent.packets > 0;
            self.current = None;
            if was_sent {
                self.fail(now_us);
            } else {
                // There was nothing to send it with: that says nothing about the network.
                self.again_soon(now_us);
            }
        }
    }

    /// The network has just been seen to be full.
    pub(super) fn hold_back(&mut self, now_us: u64, before: f64, after: f64) {
        self.climbing = false;
        self.next_us = self.next_us.max(now_us + QUIET_US);
        self.limited_us = self.limited_us.max(now_us + QUIET_US);
        if let Some(success) = self.succeeded.take() {
            if now_us < success.at_us + DOUBT_US && success.found > after * DOUBT {
                self.fallen = None;
                self.fail(now_us);
                return;
            }
            self.interval_us = INTERVAL_US;
        }
        let fallen = self.fallen.filter(|(_, until_us)| now_us < *until_us);
        let top = fallen.map_or(before, |(top, _)| top.max(before));
        if after < top * FALL {
            self.fallen = Some((top, now_us + FALLEN_US));
        }
    }

    pub(super) fn poll_timeout(&self, wants_more: bool) -> Option<u64> {
        match &self.current {
            Some(flight) => Some(flight.piece_us.unwrap_or(flight.deadline_us)),
            None => wants_more.then_some(self.next_us.min(self.limited_us)),
        }
    }

    fn again_soon(&mut self, now_us: u64) {
        self.next_us = now_us + SOON_US;
        self.limited_us = self.next_us;
        self.climbing = true;
    }

    fn fail(&mut self, now_us: u64) {
        self.next_us = now_us + self.interval_us;
        self.limited_us = now_us + self.interval_us.min(LIMITED_INTERVAL_US);
        self.interval_us = (self.interval_us * 2).min(LONGEST_INTERVAL_US);
    }

    fn flight(&mut self, cluster: Cluster) -> Option<&mut Flight> {
        self.current.as_mut().filter(|flight| flight.cluster == cluster)
    }
}

impl Flight {
    /// What is due now, if anything.
    fn piece(&mut self, now_us: u64) -> Option<Probe> {
        self.piece_us.filter(|piece_us| *piece_us <= now_us)?;
        let us_of = |bytes: u64| bytes * 8_000_000 / self.bitrate.max(1);
        let passed_us = now_us - self.began_us;
        let all_sent = self.sent.bytes >= self.bytes && self.sent.packets >= PACKETS;
        if all_sent || passed_us > us_of(self.bytes) * PATIENCE + PACE_US {
            self.piece_us = None;
            return None;
        }
        let piece = (self.bytes / PACKETS).min(PIECE_BYTES);
        self.piece_us = Some(now_us + us_of(piece).max(PACE_US));
        let due = (passed_us * self.bitrate / 8_000_000 + piece).min(self.bytes.max(self.sent.bytes + 1));
        // Media may be ahead of it.
        let bytes = due.checked_sub(self.sent.bytes).filter(|bytes| *bytes > 0)?;
        Some(Probe { cluster: self.cluster, bytes: bytes as usize, packets: 1 })
    }

    /// All that was to be sent has been, and nearly all of it arrived.
    fn complete(&self) -> bool {
        self.received.packets >= 4
            && self.received.packets * 10 >= self.sent.packets * 8
            && self.received.bytes * 10 >= self.bytes * 8
    }

    /// Sent at once it counts as sent at its rate: more was not tried.
    fn sent_bitrate(&self) -> f64 {
        let tried = self.bitrate as f64;
        self.sent.bitrate().map_or(tried, |sent| sent.min(tried))
    }

    fn found(&self) -> f64 {
        let sent = self.sent_bitrate();
        let received = self.received.bitrate().map_or(sent, |received| received.min(sent));
        if received >= THROUGH * sent { received } else { received * CAPACITY }
    }
}

impl Span {
    fn add(&mut self, at_us: i64, bytes: u16) {
        let x = self.bytes as f64;
        let y = (at_us - *self.first_us.get_or_insert(at_us)) as f64;
        self.packets += 1;
        self.bytes += u64::from(bytes);
        self.sum_x += x;
        self.sum_y += y;
        self.sum_xx += x * x;
        self.sum_xy += x * y;
    }

    /// None where all was at once.
    fn bitrate(&self) -> Option<f64> {
        let count = self.packets as f64;
        let above = count * self.sum_xx - self.sum_x * self.sum_x;
        let below = count * self.sum_xy - self.sum_x * self.sum_y;
        (below > 0.0 && above > 0.0).then(|| 8e6 * above / below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_line_through_all_packets() {
        let mut span = Span::default();
        assert_eq!(span.bitrate(), None);
        // 1,000 bytes every 4 ms; the last one was held up.
        (0..9).for_each(|packet| span.add(packet * 4_000, 1_000));
        span.add(46_000, 1_000);
        assert!((1_700_000.0..2_000_000.0).contains(&span.bitrate().unwrap()), "{span:?}");
        let mut at_once = Span::default();
        (0..5).for_each(|_| at_once.add(7, 1_000));
        assert_eq!(at_once.bitrate(), None);
    }
}
