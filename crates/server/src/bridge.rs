//! Joins rooms and media threads: which participant's peer connection is which session of which thread, and what
//! the one side's words mean to the other. Neither knows anything of the other.
//!
//! A participant numbers its peer connections. The same number again is a new offer of the same one, as long as its
//! session lives; a number whose session has ended stands for nothing any more: the client's end of it holds keys that
//! nobody here has.

mod candidates;
mod names;
mod reach;
mod reports;
mod room;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use kaigi_protocol::{
    vocabulary::{ErrorCode, MediaState, ParticipantId, RoomName, Topology},
    wire,
};
use kaigi_room::Sees;
use kaigi_worker::{
    Busy, Connect, Worker,
    sfu::{self, RoomId, SessionId},
};

pub(crate) use reach::Reaching;
pub(crate) use reports::Told;
use room::{Member, Room};

/// How long peer connections to the server are kept after a room has gone back to direct media: whoever finds that
/// the direct way does not work comes back to them.
const GRACE: Duration = Duration::from_secs(30);

/// How long an offer waits for its answer. A thread that started anew answers long before.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is said of an offer for a session that is no more.
const ENDED: &str = "this peer connection has ended; make a new one, and give it a higher number";

/// What the bridge needs of the media threads.
pub(crate) trait Threads {
    fn count(&self) -> u16;
    fn connect(&self, thread: u16, connect: Connect) -> Result<(), Busy>;
    fn set_view(&self, thread: u16, session: SessionId, view: sfu::View);
    fn set_sources(&self, thread: u16, session: SessionId, sources: sfu::Sources);
    fn disconnect(&self, thread: u16, session: SessionId);
}

impl Threads for Worker {
    fn count(&self) -> u16 {
        self.threads()
    }

    fn connect(&self, thread: u16, connect: Connect) -> Result<(), Busy> {
        Worker::connect(self, thread, connect)
    }

    fn set_view(&self, thread: u16, session: SessionId, view: sfu::View) {
        Worker::set_view(self, thread, session, view);
    }

    fn set_sources(&self, thread: u16, session: SessionId, sources: sfu::Sources) {
        Worker::set_sources(self, thread, session, sources);
    }

    fn disconnect(&self, thread: u16, session: SessionId) {
        Worker::disconnect(self, thread, session);
    }
}

/// Called once, with the answer to an offer.
pub(crate) type Reply = Box<dyn FnOnce(wire::Answer<wire::MediaAnswer>) + Send>;

/// What a participant offers, where it may send to, and what it may send.
pub(crate) struct Offer {
    pub(crate) request: wire::MediaOffer,
    pub(crate) candidates: Vec<String>,
    pub(crate) sources: MediaState,
    /// What it may see and hear.
    pub(crate) sees: Sees,
}

/// All routed rooms.
pub(crate) struct Bridge<T> {
    threads: T,
    rooms: HashMap<RoomName, Room>,
    sessions: HashMap<SessionId, Session>,
    by_number: HashMap<RoomId, RoomName>,
    /// By thread.
    load: Vec<usize>,
    last_number: u64,
    deadlines: BTreeSet<(Instant, Due)>,
}

/// Whose a session is.
struct Session {
    room: RoomName,
    id: ParticipantId,
    thread: u16,
    /// An offer of it was answered.
    begun: bool,
    /// Who waits for an answer, and until when.
    waiting: Option<(Reply, Instant)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// An offer has not been answered.
    Answer(SessionId),
    /// A room has been direct for long enough.
    Close(RoomName),
}

impl<T: Threads> Bridge<T> {
    pub(crate) fn new(threads: T) -> Self {
        let load = vec![0; usize::from(threads.count())];
        Self {
            threads,
            rooms: HashMap::new(),
            sessions: HashMap::new(),
            by_number: HashMap::new(),
            load,
            last_number: 0,
            deadlines: BTreeSet::new(),
        }
    }

