//! The media threads. Each owns its UDP sockets, its relay sockets, its TURN server and its share of the SFU
//! outright; they exchange values with each other and with the rest of the process over bounded queues. Knows no
//! HTTP and no accounts of people.
//!
//! All threads have sockets on the same addresses and the same port; the system gives a client always to the
//! same one. What a thread receives for a session or a relay of another is handed over inside the process; the
//! owner answers from its own socket of the same address.

mod batches;
mod counters;
mod egress;
mod media;
mod neighbours;
mod outbox;
mod outlet;
mod owners;
mod pace;
mod relays;
mod sessions;
mod thread;

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
pub use kaigi_sfu as sfu;
use kaigi_sfu::{Identity, SessionId, Sources, View};
use kaigi_turn::{Config, NonceKey, Quotas, Rate, Server};
pub use kaigi_turn::{FiveTuple, StreamId};
use kaigi_udp::Buffers;
pub use kaigi_udp::{Offload, offload};
use rand::{SeedableRng, rngs::StdRng};

pub use batches::Batches;
pub use counters::{Io, Metrics, Open};
pub use outbox::Outbox;
pub use sessions::{Busy, Connect, Report};

use neighbours::{Neighbours, Port};
use sessions::Reports;

/// Bytes that the system is asked to keep each way for a socket everybody talks to: 4 MB are 30 ms of 1 Gbit/s.
pub const SOCKET_BUFFER: usize = 4 << 20;

/// The most threads.
pub const MOST_THREADS: usize = 64;

/// The port of the *virtual candidate*: at an address of the server's, no socket is ever opened on it, but TURN hands
/// what is sent to it over to the SFU. Browsers drop candidates with a port below 1024, and private ones on 443, so
/// a relay would have no peer otherwise. Below the ports that systems give out by themselves.
pub const VIRTUAL_PORT: u16 = 29_479;

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
    /// The most sessions of the SFU in each thread.
    pub sessions: usize,
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
    /// A TCP connection turned out to speak ICE (RFC 6544).
    IceOpened {
        /// Its number: one of [`Worker::stream_on`] the thread that its first check names.
        id: StreamId,
        /// The client.
        remote: SocketAddr,
        /// Which of our addresses it came to.
        local: IpAddr,
        /// Where packets for it go, in RFC 4571 frames. Closed when the thread has no use for the connection (any
        /// more).
        outbox: Arc<Outbox>,
        /// What came so far: the first check, and what followed.
        frames: Bytes,
    },
    /// Something came over it.
    IceFrames {
        /// The same.
        id: StreamId,
        /// Whole RFC 4571 frames.
        frames: Bytes,
    },
    /// It is gone.
    IceClosed {
        /// The same.
        id: StreamId,
    },
    /// The thread is to panic.
    #[cfg(test)]
    Panic {
        /// A stream of that thread.
        from: FiveTuple,
    },
}

impl Input {
    fn stream(&self) -> StreamId {
        match self {
            Input::StreamOpened { from, .. }
            | Input::StreamFrames { from, .. }
            | Input::StreamClosed { from } => from.transport.stream().unwrap_or(StreamId(0)),
            Input::IceOpened { id, .. } | Input::IceFrames { id, .. } | Input::IceClosed { id } => *id,
            #[cfg(test)]
            Input::Panic { from } => from.transport.stream().unwrap_or(StreamId(0)),
        }
    }
}

/// Binds the sockets of all threads on one address.
pub fn bind(address: SocketAddr, threads: usize) -> io::Result<Vec<UdpSocket>> {
    kaigi_udp::bind_shared(address, threads)
}

/// Goes on with sockets that another process bound for its threads on one address, for this many threads.
pub fn join(held: Vec<UdpSocket>, threads: usize) -> io::Result<Vec<UdpSocket>> {
    kaigi_udp::join_shared(held, threads)
}

/// The running media threads.
#[derive(Clone)]
pub struct Worker(Arc<Running>);

