//! Frames in a stream: never panics, and what is found does not depend on how the bytes arrive.
#![no_main]

use kaigi_packet::framing::{rfc4571, turn};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut known = None;
    let mut known_4571 = None;
    for end in 0..=data.len().min(256) {
        let now = turn::next(&data[..end]);
        match known {
            Some(before) => assert_eq!(now, before),
            None if now != Ok(None) => known = Some(now),
            None => {}
        }
        let now = rfc4571::next(&data[..end]);
        match known_4571 {
            Some(before) => assert_eq!(now, before),
            None => known_4571 = now.map(Some),
        }
    }
    let mut rest = data;
    while let Ok(Some(frame)) = turn::next(rest) {
        assert!(frame.content(rest).len() <= frame.wire && frame.wire <= turn::MOST && frame.wire > 0);
        rest = &rest[frame.wire..];
    }
    let mut rest = data;
    while let Some(frame) = rfc4571::next(rest) {
        assert!(frame.content(rest).len() + 2 == frame.wire && frame.wire <= rfc4571::MOST);
        rest = &rest[frame.wire..];
    }
});
