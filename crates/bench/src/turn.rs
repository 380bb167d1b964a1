//! A TURN client: as much as it takes to open allocations and channels and keep them open.

use std::{
    io,
    net::{SocketAddr, SocketAddrV4, UdpSocket},
    time::Duration,
};

use stun_types::{
    attribute::{ErrorCode, Nonce, Realm, Username},
    message::{
        IntegrityAlgorithm, LongTermCredentials, Message, MessageClass, MessageIntegrityCredentials,
        MessageWrite, MessageWriteExt, MessageWriteVec, Method, StunWriteError, TransactionId,
    },
};
use turn_types::{
    attribute::{ChannelNumber, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress},
    message::{ALLOCATE, CHANNEL_BIND},
};

/// IANA's number of UDP.
const UDP: u8 = 17;

/// As long as any server grants.
const LIFETIME_S: u32 = 3600;

/// An answer is waited for this long, this often.
const WAIT: Duration = Duration::from_millis(500);
const TRIES: usize = 5;

/// One client on one socket, which is connected to the server.
pub struct Client {
    credentials: LongTermCredentials,
    challenge: Option<Challenge>,
}

struct Challenge {
    nonce: String,
    key: MessageIntegrityCredentials,
}

impl Client {
    /// Knows only its password yet.
    pub fn new(name: &str, password: &str) -> Self {
        Self { credentials: LongTermCredentials::new(name.into(), password.into()), challenge: None }
    }

    /// Opens an allocation; returns the relay's address.
    pub fn allocate(&mut self, socket: &UdpSocket) -> io::Result<SocketAddrV4> {
        let answer = self.request(socket, ALLOCATE, |message, _| {
            message.add_attribute(&RequestedTransport::new(UDP))?;
            message.add_attribute(&Lifetime::new(LIFETIME_S))
        })?;
        let answer = parsed(&answer)?;
        let relayed = answer.attribute::<XorRelayedAddress>().map_err(io::Error::other)?;
        match relayed.addr(answer.transaction_id()) {
            SocketAddr::V4(relayed) => Ok(relayed),
            SocketAddr::V6(other) => Err(io::Error::other(format!("the relay is {other}, not IPv4"))),
        }
    }

    /// Binds a channel to a peer, or binds it again so that it stays.
    pub fn bind(&mut self, socket: &UdpSocket, channel: u16, peer: SocketAddrV4) -> io::Result<()> {
        self.request(socket, CHANNEL_BIND, |message, transaction| {
            message.add_attribute(&ChannelNumber::new(channel))?;
            message.add_attribute(&XorPeerAddress::new(peer.into(), transaction))
        })
        .map(drop)
    }

    /// A request and its answer; learns realm and nonce from challenges (RFC 8489 §9.2).
    fn request(
        &mut self,
        socket: &UdpSocket,
        method: Method,
        attributes: impl Fn(&mut MessageWriteVec, TransactionId) -> Result<(), StunWriteError>,
    ) -> io::Result<Vec<u8>> {
        for _ in 0..3 {
            let mut message = Message::builder_request(method, MessageWriteVec::new());
            let transaction = message.transaction_id();
            attributes(&mut message, transaction)
                .and_then(|()| self.sign(&mut message))
                .map_err(io::Error::other)?;
            let bytes = exchange(socket, &message.finish(), transaction)?;
            let answer = parsed(&bytes)?;
            if answer.class() == MessageClass::Success {
                return Ok(bytes);
            }
            let error = answer.attribute::<ErrorCode>().map_err(io::Error::other)?;
            if !matches!(error.code(), 401 | 438) {
                return Err(io::Error::other(format!(
                    "{method} was answered {} {}",
                    error.code(),
                    error.reason()
                )));
            }
            let nonce = answer.attribute::<Nonce>().map_err(io::Error::other)?;
            let realm = answer.attribute::<Realm>().map_err(io::Error::other)?;
            self.challenge = Some(Challenge {
                nonce: nonce.nonce().to_owned(),
                key: self.credentials.to_key(realm.realm().to_owned()).into(),
            });
        }
        Err(io::Error::other(format!("{method}: challenged for ever; the server does not take the password")))
    }

    fn sign(&self, message: &mut MessageWriteVec) -> Result<(), StunWriteError> {
        let Some(Challenge { nonce, key }) = &self.challenge else { return Ok(()) };
        let MessageIntegrityCredentials::LongTerm(long_term) = key else { return Ok(()) };
        message.add_attribute(&Username::new(long_term.username())?)?;
        message.add_attribute(&Realm::new(long_term.realm())?)?;
        message.add_attribute(&Nonce::new(nonce)?)?;
        message.add_message_integrity(key, IntegrityAlgorithm::Sha1)
    }
}

/// Sends until the answer to this transaction comes; everything else that comes is dropped.
fn exchange(socket: &UdpSocket, request: &[u8], transaction: TransactionId) -> io::Result<Vec<u8>> {
    socket.set_read_timeout(Some(WAIT))?;
    let mut buffer = [0; 2048];
    for _ in 0..TRIES {
        socket.send(request)?;
        loop {
            match socket.recv(&mut buffer) {
                Ok(length) => {
                    let answer = Message::from_bytes(&buffer[..length]);
                    if answer.is_ok_and(|answer| answer.transaction_id() == transaction) {
                        return Ok(buffer[..length].to_vec());
                    }
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer"))
}

/// A Binding request is answered: the server is up.
pub fn is_up(socket: &UdpSocket) -> bool {
    let message = Message::builder_request(stun_types::message::BINDING, MessageWriteVec::new());
    let transaction = message.transaction_id();
    exchange(socket, &message.finish(), transaction).is_ok()
}

fn parsed(bytes: &[u8]) -> io::Result<Message<'_>> {
    Message::from_bytes(bytes).map_err(io::Error::other)
}
