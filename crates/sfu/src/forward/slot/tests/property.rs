//! A slot against random publishers, networks and switches, and a receiver that believes nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Twice,
    Lost,
    /// After so many more steps.
    Late(u8),
}

#[derive(Clone, Debug)]
enum Step {
    Frame { source: usize, key: bool, fates: Vec<Fate> },
    Padding { source: usize, fate: Fate },
    Assign(Option<usize>),
    Report { source: usize },
    Nack { back: u16 },
    Probe { most: usize },
}

/// Two tracks with two layers each, numbered through.
const SOURCES: usize = 4;

/// What a publisher sends in one layer.
struct Encoder {
    sequence: u64,
    timestamp: u32,
    picture: u16,
    wide: bool,
    tl0: u8,
    frame: u32,
}

/// A packet's identity, written in its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    source: u8,
    frame: u32,
    sequence: u64,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        8 => Just(Fate::Arrives),
        1 => Just(Fate::Twice),
        1 => Just(Fate::Lost),
        2 => (1..8u8).prop_map(Fate::Late),
    ]
}

fn step_strategy() -> impl Strategy<Value = Step> {
    let source = 0..SOURCES;
    prop_oneof![
        20 => (source.clone(), prop::bool::weighted(0.2), prop::collection::vec(fate(), 1..5))
            .prop_map(|(source, key, fates)| Step::Frame { source, key, fates }),
        3 => (source.clone(), fate()).prop_map(|(source, fate)| Step::Padding { source, fate }),
        2 => prop::option::weighted(0.9, source.clone()).prop_map(Step::Assign),
        1 => source.prop_map(|source| Step::Report { source }),
        2 => (0..40u16).prop_map(|back| Step::Nack { back }),
        1 => (0..1500usize).prop_map(|most| Step::Probe { most }),
    ]
}

struct World {
    bench: Bench,
    encoders: Vec<Encoder>,
    /// Steps to go, source, packet.
    late: Vec<(u8, usize, Packet)>,
    handed: Vec<Handed>,
}

/// A packet that was offered to the slot: how many packets had been sent before, and the first number of the run
/// that it belonged to.
struct Handed {
    source: usize,
    sequence: u64,
    before: usize,
    run: Option<u64>,
}

impl World {
    fn new(starts: [(u64, u32, u16, bool); SOURCES]) -> Self {
        let encoders = starts.map(|(sequence, timestamp, picture, wide)| Encoder {
            sequence,
            timestamp,
            picture,
            wide,
            tl0: picture as u8,
            frame: 0,
        });
        let bench = Bench::new(&[(Codec::Vp8, 2), (Codec::Vp8, 2)]);
        Self { bench, encoders: encoders.into(), late: Vec::new(), handed: Vec::new() }
    }

    fn run(&mut self, steps: Vec<Step>) {
        for step in steps {
            self.bench.now += ms(11);
            for encoder in &mut self.encoders {
                encoder.timestamp = encoder.timestamp.wrapping_add(990);
            }
            self.step(step);
            self.late.iter_mut().for_each(|(left, ..)| *left -= 1);
            let due: Vec<_> = self.late.extract_if(.., |(left, ..)| *left == 0).collect();
            for (_, source, packet) in due {
                self.deliver(source, packet);
            }
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Frame { source, key, fates } => {
                let encoder = &mut self.encoders[source];
                encoder.frame += 1;
                encoder.picture = encoder.picture.wrapping_add(1) & if encoder.wide { 0x7fff } else { 0x7f };
                encoder.tl0 = encoder.tl0.wrapping_add(1);
                let last = fates.len() - 1;
                for (number, fate) in fates.into_iter().enumerate() {
                    let packet = self.media(source, number == 0, number == last, key);
                    self.meet(fate, source, packet);
                }
            }
            Step::Padding { source, fate } => {
                let encoder = &mut self.encoders[source];
                encoder.sequence += 1;
                let packet =
                    Packet { marker: false, ..self.bench.packet(encoder.sequence, encoder.timestamp, &[]) };
                self.meet(fate, source, packet);
            }
            Step::Assign(source) => self.bench.assign(source.map(|source| (source / 2, source % 2))),
            Step::Report { source } => {
                let (now, timestamp) = (self.bench.now, self.encoders[source].timestamp);
                self.bench.report(source / 2, source % 2, now, timestamp);
            }
            Step::Nack { back } => self.nack(back),
            Step::Probe { most } => {
                if let Some(out) = self.bench.probe(most) {
                    assert!(out.len() <= most);
                }
            }
        }
    }

