//! A bottleneck on virtual time, and flows that share it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::bwe::{Cluster, Estimator, Limits};

/// What a network is like; times in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions {
    /// Bits per second.
    pub(super) rate: f64,
    /// One way, without queueing.
    pub(super) delay_us: u64,
    pub(super) jitter_us: u64,
    /// Share of packets lost whatever is sent.
    pub(super) loss: f64,
    /// What would wait longer is dropped.
    pub(super) queue_us: u64,
}

pub(super) const PLAIN: Conditions =
    Conditions { rate: 1e6, delay_us: 25_000, jitter_us: 2_000, loss: 0.0, queue_us: 1_000_000 };

/// What a flow's publishers make of the estimate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    /// What everything wanted would cost.
    pub(super) desired: u64,
    /// Video never exceeds this, whatever is estimated.
    pub(super) source: u64,
    /// Every so many frames, one is four times as large.
    pub(super) keyframes: Option<u64>,
}

pub(super) type Choose = Box<dyn FnMut(Instant, u64) -> (u64, u64)>;

pub(super) struct Network {
    start: Instant,
    pub(super) now_us: u64,
    pub(super) conditions: Conditions,
    free_us: u64,
    random: StdRng,
    pub(super) flows: Vec<Flow>,
}

/// When it comes back, reference time, packets.
type Feedback = (u64, u32, Vec<(u16, Option<i32>)>);

pub(super) struct Flow {
    pub(super) estimator: Estimator,
    pub(super) traffic: Traffic,
    /// Makes of an estimate what video costs and what would be desired, in place of `traffic`.
    pub(super) choose: Option<Choose>,
    /// It gives no feedback while this is set.
    pub(super) deaf: bool,
    sequence: u16,
    frames: u64,
    /// By arrival: when, sequence number.
    arriving: VecDeque<(u64, u16)>,
    arrived: Vec<(u16, u64)>,
    /// The first that has not been told of.
    untold: u16,
    /// On their way back.
    feedback: VecDeque<Feedback>,
    /// Every 100 ms.
    pub(super) samples: Vec<Sample>,
    received_bytes: u64,
    longest_wait_us: u64,
}

/// A tenth of a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) at_us: u64,
    pub(super) estimate: u64,
    /// Bits per second, probes among them.
    pub(super) received: u64,
    /// The longest a packet waited in the queue.
    pub(super) waited_us: u64,
}

const TICK_US: u64 = 1_000;
const SAMPLE_US: u64 = 100_000;
const FEEDBACK_US: u64 = 100_000;
const FRAME_US: u64 = 33_000;
const AUDIO_US: u64 = 20_000;
const AUDIO_BYTES: usize = 100;
const PACKET_BYTES: usize = 1_150;
/// Where the receiver's clock stands at the start: its reference times wrap around within a test.
const CLOCK_US: u64 = (1 << 24) * 64_000 - 7_777_777;

impl Network {
    pub(super) fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            start: Instant::now(),
            now_us: 0,
            conditions,
            free_us: 0,
            random: StdRng::seed_from_u64(seed),
            flows: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, traffic: Traffic) -> usize {
        let limits = Limits { start: 1_000_000, most: 50_000_000 };
        // Near the wrap of the sequence numbers.
        let sequence = 65_000;
        let now = self.instant();
        self.flows.push(Flow {
            estimator: Estimator::new(now, limits),
            traffic,
            choose: None,
            deaf: false,
            sequence,
            frames: self.random.random_range(0..FRAME_US),
            arriving: VecDeque::new(),
            arrived: Vec::new(),
            untold: sequence,
            feedback: VecDeque::new(),
            samples: Vec::new(),
            received_bytes: 0,
            longest_wait_us: 0,
        });
        self.flows.len() - 1
    }

    pub(super) fn run(&mut self, seconds: u64) {
        let until_us = self.now_us + seconds * 1_000_000;
        while self.now_us < until_us {
            self.now_us += TICK_US;
            for at in 0..self.flows.len() {
                self.tick(at);
            }
        }
    }

    fn tick(&mut self, at: usize) {
        let (now_us, now) = (self.now_us, self.instant());
        let phase = at as u64 * 7_000;
        let flow = &mut self.flows[at];
        flow.receive(now_us);
        if (now_us + phase).is_multiple_of(FEEDBACK_US) && !flow.deaf {
            flow.tell(now_us, self.conditions.delay_us);
        }
        flow.listen(now_us, now);
        if now_us.is_multiple_of(SAMPLE_US)
            && let Some(choose) = &mut flow.choose
        {
            (flow.traffic.source, flow.traffic.desired) = choose(now, flow.estimator.estimate());
        }
        flow.estimator.set_desired(flow.traffic.desired);
        if flow.estimator.poll_timeout().is_some_and(|due| due <= now) {
            flow.estimator.handle_timeout(now);
        }
        if now_us.is_multiple_of(SAMPLE_US) {
            flow.samples.push(Sample {
                at_us: now_us,
                estimate: flow.estimator.estimate(),
                received: flow.received_bytes * 8_000_000 / SAMPLE_US,
                waited_us: flow.longest_wait_us,
            });
            flow.received_bytes = 0;
            flow.longest_wait_us = 0;
        }

        let mut packets: Vec<(usize, Option<Cluster>)> = Vec::new();
        if now_us.is_multiple_of(AUDIO_US) {
            packets.push((AUDIO_BYTES, None));
        }
        if (now_us + phase).is_multiple_of(FRAME_US) {
            let frame = flow.frame();
            let count = frame.div_ceil(PACKET_BYTES).max(1);
            packets.extend((0..count).map(|_| (frame / count, None)));
        }
        if let Some(probe) = flow.estimator.poll_probe(now) {
            let bytes = probe.bytes.div_ceil(probe.packets).min(PACKET_BYTES);
            let count = probe.bytes.div_ceil(bytes).max(probe.packets);
            packets.extend((0..count).map(|_| (bytes, Some(probe.cluster))));
        }
        for (bytes, cluster) in packets {
            self.send(at, bytes, cluster);
        }
    }

    fn send(&mut self, at: usize, bytes: usize, cluster: Option<Cluster>) {
        let (now_us, now) = (self.now_us, self.instant());
        let Conditions { rate, delay_us, jitter_us, loss, queue_us } = self.conditions;
        let flow = &mut self.flows[at];
        let sequence = flow.sequence;
        flow.sequence = flow.sequence.wrapping_add(1);
        flow.estimator.sent(now, sequence, bytes, cluster);

        let waits_us = self.free_us.saturating_sub(now_us);
        if waits_us > queue_us {
            return;
        }
        flow.longest_wait_us = flow.longest_wait_us.max(waits_us);
        self.free_us = now_us + waits_us + ((bytes + 28) as f64 * 8e6 / rate) as u64;
        if self.random.random_bool(loss) {
            return;
        }
        flow.received_bytes += bytes as u64;
        // Jitter does not reorder.
        let earliest_us = flow.arriving.back().map_or(0, |(arrives_us, _)| *arrives_us);
        let arrives_us = self.free_us + delay_us + self.random.random_range(0..=jitter_us);
        flow.arriving.push_back((arrives_us.max(earliest_us), sequence));
    }

    pub(super) fn instant(&self) -> Instant {
        self.start + Duration::from_micros(self.now_us)
    }
}

