//! SDP offers: never a panic; what is accepted is answered with as many m-lines, may be offered again, and is gone
//! when it has been disconnected.
#![no_main]

mod live;

use std::time::Instant;

use kaigi_sfu::{RoomId, SessionId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let now = Instant::now();
    let mut sfu = live::sfu(now);
    // Two offers for one session, where the input has two.
    let offers: Vec<&str> = text.splitn(2, "\n---\n").collect();
    let candidates = ["candidate:1 1 udp 2130706431 198.51.100.1 8443 typ host".to_owned()];
    let lines = |text: &str| text.lines().filter(|line| line.starts_with("m=")).count();
    for offer in &offers {
        let before = sfu.session_count();
        match sfu.connect(now, SessionId(1), RoomId(1), "ann", offer, &candidates) {
            Ok(answer) => assert_eq!(lines(&answer), lines(offer)),
            Err(_) => assert_eq!(sfu.session_count(), before),
        }
    }
    sfu.handle_timeout(now);
    sfu.disconnect(now, SessionId(1));
    assert_eq!(sfu.session_count(), 0);
});
