//! A TURN client, over UDP or over a stream that only the worker's API sees.

use std::{
    cell::RefCell,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
};

use kaigi_turn::{FiveTuple, StreamId, Transport};
use stun_types::{
    attribute::{ErrorCode, Nonce, RawAttribute, XorMappedAddress},
    message::{
        IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageType, MessageWrite,
        MessageWriteExt, MessageWriteVec, Method, TransactionId,
    },
};

use tokio::runtime::Runtime;

use super::DEADLINE;
use crate::{Input, Outbox, Worker, media::Media};

pub(super) const ALLOCATE: u16 = 3;
pub(super) const REFRESH: u16 = 4;
pub(super) const CREATE_PERMISSION: u16 = 8;
pub(super) const CHANNEL_BIND: u16 = 9;
const XOR_PEER_ADDRESS: u16 = 0x12;
const DATA: u16 = 0x13;

pub(super) enum Path {
    Udp(UdpSocket),
    Stream {
        worker: Worker,
        from: FiveTuple,
        outbox: Arc<Outbox>,
        runtime: Runtime,
    },
    /// A stream of what a thread owns, without the thread.
    Direct {
        media: RefCell<Box<Media>>,
        from: FiveTuple,
        outbox: Arc<Outbox>,
        runtime: Runtime,
    },
}

impl Path {
    fn send(&self, bytes: &[u8]) {
        match self {
            Path::Udp(socket) => {
                socket.send(bytes).unwrap();
            }
            Path::Stream { worker, from, runtime, .. } => {
                let frames = bytes.to_vec().into();
                runtime.block_on(worker.tell(Input::StreamFrames { from: *from, frames }));
            }
            Path::Direct { media, from, .. } => {
                let frames = bytes.to_vec().into();
                media.borrow_mut().handle_input(Input::StreamFrames { from: *from, frames });
            }
        }
    }

    pub(super) fn receive(&self) -> Vec<u8> {
        match self {
            Path::Udp(socket) => {
                let mut buffer = [0; 4096];
                let length = socket.recv(&mut buffer).expect("something comes");
                buffer[..length].to_vec()
            }
            Path::Stream { outbox, runtime, .. } | Path::Direct { outbox, runtime, .. } => {
                runtime.block_on(async {
                    let mut taken = Vec::new();
                    let came = tokio::time::timeout(DEADLINE, outbox.take(&mut taken)).await;
                    assert!(came.expect("something comes"), "the outbox is closed");
                    taken
                })
            }
        }
    }
}

pub(super) struct Client {
    pub(super) path: Path,
    nonce: Option<String>,
    transactions: u128,
}

impl Client {
    pub(super) fn udp(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(server).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { path: Path::Udp(socket), nonce: None, transactions: 0 }
    }

    /// A stream of this number: it belongs to the thread of this number, modulo the threads.
    pub(super) fn stream(worker: &Worker, id: u64) -> Self {
        let (from, outbox, runtime) = stream(id);
        runtime.block_on(worker.tell(Input::StreamOpened { from, outbox: outbox.clone() }));
        let path = Path::Stream { worker: worker.clone(), from, outbox, runtime };
        Self { path, nonce: None, transactions: 0 }
    }

    pub(super) fn direct(mut media: Media) -> Self {
        let (from, outbox, runtime) = stream(0);
        media.handle_input(Input::StreamOpened { from, outbox: outbox.clone() });
        let path = Path::Direct { media: RefCell::new(Box::new(media)), from, outbox, runtime };
        Self { path, nonce: None, transactions: 0 }
    }

    /// Sends a request of ann's; returns the answer's error code, or 0, and the answer.
    pub(super) fn request(&mut self, method: u16, attributes: &[(u16, Vec<u8>)]) -> (u16, Vec<u8>) {
        for _ in 0..2 {
            self.transactions += 1;
            let id: TransactionId = self.transactions.into();
            let kind = MessageType::from_class_method(MessageClass::Request, Method::new(method));
            let mut out = Message::builder(kind, id, MessageWriteVec::new());
            for (kind, value) in attributes {
                let value = if *kind == XOR_PEER_ADDRESS { xored(value, id) } else { value.clone() };
                out.add_attribute(&RawAttribute::new((*kind).into(), &value)).unwrap();
            }
            if let Some(nonce) = &self.nonce {
                for (kind, value) in [(0x0006, "ann"), (0x0014, "kaigi"), (0x0015, nonce)] {
                    out.add_attribute(&RawAttribute::new(kind.into(), value.as_bytes())).unwrap();
                }
                let credentials = LongTermKeyCredentials::new("ann".into(), "secret".into(), "kaigi".into());
                out.add_message_integrity(&credentials.into(), IntegrityAlgorithm::Sha1).unwrap();
            }
            self.path.send(&out.finish());
            let answer = self.path.receive();
            let message = Message::from_bytes(&answer).unwrap();
            let code = message.attribute::<ErrorCode>().map_or(0, |error| error.code());
            let nonce = message.attribute::<Nonce>().map(|nonce| nonce.nonce().to_owned());
            if !matches!(code, 401 | 438) || nonce.is_err() {
                return (code, answer);
            }
            self.nonce = nonce.ok();
        }
        panic!("the credentials are refused");
    }

