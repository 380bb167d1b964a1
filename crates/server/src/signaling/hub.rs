//! Joins the room core to the connections: one lock, held only for computation, keeps the order in which
//! things happened the order in which everyone is told.

mod closing;
mod greeter;
mod joining;
mod media;
mod outside;
mod packed;

use greeter::Greeter;
pub(crate) use outside::{Begun, Changed, Matches};
use packed::Packed;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use kaigi_protocol::{
    vocabulary::{ParticipantId, RoomName},
    wire::{self, IceServer, SignalPayload},
};
use kaigi_room::{
    ConnectionId, Event, GuestId, Joined, Limits, Loss, Now, Output, PasswordDigest, RoomChange, Rooms,
};
use kaigi_worker::{Worker, sfu::RoomId};
use metrics::{counter, gauge};
use socketioxide::{SendError, SocketError, extract::SocketRef};
use tokio::sync::Notify;

use super::convert;
use crate::{
    access::Keys,
    bridge::{Bridge, Reaching},
    history::Sample,
    minter::{self, Minter},
    secrets::Secrets,
    sources::{Sources, per_minute},
    webhooks::Webhooks,
};

/// Passwords of rooms that may be tried at once from one network: an office that joins a meeting fits.
const PASSWORD_BURST: u32 = 100;

/// What the hub is told at start.
pub(crate) struct HubOptions {
    pub(crate) limits: Limits,
    pub(crate) create_key: Option<String>,
    pub(crate) keys: Arc<Keys>,
    /// Only who brings an access token comes in.
    pub(crate) token_only: bool,
    pub(crate) webhooks: Webhooks,
    pub(crate) ice_servers: Vec<IceServer>,
    pub(crate) minter: Minter,
    pub(crate) worker: Worker,
    pub(crate) reaching: Reaching,
}

/// All rooms and all who are connected to them.
pub(crate) struct Hub {
    state: Mutex<State>,
    greeter: Arc<Greeter>,
    worker: Worker,
    reaching: Reaching,
    limits: Limits,
    create_key: Option<String>,
    keys: Arc<Keys>,
    token_only: bool,
    /// Keys for opening rooms that were tried.
    guesses: Sources,
    /// Passwords of rooms that were tried.
    password_guesses: Sources,
    secrets: Arc<Secrets>,
    next_connection: AtomicU64,
    progress: closing::Progress,
    /// The next deadline of the rooms may have changed.
    deadline: Notify,
}

struct State {
    rooms: Rooms<SignalPayload>,
    bridge: Bridge<Worker>,
    greeter: Arc<Greeter>,
    sockets: HashMap<ConnectionId, SocketRef>,
    /// Those of them that know no `roster`.
    older: HashSet<ConnectionId>,
    /// Those who come by HTTP alone.
    outside: outside::Table,
    webhooks: Webhooks,
}

