//! What is said beside the call: messages, polls, files, hands and reactions.

use std::time::Duration;

use kaigi_protocol::vocabulary::{ParticipantId, Permissions, Reaction, RoomName, limits};

use super::{Due, Rooms, Seat};
use crate::{
    chat::{ChatBody, ChatLine, Draft, SharedFile},
    model::{ConnectionId, Event, Now, Refusal},
    poll::Poll,
};

/// Votes that come within this time are told together: a room full of people votes at once.
const VOTES_TOLD_AFTER: Duration = Duration::from_millis(200);

impl<S> Rooms<S> {
    /// Writes to all in the room or to one, the writer included. Returns the line's number.
    pub fn chat(
        &mut self,
        now: Now,
        connection: ConnectionId,
        text: String,
        to: Option<ParticipantId>,
        reply_to: Option<u64>,
    ) -> Result<u64, Refusal> {
        let seat = self.permitted(connection, |allowed| allowed.chat, "chat messages")?;
        self.say(now, &seat, to, reply_to, ChatBody::Message(text))
    }

    /// Offers a file to all or to one. Returns the line's number.
    pub fn offer_file(
        &mut self,
        now: Now,
        connection: ConnectionId,
        file: SharedFile,
        to: Option<ParticipantId>,
    ) -> Result<u64, Refusal> {
        let seat = self.permitted(connection, |allowed| allowed.files, "files")?;
        self.say(now, &seat, to, None, ChatBody::File(file))
    }

    /// Asks all in the room. Returns the line's number.
    pub fn ask(&mut self, now: Now, connection: ConnectionId, poll: Poll) -> Result<u64, Refusal> {
        let seat = self.permitted(connection, |allowed| allowed.chat, "polls")?;
        let room = self.rooms.get(&seat.room).ok_or(Refusal::NotJoined)?;
        if room.chat.open_polls() >= limits::OPEN_POLLS {
            return Err(Refusal::TooManyPolls);
        }
        self.say(now, &seat, None, None, ChatBody::Poll(poll))
    }

    /// Chooses in a poll. All are told a moment later.
    pub fn vote(
        &mut self,
        now: Now,
        connection: ConnectionId,
        poll: u64,
        options: Vec<u16>,
    ) -> Result<(), Refusal> {
        let (seat, member) = self.member(connection)?;
        let name = member.participant.name.clone();
        let room = self.rooms.get_mut(&seat.room).ok_or(Refusal::NotJoined)?;
        room.chat.poll_mut(poll)?.1.vote(&seat.id, &name, options)?;
        if room.voted.insert(poll) {
            self.deadlines.insert((now.instant + VOTES_TOLD_AFTER, seat.room, Due::Poll(poll)));
        }
        Ok(())
    }

    /// Ends one's own poll, or as a host anybody's.
    pub fn close_poll(&mut self, connection: ConnectionId, id: u64) -> Result<(), Refusal> {
        let (seat, member) = self.member(connection)?;
        let host = member.participant.host;
        let room = self.rooms.get_mut(&seat.room).ok_or(Refusal::NotJoined)?;
        let (from, poll) = room.chat.poll_mut(id)?;
        if *from != seat.id && !host {
            return Err(Refusal::NotYours);
        }
        poll.closed = true;
        self.tell_poll(&seat.room, id);
        Ok(())
    }

    /// Gives one's own message another text.
    pub fn edit(&mut self, now: Now, connection: ConnectionId, id: u64, text: String) -> Result<(), Refusal> {
        let seat = self.permitted(connection, |allowed| allowed.chat, "chat messages")?;
        let room = self.rooms.get_mut(&seat.room).ok_or(Refusal::NotJoined)?;
        let line = room.chat.edit(now.unix_ms, id, &seat.id, text)?;
        self.tell_changed(&seat.room, line);
        Ok(())
    }

