//! Runs a plan: clients, their links and the SFU on one virtual clock.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    net::SocketAddr,
    sync::LazyLock,
    time::{Duration, Instant},
};

use kaigi_sfu::{
    Config, Event, Follow, Identity, Layers, Path, Receive, RoomId, SessionId, Sfu, Sink, SlotState, Source,
    Via, View, Want,
};
use kaigi_testkit::{Conditions, Fate, Loss, Network, VirtualClock};
use rand::{SeedableRng as _, rngs::StdRng};

use crate::{
    client::Client,
    plan::{Layout, Plan, Step},
};

/// Everything due within this time happens at once: what a media thread would read in one batch.
const BATCH: Duration = Duration::from_micros(250);
/// The server's rule for who vanished.
const GONE_AFTER: Duration = Duration::from_secs(14);
const ROOM: RoomId = RoomId(1);

static IDENTITY: LazyLock<Identity> =
    LazyLock::new(|| Identity::generate().expect("a certificate can be made"));

pub struct World {
    pub plan: Plan,
    pub start: Instant,
    pub now: Instant,
    pub clients: BTreeMap<usize, Client>,
    /// What the SFU sent on each slot, by client and SSRC.
    pub egress: HashMap<(usize, u32), Egress>,
    /// Who speaks, as the SFU said.
    pub speakers: Vec<(Instant, Vec<SessionId>)>,
    /// Whose session ended, and when the server knew.
    pub ended: BTreeMap<usize, Instant>,
    /// Messages sent: from, to, channel, content.
    pub said: Vec<(usize, Vec<usize>, usize, Vec<u8>)>,
    pub errors: Vec<String>,
    network: Network<(usize, Direction), Vec<u8>>,
    sfu: Sfu,
    seed: u64,
    layouts: BTreeMap<usize, (Layout, Receive)>,
    /// Who shares a screen, as signaling knows.
    sharing: BTreeSet<usize>,
    /// Signaling on its way, which comes late but never wrong.
    signals: BTreeMap<(Instant, u64), Signal>,
    signaled: u64,
    server: SocketAddr,
    traced: u128,
    /// Whom a datagram is for or from.
    numbers: HashMap<SocketAddr, usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Direction {
    Up,
    Down,
}

enum Signal {
    Step(Step),
    Join(usize),
    Offer(usize, String),
    Answer(usize, String),
    View(usize, View),
    Slots(usize, Vec<SlotState>),
    Layers(usize, Source, Layers),
    Shares(usize, bool),
    Ended(usize),
}

/// Sequence numbers that the SFU used on one SSRC.
#[derive(Default)]
pub struct Egress {
    pub highest: u64,
    pub skipped: HashSet<u64>,
    /// Sent, and lost on the way.
    pub lost: HashSet<u64>,
    pub sent: u64,
}

struct Datagrams(Vec<(SocketAddr, Vec<u8>)>);

impl Sink for Datagrams {
    fn datagram(&mut self, path: &Path, write: impl FnOnce(&mut Vec<u8>)) {
        let mut datagram = Vec::new();
        write(&mut datagram);
        // Where there is nothing to be sent after all, nothing is written.
        if !datagram.is_empty() {
            self.0.push((path.remote, datagram));
        }
    }
}

impl World {
    pub fn new(plan: Plan, seed: u64) -> Self {
        // str0m takes its SSRCs and ICE credentials from here.
        fastrand::seed(seed);
        let start = VirtualClock::new().instant();
        let config = Config { identity: IDENTITY.clone(), thread: 0, sessions: 1000 };
        let sfu = Sfu::new(config, Box::new(StdRng::seed_from_u64(seed)), start);
        let mut world = Self {
            start,
            now: start,
            clients: BTreeMap::new(),
            egress: HashMap::new(),
            speakers: vec![],
            ended: BTreeMap::new(),
            said: vec![],
            errors: vec![],
            network: Network::new(seed),
            sfu,
            seed,
            layouts: BTreeMap::new(),
            sharing: BTreeSet::new(),
            signals: BTreeMap::new(),
            signaled: 0,
            server: SocketAddr::from(([198, 51, 100, 1], 8443)),
            traced: 0,
            numbers: HashMap::new(),
            plan,
        };
        for number in 0..world.plan.cast.len() {
            world.signal(start + world.plan.cast[number].joins, Signal::Join(number));
        }
        for (at, step) in world.plan.script.clone() {
            world.signal(start + at, Signal::Step(step));
        }
        world
    }