    /// A participant's offer. `reply` is called at once if it is refused here, else when its thread
    /// has answered.
    pub(crate) fn connect(
        &mut self,
        now: Instant,
        room: &RoomName,
        id: &ParticipantId,
        offer: Offer,
        reply: Reply,
    ) {
        let Offer { request: wire::MediaOffer { connection, sdp }, candidates, sources, sees } = offer;
        let session = match self.session_for(room, id, connection) {
            Ok(session) => session,
            Err(error) => return reply(wire::Answer::Error(error)),
        };
        let Some(Session { thread, waiting, .. }) = self.sessions.get_mut(&session) else { return };
        if waiting.is_some() {
            let message = "the last offer has no answer yet; wait for it";
            return reply(refused(ErrorCode::OfferRefused, message));
        }
        let Some(number) = self.rooms.get(room).map(|room| room.number) else { return };
        let participant = id.0.clone();
        let order = Connect { session, room: number, participant, offer: sdp, candidates };
        if self.threads.connect(*thread, order).is_err() {
            self.fail(session);
            return reply(refused(
                ErrorCode::RateLimited,
                "too many offers are waiting; try again in a second",
            ));
        }
        let until = now + PATIENCE;
        *waiting = Some((reply, until));
        self.deadlines.insert((until, Due::Answer(session)));
        self.threads.set_sources(*thread, session, room::sources(sources));
        self.restrict(room, id, sees);
        self.pass_view(room, id);
    }

    /// Keeps from a participant what it may not see or hear, whatever it asks for.
    fn restrict(&mut self, room: &RoomName, id: &ParticipantId, sees: Sees) {
        let Some(member) = self.rooms.get_mut(room).and_then(|room| room.members.get_mut(id)) else { return };
        if member.sees != sees {
            member.sees = sees;
            member.view = Some(room::masked(member.view.take().unwrap_or_default(), sees));
        }
    }

    /// What a participant may send from now on.
    pub(crate) fn set_sources(&self, room: &RoomName, id: &ParticipantId, sources: MediaState) {
        let member = self.rooms.get(room).and_then(|room| room.members.get(id));
        if let Some(session) = member.and_then(|member| member.session)
            && let Some(Session { thread, .. }) = self.sessions.get(&session)
        {
            self.threads.set_sources(*thread, session, room::sources(sources));
        }
    }

    /// The session that an offer under this number is for.
    fn session_for(
        &mut self,
        name: &RoomName,
        id: &ParticipantId,
        connection: u32,
    ) -> Result<SessionId, wire::Error> {
        let refuse = |message: &str| wire::Error { code: ErrorCode::OfferRefused, message: message.into() };
        if let Some(member) = self.rooms.get(name).and_then(|room| room.members.get(id)) {
            match member.session {
                Some(session) if member.connection == Some(connection) => return Ok(session),
                None if member.connection == Some(connection) => return Err(refuse(ENDED)),
                _ if member.connection > Some(connection) => {
                    return Err(refuse("a newer peer connection than this one has been made"));
                }
                _ => {}
            }
        }
        self.end(name, id, false);
        let session = SessionId(self.next_number());
        if !self.rooms.contains_key(name) {
            let number = RoomId(self.next_number());
            self.by_number.insert(number, name.clone());
            self.rooms.insert(name.clone(), Room::new(number));
        }
        let thread = self.thread_for(name);
        if let Some(room) = self.rooms.get_mut(name) {
            let member = room.members.entry(id.clone()).or_default();
            let (view, sees) = (member.view.take(), member.sees);
            *member = Member {
                connection: Some(connection),
                session: Some(session),
                view,
                sees,
                ..Member::default()
            };
        }
        self.load[usize::from(thread)] += 1;
        let owner = Session { room: name.clone(), id: id.clone(), thread, begun: false, waiting: None };
        self.sessions.insert(session, owner);
        Ok(session)
    }

    /// An offer was refused. A session that lives goes on as before; one that never began is none, and its number may
    /// be used.
    fn fail(&mut self, session: SessionId) {
        let Some(Session { room, id, begun: false, .. }) = self.sessions.get(&session) else { return };
        let (room, id) = (room.clone(), id.clone());
        self.end(&room, &id, false);
        if let Some(member) = self.rooms.get_mut(&room).and_then(|room| room.members.get_mut(&id)) {
            member.connection = member.connection.and_then(|number| number.checked_sub(1));
        }
    }

