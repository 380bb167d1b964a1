//! Single messages to a TURN server without users, over UDP: never panics, answers stay small, go back to who
//! asked, and parse; nothing is kept.
#![no_main]

use std::{net::SocketAddr, time::Instant};

use kaigi_turn::{
    Config, Credentials, FiveTuple, NonceKey, Now, Outcome, Output, Realm, Server, Sizes, Transport,
    policy::Policy,
};
use libfuzzer_sys::fuzz_target;
use rand::{SeedableRng, rngs::StdRng};
use stun_types::message::Message;

fuzz_target!(|data: &[u8]| {
    let now = Now { instant: Instant::now(), unix_s: 1_767_225_600 };
    let config = Config::new(Credentials::new(Realm::default(), vec![]), Policy::default());
    let rng = Box::new(StdRng::seed_from_u64(1));
    let mut server = Server::new(config, NonceKey([3; 32]), rng, now.instant);
    let client: SocketAddr = ([192, 0, 2, 1], 4000).into();
    let from = FiveTuple { client, server: None, transport: Transport::Udp };
    let outcome = server.handle_client(now, &from, data);
    assert!(!matches!(outcome, Outcome::Forward(_)), "there is no allocation");
    let answer = server.poll_output();
    assert_eq!(answer.is_some(), outcome == Outcome::Handled);
    if let Some(answer) = answer {
        let Output::Message { client, payload } = answer else { panic!("{answer:?}") };
        assert_eq!(client, from);
        assert!(payload.len() <= 100 && payload.len() % 4 == 0);
        assert_eq!(payload[4..20], data[4..20], "the transaction is the request's");
        Message::from_bytes(&payload).expect("what is sent parses");
    }
    assert!(server.poll_output().is_none() && server.sizes() == Sizes::default());
});
