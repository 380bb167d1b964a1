//! What the host may do, and what any participant may ask of the room.

use kaigi_protocol::vocabulary::{LeaveReason, ParticipantId};

use super::{Rooms, Seat};
use crate::model::{ConnectionId, Event, Now, Refusal, RoomChange};

impl<S> Rooms<S> {
    /// The host changes the room's settings.
    pub fn change(&mut self, now: Now, connection: ConnectionId, change: RoomChange) -> Result<(), Refusal> {
        let Seat { room: name, .. } = self.host(connection)?;
        let room = self.rooms.get_mut(&name).ok_or(Refusal::NotJoined)?;
        if room.change(change) {
            let (to, settings) = (room.all_connections(), room.settings());
            self.tell(to, Event::Settings(settings));
            self.settle(now, &name, None);
        }
        Ok(())
    }

    /// The host sends a participant away, who may not come back while the room is open.
    pub fn send_away(
        &mut self,
        now: Now,
        connection: ConnectionId,
        id: &ParticipantId,
    ) -> Result<(), Refusal> {
        let Seat { room: name, id: host } = self.host(connection)?;
        if *id == host {
            return Err(Refusal::RemovesSelf);
        }
        let room = self.rooms.get_mut(&name).ok_or(Refusal::NotJoined)?;
        let member = room.members.get(id).ok_or(Refusal::NoSuchParticipant)?;
        let (link, guest) = (member.connection(), member.guest.clone());
        room.ban(id.clone(), guest);
        self.tell(link.into_iter().collect(), Event::Removed);
        self.remove(now, &name, id, LeaveReason::Removed);
        Ok(())
    }

    /// The two who are here cannot reach each other: media goes through the server while both are.
    pub fn route(&mut self, now: Now, connection: ConnectionId) -> Result<(), Refusal> {
        let Seat { room: name, .. } = self.seats.get(&connection).cloned().ok_or(Refusal::NotJoined)?;
        self.rooms.get_mut(&name).ok_or(Refusal::NotJoined)?.ask_for_route();
        self.settle(now, &name, None);
        Ok(())
    }

    fn host(&mut self, connection: ConnectionId) -> Result<Seat, Refusal> {
        let (seat, member) = self.member(connection)?;
        if member.participant.host { Ok(seat) } else { Err(Refusal::NotHost) }
    }
}
