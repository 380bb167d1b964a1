//! A small STUN and TURN client, just enough to try a server: requests with long-term credentials, one allocation,
//! Send and Data indications, over UDP, TCP and TLS.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use stun_types::attribute::{AttributeWrite, ErrorCode, Nonce, Realm, Username, XorMappedAddress};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageType, MessageWrite, MessageWriteExt, MessageWriteVec, Method, StunWriteError, TransactionId,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};
use turn_types::AddressFamily;
use turn_types::attribute::{
    Data, Lifetime, RequestedAddressFamily, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CREATE_PERMISSION, DATA, REFRESH, SEND};

use super::tls;

/// How long one request may take, retransmissions included.
const ANSWER: Duration = Duration::from_millis(2500);

/// A datagram may be lost: it is sent anew after this, and then after twice as long (RFC 8489 §6.2.1).
const RETRANSMIT: Duration = Duration::from_millis(250);

const STUN_HEADER: usize = 20;

/// How to reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        })
    }
}

/// Why something did not work.
#[derive(Debug)]
pub enum Failure {
    /// No answer in time.
    Silent,
    /// The server says no.
    Refused { code: u16, reason: String },
    /// The connection, or what came over it.
    Broken(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("no answer"),
            Self::Refused { code, reason } => write!(f, "refused with {code} ({reason})"),
            Self::Broken(what) => f.write_str(what),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::Silent,
            io::ErrorKind::ConnectionRefused => Self::Broken("nothing listens there".into()),
            io::ErrorKind::UnexpectedEof => Self::Broken("the connection was closed".into()),
            _ => Self::Broken(error.to_string()),
        }
    }
}

