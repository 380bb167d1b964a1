//! From the room core's words to the wire's.

use kaigi_protocol::wire;
use kaigi_room::{
    Breakouts, ChatBody, ChatLine, Event, JoinOutcome, Participant, Person, Poll, Refusal, RoomSettings,
    SharedFile, Waiter,
};

pub(crate) fn participant(participant: Participant) -> wire::Participant {
    let Participant { id, name, media, connected, incarnation, joined_at, host, hand, media_only, identity } =
        participant;
    wire::Participant {
        id,
        name: name.as_str().to_owned(),
        media,
        connected,
        incarnation,
        joined_at,
        host,
        hand,
        media_only,
        identity,
    }
}

pub(crate) fn settings(settings: RoomSettings) -> wire::RoomSettings {
    let RoomSettings { locked, password, routed, waiting, allowed } = settings;
    wire::RoomSettings { locked, password, routed, waiting, allowed }
}

pub(crate) fn chat(line: ChatLine) -> wire::ChatEntry {
    let ChatLine { id, at, from, name, to, reply_to, edited, body } = line;
    let body = match body {
        ChatBody::Message(text) => wire::ChatBody::Message { text },
        ChatBody::Poll(poll) => wire::ChatBody::Poll(self::poll(poll)),
        ChatBody::File(SharedFile { key, name, bytes, media_type }) => {
            wire::ChatBody::File(wire::SharedFile { key, name, bytes, media_type })
        }
        ChatBody::Deleted => wire::ChatBody::Deleted,
        ChatBody::Joined => wire::ChatBody::Joined,
        ChatBody::Left => wire::ChatBody::Left,
    };
    wire::ChatEntry { id, at, from, name: name.as_str().to_owned(), to, reply_to, edited, body }
}

fn poll(poll: Poll) -> wire::Poll {
    let (standings, voters) = (poll.standings(), poll.voters() as u32);
    let Poll { question, options, multiple, anonymous, closed, .. } = poll;
    let option = |(text, standing): (String, kaigi_room::Standing)| wire::PollOption {
        text,
        votes: standing.votes,
        names: standing.names.iter().map(|name| name.as_str().to_owned()).collect(),
    };
    let options = options.into_iter().zip(standings).map(option).collect();
    wire::Poll { question, options, multiple, anonymous, voters, closed }
}

pub(crate) fn waiter(waiter: Waiter) -> wire::WaitingOne {
    wire::WaitingOne { id: waiter.connection.0, name: waiter.name.as_str().to_owned() }
}

pub(crate) fn breakouts(breakouts: Breakouts) -> wire::Breakouts {
    let people = |people: Vec<Person>| {
        let person = |who: Person| wire::BreakoutPerson { id: who.id, name: who.name.as_str().to_owned() };
        people.into_iter().map(person).collect()
    };
    let Breakouts { rooms, own, until, main } = breakouts;
    let room =
        |room: kaigi_room::Breakout| wire::BreakoutRoom { title: room.title, people: people(room.people) };
    wire::Breakouts { rooms: rooms.into_iter().map(room).collect(), own, until, main: people(main) }
}

pub(crate) fn outcome(outcome: JoinOutcome) -> wire::JoinOutcome {
    match outcome {
        JoinOutcome::New => wire::JoinOutcome::New,
        JoinOutcome::Resumed => wire::JoinOutcome::Resumed,
        JoinOutcome::Restored => wire::JoinOutcome::Restored,
    }
}

pub(crate) fn refusal(refusal: Refusal) -> wire::Error {
    wire::Error { code: refusal.code(), message: refusal.to_string() }
}

/// `None` for what needs more than words: [`Event::Moved`].
pub(crate) fn event(event: Event<wire::SignalPayload>) -> Option<wire::Event> {
    Some(match event {
        Event::Joined(who) => wire::Event::ParticipantJoined(participant(who)),
        Event::Updated(who) => wire::Event::ParticipantUpdated(participant(who)),
        Event::Left(id, reason) => wire::Event::ParticipantLeft(wire::ParticipantLeft { id, reason }),
        Event::Roster(roster) => wire::Event::Roster(wire::Roster {
            participants: roster.participants.into_iter().map(participant).collect(),
            left: roster.left.into_iter().map(|(id, reason)| wire::ParticipantLeft { id, reason }).collect(),
            chat: roster.chat.into_iter().map(chat).collect(),
        }),
        Event::Signal { from, incarnation, seq, payload } => {
            wire::Event::Signal(wire::SignalFrom { from, incarnation, seq, payload })
        }
        Event::Chat(line) => wire::Event::Chat(chat(line)),
        Event::ChatChanged(line) => wire::Event::ChatChanged(chat(line)),
        Event::Reaction(from, reaction) => wire::Event::Reaction(wire::ReactionFrom { from, reaction }),
        Event::Muted { source, by } => wire::Event::Muted(wire::Muted { source, by }),
        Event::Waiting(waiters) => {
            wire::Event::Waiting(wire::Waiting { waiting: waiters.into_iter().map(waiter).collect() })
        }
        Event::Admitted => wire::Event::Admitted(wire::Empty {}),
        Event::TurnedAway { over } => wire::Event::TurnedAway(wire::TurnedAway { over }),
        Event::Breakouts(breakouts) => wire::Event::Breakouts(self::breakouts(breakouts)),
        Event::Moved(_) => return None,
        Event::Replaced => wire::Event::Replaced(wire::Empty {}),
        Event::Topology(mode) => wire::Event::Topology(wire::TopologyChange { mode }),
        Event::Settings(settings) => wire::Event::RoomUpdated(self::settings(settings)),
        Event::Removed { ban, ended } => wire::Event::Removed(wire::Removed { ban, ended }),
    })
}
