//! One room: its members, its settings and its chat.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Instant,
};

use kaigi_protocol::vocabulary::{ParticipantId, Permissions, limits};

use crate::{
    breakouts::{Open, Person},
    chat::{ChatLine, ChatLog},
    grants::Grant,
    hosts::Hosts,
    lobby::Lobby,
    model::{
        ConnectionId, Event, GuestId, Join, Participant, PasswordDigest, Refusal, RoomChange, RoomSettings,
        Signal,
    },
    operating::Reservation,
    rooms::Gathered,
    topology::{Course, Needs},
};

/// A participant and how to reach it.
#[derive(Debug)]
pub(crate) struct Member<S> {
    pub(crate) participant: Participant,
    pub(crate) guest: Option<GuestId>,
    pub(crate) grant: Grant,
    pub(crate) link: Link<S>,
}

/// A member's signaling connection.
#[derive(Debug)]
pub(crate) enum Link<S> {
    /// It lives.
    Up { connection: ConnectionId },
    /// It is lost; what peers say meanwhile waits.
    Lost { since: Instant, until: Instant, waiting: Waiting<S> },
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

/// Participants that a room remembers to have banned; past that the oldest are forgotten.
const BANNED: usize = 1024;

#[derive(Debug)]
pub(crate) struct Room<S> {
    pub(crate) members: HashMap<ParticipantId, Member<S>>,
    /// Those who watch from outside.
    pub(crate) viewers: BTreeSet<ConnectionId>,
    pub(crate) chat: ChatLog,
    pub(crate) course: Course,
    pub(crate) rules: Rules,
    /// Of a whole room only, as are the next four.
    pub(crate) hosts: Hosts,
    pub(crate) lobby: Lobby,
    pub(crate) breakouts: Option<Open>,
    pub(crate) reserved: Option<Reserved>,
    /// When its first participant came, milliseconds since the Unix epoch.
    pub(crate) started_at: Option<u64>,
    /// Polls whose votes are to be told in a moment.
    pub(crate) voted: BTreeSet<u64>,
    /// What of its people waits to be told.
    pub(crate) gathered: Option<Gathered>,
    banned: VecDeque<(ParticipantId, Option<GuestId>)>,
    last_hand: u64,
}

/// An application keeps the room open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserved {
    pub(crate) reservation: Reservation,
    /// Until when, while nobody is in it.
    pub(crate) until: Option<Instant>,
}

/// What hosts have set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    locked: bool,
    password: Option<PasswordDigest>,
    routed: bool,
    pub(crate) waiting: bool,
    pub(crate) allowed: Permissions,
}

impl Rules {
    pub(crate) fn change(&mut self, change: RoomChange) {
        self.locked = change.locked.unwrap_or(self.locked);
        self.password = change.password.unwrap_or(self.password);
        self.routed = change.routed.unwrap_or(self.routed);
        self.waiting = change.waiting.unwrap_or(self.waiting);
        self.allowed = change.allowed.unwrap_or(self.allowed);
    }

    /// Has media to go through the server? What hosts forbid is enforced there.
    pub(crate) fn route(&self) -> bool {
        let Permissions { mic, camera, screen, chat: _, files: _ } = self.allowed;
        self.routed || !(mic && camera && screen)
    }

    /// As all in the room see them.
    pub(crate) fn settings(&self) -> RoomSettings {
        RoomSettings {
            locked: self.locked,
            password: self.password.is_some(),
            routed: self.routed,
            waiting: self.waiting,
            allowed: self.allowed,
        }
    }
}

impl<S> Default for Room<S> {
    fn default() -> Self {
        Self {
            members: HashMap::new(),
            viewers: BTreeSet::new(),
            chat: ChatLog::default(),
            course: Course::default(),
            rules: Rules::default(),
            hosts: Hosts::default(),
            lobby: Lobby::default(),
            breakouts: None,
            reserved: None,
            started_at: None,
            voted: BTreeSet::new(),
            gathered: None,
            banned: VecDeque::new(),
            last_hand: 0,
        }
    }
}

impl<S> Room<S> {
    /// A breakout room: it has the rules of the whole room.
    pub(crate) fn with_rules(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Whether somebody may come in who is not here: not who was banned, and others as the host has set it.
    pub(crate) fn admit(&self, join: &Join) -> Result<(), Refusal> {
        let resumes = join.resume.as_ref();
        let is_banned = self.banned.iter().any(|(id, guest)| {
            resumes.is_some_and(|was| was.id == *id) || (guest.is_some() && *guest == join.guest)
        });
        if is_banned {
            return Err(Refusal::Removed);
        }
        // Who was inside before a restart of the server is not new.
        if resumes.is_some_and(|was| was.restorable) {
            return Ok(());
        }
        self.open_to(join.password, join.grant.as_ref())
    }

    /// Whether the host lets in those who are not here, one who knows this password or whom an application has sent.
    pub(crate) fn open_to(
        &self,
        password: Option<PasswordDigest>,
        grant: Option<&Grant>,
    ) -> Result<(), Refusal> {
        if grant.is_some_and(Grant::opens) {
            return Ok(());
        }
        if self.rules.locked {
            return Err(Refusal::RoomLocked);
        }
        match (self.rules.password, password) {
            // An application's word is worth the password.
            _ if grant.is_some() => Ok(()),
            (Some(_), None) => Err(Refusal::PasswordRequired),
            (Some(wanted), Some(given)) if wanted != given => Err(Refusal::WrongPassword),
            _ => Ok(()),
        }
    }

    /// Keeps a removed participant from coming back, and its browser.
    pub(crate) fn ban(&mut self, id: ParticipantId, guest: Option<GuestId>) {
        if self.banned.len() == BANNED {
            self.banned.pop_front();
        }
        self.banned.push_back((id, guest));
    }

    /// What a participant may do.
    pub(crate) fn allows(&self, member: &Member<S>) -> Permissions {
        if member.participant.host {
            member.grant.publish
        } else {
            member.grant.publish.and(self.rules.allowed)
        }
    }

    /// When a hand is raised now: later than all others.
    pub(crate) fn raise_hand(&mut self, unix_ms: u64) -> u64 {
        self.last_hand = unix_ms.max(self.last_hand + 1);
        self.last_hand
    }

    /// Lets media go where it has to by now. Says whether that is another way.
    pub(crate) fn settle(&mut self, now: Instant) -> bool {
        let members = &self.members;
        let here = |pair: &[ParticipantId; 2]| pair.iter().all(|id| members.contains_key(id));
        self.course.asked = self.course.asked.take().filter(here);
        let bound = |member: &Member<S>| member.participant.media_only || member.grant.needs_server();
        let bound = !self.viewers.is_empty() || members.values().any(bound);
        let needs = Needs {
            present: members.len(),
            set: self.rules.route(),
            asked: self.course.asked.is_some(),
            bound,
        };
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

    /// Those who may read a line of the chat.
    pub(crate) fn readers(&self, line: &ChatLine) -> Vec<ConnectionId> {
        let may_read =
            |(id, member): (&ParticipantId, &Member<S>)| member.connection().filter(|_| line.is_for(id));
        let mut readers: Vec<_> = self.members.iter().filter_map(may_read).collect();
        readers.sort_unstable();
        readers
    }

    /// The living connections of hosts.
    pub(crate) fn host_connections(&self) -> Vec<ConnectionId> {
        self.members.values().filter(|m| m.participant.host).filter_map(Member::connection).collect()
    }

    /// Everyone's name, in the order they came.
    pub(crate) fn people(&self) -> Vec<Person> {
        self.everyone().into_iter().map(|who| Person { id: who.id, name: who.name }).collect()
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
