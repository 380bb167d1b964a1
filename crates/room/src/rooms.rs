//! All rooms of the process.

mod entering;
mod hosting;
mod watching;

use std::{
    collections::{BTreeSet, HashMap, VecDeque, hash_map::Entry},
    time::Instant,
};

use kaigi_protocol::vocabulary::{LeaveReason, MediaState, ParticipantId, RoomName};

use crate::{
    chat::ChatBody,
    model::{
        ConnectionId, Deadline, Event, GuestId, Join, Joined, Limits, Loss, Now, Output, Participant, Place,
        Refusal, Signal,
    },
    room::{Link, Member, Room, Waiting},
};

/// Every room, and which connection is whom. See the crate's documentation for the order of calls.
#[derive(Debug)]
pub struct Rooms<S> {
    limits: Limits,
    rooms: HashMap<RoomName, Room<S>>,
    seats: HashMap<ConnectionId, Seat>,
    participants: usize,
    /// Who watches which room from outside.
    viewers: HashMap<ConnectionId, RoomName>,
    /// How many participants each browser has.
    guests: HashMap<GuestId, usize>,
    deadlines: BTreeSet<(Instant, RoomName, Due)>,
    outputs: VecDeque<Output<S>>,
}

/// What has come when a deadline of a room is over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// This participant is not waited for any longer.
    Gone(ParticipantId),
    /// The room may go back to direct media.
    Direct,
}

/// Where a connection sits.
#[derive(Clone, Debug)]
struct Seat {
    room: RoomName,
    id: ParticipantId,
}

impl<S> Rooms<S> {
    /// No rooms yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            rooms: HashMap::new(),
            seats: HashMap::new(),
            participants: 0,
            viewers: HashMap::new(),
            guests: HashMap::new(),
            deadlines: BTreeSet::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Is this room open?
    pub fn is_open(&self, room: &RoomName) -> bool {
        self.rooms.contains_key(room)
    }

    /// Open rooms.
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// Participants in all rooms, lost ones included.
    pub fn participant_count(&self) -> usize {
        self.participants
    }

    /// Is this browser in any room, if only as one who reconnects?
    pub fn holds(&self, guest: &GuestId) -> bool {
        self.guests.contains_key(guest)
    }

    /// The bounds in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Enters a room, as somebody new or as who one was before.
    pub fn join(&mut self, now: Now, connection: ConnectionId, join: Join) -> Result<Joined, Refusal> {
        if self.is_taken(connection) {
            return Err(Refusal::AlreadyJoined);
        }
        let room = self.rooms.get(&join.room);
        let present = |id| room.is_some_and(|room| room.members.contains_key(id));
        if let Some(identity) = join.resume.as_ref().filter(|identity| present(&identity.id)) {
            return self.resume(connection, &join, identity);
        }
        if let Some(room) = room {
            room.admit(&join)?;
        }
        match join.resume.as_ref().filter(|identity| identity.restorable) {
            Some(identity) => self.restore(now, connection, &join, identity),
            None => self.enter(now, connection, join),
        }
    }

    /// Leaves for good.
    pub fn leave(&mut self, now: Now, connection: ConnectionId) -> Result<(), Refusal> {
        let seat = self.seats.get(&connection).cloned().ok_or(Refusal::NotJoined)?;
        self.remove(now, &seat.room, &seat.id, LeaveReason::Left);
        Ok(())
    }

    /// Whom a connection is.
    pub fn participant(&self, connection: ConnectionId) -> Result<&ParticipantId, Refusal> {
        self.seats.get(&connection).map(|seat| &seat.id).ok_or(Refusal::NotJoined)
    }

