//! How much a subscriber's network carries, estimated at the sending side from transport-wide feedback.
//!
//! In the spirit of Google Congestion Control (draft-ietf-rmcat-gcc-02), with the trendline filter that replaced
//! its Kalman filter. Three bounds, the lowest of which is the estimate:
//! - delay: groups of packets that arrive ever later than they were sent mean a growing queue ([`trend`]), later than they could they mean one that stands ([`queue`]), and the
//!   rate falls below what was measured to get through ([`rate_control`]);
//! - loss: much of it lowers the rate, as long as that helps ([`loss`]);
//! - REMB, for clients that know nothing else.
//!
//! What a forwarding unit sends is what its publishers make, mostly less than the network would carry, and what has
//! not been sent has not been measured. So growth is bounded by what was acknowledged, and [`probe`] tries the rest
//! while somebody wants more.
//!
//! The order of use: [`Estimator::sent`] for every packet, [`Estimator::handle_feedback`] or
//! [`Estimator::handle_remb`], [`Estimator::set_desired`]; then [`Estimator::handle_timeout`] at
//! [`Estimator::poll_timeout`], and [`Estimator::poll_probe`] after each of these. Times are microseconds since the
//! estimator was made, except where an [`Instant`] says otherwise; rates are bits per second.

mod groups;
mod history;
mod loss;
mod probe;
mod queue;
mod rate_control;
mod throughput;
mod trend;

use std::time::{Duration, Instant};

pub(crate) use probe::{Cluster, Probe};

use self::{
    groups::Groups,
    history::History,
    loss::LossBound,
    probe::Prober,
    queue::Queue,
    rate_control::{RateControl, Seen},
    throughput::Throughput,
    trend::{Trend, Usage},
};

/// The least an estimate can be, whatever happens.
pub(crate) const MIN_BITRATE: u64 = 50_000;

/// No feedback for so long while packets are sent: less is sent, more so each time this passes again.
const SILENCE_US: u64 = 500_000;
const SILENCE_FACTOR: f64 = 0.85;
/// What was estimated before a silence of this long is taken up again when it is over: the network was gone, not full.
const GONE_US: u64 = 2_000_000;
/// A queue that stands for less is no sign of a full network.
const CALM_US: u64 = 30_000;
/// What a probe may leave behind for a moment.
const PROBE_QUEUE_US: u64 = 100_000;
/// Round trips beyond this are not believed.
const MOST_RTT_US: u64 = 5_000_000;

/// What an estimator starts from and may reach, bits per second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) start: u64,
    pub(crate) most: u64,
}

#[derive(Debug)]
pub(crate) struct Estimator {
    epoch: Instant,
    limits: Limits,
    history: History,
    arrivals: Arrivals,
    groups: Groups,
    trend: Trend,
    queue: Queue,
    acked: Throughput,
    sent: Throughput,
    rate: RateControl,
    loss: LossBound,
    prober: Prober,
    remb: Option<u64>,
    desired: u64,
    rtt_us: Option<u64>,
    /// What was sent before went another way.
    path_since_us: u64,
    /// When feedback last came, or was last missed.
    heard_us: Option<u64>,
    /// Sent since then.
    unheard: bool,
    /// When feedback did not come any more, and the estimate then.
    silent: Option<(u64, u64)>,
}

impl Estimator {
    pub(crate) fn new(now: Instant, limits: Limits) -> Self {
        let most = limits.most.max(MIN_BITRATE);
        let limits = Limits { start: limits.start.clamp(MIN_BITRATE, most), most };
        Self {
            epoch: now,
            limits,
            history: History::new(),
            arrivals: Arrivals::default(),
            groups: Groups::default(),
            trend: Trend::new(),
            queue: Queue::default(),
            acked: Throughput::new(),
            sent: Throughput::new(),
            rate: RateControl::new(limits.start as f64),
            loss: LossBound::new(),
            prober: Prober::new(),
            remb: None,
            desired: 0,
            rtt_us: None,
            path_since_us: 0,
            heard_us: None,
            unheard: false,
            silent: None,
        }
    }

