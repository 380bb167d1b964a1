//! Everything of one thread: who is where, and the way of a packet from a publisher to its subscribers.

mod allocation;
mod egress;
mod ingress;
mod upkeep;

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use foldhash::fast::RandomState;
use rand::{Rng, RngCore, distr::Alphanumeric};
use slab::Slab;
use str0m::IceCreds;

use crate::{
    allocator::{Allocator, START_BITRATE},
    bwe::{self, Estimator},
    endpoint::{Endpoint, Kind, Line, Role, Setup},
    forward::{self, Clock, Slot},
    metrics::{Counters, Metrics, Refused, RoomMetrics},
    model::{Event, OfferError, Path, RoomId, SessionId, Source, Sources, View},
    room::{Published, Room},
    session::{Index, REPORT, REVIEW, Seat, Session},
    speakers::AudioSlots,
};

/// Videos a view may ask for; more than anybody sees at once.
const MOST_WANTS: usize = 128;

/// No subscriber is believed to take more than this, bits per second.
const MOST_BITRATE: u64 = 50_000_000;

/// What all threads have in common: above all the certificate whose fingerprint is in every answer.
#[derive(Clone)]
pub struct Identity(Setup);

impl Identity {
    /// Makes a certificate; `None` if the system has no randomness for its key.
    pub fn generate() -> Option<Self> {
        Setup::new().map(Self)
    }
}

/// What an [`Sfu`] is told at start.
#[derive(Clone)]
pub struct Config {
    /// The certificate.
    pub identity: Identity,
    /// Which thread this is; the first two characters of its sessions' ICE user name fragments, in hexadecimal.
    pub thread: u8,
    /// The most sessions of this thread.
    pub sessions: usize,
}

/// The selective forwarding unit of one thread; the crate's documentation says in which order to call it.
pub struct Sfu {
    config: Config,
    rng: Box<dyn RngCore + Send>,
    /// Each by itself: they are large, and the table is moved as it grows.
    sessions: Slab<Box<Session>>,
    tracks: Slab<Published>,
    rooms: HashMap<RoomId, Room, RandomState>,
    by_id: HashMap<SessionId, Index, RandomState>,
    by_ufrag: HashMap<Arc<str>, Index, RandomState>,
    by_path: HashMap<Path, Index, RandomState>,
    /// When what has to be looked after.
    due: BTreeSet<(Instant, Timer)>,
    /// What str0m and ICE have to send.
    outgoing: Vec<(Path, Vec<u8>)>,
    /// Sessions with something to send.
    busy: Vec<Index>,
    /// Sessions whose allocation is to be made anew.
    stale: Vec<Index>,
    /// Sessions that something has happened to in this batch.
    touched: Vec<Index>,
    events: VecDeque<Event>,
    next_track: u32,
    /// What rooms that are gone have counted.
    past: Counters,
    refused: Refused,
    started: Instant,
}

/// What is looked after in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Session(Index),
    Track(usize),
    Room(RoomId),
}

impl Sfu {
    /// No rooms yet.
    pub fn new(config: Config, rng: Box<dyn RngCore + Send>, now: Instant) -> Self {
        Self {
            config,
            rng,
            sessions: Slab::new(),
            tracks: Slab::new(),
            rooms: HashMap::default(),
            by_id: HashMap::default(),
            by_ufrag: HashMap::default(),
            by_path: HashMap::default(),
            due: BTreeSet::new(),
            outgoing: Vec::new(),
            busy: Vec::new(),
            stale: Vec::new(),
            touched: Vec::new(),
            events: VecDeque::new(),
            next_track: 0,
            past: Counters::default(),
            refused: Refused::default(),
            started: now,
        }
    }

    /// Sessions at present.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// Answers a participant's offer. A session that is there already offers anew: to restart ICE, or for more slots.
    /// `candidates` are what the client may send to, as values of SDP attributes (`candidate:…`, RFC 8839 §5.1);
    /// `participant` is its name in data messages.
    pub fn connect(
        &mut self,
        now: Instant,
        session: SessionId,
        room: RoomId,
        participant: &str,
        offer: &str,
        candidates: &[String],
    ) -> Result<String, OfferError> {
        let ice = self.credentials();
        let answered = match self.by_id.get(&session).copied() {
            Some(index) => self.reoffer(now, index, ice, offer, candidates),
            None => self.accept(now, (session, room), participant, ice, offer, candidates),
        };
        self.refused.offers += u64::from(answered.is_err());
        answered
    }

    /// Ends a session; its client is told so.
    pub fn disconnect(&mut self, now: Instant, session: SessionId) {
        if let Some(index) = self.by_id.get(&session).copied() {
            self.remove(now, index);
        }
    }

