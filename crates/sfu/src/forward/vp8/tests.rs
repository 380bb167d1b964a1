use proptest::prelude::*;

use super::*;

/// The head of a keyframe of 640 by 360.
const KEYFRAME: [u8; 10] = [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01];

#[test]
fn a_full_descriptor_before_a_keyframe_is_read() {
    let payload = [&[0x90, 0xf0, 0x92, 0x34, 0x07, 0x6b], &KEYFRAME[..]].concat();
    let contents = parse(&payload).unwrap();
    assert!(contents.keyframe && contents.parameters && !contents.empty);
    assert_eq!(contents.height, Some(360));
    let descriptor = contents.descriptor.unwrap();
    assert_eq!((descriptor.length, descriptor.picture, descriptor.tl0), (6, 0x1234, 7));
}

#[test]
fn only_the_first_packet_of_a_keyframe_begins_one() {
    for first in [0x80, 0x91, 0x81] {
        let contents = parse(&[&[first, 0x80, 0x05], &KEYFRAME[..]].concat()).unwrap();
        assert!(!contents.keyframe, "{first:#x}: not S=1 with PID=0");
    }
    let delta = parse(&[0x90, 0x80, 0x05, 0x11, 0x02]).unwrap();
    assert!(!delta.keyframe, "the P bit is set");
}

#[test]
fn a_key_index_stays_as_it_is_while_the_rest_is_rewritten() {
    let payload = [0x80, 0xf0, 0x92, 0x34, 0x07, 0x6b, 0xaa];
    let descriptor = parse(&payload).unwrap().descriptor.unwrap();
    let mut out = Vec::new();
    descriptor.write(0x7fff, 0xfe, &mut out);
    assert_eq!(out, [0x80, 0xf0, 0xff, 0xff, 0xfe, 0x6b]);
}

#[test]
fn picture_ids_of_7_bits_become_ones_of_15_that_go_on_counting() {
    let mut previous = None;
    let mut widened = Vec::new();
    for id in [125, 126, 127, 0, 1, 0, 64] {
        let mut descriptor = parse(&[0x80, 0x80, id, 0xaa]).unwrap().descriptor.unwrap();
        descriptor.widen(previous);
        previous = Some(descriptor.picture);
        widened.push(descriptor.picture);
        let mut out = Vec::new();
        descriptor.write(descriptor.picture, 0, &mut out);
        assert_eq!(out.len(), 4, "always written with 15 bits");
    }
    assert_eq!(widened, [125, 126, 127, 128, 129, 128, 64]);
}

#[test]
fn descriptors_cut_short_are_refused() {
    let whole = [0x90, 0xf0, 0x92, 0x34, 0x07, 0x6b, 0x10];
    for end in 0..whole.len() {
        assert_eq!(parse(&whole[..end]), None, "{end} octets");
    }
    assert!(parse(&whole).is_some());
}

proptest! {
    #[test]
    fn what_is_read_is_written_back(payload in proptest::collection::vec(any::<u8>(), 0..24)) {
        if let Some(descriptor) = parse(&payload).and_then(|contents| contents.descriptor) {
            let mut out = Vec::new();
            descriptor.write(descriptor.picture, descriptor.tl0, &mut out);
            out.extend_from_slice(&payload[usize::from(descriptor.length)..]);
            let again = parse(&out).unwrap();
            let read = again.descriptor.unwrap();
            prop_assert_eq!((read.picture, read.tl0, read.temporal), (descriptor.picture, descriptor.tl0, descriptor.temporal));
            prop_assert_eq!(again.keyframe, parse(&payload).unwrap().keyframe);
            if !descriptor.has_picture() || descriptor.wide {
                prop_assert_eq!(out, payload);
            }
        }
    }
}
