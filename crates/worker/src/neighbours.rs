//! What threads tell each other: which relays they have, whose clients are theirs, and data for both.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    time::Instant,
};

use kaigi_sfu::Path;
use kaigi_turn::Server;
use mio::{Poll, Token, Waker};
use tokio::sync::mpsc as async_mpsc;

use crate::{Input, owners::Owners, relays::Relays, sessions::Orders};

/// The bell's token; sockets' come after it.
pub(crate) const BELL: Token = Token(0);

/// Parcels that may wait for a thread; more are dropped, as a network would.
const PARCELS: usize = 64;

/// Bytes of a parcel, and one datagram more.
const PARCEL: usize = 64 * 1024;

/// Where one thread takes things in.
pub(crate) struct Port {
    pub(crate) inputs: async_mpsc::Sender<Input>,
    pub(crate) bell: Bell,
    pub(crate) orders: Orders,
    /// Turns that the thread has taken: it goes on if it lives.
    pub(crate) turns: AtomicU64,
    parcels: SyncSender<Parcel>,
    news: News,
    stop: AtomicBool,
    released: AtomicBool,
}

/// The other ends of a [`Port`].
pub(crate) struct Inbox {
    pub(crate) poll: Poll,
    pub(crate) inputs: async_mpsc::Receiver<Input>,
    parcels: Receiver<Parcel>,
}

/// Wakes a thread, once until it has heard.
pub(crate) struct Bell {
    rung: AtomicBool,
    waker: Waker,
}

impl Bell {
    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, Ordering::SeqCst) {
            // It fails only where the counter behind it is full, and then the thread wakes anyway.
            let _ = self.waker.wake();
        }
    }
}

impl Port {
    pub(crate) fn new(inputs: usize) -> io::Result<(Self, Inbox)> {
        let poll = Poll::new()?;
        let bell = Bell { rung: AtomicBool::new(false), waker: Waker::new(poll.registry(), BELL)? };
        let (sender, inputs) = async_mpsc::channel(inputs);
        let (parcels, received) = mpsc::sync_channel(PARCELS);
        let port = Self {
            inputs: sender,
            bell,
            orders: Orders::default(),
            turns: AtomicU64::new(0),
            parcels,
            news: News::default(),
            stop: AtomicBool::new(false),
            released: AtomicBool::new(false),
        };
        Ok((port, Inbox { poll, inputs, parcels: received }))
    }

    /// The thread is to leave the shared sockets to another process.
    pub(crate) fn release_sockets(&self) {
        self.released.store(true, Ordering::SeqCst);
        self.bell.ring();
    }

    /// The thread is to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.bell.ring();
    }
}

/// Datagrams of one thread for another.
#[derive(Default)]
pub(crate) struct Parcel {
    /// Who sends it.
    pub(crate) sender: u16,
    bytes: Vec<u8>,
    /// Each datagram's purpose, and where it ends.
    items: Vec<(Handed, usize)>,
}

/// What a datagram is handed over for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handed {
    /// For the client of a relay.
    Relay {
        /// The address it comes from: another relay's, or the SFU's.
        from: SocketAddr,
        /// The relayed address.
        to: SocketAddr,
    },
    /// For the SFU: it came on this path.
    Sfu(Path),
}

impl Parcel {
    /// Each datagram and what it is for.
    pub(crate) fn datagrams(&self) -> impl Iterator<Item = (Handed, &[u8])> {
        let starts = std::iter::once(0).chain(self.items.iter().map(|item| item.1));
        self.items.iter().zip(starts).map(|((handed, end), start)| (*handed, &self.bytes[start..*end]))
    }
}

/// Relays that were opened and closed since a thread last looked. Holds the outcome for each address rather than
/// every step, so it has a bound, and nothing is ever lost.
#[derive(Default)]
struct News {
    any: AtomicBool,
    changes: Mutex<Changes>,
}

#[derive(Default)]
struct Changes {
    relays: HashMap<SocketAddr, Change>,
    /// Paths that clients of another thread use, and which thread's; each was proven to that thread.
    paths: HashMap<Path, u16>,
    /// Threads that lost all their relays, a bit each.
    restarted: u64,
}

#[derive(Clone, Copy, Default)]
struct Change {
    opened: Option<u16>,
    /// Threads that closed it, a bit each. Two threads can have the same address soon after each other.
    closed: u64,
}