    /// What a participant wants to receive from now on.
    pub fn set_view(&mut self, session: SessionId, mut view: View) {
        let Some(index) = self.by_id.get(&session).copied() else { return };
        view.wants.truncate(MOST_WANTS);
        if let Some(session) = self.sessions.get_mut(index as usize)
            && session.view != view
        {
            session.view = view;
            self.note_stale(index);
        }
    }

    /// What a participant may send from now on.
    pub fn set_sources(&mut self, now: Instant, session: SessionId, sources: Sources) {
        let Some(index) = self.by_id.get(&session).copied() else { return };
        let Some(session) = self.sessions.get_mut(index as usize) else { return };
        session.sources = sources;
        // What begins again after a gap is another track: it needs a keyframe, and numbers that go on.
        let begin_again: Vec<_> = session
            .publishes
            .iter()
            .flatten()
            .copied()
            .filter(|at| {
                let source = self.tracks.get(*at).map(|published| published.source);
                source.is_some_and(|source| sources.has(source) && session.dropped.has(source))
            })
            .collect();
        for source in [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio] {
            if sources.has(source) {
                session.dropped = session.dropped.with(source, false);
            }
        }
        for at in begin_again {
            self.unpublish(now, at);
        }
    }

    /// Has an authentic check of ICE come on this path, for a session that is there?
    pub fn knows_path(&self, path: &Path) -> bool {
        self.by_path.contains_key(path)
    }

