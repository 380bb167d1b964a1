//! Sequences of operations on a TURN server: it never panics, its tables stay bounded and agree with the sockets
//! it asked for, nothing is sent to a peer the policy denies, and in the end nothing is left.
#![no_main]

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use kaigi_turn::{
    Config, Credentials, Dropped, Family, FiveTuple, Forward, IcmpError, Limits, NonceKey, Now, Outcome,
    Output, Realm, RelayError, RelayId, Server, Sizes, Source, StreamId, Transport,
    policy::{Policy, Verdict},
};
use libfuzzer_sys::fuzz_target;
use rand::{SeedableRng, rngs::StdRng};
use stun_types::{
    attribute::{Nonce, RawAttribute},
    message::{
        IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageType, MessageWrite,
        MessageWriteExt, MessageWriteVec, Method,
    },
};

const ALLOCATIONS: usize = 3;
const LISTS: usize = 4;
const OWN: &str = "93.184.216.10";
const OWN6: &str = "2606:2800:220::10";

/// The input, taken apart byte by byte; zeros when it is used up.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let length = usize::from(self.byte()).min(most).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// Peers worth trying: public, private, ours, another's relay, IPv6 and disguised.
    fn peer(&mut self) -> SocketAddr {
        const PEERS: [&str; 8] = [
            "151.101.1.1:5000",
            "151.101.1.2:5000",
            "10.0.0.1:5000",
            "93.184.216.10:50000",
            "93.184.216.10:443",
            "[2a04:4e42::1]:5000",
            "[::ffff:10.0.0.1]:5000",
            "[2606:2800:220::10]:50001",
        ];
        let mut peer: SocketAddr = PEERS[usize::from(self.byte()) % PEERS.len()].parse().unwrap();
        let port = self.byte();
        if port > 0 {
            peer.set_port(if port > 128 { 50_000 + u16::from(port - 128) } else { u16::from(port) * 64 });
        }
        peer
    }
}

struct World {
    server: Server,
    policy: Policy,
    now: Now,
    clients: Vec<FiveTuple>,
    nonces: Vec<String>,
    sockets: HashMap<RelayId, SocketAddr>,
    pending: Vec<(RelayId, Family)>,
    opened: u16,
}

impl World {
    fn new() -> Self {
        let user = |name: &str| Source::User { name: name.into(), password: "secret".into() };
        let credentials = Credentials::new(Realm::default(), vec![user("ann"), user("bob")]);
        let policy = Policy::new(vec![], vec![], vec![OWN.parse().unwrap(), OWN6.parse().unwrap()]);
        let limits =
            Limits { allocations: ALLOCATIONS, permissions: LISTS, channels: LISTS, ..Limits::default() };
        let config = Config { limits, ..Config::new(credentials, policy.clone()) };
        let now = Now { instant: Instant::now(), unix_s: 1_767_225_600 };
        let client = |port: u16, transport| FiveTuple {
            client: SocketAddr::new("198.41.0.4".parse().unwrap(), port),
            server: Some(OWN.parse().unwrap()),
            transport,
        };
        let clients = vec![
            client(4000, Transport::Udp),
            client(4001, Transport::Udp),
            client(4002, Transport::Tcp(StreamId(1))),
            client(4003, Transport::Tls(StreamId(2))),
        ];
        let server = Server::new(config, NonceKey([3; 32]), Box::new(StdRng::seed_from_u64(1)), now.instant);
        let nonces = vec![String::new(); clients.len()];
        let mut world = Self {
            server,
            policy,
            now,
            clients,
            nonces,
            sockets: HashMap::new(),
            pending: vec![],
            opened: 0,
        };
        for at in 0..world.clients.len() {
            world.request(at, 3, "ann", &[], 0, true);
        }
        world
    }

    fn feed(&mut self, at: usize, bytes: &[u8]) {
        let outcome = self.server.handle_client(self.now, &self.clients[at], bytes);
        if let Outcome::Forward(forward) = outcome {
            self.check(forward, bytes);
        }
        self.drain(Some(at));
    }

