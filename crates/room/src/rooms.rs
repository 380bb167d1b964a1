//! All rooms of the process.

mod breaking_out;
mod chatting;
mod entering;
mod gathering;
mod hosting;
mod operating;
mod roles;
mod waiting;
mod watching;

#[cfg(test)]
pub(crate) use gathering::GATHER;
pub(crate) use gathering::Gathered;
use gathering::News;

use std::{
    collections::{BTreeSet, HashMap, VecDeque, hash_map::Entry},
    time::Instant,
};

use kaigi_protocol::vocabulary::{LeaveReason, MediaState, ParticipantId, RoomName};

use crate::{
    chat::{ChatBody, Draft},
    model::{
        ConnectionId, Deadline, Event, GuestId, Join, Joined, Limits, Loss, Now, Output, Participant, Place,
        Refusal, Signal,
    },
    operating::Happening,
    room::{Link, Member, Reserved, Room, Waiting},
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
    /// Who waits in front of which room.
    lobby: HashMap<ConnectionId, RoomName>,
    /// How many participants each browser has.
    guests: HashMap<GuestId, usize>,
    deadlines: BTreeSet<(Instant, RoomName, Due)>,
    outputs: VecDeque<Output<S>>,
    /// The last time that was told.
    latest: Option<Instant>,
}

