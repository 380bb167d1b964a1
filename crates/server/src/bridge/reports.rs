//! What media threads report, in the words of clients.

use kaigi_protocol::{
    vocabulary::{ErrorCode, ParticipantId, RoomName},
    wire,
};
use kaigi_worker::{
    Report,
    sfu::{CloseReason, Layers, OfferError, RoomId, SessionId, SlotState, Source},
};

use super::{Bridge, Due, Session, Threads, room};

/// Something to tell one participant, or all of a room.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) room: RoomName,
    /// `None`: all in the room.
    pub(crate) to: Option<ParticipantId>,
    pub(crate) event: wire::Event,
}

impl<T: Threads> Bridge<T> {
    /// What the threads report. Answers go out at once, through the replies they are waited for with, so that they
    /// are before everything that comes of them.
    pub(crate) fn handle_report(&mut self, report: Report) -> Vec<Told> {
        let Report { lost, answers, connected, closed, slots, layers, speakers } = report;
        for (session, answer) in answers {
            self.answer(session, answer);
        }
        for session in connected {
            tracing::debug!(session = session.0, "a peer connection to the server is up");
        }
        let mut told = Vec::new();
        told.extend(slots.into_iter().filter_map(|(session, slots)| self.slots(session, slots)));
        let layers = layers.into_iter();
        told.extend(layers.filter_map(|((session, source), layers)| self.layers(session, source, layers)));
        told.extend(speakers.into_iter().filter_map(|(room, speakers)| self.speakers(room, &speakers)));
        told.extend(closed.into_iter().filter_map(|(session, reason)| self.closed(session, reason)));
        for (thread, last) in lost {
            self.lose_thread(thread, last, &mut told);
        }
        told
    }

    /// Whose a session is.
    pub(crate) fn whose(&self, session: SessionId) -> Option<(RoomName, ParticipantId)> {
        let Session { room, id, .. } = self.sessions.get(&session)?;
        Some((room.clone(), id.clone()))
    }

    /// What a participant has to know that comes back: events to it were lost with its connection.
    pub(crate) fn recall(&self, name: &RoomName, id: &ParticipantId) -> Vec<wire::Event> {
        let Some(room) = self.rooms.get(name) else { return Vec::new() };
        let Some(member) = room.members.get(id) else { return Vec::new() };
        if member.lost {
            return vec![wire::Event::MediaRestart(wire::Empty {})];
        }
        if member.session.is_none() {
            return Vec::new();
        }
        let slots = Some(member.slots.clone()).filter(|slots| !slots.is_empty());
        let slots = slots.map(|slots| wire::Event::Slots(wire::Slots { slots }));
        let layers = member.layers.iter().map(|layers| wire::Event::Layers(*layers));
        let speakers = wire::Event::Speakers(wire::Speakers { participants: room.speakers.clone() });
        slots.into_iter().chain(layers).chain([speakers]).collect()
    }

    fn answer(&mut self, session: SessionId, answer: Result<String, OfferError>) {
        let Some(Session { begun, waiting, .. }) = self.sessions.get_mut(&session) else { return };
        let Some((reply, until)) = waiting.take() else { return };
        self.deadlines.remove(&(until, Due::Answer(session)));
        match answer {
            Ok(sdp) => {
                *begun = true;
                reply(wire::Answer::Ok(wire::MediaAnswer { sdp }));
            }
            Err(error) => {
                let code = match error {
                    OfferError::Full { .. } => ErrorCode::ServerFull,
                    _ => ErrorCode::OfferRefused,
                };
                reply(wire::Answer::Error(wire::Error { code, message: error.to_string() }));
                self.fail(session);
            }
        }
    }

    fn slots(&mut self, session: SessionId, slots: Vec<SlotState>) -> Option<Told> {
        let Session { room, id, .. } = self.sessions.get(&session)?;
        let (room, id) = (room.clone(), id.clone());
        let slot = |SlotState { mid, track, paused }| {
            let track = track.and_then(|(whose, source)| {
                Some((self.sessions.get(&whose)?.id.clone(), room::source(source)))
            });
            let (participant, source) = track.unzip();
            wire::Slot { mid, participant, source, paused }
        };
        let slots: Vec<wire::Slot> = slots.into_iter().map(slot).collect();
        self.rooms.get_mut(&room)?.members.get_mut(&id)?.slots.clone_from(&slots);
        Some(Told { room, to: Some(id), event: wire::Event::Slots(wire::Slots { slots }) })
    }

    fn layers(&mut self, session: SessionId, source: Source, Layers(active): Layers) -> Option<Told> {
        let Session { room, id, .. } = self.sessions.get(&session)?;
        let (room, id) = (room.clone(), id.clone());
        let layers = wire::Layers { source: room::video_source(source)?, active };
        let member = self.rooms.get_mut(&room)?.members.get_mut(&id)?;
        member.layers.retain(|known| known.source != layers.source);
        member.layers.push(layers);
        Some(Told { room, to: Some(id), event: wire::Event::Layers(layers) })
    }

    fn speakers(&mut self, number: RoomId, speakers: &[SessionId]) -> Option<Told> {
        let name = self.by_number.get(&number)?.clone();
        let ids = speakers.iter().filter_map(|session| self.sessions.get(session));
        let participants: Vec<ParticipantId> = ids.map(|session| session.id.clone()).collect();
        self.rooms.get_mut(&name)?.speakers.clone_from(&participants);
        let event = wire::Event::Speakers(wire::Speakers { participants });
        Some(Told { room: name, to: None, event })
    }

    fn closed(&mut self, session: SessionId, reason: CloseReason) -> Option<Told> {
        let Session { room, id, .. } = self.sessions.get(&session)?;
        let (room, id) = (room.clone(), id.clone());
        tracing::debug!(session = session.0, ?reason, "a peer connection to the server has ended");
        // Who closed it knows.
        let lost = reason != CloseReason::Closed;
        self.end(&room, &id, lost);
        lost.then(|| restart(room, id))
    }

    /// A thread has panicked: its sessions up to this one are gone.
    fn lose_thread(&mut self, thread: u16, last: SessionId, told: &mut Vec<Told>) {
        let gone = self.sessions.iter().filter(|(id, session)| session.thread == thread && **id <= last);
        let gone: Vec<_> = gone.map(|(_, session)| (session.room.clone(), session.id.clone())).collect();
        tracing::warn!(
            thread,
            sessions = gone.len(),
            "a media thread has lost its sessions; clients connect anew"
        );
        for (room, id) in gone {
            self.end(&room, &id, true);
            told.push(restart(room, id));
        }
    }
}

fn restart(room: RoomName, id: ParticipantId) -> Told {
    Told { room, to: Some(id), event: wire::Event::MediaRestart(wire::Empty {}) }
}
