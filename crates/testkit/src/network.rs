//! Networks that exist only in a test: what is sent comes out later, in another order, twice or never, as the
//! conditions say and a seed decides. Time is an argument, so an hour passes in a moment.

mod link;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

pub use link::{Counts, Fate, Link};

/// What a datagram takes on the wire beyond its payload: IPv4 and UDP headers. Rates and queues count it.
pub const UDP_OVERHEAD: usize = 28;

/// How one direction of a path treats datagrams. The default passes everything on at once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    /// How long every datagram takes, after it has left the queue.
    pub delay: Duration,
    /// Up to this much longer, evenly distributed; order is kept.
    pub jitter: Duration,
    /// What gets lost on the way.
    pub loss: Loss,
    /// The share of datagrams that later ones overtake: they take another `delay / 2 + jitter + 5 ms`.
    pub reorder: f64,
    /// The share of datagrams that come twice.
    pub duplicate: f64,
    /// How much fits; `None` is no limit.
    pub rate: Option<Rate>,
}

impl Conditions {
    /// Nothing but a delay.
    pub fn delay(delay: Duration) -> Self {
        Self { delay, ..Self::default() }
    }

    /// The same with this loss.
    pub fn with_loss(self, loss: Loss) -> Self {
        Self { loss, ..self }
    }

    /// The same with a limit, whose queue holds this long a burst at most.
    pub fn with_rate(self, bits_per_second: u64, queue: Duration) -> Self {
        let queue = (bits_per_second as f64 / 8.0 * queue.as_secs_f64()) as usize;
        Self { rate: Some(Rate { bits_per_second, queue }), ..self }
    }
}

/// A bottleneck: datagrams wait for their turn in a drop-tail queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What passes, [`UDP_OVERHEAD`] included.
    pub bits_per_second: u64,
    /// How many bytes may wait; what does not fit is lost.
    pub queue: usize,
}

/// What gets lost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Loss {
    /// Nothing.
    #[default]
    None,
    /// Each datagram with this probability, whatever happened to others.
    Random(f64),
    /// In bursts (Gilbert-Elliott): nothing in the good state, everything in the bad one.
    Bursts {
        /// The share lost in the long run, below 1.
        share: f64,
        /// How many datagrams in a row a burst takes on average, at least 1.
        length: f64,
    },
    /// Everything: the cable is out.
    All,
}

/// Links of one test, by a key of its own, each with a random sequence of its own: what happens on one does not
/// depend on how much is sent on others.
#[derive(Debug)]
pub struct Network<K, T> {
    seed: u64,
    links: BTreeMap<K, Link<T>>,
}

impl<K: Ord + Copy, T: Clone> Network<K, T> {
    /// An empty network.
    pub fn new(seed: u64) -> Self {
        Self { seed, links: BTreeMap::new() }
    }

    /// Lays a link, in place of what was there under this key.
    pub fn lay(&mut self, key: K, conditions: Conditions) -> &mut Link<T> {
        // Seeds of neighbouring links must not be neighbours of each other's.
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.links.entry(key).insert_entry(Link::new(self.seed, conditions)).into_mut()
    }

    /// A link that was laid.
    pub fn link(&mut self, key: K) -> Option<&mut Link<T>> {
        self.links.get_mut(&key)
    }

    /// The next datagram that has arrived by now, whichever link it came by, the earliest first.
    pub fn poll(&mut self, now: Instant) -> Option<(K, T)> {
        let (at, key) = self.next()?;
        if at > now {
            return None;
        }
        let arrived = self.links.get_mut(&key)?.poll(now)?;
        Some((key, arrived))
    }

    /// When [`Network::poll`] has something next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next().map(|(at, _)| at)
    }

    fn next(&self) -> Option<(Instant, K)> {
        self.links.iter().filter_map(|(key, link)| Some((link.poll_timeout()?, *key))).min()
    }
}

#[cfg(test)]
mod tests;
