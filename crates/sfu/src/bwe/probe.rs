//! Trying whether more gets through than has been sent so far: a few packets sent faster than the estimate, whose
//! spacing on arrival tells.

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

/// Packets to send as fast as `bitrate`, or at once where there is no pacing. Media counts as well as padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) cluster: Cluster,
    /// Bits per second.
    pub(crate) bitrate: u64,
    /// At least so many of both.
    pub(crate) bytes: usize,
    pub(crate) packets: usize,
}

const PACKETS: usize = 5;
const LEAST_BYTES: u64 = 2_500;
/// A probe lasts so long at its rate: long enough for jitter to matter little.
const DURATION_US: u64 = 25_000;
/// At the present estimate it is through within this, so that a failed one does not delay what comes behind.
const MOST_DELAY_US: u64 = 80_000;

/// The first goes so far beyond the start, later ones beyond the estimate.
const FIRST_FACTOR: f64 = 3.0;
const FACTOR: f64 = 2.0;
/// No further than this beyond what is wanted.
const BEYOND_DESIRED: f64 = 1.1;
/// Found this share of what was tried: there may be more.
const SUCCESS: f64 = 0.7;
/// When it arrives slower than it was sent, a little less than that is the capacity.
const CAPACITY: f64 = 0.95;

/// So long after a probe the queue it made may still be seen.
const DISTURBED_US: u64 = 700_000;

const SOON_US: u64 = 200_000;
const INTERVAL_US: u64 = 3_000_000;
const LONGEST_INTERVAL_US: u64 = 12_000_000;
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
    probe: Probe,
    deadline_us: u64,
    sent: Span,
    received: Span,
}

/// Packets, and between which moments.
#[derive(Debug, Default)]
struct Span {
    packets: usize,
    bytes: u64,
    first: Option<(i64, u16)>,
    last: Option<(i64, u16)>,
}

impl Prober {
    pub(super) fn new() -> Self {
        Self {
            next_us: 0,
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
        *self = Self { last: self.last, next_us: now_us, begun: true, ..Self::new() };
    }

    pub(super) fn poll(&mut self, now_us: u64, estimate: u64, desired: u64, limited: bool) -> Option<Probe> {
        if desired <= estimate || self.current.is_some() || now_us < self.next_us {
            return None;
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
        let cluster = Cluster::of(self.last)?;
        let probe = Probe { cluster, bitrate: bitrate as u64, bytes: bytes as usize, packets: PACKETS };
        self.begun = true;
        self.climbing = false;
        self.current = Some(Flight {
            probe,
            deadline_us: now_us + DEADLINE_US,
            sent: Span::default(),
            received: Span::default(),
        });
        Some(probe)
    }

    /// What arrives may have waited behind a probe.
    pub(super) fn disturbs(&self, now_us: u64) -> bool {
        let underway = self.current.as_ref().is_some_and(|flight| flight.sent.packets > 0);
        underway || self.finished_us.is_some_and(|finished_us| now_us < finished_us + DISTURBED_US)
    }

    /// Not now, but it may be time soon.
    pub(super) fn postpone(&mut self, now_us: u64) {
        self.next_us = self.next_us.max(now_us + SOON_US);
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
        let tried = flight.probe.bitrate as f64;
        self.current = None;
        self.finished_us = Some(now_us);
        if found >= tried * SUCCESS {
            self.succeeded = Some(Success { at_us: now_us, found });
            self.next_us = now_us + SOON_US;
            self.climbing = true;
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
                self.next_us = now_us + SOON_US;
                self.climbing = true;
            }
        }
    }

    /// The network has just been seen to be full.
    pub(super) fn hold_back(&mut self, now_us: u64, before: f64, after: f64) {
        self.climbing = false;
        self.next_us = self.next_us.max(now_us + QUIET_US);
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
            Some(flight) => Some(flight.deadline_us),
            None => wants_more.then_some(self.next_us),
        }
    }

    fn fail(&mut self, now_us: u64) {
        self.next_us = now_us + self.interval_us;
        self.interval_us = (self.interval_us * 2).min(LONGEST_INTERVAL_US);
    }

    fn flight(&mut self, cluster: Cluster) -> Option<&mut Flight> {
        self.current.as_mut().filter(|flight| flight.probe.cluster == cluster)
    }
}

impl Flight {
    fn complete(&self) -> bool {
        self.received.packets >= 4
            && self.received.packets * 10 >= self.sent.packets * 8
            && self.received.bytes * 10 >= self.probe.bytes as u64 * 8
    }

    fn found(&self) -> f64 {
        let tried = self.probe.bitrate as f64;
        // Sent at once it counts as sent at its rate, and so it does when it arrives at once: more was not tried.
        let sent = self.sent.bitrate(false).map_or(tried, |sent| sent.min(tried));
        let received = self.received.bitrate(true).map_or(sent, |received| received.min(sent));
        if received >= 0.9 * sent { received } else { received * CAPACITY }
    }
}

impl Span {
    fn add(&mut self, at_us: i64, bytes: u16) {
        self.packets += 1;
        self.bytes += u64::from(bytes);
        if self.first.is_none_or(|(first_us, _)| at_us < first_us) {
            self.first = Some((at_us, bytes));
        }
        if self.last.is_none_or(|(last_us, _)| at_us >= last_us) {
            self.last = Some((at_us, bytes));
        }
    }

    /// The first packet's bytes were not received within the span, the last one's not sent within it.
    fn bitrate(&self, received: bool) -> Option<f64> {
        let (first, last) = (self.first?, self.last?);
        let outside = if received { first.1 } else { last.1 };
        let span_us = last.0 - first.0;
        (span_us > 0).then(|| self.bytes.saturating_sub(u64::from(outside)) as f64 * 8e6 / span_us as f64)
    }
}
