//! A thread's life: waits until something is ready, gives every socket its turn, starts anew after a panic.
//!
//! The poller is edge-triggered and tells of a socket once. A socket that was not read empty in its turn stays in
//! a queue, and everything else gets a turn before it is read again.

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, UdpSocket},
    os::fd::{AsRawFd, RawFd},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use kaigi_turn::{Config, NonceKey, Quotas, Server};
use kaigi_udp::{Batch, Buffers, Role, Socket};
use mio::{Events, Interest, Registry, Token, event::Event, unix::SourceFd};
use rand::{SeedableRng, rngs::StdRng};

use crate::{
    Metrics, Open, SOCKET_BUFFER,
    batches::Batches,
    media::Media,
    neighbours::{BELL, Inbox, Neighbours},
    pace::Pace,
    relays::Addresses,
    sessions::Reports,
    sfu::{self, Sfu},
};

/// What the sockets that everybody talks to shall have.
pub(crate) const SHARED_BUFFERS: Buffers = Buffers { receive: SOCKET_BUFFER, send: SOCKET_BUFFER };

/// Events the poller tells of at once.
const EVENTS: usize = 256;

/// Relays that get a turn before shared sockets get another: everybody's requests come there.
const RELAY_TURNS: usize = 64;

/// Batches of a shared socket in one turn.
const SHARED_READS: usize = 4;

/// Pieces of streams, and parcels of other threads, in one turn.
const INBOX_TURNS: usize = 64;

/// How old metrics may be, and how often sockets are looked after while there is traffic.
const TICK: Duration = Duration::from_secs(1);

/// Between a panic and the new start.
const PAUSE: Duration = Duration::from_millis(100);

/// What a thread starts with, and starts anew with.
pub(crate) struct Setup {
    pub(crate) sockets: Vec<UdpSocket>,
    pub(crate) turn: Config,
    /// Limits that hold for all threads together.
    pub(crate) quotas: Quotas,
    pub(crate) nonce_key: NonceKey,
    pub(crate) local_addresses: Vec<IpAddr>,
    pub(crate) public_addresses: Vec<IpAddr>,
    pub(crate) sfu: sfu::Config,
    pub(crate) reports: Arc<Reports>,
}

impl Setup {
    fn open(&self) -> io::Result<Vec<Socket>> {
        // The originals stay open, so that the system goes on giving every client to the same thread.
        self.sockets.iter().map(|io| Socket::new(io.try_clone()?, Role::Shared, SHARED_BUFFERS)).collect()
    }

    fn media(&self, shared: Vec<Socket>, neighbours: Neighbours, registry: Registry) -> Media {
        let rng = Box::new(StdRng::from_os_rng());
        let turn = Server::new(self.turn.clone(), self.nonce_key.clone(), rng, Instant::now());
        let turn = turn.sharing(&self.quotas);
        let sfu = Sfu::new(self.sfu.clone(), Box::new(StdRng::from_os_rng()), Instant::now());
        let addresses =
            Addresses { local: self.local_addresses.clone(), public: self.public_addresses.clone() };
        Media::new((turn, sfu), shared, neighbours, registry, addresses, self.reports.clone())
    }
}

/// The token of a relay, by its index.
pub(crate) fn relay_token(shared: usize, index: usize) -> Token {
    Token(BELL.0 + 1 + shared + index)
}

/// Starts a thread; tells the buffers its sockets were granted.
pub(crate) fn start(
    setup: Setup,
    mut inbox: Inbox,
    neighbours: Neighbours,
    shown: Arc<Mutex<Metrics>>,
) -> io::Result<Buffers> {
    for (index, socket) in setup.sockets.iter().enumerate() {
        let fd = socket.as_raw_fd();
        let token = Token(BELL.0 + 1 + index);
        inbox.poll.registry().register(&mut SourceFd(&fd), token, Interest::READABLE)?;
    }
    let shared = setup.open()?;
    let originals: Vec<RawFd> = setup.sockets.iter().map(AsRawFd::as_raw_fd).collect();
    let granted = shared.first().map_or(SHARED_BUFFERS, Socket::buffers);
    let media = setup.media(shared, neighbours.clone(), inbox.poll.registry().try_clone()?);
    thread::Builder::new().name("kaigi-media".into()).spawn(move || {
        let mut media = Some(media);
        // What threads that panicked have counted.
        let mut past = Metrics::default();
        loop {
            let again = || {
                let registry = inbox.poll.registry().try_clone()?;
                Ok(setup.media(setup.open()?, neighbours.clone(), registry))
            };
            let started: io::Result<Media> = media.take().map_or_else(again, Ok);
            match started {
                Ok(media) => {
                    let turns = Turns::new(media, originals.clone(), past.clone(), shown.clone());
                    // What is borrowed is left at a place where each datagram ends: queues and the poller.
                    if catch_unwind(AssertUnwindSafe(|| turns.run(&mut inbox))).is_ok() {
                        return;
                    }
                    neighbours.restarted();
                    setup.reports.lost(neighbours.own(), neighbours.orders().last_begun());
                    let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
                    shown.io.restarts += 1;
                    shown.open = Open::default();
                    shown.sfu.rooms.clear();
                    past = shown.clone();
                    tracing::error!(
                        "a media thread panicked; it starts anew, its relays and sessions are gone"
                    );
                }
                Err(error) => tracing::error!(%error, "a media thread cannot use its sockets; trying again"),
            }
            thread::sleep(PAUSE);
        }
    })?;
    Ok(granted)
}