    /// Where the participant of a connection is.
    pub fn place(&self, connection: ConnectionId) -> Result<Place<'_>, Refusal> {
        let Seat { room, id } = self.seats.get(&connection).ok_or(Refusal::NotJoined)?;
        let topology = self.rooms.get(room).ok_or(Refusal::NotJoined)?.course.mode;
        Ok(Place { room, id, topology })
    }

    /// The living connection of a participant.
    pub fn connection(&self, room: &RoomName, id: &ParticipantId) -> Option<ConnectionId> {
        self.rooms.get(room)?.members.get(id)?.connection()
    }

    /// The living connections of a room.
    pub fn connections(&self, room: &RoomName) -> Vec<ConnectionId> {
        self.rooms.get(room).map(Room::all_connections).unwrap_or_default()
    }

    /// Who is in a room, in the order they came.
    pub fn participants(&self, room: &RoomName) -> Vec<Participant> {
        self.rooms.get(room).map(Room::everyone).unwrap_or_default()
    }

    /// Has this room a password?
    pub fn has_password(&self, room: &RoomName) -> bool {
        self.rooms.get(room).is_some_and(|room| room.settings().password)
    }

    /// Would this one be asked for the room's password, and gives one?
    pub fn weighs_password(&self, join: &Join) -> bool {
        let weighs = |room: &Room<S>| {
            let known = join.resume.as_ref();
            let inside = known.is_some_and(|was| was.restorable || room.members.contains_key(&was.id));
            room.settings().password && !inside
        };
        join.password.is_some() && self.rooms.get(&join.room).is_some_and(weighs)
    }

    /// The connection is gone; its participant, if it had one, is kept for a while.
    pub fn handle_disconnect(&mut self, now: Now, connection: ConnectionId, loss: Loss) {
        let Some(Seat { room: name, id }) = self.seats.remove(&connection) else { return };
        let Some(room) = self.rooms.get_mut(&name) else { return };
        let Some(member) = room.members.get_mut(&id) else { return };
        let grace = match loss {
            Loss::Unexplained => self.limits.resume_grace,
            Loss::Away => self.limits.away_grace,
        };
        let until = now.instant + grace;
        member.link = Link::Lost { until, waiting: Waiting::new() };
        member.participant.connected = false;
        let participant = member.participant.clone();
        let to = room.connections(&id);
        self.deadlines.insert((until, name, Due::Gone(id)));
        self.tell(to, Event::Updated(participant));
    }

    /// What a participant sends has changed.
    pub fn set_media(&mut self, connection: ConnectionId, media: MediaState) -> Result<(), Refusal> {
        let (seat, member) = self.member(connection)?;
        if member.participant.media != media {
            member.participant.media = media;
            let participant = member.participant.clone();
            self.tell_others(&seat, Event::Updated(participant));
        }
        Ok(())
    }

    /// Passes a message to a peer.
    pub fn signal(&mut self, connection: ConnectionId, signal: Signal<S>) -> Result<(), Refusal> {
        let seat = self.seats.get(&connection).ok_or(Refusal::NotJoined)?;
        let room = self.rooms.get_mut(&seat.room).ok_or(Refusal::NotJoined)?;
        if let Some((to, event)) = room.route(&seat.id, signal)? {
            self.tell(vec![to], event);
        }
        Ok(())
    }

    /// Writes to all in the room, the writer included. Returns the line's number.
    pub fn chat(&mut self, now: Now, connection: ConnectionId, text: String) -> Result<u64, Refusal> {
        let (seat, member) = self.member(connection)?;
        let name = member.participant.name.clone();
        let room = self.rooms.get_mut(&seat.room).ok_or(Refusal::NotJoined)?;
        let line = room.chat.push(now.unix_ms, seat.id.clone(), name, ChatBody::Message(text));
        let id = line.id;
        let mut to = room.connections(&seat.id);
        to.push(connection);
        self.tell(to, Event::Chat(line));
        Ok(id)
    }

    /// Time has come to what [`Rooms::poll_timeout`] announced.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some((until, room, due)) = self.deadlines.first().cloned() {
            if until > now.instant {
                break;
            }
            match due {
                Due::Gone(id) => self.remove(now, &room, &id, LeaveReason::ConnectionLost),
                Due::Direct => self.settle(now, &room, None),
            }
        }
    }

    /// The next thing to send.
    pub fn poll_output(&mut self) -> Option<Output<S>> {
        self.outputs.pop_front()
    }

    /// When [`Rooms::handle_timeout`] is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Deadline)> {
        self.deadlines.first().map(|(until, _, due)| match due {
            Due::Gone(_) => (*until, Deadline::ResumeGraceOver),
            Due::Direct => (*until, Deadline::BackToDirect),
        })
    }

    fn remove(&mut self, now: Now, name: &RoomName, id: &ParticipantId, reason: LeaveReason) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(member) = room.members.remove(id) else { return };
        self.participants -= 1;
        let empty = room.members.is_empty();
        self.uncount(member.guest);
        match member.link {
            Link::Up { connection } => {
                self.seats.remove(&connection);
            }
            Link::Lost { until, .. } => {
                self.deadlines.remove(&(until, name.clone(), Due::Gone(id.clone())));
            }
        }
        self.outputs.push_back(Output::MediaOver { room: name.clone(), id: id.clone() });
        if empty {
            if let Some(room) = self.rooms.remove(name) {
                if let Some(back_at) = room.course.back_at {
                    self.deadlines.remove(&(back_at, name.clone(), Due::Direct));
                }
                self.dismiss(room.viewers);
            }
            return;
        }
        let Some(room) = self.rooms.get_mut(name) else { return };
        let line = room.chat.push(now.unix_ms, id.clone(), member.participant.name, ChatBody::Left);
        let appointed = room.appoint();
        let to = room.all_connections();
        self.tell(to.clone(), Event::Left(id.clone(), reason));
        self.tell(to.clone(), Event::Chat(line));
        appointed.into_iter().for_each(|who| self.tell(to.clone(), Event::Updated(who)));
        self.settle(now, name, None);
    }

    /// Lets a room's media go where it has to by now, and tells all but one who learns of it otherwise.
    fn settle(&mut self, now: Now, name: &RoomName, except: Option<ConnectionId>) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let before = room.course.back_at;
        let changed = room.settle(now.instant);
        let (mode, back_at) = (room.course.mode, room.course.back_at);
        if back_at != before {
            if let Some(before) = before {
                self.deadlines.remove(&(before, name.clone(), Due::Direct));
            }
            if let Some(back_at) = back_at {
                self.deadlines.insert((back_at, name.clone(), Due::Direct));
            }
        }
        if changed {
            let mut to = room.all_connections();
            to.retain(|connection| Some(*connection) != except);
            self.outputs.push_back(Output::Topology { room: name.clone(), mode });
            self.tell(to, Event::Topology(mode));
        }
    }

    fn count(&mut self, guest: Option<GuestId>) {
        if let Some(guest) = guest {
            *self.guests.entry(guest).or_default() += 1;
        }
    }

    fn uncount(&mut self, guest: Option<GuestId>) {
        if let Some(guest) = guest
            && let Entry::Occupied(mut count) = self.guests.entry(guest)
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    fn member(&mut self, connection: ConnectionId) -> Result<(Seat, &mut Member<S>), Refusal> {
        let seat = self.seats.get(&connection).cloned().ok_or(Refusal::NotJoined)?;
        let room = self.rooms.get_mut(&seat.room).ok_or(Refusal::NotJoined)?;
        let member = room.members.get_mut(&seat.id).ok_or(Refusal::NotJoined)?;
        Ok((seat, member))
    }

    fn tell_others(&mut self, seat: &Seat, event: Event<S>) {
        if let Some(room) = self.rooms.get(&seat.room) {
            let to = room.connections(&seat.id);
            self.tell(to, event);
        }
    }

    fn tell(&mut self, to: Vec<ConnectionId>, event: Event<S>) {
        if !to.is_empty() {
            self.outputs.push_back(Output::Tell { to, event });
        }
    }
}
