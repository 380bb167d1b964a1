use std::sync::Arc;

use super::super::clock::Clock;
use super::super::packet::Packet;
use super::super::reader::{Rtp, Vp8, read, read_vp8};
use super::super::track::Pushed;
use super::*;

mod property;

const SSRC: u32 = 0x0102_0304;
const RTX_SSRC: u32 = 0x0506_0708;
const RTT: Duration = Duration::from_millis(50);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn line() -> Line {
    let format = |codec, payload_type, rtx_payload_type| Format { codec, payload_type, rtx_payload_type };
    Line {
        ssrc: SSRC,
        rtx_ssrc: Some(RTX_SSRC),
        formats: vec![
            format(Codec::Vp8, 96, Some(97)),
            format(Codec::H264, 102, Some(103)),
            format(Codec::Opus, 111, None),
        ],
        mid: "7".to_owned(),
        mid_extension: Some(4),
        transport_extension: Some(3),
        level_extension: Some(1),
    }
}

/// A slot, the tracks that may fill it and what the subscriber received.
struct Bench {
    start: Instant,
    now: Instant,
    slot: Slot,
    tracks: Vec<Track>,
    clocks: Vec<Clock>,
    transport: u16,
    sent: Vec<(Sent, Vec<u8>)>,
}

impl Bench {
    fn new(tracks: &[(Codec, usize)]) -> Self {
        let start = Instant::now() + Duration::from_secs(100);
        let track = |(number, &(codec, layers)): (usize, &(Codec, usize))| {
            Track::new(TrackId(number as u32), codec, layers)
        };
        Self {
            start,
            now: start,
            slot: Slot::new(start, line()),
            tracks: tracks.iter().enumerate().map(track).collect(),
            clocks: vec![Clock::default(); tracks.len()],
            transport: 0,
            sent: Vec::new(),
        }
    }

    fn assign(&mut self, assigned: Option<(usize, usize)>) {
        self.slot.assign(assigned.map(|(track, layer)| (TrackId(track as u32), layer)));
        if let Some((track, _)) = assigned {
            self.catch_up(track);
        }
    }

    fn catch_up(&mut self, track: usize) {
        loop {
            let mut out = Vec::new();
            let Some(sent) = self.slot.catch_up(self.now, &self.tracks[track], self.transport, &mut out)
            else {
                assert!(out.is_empty());
                return;
            };
            self.note(sent, out);
        }
    }

    /// A packet arrives and goes to the slot; whether anything was sent.
    fn push(&mut self, track: usize, layer: usize, packet: Packet) -> bool {
        let sequence = packet.sequence;
        let Pushed::Kept { .. } = self.tracks[track].push(self.now, layer, packet) else { return false };
        let before = self.sent.len();
        let mut out = Vec::new();
        let sent = self.slot.forward(&self.tracks[track], layer, sequence, self.transport, &mut out);
        assert_eq!(sent.is_some(), !out.is_empty());
        if let Some(sent) = sent {
            self.note(sent, out);
            if sent.began {
                self.catch_up(track);
            }
        }
        self.sent.len() > before
    }

    fn note(&mut self, sent: Sent, out: Vec<u8>) {
        let packet = read(&out);
        assert_eq!((sent.bytes, sent.ssrc, sent.sequence as u16), (out.len(), packet.ssrc, packet.sequence));
        let transport = packet.extensions.iter().find(|(id, _)| *id == 3).map(|(_, value)| value.clone());
        assert_eq!(transport, Some(self.transport.to_be_bytes().to_vec()));
        assert!(packet.extensions.contains(&(4, b"7".to_vec())));
        self.transport = self.transport.wrapping_add(1);
        self.sent.push((sent, out));
    }

