use proptest::prelude::*;

use super::*;

const BINDING: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/// Everything a stream yields: contents, and what is left.
fn all(stream: &[u8]) -> (Vec<Vec<u8>>, usize) {
    let (mut at, mut frames) = (0, Vec::new());
    while let Ok(Some(frame)) = turn::next(&stream[at..]) {
        frames.push(frame.content(&stream[at..]).to_vec());
        at += frame.wire;
    }
    (frames, stream.len() - at)
}

#[test]
fn channel_data_is_padded_on_streams_and_stun_is_not() {
    let mut stream = Vec::new();
    for payload in [&b"a"[..], b"ab", b"abc", b"abcd", b""] {
        stream.extend([0x40, 0x01, 0, payload.len() as u8]);
        stream.extend(payload);
        stream.extend(&[0, 0, 0][..turn::padding(payload.len())]);
        stream.extend(BINDING);
    }
    let (frames, left) = all(&stream);
    assert_eq!((frames.len(), left), (10, 0));
    assert_eq!(frames[0], [0x40, 1, 0, 1, b'a']);
    assert_eq!(frames[1], BINDING);
    assert_eq!(frames[8], [0x40, 1, 0, 0]);
}

#[test]
fn a_frame_waits_for_its_padding() {
    let frame = [0x40, 0, 0, 1, b'a', 0, 0, 0];
    for end in 0..8 {
        assert_eq!(turn::next(&frame[..end]), Ok(None), "{end}");
    }
    assert_eq!(turn::next(&frame), Ok(Some(Frame { start: 0, end: 5, wire: 8 })));
}

#[test]
fn what_is_no_frame_is_noticed_at_its_first_wrong_byte() {
    assert_eq!(turn::next(&[0x80]), Err(NotAFrame));
    assert_eq!(turn::next(&[0x80]), Err(NotAFrame));
    assert_eq!(turn::next(&[0, 1, 0, 3]), Err(NotAFrame));
    assert_eq!(turn::next(&[0, 1, 0, 4, 0x21, 0x13]), Err(NotAFrame));
    assert_eq!(turn::next(&[0, 1, 0, 4, 0x21, 0x12]), Ok(None));
}

#[test]
fn rfc_4571_frames_follow_each_other_and_may_be_empty() {
    let stream = [0, 3, b'a', b'b', b'c', 0, 0, 0, 1, b'd', 0];
    let first = rfc4571::next(&stream).unwrap();
    assert_eq!(first.content(&stream), b"abc");
    let second = rfc4571::next(&stream[first.wire..]).unwrap();
    assert_eq!(second.content(&stream[first.wire..]), b"");
    let rest = &stream[first.wire + second.wire..];
    assert_eq!(rfc4571::next(rest).unwrap().content(rest), b"d");
    assert_eq!(rfc4571::next(&[0]), None);
    assert_eq!(rfc4571::header(65_535), Some([0xFF, 0xFF]));
    assert_eq!(rfc4571::header(65_536), None);
}

proptest! {
    #[test]
    fn frames_do_not_depend_on_how_the_bytes_arrive(stream in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut known = None;
        for end in 0..=stream.len() {
            let now = turn::next(&stream[..end]);
            if let Some(before) = known {
                prop_assert_eq!(now, before);
            } else if now != Ok(None) {
                known = Some(now);
            }
            if let Ok(Some(frame)) = now {
                prop_assert!(frame.start <= frame.end && frame.end <= frame.wire && frame.wire <= end);
                prop_assert!(frame.wire > 0 && frame.wire % 4 == 0);
            }
        }
    }

    #[test]
    fn the_longest_frames_fit_the_bound(length: u16) {
        let [high, low] = length.to_be_bytes();
        let mut buffer = vec![0; turn::MOST];
        buffer[..4].copy_from_slice(&[0x40, 0, high, low]);
        prop_assert!(turn::next(&buffer).unwrap().is_some());
        buffer[..8].copy_from_slice(&[0, 1, high, low & 0xFC, 0x21, 0x12, 0xA4, 0x42]);
        prop_assert!(turn::next(&buffer).unwrap().is_some());
    }
}
