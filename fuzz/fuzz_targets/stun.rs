//! STUN requests: never panics, answers stay small, go back to who asked, and parse.
#![no_main]

use std::net::SocketAddr;

use kaigi_packet::Receive;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let source: SocketAddr = ([192, 0, 2, 1], 4000).into();
    let receive = Receive { source, local: None, payload: data };
    if let Ok(transmit) = kaigi_turn::handle_binding(&receive) {
        assert_eq!(transmit.destination, source);
        assert!(transmit.payload.len() <= 100 && transmit.payload.len() % 4 == 0);
        assert_eq!(transmit.payload[4..20], data[4..20], "the transaction is the request's");
    }
});
