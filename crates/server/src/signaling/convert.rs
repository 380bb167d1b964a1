//! From the room core's words to the wire's.

use kaigi_protocol::wire;
use kaigi_room::{ChatBody, ChatLine, Event, JoinOutcome, Participant, Refusal, RoomSettings};

pub(crate) fn participant(participant: Participant) -> wire::Participant {
    let Participant { id, name, media, connected, incarnation, joined_at, host, media_only } = participant;
    wire::Participant {
        id,
        name: name.as_str().to_owned(),
        media,
        connected,
        incarnation,
        joined_at,
        host,
        media_only,
    }
}

pub(crate) fn settings(settings: RoomSettings) -> wire::RoomSettings {
    let RoomSettings { locked, password, routed } = settings;
    wire::RoomSettings { locked, password, routed }
}

pub(crate) fn chat(line: ChatLine) -> wire::ChatEntry {
    let ChatLine { id, at, from, name, body } = line;
    let body = match body {
        ChatBody::Message(text) => wire::ChatBody::Message { text },
        ChatBody::Joined => wire::ChatBody::Joined,
        ChatBody::Left => wire::ChatBody::Left,
    };
    wire::ChatEntry { id, at, from, name: name.as_str().to_owned(), body }
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

pub(crate) fn event(event: Event<wire::SignalPayload>) -> wire::Event {
    match event {
        Event::Joined(who) => wire::Event::ParticipantJoined(participant(who)),
        Event::Updated(who) => wire::Event::ParticipantUpdated(participant(who)),
        Event::Left(id, reason) => wire::Event::ParticipantLeft(wire::ParticipantLeft { id, reason }),
        Event::Signal { from, incarnation, seq, payload } => {
            wire::Event::Signal(wire::SignalFrom { from, incarnation, seq, payload })
        }
        Event::Chat(line) => wire::Event::Chat(chat(line)),
        Event::Replaced => wire::Event::Replaced(wire::Empty {}),
        Event::Topology(mode) => wire::Event::Topology(wire::TopologyChange { mode }),
        Event::Settings(settings) => wire::Event::RoomUpdated(self::settings(settings)),
        Event::Removed => wire::Event::Removed(wire::Empty {}),
    }
}