    fn media(&mut self, source: usize, start: bool, end: bool, key: bool) -> Packet {
        let encoder = &mut self.encoders[source];
        encoder.sequence += 1;
        let mut payload = vec![if start { 0x90 } else { 0x80 }, 0xe0];
        if encoder.wide {
            payload.extend_from_slice(&(encoder.picture | 0x8000).to_be_bytes());
        } else {
            payload.push(encoder.picture as u8);
        }
        let kind = if key { 0x10 } else { 0x11 };
        payload.extend_from_slice(&[encoder.tl0, 0x20, kind, source as u8, u8::from(end)]);
        payload.extend_from_slice(&encoder.frame.to_be_bytes());
        payload.extend_from_slice(&encoder.sequence.to_be_bytes());
        payload.resize(payload.len() + encoder.sequence as usize % 50, 0x55);
        Packet { marker: end, ..self.bench.packet(encoder.sequence, encoder.timestamp, &payload) }
    }

    fn meet(&mut self, fate: Fate, source: usize, packet: Packet) {
        match fate {
            Fate::Arrives => self.deliver(source, packet),
            Fate::Twice => {
                self.deliver(source, packet.clone());
                self.deliver(source, packet);
            }
            Fate::Lost => {}
            Fate::Late(steps) => self.late.push((steps, source, packet)),
        }
    }

    fn deliver(&mut self, source: usize, packet: Packet) {
        let packet = Packet { received: self.bench.now, ..packet };
        let (sequence, before) = (packet.sequence, self.bench.sent.len());
        self.bench.push(source / 2, source % 2, packet);
        let begun = self.bench.sent.iter().rev().find(|(sent, _)| sent.began).map(|(sent, _)| sent.sequence);
        let run =
            begun.filter(|_| self.bench.slot.current() == Some((TrackId(source as u32 / 2), source % 2)));
        self.handed.push(Handed { source, sequence, before, run });
    }

    /// What is sent again is what was sent.
    fn nack(&mut self, back: u16) {
        let sequence = (self.bench.slot.window.next() as u16).wrapping_sub(back);
        let Some(out) = self.bench.retransmit(sequence) else { return };
        let again = read(&out);
        let first = self
            .bench
            .sent
            .iter()
            .map(|(_, out)| read(out))
            .find(|packet| packet.ssrc == SSRC && packet.sequence == sequence)
            .expect("what was sent before");
        assert_eq!((again.ssrc, again.payload_type, again.padding), (RTX_SSRC, 97, 0));
        assert_eq!((again.timestamp, again.marker), (first.timestamp, first.marker));
        assert_eq!(again.payload, [&sequence.to_be_bytes()[..], &first.payload].concat());
    }
}

/// A packet of media as the receiver sees it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    number: u64,
    timestamp: u32,
    mark: Mark,
    vp8: Vp8,
    /// How many packets were sent before it.
    position: usize,
}

fn seen(bench: &Bench) -> (Vec<Seen>, BTreeSet<u64>) {
    let (mut media, mut numbers) = (Vec::new(), BTreeSet::new());
    let mut repeats = 0;
    for (position, (sent, out)) in bench.sent.iter().enumerate() {
        let packet = read(out);
        if packet.ssrc == RTX_SSRC {
            repeats += 1;
            assert_eq!(sent.sequence, repeats, "retransmissions count by themselves");
            continue;
        }
        assert!(numbers.insert(sent.sequence), "{} was sent twice", sent.sequence);
        if packet.payload.is_empty() {
            continue;
        }
        let vp8 = read_vp8(&packet.payload);
        let rest = &packet.payload[vp8.length + 1..];
        let mark = Mark {
            source: rest[0],
            frame: u32::from_be_bytes(rest[2..6].try_into().unwrap()),
            sequence: u64::from_be_bytes(rest[6..14].try_into().unwrap()),
        };
        assert_eq!(packet.marker, rest[1] == 1, "the last packet of a picture is marked");
        let (number, timestamp) = (sent.sequence, packet.timestamp);
        media.push(Seen { number, timestamp, mark, vp8, position });
    }
    media.sort_by_key(|packet| packet.number);
    (media, numbers)
}

