//! How one comes in: as somebody new, as who one was before a restart, or as who never left.

use kaigi_protocol::vocabulary::{LeaveReason, RoomName};

use super::{Due, Rooms, Seat};
use crate::{
    chat::ChatBody,
    model::{ConnectionId, Event, Identity, Join, JoinOutcome, Joined, Now, Output, Participant, Refusal},
    room::{Link, Member},
};

impl<S> Rooms<S> {
    pub(super) fn enter(
        &mut self,
        now: Now,
        connection: ConnectionId,
        join: Join,
    ) -> Result<Joined, Refusal> {
        if !self.rooms.contains_key(&join.room) && !join.may_open {
            return Err(Refusal::RoomNotOpen);
        }
        self.make_place(now, &join)?;
        let participant = Participant {
            id: join.fresh_id.clone(),
            name: join.name.clone(),
            media: join.media,
            connected: true,
            incarnation: 0,
            joined_at: self.rooms.get(&join.room).map_or(now.unix_ms, |room| room.joining_at(now.unix_ms)),
            host: false,
            media_only: join.media_only,
        };
        let joined = self.seat(now, connection, &join, participant, JoinOutcome::New);
        let Participant { id, name, .. } = joined.participant.clone();
        if let Some(room) = self.rooms.get_mut(&join.room) {
            let line = room.chat.push(now.unix_ms, id.clone(), name, ChatBody::Joined);
            let to = room.connections(&id);
            self.tell(to, Event::Chat(line));
        }
        Ok(joined)
    }

    /// Takes back someone from before a restart: in silence, as if nothing had happened.
    pub(super) fn restore(
        &mut self,
        now: Now,
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
            host: false,
            media_only: join.media_only,
        };
        Ok(self.seat(now, connection, join, participant, JoinOutcome::Restored))
    }

    /// Goes on as a participant who is still here, taking over from its connection if that lives.
    pub(super) fn resume(
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
            topology: room.course.mode,
            settings: room.settings(),
            participant: participant.clone(),
        };
        self.uncount(guest_before);
        self.count(join.guest.clone());
        let seat = Seat { room: join.room.clone(), id: identity.id.clone() };
        self.seats.insert(connection, seat.clone());
        if !goes_on {
            self.outputs.push_back(Output::MediaOver { room: seat.room.clone(), id: seat.id.clone() });
        }
        match link {
            Link::Up { connection: old } => {
                self.seats.remove(&old);
                self.tell(vec![old], Event::Replaced);
            }
            Link::Lost { until, waiting } => {
                self.deadlines.remove(&(until, seat.room.clone(), Due::Gone(seat.id.clone())));
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
        now: Now,
        connection: ConnectionId,
        join: &Join,
        participant: Participant,
        outcome: JoinOutcome,
    ) -> Joined {
        let (id, name, guest) = (participant.id.clone(), &join.room, join.guest.clone());
        let member =
            Member { participant: participant.clone(), guest: guest.clone(), link: Link::Up { connection } };
        let room = self.rooms.entry(name.clone()).or_default();
        let chat = room.chat.lines();
        room.members.insert(id.clone(), member);
        let appointed = room.appoint();
        let participant = room.members.get(&id).map_or(participant, |member| member.participant.clone());
        let (others, same_device) = (room.others(&id), room.holds_other_of(guest.as_ref(), &id));
        let (to, settings) = (room.connections(&id), room.settings());
        self.participants += 1;
        self.count(guest);
        self.seats.insert(connection, Seat { room: name.clone(), id: id.clone() });
        self.tell(to.clone(), Event::Joined(participant.clone()));
        for who in appointed.into_iter().filter(|who| who.id != id) {
            self.tell(to.clone(), Event::Updated(who));
        }
        self.settle(now, name, Some(connection));
        let topology = self.rooms.get(name).map(|room| room.course.mode).unwrap_or_default();
        Joined { outcome, participant, others, chat, same_device, topology, settings }
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

    pub(super) fn room_for_one(&self, name: &RoomName) -> Result<(), Refusal> {
        let capacity = self.limits.room_capacity;
        match self.rooms.get(name) {
            Some(room) if room.members.len() + room.viewers.len() >= capacity => {
                return Err(Refusal::RoomFull { capacity });
            }
            None if self.rooms.len() >= self.limits.rooms => {
                return Err(Refusal::ServerFull { what: "rooms" });
            }
            _ => {}
        }
        if self.participants + self.viewers.len() >= self.limits.participants {
            return Err(Refusal::ServerFull { what: "participants" });
        }
        Ok(())
    }
}
