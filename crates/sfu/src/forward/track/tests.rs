use std::sync::Arc;

use super::*;

const STEP: Duration = Duration::from_millis(20);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn packet(sequence: u64, timestamp: u32, payload: &[u8], received: Instant) -> Packet {
    Packet { sequence, timestamp, marker: false, payload: Arc::from(payload), audio_level: None, received }
}

const KEYFRAME: &[u8] = &[0x90, 0x80, 0x05, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01];
const DELTA: &[u8] = &[0x90, 0x80, 0x06, 0x11];

#[test]
fn duplicates_and_old_packets_are_refused() {
    let now = Instant::now();
    let mut track = Track::new(TrackId(1), Codec::Opus, 1);
    assert_eq!(track.push(now, 0, packet(100, 0, &[1], now)), Pushed::Kept { keyframe: false });
    assert_eq!(track.push(now, 0, packet(103, 2880, &[1], now)), Pushed::Kept { keyframe: false });
    assert_eq!(track.push(now, 0, packet(103, 2880, &[1], now)), Pushed::Duplicate);
    assert_eq!(track.push(now, 0, packet(101, 960, &[1], now)), Pushed::Kept { keyframe: false });
    assert_eq!(track.push(now, 0, packet(90, 0, &[1], now)), Pushed::Refused);
    assert_eq!(track.push(now, 1, packet(104, 0, &[1], now)), Pushed::Refused, "there is no such layer");
}

#[test]
fn a_layer_tells_its_rate_height_and_whether_it_is_alive() {
    let start = Instant::now();
    let mut track = Track::new(TrackId(1), Codec::Vp8, 3);
    let pushed = track.push(start, 1, packet(1, 0, KEYFRAME, start));
    assert_eq!(pushed, Pushed::Kept { keyframe: true });
    let layer = track.layer(1).unwrap();
    assert_eq!(layer.height(), Some(360));
    assert!(layer.active(start + ms(900)) && !layer.active(start + ms(1100)));
    assert!(!track.layer(0).unwrap().active(start) && track.layer(3).is_none());
    for step in 1..100u32 {
        let now = start + STEP * step;
        track.push(now, 1, packet(1 + u64::from(step), 1800 * step, &[DELTA, &[0; 956]].concat(), now));
    }
    let rate = track.layer(1).unwrap().bitrate(start + STEP * 99);
    assert!((380_000..=420_000).contains(&rate), "{rate}: a thousand bytes fifty times a second");
}

#[test]
fn padding_and_what_cannot_be_read_are_no_media() {
    let now = Instant::now();
    let mut track = Track::new(TrackId(1), Codec::Vp8, 1);
    for (sequence, payload) in [(1, &[][..]), (2, &[0x80][..])] {
        assert_eq!(track.push(now, 0, packet(sequence, 0, payload, now)), Pushed::Kept { keyframe: false });
    }
    let layer = track.layer(0).unwrap();
    assert!(!layer.active(now) && layer.bitrate(now) == 0);
    assert!(layer.find(1).unwrap().contents.empty && layer.find(2).unwrap().contents.empty);
}

#[test]
fn requests_end_with_the_keyframe_they_asked_for() {
    let start = Instant::now();
    let mut track = Track::new(TrackId(1), Codec::Vp8, 2);
    track.want_keyframe(start, 1);
    track.want_keyframe(start, 0);
    track.want_keyframe(start, 9);
    assert_eq!([track.poll_keyframe(start), track.poll_keyframe(start)], [Some(0), Some(1)]);
    assert_eq!(track.poll_keyframe(start), None);
    assert_eq!(track.poll_timeout(), Some(start + ms(500)));
    track.push(start, 0, packet(1, 0, KEYFRAME, start));
    let later = start + ms(600);
    assert_eq!([track.poll_keyframe(later), track.poll_keyframe(later)], [Some(1), None]);
}

#[test]
fn audio_has_no_keyframes_to_ask_for() {
    let now = Instant::now();
    let mut track = Track::new(TrackId(1), Codec::Opus, 1);
    track.want_keyframe(now, 0);
    assert_eq!((track.poll_keyframe(now), track.poll_timeout()), (None, None));
}

#[test]
fn a_keyframe_nobody_can_start_with_ends_no_requests() {
    let start = Instant::now();
    let mut track = Track::new(TrackId(1), Codec::H264, 1);
    track.want_keyframe(start, 0);
    track.push(start, 0, packet(10, 0, &[0x41, 1], start));
    // The packet before it, which may have held the parameter sets, is missing.
    track.push(start, 0, packet(12, 3000, &[0x65, 1], start));
    assert!(track.poll_timeout().is_some() && track.layer(0).unwrap().fresh_keyframe(start).is_none());
    track.push(start, 0, packet(11, 3000, &[0x67, 0x42], start));
    assert!(track.poll_timeout().is_none());
    assert_eq!(track.layer(0).unwrap().fresh_keyframe(start), Some(11));
    // With what was before it in sight, it is known to be complete without one.
    track.push(start, 0, packet(13, 6000, &[0x65, 1], start));
    assert_eq!(track.layer(0).unwrap().fresh_keyframe(start), Some(13));
}

#[test]
fn a_keyframe_is_fresh_for_a_moment_only() {
    let start = Instant::now();
    let mut track = Track::new(TrackId(1), Codec::Vp8, 1);
    track.push(start, 0, packet(1, 0, KEYFRAME, start));
    let fresh = |track: &Track, now| track.layer(0).unwrap().fresh_keyframe(now);
    assert_eq!(fresh(&track, start + ms(300)), Some(1));
    assert_eq!(fresh(&track, start + ms(301)), None);
    for sequence in 2..=64 {
        track.push(start, 0, packet(sequence, 0, DELTA, start));
    }
    assert_eq!(fresh(&track, start), Some(1));
    track.push(start, 0, packet(65, 0, DELTA, start));
    assert_eq!(fresh(&track, start), None);
}

#[test]
fn a_publisher_that_begins_anew_is_heard_again() {
    let start = Instant::now();
    for (sequence, timestamp) in [(5, 0), (200_000, 0), (50_003, 3_000_000), (50_003, 2u32.pow(31))] {
        let mut track = Track::new(TrackId(1), Codec::Vp8, 1);
        let mut clock = Clock::default();
        track.push(start, 0, packet(50_000, 0, KEYFRAME, start));
        track.handle_sender_report(start, 0, 1 << 40, 0, &mut clock);
        let generation = track.layer(0).unwrap().generation();
        let pushed = track.push(start + STEP, 0, packet(sequence, timestamp, DELTA, start + STEP));
        assert_eq!(pushed, Pushed::Kept { keyframe: false });
        let layer = track.layer(0).unwrap();
        assert_ne!(layer.generation(), generation);
        assert!(layer.mapping().is_none() && layer.find(50_000).is_none() && layer.find(sequence).is_some());
    }
}

#[test]
fn silence_is_no_new_beginning() {
    let start = Instant::now();
    let mut track = Track::new(TrackId(1), Codec::Opus, 1);
    track.push(start, 0, packet(1, 7, &[1], start));
    let later = start + Duration::from_secs(600);
    track.push(later, 0, packet(2, 7 + 48_000 * 600, &[1], later));
    assert_eq!(track.layer(0).unwrap().generation(), 0);
}