    fn check(&self, forward: Forward, source: &[u8]) {
        match forward {
            Forward::Peer { relay, peer, payload, .. } => {
                assert!(payload.end <= source.len());
                assert_eq!(self.policy.judge(peer, None), Verdict::Outside);
                let socket = self.sockets.get(&relay).expect("sent from an open socket");
                assert_eq!(socket.is_ipv4(), peer.is_ipv4());
            }
            Forward::Client { client, head, payload, padding } => {
                assert!(self.clients.contains(&client) && payload.end <= source.len() && padding < 4);
                let length = head.len() + payload.len() + usize::from(padding);
                let stream = client.transport != Transport::Udp;
                assert!(length.is_multiple_of(4) || head.len() == 4 && !stream);
            }
            Forward::Neighbour { .. } => panic!("there are no neighbours"),
            Forward::Sfu { .. } => panic!("there is no SFU"),
        }
    }

    fn drain(&mut self, learner: Option<usize>) {
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Message { client, payload } => {
                    assert!(payload.len().is_multiple_of(4));
                    let message = Message::from_bytes(&payload).expect("what is sent parses");
                    if let (Some(at), Ok(nonce)) = (learner, message.attribute::<Nonce>()) {
                        assert_eq!(client, self.clients[at]);
                        assert!(payload.len() <= 100);
                        self.nonces[at] = nonce.nonce().to_owned();
                    }
                }
                Output::OpenRelay { relay, family, .. } => self.pending.push((relay, family)),
                Output::CloseRelay(relay) => {
                    self.sockets.remove(&relay);
                    self.pending.retain(|(pending, _)| *pending != relay);
                }
                Output::Event(_) => {}
            }
        }
        let Sizes { allocations, relays, permissions, channels, .. } = self.server.sizes();
        assert!(allocations <= ALLOCATIONS);
        assert_eq!(relays, self.sockets.len() + self.pending.len());
        assert!(permissions <= LISTS * allocations && channels <= LISTS * allocations);
    }

    fn open(&mut self, fate: u8) {
        if self.pending.is_empty() {
            return;
        }
        let (relay, family) = self.pending.remove(usize::from(fate) % self.pending.len());
        let result = match fate {
            250.. => Err(RelayError::NoCapacity),
            240..250 => Err(RelayError::FamilyNotSupported),
            _ => {
                let ip = if family == Family::V4 { OWN } else { OWN6 }.parse().unwrap();
                // Often an address that is taken: that has to be survived too.
                let port = 50_000 + self.opened % 100;
                self.opened += u16::from(fate > 20);
                Ok(SocketAddr::new(ip, port))
            }
        };
        if let Ok(address) = result
            && !self.sockets.values().any(|open| *open == address)
        {
            self.sockets.insert(relay, address);
        }
        self.server.handle_relay_opened(self.now, relay, result);
        self.drain(None);
    }

    fn request(
        &mut self,
        at: usize,
        method: u16,
        name: &str,
        attributes: &[(u16, Vec<u8>)],
        salt: u8,
        open: bool,
    ) {
        let kind = MessageType::from_class_method(MessageClass::Request, Method::new(method));
        let mut out = Message::builder(kind, u128::from(salt).into(), MessageWriteVec::new());
        for (kind, value) in attributes {
            let _ = out.add_attribute(&RawAttribute::new((*kind).into(), value));
        }
        let nonce = self.nonces[at].clone();
        if !nonce.is_empty() {
            for (kind, value) in [(0x0006, name), (0x0014, "kaigi"), (0x0015, &nonce)] {
                let _ = out.add_attribute(&RawAttribute::new(kind.into(), value.as_bytes()));
            }
            let credentials = LongTermKeyCredentials::new(name.into(), "secret".into(), "kaigi".into());
            let _ = out.add_message_integrity(&credentials.into(), IntegrityAlgorithm::Sha1);
        }
        self.feed(at, &out.finish());
        if open {
            self.open(salt);
            self.open(salt);
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now.instant += Duration::from_secs(seconds);
        self.now.unix_s += seconds;
    }

    fn run(&mut self, script: &mut Script<'_>) {
        while !script.0.is_empty() {
            let at = usize::from(script.byte()) % self.clients.len();
            match script.byte() % 12 {
                0 => {
                    let bytes = script.bytes(255);
                    self.feed(at, bytes);
                }
                1 => self.open(script.byte()),
                2 => self.pass(u64::from(script.byte()) * 4),
                3 => {
                    if let Some((due, _)) = self.server.poll_timeout() {
                        let wait = due.saturating_duration_since(self.now.instant);
                        self.pass(wait.as_secs() + 1);
                    }
                    self.server.handle_timeout(self.now);
                    self.drain(None);
                }
                4 => {
                    self.server.handle_stream_closed(self.now, &self.clients[at]);
                    self.drain(None);
                }
                5 => {
                    let mut message = vec![0x40, script.byte() % 4];
                    let payload = script.bytes(40);
                    message.extend((payload.len() as u16).to_be_bytes());
                    message.extend(payload);
                    self.feed(at, &message);
                }
                6 | 7 => {
                    let source = script.peer();
                    let payload = script.bytes(40);
                    let Some(relay) = self.sockets.keys().copied().min_by_key(|id| (id.index() + at) % 4)
                    else {
                        continue;
                    };
                    match self.server.handle_peer(self.now, relay, source, payload) {
                        Ok(forward) => self.check(forward, payload),
                        Err(cause) => assert_ne!(cause, Dropped::Malformed),
                    }
                    let error = IcmpError { peer: source, kind: script.byte() % 12, code: 4, data: 1280 };
                    self.server.handle_icmp(self.now, relay, &error);
                    self.drain(None);
                }
                8 => {
                    let peer = xor(script.peer());
                    let kind = MessageType::from_class_method(MessageClass::Indication, Method::new(6));
                    let mut out = Message::builder(kind, 0.into(), MessageWriteVec::new());
                    let _ = out.add_attribute(&RawAttribute::new(0x0012.into(), &peer));
                    let _ = out.add_attribute(&RawAttribute::new(0x0013.into(), script.bytes(40)));
                    self.feed(at, &out.finish());
                }
                _ => {
                    let choice = script.byte();
                    let method = [3, 4, 8, 9][usize::from(choice) % 4];
                    let mut attributes = vec![];
                    if method == 3 && choice < 240 {
                        attributes.push((0x0019, vec![17, 0, 0, 0]));
                    }
                    if method > 4 {
                        attributes.push((0x0012, xor(script.peer())));
                    }
                    if method == 9 {
                        attributes.push((0x000C, vec![0x40, script.byte() % 4, 0, 0]));
                    }
                    let more = script.byte();
                    for (bit, kind) in [(1, 0x000D), (2, 0x0017), (4, 0x8000), (8, 0x0018), (16, 0x0012)] {
                        if more & bit != 0 {
                            attributes.push((kind, script.bytes(20).to_vec()));
                        }
                    }
                    let name = if choice & 0x40 == 0 { "ann" } else { "bob" };
                    self.request(at, method, name, &attributes, script.byte(), choice & 0x20 == 0);
                }
            }
        }
    }
}

/// XOR-PEER-ADDRESS under transaction 0, as requests here mostly have.
fn xor(peer: SocketAddr) -> Vec<u8> {
    const COOKIE: u32 = 0x2112_A442;
    let mut value = vec![0, if peer.is_ipv4() { 1 } else { 2 }];
    value.extend((peer.port() ^ (COOKIE >> 16) as u16).to_be_bytes());
    match peer {
        SocketAddr::V4(peer) => value.extend((u32::from(*peer.ip()) ^ COOKIE).to_be_bytes()),
        SocketAddr::V6(peer) => {
            value.extend((u128::from(*peer.ip()) ^ u128::from(COOKIE) << 96).to_be_bytes());
        }
    }
    value
}

fuzz_target!(|data: &[u8]| {
    let mut world = World::new();
    world.run(&mut Script(data));
    // Everything ends: sockets that never opened, then what was granted for an hour.
    for _ in 0..2 {
        world.pass(3601);
        world.server.handle_timeout(world.now);
        world.drain(None);
    }
    assert_eq!(world.server.sizes(), Sizes::default());
    assert!(world.server.poll_timeout().is_none() && world.sockets.is_empty());
});
