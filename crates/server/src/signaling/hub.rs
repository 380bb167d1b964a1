//! Joins the room core to the connections: one lock, held only for computation, keeps the order in which
//! things happened the order in which everyone is told.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use kaigi_protocol::{
    vocabulary::{ErrorCode, ParticipantId, RoomName},
    wire::{self, IceServer, SignalPayload},
};
use kaigi_room::{ConnectionId, GuestId, Limits, Loss, Now, Rooms};
use metrics::{counter, gauge};
use socketioxide::{SendError, SocketError, extract::SocketRef};
use tokio::sync::Notify;

use super::{convert, token::Tokens};
use crate::{
    minter::{self, Minter},
    secrets::{Secrets, digest, equal},
    session::Session,
    sources::{Sources, per_minute},
    visitor::Visitor,
};

/// What the hub is told at start.
pub(crate) struct HubOptions {
    pub(crate) limits: Limits,
    pub(crate) create_key: Option<String>,
    pub(crate) ice_servers: Vec<IceServer>,
    pub(crate) minter: Minter,
}

/// All rooms and all who are connected to them.
pub(crate) struct Hub {
    state: Mutex<State>,
    tokens: Tokens,
    options: HubOptions,
    guesses: Sources,
    next_connection: AtomicU64,
    closing: AtomicBool,
    /// The next deadline of the rooms may have changed.
    deadline: Notify,
}

struct State {
    rooms: Rooms<SignalPayload>,
    sockets: HashMap<ConnectionId, SocketRef>,
}

impl Hub {
    pub(crate) fn new(secrets: Arc<Secrets>, options: HubOptions) -> Arc<Self> {
        let state = State { rooms: Rooms::new(options.limits), sockets: HashMap::new() };
        Arc::new(Self {
            state: Mutex::new(state),
            tokens: Tokens::new(secrets, now().unix_ms),
            options,
            guesses: Sources::new(per_minute(10, 10)),
            next_connection: AtomicU64::new(1),
            closing: AtomicBool::new(false),
            deadline: Notify::new(),
        })
    }

    pub(crate) fn connect(&self, socket: SocketRef) -> ConnectionId {
        let connection = ConnectionId(self.next_connection.fetch_add(1, Ordering::Relaxed));
        self.lock().sockets.insert(connection, socket);
        gauge!("kaigi_signaling_connections").increment(1);
        connection
    }

    pub(crate) fn disconnect(&self, connection: ConnectionId) {
        let mut state = self.lock();
        if state.sockets.remove(&connection).is_some() {
            gauge!("kaigi_signaling_connections").decrement(1);
        }
        state.lose(connection);
        self.deadline.notify_one();
    }

    /// Enters a room; `reply` is called before anyone hears of it.
    pub(crate) fn join(
        &self,
        connection: ConnectionId,
        visitor: &Visitor,
        request: wire::Join,
        reply: impl FnOnce(wire::Answer<wire::Joined>),
    ) {
        let now = now();
        let mut state = self.lock();
        let (wish, room) = match self.wish(visitor, request, now) {
            Ok(wish) => wish,
            Err(error) => return reply(wire::Answer::Error(error)),
        };
        match state.rooms.join(now, connection, wish) {
            Ok(joined) => {
                counter!("kaigi_joins_total").increment(1);
                tracing::info!(room = %short(&room), participant = %joined.participant.id,
                    outcome = ?joined.outcome, others = joined.others.len(), "joined");
                reply(wire::Answer::Ok(wire::Joined {
                    outcome: convert::outcome(joined.outcome),
                    room: room.as_str().to_owned(),
                    resume_token: self.tokens.make(&room, &joined.participant, now.unix_ms),
                    turn: self.options.minter.mint(&joined.participant.id.0, minter::PARTICIPANT),
                    participant: convert::participant(joined.participant),
                    resume_seconds: state.rooms.limits().resume_grace.as_secs() as u32,
                    participants: joined.others.into_iter().map(convert::participant).collect(),
                    chat: joined.chat.into_iter().map(convert::chat).collect(),
                    ice_servers: self.options.ice_servers.clone(),
                    same_device: joined.same_device,
                    topology: kaigi_protocol::vocabulary::Topology::Direct,
                    settings: wire::RoomSettings::default(),
                    media_limits: wire::MediaLimits::default(),
                    server_version: env!("CARGO_PKG_VERSION").to_owned(),
                }));
            }
            Err(refusal) => reply(wire::Answer::Error(convert::refusal(refusal))),
        }
        state.drain();
        self.deadline.notify_one();
    }

