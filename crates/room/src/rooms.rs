//! All rooms of the process.

use std::{
    collections::{BTreeSet, HashMap, VecDeque, hash_map::Entry},
    time::Instant,
};

use kaigi_protocol::vocabulary::{LeaveReason, MediaState, ParticipantId, RoomName};

use crate::{
    chat::ChatBody,
    model::{
        ConnectionId, Deadline, Event, GuestId, Identity, Join, JoinOutcome, Joined, Limits, Loss, Now,
        Output, Participant, Refusal, Signal,
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
    /// How many participants each browser has.
    guests: HashMap<GuestId, usize>,
    deadlines: BTreeSet<(Instant, RoomName, ParticipantId)>,
    outputs: VecDeque<Output<S>>,
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
            guests: HashMap::new(),
            deadlines: BTreeSet::new(),
            outputs: VecDeque::new(),
        }
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
        if self.seats.contains_key(&connection) {
            return Err(Refusal::AlreadyJoined);
        }
        if let Some(identity) = &join.resume {
            let present =
                self.rooms.get(&join.room).is_some_and(|room| room.members.contains_key(&identity.id));
            if present {
                return self.resume(connection, &join, identity);
            }
            if identity.restorable {
                return self.restore(connection, &join, identity);
            }
        }
        self.enter(now, connection, join)
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
        self.deadlines.insert((until, name, id));
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
        while let Some((until, room, id)) = self.deadlines.first().cloned() {
            if until > now.instant {
                break;
            }
            self.remove(now, &room, &id, LeaveReason::ConnectionLost);
        }
    }

    /// The next thing to send.
    pub fn poll_output(&mut self) -> Option<Output<S>> {
        self.outputs.pop_front()
    }

    /// When [`Rooms::handle_timeout`] is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Deadline)> {
        self.deadlines.first().map(|(until, _, _)| (*until, Deadline::ResumeGraceOver))
    }

    fn enter(&mut self, now: Now, connection: ConnectionId, join: Join) -> Result<Joined, Refusal> {
        if !self.rooms.contains_key(&join.room) && !join.may_open {
            return Err(Refusal::RoomNotOpen);
        }
        self.make_place(now, &join)?;
        let participant = Participant {
            id: join.fresh_id,
            name: join.name,
            media: join.media,
            connected: true,
            incarnation: 0,
            joined_at: now.unix_ms,
        };
        let joined = self.seat(connection, &join.room, participant, join.guest, JoinOutcome::New);
        let Participant { id, name, .. } = joined.participant.clone();
        if let Some(room) = self.rooms.get_mut(&join.room) {
            let line = room.chat.push(now.unix_ms, id.clone(), name, ChatBody::Joined);
            let to = room.connections(&id);
            self.tell(to, Event::Chat(line));
        }
        Ok(joined)
    }

    /// Takes back someone from before a restart: in silence, as if nothing had happened.
    fn restore(
        &mut self,
        connection: ConnectionId,
        join: &Join,
        identity: &Identity,
    ) -> Result<Joined, Refusal> {
        self.room_for_one(&join.room)?;
        let participant = Participant {
            id: identity.id.clone(),
            name: join.name.clone(),
            media: join.media,
            connected: true,
            incarnation: identity.live.unwrap_or(identity.incarnation.saturating_add(1)),
            joined_at: identity.joined_at,
        };
        Ok(self.seat(connection, &join.room, participant, join.guest.clone(), JoinOutcome::Restored))
    }

    /// Goes on as a participant who is still here, taking over from its connection if that lives.
    fn resume(
        &mut self,
        connection: ConnectionId,
        join: &Join,
        identity: &Identity,
    ) -> Result<Joined, Refusal> {
        let room = self.rooms.get_mut(&join.room).ok_or(Refusal::NoSuchParticipant)?;
        let member = room.members.get_mut(&identity.id).ok_or(Refusal::NoSuchParticipant)?;
        let link = std::mem::replace(&mut member.link, Link::Up { connection });
        let guest_before = std::mem::replace(&mut member.guest, join.guest.clone());
        let participant = &mut member.participant;
        participant.connected = true;
        participant.media = join.media;
        participant.name = join.name.clone();
        let goes_on = identity.live == Some(participant.incarnation);
        if !goes_on {
            participant.incarnation = participant.incarnation.saturating_add(1);
        }
        let participant = participant.clone();
        let joined = Joined {
            outcome: JoinOutcome::Resumed,
            others: room.others(&identity.id),
            chat: room.chat.lines(),
            same_device: room.holds_other_of(join.guest.as_ref(), &identity.id),
            participant: participant.clone(),
        };
        self.uncount(guest_before);
        self.count(join.guest.clone());
        let seat = Seat { room: join.room.clone(), id: identity.id.clone() };
        self.seats.insert(connection, seat.clone());
        match link {
            Link::Up { connection: old } => {
                self.seats.remove(&old);
                self.tell(vec![old], Event::Replaced);
            }
            Link::Lost { until, waiting } => {
                self.deadlines.remove(&(until, seat.room.clone(), seat.id.clone()));
                // Signals for peer connections that no longer exist would only confuse the new ones.
                if goes_on {
                    for event in waiting.into_events() {
                        self.tell(vec![connection], event);
                    }
                }
            }
        }
        self.tell_others(&seat, Event::Updated(participant));
        Ok(joined)
    }

    /// Puts a participant into a room that has a place for it.
    fn seat(
        &mut self,
        connection: ConnectionId,
        name: &RoomName,
        participant: Participant,
        guest: Option<GuestId>,
        outcome: JoinOutcome,
    ) -> Joined {
        let room = self.rooms.entry(name.clone()).or_default();
        let id = participant.id.clone();
        let joined = Joined {
            outcome,
            others: room.others(&id),
            chat: room.chat.lines(),
            same_device: room.holds_other_of(guest.as_ref(), &id),
            participant: participant.clone(),
        };
        let link = Link::Up { connection };
        let member = Member { participant: participant.clone(), guest: guest.clone(), link };
        room.members.insert(id.clone(), member);
        self.participants += 1;
        self.count(guest);
        let seat = Seat { room: name.clone(), id };
        self.seats.insert(connection, seat.clone());
        self.tell_others(&seat, Event::Joined(participant));
        joined
    }

    /// Finds a place for a newcomer. In a full room a lost participant of the same browser gives way: its
    /// page crashed or was closed, and its owner must not wait for a ghost.
    fn make_place(&mut self, now: Now, join: &Join) -> Result<(), Refusal> {
        match self.room_for_one(&join.room) {
            Err(refusal @ Refusal::RoomFull { .. }) => {
                let ghost = self.rooms.get(&join.room).and_then(|room| {
                    let mine = |m: &&Member<S>| {
                        m.connection().is_none() && m.guest.is_some() && m.guest == join.guest
                    };
                    room.members.values().find(mine).map(|m| m.participant.id.clone())
                });
                let Some(ghost) = ghost else { return Err(refusal) };
                self.remove(now, &join.room, &ghost, LeaveReason::ConnectionLost);
                self.room_for_one(&join.room)
            }
            other => other,
        }
    }

    fn room_for_one(&self, name: &RoomName) -> Result<(), Refusal> {
        let capacity = self.limits.room_capacity;
        match self.rooms.get(name) {
            Some(room) if room.members.len() >= capacity => return Err(Refusal::RoomFull { capacity }),
            None if self.rooms.len() >= self.limits.rooms => {
                return Err(Refusal::ServerFull { what: "rooms" });
            }
            _ => {}
        }
        if self.participants >= self.limits.participants {
            return Err(Refusal::ServerFull { what: "participants" });
        }
        Ok(())
    }

    fn remove(&mut self, now: Now, name: &RoomName, id: &ParticipantId, reason: LeaveReason) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(member) = room.members.remove(id) else { return };
        self.participants -= 1;
        let empty = room.members.is_empty();
        self.uncount(member.guest);
        match member.link {
            Link::Up { connection } => drop(self.seats.remove(&connection)),
            Link::Lost { until, .. } => drop(self.deadlines.remove(&(until, name.clone(), id.clone()))),
        }
        if empty {
            self.rooms.remove(name);
            return;
        }
        let Some(room) = self.rooms.get_mut(name) else { return };
        let line = room.chat.push(now.unix_ms, id.clone(), member.participant.name, ChatBody::Left);
        let to = room.connections(id);
        self.tell(to.clone(), Event::Left(id.clone(), reason));
        self.tell(to, Event::Chat(line));
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
            self.outputs.push_back(Output { to, event });
        }
    }
}