    /// Lets the plan happen.
    pub fn run(&mut self) {
        let end = self.start + self.plan.length;
        loop {
            let next = self.next();
            if next >= end {
                break;
            }
            self.now = next.max(self.now) + BATCH;
            self.step();
            self.trace();
        }
    }

    /// A line for every half second, to see what a viewer got (`SIM_TRACE`, the viewer's number).
    fn trace(&mut self) {
        let elapsed = self.now - self.start;
        if std::mem::replace(&mut self.traced, elapsed.as_millis() / 500) == elapsed.as_millis() / 500 {
            return;
        }
        let Ok(viewer) = std::env::var("SIM_TRACE") else { return };
        let Some(client) = viewer.parse().ok().and_then(|viewer: usize| self.clients.get(&viewer)) else {
            return;
        };
        let recent = self.now - Duration::from_millis(500);
        let bytes = |log: &[(Instant, usize)]| {
            log.iter().filter(|(at, _)| *at > recent).map(|(_, b)| *b).sum::<usize>()
        };
        let screens: Vec<_> = client
            .screens
            .values()
            .map(|screen| {
                let last = screen
                    .shown
                    .last()
                    .filter(|shown| shown.at > recent)
                    .map(|shown| (shown.mark.publisher, shown.mark.layer));
                (last, bytes(&screen.bytes) * 16 / 1000, screen.continuity.missing.len(), screen.requests)
            })
            .filter(|(last, rate, ..)| last.is_some() || *rate > 0)
            .collect();
        let audio: usize = client.speakers.values().map(|speaker| bytes(&speaker.bytes) * 16 / 1000).sum();
        let paused = client.slots.last().map(|(_, slots)| slots.iter().filter(|slot| slot.paused).count());
        let estimates = self.sfu.metrics().rooms.first().and_then(|room| room.estimates);
        println!(
            "{:.1} s: {screens:?} audio {audio} paused {paused:?} estimates {estimates:?}",
            elapsed.as_secs_f64()
        );
    }

    fn next(&self) -> Instant {
        let clients = self.clients.values().map(Client::poll_timeout);
        let signals = self.signals.keys().next().map(|(at, _)| *at);
        let timeouts =
            clients.chain(signals).chain(self.network.poll_timeout()).chain(self.sfu.poll_timeout());
        timeouts.min().unwrap_or(self.start + self.plan.length)
    }

    fn step(&mut self) {
        while let Some(due) = self.signals.first_entry().filter(|due| due.key().0 <= self.now) {
            let signal = due.remove();
            self.handle_signal(signal);
        }
        for client in self.clients.values_mut().filter(|client| client.poll_timeout() <= self.now) {
            client.handle_timeout(self.now);
        }
        while let Some(((number, direction), datagram)) = self.network.poll(self.now) {
            let Some(client) = self.clients.get_mut(&number) else { continue };
            match direction {
                Direction::Down => client.receive(self.now, &datagram),
                Direction::Up => {
                    let path = Path { remote: client.address, local: Some(self.server.ip()), via: Via::Udp };
                    self.sfu.handle_datagram(self.now, &path, &datagram);
                }
            }
        }
        if self.sfu.poll_timeout().is_some_and(|due| due <= self.now) {
            self.sfu.handle_timeout(self.now);
        }
        self.drain();
    }

    fn drain(&mut self) {
        let mut sent = Datagrams(vec![]);
        self.sfu.flush(self.now, &mut sent);
        for (remote, datagram) in sent.0 {
            match self.numbers.get(&remote) {
                Some(number) => self.send_down(*number, datagram),
                None => self.errors.push(format!("a datagram is for nobody: {remote}")),
            }
        }
        while let Some(event) = self.sfu.poll_event() {
            self.handle_event(event);
        }
        for (number, client) in &mut self.clients {
            for datagram in client.out.drain(..) {
                if let Some(link) = self.network.link((*number, Direction::Up)) {
                    link.send(self.now, datagram.len(), datagram);
                }
            }
        }
    }

    fn send_down(&mut self, number: usize, datagram: Vec<u8>) {
        let Some(link) = self.network.link((number, Direction::Down)) else { return };
        let rtp = rtp(&datagram);
        let fate = link.send(self.now, datagram.len(), datagram);
        if let Some((ssrc, sequence)) = rtp
            && let Err(error) = self.egress.entry((number, ssrc)).or_default().note(sequence, fate)
        {
            self.errors.push(format!("to {number}, SSRC {ssrc}: {error}"));
        }
    }

