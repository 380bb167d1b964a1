//! One room: its members, its settings and its chat.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Instant,
};

use kaigi_protocol::vocabulary::{ParticipantId, limits};

use crate::{
    chat::ChatLog,
    model::{
        ConnectionId, Event, GuestId, Join, Participant, PasswordDigest, Refusal, RoomChange, RoomSettings,
        Signal,
    },
    topology::{Course, Needs},
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

/// Participants that a room remembers to have removed; past that the oldest are forgotten.
const REMOVED: usize = 1024;

#[derive(Debug)]
pub(crate) struct Room<S> {
    pub(crate) members: HashMap<ParticipantId, Member<S>>,
    /// Those who watch from outside.
    pub(crate) viewers: BTreeSet<ConnectionId>,
    pub(crate) chat: ChatLog,
    pub(crate) course: Course,
    locked: bool,
    password: Option<PasswordDigest>,
    routed: bool,
    removed: VecDeque<(ParticipantId, Option<GuestId>)>,
}

impl<S> Default for Room<S> {
    fn default() -> Self {
        Self {
            members: HashMap::new(),
            viewers: BTreeSet::new(),
            chat: ChatLog::default(),
            course: Course::default(),
            locked: false,
            password: None,
            routed: false,
            removed: VecDeque::new(),
        }
    }
}

impl<S> Room<S> {
    /// Whether somebody may come in who is not here: not who was removed, and others as the host has set it.
    pub(crate) fn admit(&self, join: &Join) -> Result<(), Refusal> {
        let resumes = join.resume.as_ref();
        let was_removed = self.removed.iter().any(|(id, guest)| {
            resumes.is_some_and(|was| was.id == *id) || (guest.is_some() && *guest == join.guest)
        });
        if was_removed {
            return Err(Refusal::Removed);
        }
        // Who was inside before a restart of the server is not new.
        if resumes.is_some_and(|was| was.restorable) {
            return Ok(());
        }
        self.open_to(join.password)
    }

    /// Whether the host lets in those who are not here, one who knows this password.
    pub(crate) fn open_to(&self, password: Option<PasswordDigest>) -> Result<(), Refusal> {
        if self.locked {
            return Err(Refusal::RoomLocked);
        }
        match (self.password, password) {
            (Some(_), None) => Err(Refusal::PasswordRequired),
            (Some(wanted), Some(given)) if wanted != given => Err(Refusal::WrongPassword),
            _ => Ok(()),
        }
    }

    /// Keeps a removed participant, and its browser unless another of this room is the same one, from coming back.
    pub(crate) fn ban(&mut self, id: ParticipantId, guest: Option<GuestId>) {
        let shared = self.holds_other_of(guest.as_ref(), &id);
        let guest = guest.filter(|_| !shared);
        if self.removed.len() == REMOVED {
            self.removed.pop_front();
        }
        self.removed.push_back((id, guest));
    }

    /// Says whether anything has changed that all may see.
    pub(crate) fn change(&mut self, change: RoomChange) -> bool {
        let before = self.settings();
        self.locked = change.locked.unwrap_or(self.locked);
        self.password = change.password.unwrap_or(self.password);
        self.routed = change.routed.unwrap_or(self.routed);
        self.settings() != before
    }

    pub(crate) fn settings(&self) -> RoomSettings {
        RoomSettings { locked: self.locked, password: self.password.is_some(), routed: self.routed }
    }

    /// Makes the longest here the host, of those who could do a host's work if there are any. Returns those with
    /// whom that has changed something.
    pub(crate) fn appoint(&mut self) -> Vec<Participant> {
        let order = |who: &Participant| (who.joined_at, who.id.clone());
        let rank = |m: &Member<S>| (m.participant.media_only, order(&m.participant));
        let Some((_, first)) = self.members.values().map(rank).min() else {
            return Vec::new();
        };
        let mut changed = Vec::new();
        for Member { participant, .. } in self.members.values_mut() {
            let host = participant.id == first.1;
            if std::mem::replace(&mut participant.host, host) != host {
                changed.push(participant.clone());
            }
        }
        changed.sort_by_key(order);
        changed
    }

    /// When somebody joins now: later than all others, whatever the clock says.
    pub(crate) fn joining_at(&self, unix_ms: u64) -> u64 {
        let last = self.members.values().map(|m| m.participant.joined_at).max();
        last.map_or(unix_ms, |last| unix_ms.max(last + 1))
    }

    /// Lets media go where it has to by now. Says whether that is another way.
    pub(crate) fn settle(&mut self, now: Instant) -> bool {
        let members = &self.members;
        let here = |pair: &[ParticipantId; 2]| pair.iter().all(|id| members.contains_key(id));
        self.course.asked = self.course.asked.take().filter(here);
        let bound = !self.viewers.is_empty() || members.values().any(|member| member.participant.media_only);
        let needs =
            Needs { present: members.len(), set: self.routed, asked: self.course.asked.is_some(), bound };
        self.course.settle(now, &needs)
    }

    /// The two in this room cannot reach each other. With one or many there is nothing to note.
    pub(crate) fn ask_for_route(&mut self) {
        let ids: Vec<_> = self.members.keys().cloned().collect();
        if let Ok(pair) = <[ParticipantId; 2]>::try_from(ids) {
            self.course.asked = Some(pair);
        }
    }

    /// Every living connection.
    pub(crate) fn all_connections(&self) -> Vec<ConnectionId> {
        let mut connections: Vec<_> = self.members.values().filter_map(Member::connection).collect();
        connections.sort_unstable();
        connections
    }

    /// Every living connection but that of `except`.
    pub(crate) fn connections(&self, except: &ParticipantId) -> Vec<ConnectionId> {
        let mut connections: Vec<_> =
            self.members.iter().filter(|(id, _)| *id != except).filter_map(|(_, m)| m.connection()).collect();
        connections.sort_unstable();
        connections
    }

    /// Everyone in the order they came.
    pub(crate) fn everyone(&self) -> Vec<Participant> {
        let mut everyone: Vec<_> = self.members.values().map(|m| m.participant.clone()).collect();
        everyone.sort_by(|a, b| (a.joined_at, &a.id).cmp(&(b.joined_at, &b.id)));
        everyone
    }

    /// Everyone but `id`, in the order they came.
    pub(crate) fn others(&self, id: &ParticipantId) -> Vec<Participant> {
        let mut others = self.everyone();
        others.retain(|who| who.id != *id);
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
