//! How one comes in: as somebody new, as who one was before a restart, or as who never left.

use kaigi_protocol::vocabulary::{LeaveReason, ParticipantId, RoomName, Topology};

use super::{Due, News, Rooms, Seat};
use crate::{
    chat::{ChatBody, Draft},
    grants::GrantedRole,
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
            joined_at: self.joining_at(&join.room, now.unix_ms),
            host: self.returns_as_host(&join),
            hand: None,
            media_only: join.media_only,
            identity: identity_of(&join),
        };
        let joined = self.seat(now, connection, &join, participant, JoinOutcome::New)?;
        let Participant { id, name, .. } = joined.participant.clone();
        if let Some(room) = self.rooms.get_mut(&join.room) {
            let line = room.chat.push(now.unix_ms, Draft::new(id.clone(), name, ChatBody::Joined));
            self.tell_news(&Seat { room: join.room.clone(), id }, News::Chat(line));
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
        if identity.routed {
            self.begin_routed(&join.room);
        }
        let participant = Participant {
            id: identity.id.clone(),
            name: join.name.clone(),
            media: join.media,
            connected: true,
            incarnation: identity.live.unwrap_or(identity.incarnation.saturating_add(1)),
            joined_at: identity.joined_at,
            host: self.returns_as_host(join),
            hand: None,
            media_only: join.media_only,
            identity: identity_of(join),
        };
        self.seat(now, connection, join, participant, JoinOutcome::Restored)
    }

    /// Its people come back one after the other; their media goes where it went before from the first on. If they turn
    /// out to be few, the room goes back to direct as any other.
    fn begin_routed(&mut self, name: &RoomName) {
        let room = self.rooms.entry(name.clone()).or_default();
        if room.course.mode == Topology::Direct {
            room.course.mode = Topology::Routed;
            let to = room.all_connections();
            self.outputs.push_back(Output::Topology { room: name.clone(), mode: Topology::Routed });
            self.tell(to, Event::Topology(Topology::Routed));
        }
    }

    /// Goes on as a participant who is still here, taking over from its connection if that lives.
    pub(super) fn resume(
        &mut self,
        connection: ConnectionId,
        join: &Join,
        identity: &Identity,
    ) -> Result<Joined, Refusal> {
        let room = self.rooms.get_mut(&join.room).ok_or(Refusal::NoSuchParticipant)?;
        let allowed = room.rules.allowed;
        let member = room.members.get_mut(&identity.id).ok_or(Refusal::NoSuchParticipant)?;
        // A fresh token counts; without one it is who it was.
        if let Some(grant) = &join.grant {
            member.participant.identity = grant.identity.clone();
            member.grant = grant.clone();
        }
        let allowed =
            if member.participant.host { member.grant.publish } else { member.grant.publish.and(allowed) };
        let link = std::mem::replace(&mut member.link, Link::Up { connection });
        let guest_before = std::mem::replace(&mut member.guest, join.guest.clone());
        let participant = &mut member.participant;
        participant.connected = true;
        participant.media = allowed.mask(join.media);
        participant.name = join.name.clone();
        let goes_on = identity.live == Some(participant.incarnation);
        if !goes_on {
            participant.incarnation = participant.incarnation.saturating_add(1);
        }
        let participant = participant.clone();
        self.stop_waiting(connection);
        self.uncount(guest_before);
        self.count(join.guest.clone());
        let seat = Seat { room: join.room.clone(), id: identity.id.clone() };
        self.seats.insert(connection, seat.clone());
        if !goes_on {
            self.outputs.push_back(Output::MediaOver { room: seat.room.clone(), id: seat.id.clone() });
        }
        let sources = participant.media;
        self.outputs.push_back(Output::Sources { room: seat.room.clone(), id: seat.id.clone(), sources });
        match link {
            Link::Up { connection: old } => {
                self.seats.remove(&old);
                self.tell(vec![old], Event::Replaced);
            }
            Link::Lost { until, waiting, .. } => {
                self.deadlines.remove(&(until, seat.room.clone(), Due::Gone(seat.id.clone())));
                // Signals for peer connections that no longer exist would only confuse the new ones.
                if goes_on {
                    for event in waiting.into_events() {
                        self.tell(vec![connection], event);
                    }
                }
            }
        }
        self.tell_news(&seat, News::Updated(participant));
        self.snapshot(&seat.room, &seat.id, JoinOutcome::Resumed).ok_or(Refusal::NoSuchParticipant)
    }

    /// Puts a participant into a room that has a place for it.
    fn seat(
        &mut self,
        now: Now,
        connection: ConnectionId,
        join: &Join,
        participant: Participant,
        outcome: JoinOutcome,
    ) -> Result<Joined, Refusal> {
        let (id, name, guest) = (participant.id.clone(), &join.room, join.guest.clone());
        if participant.host {
            self.take_up_role(name);
        }
        let room = self.rooms.entry(name.clone()).or_default();
        let grant = join.grant.clone().unwrap_or_default();
        let link = Link::Up { connection };
        let mut member = Member { participant, guest: guest.clone(), grant, link };
        let media = room.allows(&member).mask(member.participant.media);
        member.participant.media = media;
        room.members.insert(id.clone(), member);
        self.participants += 1;
        self.count(guest);
        let seat = Seat { room: name.clone(), id: id.clone() };
        self.seats.insert(connection, seat.clone());
        self.stop_waiting(connection);
        let appointed = self.appointed(now.instant, name);
        // Who opens a room is its host, whatever the rest may not do.
        let participant =
            self.rooms.get(name).and_then(|room| room.members.get(&id)).map(|m| m.participant.clone());
        let participant = participant.ok_or(Refusal::NoSuchParticipant)?;
        self.tell_news(&seat, News::Joined(participant));
        for (room, who) in appointed.into_iter().filter(|(_, who)| *who != id) {
            self.tell_role(&room, &who, Some(connection));
        }
        self.outputs.push_back(Output::Sources { room: name.clone(), id: id.clone(), sources: media });
        self.settle(now, name, Some(connection));
        let joined = self.snapshot(name, &id, outcome).ok_or(Refusal::NoSuchParticipant)?;
        self.note_coming(now, name, &joined.participant);
        self.tell_breakouts(name);
        Ok(joined)
    }

    /// A room as one of its participants finds it.
    pub(super) fn snapshot(
        &self,
        name: &RoomName,
        id: &ParticipantId,
        outcome: JoinOutcome,
    ) -> Option<Joined> {
        let room = self.rooms.get(name)?;
        let member = room.members.get(id)?;
        Some(Joined {
            outcome,
            participant: member.participant.clone(),
            others: room.others(id),
            chat: room.chat.lines_for(id),
            same_device: room.holds_other_of(member.guest.as_ref(), id),
            topology: room.course.mode,
            settings: room.rules.settings(),
            votes: room.chat.votes_of(id),
            waiting: self.waiters_for(name, member.participant.host),
            breakouts: self.breakouts_for(name),
            publish: member.grant.publish,
        })
    }

    /// Is this a host by an application's word, or the host whose role was kept for it?
    fn returns_as_host(&self, join: &Join) -> bool {
        join.grant.as_ref().is_some_and(|grant| grant.role == GrantedRole::Host)
            || !join.media_only && self.rooms.get(&join.room).is_some_and(|room| room.hosts.keeps_for(join))
    }

    /// When somebody joins a whole room now: later than all others, whatever the clock says.
    fn joining_at(&self, whole: &RoomName, unix_ms: u64) -> u64 {
        let last = self.everybody(whole).map(|member| member.participant.joined_at).max();
        last.map_or(unix_ms, |last| unix_ms.max(last + 1))
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
        let reserved = self.rooms.get(name).and_then(|room| room.reserved?.reservation.capacity);
        let capacity = self.limits.room_capacity.min(reserved.unwrap_or(usize::MAX));
        match self.rooms.get(name) {
            Some(room) if self.everybody(name).count() + room.viewers.len() >= capacity => {
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

/// Who somebody is in an application's words.
fn identity_of(join: &Join) -> Option<String> {
    join.grant.as_ref().and_then(|grant| grant.identity.clone())
}
