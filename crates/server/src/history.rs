//! What the last hour was like, for whoever operates the server without a Prometheus: a sample of everything every ten
//! seconds.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use kaigi_worker::{Metrics, Worker};
use serde::Serialize;
use utoipa::ToSchema;

use crate::signaling::Hub;

/// Seconds between samples.
pub(crate) const EVERY: u64 = 10;

/// Samples of an hour.
const KEPT: usize = 3_600 / EVERY as usize;

/// The server at one moment; rates are of the ten seconds before it.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sample {
    /// When, milliseconds since the Unix epoch.
    at: u64,
    rooms: usize,
    participants: usize,
    /// Viewers by WHEP.
    viewers: usize,
    /// Signaling connections.
    connections: usize,
    /// Peer connections to the server.
    sessions: usize,
    /// TURN allocations.
    allocations: usize,
    /// How busy each media thread was, 0 to 1.
    load: Vec<f64>,
    /// Media from publishers, bit/s.
    received_bits: f64,
    /// Media to subscribers, bit/s.
    forwarded_bits: f64,
    /// Relayed by TURN, both directions, bit/s.
    relayed_bits: f64,
    /// Packets lost on the way to subscribers, of those forwarded, 0 to 1.
    lost_down: f64,
    /// Packets lost on the way from publishers, of those sent, 0 to 1.
    lost_up: f64,
    /// Packets not sent because a subscriber's queue was full, or the system's.
    dropped: u64,
    /// Requests, offers and datagrams that were refused.
    refused: u64,
}

/// What counts up.
#[derive(Clone, Debug, Default)]
struct Totals {
    busy: Vec<f64>,
    received_bytes: u64,
    received_packets: u64,
    forwarded_bytes: u64,
    forwarded_packets: u64,
    relayed_bytes: u64,
    lost_down: u64,
    lost_up: u64,
    dropped: u64,
    refused: u64,
}

impl Totals {
    fn of(metrics: &Metrics, busy: Vec<f64>) -> Self {
        let (sfu, turn, io) = (&metrics.sfu, &metrics.turn, &metrics.io);
        let refused = sfu.refused;
        Self {
            busy,
            received_bytes: sfu.total.received_bytes,
            received_packets: sfu.total.received_packets,
            forwarded_bytes: sfu.total.forwarded_bytes,
            forwarded_packets: sfu.total.forwarded_packets,
            relayed_bytes: turn.relayed.iter().map(|relayed| relayed.up_bytes + relayed.down_bytes).sum(),
            lost_down: sfu.total.lost_packets,
            lost_up: sfu.total.lost_upstream,
            dropped: sfu.total.queue_drops + io.lost_buffer_full + io.lost_no_buffers,
            refused: turn.refused.iter().sum::<u64>()
                + refused.unknown_path
                + refused.stun
                + refused.srtp
                + refused.dtls
                + refused.offers,
        }
    }
}

/// The samples, oldest first.
#[derive(Default)]
pub(crate) struct History {
    samples: Mutex<VecDeque<Sample>>,
}

impl History {
    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Takes samples. Never returns.
    pub(crate) async fn run(self: Arc<Self>, hub: Arc<Hub>, worker: Worker) {
        let mut interval = tokio::time::interval(Duration::from_secs(EVERY));
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut before, mut then) = (Totals::default(), Instant::now());
        loop {
            interval.tick().await;
            let metrics = worker.metrics();
            let totals = Totals::of(&metrics, worker.busy_seconds());
            let (passed, now) = (then.elapsed().as_secs_f64().max(1e-3), Instant::now());
            let mut sample = rates(&before, &totals, passed);
            (sample.sessions, sample.allocations) = (metrics.open.sessions, metrics.open.allocations);
            hub.count(&mut sample);
            (before, then) = (totals, now);
            let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
            if samples.len() == KEPT {
                samples.pop_front();
            }
            samples.push_back(sample);
        }
    }
}

impl Sample {
    /// What is in the rooms.
    pub(crate) fn set_rooms(
        &mut self,
        at: u64,
        (rooms, participants, viewers, connections): (usize, usize, usize, usize),
    ) {
        (self.at, self.rooms, self.participants, self.viewers, self.connections) =
            (at, rooms, participants, viewers, connections);
    }
}

/// A thread that started anew counts from zero again: then nothing is better than less than nothing.
fn rates(before: &Totals, now: &Totals, passed: f64) -> Sample {
    let bits = |before: u64, now: u64| now.saturating_sub(before) as f64 * 8.0 / passed;
    let share = |lost: u64, arrived: u64| lost as f64 / (lost + arrived).max(1) as f64;
    let lost_down = now.lost_down.saturating_sub(before.lost_down);
    let lost_up = now.lost_up.saturating_sub(before.lost_up);
    let forwarded = now.forwarded_packets.saturating_sub(before.forwarded_packets);
    let received = now.received_packets.saturating_sub(before.received_packets);
    let busy = |(thread, now): (usize, &f64)| {
        let before = before.busy.get(thread).copied().unwrap_or_default();
        ((now - before) / passed).clamp(0.0, 1.0)
    };
    Sample {
        load: now.busy.iter().enumerate().map(busy).collect(),
        received_bits: bits(before.received_bytes, now.received_bytes),
        forwarded_bits: bits(before.forwarded_bytes, now.forwarded_bytes),
        relayed_bits: bits(before.relayed_bytes, now.relayed_bytes),
        // What is reported lost is part of what was forwarded.
        lost_down: share(lost_down, forwarded.saturating_sub(lost_down)),
        lost_up: share(lost_up, received),
        dropped: now.dropped.saturating_sub(before.dropped),
        refused: now.refused.saturating_sub(before.refused),
        ..Sample::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_time_that_has_passed() {
        let before = Totals { busy: vec![1.0, 5.0], forwarded_bytes: 1_000, ..Totals::default() };
        let now = Totals {
            busy: vec![3.5, 0.0],
            forwarded_bytes: 6_000,
            forwarded_packets: 100,
            lost_down: 5,
            received_packets: 30,
            lost_up: 10,
            refused: 7,
            ..Totals::default()
        };
        let sample = rates(&before, &now, 5.0);
        assert_eq!(sample.load, [0.5, 0.0], "the second thread has started anew");
        assert_eq!((sample.forwarded_bits, sample.received_bits), (8_000.0, 0.0));
        assert_eq!((sample.lost_down, sample.lost_up), (0.05, 0.25));
        assert_eq!(sample.refused, 7);
    }
}