    /// Does anybody's media go through the server?
    pub(crate) fn has_sessions(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// All of a room are on one thread: the one they are on, else the one with the fewest sessions.
    fn thread_for(&self, name: &RoomName) -> u16 {
        let taken = self.rooms.get(name).and_then(|room| {
            let session = room.members.values().find_map(|member| member.session)?;
            self.sessions.get(&session).map(|session| session.thread)
        });
        let least = || (0..self.load.len() as u16).min_by_key(|thread| self.load[usize::from(*thread)]);
        taken.or_else(least).unwrap_or(0)
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// A participant closes its peer connection.
    pub(crate) fn disconnect(&mut self, room: &RoomName, id: &ParticipantId) {
        self.end(room, id, false);
    }

    /// What a participant shows, for this and later peer connections.
    pub(crate) fn set_view(
        &mut self,
        room: &RoomName,
        id: &ParticipantId,
        view: &wire::View,
    ) -> Result<(), wire::Error> {
        if self.show(room, id, room::view(view)) {
            return Ok(());
        }
        let message = "there is no peer connection to the server; connect first".into();
        Err(wire::Error { code: ErrorCode::NotRouted, message })
    }

    /// The same in the media threads' own words. Says false where there is no peer connection.
    pub(crate) fn show(&mut self, room: &RoomName, id: &ParticipantId, view: sfu::View) -> bool {
        let member = self.rooms.get_mut(room).and_then(|room| room.members.get_mut(id));
        let Some(member) = member.filter(|member| member.session.is_some()) else { return false };
        member.view = Some(room::masked(view, member.sees));
        self.pass_view(room, id);
        true
    }

    fn pass_view(&self, room: &RoomName, id: &ParticipantId) {
        let Some(member) = self.rooms.get(room).and_then(|room| room.members.get(id)) else { return };
        if let (Some(session), Some(view)) = (member.session, &member.view)
            && let Some(Session { thread, .. }) = self.sessions.get(&session)
        {
            self.threads.set_view(*thread, session, view.clone());
        }
    }

    /// A participant's peer connections are gone: it left, was removed, or its page was reloaded.
    pub(crate) fn forget(&mut self, name: &RoomName, id: &ParticipantId) {
        self.end(name, id, false);
        let Some(room) = self.rooms.get_mut(name) else { return };
        room.members.remove(id);
        if room.members.is_empty() {
            let number = room.number;
            self.set_closing(name, None);
            self.rooms.remove(name);
            self.by_number.remove(&number);
        }
    }

    /// A room's media goes another way from now on.
    pub(crate) fn set_topology(&mut self, now: Instant, room: &RoomName, mode: Topology) {
        self.set_closing(room, (mode == Topology::Direct).then(|| now + GRACE));
    }

    fn set_closing(&mut self, name: &RoomName, at: Option<Instant>) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        if let Some(before) = std::mem::replace(&mut room.closing, at) {
            self.deadlines.remove(&(before, Due::Close(name.clone())));
        }
        if let Some(at) = at {
            self.deadlines.insert((at, Due::Close(name.clone())));
        }
    }

    /// What the media threads call a room.
    pub(crate) fn number_of(&self, room: &RoomName) -> Option<RoomId> {
        self.rooms.get(room).map(|room| room.number)
    }

    /// When [`Bridge::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Time has come to what [`Bridge::poll_timeout`] announced.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, due)) = self.deadlines.first().cloned().filter(|(at, _)| *at <= now) {
            self.deadlines.remove(&(at, due.clone()));
            match due {
                Due::Answer(session) => {
                    let Some(Session { room, id, .. }) = self.sessions.get(&session) else { continue };
                    let (room, id) = (room.clone(), id.clone());
                    tracing::warn!("a media thread has not answered an offer in time");
                    self.end(&room, &id, false);
                }
                Due::Close(name) => {
                    let Some(room) = self.rooms.get_mut(&name) else { continue };
                    room.closing = None;
                    let ids: Vec<ParticipantId> = room.members.keys().cloned().collect();
                    ids.iter().for_each(|id| self.end(&name, id, false));
                }
            }
        }
    }

    /// Ends a participant's session, if it has one. `lost`: it has to be told to make another.
    fn end(&mut self, name: &RoomName, id: &ParticipantId, lost: bool) {
        let Some(member) = self.rooms.get_mut(name).and_then(|room| room.members.get_mut(id)) else { return };
        let Some(session) = member.session.take() else { return };
        (member.lost, member.slots, member.layers) = (lost, Vec::new(), Vec::new());
        if let Some(Session { thread, waiting, .. }) = self.sessions.remove(&session) {
            self.load[usize::from(thread)] -= 1;
            self.threads.disconnect(thread, session);
            if let Some((reply, until)) = waiting {
                self.deadlines.remove(&(until, Due::Answer(session)));
                reply(refused(ErrorCode::OfferRefused, ENDED));
            }
        }
    }
}

fn refused<A>(code: ErrorCode, message: &str) -> wire::Answer<A> {
    wire::Answer::Error(wire::Error { code, message: message.into() })
}
