//! What applications and operators do, who are in no room themselves.

use kaigi_protocol::vocabulary::{LeaveReason, ParticipantId, RoomName, Source};

use super::{Due, Rooms};
use crate::{
    model::{Event, Now, Output, Participant, Refusal, RoomChange},
    operating::{Happening, Reservation, RoomView},
    room::{Member, Reserved, Room, Rules},
};

impl<S> Rooms<S> {
    /// Opens a room in which nobody is yet, with these settings.
    pub fn open(
        &mut self,
        now: Now,
        name: RoomName,
        change: RoomChange,
        reservation: Reservation,
    ) -> Result<(), Refusal> {
        if self.rooms.contains_key(&name) {
            return Err(Refusal::RoomExists);
        }
        if self.rooms.len() >= self.limits.rooms {
            return Err(Refusal::ServerFull { what: "rooms" });
        }
        let mut rules = Rules::default();
        rules.change(change);
        self.reserve(now, name, rules, reservation);
        Ok(())
    }

    /// Changes the settings of a room.
    pub fn configure(&mut self, now: Now, name: &RoomName, change: RoomChange) -> Result<(), Refusal> {
        self.apply(now, name, change)
    }

    /// Ends a meeting for all, and the reservation of its room.
    pub fn end(&mut self, now: Now, name: &RoomName) -> Result<(), Refusal> {
        let room = self.rooms.get_mut(name).ok_or(Refusal::NoSuchRoom)?;
        if let Some(until) = room.reserved.take().and_then(|reserved| reserved.until) {
            self.deadlines.remove(&(until, name.clone(), Due::Unused));
        }
        if self.everybody(name).next().is_none() {
            self.close(name);
            return Ok(());
        }
        for at in self.family(name) {
            // All at once: nobody has to hear of everybody else.
            let members = self.rooms.get_mut(&at).map(|room| std::mem::take(&mut room.members));
            let mut members: Vec<_> = members.unwrap_or_default().into_values().collect();
            members.sort_by_key(|member| member.participant.joined_at);
            self.tell(
                members.iter().filter_map(Member::connection).collect(),
                Event::Removed { ban: false, ended: true },
            );
            for member in members {
                self.vacate(&at, &member, LeaveReason::Removed);
            }
            self.close_if_empty(now, &at);
        }
        Ok(())
    }

    /// Sends a participant away, with a ban for as long as the room is open.
    pub fn expel(&mut self, now: Now, name: &RoomName, id: &ParticipantId, ban: bool) -> Result<(), Refusal> {
        self.rooms.get(name).ok_or(Refusal::NoSuchRoom)?;
        self.take_away(now, name, id, ban)
    }

    /// Turns a source of a participant off.
    pub fn silence(&mut self, name: &RoomName, id: &ParticipantId, source: Source) -> Result<(), Refusal> {
        self.rooms.get(name).ok_or(Refusal::NoSuchRoom)?;
        let at = self.room_of(name, id).ok_or(Refusal::NoSuchParticipant)?;
        let member = self.rooms.get(&at).and_then(|room| room.members.get(id));
        let who = member.ok_or(Refusal::NoSuchParticipant)?.participant.clone();
        self.turn_off(&at, who, source, None);
        Ok(())
    }

    /// All open rooms by name, from the one after this on, breakout rooms left out.
    pub fn views(&self, after: Option<&RoomName>, most: usize) -> Vec<RoomView> {
        let mut names: Vec<_> = self
            .rooms
            .keys()
            .filter(|name| name.breakout_number().is_none() && after.is_none_or(|after| *name > after))
            .collect();
        names.sort_unstable();
        names.into_iter().take(most).filter_map(|name| self.view(name)).collect()
    }

    /// One room.
    pub fn view(&self, name: &RoomName) -> Option<RoomView> {
        let room = self.rooms.get(name)?;
        Some(RoomView {
            name: name.clone(),
            started_at: room.started_at,
            participants: self.everybody(name).count(),
            viewers: room.viewers.len(),
            waiting: room.lobby.waiters().len(),
            topology: room.course.mode,
            settings: room.rules.settings(),
            reservation: room.reserved.map(|reserved| reserved.reservation),
        })
    }

    /// Everybody in a whole room, in the order they came, and in which breakout room.
    pub fn everybody_in(&self, name: &RoomName) -> Option<Vec<(Participant, Option<u16>)>> {
        self.rooms.get(name)?;
        let of = |at: RoomName| {
            let number = at.breakout_number();
            self.participants(&at).into_iter().map(move |who| (who, number))
        };
        let mut everybody: Vec<_> = self.family(name).into_iter().flat_map(of).collect();
        everybody.sort_by_key(|(who, _)| who.joined_at);
        Some(everybody)
    }

    /// Keeps an empty room open for a while.
    pub(super) fn reserve(&mut self, now: Now, name: RoomName, rules: Rules, reservation: Reservation) {
        let until = now.instant + reservation.empty_for;
        self.deadlines.insert((until, name.clone(), Due::Unused));
        let mut room = Room::with_rules(rules);
        room.reserved = Some(Reserved { reservation, until: Some(until) });
        self.rooms.insert(name, room);
    }

    /// Somebody new is in a room.
    pub(super) fn note_coming(&mut self, now: Now, name: &RoomName, who: &Participant) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        if let Some(until) = room.reserved.as_mut().and_then(|reserved| reserved.until.take()) {
            self.deadlines.remove(&(until, name.clone(), Due::Unused));
        }
        if room.started_at.is_none() {
            room.started_at = Some(now.unix_ms);
            self.outputs.push_back(Output::Happened(Happening::Started { room: name.clone() }));
        }
        let came = Happening::Came { room: name.clone(), participant: who.clone() };
        self.outputs.push_back(Output::Happened(came));
    }
}
