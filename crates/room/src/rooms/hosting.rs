//! What hosts may do, and what any participant may ask of the room.

use kaigi_protocol::vocabulary::{LeaveReason, ParticipantId, RoomName, Source};

use super::{Rooms, Seat};
use crate::{
    model::{ConnectionId, Event, Now, Participant, Refusal, RoomChange},
    room::Member,
};

impl<S> Rooms<S> {
    /// A host changes the settings of the whole room.
    pub fn change(&mut self, now: Now, connection: ConnectionId, change: RoomChange) -> Result<(), Refusal> {
        let whole = self.host(connection)?.room.whole();
        self.apply(now, &whole, change)
    }

    /// Changes the settings of a whole room.
    pub(super) fn apply(&mut self, now: Now, whole: &RoomName, change: RoomChange) -> Result<(), Refusal> {
        let family = self.family(whole);
        let room = self.rooms.get_mut(whole).ok_or(Refusal::NoSuchRoom)?;
        let before = room.rules.settings();
        room.rules.change(change);
        let (rules, settings) = (room.rules.clone(), room.rules.settings());
        for name in &family {
            let Some(room) = self.rooms.get_mut(name) else { continue };
            room.rules = rules.clone();
            if settings != before {
                let to = room.all_connections();
                self.tell(to, Event::Settings(settings));
                self.settle(now, name, None);
            }
            if settings.allowed != before.allowed {
                self.restrict(name);
            }
        }
        if before.waiting && !settings.waiting {
            self.admit_waiting(whole, None);
        }
        Ok(())
    }

    /// A host sends a participant away, with a ban for as long as the room is open.
    pub fn send_away(
        &mut self,
        now: Now,
        connection: ConnectionId,
        id: &ParticipantId,
        ban: bool,
    ) -> Result<(), Refusal> {
        let Seat { room, id: host } = self.host(connection)?;
        if *id == host {
            return Err(Refusal::RemovesSelf);
        }
        self.take_away(now, &room.whole(), id, ban)
    }

    /// Takes a participant out of a whole room.
    pub(super) fn take_away(
        &mut self,
        now: Now,
        whole: &RoomName,
        id: &ParticipantId,
        ban: bool,
    ) -> Result<(), Refusal> {
        let name = self.room_of(whole, id).ok_or(Refusal::NoSuchParticipant)?;
        let room = self.rooms.get(&name).ok_or(Refusal::NoSuchParticipant)?;
        let member = room.members.get(id).ok_or(Refusal::NoSuchParticipant)?;
        let link = member.connection();
        // A browser that somebody else here uses as well is not shut out.
        let guest = member.guest.clone().filter(|guest| !room.holds_other_of(Some(guest), id));
        if ban && let Some(whole) = self.rooms.get_mut(whole) {
            whole.ban(id.clone(), guest);
        }
        self.tell(link.into_iter().collect(), Event::Removed { ban, ended: false });
        self.remove(now, &name, id, LeaveReason::Removed);
        Ok(())
    }

    /// A host turns a source off: of one participant, or of all who are not hosts. Nobody's is ever turned on.
    pub fn mute(
        &mut self,
        connection: ConnectionId,
        whom: Option<&ParticipantId>,
        source: Source,
    ) -> Result<(), Refusal> {
        let Seat { room: name, id: by } = self.host(connection)?;
        let room = self.rooms.get(&name).ok_or(Refusal::NotJoined)?;
        let targets: Vec<_> = match whom {
            Some(whom) => {
                let member = room.members.get(whom).ok_or(Refusal::NoSuchParticipant)?;
                vec![member.participant.clone()]
            }
            None => room.everyone().into_iter().filter(|who| !who.host).collect(),
        };
        for who in targets {
            self.turn_off(&name, who, source, Some(&by));
        }
        Ok(())
    }

    /// Turns a source of a participant off, and says who did.
    pub(super) fn turn_off(
        &mut self,
        name: &RoomName,
        who: Participant,
        source: Source,
        by: Option<&ParticipantId>,
    ) {
        let media = who.media.without(source);
        if media == who.media {
            return;
        }
        let link = self.connection(name, &who.id);
        self.put_media(&Seat { room: name.clone(), id: who.id }, media);
        self.tell(link.into_iter().collect(), Event::Muted { source, by: by.cloned() });
    }

    /// The two who are here cannot reach each other: media goes through the server while both are.
    pub fn route(&mut self, now: Now, connection: ConnectionId) -> Result<(), Refusal> {
        let Seat { room: name, .. } = self.seats.get(&connection).cloned().ok_or(Refusal::NotJoined)?;
        self.rooms.get_mut(&name).ok_or(Refusal::NotJoined)?.ask_for_route();
        self.settle(now, &name, None);
        Ok(())
    }

    /// What everybody sends is what they may send.
    fn restrict(&mut self, name: &RoomName) {
        let Some(room) = self.rooms.get(name) else { return };
        let allowed = |member: &Member<S>| {
            (room.allows(member).mask(member.participant.media), member.participant.id.clone())
        };
        let mut all: Vec<_> = room.members.values().map(allowed).collect();
        all.sort_by(|(_, a), (_, b)| a.cmp(b));
        for (media, id) in all {
            self.put_media(&Seat { room: name.clone(), id }, media);
        }
    }
}