    fn retransmit(&mut self, sequence: u16) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let tracks = &self.tracks;
        let track = |id: TrackId| tracks.get(id.0 as usize);
        let sent = self.slot.retransmit(self.now, sequence, RTT, track, self.transport, &mut out)?;
        self.note(sent, out.clone());
        Some(out)
    }

    fn probe(&mut self, most: usize) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let tracks = &self.tracks;
        let sent =
            self.slot.probe(most, |id: TrackId| tracks.get(id.0 as usize), self.transport, &mut out)?;
        self.note(sent, out.clone());
        Some(out)
    }

    fn report(&mut self, track: usize, layer: usize, captured: Instant, timestamp: u32) {
        // The publisher's clock is an hour off.
        let since = (captured - self.start).as_micros() + 3_600_000_000;
        let ntp = ((since << 32) / 1_000_000) as u64;
        self.tracks[track].handle_sender_report(self.now, layer, ntp, timestamp, &mut self.clocks[track]);
    }

    fn packet(&self, sequence: u64, timestamp: u32, payload: &[u8]) -> Packet {
        Packet {
            sequence,
            timestamp,
            marker: true,
            payload: Arc::from(payload),
            audio_level: None,
            received: self.now,
        }
    }

    fn last(&self) -> Rtp {
        read(&self.sent.last().unwrap().1)
    }
}

/// A frame of VP8 in one packet.
fn vp8(picture: u16, tl0: u8, keyframe: bool) -> Vec<u8> {
    let [high, low] = picture.to_be_bytes();
    vec![0x90, 0xe0, high | 0x80, low, tl0, 0x20, if keyframe { 0x10 } else { 0x11 }, 0xaa, 0xbb]
}