impl Hub {
    pub(crate) fn new(secrets: Arc<Secrets>, options: HubOptions) -> Arc<Self> {
        let HubOptions {
            limits,
            create_key,
            keys,
            token_only,
            webhooks,
            ice_servers,
            minter,
            worker,
            reaching,
        } = options;
        let greeter = Arc::new(Greeter::new(secrets.clone(), now(), &limits, minter, ice_servers));
        let state = State {
            rooms: Rooms::new(limits),
            bridge: Bridge::new(worker.clone()),
            greeter: greeter.clone(),
            sockets: HashMap::new(),
            older: HashSet::new(),
            outside: outside::Table::default(),
            webhooks,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            greeter,
            worker,
            reaching,
            limits,
            create_key,
            keys,
            token_only,
            guesses: Sources::new(per_minute(10, 10)),
            password_guesses: Sources::new(per_minute(10, PASSWORD_BURST)),
            secrets,
            next_connection: AtomicU64::new(1),
            progress: closing::Progress::default(),
            deadline: Notify::new(),
        })
    }

    pub(crate) fn connect(&self, socket: SocketRef) -> ConnectionId {
        let connection = self.number();
        self.lock().sockets.insert(connection, socket);
        gauge!("kaigi_signaling_connections").increment(1);
        connection
    }

    /// A connection nobody has had before.
    fn number(&self) -> ConnectionId {
        ConnectionId(self.next_connection.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn disconnect(&self, connection: ConnectionId) {
        let mut state = self.lock();
        if state.sockets.remove(&connection).is_some() {
            gauge!("kaigi_signaling_connections").decrement(1);
        }
        state.older.remove(&connection);
        state.lose(connection);
        self.deadline.notify_one();
    }

    /// Runs one other request on the rooms; `reply` is called with its outcome before anyone hears of it.
    pub(crate) fn request<T>(
        &self,
        work: impl FnOnce(&mut Rooms<SignalPayload>, Now) -> Result<T, kaigi_room::Refusal>,
        reply: impl FnOnce(wire::Answer<T>),
    ) {
        let mut state = self.lock();
        reply(match work(&mut state.rooms, now()) {
            Ok(value) => wire::Answer::Ok(value),
            Err(refusal) => wire::Answer::Error(convert::refusal(refusal)),
        });
        state.drain();
        self.deadline.notify_one();
    }

    /// The same for who is in no room: an application, or whoever operates the server.
    pub(crate) fn operate<T>(
        &self,
        work: impl FnOnce(&mut Rooms<SignalPayload>, Now) -> Result<T, kaigi_room::Refusal>,
    ) -> Result<T, wire::Error> {
        let mut state = self.lock();
        let done = work(&mut state.rooms, now()).map_err(convert::refusal);
        state.drain();
        self.deadline.notify_one();
        done
    }

    /// Counts what there is now.
    pub(crate) fn count(&self, sample: &mut Sample) {
        let state = self.lock();
        let rooms = &state.rooms;
        let counts =
            (rooms.room_count(), rooms.participant_count(), rooms.viewer_count(), state.sockets.len());
        sample.set_rooms(now().unix_ms, counts);
    }

    /// What the media threads call a room that is routed.
    pub(crate) fn number_of(&self, room: &RoomName) -> Option<RoomId> {
        self.lock().bridge.number_of(room)
    }

    /// The host changes a room's settings.
    pub(super) fn change_room(
        &self,
        connection: ConnectionId,
        change: wire::RoomChange,
        reply: impl FnOnce(wire::Answer<wire::Empty>),
    ) {
        let wire::RoomChange { locked, password, routed, waiting, allowed } = change;
        let work = |rooms: &mut Rooms<SignalPayload>, now| {
            let room = rooms.place(connection)?.room.whole();
            let password = password.map(|password| Some(self.password_digest(&room, &password?)));
            rooms.change(now, connection, RoomChange { locked, password, routed, waiting, allowed })?;
            Ok(wire::Empty {})
        };
        self.request(work, reply);
    }

    /// Stands for a room's password; worth nothing in another room.
    pub(crate) fn password_digest(&self, room: &RoomName, password: &str) -> PasswordDigest {
        let text = format!("{room}\n{password}");
        PasswordDigest(self.secrets.tag("room password", text.as_bytes()))
    }

    /// Is this browser in any room right now?
    pub(crate) fn holds(&self, guest: &str) -> bool {
        self.lock().rooms.holds(&GuestId(guest.to_owned()))
    }

    /// Rooms that may be open at once, in `/meet` and in the relay each.
    pub(super) fn max_rooms(&self) -> usize {
        self.limits.rooms
    }

    /// A fresh credential for whoever this connection is.
    pub(super) fn turn_credential(
        &self,
        connection: ConnectionId,
        reply: impl FnOnce(wire::Answer<wire::TurnCredential>),
    ) {
        let mint = |id: &ParticipantId| self.greeter.minter.mint(&id.0, minter::PARTICIPANT);
        self.request(|rooms, _| rooms.participant(connection).map(mint), reply);
    }

    /// Foreign STUN and TURN servers.
    pub(crate) fn ice_servers(&self) -> &[IceServer] {
        &self.greeter.ice_servers
    }

    /// Credentials for our own.
    pub(crate) fn minter(&self) -> &Minter {
        &self.greeter.minter
    }

    /// Does what is due in rooms, and for their peer connections to the server. Never returns.
    pub(crate) async fn run_deadlines(&self) {
        loop {
            let next = self.lock().poll_timeout();
            let wait = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wait => {
                    let mut state = self.lock();
                    let now = now();
                    state.rooms.handle_timeout(now);
                    state.bridge.handle_timeout(now.instant);
                    state.drain();
                }
                () = self.deadline.notified() => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics by design; if it did, going on with the other rooms is better than stopping.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn poll_timeout(&self) -> Option<Instant> {
        let rooms = self.rooms.poll_timeout().map(|(at, _)| at);
        rooms.into_iter().chain(self.bridge.poll_timeout()).min()
    }

    /// Sends what the rooms have to say.
    fn drain(&mut self) {
        let mut deaf = Vec::new();
        while let Some(output) = self.rooms.poll_output() {
            let (to, event) = match output {
                Output::Tell { to, event: Event::Moved(joined) } => {
                    self.move_to(to, *joined);
                    continue;
                }
                Output::Tell { to, event } => match convert::event(event) {
                    Some(event) => (to, event),
                    None => continue,
                },
                Output::Sources { room, id, sources } => {
                    self.bridge.set_sources(&room, &id, sources);
                    continue;
                }
                Output::MediaOver { room, id } => {
                    self.bridge.forget(&room, &id);
                    self.end_outside_of(&room, &id);
                    continue;
                }
                Output::Topology { room, mode } => {
                    self.bridge.set_topology(now().instant, &room, mode);
                    continue;
                }
                Output::WatchOver { connection } => {
                    self.end_watch(connection);
                    continue;
                }
                Output::Happened(happening) => {
                    self.webhooks.tell(happening, now().unix_ms);
                    continue;
                }
            };
            let packed = Packed::new(&event);
            for connection in to {
                if !self.tell_packed(connection, &event, &packed) {
                    deaf.push(connection);
                } else if let (wire::Event::Removed(_) | wire::Event::TurnedAway(_), Some(socket)) =
                    (&event, self.sockets.get(&connection))
                {
                    disconnect_later(socket.clone());
                }
            }
            // One who missed something must not go on as if nothing had happened: it resumes, which brings
            // everything up to date. To the others this is a lost connection.
            for connection in deaf.drain(..) {
                self.lose(connection);
            }
        }
        gauge!("kaigi_rooms").set(self.rooms.room_count() as f64);
        gauge!("kaigi_participants").set(self.rooms.participant_count() as f64);
    }

    /// Tells those who are in another room now what they find there.
    fn move_to(&mut self, to: Vec<ConnectionId>, joined: Joined) {
        for connection in to {
            let Ok(place) = self.rooms.place(connection) else { continue };
            let greeting = self.greeter.greet(place.room, joined.clone(), now());
            if !self.tell(connection, &wire::Event::Moved(Box::new(greeting))) {
                self.rooms.handle_disconnect(now(), connection, Loss::Unexplained);
            }
        }
    }

    fn lose(&mut self, connection: ConnectionId) {
        self.rooms.handle_disconnect(now(), connection, Loss::Unexplained);
        self.drain();
    }

    /// Says false when the connection does not take it.
    fn tell(&self, connection: ConnectionId, event: &wire::Event) -> bool {
        self.tell_packed(connection, event, &Packed::new(event))
    }

    /// The same, with the event ready to be sent: to many it is made ready once.
    fn tell_packed(&self, connection: ConnectionId, event: &wire::Event, packed: &Packed) -> bool {
        let Some(socket) = self.sockets.get(&connection) else { return true };
        let sent = match event {
            wire::Event::Roster(roster) if self.older.contains(&connection) => {
                packed::singly(roster).try_for_each(|event| emit(socket, &event))
            }
            _ => packed.emit(socket),
        };
        match sent {
            Ok(()) => true,
            Err(SendError::Socket(SocketError::Closed)) => true,
            Err(error) => {
                counter!("kaigi_signaling_send_failures_total").increment(1);
                tracing::debug!(%error, "a client does not read; its connection counts as lost");
                disconnect_later(socket.clone());
                false
            }
        }
    }
}

/// Sends an event under its Socket.IO name.
pub(super) fn emit(socket: &SocketRef, event: &wire::Event) -> Result<(), SendError> {
    Packed::new(event).emit(socket)
}

/// Disconnects a client as soon as it can be told so.
pub(super) fn disconnect_later(socket: SocketRef) {
    tokio::spawn(async move {
        // The engine's heartbeat ends a dead connection well within this time.
        for _ in 0..60 {
            match socket.clone().disconnect() {
                Err(SocketError::InternalChannelFull) => tokio::time::sleep(Duration::from_secs(1)).await,
                _ => return,
            }
        }
    });
}

fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { instant: Instant::now(), unix_ms: unix.as_millis() as u64 }
}

/// A room's name is its key: logs show enough of a hash to tell rooms apart.
pub(super) fn short(room: &RoomName) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, room.as_str().as_bytes());
    digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