/// Whose turn it is.
struct Turns {
    media: Media,
    batch: Batch,
    /// The shared sockets as the poller knows them; none once another process reads them.
    polled: Vec<RawFd>,
    /// Shared sockets with something to read.
    shared: Vec<bool>,
    /// Relays with something to read.
    relays: VecDeque<usize>,
    /// There may be more in the inbox.
    inbox: bool,
    /// When metrics are shown next; `None` while nothing happens.
    tick: Option<Instant>,
    batches: Batches,
    past: Metrics,
    shown: Arc<Mutex<Metrics>>,
}

impl Turns {
    fn new(media: Media, polled: Vec<RawFd>, past: Metrics, shown: Arc<Mutex<Metrics>>) -> Self {
        // After a panic nobody tells again of what was there.
        let shared = vec![true; media.outlet.shared.len()];
        let (batch, relays) = (Batch::default(), VecDeque::new());
        Self {
            media,
            batch,
            polled,
            shared,
            relays,
            inbox: true,
            tick: None,
            batches: Batches::default(),
            past,
            shown,
        }
    }

    /// Until the worker is gone.
    fn run(mut self, inbox: &mut Inbox) {
        let mut events = Events::with_capacity(EVENTS);
        let mut pace = Pace::new(Instant::now());
        while !self.media.outlet.neighbours.stopping() {
            if let Err(error) = inbox.poll.poll(&mut events, self.wait())
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "waiting for sockets failed");
                thread::sleep(PAUSE);
            }
            let began = Instant::now();
            pace.wake(began);
            events.iter().for_each(|event| self.note(event));
            self.take_turns(inbox);
            self.keep_time();
            self.media.outlet.neighbours.took_turn();
            let ended = Instant::now();
            self.batches.note(ended.saturating_duration_since(began));
            if let Some(rest) = pace.rest(ended).filter(|_| !self.has_more()) {
                thread::sleep(rest);
            }
        }
    }

    /// How long there is nothing to do, unless an event comes.
    fn wait(&self) -> Option<Duration> {
        if self.has_more() {
            return Some(Duration::ZERO);
        }
        let next = self.media.poll_timeout().into_iter().chain(self.tick).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// Something has not been read empty.
    fn has_more(&self) -> bool {
        self.inbox || !self.relays.is_empty() || self.shared.contains(&true)
    }

    fn note(&mut self, event: &Event) {
        let first_relay = relay_token(self.shared.len(), 0).0;
        match event.token() {
            BELL => {
                self.media.outlet.neighbours.heard();
                self.inbox = true;
            }
            Token(token) if token < first_relay => self.shared[token - BELL.0 - 1] = true,
            Token(token) => {
                let index = token - first_relay;
                if event.is_error() {
                    self.media.read_errors(index);
                }
                if let Some(relay) = self.media.outlet.relays.get_mut(index)
                    && !std::mem::replace(&mut relay.waits, true)
                {
                    self.relays.push_back(index);
                }
            }
        }
    }

    fn take_turns(&mut self, inbox: &mut Inbox) {
        if self.inbox {
            self.release_sockets(inbox);
        }
        for index in 0..self.shared.len() {
            for _ in 0..SHARED_READS {
                if self.shared[index] {
                    let read = self.media.read_shared(index, &mut self.batch);
                    self.shared[index] = !read.map_or_else(broken, |filled| filled.drained);
                }
            }
        }
        for _ in 0..RELAY_TURNS {
            let Some(index) = self.relays.pop_front() else { break };
            let read = self.media.read_relay(index, &mut self.batch);
            let drained = read.map_or_else(broken, |filled| filled.drained);
            if let Some(relay) = self.media.outlet.relays.get_mut(index) {
                relay.waits = !drained;
                if !drained {
                    self.relays.push_back(index);
                }
            }
        }
        if self.inbox {
            self.inbox = self.open_inbox(inbox);
        }
    }

    /// Leaves the shared sockets to another process, if that is wanted.
    fn release_sockets(&mut self, inbox: &Inbox) {
        if !self.polled.is_empty() && self.media.outlet.neighbours.has_released_sockets() {
            for fd in self.polled.drain(..) {
                let _ = inbox.poll.registry().deregister(&mut SourceFd(&fd));
            }
        }
        if self.polled.is_empty() {
            self.shared.fill(false);
        }
    }

    /// Whether there may be more.
    fn open_inbox(&mut self, inbox: &mut Inbox) -> bool {
        self.media.learn();
        self.media.obey();
        let mut more = true;
        for _ in 0..INBOX_TURNS {
            more = self.media.receive_handover(inbox);
            if let Ok(input) = inbox.inputs.try_recv() {
                self.media.handle_input(input);
                more = true;
            }
            if !more {
                break;
            }
        }
        more
    }

    fn keep_time(&mut self) {
        let now = Instant::now();
        if self.media.poll_timeout().is_some_and(|due| due <= now) {
            self.media.handle_timeout();
        }
        match self.tick {
            // An event has come, or the time is over: either way something may have been counted.
            None => self.tick = Some(now + TICK),
            Some(tick) if tick <= now => {
                self.media.look_after(now);
                self.show();
                self.tick = self.media.has_unused_streams().then_some(now + TICK);
            }
            Some(_) => {}
        }
    }

    fn show(&self) {
        let mut sum = self.past.clone();
        let sizes = self.media.turn.sizes();
        let open = Open {
            allocations: sizes.allocations,
            permissions: sizes.permissions,
            channels: sizes.channels,
            sessions: self.media.sfu.session_count(),
        };
        sum.add(&Metrics {
            turn: self.media.turn.metrics().clone(),
            sfu: self.media.sfu.metrics(),
            io: self.media.outlet.io,
            batches: self.batches,
            open,
        });
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = sum;
    }
}

/// A socket that cannot be read is left alone until the poller tells of it again.
fn broken(error: io::Error) -> bool {
    tracing::debug!(%error, "reading from a UDP socket failed");
    true
}
