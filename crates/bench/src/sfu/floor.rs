//! The floor: what encrypting and sending costs, and nothing else. One socket; reads in batches, and of each batch
//! makes a copy for every subscriber: a header, AES-256-GCM with a key of its own, and GSO for what has the same
//! size in a row. No ICE, no DTLS, no decryption, no rewriting, no feedback, no timers, no checks; it believes
//! everybody. Never to be run for anything but this comparison.

use std::{
    io::{self, IoSlice},
    net::{SocketAddrV4, TcpListener, UdpSocket},
    os::fd::AsRawFd,
    time::Duration,
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use kaigi_bench::sys::{self, Events, Poll, Received};

use crate::network::SERVER;

/// A client that wants all that others send: this, and the number it sends under.
const WANT: [u8; 4] = [0xff, b'f', b'l', b'r'];

/// The number of those who send nothing.
pub const SILENT: u8 = 0xff;

/// An RTP header with extensions for the MID and a transport-wide sequence number.
const HEADER: usize = 24;

/// What a packet is longer by than what the publisher sent: header and tag, less the publisher's number.
pub const OVERHEAD: usize = HEADER + 16 - 1;

/// Datagrams and bytes in one send: no more than the kernel takes.
const RUN: usize = 64;
const RUN_BYTES: usize = 64_000;

const BUFFERS: i32 = 4 << 20;
const WAIT: Duration = Duration::from_millis(500);

struct Subscriber {
    address: SocketAddrV4,
    sends_as: u8,
    key: LessSafeKey,
    sequence: u64,
}

/// Serves for ever.
pub fn run(port: u16) -> io::Result<()> {
    let _up = TcpListener::bind((SERVER, port))?;
    let socket = UdpSocket::bind((SERVER, port))?;
    sys::set_buffers(&socket, BUFFERS);
    sys::set_gro(&socket, true)?;
    let poll = Poll::new()?;
    poll.add(&socket, 0)?;
    let (mut events, mut received) = (Events::new(), Received::new());
    let (mut subscribers, mut arena) = (Vec::new(), Vec::with_capacity(RUN_BYTES + 2048));
    loop {
        for _ in poll.wait(&mut events, None)? {
            received.read(socket.as_raw_fd())?;
            let datagrams: Vec<&[u8]> =
                received.trains().flat_map(|(_, bytes, stride)| bytes.chunks(stride)).collect();
            subscribers.iter_mut().for_each(|one| forward(&socket, one, &datagrams, &mut arena));
            for (address, bytes, _) in received.trains() {
                if let Some(&[sends_as]) = bytes.strip_prefix(&WANT) {
                    subscribers.push(Subscriber::new(address, sends_as)?);
                    socket.send_to(&WANT, address)?;
                }
            }
        }
    }
}

/// Asks for all that others send; waits until it is granted.
pub fn subscribe(socket: &UdpSocket, server: SocketAddrV4, sends_as: u8) -> io::Result<()> {
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(WAIT))?;
    socket.send_to(&[&WANT[..], &[sends_as]].concat(), server)?;
    let mut answer = [0; 4];
    while socket.recv(&mut answer)? != WANT.len() || answer != WANT {}
    socket.set_nonblocking(true)
}

impl Subscriber {
    fn new(address: SocketAddrV4, sends_as: u8) -> io::Result<Self> {
        let mut secret = [0; 32];
        secret[..4].copy_from_slice(&address.ip().octets());
        let key = UnboundKey::new(&AES_256_GCM, &secret).map_err(io::Error::other)?;
        Ok(Self { address, sends_as, key: LessSafeKey::new(key), sequence: 0 })
    }

    /// Writes its copy of one packet.
    fn seal(&mut self, payload: &[u8], arena: &mut Vec<u8>) {
        self.sequence += 1;
        let begin = arena.len();
        arena.extend_from_slice(&[0x90; HEADER]);
        arena.extend_from_slice(payload);
        let (header, body) = arena[begin..].split_at_mut(HEADER);
        header[2..10].copy_from_slice(&self.sequence.to_be_bytes());
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&self.sequence.to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        if let Ok(tag) = self.key.seal_in_place_separate_tag(nonce, Aad::from(&*header), body) {
            arena.extend_from_slice(tag.as_ref());
        }
    }
}

/// What is not its own, in runs of one size.
fn forward(socket: &UdpSocket, to: &mut Subscriber, datagrams: &[&[u8]], arena: &mut Vec<u8>) {
    let (mut size, mut count) = (0, 0);
    for datagram in datagrams {
        let Some((&from, payload)) = datagram.split_first() else { continue };
        if from == to.sends_as || from == WANT[0] {
            continue;
        }
        let next = datagram.len() + OVERHEAD;
        // A shorter one may be a run's last.
        let ended = !arena.len().is_multiple_of(size.max(1));
        if count > 0 && (next > size || ended || count == RUN || arena.len() + next > RUN_BYTES) {
            send(socket, to.address, arena, size, &mut count);
        }
        if count == 0 {
            size = next;
        }
        to.seal(payload, arena);
        count += 1;
    }
    if count > 0 {
        send(socket, to.address, arena, size, &mut count);
    }
}

/// What the kernel does not take is lost, and seen as such by the load generator.
fn send(socket: &UdpSocket, to: SocketAddrV4, arena: &mut Vec<u8>, size: usize, count: &mut usize) {
    let segment = (*count > 1).then_some(size as u16);
    let _ = sys::send(socket.as_raw_fd(), Some(to), &[IoSlice::new(arena)], segment);
    arena.clear();
    *count = 0;
}