    /// Takes back one's own message, or as a host anybody's.
    pub fn delete(&mut self, connection: ConnectionId, id: u64) -> Result<(), Refusal> {
        let (seat, member) = self.member(connection)?;
        let host = member.participant.host;
        let room = self.rooms.get_mut(&seat.room).ok_or(Refusal::NotJoined)?;
        let line = room.chat.delete(id, &seat.id, host)?;
        self.tell_changed(&seat.room, line);
        Ok(())
    }

    /// Raises one's hand or lowers it; hosts lower anybody's.
    pub fn set_hand(
        &mut self,
        now: Now,
        connection: ConnectionId,
        whose: Option<ParticipantId>,
        raised: bool,
    ) -> Result<(), Refusal> {
        let (seat, member) = self.member(connection)?;
        let host = member.participant.host;
        let whose = whose.unwrap_or_else(|| seat.id.clone());
        if whose != seat.id && (raised || !host) {
            return Err(Refusal::NotYourHand);
        }
        let room = self.rooms.get_mut(&seat.room).ok_or(Refusal::NotJoined)?;
        let raise_at = room.raise_hand(now.unix_ms);
        let member = room.members.get_mut(&whose).ok_or(Refusal::NoSuchParticipant)?;
        if member.participant.hand.is_some() != raised {
            member.participant.hand = raised.then_some(raise_at);
            let participant = member.participant.clone();
            let to = room.all_connections();
            self.tell(to, Event::Updated(participant));
        }
        Ok(())
    }

    /// Shows a sign to all.
    pub fn react(&mut self, connection: ConnectionId, reaction: Reaction) -> Result<(), Refusal> {
        let seat = self.permitted(connection, |allowed| allowed.chat, "reactions")?;
        let to = self.connections(&seat.room);
        self.tell(to, Event::Reaction(seat.id, reaction));
        Ok(())
    }

    pub(super) fn tell_poll(&mut self, name: &RoomName, id: u64) {
        let line = self.rooms.get(name).and_then(|room| room.chat.line(id)).cloned();
        if let Some(line) = line {
            self.tell_changed(name, line);
        }
    }

    fn tell_changed(&mut self, name: &RoomName, line: ChatLine) {
        let to = self.rooms.get(name).map(|room| room.readers(&line)).unwrap_or_default();
        self.tell(to, Event::ChatChanged(line));
    }

    fn say(
        &mut self,
        now: Now,
        seat: &Seat,
        to: Option<ParticipantId>,
        reply_to: Option<u64>,
        body: ChatBody,
    ) -> Result<u64, Refusal> {
        let room = self.rooms.get_mut(&seat.room).ok_or(Refusal::NotJoined)?;
        if let Some(to) = &to {
            let receiver =
                room.members.get(to).filter(|_| *to != seat.id).ok_or(Refusal::NoSuchParticipant)?;
            if receiver.participant.media_only {
                return Err(Refusal::MediaOnly);
            }
        }
        // What was answered may be too long ago to be here; the answer is worth saying without it.
        let reply_to = reply_to.filter(|id| room.chat.line(*id).is_some_and(|line| line.is_for(&seat.id)));
        let name = room.members.get(&seat.id).ok_or(Refusal::NotJoined)?.participant.name.clone();
        let line = room.chat.push(now.unix_ms, Draft { from: seat.id.clone(), name, to, reply_to, body });
        let (id, to) = (line.id, room.readers(&line));
        self.tell(to, Event::Chat(line));
        Ok(id)
    }

    /// Where this connection's participant is, if it may do this.
    fn permitted(
        &self,
        connection: ConnectionId,
        may: impl FnOnce(&Permissions) -> bool,
        what: &'static str,
    ) -> Result<Seat, Refusal> {
        let seat = self.seats.get(&connection).ok_or(Refusal::NotJoined)?;
        let room = self.rooms.get(&seat.room).ok_or(Refusal::NotJoined)?;
        let member = room.members.get(&seat.id).ok_or(Refusal::NotJoined)?;
        if may(&room.allows(member)) { Ok(seat.clone()) } else { Err(Refusal::NotAllowed { what }) }
    }
}