    /// Checks what a client asks for against names, keys and tokens.
    fn wish(
        &self,
        visitor: &Visitor,
        request: wire::Join,
        now: Now,
    ) -> Result<(kaigi_room::Join, RoomName), wire::Error> {
        let error = |code, message: String| wire::Error { code, message };
        let wire::Join { version: _, room, name, media, resume, create_key, password: _ } = request;
        if self.closing.load(Ordering::Relaxed) {
            return Err(error(
                ErrorCode::ShuttingDown,
                "the server is stopping; try again in a moment".into(),
            ));
        }
        let room = RoomName::parse(&room)
            .map_err(|why| error(ErrorCode::InvalidRoomName, format!("room name: {why}")))?;
        let name = kaigi_protocol::vocabulary::DisplayName::parse(&name)
            .map_err(|why| error(ErrorCode::InvalidDisplayName, format!("display name: {why}")))?;
        let session = visitor.session.as_ref();
        let may_open = match create_key.filter(|key| !key.is_empty() && self.asks_for_key()) {
            Some(key) => {
                self.check_key(&key, visitor.ip)?;
                true
            }
            None => self.may_open(session),
        };
        let resume =
            resume.and_then(|resume| self.tokens.read(&resume.token, &room, resume.incarnation, now.unix_ms));
        let wish = kaigi_room::Join {
            room: room.clone(),
            name,
            media,
            guest: session.map(|session| GuestId(session.guest.clone())),
            may_open,
            fresh_id: ParticipantId(crate::secrets::random_id()),
            resume,
        };
        Ok((wish, room))
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

    /// Is this browser in any room right now?
    pub(crate) fn holds(&self, guest: &str) -> bool {
        self.lock().rooms.holds(&GuestId(guest.to_owned()))
    }

    /// Checks a key for opening rooms. Guesses are counted by where they come from, right ones as well.
    pub(crate) fn check_key(&self, key: &str, source: Option<IpAddr>) -> Result<(), wire::Error> {
        let error = |code, message: &str| Err(wire::Error { code, message: message.into() });
        if !self.guesses.allow(source) {
            return error(
                ErrorCode::RateLimited,
                "too many keys were tried from your network; wait a minute",
            );
        }
        if self.options.create_key.as_deref().is_some_and(|wanted| equal(wanted, key)) {
            return Ok(());
        }
        counter!("kaigi_wrong_keys_total").increment(1);
        tracing::warn!("a wrong key for opening rooms was given");
        error(ErrorCode::WrongKey, "the key for opening rooms is wrong")
    }

    /// Rooms that may be open at once, in `/meet` and in the relay each.
    pub(super) fn max_rooms(&self) -> usize {
        self.options.limits.rooms
    }

    fn asks_for_key(&self) -> bool {
        self.options.create_key.is_some()
    }

    /// May whoever has this session, or none, open rooms?
    pub(crate) fn may_open(&self, session: Option<&Session>) -> bool {
        match &self.options.create_key {
            None => true,
            Some(key) => session.and_then(|session| session.opener.as_ref()) == Some(&digest(key)),
        }
    }

    /// A fresh credential for whoever this connection is.
    pub(super) fn turn_credential(
        &self,
        connection: ConnectionId,
        reply: impl FnOnce(wire::Answer<wire::TurnCredential>),
    ) {
        let mint = |id: &ParticipantId| self.options.minter.mint(&id.0, minter::PARTICIPANT);
        self.request(|rooms, _| rooms.participant(connection).map(mint), reply);
    }

    /// Foreign STUN and TURN servers.
    pub(crate) fn ice_servers(&self) -> &[IceServer] {
        &self.options.ice_servers
    }

    /// Credentials for our own.
    pub(crate) fn minter(&self) -> &Minter {
        &self.options.minter
    }

    /// Ends the waiting for lost participants when its time has come. Never returns.
    pub(crate) async fn run_deadlines(&self) {
        loop {
            let next = self.lock().rooms.poll_timeout();
            let wait = async {
                match next {
                    Some((at, _)) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wait => {
                    let mut state = self.lock();
                    state.rooms.handle_timeout(now());
                    state.drain();
                }
                () = self.deadline.notified() => {}
            }
        }
    }

    /// Tells everyone that the server stops, and lets nobody in any more.
    pub(crate) fn close(&self, retry_after: Duration) {
        self.closing.store(true, Ordering::Relaxed);
        let closing = wire::ServerClosing { retry_after_ms: retry_after.as_millis() as u32 };
        let closing = wire::Event::ServerClosing(closing);
        for socket in self.lock().sockets.values() {
            let _ = emit(socket, &closing);
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics by design; if it did, going on with the other rooms is better than stopping.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sends what the rooms have to say.
    fn drain(&mut self) {
        let mut deaf = Vec::new();
        while let Some(output) = self.rooms.poll_output() {
            let event = convert::event(output.event);
            for connection in output.to {
                if !self.tell(connection, &event) {
                    deaf.push(connection);
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

    fn lose(&mut self, connection: ConnectionId) {
        self.rooms.handle_disconnect(now(), connection, Loss::Unexplained);
        self.drain();
    }

    /// Says false when the connection does not take it.
    fn tell(&self, connection: ConnectionId, event: &wire::Event) -> bool {
        let Some(socket) = self.sockets.get(&connection) else { return true };
        match emit(socket, event) {
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
    use wire::Event::*;
    match event {
        ParticipantJoined(data) => socket.emit("participant-joined", data),
        ParticipantUpdated(data) => socket.emit("participant-updated", data),
        ParticipantLeft(data) => socket.emit("participant-left", data),
        Signal(data) => socket.emit("signal", data),
        Chat(data) => socket.emit("chat", data),
        ServerClosing(data) => socket.emit("server-closing", data),
        Replaced(data) => socket.emit("replaced", data),
        RequestError(data) => socket.emit("request-error", data),
        Topology(data) => socket.emit("topology", data),
        Slots(data) => socket.emit("slots", data),
        Layers(data) => socket.emit("layers", data),
        Speakers(data) => socket.emit("speakers", data),
        RoomUpdated(data) => socket.emit("room-updated", data),
        Removed(data) => socket.emit("removed", data),
        MediaRestart(data) => socket.emit("media-restart", data),
    }
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
