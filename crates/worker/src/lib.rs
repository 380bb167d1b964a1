//! A media thread: owns its UDP sockets and its TURN server outright, and exchanges values with the rest of
//! the process over bounded queues. Knows no HTTP and no accounts of people.
//!
//! One thread serves the process today. Several, each with sockets of its own on the same port, exchange
//! [`kaigi_turn::Forward::Neighbour`] values; that is not here yet.

mod media;
mod relays;

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};

use kaigi_turn::{Config, Metrics, NonceKey};
pub use kaigi_turn::{FiveTuple, StreamId};
use tokio::sync::mpsc;

/// Frames that may wait for the thread; whoever reads them from a connection waits then.
const INPUTS: usize = 1024;

/// Frames that may wait for one connection; more are dropped, as a network would.
pub const OUTBOX: usize = 512;

/// What a thread is told at start.
pub struct Options {
    /// From [`kaigi_udp::bind`], all on one port.
    pub sockets: Vec<std::net::UdpSocket>,
    /// Who may relay to whom.
    pub turn: Config,
    /// Makes nonces this server recognizes.
    pub nonce_key: NonceKey,
    /// The machine's address of each family, for relays where a client's own connection does not tell one.
    pub local_addresses: Vec<IpAddr>,
    /// Addresses under which the machine's are reached from outside (1:1 NAT), told to clients instead.
    pub public_addresses: Vec<IpAddr>,
}

/// What connections tell the thread.
pub enum Input {
    /// A TCP or TLS connection turned out to speak TURN.
    StreamOpened {
        /// Its number and addresses.
        from: FiveTuple,
        /// Where frames for it go.
        outbox: mpsc::Sender<Outgoing>,
    },
    /// A frame came over it.
    StreamFrame {
        /// The same.
        from: FiveTuple,
        /// A STUN message or ChannelData, whole.
        frame: Vec<u8>,
    },
    /// It is gone.
    StreamClosed {
        /// The same.
        from: FiveTuple,
    },
}

/// A frame for a connection, and since when it waits: old media is worth nothing.
pub struct Outgoing {
    /// When it was queued.
    pub queued: Instant,
    /// What is written as it is.
    pub frame: Vec<u8>,
}

/// A running media thread.
#[derive(Clone)]
pub struct Worker {
    inputs: mpsc::Sender<Input>,
    metrics: Arc<Mutex<Metrics>>,
}

impl Worker {
    /// Starts the thread; it ends when the last clone of the worker is gone.
    pub fn start(options: Options) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel(INPUTS);
        let metrics = Arc::new(Mutex::new(Metrics::default()));
        let shown = metrics.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("kaigi-media".into()).spawn(move || {
            let local = tokio::task::LocalSet::new();
            if let Err(error) = local.block_on(&runtime, media::run(options, receiver, shown)) {
                tracing::error!(%error, "the media thread cannot use its sockets");
            }
        })?;
        Ok(Self { inputs: sender, metrics })
    }

    /// Tells the thread something; waits while it is busy.
    pub async fn tell(&self, input: Input) {
        // The thread ends only with the process.
        let _ = self.inputs.send(input).await;
    }

    /// Everything its TURN server has counted, as of a second ago at most.
    pub fn metrics(&self) -> Metrics {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