impl Flow {
    /// Bytes of the next frame.
    fn frame(&mut self) -> usize {
        self.frames += 1;
        let audio = AUDIO_BYTES as u64 * 8_000_000 / AUDIO_US;
        let fitting = self.estimator.estimate().min(self.traffic.desired).saturating_sub(audio);
        // What layers have been chosen is sent as it is.
        let rate = if self.choose.is_some() { self.traffic.source } else { fitting.min(self.traffic.source) };
        let usual = rate * FRAME_US / 8_000_000;
        match self.traffic.keyframes {
            // The others make up for it.
            Some(every) if self.frames.is_multiple_of(every) => (usual * 4 * every / (every + 3)) as usize,
            Some(every) => (usual * every / (every + 3)) as usize,
            None => usual as usize,
        }
    }

    fn receive(&mut self, now_us: u64) {
        while let Some((arrives_us, sequence)) = self.arriving.pop_front_if(|(at_us, _)| *at_us <= now_us) {
            self.arrived.push((sequence, arrives_us));
        }
    }

    fn tell(&mut self, now_us: u64, delay_us: u64) {
        let Some(&(last, _)) = self.arrived.last() else { return };
        let count = last.wrapping_sub(self.untold).wrapping_add(1);
        let clock_us = |arrived_us: u64| CLOCK_US + arrived_us;
        let reference = clock_us(self.arrived[0].1) / 64_000;
        let mut arrived = self.arrived.iter().peekable();
        let told = (0..count)
            .map(|step| {
                let sequence = self.untold.wrapping_add(step);
                let arrival = arrived.next_if(|(other, _)| *other == sequence);
                let after =
                    arrival.map(|(_, at_us)| ((clock_us(*at_us) - reference * 64_000) / 250 * 250) as i32);
                (sequence, after)
            })
            .collect();
        self.feedback.push_back((now_us + delay_us, (reference & 0xff_ffff) as u32, told));
        self.untold = last.wrapping_add(1);
        self.arrived.clear();
    }

    fn listen(&mut self, now_us: u64, now: Instant) {
        while let Some((_, reference, told)) = self.feedback.pop_front_if(|(at_us, ..)| *at_us <= now_us) {
            self.estimator.handle_feedback(now, reference, told);
        }
    }

    /// The samples from one second to another.
    pub(super) fn between(&self, from: u64, to: u64) -> impl Iterator<Item = Sample> + Clone + '_ {
        let span_us = from * 1_000_000..to * 1_000_000;
        self.samples.iter().copied().filter(move |sample| span_us.contains(&sample.at_us))
    }

    pub(super) fn mean_estimate(&self, from: u64, to: u64) -> f64 {
        mean(self.between(from, to).map(|sample| sample.estimate))
    }

    /// The share of samples in which some packet waited longer than this.
    pub(super) fn queued(&self, from: u64, to: u64, longer_us: u64) -> f64 {
        let samples = self.between(from, to);
        samples.clone().filter(|sample| sample.waited_us > longer_us).count() as f64 / samples.count() as f64
    }

    pub(super) fn mean_received(&self, from: u64, to: u64) -> f64 {
        mean(self.between(from, to).map(|sample| sample.received))
    }
}

fn mean(values: impl Iterator<Item = u64>) -> f64 {
    let (sum, count) = values.fold((0u64, 0u64), |(sum, count), value| (sum + value, count + 1));
    sum as f64 / count.max(1) as f64
}
