//! A server, its clients and the sockets between them, in virtual time.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use kaigi_testkit::VirtualClock;
use rand::{RngCore, SeedableRng, rngs::StdRng};
use stun_types::{
    attribute::{
        Attribute, AttributeStaticType, ErrorCode, MessageIntegrity, MessageIntegritySha256, Nonce, Realm,
    },
    message::{Message, MessageClass, MessageType, MessageWrite, MessageWriteVec, Method},
};
use turn_types::{
    attribute::{Lifetime, XorRelayedAddress},
    message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND},
};

use crate::{
    Config, Credentials, Dropped, Event, Family, FiveTuple, Forward, NonceKey, Now, Outcome, Output,
    Realm as OurRealm, RelayError, RelayId, Server, SharedSecret, Source, StreamId, Transport,
    integrity::{Integrity, Key, PasswordAlgorithm, sign, userhash},
    policy::Policy,
};

pub(super) const V4: &str = "93.184.216.10";
pub(super) const V6: &str = "2606:2800:220::10";
pub(super) const PEER: &str = "151.101.1.1:5000";
pub(super) const PEER6: &str = "[2a04:4e42::1]:5000";
pub(super) const UDP_TRANSPORT: (u16, &[u8]) = (0x0019, &[17, 0, 0, 0]);

pub(super) fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// What an application calls the worker in production, with sockets that are rows of a table.
pub(super) struct Pair {
    pub(super) clock: VirtualClock,
    pub(super) server: Server,
    pub(super) events: Vec<Event>,
    pub(super) relays: HashMap<RelayId, SocketAddr>,
    /// Relay sockets asked for and not opened, while `hold` is set.
    pub(super) held: Vec<(RelayId, Family, bool)>,
    pub(super) hold: bool,
    /// Families that cannot be opened.
    pub(super) broken: HashMap<Family, RelayError>,
    pub(super) last_even: bool,
    next_port: u16,
    inbox: Vec<(FiveTuple, Vec<u8>)>,
    rng: StdRng,
}

pub(super) fn credentials() -> Credentials {
    let user = |name: &str, password: &str| Source::User { name: name.into(), password: password.into() };
    Credentials::new(
        OurRealm::default(),
        vec![user("ann", "secret"), user("bob", "hunter2"), Source::Secret(SharedSecret::new("shared"))],
    )
}

pub(super) fn config() -> Config {
    let own = vec![V4.parse().unwrap(), V6.parse().unwrap()];
    Config::new(credentials(), Policy::new(vec![], vec![], own))
}

impl Pair {
    pub(super) fn new() -> Self {
        Self::with(config())
    }

    pub(super) fn with(config: Config) -> Self {
        let clock = VirtualClock::new();
        let rng = Box::new(StdRng::seed_from_u64(1));
        Self {
            server: Server::new(config, NonceKey([7; 32]), rng, clock.instant()),
            clock,
            events: Vec::new(),
            relays: HashMap::new(),
            held: Vec::new(),
            hold: false,
            broken: HashMap::new(),
            last_even: false,
            next_port: 50_000,
            inbox: Vec::new(),
            rng: StdRng::seed_from_u64(2),
        }
    }

    pub(super) fn now(&self) -> Now {
        Now { instant: self.clock.instant(), unix_s: self.clock.unix_ms() / 1000 }
    }

    /// Lets time pass, with every timeout on the way.
    pub(super) fn pass(&mut self, seconds: u64) {
        let end = self.clock.instant() + Duration::from_secs(seconds);
        while let Some((due, _)) = self.server.poll_timeout().filter(|(due, _)| *due <= end) {
            self.clock.advance(due.saturating_duration_since(self.clock.instant()));
            self.server.handle_timeout(self.now());
            self.drain();
        }
        self.clock.advance(end.saturating_duration_since(self.clock.instant()));
    }

