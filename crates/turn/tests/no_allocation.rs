//! The data path allocates nothing, in either direction, with channels and with indications, to peers outside
//! and to relays inside.

// Clippy knows the functions marked as tests, not those they call.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{net::SocketAddr, time::Instant};

use hmac::{Hmac, Mac};
use kaigi_turn::{
    Config, Credentials, FiveTuple, Forward, Limits, NonceKey, Now, Outcome, Output, Realm, RelayId, Server,
    Source, Transport, policy::Policy,
};
use md5::{Digest, Md5};
use rand::{SeedableRng, rngs::StdRng};
use sha1::Sha1;

const RELAY: &str = "93.184.216.10:50000";
const PEER: &str = "151.101.1.1:5000";

fn push(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend(kind.to_be_bytes());
    message.extend((value.len() as u16).to_be_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
    let length = (message.len() - 20) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
}

fn message(kind: u16, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut message = kind.to_be_bytes().to_vec();
    message.extend([0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, kind as u8]);
    attributes.iter().for_each(|(kind, value)| push(&mut message, *kind, value));
    message
}

/// XOR-PEER-ADDRESS of an IPv4 peer.
fn xor(peer: SocketAddr) -> [u8; 8] {
    let SocketAddr::V4(peer) = peer else { panic!("IPv4 only") };
    let port = (peer.port() ^ 0x2112).to_be_bytes();
    let ip = (u32::from(*peer.ip()) ^ 0x2112_A442).to_be_bytes();
    [0, 1, port[0], port[1], ip[0], ip[1], ip[2], ip[3]]
}

fn signed(mut request: Vec<u8>, nonce: &[u8]) -> Vec<u8> {
    push(&mut request, 0x0006, b"ann");
    push(&mut request, 0x0014, b"kaigi");
    push(&mut request, 0x0015, nonce);
    let length = (request.len() + 24 - 20) as u16;
    request[2..4].copy_from_slice(&length.to_be_bytes());
    let mut mac = Hmac::<Sha1>::new_from_slice(&Md5::digest(b"ann:kaigi:secret")).unwrap();
    mac.update(&request);
    let code = mac.finalize().into_bytes();
    push(&mut request, 0x0008, &code);
    request
}

struct Bench {
    server: Server,
    now: Now,
    client: FiveTuple,
    relay: Option<RelayId>,
    answer: Vec<u8>,
}

impl Bench {
    fn feed(&mut self, bytes: &[u8]) {
        assert_eq!(self.server.handle_client(self.now, &self.client, bytes), Outcome::Handled);
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::OpenRelay { relay, .. } => {
                    self.relay = Some(relay);
                    self.server.handle_relay_opened(self.now, relay, Ok(RELAY.parse().unwrap()));
                }
                Output::Message { payload, .. } => self.answer = payload,
                Output::CloseRelay(_) | Output::Event(_) => {}
            }
        }
    }

    fn succeed(&mut self, request: Vec<u8>, nonce: &[u8]) {
        self.feed(&signed(request, nonce));
        assert_eq!(self.answer[0], 0x01, "{:x?}", self.answer);
        assert_eq!(self.answer[1] & 0x10, 0, "{:x?}", self.answer);
    }
}

/// An allocation with a channel to a peer, one to itself, and a permission.
fn bench() -> Bench {
    let user = Source::User { name: "ann".into(), password: "secret".into() };
    let credentials = Credentials::new(Realm::default(), vec![user]);
    let limits = Limits { bandwidth_per_credential: None, bandwidth_per_source: None, ..Limits::default() };
    let config = Config { limits, ..Config::new(credentials, Policy::default()) };
    let now = Now { instant: Instant::now(), unix_s: 1_767_225_600 };
    let rng = Box::new(StdRng::seed_from_u64(1));
    let server = Server::new(config, NonceKey([1; 32]), rng, now.instant);
    let client =
        FiveTuple { client: "198.41.0.4:4000".parse().unwrap(), server: None, transport: Transport::Udp };
    let mut bench = Bench { server, now, client, relay: None, answer: Vec::new() };
    let allocate = || message(0x0003, &[(0x0019, &[17, 0, 0, 0])]);
    bench.feed(&allocate());
    let at = bench.answer.windows(4).position(|four| four == [0x00, 0x15, 0x00, 29]).unwrap();
    let nonce = bench.answer[at + 4..at + 33].to_vec();
    bench.succeed(allocate(), &nonce);
    for (number, peer) in [(0u8, PEER), (1, RELAY)] {
        let peer = xor(peer.parse().unwrap());
        bench.succeed(message(0x0009, &[(0x000C, &[0x40, number, 0, 0]), (0x0012, &peer)]), &nonce);
    }
    bench
}

#[test]
fn relaying_allocates_nothing() {
    let mut bench = bench();
    let payload = [7; 1200];
    let channel = [&[0x40, 0, 0x04, 0xB0][..], &payload].concat();
    let inside = [&[0x40, 1, 0x04, 0xB0][..], &payload].concat();
    let peer: SocketAddr = PEER.parse().unwrap();
    let other: SocketAddr = "151.101.1.1:5001".parse().unwrap();
    let send = message(0x0016, &[(0x0012, &xor(peer)), (0x0013, &payload)]);
    let relay = bench.relay.unwrap();
    let measured = allocation_counter::measure(|| {
        for _ in 0..1000 {
            for bytes in [&channel, &inside, &send] {
                let outcome = bench.server.handle_client(bench.now, &bench.client, bytes);
                let Outcome::Forward(forward) = outcome else { panic!("{outcome:?}") };
                let (Forward::Peer { payload, .. } | Forward::Client { payload, .. }) = forward else {
                    panic!()
                };
                assert_eq!(payload.len(), 1200);
            }
            for source in [peer, other] {
                let forward = bench.server.handle_peer(bench.now, relay, source, &payload).unwrap();
                assert!(matches!(forward, Forward::Client { .. }));
            }
            assert!(bench.server.poll_output().is_none());
        }
    });
    assert_eq!(measured.count_total, 0, "{measured:?}");
}

/// Not a bound, a figure: `cargo test --release -p kaigi-turn --test no_allocation -- --ignored --nocapture`.
#[test]
#[ignore = "prints how long a packet takes"]
fn nanoseconds_per_packet() {
    let mut bench = bench();
    let channel = [&[0x40, 0, 0x04, 0xB0][..], &[7; 1200]].concat();
    let payload = [7; 1200];
    let (peer, relay) = (PEER.parse().unwrap(), bench.relay.unwrap());
    for _ in 0..3 {
        let rounds = 5_000_000u32;
        let start = Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(bench.server.handle_client(bench.now, &bench.client, &channel));
        }
        let up = start.elapsed() / rounds;
        let start = Instant::now();
        for _ in 0..rounds {
            let _ = std::hint::black_box(bench.server.handle_peer(bench.now, relay, peer, &payload));
        }
        println!("client to peer {up:?}, peer to client {:?}", start.elapsed() / rounds);
    }
}