impl News {
    fn tell(&self, change: impl FnOnce(&mut Changes)) {
        change(&mut self.lock());
        self.any.store(true, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The other threads, as one sees them.
pub(crate) struct Neighbours {
    ports: Arc<[Port]>,
    own: u16,
    /// By thread: being filled.
    parcels: Vec<Parcel>,
    spare: Vec<Parcel>,
}

impl Clone for Neighbours {
    fn clone(&self) -> Self {
        Self::new(self.ports.clone(), self.own)
    }
}

impl Neighbours {
    pub(crate) fn new(ports: Arc<[Port]>, own: u16) -> Self {
        let parcels = ports.iter().map(|_| Parcel::default()).collect();
        Self { ports, own, parcels, spare: Vec::new() }
    }

    /// This thread's number.
    pub(crate) fn own(&self) -> u16 {
        self.own
    }

    fn port(&self) -> &Port {
        &self.ports[usize::from(self.own)]
    }

    fn others(&self) -> impl Iterator<Item = &Port> {
        let own = usize::from(self.own);
        self.ports.iter().enumerate().filter(move |(index, _)| *index != own).map(|(_, port)| port)
    }

    /// The bell was heard: what comes from now on rings it again.
    pub(crate) fn heard(&self) {
        self.port().bell.rung.store(false, Ordering::SeqCst);
    }

    /// This thread has had its turn.
    pub(crate) fn took_turn(&self) {
        self.ports[usize::from(self.own)].turns.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stopping(&self) -> bool {
        self.port().stop.load(Ordering::SeqCst)
    }

    /// Another process reads the shared sockets.
    pub(crate) fn has_released_sockets(&self) -> bool {
        self.port().released.load(Ordering::SeqCst)
    }

    /// Tells all others of a relay of this thread. They act on it before they look at a datagram that comes later.
    pub(crate) fn opened(&self, relayed: SocketAddr) {
        for port in self.others() {
            port.news.tell(|changes| {
                changes.relays.entry(relayed).or_default().opened = Some(self.own);
            });
            port.bell.ring();
        }
    }

    /// Tells all others that it is closed.
    pub(crate) fn closed(&self, relayed: SocketAddr) {
        for port in self.others() {
            port.news.tell(|changes| {
                let change = changes.relays.entry(relayed).or_default();
                change.closed |= 1 << self.own;
                change.opened = change.opened.filter(|thread| *thread != self.own);
            });
            port.bell.ring();
        }
    }

    /// This thread starts anew, without any relay; the others tell it theirs again.
    pub(crate) fn restarted(&self) {
        for port in self.others() {
            port.news.tell(|changes| {
                changes.restarted |= 1 << self.own;
                changes.paths.retain(|_, thread| *thread != self.own);
                changes.relays.retain(|_, change| {
                    change.opened = change.opened.filter(|thread| *thread != self.own);
                    change.opened.is_some() || change.closed != 0
                });
            });
            port.bell.ring();
        }
    }

    /// The next thread that sees a datagram on this path is told that it is for this one. It acts on it before it
    /// looks at a datagram that comes later.
    pub(crate) fn claim(&self, thread: u16, path: &Path) {
        if let Some(port) = self.ports.get(usize::from(thread)) {
            port.news.tell(|changes| {
                changes.paths.insert(*path, self.own);
            });
        }
    }

    /// How many threads there are.
    pub(crate) fn count(&self) -> usize {
        self.ports.len()
    }

    /// What the rest of the process wants of this thread.
    pub(crate) fn orders(&self) -> &Orders {
        &self.port().orders
    }

    /// Brings the table of neighbours up to date. Where another thread has started anew, it is told which relays
    /// there are here.
    #[inline]
    pub(crate) fn learn(&self, turn: &mut Server, relays: &Relays, owners: &mut Owners) {
        if self.port().news.any.load(Ordering::Acquire) {
            self.learn_news(turn, relays, owners);
        }
    }

    #[cold]
    fn learn_news(&self, turn: &mut Server, relays: &Relays, owners: &mut Owners) {
        let changes = {
            let mut changes = self.port().news.lock();
            self.port().news.any.store(false, Ordering::SeqCst);
            std::mem::take(&mut *changes)
        };
        let threads = |bits: u64| (0..self.ports.len() as u16).filter(move |thread| bits & 1 << thread != 0);
        for thread in threads(changes.restarted) {
            turn.remove_neighbours(thread);
            owners.forget_thread(thread);
            let port = &self.ports[usize::from(thread)];
            port.news.tell(|theirs| {
                for relayed in relays.addresses() {
                    theirs.relays.entry(relayed).or_default().opened = Some(self.own);
                }
            });
            port.bell.ring();
        }
        let now = Instant::now();
        changes.paths.into_iter().for_each(|(path, thread)| owners.learn(now, path, thread));
        for (relayed, change) in changes.relays {
            threads(change.closed).for_each(|thread| turn.remove_neighbour(relayed, thread));
            if let Some(thread) = change.opened {
                turn.add_neighbour(relayed, thread);
            }
        }
    }

    /// A datagram for another thread, to be sent with [`flush`](Self::flush). Returns how many datagrams were lost
    /// because that thread does not keep up.
    pub(crate) fn hand_over(&mut self, thread: u16, handed: Handed, payload: &[u8]) -> usize {
        let Some(parcel) = self.parcels.get_mut(usize::from(thread)) else { return 1 };
        parcel.bytes.extend_from_slice(payload);
        parcel.items.push((handed, parcel.bytes.len()));
        if parcel.bytes.len() >= PARCEL { self.send(usize::from(thread)) } else { 0 }
    }

    /// Sends what was gathered. Returns how many datagrams were lost.
    pub(crate) fn flush(&mut self) -> usize {
        let mut lost = 0;
        for thread in 0..self.parcels.len() {
            if !self.parcels[thread].items.is_empty() {
                lost += self.send(thread);
            }
        }
        lost
    }

    fn send(&mut self, thread: usize) -> usize {
        let empty = self.spare.pop().unwrap_or_default();
        let mut parcel = std::mem::replace(&mut self.parcels[thread], empty);
        parcel.sender = self.own;
        match self.ports[thread].parcels.try_send(parcel) {
            Ok(()) => {
                self.ports[thread].bell.ring();
                0
            }
            Err(mpsc::TrySendError::Full(parcel) | mpsc::TrySendError::Disconnected(parcel)) => {
                let lost = parcel.items.len();
                self.keep(parcel);
                lost
            }
        }
    }

    /// The next parcel for this thread.
    pub(crate) fn next(inbox: &Inbox) -> Option<Parcel> {
        inbox.parcels.try_recv().ok()
    }

    /// Takes an emptied parcel back, to be filled again: traffic between two threads mostly goes both ways.
    pub(crate) fn keep(&mut self, mut parcel: Parcel) {
        if self.spare.len() < PARCELS {
            parcel.bytes.clear();
            parcel.items.clear();
            self.spare.push(parcel);
        }
    }
}