    /// Bytes from a client, outputs drained.
    pub(super) fn feed(&mut self, from: &FiveTuple, bytes: &[u8]) -> Outcome {
        let outcome = self.server.handle_client(self.now(), from, bytes);
        self.drain();
        outcome
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.server.poll_output() {
            match output {
                Output::Message { client, payload } => self.inbox.push((client, payload)),
                Output::OpenRelay { relay, family, even_port, .. } => {
                    self.last_even = even_port;
                    if self.hold {
                        self.held.push((relay, family, even_port));
                    } else {
                        self.open(relay, family, even_port);
                    }
                }
                Output::CloseRelay(relay) => {
                    self.relays.remove(&relay);
                    self.held.retain(|held| held.0 != relay);
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    pub(super) fn open(&mut self, relay: RelayId, family: Family, even: bool) {
        let result = match self.broken.get(&family) {
            Some(error) => Err(*error),
            None => {
                self.next_port = (self.next_port + 1).max(50_000);
                self.next_port += u16::from(even && self.next_port % 2 == 1);
                let ip: IpAddr = if family == Family::V4 { V4 } else { V6 }.parse().unwrap();
                let address = SocketAddr::new(ip, self.next_port);
                self.relays.insert(relay, address);
                Ok(address)
            }
        };
        self.server.handle_relay_opened(self.now(), relay, result);
        self.drain();
    }

    /// The next message for a client.
    pub(super) fn received(&mut self, client: &FiveTuple) -> Option<Vec<u8>> {
        let at = self.inbox.iter().position(|(to, _)| to == client)?;
        Some(self.inbox.remove(at).1)
    }

    pub(super) fn datagram(
        &mut self,
        relay: RelayId,
        source: &str,
        payload: &[u8],
    ) -> Result<Forward, Dropped> {
        self.server.handle_peer(self.now(), relay, addr(source), payload)
    }

    /// A request with the client's credentials; follows challenges.
    pub(super) fn ask(&mut self, client: &mut Client, method: Method, attributes: &[(u16, &[u8])]) -> Answer {
        for _ in 0..3 {
            let request = client.request(self.rng.next_u64(), method, attributes);
            let answer = self.exchange(client, &request).expect("an answer");
            if matches!(answer.code(), 401 | 438) && client.learn(&answer) {
                continue;
            }
            return answer;
        }
        panic!("challenged for ever");
    }

    /// Exactly these bytes.
    pub(super) fn exchange(&mut self, client: &Client, request: &[u8]) -> Option<Answer> {
        self.feed(&client.path, request);
        self.received(&client.path).map(Answer)
    }

    pub(super) fn allocate(&mut self, client: &mut Client) -> SocketAddr {
        let answer = self.ask(client, ALLOCATE, &[UDP_TRANSPORT]);
        assert_eq!(answer.code(), 0, "{answer:?}");
        answer.relayed()[0]
    }

    pub(super) fn permit(&mut self, client: &mut Client, peers: &[SocketAddr]) -> u16 {
        let values: Vec<Vec<u8>> = peers.iter().map(|peer| client.xor(*peer)).collect();
        let attributes: Vec<(u16, &[u8])> = values.iter().map(|value| (0x0012, &value[..])).collect();
        self.ask(client, CREATE_PERMISSION, &attributes).code()
    }

    pub(super) fn bind(&mut self, client: &mut Client, number: u16, peer: SocketAddr) -> u16 {
        let value = client.xor(peer);
        let number = [(number >> 8) as u8, number as u8, 0, 0];
        self.ask(client, CHANNEL_BIND, &[(0x000C, &number), (0x0012, &value)]).code()
    }

    pub(super) fn refresh(&mut self, client: &mut Client, lifetime: u32) -> Answer {
        self.ask(client, REFRESH, &[(0x000D, &lifetime.to_be_bytes())])
    }

    pub(super) fn send(&mut self, client: &Client, peer: SocketAddr, data: &[u8]) -> Outcome {
        let indication = client.indication(&[(0x0012, &client.xor(peer)), (0x0013, data)]);
        self.feed(&client.path, &indication)
    }

    pub(super) fn relay_at(&self, address: SocketAddr) -> RelayId {
        *self.relays.iter().find(|(_, open)| **open == address).expect("a relay").0
    }
}

/// A client on one 5-tuple.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) path: FiveTuple,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) realm: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) algorithm: Option<PasswordAlgorithm>,
    pub(super) integrity: Integrity,
    pub(super) hashed: bool,
    pub(super) fingerprint: bool,
}

impl Client {
    pub(super) fn udp(source: &str) -> Self {
        let server = Some(V4.parse().unwrap());
        Self::over(FiveTuple { client: addr(source), server, transport: Transport::Udp })
    }

    pub(super) fn tcp(source: &str, stream: u64) -> Self {
        let mut client = Self::udp(source);
        client.path.transport = Transport::Tcp(StreamId(stream));
        client
    }

    fn over(path: FiveTuple) -> Self {
        Self {
            path,
            username: "ann".into(),
            password: "secret".into(),
            realm: None,
            nonce: None,
            algorithm: None,
            integrity: Integrity::Sha1,
            hashed: false,
            fingerprint: false,
        }
    }

    pub(super) fn named(mut self, username: &str, password: &str) -> Self {
        self.username = username.into();
        self.password = password.into();
        self
    }

    fn key(&self) -> Key {
        let algorithm = self.algorithm.unwrap_or(PasswordAlgorithm::Md5);
        let realm = self.realm.clone().unwrap_or_default();
        Key::long_term(algorithm, self.username.as_bytes(), realm.as_bytes(), self.password.as_bytes())
    }

    /// Takes over a challenge's realm and nonce; false if they are the ones already used.
    pub(super) fn learn(&mut self, answer: &Answer) -> bool {
        let message = answer.message();
        let nonce = message.attribute::<Nonce>().unwrap().nonce().to_owned();
        let news = self.nonce.as_ref().is_none() || answer.code() == 438;
        self.nonce = Some(nonce);
        self.realm = Some(message.attribute::<Realm>().unwrap().realm().to_owned());
        news
    }

    pub(super) fn xor(&self, peer: SocketAddr) -> Vec<u8> {
        // Transactions below 2^64: the upper half of the id is zero, so only its lower half is xored in.
        xor_address(peer, TRANSACTION)
    }

    /// A request; `salt` makes each different without changing the transaction's xor.
    pub(super) fn request(&self, salt: u64, method: Method, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        // IPv4 is xored with the cookie alone; IPv6 also with the transaction, which tests keep fixed there.
        let v6 = attributes.iter().any(|(kind, value)| *kind == 0x0012 && value.len() == 20);
        let transaction = if v6 { TRANSACTION } else { u128::from(salt) << 8 | TRANSACTION };
        let mut out = write(kind, transaction, attributes).finish();
        if let (Some(nonce), Some(realm)) = (&self.nonce, &self.realm) {
            if self.hashed {
                push(&mut out, 0x001E, &userhash(&self.username, realm));
            } else {
                push(&mut out, 0x0006, self.username.as_bytes());
            }
            push(&mut out, 0x0014, realm.as_bytes());
            push(&mut out, 0x0015, nonce.as_bytes());
            if let Some(algorithm) = self.algorithm {
                push(&mut out, 0x8002, &crate::auth::PASSWORD_ALGORITHMS);
                let number = if algorithm == PasswordAlgorithm::Md5 { 1 } else { 2 };
                push(&mut out, 0x001D, &[0, number, 0, 0]);
            }
            sign(&mut out, self.integrity, &self.key());
        }
        if self.fingerprint {
            crate::integrity::add_fingerprint(&mut out);
        }
        out
    }

    pub(super) fn indication(&self, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        write(MessageType::from_class_method(MessageClass::Indication, SEND), TRANSACTION, attributes)
            .finish()
    }

    /// The integrity of an answer, with this client's key.
    pub(super) fn trusts(&self, answer: &Answer) -> bool {
        let message = answer.message();
        let kind = match self.integrity {
            Integrity::Sha1 => MessageIntegrity::TYPE,
            Integrity::Sha256 => MessageIntegritySha256::TYPE,
        };
        let present = crate::integrity::present(&message);
        message.has_attribute(kind)
            && present.is_some_and(|present| crate::integrity::verify(&message, present, &self.key()))
    }
}

pub(super) const TRANSACTION: u128 = 0x0102_0304_0506_0708_090a_0b0c;

pub(super) fn write(kind: MessageType, transaction: u128, attributes: &[(u16, &[u8])]) -> MessageWriteVec {
    let mut out = Message::builder(kind, transaction.into(), MessageWriteVec::new());
    for (kind, value) in attributes {
        push(&mut out, *kind, value);
    }
    out
}

/// Any attribute, however wrong.
pub(super) fn push(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend(kind.to_be_bytes());
    out.extend((value.len() as u16).to_be_bytes());
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
    let length = (out.len() - 20) as u16;
    out[2..4].copy_from_slice(&length.to_be_bytes());
}

pub(super) fn xor_address(peer: SocketAddr, transaction: u128) -> Vec<u8> {
    let head = crate::codec::data_indication(transaction, peer, 0).unwrap();
    head[24..head.len() - 4].to_vec()
}

/// An answer's bytes.
pub(super) struct Answer(pub(super) Vec<u8>);

impl Answer {
    pub(super) fn message(&self) -> Message<'_> {
        Message::from_bytes(&self.0).unwrap()
    }

    /// The error code; 0 is success.
    pub(super) fn code(&self) -> u16 {
        let message = self.message();
        match message.class() {
            MessageClass::Success => 0,
            _ => message.attribute::<ErrorCode>().unwrap().code(),
        }
    }

    pub(super) fn lifetime(&self) -> u32 {
        self.message().attribute::<Lifetime>().unwrap().seconds()
    }

    pub(super) fn relayed(&self) -> Vec<SocketAddr> {
        let message = self.message();
        let all = message.iter_attributes().filter(|(_, one)| one.get_type() == XorRelayedAddress::TYPE);
        all.map(|(_, one)| XorRelayedAddress::try_from(&one).unwrap().addr(message.transaction_id()))
            .collect()
    }

    pub(super) fn raw(&self, kind: u16) -> Option<Vec<u8>> {
        let message = self.message();
        message.raw_attribute(kind.into()).map(|attribute| attribute.value.to_vec())
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message())
    }
}

/// The bytes a forward to a client puts on the wire.
pub(super) fn wire(forward: &Forward, source: &[u8]) -> Vec<u8> {
    let Forward::Client { head, payload, padding, .. } = forward else {
        panic!("not to a client: {forward:?}")
    };
    [head, &source[payload.clone()], &[0, 0, 0][..usize::from(*padding)]].concat()
}