/// What has come when a deadline of a room is over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// This participant is not waited for any longer.
    Gone(ParticipantId),
    /// The room may go back to direct media.
    Direct,
    /// The role of a host who is gone is not kept any longer.
    Host,
    /// The votes of this poll are told.
    Poll(u64),
    /// Everybody is called back from the breakout rooms.
    Breakouts,
    /// The room was kept open while nobody was in it; not any longer.
    Unused,
    /// What was gathered of a large room is told.
    News,
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
            lobby: HashMap::new(),
            guests: HashMap::new(),
            deadlines: BTreeSet::new(),
            outputs: VecDeque::new(),
            latest: None,
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
        self.note_time(now);
        if self.is_taken(connection) {
            return Err(Refusal::AlreadyJoined);
        }
        if let Some(identity) = &join.resume
            && let Some(room) = self.room_of(&join.room, &identity.id)
        {
            return self.resume(connection, &Join { room, ..join.clone() }, identity);
        }
        if let Some(room) = self.rooms.get(&join.room) {
            room.admit(&join)?;
            self.knock(connection, &join)?;
        }
        match join.resume.as_ref().filter(|identity| identity.restorable) {
            Some(identity) => self.restore(now, connection, &join, identity),
            None => self.enter(now, connection, join),
        }
    }

    /// Leaves for good.
    pub fn leave(&mut self, now: Now, connection: ConnectionId) -> Result<(), Refusal> {
        self.note_time(now);
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
        let Seat { room: name, id } = self.seats.get(&connection).ok_or(Refusal::NotJoined)?;
        let room = self.rooms.get(name).ok_or(Refusal::NotJoined)?;
        let member = room.members.get(id).ok_or(Refusal::NotJoined)?;
        let (sources, sees) = (member.participant.media, member.grant.sees);
        Ok(Place { room: name, id, topology: room.course.mode, sources, sees })
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

    /// What a participant may send; nothing, if there is no such participant.
    pub fn sources(&self, room: &RoomName, id: &ParticipantId) -> MediaState {
        let member = self.rooms.get(room).and_then(|room| room.members.get(id));
        member.map(|member| member.participant.media).unwrap_or_default()
    }

    /// Has this room a password?
    pub fn has_password(&self, room: &RoomName) -> bool {
        self.rooms.get(room).is_some_and(|room| room.rules.settings().password)
    }

    /// Is this one of those who are in the room already?
    pub fn is_inside(&self, join: &Join) -> bool {
        join.resume.as_ref().is_some_and(|was| self.room_of(&join.room, &was.id).is_some())
    }

    /// Would this one be asked for the room's password, and gives one?
    pub fn weighs_password(&self, join: &Join) -> bool {
        let inside = self.is_inside(join) || join.resume.as_ref().is_some_and(|was| was.restorable);
        join.password.is_some() && self.has_password(&join.room) && !inside
    }

    /// The connection is gone; its participant, if it had one, is kept for a while.
    pub fn handle_disconnect(&mut self, now: Now, connection: ConnectionId, loss: Loss) {
        self.note_time(now);
        self.stop_waiting(connection);
        let Some(seat) = self.seats.remove(&connection) else { return };
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let Some(member) = room.members.get_mut(&seat.id) else { return };
        let grace = match loss {
            Loss::Unexplained => self.limits.resume_grace,
            Loss::Away => self.limits.away_grace,
        };
        let until = now.instant + grace;
        member.link = Link::Lost { since: now.instant, until, waiting: Waiting::new() };
        member.participant.connected = false;
        let participant = member.participant.clone();
        self.deadlines.insert((until, seat.room.clone(), Due::Gone(seat.id.clone())));
        self.tell_news(&seat, News::Updated(participant));
    }

    /// What a participant sends has changed.
    pub fn set_media(&mut self, connection: ConnectionId, media: MediaState) -> Result<(), Refusal> {
        let seat = self.seats.get(&connection).cloned().ok_or(Refusal::NotJoined)?;
        let room = self.rooms.get(&seat.room).ok_or(Refusal::NotJoined)?;
        let member = room.members.get(&seat.id).ok_or(Refusal::NotJoined)?;
        let allowed = room.allows(member).mask(media);
        let forbidden = [
            (media.mic != allowed.mic, "microphones"),
            (media.camera != allowed.camera, "cameras"),
            (media.screen != allowed.screen || media.screen_audio != allowed.screen_audio, "shared screens"),
        ];
        if let Some((_, what)) = forbidden.into_iter().find(|(forbidden, _)| *forbidden) {
            return Err(Refusal::NotAllowed { what });
        }
        self.put_media(&seat, media);
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

    /// Time has come to what [`Rooms::poll_timeout`] announced.
    pub fn handle_timeout(&mut self, now: Now) {
        self.note_time(now);
        while let Some((until, room, due)) = self.deadlines.first().cloned() {
            if until > now.instant {
                break;
            }
            match due {
                Due::Gone(id) => self.remove(now, &room, &id, LeaveReason::ConnectionLost),
                Due::Direct => self.settle(now, &room, None),
                Due::Host => {
                    self.deadlines.remove(&(until, room.clone(), Due::Host));
                    self.appoint(now.instant, &room);
                }
                Due::Poll(id) => {
                    self.deadlines.remove(&(until, room.clone(), Due::Poll(id)));
                    if self.rooms.get_mut(&room).is_some_and(|room| room.voted.remove(&id)) {
                        self.tell_poll(&room, id);
                    }
                }
                Due::Breakouts => self.call_back(now, &room),
                Due::Unused => self.close(&room),
                Due::News => self.tell_gathered(&room),
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
            Due::Host => (*until, Deadline::HostGraceOver),
            Due::Poll(_) => (*until, Deadline::PollStands),
            Due::Breakouts => (*until, Deadline::BreakoutsOver),
            Due::Unused => (*until, Deadline::ReservationOver),
            Due::News => (*until, Deadline::NewsGathered),
        })
    }

    fn remove(&mut self, now: Now, name: &RoomName, id: &ParticipantId, reason: LeaveReason) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(member) = room.members.remove(id) else { return };
        let since = self.vacate(name, &member, reason).unwrap_or(now.instant);
        let whole = name.whole();
        self.close_if_empty(now, name);
        if member.participant.host && reason == LeaveReason::ConnectionLost {
            self.keep_role(&whole, id, member.guest, since);
        }
        if let Some(room) = self.rooms.get_mut(name) {
            let left = Draft::new(id.clone(), member.participant.name, ChatBody::Left);
            let line = room.chat.push(now.unix_ms, left);
            let seat = Seat { room: name.clone(), id: id.clone() };
            self.tell_news(&seat, News::Left(id.clone(), reason));
            self.tell_news(&seat, News::Chat(line));
        }
        self.appoint(now.instant, &whole);
        self.settle(now, name, None);
        self.tell_breakouts(&whole);
    }

    /// Forgets everything about one who has just been taken out of a room. Returns since when its connection was lost.
    fn vacate(&mut self, name: &RoomName, member: &Member<S>, reason: LeaveReason) -> Option<Instant> {
        let id = &member.participant.id;
        self.participants -= 1;
        self.uncount(member.guest.clone());
        let lost = match member.link {
            Link::Up { connection } => {
                self.seats.remove(&connection);
                None
            }
            Link::Lost { since, until, .. } => {
                self.deadlines.remove(&(until, name.clone(), Due::Gone(id.clone())));
                Some(since)
            }
        };
        self.outputs.push_back(Output::MediaOver { room: name.clone(), id: id.clone() });
        let (room, participant) = (name.whole(), member.participant.clone());
        self.outputs.push_back(Output::Happened(Happening::Went { room, participant, reason }));
        lost
    }

    /// Closes a room in which nobody is: a whole one when its breakout rooms are empty too. Says whether this one is
    /// closed.
    fn close_if_empty(&mut self, now: Now, name: &RoomName) -> bool {
        let whole = name.whole();
        if self.everybody(&whole).next().is_none() {
            let reserved = self.rooms.get(&whole).and_then(|room| Some((room.reserved?, room.rules.clone())));
            self.close(name);
            self.close(&whole);
            self.outputs.push_back(Output::Happened(Happening::Ended { room: whole.clone() }));
            if let Some((Reserved { reservation, .. }, rules)) = reserved {
                self.reserve(now, whole, rules, reservation);
            }
            return true;
        }
        if *name != whole && self.rooms.get(name).is_some_and(|room| room.members.is_empty()) {
            self.close(name);
            return true;
        }
        false
    }

    fn close(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.remove(name) else { return };
        let over = |at: Option<Instant>, due| at.map(|at| (at, name.clone(), due));
        let until = room.breakouts.as_ref().and_then(|open| open.until);
        for deadline in [
            over(room.course.back_at, Due::Direct),
            over(room.hosts.kept_until(), Due::Host),
            over(until.map(|until| until.instant), Due::Breakouts),
            over(room.reserved.and_then(|reserved| reserved.until), Due::Unused),
            over(room.gathered.as_ref().map(|gathered| gathered.due), Due::News),
        ] {
            deadline.map(|deadline| self.deadlines.remove(&deadline));
        }
        self.dismiss(room.viewers);
        self.disappoint(&room.lobby);
    }

    /// A whole room and those of its breakout rooms in which somebody is.
    fn family(&self, whole: &RoomName) -> Vec<RoomName> {
        let open = self.rooms.get(whole).and_then(|room| room.breakouts.as_ref());
        let breakouts =
            (0..open.map_or(0, |open| open.titles.len() as u16)).map(|number| whole.breakout(number));
        std::iter::once(whole.clone()).chain(breakouts.filter(|name| self.rooms.contains_key(name))).collect()
    }

    /// Everybody in a whole room and in its breakout rooms.
    fn everybody(&self, whole: &RoomName) -> impl Iterator<Item = &Member<S>> {
        let rooms = self.family(whole).into_iter().filter_map(|name| self.rooms.get(&name));
        rooms.flat_map(|room| room.members.values())
    }

    /// Where somebody of a whole room is.
    fn room_of(&self, whole: &RoomName, id: &ParticipantId) -> Option<RoomName> {
        let here = |name: &RoomName| self.rooms.get(name).is_some_and(|room| room.members.contains_key(id));
        self.family(whole).into_iter().find(here)
    }

    /// Notes what a participant sends, and tells the others and the SFU.
    fn put_media(&mut self, seat: &Seat, media: MediaState) {
        let Some(room) = self.rooms.get_mut(&seat.room) else { return };
        let Some(member) = room.members.get_mut(&seat.id) else { return };
        if member.participant.media == media {
            return;
        }
        member.participant.media = media;
        let participant = member.participant.clone();
        self.outputs.push_back(Output::Sources {
            room: seat.room.clone(),
            id: seat.id.clone(),
            sources: media,
        });
        self.tell_news(seat, News::Updated(participant));
    }

    /// Lets a room's media go where it has to by now, and tells all but one who learns of it otherwise.
    fn settle(&mut self, now: Now, name: &RoomName, except: Option<ConnectionId>) {
        // A room that is only kept open takes no way before somebody comes.
        let idle =
            |room: &Room<S>| room.reserved.is_some() && room.started_at.is_none() && room.members.is_empty();
        let Some(room) = self.rooms.get_mut(name).filter(|room| !idle(room)) else { return };
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

    fn tell(&mut self, to: Vec<ConnectionId>, event: Event<S>) {
        if !to.is_empty() {
            self.outputs.push_back(Output::Tell { to, event });
        }
    }
}
