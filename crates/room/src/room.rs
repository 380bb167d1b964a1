//! One room: its members and its chat.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use kaigi_protocol::vocabulary::{ParticipantId, limits};

use crate::{
    chat::ChatLog,
    model::{ConnectionId, Event, GuestId, Participant, Refusal, Signal},
};

/// A participant and how to reach it.
#[derive(Debug)]
pub(crate) struct Member<S> {
    pub(crate) participant: Participant,
    pub(crate) guest: Option<GuestId>,
    pub(crate) link: Link<S>,
}

/// A member's signaling connection.
#[derive(Debug)]
pub(crate) enum Link<S> {
    /// It lives.
    Up { connection: ConnectionId },
    /// It is lost; what peers say meanwhile waits.
    Lost { until: Instant, waiting: Waiting<S> },
}

/// Signals for a member whose connection is lost, within bounds.
#[derive(Debug)]
pub(crate) struct Waiting<S> {
    events: VecDeque<Event<S>>,
    bytes: usize,
}

impl<S> Waiting<S> {
    pub(crate) fn new() -> Self {
        Self { events: VecDeque::new(), bytes: 0 }
    }

    pub(crate) fn push(&mut self, event: Event<S>, bytes: usize) -> Result<(), Refusal> {
        if self.events.len() >= limits::SIGNALS_KEPT || self.bytes + bytes > limits::SIGNALS_KEPT_BYTES {
            return Err(Refusal::ParticipantUnreachable);
        }
        self.bytes += bytes;
        self.events.push_back(event);
        Ok(())
    }

    pub(crate) fn into_events(self) -> VecDeque<Event<S>> {
        self.events
    }
}

#[derive(Debug)]
pub(crate) struct Room<S> {
    pub(crate) members: HashMap<ParticipantId, Member<S>>,
    pub(crate) chat: ChatLog,
}

impl<S> Default for Room<S> {
    fn default() -> Self {
        Self { members: HashMap::new(), chat: ChatLog::default() }
    }
}

impl<S> Room<S> {
    /// Every living connection but that of `except`.
    pub(crate) fn connections(&self, except: &ParticipantId) -> Vec<ConnectionId> {
        let mut connections: Vec<_> =
            self.members.iter().filter(|(id, _)| *id != except).filter_map(|(_, m)| m.connection()).collect();
        connections.sort_unstable();
        connections
    }

    /// Everyone but `id`, in the order they came.
    pub(crate) fn others(&self, id: &ParticipantId) -> Vec<Participant> {
        let mut others: Vec<_> = self
            .members
            .values()
            .filter(|m| m.participant.id != *id)
            .map(|m| m.participant.clone())
            .collect();
        others.sort_by(|a, b| (a.joined_at, &a.id).cmp(&(b.joined_at, &b.id)));
        others
    }

    pub(crate) fn holds_other_of(&self, guest: Option<&GuestId>, id: &ParticipantId) -> bool {
        guest.is_some() && self.members.values().any(|m| m.guest.as_ref() == guest && m.participant.id != *id)
    }

    /// Where a signal goes: a connection to send the event to, or `None` when it was kept for later.
    pub(crate) fn route(
        &mut self,
        from: &ParticipantId,
        signal: Signal<S>,
    ) -> Result<Option<(ConnectionId, Event<S>)>, Refusal> {
        let incarnation = self.members.get(from).ok_or(Refusal::NotJoined)?.participant.incarnation;
        let receiver = self
            .members
            .get_mut(&signal.to)
            .filter(|_| signal.to != *from)
            .ok_or(Refusal::NoSuchParticipant)?;
        if receiver.participant.incarnation != signal.incarnation {
            return Err(Refusal::StaleParticipant);
        }
        let event =
            Event::Signal { from: from.clone(), incarnation, seq: signal.seq, payload: signal.payload };
        match &mut receiver.link {
            Link::Up { connection } => Ok(Some((*connection, event))),
            Link::Lost { waiting, .. } => waiting.push(event, signal.bytes).map(|()| None),
        }
    }
}

impl<S> Member<S> {
    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match self.link {
            Link::Up { connection } => Some(connection),
            Link::Lost { .. } => None,
        }
    }
}
