//! One server after the other through all scenarios.

use std::{
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use kaigi_bench::{
    search::{Bounds, Found, Trial, search},
    stats::{Spread, percentile},
    sys,
};

use crate::{
    clip::{AUDIO_MS, Clip, LAYERS},
    floor_load::FloorLoad,
    generator::{Generator, NAP, Outcome, SHORT_NAP},
    janus::VideoRoom,
    kaigi::{Offer, Room},
    meeting::{Meeting, PATIENCE, Sends},
    plan::{Part, Plan, Scenario, TIMED_JOINS},
    servers::{Kind, Server, Setup},
};

/// The layer that subscribers of one publisher watch, and the one that fits a grid.
const TOP: usize = LAYERS - 1;
const GRID: usize = 1;

/// How many microphones of a meeting Kaigi forwards; the floor forwards as many.
const HEARD: usize = 4;

/// While there are many to join, media flows at this rate only: what is late is then not the joining's fault.
const JOINING_SPEED: f64 = 0.2;

/// Signaling is read this often.
const PUMP: Duration = Duration::from_millis(200);

/// A generator busier than this is the limit itself.
const BUSY: f64 = 0.9;

/// What a scenario has shown.
pub struct Cell {
    /// Which.
    pub scenario: Scenario,
    /// Nanoseconds of the server's processor time per forwarded packet.
    pub cost: Spread,
    /// Packets a second forwarded, in the median.
    pub rate: f64,
    /// Share of its core that the server used.
    pub busy: f64,
    /// The same of the load generator.
    pub own: f64,
    /// Share of packets that were lost.
    pub lost: f64,
    /// Added latency, p50 and p99, in microseconds.
    pub latency: Option<[f64; 2]>,
    /// Packets that nobody sent, in the form in which they came.
    pub corrupt: u64,
    /// What else was wrong.
    pub fault: Option<String>,
    /// Packets that leave a publisher at once.
    pub burst: usize,
}

/// What a server has shown.
pub struct Results {
    /// Who.
    pub kind: Kind,
    /// All scenarios.
    pub cells: Vec<Cell>,
    /// Resident bytes per subscriber.
    pub memory: Option<f64>,
    /// Nanoseconds from the first request to the first packet of media.
    pub joins: Vec<u64>,
    /// Forwarded packets a second, and the cost there.
    pub capacity: Option<(Found, f64)>,
}

/// Everything with one server.
pub fn run(kind: Kind, setup: &Setup, plan: &Plan, clip: &Rc<Clip>) -> io::Result<Results> {
    let mut results = Results { kind, cells: Vec::new(), memory: None, joins: Vec::new(), capacity: None };
    if kind == Kind::Floor {
        floor(setup, plan, clip, &mut results)?;
    } else {
        let mut with = |part, offer, scenario: fn(&mut Session, &Plan, &mut Results) -> io::Result<()>| {
            if !plan.parts.contains(&part) {
                return Ok(());
            }
            let mut session = Session::start(kind, setup, clip, offer)?;
            let done = scenario(&mut session, plan, &mut results);
            done.map_err(|error| {
                io::Error::other(format!("{error}\n{} said:\n{}", kind.name(), session.server.log()))
            })
        };
        with(Part::Video, Offer::Lean, video)?;
        with(Part::Sound, Offer::Lean, audio)?;
        with(Part::Meeting, Offer::Whole(plan.people - 1), meeting)?;
        with(Part::Memory, Offer::Whole(1), memory)?;
    }
    Ok(results)
}

/// A server with clients.
struct Session {
    server: Server,
    generator: Generator,
    meeting: Box<dyn Meeting>,
}

impl Session {
    fn start(kind: Kind, setup: &Setup, clip: &Rc<Clip>, offer: Offer) -> io::Result<Self> {
        let server = Server::start(kind, setup)?;
        let meeting: Box<dyn Meeting> = match kind {
            Kind::Kaigi => Box::new(Room::new(server.address, offer)),
            _ => Box::new(VideoRoom::open(server.address)?),
        };
        Ok(Self { server, generator: Generator::new(clip.clone())?, meeting })
    }

    /// Sends and receives for so long.
    fn run(&mut self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.generator.run_until(end.min(Instant::now() + PUMP))?;
            self.meeting.pump(&mut self.generator)?;
        }
        Ok(())
    }

    fn set_speed(&mut self, speed: f64) {
        self.generator
            .clients
            .iter_mut()
            .filter_map(|client| client.publisher.as_mut())
            .for_each(|publisher| publisher.set_speed(speed));
    }

    /// Somebody new watches; returns how long it took until media came.
    fn join(&mut self, feed: usize) -> io::Result<u64> {
        let begin = sys::real_ns();
        self.generator.nap = SHORT_NAP;
        let client = self.meeting.watch(&mut self.generator, None, &[feed], TOP)?;
        let came = self.generator.run_while(Instant::now() + PATIENCE, |generator| {
            generator.clients[client].first_media_ns.is_none()
        })?;
        self.generator.nap = NAP;
        let first = self.generator.clients[client].first_media_ns.filter(|_| came);
        first
            .map(|first| first - begin)
            .ok_or_else(|| io::Error::other(format!("no media within {PATIENCE:?}")))
    }

    /// So many watch; slower where there are more than a busy server can be asked to take in at once.
    fn grow(&mut self, feed: usize, from: usize, to: usize, joins: &mut Vec<u64>) -> io::Result<()> {
        for number in from..to {
            let timed = number < TIMED_JOINS;
            self.set_speed(if timed { 1.0 } else { JOINING_SPEED });
            let took = self.join(feed)?;
            if timed {
                joins.push(took);
            }
            if number % 20 == 0 {
                self.meeting.pump(&mut self.generator)?;
            }
        }
        self.set_speed(1.0);
        Ok(())
    }

    /// Waits until everybody has what it asked for, as long as there is hope.
    fn settle(&mut self, plan: &Plan, watchers: usize, videos: usize, layer: usize) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let wanted = watchers * videos;
        let mut have = 0;
        while Instant::now() < deadline {
            self.run(PUMP)?;
            let logs = &self.generator.shared.logs;
            let tracks = self.generator.clients.iter().flat_map(|client| client.tracks());
            let source = crate::sent::Source::Video(layer);
            have = tracks
                .filter_map(|track| track.carries())
                .filter(|log| logs[*log].source() == source)
                .count();
            if have >= wanted {
                return self.run(plan.settle);
            }
        }
        println!(
            "{}: {have} of {wanted} videos come in the layer that was asked for",
            self.server.kind.name()
        );
        Ok(())
    }

    fn measure(&mut self, plan: &Plan, scenario: Scenario) -> io::Result<Cell> {
        let mut outcomes = Vec::new();
        for _ in 0..plan.repetitions {
            self.meeting.pump(&mut self.generator)?;
            let process = self.server.process();
            let (outcome, [before, after]) =
                self.generator.measure(plan.length, true, || sys::cpu_time(process))?;
            outcomes.push((outcome, after - before));
        }
        let publisher = self.generator.clients.iter().find_map(|client| client.publisher.as_ref());
        Ok(cell(scenario, outcomes, publisher.map_or(1, |publisher| publisher.burst_packets())))
    }

    /// The highest speed at which nothing is lost, as packets a second, and the cost there.
    fn capacity(&mut self, plan: &Plan) -> io::Result<(Found, f64)> {
        let (mut rate_at_one, mut cost) = (0.0_f64, 0.0);
        let bounds = Bounds { first: 1.0, slowest: 0.05, fastest: 64.0, resolution: plan.resolution };
        let found = search(bounds, |speed| {
            self.set_speed(speed);
            self.run(Duration::from_millis(400))?;
            let process = self.server.process();
            let sent = self.generator.shared.logs[0].end();
            let (outcome, [before, after]) =
                self.generator.measure(Duration::from_millis(700), false, || sys::cpu_time(process))?;
            // Sound is sent at a steady rate: if it was less, the generator was too slow.
            let sent = (self.generator.shared.logs[0].end() - sent) as f64;
            let time = outcome.elapsed.as_secs_f64() + crate::generator::PATIENCE.as_secs_f64();
            let kept_up = sent * f64::from(AUDIO_MS) / 1000.0 / time / speed;
            if outcome.own_share > BUSY || kept_up < BUSY {
                return Ok(Trial::Late(speed * kept_up.min(1.0)));
            }
            if outcome.fault().is_some() {
                self.set_speed(0.2);
                self.run(Duration::from_millis(700))?;
                return Ok(Trial::Loss);
            }
            let packets = outcome.counts.packets.max(1) as f64;
            cost = (after - before).as_nanos() as f64 / packets;
            rate_at_one = packets / outcome.elapsed.as_secs_f64() / speed;
            Ok(Trial::Clean)
        })?;
        self.set_speed(1.0);
        Ok((scaled(found, rate_at_one), cost))
    }
}

