//! The media threads. Each owns its UDP sockets, its relay sockets and its TURN server outright; they exchange
//! values with each other and with the rest of the process over bounded queues. Knows no HTTP and no accounts of
//! people.
//!
//! All threads have sockets on the same addresses and the same port; the system gives a client always to the
//! same one. Data from a relay of one thread to a relay of another is handed over inside the process.

mod counters;
mod egress;
mod media;
mod neighbours;
mod outbox;
mod relays;
mod thread;

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use kaigi_turn::{Config, NonceKey, Quotas, Rate, Server};
pub use kaigi_turn::{FiveTuple, StreamId};
use kaigi_udp::Buffers;
pub use kaigi_udp::{Offload, offload};
use rand::{SeedableRng, rngs::StdRng};

pub use counters::{Io, Metrics, Open};
pub use outbox::Outbox;

use neighbours::{Neighbours, Port};

/// Bytes that the system is asked to keep each way for a socket everybody talks to: 4 MB are 30 ms of 1 Gbit/s.
pub const SOCKET_BUFFER: usize = 4 << 20;

/// The most threads.
pub const MOST_THREADS: usize = 64;

/// Pieces of streams that may wait for a thread; whoever reads them from a connection waits then.
const INPUTS: usize = 1024;

/// What the threads are told at start.
pub struct Options {
    /// For each thread, from [`bind`]: all on one port.
    pub sockets: Vec<Vec<UdpSocket>>,
    /// Who may relay to whom.
    pub turn: Config,
    /// Makes nonces this server recognizes.
    pub nonce_key: NonceKey,
    /// The machine's address of each family, for relays where a client's own connection does not tell one.
    pub local_addresses: Vec<IpAddr>,
    /// Addresses under which the machine's are reached from outside (1:1 NAT), told to clients instead.
    pub public_addresses: Vec<IpAddr>,
}

/// What connections tell the threads.
pub enum Input {
    /// A TCP or TLS connection turned out to speak TURN.
    StreamOpened {
        /// Its number and addresses.
        from: FiveTuple,
        /// Where frames for it go. Closed when the thread has no use for the connection any more.
        outbox: Arc<Outbox>,
    },
    /// Something came over it.
    StreamFrames {
        /// The same.
        from: FiveTuple,
        /// STUN messages and ChannelData, each whole and with its padding.
        frames: Bytes,
    },
    /// It is gone.
    StreamClosed {
        /// The same.
        from: FiveTuple,
    },
    /// The thread is to panic.
    #[cfg(test)]
    Panic {
        /// A stream of that thread.
        from: FiveTuple,
    },
}

impl Input {
    fn from(&self) -> &FiveTuple {
        match self {
            Input::StreamOpened { from, .. }
            | Input::StreamFrames { from, .. }
            | Input::StreamClosed { from } => from,
            #[cfg(test)]
            Input::Panic { from } => from,
        }
    }
}

/// Binds the sockets of all threads on one address.
pub fn bind(address: SocketAddr, threads: usize) -> io::Result<Vec<UdpSocket>> {
    kaigi_udp::bind_shared(address, threads)
}

/// The running media threads.
#[derive(Clone)]
pub struct Worker(Arc<Running>);

struct Running {
    ports: Arc<[Port]>,
    metrics: Vec<Arc<Mutex<Metrics>>>,
}

impl Worker {
    /// Starts the threads; they end when the last clone of the worker is gone.
    pub fn start(options: Options) -> io::Result<Self> {
        let (mut ports, mut inboxes) = (Vec::new(), Vec::new());
        for _ in 0..options.sockets.len() {
            let (port, inbox) = Port::new(INPUTS)?;
            ports.push(port);
            inboxes.push(inbox);
        }
        let ports: Arc<[Port]> = ports.into();
        let turn = share(options.turn, options.sockets.len());
        let quotas = quotas(&turn, &options.nonce_key);
        // From here on an error ends the threads that run already.
        let mut running = Running { ports: ports.clone(), metrics: Vec::new() };
        for (index, (inbox, sockets)) in inboxes.into_iter().zip(options.sockets).enumerate() {
            let setup = thread::Setup {
                sockets,
                turn: turn.clone(),
                quotas: quotas.clone(),
                nonce_key: options.nonce_key.clone(),
                local_addresses: options.local_addresses.clone(),
                public_addresses: options.public_addresses.clone(),
            };
            let neighbours = Neighbours::new(ports.clone(), index as u16);
            let metrics = Arc::new(Mutex::new(Metrics::default()));
            let granted = thread::start(setup, inbox, neighbours, metrics.clone())?;
            if index == 0 {
                warn_of_small_buffers(granted);
            }
            running.metrics.push(metrics);
        }
        Ok(Self(Arc::new(running)))
    }

    /// Tells the thread of this stream something; waits while it is busy.
    pub async fn tell(&self, input: Input) {
        let stream = input.from().transport.stream().map_or(0, |id| id.0);
        let port = &self.0.ports[(stream % self.0.ports.len() as u64) as usize];
        // The threads end only with the process.
        if port.inputs.send(input).await.is_ok() {
            port.bell.ring();
        }
    }

    /// Everything the threads have counted, as of a second ago at most.
    pub fn metrics(&self) -> Metrics {
        let mut sum = Metrics::default();
        for metrics in &self.0.metrics {
            sum.add(&metrics.lock().unwrap_or_else(PoisonError::into_inner));
        }
        sum
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ports.iter().for_each(Port::stop);
    }
}

/// A thread's share of the answers to whom is not proven. Where they matter there are many who ask, and those
/// spread evenly.
fn share(mut turn: Config, threads: usize) -> Config {
    let Rate { per_second, burst } = &mut turn.limits.unproven_answers;
    *per_second = per_second.div_ceil(threads.max(1) as u64);
    *burst = burst.div_ceil(threads.max(1) as u64);
    turn
}

/// Limits that hold for all threads together: those of a single server, which all share.
fn quotas(turn: &Config, key: &NonceKey) -> Quotas {
    let rng = Box::new(StdRng::from_os_rng());
    Server::new(turn.clone(), key.clone(), rng, Instant::now()).quotas()
}

/// One warning for all sockets: the limits are the system's.
fn warn_of_small_buffers(granted: Buffers) {
    let wanted = thread::SHARED_BUFFERS;
    let limits = [
        ("net.core.rmem_max", granted.receive, wanted.receive),
        ("net.core.wmem_max", granted.send, wanted.send),
    ];
    let low: Vec<String> = limits
        .into_iter()
        .filter(|(_, granted, wanted)| granted < wanted)
        .map(|(name, _, wanted)| format!("sysctl -w {name}={wanted}"))
        .collect();
    if !low.is_empty() {
        tracing::warn!(
            receive_bytes = granted.receive,
            send_bytes = granted.send,
            "the system keeps small buffers for UDP, bursts of media may be lost; raise its limit: {}",
            low.join(" && ")
        );
    }
}

#[cfg(test)]
mod tests;
