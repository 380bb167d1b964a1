//! First bytes of datagrams and streams: never panics, and a decision never changes as more bytes come.
#![no_main]

use kaigi_packet::demux::{Sniff, TCP_PREFIX, tcp, udp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = udp(data);
    let mut decided = None;
    for end in 0..=data.len().min(2 * TCP_PREFIX) {
        let now = tcp(&data[..end]);
        match decided {
            Some(before) => assert_eq!(now, before),
            None if now != Sniff::Partial => decided = Some(now),
            None => assert!(end < TCP_PREFIX),
        }
    }
});