fn check(world: &World) {
    let (media, numbers) = seen(&world.bench);
    // A run is what one layer filled without another in between; `began` says where each starts.
    let starts: BTreeSet<u64> =
        world.bench.sent.iter().filter(|(sent, _)| sent.began).map(|(sent, _)| sent.sequence).collect();
    assert_eq!(starts.first(), media.first().map(|packet| &packet.number));
    let mut runs: BTreeMap<u64, Vec<Seen>> = BTreeMap::new();
    for packet in &media {
        let start = *starts.range(..=packet.number).next_back().expect("a run has a start");
        runs.entry(start).or_default().push(*packet);
    }
    let ends: Vec<u64> =
        starts.iter().skip(1).copied().chain([numbers.last().map_or(0, |last| last + 1)]).collect();
    let mut before: Option<Seen> = None;
    for ((start, run), end) in runs.iter().zip(ends) {
        let first = run[0];
        assert!(first.vp8.keyframe, "a run starts with a keyframe");
        assert_eq!(first.number, *start);
        if let Some(before) = before {
            assert_eq!(step(before.vp8.picture, first.vp8.picture), 1, "picture ids go on");
            assert_eq!(first.vp8.tl0, before.vp8.tl0.map(|tl0| tl0.wrapping_add(1)));
            assert!((first.timestamp.wrapping_sub(before.timestamp) as i32) > 0, "time does not go back");
        }
        for pair in run.windows(2) {
            let [one, two] = [pair[0], pair[1]];
            assert_eq!(one.mark.source, two.mark.source);
            assert!(one.mark.sequence < two.mark.sequence, "the publisher's order");
            let frames = two.mark.frame - one.mark.frame;
            assert_eq!(u32::from(step(one.vp8.picture, two.vp8.picture)), frames);
            assert_eq!(two.vp8.tl0, one.vp8.tl0.map(|tl0| tl0.wrapping_add(frames as u8)));
            let ticks = two.timestamp.wrapping_sub(one.timestamp) as i32;
            assert!(if frames == 0 { ticks == 0 } else { ticks > 0 }, "{one:?} {two:?}");
        }
        // Every number that is missing is a packet that did not come while the run was on.
        let handed: BTreeSet<u64> = world
            .handed
            .iter()
            .filter(|handed| handed.source == usize::from(first.mark.source))
            .filter(|handed| handed.sequence >= first.mark.sequence)
            .filter(|handed| handed.run == Some(*start) || handed.before <= first.position)
            .map(|handed| handed.sequence)
            .collect();
        let last = run.last().unwrap();
        let holes = (first.number..=last.number).filter(|number| !numbers.contains(number)).count();
        let lost =
            (first.mark.sequence..=last.mark.sequence).filter(|sequence| !handed.contains(sequence)).count();
        assert_eq!(holes, lost, "between {first:?} and {last:?}");
        // Holes behind the last packet: lost ones that something after them, padding, has revealed.
        let holes = (last.number + 1..end).filter(|number| !numbers.contains(number)).count();
        let newest = handed.last().unwrap();
        let lost = (last.mark.sequence..=*newest).filter(|sequence| !handed.contains(sequence)).count();
        assert!(holes <= lost, "{holes} holes behind {last:?}, {lost} lost");
        before = Some(*last);
    }
}

fn step_ids(from: u16, to: u16) -> u16 {
    to.wrapping_sub(from) & 0x7fff
}

fn step(from: Option<u16>, to: Option<u16>) -> u16 {
    step_ids(from.expect("a picture id"), to.expect("a picture id"))
}

fn start() -> impl Strategy<Value = (u64, u32, u16, bool)> {
    // Near the wraps, often.
    (
        prop_oneof![1..100u64, 65_500..65_536u64, any::<u32>().prop_map(u64::from)],
        prop_oneof![any::<u32>(), Just(u32::MAX - 5000)],
        prop_oneof![0..0x7fffu16, 0x7ff0..0x7fffu16],
        any::<bool>(),
    )
        .prop_map(|(sequence, timestamp, picture, wide)| {
            (sequence, timestamp, if wide { picture } else { picture & 0x7f }, wide)
        })
}

proptest! {
    #[test]
    fn a_slot_is_one_continuous_stream(
        starts in prop::array::uniform4(start()),
        steps in prop::collection::vec(step_strategy(), 1..250),
    ) {
        let mut world = World::new(starts);
        world.run(steps);
        check(&world);
    }
}