fn scaled(found: Found, by: f64) -> Found {
    match found {
        Found::Limit(speed) => Found::Limit(speed * by),
        Found::AtLeast(speed) => Found::AtLeast(speed * by),
    }
}

fn video(session: &mut Session, plan: &Plan, results: &mut Results) -> io::Result<()> {
    let feed = session.meeting.publish(&mut session.generator, Sends { video: true, level: 20 })?;
    let mut watchers = 0;
    for &subscribers in plan.subscribers {
        session.grow(feed, watchers, subscribers, &mut results.joins)?;
        watchers = subscribers;
        session.settle(plan, watchers, 1, TOP)?;
        results.cells.push(session.measure(plan, Scenario::Video(subscribers))?);
        if subscribers == plan.search_at {
            results.capacity = Some(session.capacity(plan)?);
            session.run(plan.settle)?;
        }
    }
    Ok(())
}

fn audio(session: &mut Session, plan: &Plan, results: &mut Results) -> io::Result<()> {
    let feed = session.meeting.publish(&mut session.generator, Sends { video: false, level: 20 })?;
    session.grow(feed, 0, plan.listeners, &mut Vec::new())?;
    session.run(plan.settle)?;
    results.cells.push(session.measure(plan, Scenario::Audio(plan.listeners))?);
    Ok(())
}