    /// Allocates; returns the relayed address.
    pub(super) fn allocate(&mut self) -> SocketAddr {
        let (code, answer) = self.request(ALLOCATE, &[(0x0019, vec![17, 0, 0, 0])]);
        assert_eq!(code, 0);
        let message = Message::from_bytes(&answer).unwrap();
        let relayed = message.raw_attribute(0x0016.into()).unwrap();
        // XOR-RELAYED-ADDRESS is written as XOR-MAPPED-ADDRESS is.
        let mapped = RawAttribute::new(0x0020.into(), &relayed.value).into_owned();
        XorMappedAddress::try_from(&mapped).unwrap().addr(message.transaction_id())
    }

    pub(super) fn permit(&mut self, peer: SocketAddr) -> u16 {
        self.request(CREATE_PERMISSION, &[(XOR_PEER_ADDRESS, plain(peer))]).0
    }

    pub(super) fn bind(&mut self, channel: u16, peer: SocketAddr) -> u16 {
        let [high, low] = channel.to_be_bytes();
        let attributes = [(0x000C, vec![high, low, 0, 0]), (XOR_PEER_ADDRESS, plain(peer))];
        self.request(CHANNEL_BIND, &attributes).0
    }

    pub(super) fn send_channel(&self, channel: u16, payload: &[u8]) {
        self.path.send(&channel_data(channel, payload));
    }

    pub(super) fn send_indication(&self, peer: SocketAddr, payload: &[u8]) {
        let kind = MessageType::from_class_method(MessageClass::Indication, Method::new(6));
        let mut out = Message::builder(kind, 5.into(), MessageWriteVec::new());
        let peer = xored(&plain(peer), 5.into());
        out.add_attribute(&RawAttribute::new(XOR_PEER_ADDRESS.into(), &peer)).unwrap();
        out.add_attribute(&RawAttribute::new(DATA.into(), payload)).unwrap();
        self.path.send(&out.finish());
    }
}

fn stream(id: u64) -> (FiveTuple, Arc<Outbox>, Runtime) {
    let from = FiveTuple {
        client: SocketAddr::new("127.0.0.1".parse().unwrap(), 40_000 + id as u16),
        server: Some("127.0.0.1".parse().unwrap()),
        transport: Transport::Tcp(StreamId(id)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    (from, Arc::default(), runtime)
}

/// ChannelData, padded as on a stream.
pub(super) fn channel_data(channel: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = channel.to_be_bytes().to_vec();
    frame.extend((payload.len() as u16).to_be_bytes());
    frame.extend(payload);
    frame.resize(frame.len().next_multiple_of(4), 0);
    frame
}

/// An attribute of a Data indication.
pub(super) fn attribute(message: &[u8], kind: u16) -> Option<Vec<u8>> {
    let message = Message::from_bytes(message).ok()?;
    Some(message.raw_attribute(kind.into())?.value.to_vec())
}

/// An IPv4 peer as MAPPED-ADDRESS would hold it.
fn plain(peer: SocketAddr) -> Vec<u8> {
    let SocketAddr::V4(peer) = peer else { panic!("IPv4 only") };
    [&[0, 1][..], &peer.port().to_be_bytes(), &peer.ip().octets()].concat()
}

/// The same, XORed; IPv4's does not depend on the transaction.
fn xored(plain: &[u8], _: TransactionId) -> Vec<u8> {
    const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
    let port = plain[2..4].iter().zip(COOKIE).map(|(byte, key)| byte ^ key);
    let ip = plain[4..8].iter().zip(COOKIE).map(|(byte, key)| byte ^ key);
    plain[..2].iter().copied().chain(port).chain(ip).collect()
}