    fn handle_event(&mut self, event: Event) {
        let number = |session: SessionId| session.0 as usize - 1;
        match event {
            Event::Connected(_) => {}
            Event::Closed(session, _) => self.note_end(number(session)),
            Event::Slots(session, slots) => self.tell(number(session), Signal::Slots(number(session), slots)),
            Event::Layers(session, source, layers) => {
                self.tell(number(session), Signal::Layers(number(session), source, layers));
            }
            Event::Speakers(_, speakers) => self.speakers.push((self.now, speakers)),
        }
    }

    fn handle_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Join(number) => self.join(number),
            Signal::Step(step) => self.handle_step(step),
            Signal::Offer(number, offer) => {
                let candidate =
                    format!("candidate:1 1 udp 2130706431 {} {} typ host", self.server.ip(), 8443);
                let session = SessionId(number as u64 + 1);
                let name = participant(number);
                match self.sfu.connect(self.now, session, ROOM, &name, &offer, &[candidate]) {
                    Ok(answer) => self.tell(number, Signal::Answer(number, answer)),
                    Err(error) => self.errors.push(format!("the offer of {number} is refused: {error}")),
                }
                self.show_all();
            }
            Signal::Answer(number, answer) => {
                let now = self.now;
                self.clients.get_mut(&number).into_iter().for_each(|client| client.answer(now, &answer));
            }
            Signal::View(number, view) => self.sfu.set_view(SessionId(number as u64 + 1), view),
            Signal::Slots(number, slots) => {
                let now = self.now;
                self.clients
                    .get_mut(&number)
                    .into_iter()
                    .for_each(|client| client.slots.push((now, slots.clone())));
            }
            Signal::Layers(number, source, layers) => {
                let now = self.now;
                self.clients
                    .get_mut(&number)
                    .into_iter()
                    .for_each(|client| client.set_layers(now, source, layers));
            }
            Signal::Shares(number, sharing) => {
                if sharing {
                    self.sharing.insert(number)
                } else {
                    self.sharing.remove(&number)
                };
                self.show_all();
            }
            Signal::Ended(number) => {
                self.sfu.disconnect(self.now, SessionId(number as u64 + 1));
                self.note_end(number);
            }
        }
    }

    fn join(&mut self, number: usize) {
        let part = self.plan.cast[number].clone();
        let mut client = Client::new(number, &part, self.seed, self.start, self.now, self.server);
        self.network.lay((number, Direction::Up), part.up);
        self.network.lay((number, Direction::Down), part.down);
        self.numbers.insert(client.address, number);
        self.layouts.insert(number, (part.layout.clone(), Receive::Everything));
        let offer = client.offer(part.video_slots, part.audio_slots);
        self.clients.insert(number, client);
        self.tell_server(number, Signal::Offer(number, offer));
    }

    fn handle_step(&mut self, step: Step) {
        let out = Conditions::default().with_loss(Loss::All);
        match step {
            Step::Leave(number) => self.tell_server(number, Signal::Ended(number)),
            Step::Share(number, sharing) => {
                self.clients.get_mut(&number).into_iter().for_each(|client| client.share(sharing));
                self.tell_server(number, Signal::Shares(number, sharing));
            }
            Step::Move(number) => {
                let now = self.now;
                let Some(client) = self.clients.get_mut(&number) else { return };
                let mut address = client.address;
                address.set_port(address.port() ^ 0x4000);
                let offer = client.restart(now, address);
                self.numbers.insert(address, number);
                self.tell_server(number, Signal::Offer(number, offer));
            }
            Step::Vanish(number) => {
                self.set_link(number, Direction::Up, out);
                self.set_link(number, Direction::Down, out);
                self.signal(self.now + GONE_AFTER, Signal::Ended(number));
            }
            Step::Up(number, conditions) => self.set_link(number, Direction::Up, conditions),
            Step::Down(number, conditions) => self.set_link(number, Direction::Down, conditions),
            Step::Show(number, layout) => {
                if let Some(view) = self.layouts.get_mut(&number) {
                    view.0 = layout;
                }
                self.show(number);
            }
            Step::Receive(number, receive) => {
                if let Some(view) = self.layouts.get_mut(&number) {
                    view.1 = receive;
                }
                self.show(number);
            }
            Step::Speak(number, speaking) => {
                self.clients.get_mut(&number).into_iter().for_each(|client| client.speak(speaking));
            }
            Step::Say { from, to, channel, bytes } => self.say(from, to, channel, bytes),
        }
    }

    fn say(&mut self, from: usize, to: Vec<usize>, channel: usize, bytes: usize) {
        let mut frame = (self.said.len() as u32).to_be_bytes().to_vec();
        frame.resize(bytes.max(4), self.said.len() as u8);
        let mut message = vec![2, to.len() as u8];
        for name in to.iter().map(|number| participant(*number)) {
            message.push(name.len() as u8);
            message.extend(name.as_bytes());
        }
        message.extend(&frame);
        let others: Vec<_> = self.clients.keys().copied().filter(|number| *number != from).collect();
        self.said.push((from, if to.is_empty() { others } else { to }, channel, frame));
        let now = self.now;
        self.clients.get_mut(&from).into_iter().for_each(|client| client.say(now, channel, &message));
    }

    fn set_link(&mut self, number: usize, direction: Direction, conditions: Conditions) {
        self.network.link((number, direction)).into_iter().for_each(|link| link.set(conditions));
    }

    fn note_end(&mut self, number: usize) {
        self.ended.entry(number).or_insert(self.now);
        self.show_all();
    }

    fn show_all(&mut self) {
        let numbers: Vec<_> = self.layouts.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.show(number));
    }

    /// A client's view, as its layout and who is there make it.
    fn show(&mut self, number: usize) {
        let Some((layout, receive)) = self.layouts.get(&number) else { return };
        let there = |other: &usize| {
            let part = &self.plan.cast[*other];
            *other != number
                && part.camera
                && self.clients.contains_key(other)
                && !self.ended.contains_key(other)
        };
        let shown: Vec<(usize, u16)> = match layout {
            Layout::Everyone(height) => (0..self.plan.cast.len()).map(|other| (other, *height)).collect(),
            Layout::These(these) => these.clone(),
            Layout::Speaker | Layout::Only(_) => Vec::new(),
        };
        let followed = match layout {
            Layout::Speaker => Some(None),
            Layout::Only(one) => Some(Some(participant(*one))),
            Layout::Everyone(_) | Layout::These(_) => None,
        };
        let preferred = matches!(layout, Layout::These(_));
        let wants =
            shown.iter().enumerate().filter(|(_, (other, _))| there(other)).map(|(at, (other, height))| {
                let preferred = preferred && at == 0;
                Want { participant: participant(*other), source: Source::Camera, height: *height, preferred }
            });
        let screen = |other: &usize| Want {
            participant: participant(*other),
            source: Source::Screen,
            height: 1080,
            preferred: false,
        };
        let screens = shown.iter().map(|(other, _)| other).filter(|other| there(other));
        let screens = screens.filter(|other| self.sharing.contains(other)).map(screen);
        let view = View {
            receive: *receive,
            wants: screens.chain(wants).collect(),
            hears: followed.clone().flatten(),
            follow: followed.map(|participant| Follow { participant, height: 720 }),
        };
        self.tell_server(number, Signal::View(number, view));
    }

    /// Signaling takes as long as its packets would, and does not get lost.
    fn tell(&mut self, number: usize, signal: Signal) {
        let delay = self.plan.cast[number].down.delay;
        self.signal(self.now + delay, signal);
    }

    fn tell_server(&mut self, number: usize, signal: Signal) {
        let delay = self.plan.cast[number].up.delay;
        self.signal(self.now + delay, signal);
    }

    fn signal(&mut self, at: Instant, signal: Signal) {
        self.signaled += 1;
        self.signals.insert((at, self.signaled), signal);
    }
}