fn meeting(session: &mut Session, plan: &Plan, results: &mut Results) -> io::Result<()> {
    let mut feeds = Vec::new();
    for person in 0..plan.people {
        // As loud as each other they would take turns in the slots for sound.
        let level = 10 + 4 * person.min(20) as i8;
        feeds.push(session.meeting.publish(&mut session.generator, Sends { video: true, level })?);
        session.set_speed(JOINING_SPEED);
    }
    for &person in &feeds {
        let others: Vec<usize> = feeds.iter().copied().filter(|feed| *feed != person).collect();
        session.meeting.watch(&mut session.generator, Some(person), &others, GRID)?;
        session.meeting.pump(&mut session.generator)?;
    }
    session.set_speed(1.0);
    session.settle(plan, plan.people, plan.people - 1, GRID)?;
    results.cells.push(session.measure(plan, Scenario::Meeting(plan.people))?);
    Ok(())
}

fn memory(session: &mut Session, plan: &Plan, results: &mut Results) -> io::Result<()> {
    let feed = session.meeting.publish(&mut session.generator, Sends { video: true, level: 20 })?;
    let [few, many] = plan.memory;
    let mut resident = |from, to| {
        session.grow(feed, from, to, &mut Vec::new())?;
        session.settle(plan, to, 1, TOP)?;
        session.server.resident_bytes()
    };
    let (before, after) = (resident(0, few)?, resident(few, many)?);
    results.memory = Some((after as f64 - before as f64) / (many - few) as f64);
    Ok(())
}

fn floor(setup: &Setup, plan: &Plan, clip: &Rc<Clip>, results: &mut Results) -> io::Result<()> {
    let videos = plan.subscribers.iter().map(|subscribers| Scenario::Video(*subscribers));
    let all = videos.chain([Scenario::Audio(plan.listeners), Scenario::Meeting(plan.people)]);
    for scenario in all.filter(|scenario| plan.parts.contains(&scenario.part())) {
        let server = Server::start(Kind::Floor, setup)?;
        let mut load = FloorLoad::new(clip.clone(), server.address)?;
        match scenario {
            Scenario::Video(subscribers) => {
                load.watch(subscribers, false)?;
                load.publish(true, Some(TOP))?;
            }
            Scenario::Audio(listeners) => {
                load.watch(listeners, false)?;
                load.publish(true, None)?;
            }
            Scenario::Meeting(people) => {
                load.watch(people, true)?;
                (0..people).try_for_each(|person| load.publish(person < HEARD, Some(GRID)))?;
            }
        }
        load.run_until(Instant::now() + plan.settle)?;
        let mut outcomes = Vec::new();
        for _ in 0..plan.repetitions {
            let (outcome, [before, after]) = load.measure(plan.length, || sys::cpu_time(server.process()))?;
            outcomes.push((outcome, after - before));
        }
        results.cells.push(cell(scenario, outcomes, 0));
    }
    Ok(())
}

fn cell(scenario: Scenario, outcomes: Vec<(Outcome, Duration)>, burst: usize) -> Cell {
    let per_packet =
        |(outcome, cpu): &(Outcome, Duration)| cpu.as_nanos() as f64 / outcome.counts.packets.max(1) as f64;
    let nothing = Spread { median: 0.0, least: 0.0, most: 0.0 };
    let spread =
        |of: &dyn Fn(&(Outcome, Duration)) -> f64| Spread::of(outcomes.iter().map(of)).unwrap_or(nothing);
    let median = |of: &dyn Fn(&(Outcome, Duration)) -> f64| spread(of).median;
    let packets: u64 = outcomes.iter().map(|(outcome, _)| outcome.counts.packets).sum();
    let lost: u64 = outcomes.iter().map(|(outcome, _)| outcome.lost).sum();
    let mut latencies: Vec<u64> =
        outcomes.iter().flat_map(|(outcome, _)| outcome.counts.latencies_ns.iter().copied()).collect();
    let latency = (!latencies.is_empty())
        .then(|| [50, 99].map(|percent| percentile(&mut latencies, percent) as f64 / 1000.0));
    Cell {
        scenario,
        cost: spread(&per_packet),
        rate: median(&|(outcome, _)| outcome.counts.packets as f64 / outcome.elapsed.as_secs_f64()),
        busy: median(&|(outcome, cpu)| cpu.as_secs_f64() / outcome.elapsed.as_secs_f64()),
        own: median(&|(outcome, _)| outcome.own_share),
        lost: lost as f64 / (packets + lost).max(1) as f64,
        latency,
        corrupt: outcomes.iter().map(|(outcome, _)| outcome.counts.corrupt).sum(),
        fault: outcomes.iter().find_map(|(outcome, _)| outcome.fault()),
        burst,
    }
}
