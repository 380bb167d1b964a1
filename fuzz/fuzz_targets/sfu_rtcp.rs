//! RTCP as it is after decryption, given to a live session that has sent media: parsing, the bandwidth estimator and
//! what answers NACKs never panic, and what they have sent fits packets.
#![no_main]

mod live;

use kaigi_sfu::SessionId;
use libfuzzer_sys::fuzz_target;
use live::Live;

fuzz_target!(|data: &[u8]| {
    let mut live = Live::new();
    for piece in data.chunks(256).take(16) {
        live.sfu.handle_plain_rtcp(live.now, SessionId(1), piece);
        live.drain();
        live.pass(u64::from(piece[0]));
        live.deliver_all();
    }
});
