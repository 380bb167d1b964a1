//! One direction of one path.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{Conditions, Loss, UDP_OVERHEAD};

/// What becomes of a datagram; decided when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives, perhaps late or twice.
    Arrives,
    /// It was lost on the way.
    Lost,
    /// The bottleneck's queue was full.
    Overflowed,
}

/// What happened on a link so far, in datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Handed in.
    pub sent: u64,
    /// Lost on the way.
    pub lost: u64,
    /// Too many for the bottleneck's queue.
    pub overflowed: u64,
    /// Overtaken by later ones.
    pub reordered: u64,
    /// Delivered twice.
    pub duplicated: u64,
    /// Bytes that passed the bottleneck, [`UDP_OVERHEAD`] included.
    pub bytes: u64,
}

/// One direction of one path: what [`Link::send`] takes, [`Link::poll`] gives back when it is due.
#[derive(Debug)]
pub struct Link<T> {
    rng: StdRng,
    conditions: Conditions,
    /// Conditions to come.
    schedule: BTreeMap<Instant, Conditions>,
    /// The loss model is in its bad state.
    bad: bool,
    /// What waits at the bottleneck: when it will have left, and how much it is.
    queue: VecDeque<(Instant, usize)>,
    /// The latest arrival so far of those that keep their order.
    latest: Option<Instant>,
    /// On the way, by arrival, then by the order of sending.
    flying: BTreeMap<(Instant, u64), T>,
    flown: u64,
    counts: Counts,
}

impl<T: Clone> Link<T> {
    /// A link whose luck is decided by this seed.
    pub fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            conditions,
            schedule: BTreeMap::new(),
            bad: false,
            queue: VecDeque::new(),
            latest: None,
            flying: BTreeMap::new(),
            flown: 0,
            counts: Counts::default(),
        }
    }

    /// Changes the conditions at once. What is on the way stays as it was.
    pub fn set(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Changes the conditions when the time has come.
    pub fn set_at(&mut self, at: Instant, conditions: Conditions) {
        self.schedule.insert(at, conditions);
    }

    /// The conditions now.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Sends a datagram with a payload of this many bytes.
    pub fn send(&mut self, now: Instant, length: usize, datagram: T) -> Fate {
        while let Some(due) = self.schedule.first_entry().filter(|due| *due.key() <= now) {
            self.conditions = due.remove();
        }
        self.counts.sent += 1;
        // The bottleneck comes first: what is lost behind it has used it all the same.
        let Some(left) = self.pass_bottleneck(now, length + UDP_OVERHEAD) else {
            self.counts.overflowed += 1;
            return Fate::Overflowed;
        };
        if self.loses() {
            self.counts.lost += 1;
            return Fate::Lost;
        }
        self.fly(left, datagram.clone());
        if self.chance(self.conditions.duplicate) {
            self.counts.duplicated += 1;
            self.fly(left, datagram);
        }
        Fate::Arrives
    }

    /// The next datagram that has arrived by now.
    pub fn poll(&mut self, now: Instant) -> Option<T> {
        let first = self.flying.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// When the next one arrives.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.flying.keys().next().map(|(at, _)| *at)
    }

    /// When a datagram has passed the bottleneck.
    fn pass_bottleneck(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        while self.queue.front().is_some_and(|(left, _)| *left <= now) {
            self.queue.pop_front();
        }
        let Some(rate) = self.conditions.rate else {
            self.counts.bytes += bytes as u64;
            // A limit that was lifted lets go what waits, but nothing overtakes it.
            return Some(self.queue.back().map_or(now, |(left, _)| *left));
        };
        let waiting: usize = self.queue.iter().map(|(_, bytes)| bytes).sum();
        // An idle bottleneck takes one datagram, however small its queue.
        if waiting > 0 && waiting + bytes > rate.queue {
            return None;
        }
        let free = self.queue.back().map_or(now, |(left, _)| *left);
        let left = free + Duration::from_secs_f64(bytes as f64 * 8.0 / rate.bits_per_second as f64);
        self.queue.push_back((left, bytes));
        self.counts.bytes += bytes as u64;
        Some(left)
    }

    fn loses(&mut self) -> bool {
        match self.conditions.loss {
            Loss::None => false,
            Loss::All => true,
            Loss::Random(share) => self.chance(share),
            Loss::Bursts { share, length } => {
                // The state's share of time in the long run is into / (into + out).
                let out = 1.0 / length;
                let into = out * share / (1.0 - share);
                self.bad = if self.bad { !self.chance(out) } else { self.chance(into) };
                self.bad
            }
        }
    }

    fn fly(&mut self, left: Instant, datagram: T) {
        let Conditions { delay, jitter, reorder, .. } = self.conditions;
        let mut arrival = left + delay + jitter.mul_f64(self.rng.random::<f64>());
        if self.chance(reorder) {
            self.counts.reordered += 1;
            arrival += delay / 2 + jitter + Duration::from_millis(5);
        } else {
            arrival = self.latest.map_or(arrival, |latest| arrival.max(latest));
            self.latest = Some(arrival);
        }
        self.flown += 1;
        self.flying.insert((arrival, self.flown), datagram);
    }

    /// Takes from the random sequence even when it cannot matter, so that conditions do not shift what follows.
    fn chance(&mut self, probability: f64) -> bool {
        self.rng.random::<f64>() < probability
    }
}