impl Egress {
    fn note(&mut self, sequence: u16, fate: Fate) -> Result<(), String> {
        self.sent += 1;
        let extended = if self.sent == 1 {
            self.highest = 65_536 + u64::from(sequence);
            self.highest
        } else {
            let ahead = sequence.wrapping_sub(self.highest as u16) as i16;
            self.highest.wrapping_add_signed(i64::from(ahead))
        };
        if extended > self.highest {
            self.skipped.extend(self.highest + 1..extended);
            self.highest = extended;
        } else if self.sent > 1 && !self.skipped.remove(&extended) {
            return Err(format!("sequence number {sequence} was used twice"));
        }
        if fate != Fate::Arrives {
            self.lost.insert(extended & 0xFFFF);
        }
        Ok(())
    }
}

/// SSRC and sequence number of an SRTP packet (RFC 3550 §5.1, told from SRTCP by RFC 5761 §4).
fn rtp(datagram: &[u8]) -> Option<(u32, u16)> {
    let &[first, second, high, low, _, _, _, _, a, b, c, d] = datagram.first_chunk::<12>()?;
    let is_rtp = first >> 6 == 2 && !(192..224).contains(&second);
    is_rtp.then(|| (u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([high, low])))
}

/// A participant's name in data messages.
pub fn participant(number: usize) -> String {
    format!("participant-{number}")
}