    /// A packet left with this transport-wide sequence number; `bytes` counts all of it but IP and UDP headers.
    /// Each number is one above the last.
    pub(crate) fn sent(&mut self, now: Instant, sequence: u16, bytes: usize, cluster: Option<Cluster>) {
        let now_us = self.micros(now);
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX);
        // Media counts as well: what is measured is all that is sent meanwhile.
        let cluster = cluster.or_else(|| self.prober.sending());
        self.history.push(now_us, sequence, bytes, cluster);
        self.sent.add(now_us, bytes);
        self.unheard = true;
        if let Some(cluster) = cluster {
            self.prober.sent(now_us, cluster, bytes);
        }
    }

    /// Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): the 24-bit reference time
    /// in units of 64 ms, and for each packet of its range, in order, how many microseconds after it the packet
    /// arrived, if it did.
    pub(crate) fn handle_feedback(
        &mut self,
        now: Instant,
        reference: u32,
        packets: impl IntoIterator<Item = (u16, Option<i32>)>,
    ) {
        let now_us = self.micros(now);
        let reference_us = self.arrivals.unwrap(reference);
        if let Some((since_us, bitrate)) = self.silent.take()
            && now_us >= since_us + GONE_US
        {
            self.begin_anew(now_us, bitrate);
        }
        let mut usage = self.trend.usage();
        let mut newest_sent_us = None;
        for (sequence, arrival) in packets {
            let Some(arrival) = arrival else {
                if self.history.lost(sequence).is_some_and(|sent_us| sent_us > self.path_since_us) {
                    self.loss.lost();
                }
                continue;
            };
            let path_since_us = self.path_since_us;
            let of_this_path = |packet: &history::Packet| packet.sent_us > path_since_us;
            let Some(packet) = self.history.acked(sequence).filter(of_this_path) else { continue };
            let arrived_us = reference_us + i64::from(arrival);
            newest_sent_us = newest_sent_us.max(Some(packet.sent_us));
            self.loss.received();
            self.acked.add(arrived_us.max(0) as u64, packet.bytes);
            if let Some(cluster) = packet.cluster {
                self.prober.received(cluster, arrived_us, packet.bytes);
            }
            self.queue.push(packet.sent_us, arrived_us);
            if let Some(delta) = self.groups.push(packet.sent_us, arrived_us) {
                self.trend.push(delta);
                // One overuse within a batch is an overuse, whatever came behind it.
                if usage != Usage::Over {
                    usage = self.trend.usage();
                }
            }
        }
        let Some(newest_sent_us) = newest_sent_us else {
            // Nothing new got through: that is as good as no feedback, but for the loss.
            self.bound_loss(now_us);
            return;
        };
        self.heard_us = Some(now_us);
        self.unheard = self.history.newest_us() > newest_sent_us;
        let rtt_us = now_us.saturating_sub(newest_sent_us).min(MOST_RTT_US);
        self.rtt_us = Some(self.rtt_us.map_or(rtt_us, |old| (old * 7 + rtt_us) / 8));

        let before = self.estimate();
        let standing_us = self.queue.settle(now_us);
        // A queue that not every packet of a feedback has met is jitter, and one that a probe has made will drain: neither
        // tells anything about what is sent otherwise.
        let probed = standing_us < PROBE_QUEUE_US && self.prober.disturbs(now_us);
        if usage == Usage::Over && (standing_us < self.queue.doubt_us() || probed) {
            usage = Usage::Under;
        }
        let seen = Seen {
            usage,
            standing_us,
            acked: self.acked.bitrate(),
            recent: self.acked.recent(),
            rtt_us: self.rtt_us.unwrap_or(rtt_us),
        };
        self.rate.update(now_us, seen, self.limits.most);
        self.bound_loss(now_us);
        if let Some(found) = self.prober.finish(now_us)
            && found > self.estimate() as f64
        {
            let found = found.min(self.limits.most as f64);
            self.rate.raise(now_us, found);
            self.loss.raise(found);
        }
        if usage == Usage::Over || self.estimate() < before {
            self.prober.hold_back(now_us, before as f64, self.estimate() as f64);
        }
    }

    /// What the receiver says it can receive (draft-alvestrand-rmcat-remb-03); the only word of clients that give no
    /// transport-wide feedback.
    pub(crate) fn handle_remb(&mut self, bitrate: u64) {
        self.remb = Some(bitrate);
    }

    /// Packets take another way from now on, of which nothing is known but that it is no better than assumed.
    pub(crate) fn path_changed(&mut self, now: Instant) {
        let now_us = self.micros(now);
        self.begin_anew(now_us, self.estimate());
    }

    /// With what is assumed of any network, or less if this one was known to carry less.
    fn begin_anew(&mut self, now_us: u64, before: u64) {
        let bitrate = before.min(self.limits.start) as f64;
        self.silent = None;
        self.groups = Groups::default();
        self.trend = Trend::new();
        self.queue = Queue::default();
        self.acked = Throughput::new();
        self.rate = RateControl::new(bitrate);
        self.loss = LossBound::new();
        self.prober.begin_anew(now_us);
        self.rtt_us = None;
        self.path_since_us = now_us;
        self.heard_us = None;
    }

    /// What everything wanted would cost. Above the estimate, it is probed for.
    pub(crate) fn set_desired(&mut self, bitrate: u64) {
        self.desired = bitrate;
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let now_us = self.micros(now);
        if let Some(heard_us) = self.heard_us
            && self.unheard
            && now_us >= heard_us + self.silence_us()
        {
            let estimate = self.estimate();
            self.silent.get_or_insert((heard_us, estimate));
            self.heard_us = Some(now_us);
            self.rate.scale(SILENCE_FACTOR);
        }
        self.prober.expire(now_us);
    }

    /// What to send now, beyond what is sent anyway, to try whether more gets through.
    pub(crate) fn poll_probe(&mut self, now: Instant) -> Option<Probe> {
        let now_us = self.micros(now);
        // Without feedback a probe would tell nothing, and while a queue stands it would only lengthen it.
        self.rtt_us?;
        if !self.prober.underway() && self.queued() {
            self.prober.postpone(now_us);
            return None;
        }
        let desired = self.desired.min(self.limits.most);
        let limited = self.application_limited(now_us);
        self.prober.poll(now_us, self.estimate(), desired, limited)
    }

    /// Bits per second, of everything that is sent.
    pub(crate) fn estimate(&self) -> u64 {
        let bound = match (self.remb, self.rtt_us) {
            (Some(remb), None) => remb as f64,
            (Some(remb), Some(_)) => self.rate.bitrate().min(self.loss.bitrate()).min(remb as f64),
            (None, _) => self.rate.bitrate().min(self.loss.bitrate()),
        };
        (bound as u64).clamp(MIN_BITRATE, self.limits.most)
    }

    /// From sending a packet to hearing of it, with what the receiver waited before it told.
    pub(crate) fn rtt(&self) -> Option<Duration> {
        self.rtt_us.map(Duration::from_micros)
    }

    /// When [`Estimator::handle_timeout`] or [`Estimator::poll_probe`] may have something to do.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let silence = self.heard_us.filter(|_| self.unheard).map(|heard_us| heard_us + self.silence_us());
        let wants_more = self.desired.min(self.limits.most) > self.estimate() && self.rtt_us.is_some();
        let probe = self.prober.poll_timeout(wants_more);
        let next = [silence, probe].into_iter().flatten().min();
        next.map(|micros| self.epoch + Duration::from_micros(micros))
    }

    fn bound_loss(&mut self, now_us: u64) {
        let queued = self.queued();
        self.loss.update(now_us, self.rate.bitrate(), queued, self.rtt_us.unwrap_or(0));
    }

    fn queued(&self) -> bool {
        self.queue.standing_us() > CALM_US.max(self.queue.doubt_us())
    }

    fn silence_us(&self) -> u64 {
        SILENCE_US.max(self.rtt_us.unwrap_or(0) * 2)
    }

    /// What is sent says little about what could be.
    fn application_limited(&self, now_us: u64) -> bool {
        self.sent.bitrate_at(now_us).is_none_or(|sent| sent < 0.9 * self.estimate() as f64)
    }

    fn micros(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_micros() as u64
    }
}

/// The receiver's clock, as its reference times tell it.
#[derive(Debug, Default)]
struct Arrivals {
    last: Option<(u32, i64)>,
}

impl Arrivals {
    /// Microseconds since some moment of the receiver's; above zero.
    fn unwrap(&mut self, reference: u32) -> i64 {
        const BITS: u32 = 24;
        let (last, units) = self.last.unwrap_or((reference, 1 << BITS));
        // The difference of 24-bit numbers, signed.
        let step = (reference.wrapping_sub(last) << (32 - BITS)) as i32 >> (32 - BITS);
        let units = (units + i64::from(step)).max(1 << 8);
        self.last = Some((reference, units));
        units * 64_000
    }
}

#[cfg(test)]
mod tests;
