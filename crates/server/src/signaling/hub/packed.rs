//! Events as they are sent: the JSON of one that goes to many is written once.

use kaigi_protocol::wire::{self, Event};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use socketioxide::{SendError, extract::SocketRef};

/// An event's Socket.IO name, and what it holds.
pub(super) struct Packed {
    name: &'static str,
    data: Option<Box<RawValue>>,
}

impl Packed {
    pub(super) fn new(event: &Event) -> Self {
        use Event::*;
        let (name, data) = match event {
            ParticipantJoined(data) => ("participant-joined", json(data)),
            ParticipantUpdated(data) => ("participant-updated", json(data)),
            ParticipantLeft(data) => ("participant-left", json(data)),
            Roster(data) => ("roster", json(data)),
            Signal(data) => ("signal", json(data)),
            Chat(data) => ("chat", json(data)),
            ChatChanged(data) => ("chat-changed", json(data)),
            Reaction(data) => ("reaction", json(data)),
            ServerClosing(data) => ("server-closing", json(data)),
            Replaced(data) => ("replaced", json(data)),
            RequestError(data) => ("request-error", json(data)),
            Topology(data) => ("topology", json(data)),
            Slots(data) => ("slots", json(data)),
            Layers(data) => ("layers", json(data)),
            Speakers(data) => ("speakers", json(data)),
            RoomUpdated(data) => ("room-updated", json(data)),
            Muted(data) => ("muted", json(data)),
            Waiting(data) => ("waiting", json(data)),
            Admitted(data) => ("admitted", json(data)),
            TurnedAway(data) => ("turned-away", json(data)),
            Breakouts(data) => ("breakouts", json(data)),
            Moved(data) => ("moved", json(data)),
            Removed(data) => ("removed", json(data)),
            MediaRestart(data) => ("media-restart", json(data)),
        };
        Self { name, data }
    }

    pub(super) fn emit(&self, socket: &SocketRef) -> Result<(), SendError> {
        socket.emit(self.name, &self.data)
    }
}

/// Nothing that is sent has keys that are no strings, so this does not fail.
fn json(data: &impl Serialize) -> Option<Box<RawValue>> {
    to_raw_value(data).ok()
}

/// What a roster says, for clients that know the single events only.
pub(super) fn singly(roster: &wire::Roster) -> impl Iterator<Item = Event> {
    let participants = roster.participants.iter().cloned().map(Event::ParticipantJoined);
    let left = roster.left.iter().cloned().map(Event::ParticipantLeft);
    participants.chain(left).chain(roster.chat.iter().cloned().map(Event::Chat))
}

#[cfg(test)]
mod tests {
    use kaigi_protocol::vocabulary::{LeaveReason, ParticipantId};

    use super::*;

    #[test]
    fn an_event_has_the_name_and_the_data_of_its_wire_form() {
        let left = wire::ParticipantLeft { id: ParticipantId("ann".into()), reason: LeaveReason::Left };
        let roster = wire::Roster { participants: Vec::new(), left: vec![left.clone()], chat: Vec::new() };
        for event in [
            Event::ParticipantLeft(left.clone()),
            Event::Roster(roster.clone()),
            Event::MediaRestart(wire::Empty {}),
            Event::ServerClosing(wire::ServerClosing { retry_after_ms: 7 }),
        ] {
            let whole = serde_json::to_value(&event).unwrap();
            let packed = Packed::new(&event);
            assert_eq!(whole["event"], packed.name);
            let data: serde_json::Value = serde_json::from_str(packed.data.unwrap().get()).unwrap();
            assert_eq!(whole["data"], data);
        }
        assert_eq!(singly(&roster).collect::<Vec<_>>(), [Event::ParticipantLeft(left)]);
    }
}