struct Running {
    ports: Arc<[Port]>,
    metrics: Vec<Arc<Mutex<Metrics>>>,
    reports: Arc<Reports>,
    streams: AtomicU64,
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
        let mut turn = share(options.turn, options.sockets.len());
        let shared = options.sockets.iter().flatten().find_map(|socket| socket.local_addr().ok());
        turn.sfu_ports = shared.map(|address| address.port()).into_iter().chain([VIRTUAL_PORT]).collect();
        let identity =
            Identity::generate().ok_or_else(|| io::Error::other("no key for DTLS could be made"))?;
        let reports = Arc::new(Reports::default());
        let quotas = quotas(&turn, &options.nonce_key);
        // From here on an error ends the threads that run already.
        let mut running = Running {
            ports: ports.clone(),
            metrics: Vec::new(),
            reports: reports.clone(),
            streams: AtomicU64::new(0),
        };
        for (index, (inbox, sockets)) in inboxes.into_iter().zip(options.sockets).enumerate() {
            let setup = thread::Setup {
                sockets,
                turn: turn.clone(),
                quotas: quotas.clone(),
                nonce_key: options.nonce_key.clone(),
                local_addresses: options.local_addresses.clone(),
                public_addresses: options.public_addresses.clone(),
                sfu: sfu::Config {
                    identity: identity.clone(),
                    thread: index as u8,
                    sessions: options.sessions,
                },
                reports: reports.clone(),
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

    /// How many threads there are.
    pub fn threads(&self) -> u16 {
        self.0.ports.len() as u16
    }

    /// A number for a connection of any thread; the threads take turns.
    pub fn stream(&self) -> StreamId {
        let count = self.0.streams.fetch_add(1, Ordering::Relaxed);
        let threads = self.0.ports.len() as u64;
        StreamId(count * threads + count % threads)
    }

    /// A number for a connection of this thread.
    pub fn stream_on(&self, thread: u16) -> StreamId {
        let count = self.0.streams.fetch_add(1, Ordering::Relaxed);
        let threads = self.0.ports.len() as u64;
        StreamId(count * threads + u64::from(thread) % threads)
    }

    /// The thread whose session has this ICE user name fragment, if it can be one of ours.
    pub fn thread_of(&self, ufrag: &str) -> Option<u16> {
        thread_of(ufrag, self.0.ports.len())
    }

    /// Has a thread answer an offer. The answer comes with [`Worker::reports`].
    pub fn connect(&self, thread: u16, connect: Connect) -> Result<(), Busy> {
        let port = self.port(thread).ok_or(Busy)?;
        port.orders.connect(connect)?;
        port.bell.ring();
        Ok(())
    }

    /// What a session's participant wants to receive.
    pub fn set_view(&self, thread: u16, session: SessionId, view: View) {
        if let Some(port) = self.port(thread) {
            port.orders.set_view(session, view);
            port.bell.ring();
        }
    }

    /// What a session's participant may send.
    pub fn set_sources(&self, thread: u16, session: SessionId, sources: Sources) {
        if let Some(port) = self.port(thread) {
            port.orders.set_sources(session, sources);
            port.bell.ring();
        }
    }

    /// Ends a session.
    pub fn disconnect(&self, thread: u16, session: SessionId) {
        if let Some(port) = self.port(thread) {
            port.orders.disconnect(session);
            port.bell.ring();
        }
    }

    /// Waits until something has happened to sessions, and tells all of it. For one reader.
    pub async fn reports(&self) -> Report {
        self.0.reports.take().await
    }

    /// Reads nothing from the shared sockets any more: another process goes on with them. What comes over streams is
    /// served as before.
    pub fn release_sockets(&self) {
        self.0.ports.iter().for_each(Port::release_sockets);
    }

    fn port(&self, thread: u16) -> Option<&Port> {
        self.0.ports.get(usize::from(thread))
    }

    /// Tells the thread of this stream something; waits while it is busy.
    pub async fn tell(&self, input: Input) {
        let port = &self.0.ports[(input.stream().0 % self.0.ports.len() as u64) as usize];
        // The threads end only with the process.
        if port.inputs.send(input).await.is_ok() {
            port.bell.ring();
        }
    }

    /// Rings every thread's bell and waits for its next turn, for so long; the threads that have not had one.
    pub async fn silent_threads(&self, within: Duration) -> Vec<u16> {
        const LOOK: Duration = Duration::from_millis(20);
        let turns = |port: &Port| port.turns.load(Ordering::Relaxed);
        let before: Vec<u64> = self.0.ports.iter().map(turns).collect();
        self.0.ports.iter().for_each(|port| port.bell.ring());
        let deadline = Instant::now() + within;
        loop {
            let now = self.0.ports.iter().zip(&before).zip(0..);
            let silent: Vec<u16> =
                now.filter(|((port, before), _)| turns(port) == **before).map(|(_, index)| index).collect();
            if silent.is_empty() || Instant::now() >= deadline {
                return silent;
            }
            tokio::time::sleep(LOOK).await;
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

    /// How long each thread has worked since the start, in seconds.
    pub fn busy_seconds(&self) -> Vec<f64> {
        let seconds = |metrics: &Mutex<Metrics>| {
            metrics.lock().unwrap_or_else(PoisonError::into_inner).batches.seconds()
        };
        self.0.metrics.iter().map(|metrics| seconds(metrics)).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ports.iter().for_each(Port::stop);
    }
}

/// The thread whose session has this ICE user name fragment: its first two characters are the thread's number.
fn thread_of(ufrag: &str, threads: usize) -> Option<u16> {
    let thread = u16::from_str_radix(ufrag.get(..2)?, 16).ok()?;
    (usize::from(thread) < threads).then_some(thread)
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