#[test]
fn another_layer_takes_over_with_its_keyframe_and_not_before() {
    let mut bench = Bench::new(&[(Codec::Vp8, 2)]);
    bench.assign(Some((0, 0)));
    assert_eq!(bench.slot.wants_keyframe_of(), Some(0));
    assert!(!bench.push(0, 0, bench.packet(10, 1000, &vp8(500, 3, false))), "nothing to start with");
    assert!(bench.push(0, 0, bench.packet(11, 4000, &vp8(501, 4, true))));
    assert_eq!(bench.slot.wants_keyframe_of(), None);
    bench.assign(Some((0, 1)));
    assert_eq!((bench.slot.wants_keyframe_of(), bench.slot.current()), (Some(1), Some((TrackId(0), 0))));
    bench.now += ms(33);
    assert!(!bench.push(0, 1, bench.packet(7000, 90, &vp8(2, 250, false))));
    assert!(bench.push(0, 0, bench.packet(12, 7000, &vp8(502, 5, false))), "the old layer goes on");
    bench.now += ms(33);
    assert!(bench.push(0, 1, bench.packet(7001, 3090, &vp8(3, 251, true))));
    assert!(!bench.push(0, 0, bench.packet(13, 10_000, &vp8(503, 6, false))), "and ends here");
    let read: Vec<_> = bench.sent.iter().map(|(_, out)| read(out)).collect();
    assert_eq!(read.iter().map(|packet| packet.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    let frames: Vec<_> = read.iter().map(|packet| read_vp8(&packet.payload)).collect();
    assert_eq!(frames.iter().map(|frame| frame.picture.unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(frames.iter().map(|frame| frame.tl0.unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn sender_reports_align_layers_that_arrive_at_odd_times() {
    let mut bench = Bench::new(&[(Codec::Vp8, 2)]);
    bench.report(0, 0, bench.now, 1_000_000);
    bench.report(0, 1, bench.now, 5);
    bench.assign(Some((0, 0)));
    bench.push(0, 0, bench.packet(1, 1_000_000, &vp8(1, 1, true)));
    let first = bench.last().timestamp;
    bench.assign(Some((0, 1)));
    // Captured 40 ms later, and arrived 290 ms later.
    bench.now += ms(290);
    bench.push(0, 1, bench.packet(900, 5 + 3600, &vp8(77, 9, true)));
    assert_eq!(bench.last().timestamp.wrapping_sub(first), 3600);
}

#[test]
fn without_sender_reports_the_time_that_went_by_decides() {
    let mut bench = Bench::new(&[(Codec::Vp8, 1), (Codec::Vp8, 1)]);
    bench.report(0, 0, bench.now, 1_000_000);
    bench.assign(Some((0, 0)));
    bench.push(0, 0, bench.packet(1, 1_000_000, &vp8(1, 1, true)));
    let first = bench.last().timestamp;
    bench.assign(None);
    assert!(!bench.push(0, 0, bench.packet(2, 1_003_000, &vp8(2, 2, true))), "nothing fills it");
    bench.now += Duration::from_secs(600);
    bench.assign(Some((1, 0)));
    bench.push(1, 0, bench.packet(900, 44, &vp8(77, 9, true)));
    assert_eq!(bench.last().timestamp.wrapping_sub(first), 600 * 90_000);
    assert_eq!(bench.last().sequence, 2);
}

#[test]
fn timestamps_that_had_to_run_ahead_fall_back_into_step() {
    let mut bench = Bench::new(&[(Codec::Vp8, 2)]);
    bench.report(0, 0, bench.now, 0);
    bench.report(0, 1, bench.now, 0);
    bench.assign(Some((0, 0)));
    bench.push(0, 0, bench.packet(1, 0, &vp8(1, 1, true)));
    let first = bench.last().timestamp;
    bench.now += ms(40);
    bench.push(0, 0, bench.packet(2, 3600, &vp8(2, 1, false)));
    // The other layer's keyframe is of the picture before.
    bench.assign(Some((0, 1)));
    bench.push(0, 1, bench.packet(1, 0, &vp8(1, 1, true)));
    assert_eq!(bench.last().timestamp.wrapping_sub(first), 3601, "never back");
    bench.now += ms(80);
    bench.assign(Some((0, 0)));
    bench.push(0, 0, bench.packet(3, 10_800, &vp8(3, 1, true)));
    assert_eq!(bench.last().timestamp.wrapping_sub(first), 10_800, "as it was captured");
}

#[test]
fn audio_switches_at_once_and_marks_the_first_packet() {
    let mut bench = Bench::new(&[(Codec::Opus, 1), (Codec::Opus, 1)]);
    let packet = |bench: &Bench, sequence, timestamp| Packet {
        marker: false,
        audio_level: Some(20),
        ..bench.packet(sequence, timestamp, &[1, 2, 3])
    };
    bench.assign(Some((0, 0)));
    assert_eq!(bench.slot.wants_keyframe_of(), Some(0), "which nobody asks an audio track for");
    bench.push(0, 0, packet(&bench, 100, 0));
    assert!(bench.last().marker && bench.last().extensions.contains(&(1, vec![20])));
    bench.now += ms(20);
    bench.push(0, 0, packet(&bench, 101, 960));
    assert!(!bench.last().marker);
    let before = bench.last().timestamp;
    bench.assign(Some((1, 0)));
    bench.now += ms(5);
    assert!(!bench.push(0, 0, packet(&bench, 102, 1920)));
    bench.push(1, 0, packet(&bench, 5, 77_777));
    assert!(bench.last().marker);
    assert_eq!(bench.last().timestamp.wrapping_sub(before), 960, "packets do not overlap");
    assert_eq!(bench.last().sequence, 3);
}

#[test]
fn padding_leaves_no_gap_even_when_it_comes_late() {
    let mut bench = Bench::new(&[(Codec::Vp8, 1)]);
    bench.assign(Some((0, 0)));
    bench.push(0, 0, bench.packet(10, 0, &vp8(1, 1, true)));
    assert!(!bench.push(0, 0, bench.packet(11, 0, &[])));
    assert!(!bench.push(0, 0, bench.packet(12, 0, &[])));
    bench.push(0, 0, bench.packet(13, 3000, &vp8(2, 2, false)));
    assert_eq!(bench.last().sequence, 2);
    // 14 and 15 are missing; one turns out to be media, one as good as padding: it cannot be read.
    bench.push(0, 0, bench.packet(16, 9000, &vp8(4, 4, false)));
    assert_eq!(bench.last().sequence, 5);
    bench.push(0, 0, bench.packet(15, 6000, &[0x80]));
    assert_eq!((bench.last().sequence, bench.last().payload.len(), bench.last().padding), (4, 0, 1));
    bench.push(0, 0, bench.packet(14, 6000, &vp8(3, 3, false)));
    assert_eq!((bench.last().sequence, read_vp8(&bench.last().payload).picture), (3, Some(3)));
    let repeated = read(&bench.retransmit(4).unwrap());
    assert_eq!(repeated.payload, [0, 4], "the filler again");
    assert!(bench.retransmit(4).is_none(), "but not at once");
}

#[test]
fn a_keyframe_whose_start_comes_late_is_caught_up_with() {
    let mut bench = Bench::new(&[(Codec::Vp8, 1)]);
    bench.assign(Some((0, 0)));
    let middle = [&[0x80, 0xe0, 0x80, 5, 1, 0x20][..], &[1, 2, 3]].concat();
    assert!(!bench.push(0, 0, bench.packet(11, 0, &middle)));
    assert!(!bench.push(0, 0, bench.packet(13, 0, &middle)));
    // What came before is too old by now, what begins the keyframe is not.
    let mut bench = Bench { tracks: vec![Track::new(TrackId(0), Codec::Vp8, 1)], ..bench };
    bench.push(0, 0, bench.packet(9, 0, &middle));
    bench.push(0, 0, bench.packet(11, 0, &middle));
    bench.push(0, 0, bench.packet(13, 0, &middle));
    assert!(bench.sent.is_empty());
    bench.push(0, 0, bench.packet(10, 0, &vp8(5, 1, true)));
    let sequences: Vec<_> = bench.sent.iter().map(|(sent, _)| (sent.sequence, sent.began)).collect();
    assert_eq!(sequences, [(1, true), (2, false), (4, false)]);
    bench.push(0, 0, bench.packet(12, 0, &middle));
    assert_eq!(bench.last().sequence, 3);
}

#[test]
fn who_joins_right_after_a_keyframe_needs_no_other() {
    let mut bench = Bench::new(&[(Codec::Vp8, 1)]);
    bench.push(0, 0, bench.packet(10, 0, &vp8(5, 1, true)));
    bench.now += ms(40);
    bench.push(0, 0, bench.packet(11, 3600, &vp8(6, 2, false)));
    bench.assign(Some((0, 0)));
    assert_eq!(bench.sent.len(), 2);
    assert_eq!(bench.slot.wants_keyframe_of(), None);
    // Not when something newer was shown.
    let mut bench = Bench::new(&[(Codec::Vp8, 2)]);
    bench.assign(Some((0, 1)));
    bench.push(0, 0, bench.packet(10, 0, &vp8(5, 1, true)));
    bench.now += ms(40);
    bench.push(0, 1, bench.packet(50, 3600, &vp8(6, 2, true)));
    bench.assign(Some((0, 0)));
    assert_eq!((bench.sent.len(), bench.slot.wants_keyframe_of()), (1, Some(0)));
}

#[test]
fn a_publisher_that_begins_anew_starts_over_with_a_keyframe() {
    let mut bench = Bench::new(&[(Codec::Vp8, 1)]);
    bench.assign(Some((0, 0)));
    bench.push(0, 0, bench.packet(60_000, 0, &vp8(5, 1, true)));
    bench.now += ms(100);
    assert!(!bench.push(0, 0, bench.packet(5, 3_000_000_000, &vp8(900, 200, false))));
    assert_eq!(bench.slot.wants_keyframe_of(), Some(0));
    assert!(bench.push(0, 0, bench.packet(6, 3_000_003_000, &vp8(901, 201, true))));
    let (first, last) = (read(&bench.sent[0].1), bench.last());
    assert_eq!((last.sequence, last.timestamp.wrapping_sub(first.timestamp)), (2, 9000));
    assert!(bench.retransmit(1).is_none(), "what was before is gone");
}

#[test]
fn h264_is_forwarded_as_it_is() {
    let mut bench = Bench::new(&[(Codec::H264, 1)]);
    bench.assign(Some((0, 0)));
    bench.push(0, 0, bench.packet(1, 0, &[0x41, 9, 9]));
    bench.push(0, 0, bench.packet(2, 3000, &[0x67, 0x42, 0]));
    assert_eq!((bench.last().payload_type, bench.last().payload), (102, vec![0x67, 0x42, 0]));
    bench.push(0, 0, bench.packet(3, 3000, &[0x65, 1, 2]));
    let repeated = read(&bench.retransmit(2).unwrap());
    assert_eq!((repeated.payload_type, repeated.payload), (103, vec![0, 2, 0x65, 1, 2]));
}

#[test]
fn a_codec_the_subscriber_does_not_take_is_not_sent() {
    let mut bench = Bench::new(&[(Codec::H264, 1)]);
    bench.slot = Slot::new(bench.now, Line { formats: line().formats[..1].to_vec(), ..line() });
    bench.assign(Some((0, 0)));
    assert!(!bench.push(0, 0, bench.packet(2, 3000, &[0x67, 0x42, 0])));
}

#[test]
fn retransmissions_are_bounded_by_what_is_sent() {
    let mut bench = Bench::new(&[(Codec::Vp8, 1)]);
    bench.assign(Some((0, 0)));
    let mut payload = vp8(1, 1, true);
    payload.resize(1000, 0);
    let mut asked = 0;
    for sequence in 1..=500u64 {
        bench.now += ms(1);
        bench.push(0, 0, bench.packet(sequence, 90 * sequence as u32, &payload));
    }
    let sent: usize = bench.sent.iter().map(|(sent, _)| sent.bytes).sum();
    bench.sent.clear();
    for _ in 0..5 {
        bench.now += RTT;
        for sequence in 1..=500 {
            asked += 1;
            bench.retransmit(sequence);
        }
    }
    let repeated: usize = bench.sent.iter().map(|(sent, _)| sent.bytes).sum();
    assert!(
        repeated <= ALLOWANCE as usize && repeated > ALLOWANCE as usize - 2000,
        "{repeated} of {asked} kB"
    );
    assert!(repeated < sent / 2);
    let sequences: Vec<_> = bench.sent.iter().map(|(sent, _)| sent.sequence).collect();
    assert_eq!(sequences, (1..=sequences.len() as u64).collect::<Vec<_>>(), "a sequence of their own");
}

#[test]
fn probing_repeats_what_was_sent_or_pads() {
    let mut bench = Bench::new(&[(Codec::Vp8, 1)]);
    let padding = read(&bench.probe(200).unwrap());
    assert_eq!((padding.ssrc, padding.payload_type, padding.payload.len()), (RTX_SSRC, 97, 0));
    assert_eq!(bench.sent[0].0.bytes, 200);
    assert_eq!(bench.probe(5000).map(|out| out.len()), Some(bench.slot.extensions.header_size() + 255));
    assert!(bench.probe(20).is_none(), "no room for a header");
    bench.assign(Some((0, 0)));
    let mut payload = vp8(1, 1, true);
    payload.resize(1000, 0);
    for sequence in 1..=3 {
        bench.push(0, 0, bench.packet(sequence, 0, &payload));
    }
    let original = |out: Vec<u8>| read(&out).payload[..2].to_vec();
    let repeated: Vec<_> = (0..4).map(|_| original(bench.probe(1400).unwrap())).collect();
    assert_eq!(repeated, [[0, 3], [0, 2], [0, 1], [0, 3]]);
    assert_eq!(read(&bench.probe(300).unwrap()).payload.len(), 0, "none is so small");
    bench.slot = Slot::new(bench.now, Line { rtx_ssrc: None, ..line() });
    assert!(bench.probe(1400).is_none());
}

#[test]
fn sender_reports_speak_of_the_slots_timeline() {
    let mut bench = Bench::new(&[(Codec::Vp8, 1)]);
    bench.assign(Some((0, 0)));
    bench.push(0, 0, bench.packet(1, 4_294_967_000, &vp8(1, 1, true)));
    let report = |bench: &Bench| bench.slot.sender_report(bench.now, 99, &bench.tracks[0]);
    assert_eq!(report(&bench), None, "the publisher has told nothing yet");
    bench.report(0, 0, bench.now, 4_294_967_000u32.wrapping_add(1800));
    bench.now += ms(500);
    let told = report(&bench).unwrap();
    let sent = read(&bench.sent[0].1).timestamp;
    assert_eq!((told.ssrc, told.ntp, told.packets, told.octets), (SSRC, 99, 1, 9));
    assert_eq!(told.timestamp.wrapping_sub(sent), 1800 + 45_000);
    bench.assign(None);
    assert_eq!(report(&bench), None);
}