impl From<StunWriteError> for Failure {
    fn from(error: StunWriteError) -> Self {
        Self::Broken(error.to_string())
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

enum Link {
    Udp(UdpSocket),
    Stream(Box<dyn Stream>),
}

/// A client on one 5-tuple.
pub struct Client {
    link: Link,
    server: SocketAddr,
    credentials: Option<LongTermCredentials>,
    /// REALM and NONCE of the last challenge.
    challenge: Option<(String, String)>,
}

impl Client {
    pub async fn connect(server: SocketAddr, transport: Transport) -> Result<Self, Failure> {
        let deadline = Instant::now() + ANSWER;
        let link = match transport {
            Transport::Udp => {
                let any: SocketAddr = match server {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(any).await?;
                socket.connect(server).await?;
                Link::Udp(socket)
            }
            Transport::Tcp => Link::Stream(Box::new(within(deadline, TcpStream::connect(server)).await?)),
            Transport::Tls => Link::Stream(Box::new(within(deadline, tls::connect(server)).await?)),
        };
        Ok(Self { link, server, credentials: None, challenge: None })
    }

    pub fn with_credential(mut self, (username, password): (String, String)) -> Self {
        self.credentials = Some(LongTermCredentials::new(username, password));
        self
    }

    /// The address the server sees this client at.
    pub async fn binding(&mut self) -> Result<SocketAddr, Failure> {
        let answer = self.ask(BINDING, |_| Vec::new()).await?;
        let message = parse(&answer)?;
        let mapped =
            message.attribute::<XorMappedAddress>().map_err(|error| Failure::Broken(error.to_string()))?;
        Ok(mapped.addr(message.transaction_id()))
    }

    /// The relayed address, of the family the server is reached over.
    pub async fn allocate(&mut self) -> Result<SocketAddr, Failure> {
        const UDP: u8 = 17;
        let v6 = self.server.is_ipv6();
        let answer = self
            .ask(ALLOCATE, |_| {
                let mut attributes: Vec<Box<dyn AttributeWrite>> =
                    vec![Box::new(RequestedTransport::new(UDP))];
                if v6 {
                    attributes.push(Box::new(RequestedAddressFamily::new(AddressFamily::IPV6)));
                }
                attributes
            })
            .await?;
        let message = parse(&answer)?;
        let relayed =
            message.attribute::<XorRelayedAddress>().map_err(|error| Failure::Broken(error.to_string()))?;
        Ok(relayed.addr(message.transaction_id()))
    }

    pub async fn permit(&mut self, peer: SocketAddr) -> Result<(), Failure> {
        self.ask(CREATE_PERMISSION, |id| vec![Box::new(XorPeerAddress::new(peer, id))]).await.map(|_| ())
    }

    pub async fn release(&mut self) -> Result<(), Failure> {
        self.ask(REFRESH, |_| vec![Box::new(Lifetime::new(0))]).await.map(|_| ())
    }

    pub async fn send(&mut self, peer: SocketAddr, payload: &[u8]) -> Result<(), Failure> {
        let id = TransactionId::generate();
        let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
        let mut message = Message::builder(kind, id, MessageWriteVec::new());
        message.add_attribute(&XorPeerAddress::new(peer, id))?;
        message.add_attribute(&Data::new(payload))?;
        self.write(&message.finish()).await
    }

    /// The next payload relayed to this client, and whom it is from.
    pub async fn receive(&mut self, deadline: Instant) -> Result<(SocketAddr, Vec<u8>), Failure> {
        loop {
            let bytes = self.read(deadline).await?;
            let message = parse(&bytes)?;
            if !message.has_method(DATA) {
                continue;
            }
            let wrong = |error: stun_types::message::StunParseError| Failure::Broken(error.to_string());
            let peer = message.attribute::<XorPeerAddress>().map_err(wrong)?.addr(message.transaction_id());
            return Ok((peer, message.attribute::<Data<'_>>().map_err(wrong)?.data().to_vec()));
        }
    }

    /// Sends a request and waits for its answer; answers challenges when there is a credential.
    async fn ask(
        &mut self,
        method: Method,
        attributes: impl Fn(TransactionId) -> Vec<Box<dyn AttributeWrite>>,
    ) -> Result<Vec<u8>, Failure> {
        // Two more for the first challenge and for a nonce that has just become stale.
        let mut tries = 3;
        loop {
            tries -= 1;
            let id = TransactionId::generate();
            let answer = self.exchange(id, &self.request(method, id, attributes(id))?).await?;
            let message = parse(&answer)?;
            if message.has_class(MessageClass::Success) {
                return Ok(answer);
            }
            let error =
                message.attribute::<ErrorCode>().map_err(|error| Failure::Broken(error.to_string()))?;
            let challenged = matches!(error.code(), 401 | 438) && self.credentials.is_some();
            // A 401 to the credential itself would come again.
            if !challenged || tries == 0 || error.code() == 401 && self.challenge.is_some() {
                return Err(Failure::Refused { code: error.code(), reason: error.reason().to_owned() });
            }
            let realm = message.attribute::<Realm>().map(|realm| realm.realm().to_owned());
            let nonce = message.attribute::<Nonce>().map(|nonce| nonce.nonce().to_owned());
            let (Ok(realm), Ok(nonce)) = (realm, nonce) else {
                return Err(Failure::Broken("a challenge without realm and nonce".into()));
            };
            self.challenge = Some((realm, nonce));
        }
    }

    fn request(
        &self,
        method: Method,
        id: TransactionId,
        attributes: Vec<Box<dyn AttributeWrite>>,
    ) -> Result<Vec<u8>, Failure> {
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut message = Message::builder(kind, id, MessageWriteVec::new());
        for attribute in &attributes {
            message.add_attribute(attribute.as_ref())?;
        }
        if let (Some(credentials), Some((realm, nonce))) = (&self.credentials, &self.challenge) {
            message.add_attribute(&Username::new(credentials.username())?)?;
            message.add_attribute(&Realm::new(realm)?)?;
            message.add_attribute(&Nonce::new(nonce)?)?;
            let key = MessageIntegrityCredentials::LongTerm(credentials.to_key(realm.clone()));
            message.add_message_integrity(&key, IntegrityAlgorithm::Sha1)?;
        }
        Ok(message.finish())
    }

    async fn exchange(&mut self, id: TransactionId, request: &[u8]) -> Result<Vec<u8>, Failure> {
        let end = Instant::now() + ANSWER;
        let mut pause = RETRANSMIT;
        loop {
            self.write(request).await?;
            let again = match self.link {
                Link::Udp(_) => (Instant::now() + pause).min(end),
                Link::Stream(_) => end,
            };
            loop {
                match self.read(again).await {
                    Ok(bytes) if is_answer(&bytes, id) => return Ok(bytes),
                    Ok(_) => {}
                    Err(Failure::Silent) if again < end => break,
                    Err(failure) => return Err(failure),
                }
            }
            pause *= 2;
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.link {
            Link::Udp(socket) => socket.send(bytes).await.map(|_| ())?,
            Link::Stream(stream) => {
                let write = async {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                };
                within(Instant::now() + ANSWER, write).await?;
            }
        }
        Ok(())
    }

    /// One whole message.
    async fn read(&mut self, deadline: Instant) -> Result<Vec<u8>, Failure> {
        match &mut self.link {
            Link::Udp(socket) => {
                let mut buffer = vec![0; 2048];
                let length = within(deadline, socket.recv(&mut buffer)).await?;
                buffer.truncate(length);
                Ok(buffer)
            }
            Link::Stream(stream) => {
                // A STUN message says itself how long it is (RFC 8489 §6.2.2); there are no channels here.
                let mut message = vec![0; STUN_HEADER];
                within(deadline, stream.read_exact(&mut message)).await?;
                let rest = usize::from(u16::from_be_bytes([message[2], message[3]]));
                message.resize(STUN_HEADER + rest, 0);
                within(deadline, stream.read_exact(&mut message[STUN_HEADER..])).await?;
                Ok(message)
            }
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Message<'_>, Failure> {
    Message::from_bytes(bytes).map_err(|_| Failure::Broken("what answers is no STUN server".into()))
}

fn is_answer(bytes: &[u8], id: TransactionId) -> bool {
    Message::from_bytes(bytes).is_ok_and(|message| message.is_response() && message.transaction_id() == id)
}

async fn within<T>(deadline: Instant, io: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout_at(deadline, io).await.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))
}