    /// A path is no more: its TCP connection was closed.
    pub fn forget_path(&mut self, path: &Path) {
        if let Some(index) = self.by_path.remove(path)
            && let Some(session) = self.sessions.get_mut(index as usize)
        {
            session.endpoint.forget_path(path);
        }
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Sfu::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Everything that was counted.
    pub fn metrics(&self) -> Metrics {
        let mut rooms: HashMap<RoomId, RoomMetrics, RandomState> = HashMap::default();
        for (id, room) in &self.rooms {
            let sessions = room.members.len();
            let counters = room.counters;
            rooms.insert(*id, RoomMetrics { room: *id, sessions, tracks: 0, estimates: None, counters });
        }
        for (_, session) in &self.sessions {
            let Some(room) = rooms.get_mut(&session.room) else { continue };
            room.counters.add(&session.counters);
            if !session.video.is_empty() {
                let estimate = session.bandwidth.estimate();
                let (low, high) = room.estimates.unwrap_or((estimate, estimate));
                room.estimates = Some((low.min(estimate), high.max(estimate)));
            }
        }
        for (_, published) in &self.tracks {
            if let Some(room) = rooms.get_mut(&published.room) {
                room.tracks += 1;
            }
        }
        let mut total = self.past;
        rooms.values().for_each(|room| total.add(&room.counters));
        Metrics { total, refused: self.refused, rooms: rooms.into_values().collect() }
    }

    fn accept(
        &mut self,
        now: Instant,
        (id, room): (SessionId, RoomId),
        participant: &str,
        ice: IceCreds,
        offer: &str,
        candidates: &[String],
    ) -> Result<String, OfferError> {
        let most = self.config.sessions;
        if self.sessions.len() >= most {
            return Err(OfferError::Full { most });
        }
        let ufrag: Arc<str> = ice.ufrag.as_str().into();
        let (endpoint, answer) = Endpoint::accept(&self.config.identity.0, ice, now, offer, candidates)?;
        let mut session = Session {
            id,
            room,
            name: participant.into(),
            endpoint,
            clock: Clock::default(),
            publishes: Vec::new(),
            video: Vec::new(),
            audio: Vec::new(),
            voices: AudioSlots::new(0),
            view: View::default(),
            sources: Sources::ALL,
            dropped: Sources::NONE,
            follows: None,
            allocator: Allocator::new(),
            bandwidth: Estimator::new(now, bwe::Limits { start: START_BITRATE, most: MOST_BITRATE }),
            sent_by: Vec::new(),
            transport: 0,
            pending: Vec::new(),
            catching_up: false,
            probe: None,
            told: Vec::new(),
            counters: Counters::default(),
            busy: false,
            stale: false,
            touched: false,
            review: now + REVIEW,
            report: now + REPORT,
            again: None,
            reporting: false,
            ntp: 0,
            due: None,
        };
        session.take_lines(now);
        let index = self.sessions.insert(Box::new(session)) as Index;
        self.by_id.insert(id, index);
        self.by_ufrag.insert(ufrag, index);
        let entered = self.rooms.entry(room).or_insert_with(Room::new);
        entered.members.insert(index);
        entered.names.insert(participant.into(), index);
        self.service(now, index);
        Ok(answer)
    }

    fn reoffer(
        &mut self,
        now: Instant,
        index: Index,
        ice: IceCreds,
        offer: &str,
        candidates: &[String],
    ) -> Result<String, OfferError> {
        let session = &mut self.sessions[index as usize];
        let before: Arc<str> = session.endpoint.credentials().ufrag.as_str().into();
        let answer = session.endpoint.reoffer(now, ice, offer, candidates)?;
        session.take_lines(now);
        let after: Arc<str> = session.endpoint.credentials().ufrag.as_str().into();
        // Checks with the old one go on until the client has the answer, and keep its present path alive.
        self.by_ufrag.insert(after.clone(), index);
        if after != before {
            self.by_ufrag.retain(|ufrag, owner| *owner != index || *ufrag == before || *ufrag == after);
        }
        self.note_stale(index);
        self.service(now, index);
        Ok(answer)
    }

    fn credentials(&mut self) -> IceCreds {
        let mut random = |length: usize| -> String {
            (0..length).map(|_| char::from(self.rng.sample(Alphanumeric))).collect()
        };
        // RFC 8445 §5.3: at least 24 bits of randomness in the one, 128 in the other.
        let (ufrag, pass) = (random(10), random(24));
        IceCreds { ufrag: format!("{:02x}{ufrag}", self.config.thread), pass }
    }

    /// Forgets a session and all that it published and received.
    fn remove(&mut self, now: Instant, index: Index) {
        let Some(mut session) = self.sessions.try_remove(index as usize) else { return };
        session.endpoint.close();
        while let Some(output) = session.endpoint.poll() {
            if let crate::endpoint::Output::Transmit(path, datagram) = output {
                self.outgoing.push((path, datagram));
            }
        }
        self.by_id.remove(&session.id);
        self.by_ufrag.retain(|_, owner| *owner != index);
        self.by_path.retain(|_, owner| *owner != index);
        if let Some(due) = session.due {
            self.due.remove(&(due, Timer::Session(index)));
        }
        for (_, seat) in session.seats() {
            if let Some(published) = seat.held.and_then(|held| self.tracks.get_mut(held.at)) {
                published.subscribers.retain(|subscriber| subscriber.session != index);
            }
        }
        for at in session.publishes.iter().flatten() {
            self.unpublish(now, *at);
        }
        if let Some(room) = self.rooms.get_mut(&session.room) {
            room.members.remove(&index);
            room.names.retain(|_, owner| *owner != index);
            room.counters.add(&session.counters);
            if room.members.is_empty() {
                self.past.add(&room.counters);
                self.rooms.remove(&session.room);
                self.due.retain(|(_, timer)| *timer != Timer::Room(session.room));
            }
        }
    }

    fn note_stale(&mut self, index: Index) {
        if let Some(session) = self.sessions.get_mut(index as usize)
            && !std::mem::replace(&mut session.stale, true)
        {
            self.stale.push(index);
        }
    }

    fn note_touched(&mut self, index: Index) {
        if let Some(session) = self.sessions.get_mut(index as usize)
            && !std::mem::replace(&mut session.touched, true)
        {
            self.touched.push(index);
        }
    }

    fn note_busy(&mut self, index: Index) {
        if let Some(session) = self.sessions.get_mut(index as usize)
            && !std::mem::replace(&mut session.busy, true)
        {
            self.busy.push(index);
        }
    }
}

impl Session {
    /// Makes slots of lines that are new.
    fn take_lines(&mut self, now: Instant) {
        let lines = self.endpoint.lines();
        self.publishes.resize(lines.len(), None);
        let slots = |kind: Kind| {
            lines.iter().filter(move |line| line.kind == kind).filter_map(|line| match &line.role {
                Role::Slot(_) => slot_line(line),
                Role::Sends(_) | Role::Idle => None,
            })
        };
        let seat =
            |(line, cname)| Seat { slot: Slot::new(now, line), cname, held: None, paused: false, lost: 0 };
        let (video, audio) = (self.video.len(), self.audio.len());
        self.video.extend(slots(Kind::Video).skip(video).map(seat));
        self.audio.extend(slots(Kind::Audio).skip(audio).map(seat));
        if self.audio.len() != audio {
            self.voices = AudioSlots::new(self.audio.len());
        }
    }
}

fn slot_line(line: &Line) -> Option<(forward::Line, Box<str>)> {
    let Role::Slot(slot) = &line.role else { return None };
    let format = |known: &crate::endpoint::PayloadType| forward::Format {
        codec: known.codec,
        payload_type: known.pt,
        rtx_payload_type: known.rtx,
    };
    let line = forward::Line {
        ssrc: slot.ssrc,
        rtx_ssrc: slot.rtx_ssrc,
        formats: slot.codecs.iter().map(format).collect(),
        mid: line.mid.clone(),
        mid_extension: slot.mid_ext,
        transport_extension: slot.twcc_ext,
        level_extension: slot.level_ext,
    };
    Some((line, slot.cname.as_str().into()))
}
