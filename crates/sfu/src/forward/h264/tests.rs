use proptest::prelude::*;

use super::*;

/// Parameter sets that OpenH264, and the last one that x264, writes.
const BASELINE_180: &[u8] =
    &[0x67, 0x42, 0xc0, 0x0d, 0x8c, 0x8d, 0x40, 0xa0, 0xcb, 0xcf, 0x00, 0xf0, 0x88, 0x46, 0xa0];
const BASELINE_360: &[u8] =
    &[0x67, 0x42, 0xc0, 0x1e, 0x8c, 0x8d, 0x40, 0x50, 0x17, 0xfc, 0xb0, 0x0f, 0x08, 0x84, 0x6a];
const BASELINE_720: &[u8] =
    &[0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x28, 0x02, 0xdd, 0x00, 0xf0, 0x88, 0x46, 0xa0];
const BASELINE_1080: &[u8] =
    &[0x67, 0x42, 0xc0, 0x28, 0x8c, 0x8d, 0x40, 0x3c, 0x01, 0x13, 0xf2, 0xc0, 0x3c, 0x22, 0x11, 0xa8];
const HIGH_1080: &[u8] = &[
    0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04,
    0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58,
];

fn keyframe(payload: &[u8]) -> (bool, bool) {
    let contents = parse(payload).unwrap();
    (contents.keyframe, contents.parameters)
}

#[test]
fn the_height_is_in_the_parameter_set() {
    for (sps, height) in
        [(BASELINE_180, 180), (BASELINE_360, 360), (BASELINE_720, 720), (BASELINE_1080, 1080)]
    {
        assert_eq!(parse(sps).unwrap().height, Some(height));
    }
    assert_eq!(parse(HIGH_1080).unwrap().height, Some(1080), "cropped from 1088");
}

#[test]
fn keyframes_begin_in_single_aggregated_and_fragmented_units() {
    assert_eq!(keyframe(BASELINE_720), (true, true));
    assert_eq!(keyframe(&[0x65, 0x88]), (true, false));
    assert_eq!(keyframe(&[0x41, 0x9a]), (false, false), "a picture that refers to others");
    let mut aggregate = vec![0x78, 0, BASELINE_720.len() as u8];
    aggregate.extend_from_slice(BASELINE_720);
    aggregate.extend_from_slice(&[0, 4, 0x68, 0xce, 0x3c, 0x80]);
    assert_eq!(keyframe(&aggregate), (true, true));
    assert_eq!(parse(&aggregate).unwrap().height, Some(720));
    assert_eq!(keyframe(&[0x78, 0, 2, 0x41, 0x9a]), (false, false));
    assert_eq!(keyframe(&[0x7c, 0x85, 0x88]), (true, false), "the first fragment of an IDR picture");
    assert_eq!(keyframe(&[0x7c, 0x05, 0x88]), (false, false), "a later fragment");
    assert_eq!(keyframe(&[0x7c, 0x81, 0x88]), (false, false), "the first fragment of another picture");
}

#[test]
fn units_cut_short_are_refused() {
    assert_eq!(parse(&[]), None);
    assert_eq!(parse(&[0x7c]), None);
    assert_eq!(parse(&[0x78, 0, 9, 0x67]), None);
    assert_eq!(parse(&[0x78, 0, 0]), None);
    for end in 1..8 {
        assert_eq!(parse(&BASELINE_720[..end]).unwrap().height, None, "{end} octets");
    }
}

proptest! {
    #[test]
    fn no_payload_is_too_odd(mut payload in proptest::collection::vec(any::<u8>(), 0..64), sps in any::<bool>()) {
        if let (true, Some(first)) = (sps, payload.first_mut()) {
            *first = 0x67;
        }
        let _ = parse(&payload);
    }
}
