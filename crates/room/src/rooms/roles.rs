//! Who is a host.

use std::time::Instant;

use kaigi_protocol::vocabulary::{ParticipantId, RoomName};

use super::{Due, Rooms, Seat};
use crate::{
    grants::GrantedRole,
    hosts::Appointment,
    model::{ConnectionId, Event, GuestId, Refusal},
    room::Member,
};

impl<S> Rooms<S> {
    /// A host makes somebody a host, or no host any more; the last one stays one.
    pub fn set_role(
        &mut self,
        connection: ConnectionId,
        whom: &ParticipantId,
        host: bool,
    ) -> Result<(), Refusal> {
        let Seat { room, .. } = self.host(connection)?;
        let whole = room.whole();
        let name = self.room_of(&whole, whom).ok_or(Refusal::NoSuchParticipant)?;
        let hosts = self.hosts_of(&whole);
        let room = self.rooms.get_mut(&name).ok_or(Refusal::NoSuchParticipant)?;
        let member = room.members.get_mut(whom).ok_or(Refusal::NoSuchParticipant)?;
        if host && member.participant.media_only {
            return Err(Refusal::MediaOnly);
        }
        if member.participant.host == host {
            return Ok(());
        }
        if !host && hosts == 1 {
            return Err(Refusal::LastHost);
        }
        member.participant.host = host;
        if let Some(whole) = self.rooms.get_mut(&whole) {
            whole.hosts.grant();
        }
        self.tell_role(&name, whom, None);
        Ok(())
    }

    /// Makes who has been here longest the host, where nobody else has said who is one, of those who could do a host's
    /// work if there are any; and tells those whom it concerns.
    pub(super) fn appoint(&mut self, now: Instant, whole: &RoomName) {
        for (room, id) in self.appointed(now, whole) {
            self.tell_role(&room, &id, None);
        }
    }

    /// The same, without telling. Returns those with whom that has changed something.
    pub(super) fn appointed(&mut self, now: Instant, whole: &RoomName) -> Vec<(RoomName, ParticipantId)> {
        let present = self.hosts_of(whole) > 0;
        let Some(room) = self.rooms.get_mut(whole) else { return Vec::new() };
        let kept = room.hosts.kept_until();
        let appointment = room.hosts.settle(now, present);
        if let (Some(kept), None) = (kept, room.hosts.kept_until()) {
            self.deadlines.remove(&(kept, whole.clone(), Due::Host));
        }
        if appointment == Appointment::AsItIs {
            return Vec::new();
        }
        let rank =
            |m: &Member<S>| (m.participant.media_only, m.participant.joined_at, m.participant.id.clone());
        let eligible = self.everybody(whole).filter(|m| m.grant.role != GrantedRole::Guest);
        let longest = eligible.map(rank).min().map(|(_, _, longest)| longest);
        let mut changed = Vec::new();
        for name in self.family(whole) {
            let Some(room) = self.rooms.get_mut(&name) else { continue };
            for Member { participant, .. } in room.members.values_mut() {
                let host = longest.as_ref() == Some(&participant.id);
                if std::mem::replace(&mut participant.host, host) != host {
                    changed.push((participant.joined_at, name.clone(), participant.id.clone()));
                }
            }
        }
        changed.sort();
        changed.into_iter().map(|(_, name, id)| (name, id)).collect()
    }

    /// A host is gone without a word: if it was the last, its role is kept for a while.
    pub(super) fn keep_role(
        &mut self,
        whole: &RoomName,
        id: &ParticipantId,
        guest: Option<GuestId>,
        since: Instant,
    ) {
        if self.hosts_of(whole) > 0 {
            return;
        }
        let until = since + self.limits.host_grace;
        if let Some(room) = self.rooms.get_mut(whole) {
            room.hosts.keep(id.clone(), guest, until);
            self.deadlines.insert((until, whole.clone(), Due::Host));
        }
    }

    /// The host whose role was kept has it again.
    pub(super) fn take_up_role(&mut self, whole: &RoomName) {
        if let Some(room) = self.rooms.get_mut(whole) {
            if let Some(kept) = room.hosts.kept_until() {
                self.deadlines.remove(&(kept, whole.clone(), Due::Host));
            }
            room.hosts.grant();
        }
    }

    /// Tells all in its room, itself included, that somebody is a host or is not any more, but for a newcomer who finds it
    /// so; what it sends is what it may send.
    pub(super) fn tell_role(&mut self, name: &RoomName, id: &ParticipantId, except: Option<ConnectionId>) {
        let Some(room) = self.rooms.get(name) else { return };
        let Some(member) = room.members.get(id) else { return };
        let (mut to, allowed) = (room.all_connections(), room.allows(member));
        let participant = member.participant.clone();
        to.retain(|connection| Some(*connection) != except);
        self.tell(to, Event::Updated(participant.clone()));
        let media = allowed.mask(participant.media);
        self.put_media(&Seat { room: name.clone(), id: id.clone() }, media);
        if participant.host && !self.waiters_for(name, true).is_empty() {
            self.tell_waiting(&name.whole());
        }
    }

    /// Is there no host because one is waited for?
    #[cfg(test)]
    pub(crate) fn keeps_role(&self, whole: &RoomName) -> bool {
        self.rooms.get(whole).is_some_and(|room| room.hosts.kept_until().is_some())
    }

    fn hosts_of(&self, whole: &RoomName) -> usize {
        self.everybody(whole).filter(|member| member.participant.host).count()
    }

    pub(super) fn host(&mut self, connection: ConnectionId) -> Result<Seat, Refusal> {
        let (seat, member) = self.member(connection)?;
        if member.participant.host { Ok(seat) } else { Err(Refusal::NotHost) }
    }
}
