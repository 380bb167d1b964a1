//! The floor: what moving the packets costs, and nothing else. One socket for all clients and one per allocation,
//! as a TURN server has; reads in batches and trains (GRO), sends runs as one (GSO), takes the four bytes of
//! ChannelData off and puts them on. No authentication, permissions, quotas, timers or checks: it finds the relay
//! by the channel's number alone, and believes everybody. Never to be run for anything but this comparison.

use std::{
    io::{self, IoSlice},
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    time::Duration,
};

use crate::{
    FIRST_CHANNEL,
    sys::{self, Events, Poll, Received},
};

/// Begins a request for a relay: not STUN, not ChannelData. Channel, peer's address and port follow.
const REQUEST: [u8; 4] = [0xff, b'f', b'l', b'r'];

/// Datagrams in one send: no more than the kernel takes.
const RUN: usize = 32;

/// Bytes in one send: less than an IP packet can hold.
const RUN_BYTES: usize = 64_000;

const BUFFERS: i32 = 4 << 20;

/// An answer is waited for this long.
const WAIT: Duration = Duration::from_millis(200);

struct Relay {
    socket: UdpSocket,
    client: SocketAddrV4,
    peer: SocketAddrV4,
    channel: u16,
}

/// Serves for ever.
pub fn run(port: u16) -> io::Result<()> {
    let clients = open(port)?;
    let poll = Poll::new()?;
    poll.add(&clients, usize::MAX)?;
    let mut relays: Vec<Relay> = Vec::new();
    let (mut events, mut received) = (Events::new(), Received::new());
    loop {
        for ready in poll.wait(&mut events, None)? {
            if let Some(relay) = relays.get(ready) {
                received.read(relay.socket.as_raw_fd())?;
                to_client(relay, &clients, &received);
            } else {
                received.read(clients.as_raw_fd())?;
                to_peers(&relays, &received);
                for (client, bytes, _) in
                    received.trains().filter(|(_, bytes, _)| bytes.starts_with(&REQUEST))
                {
                    let mut port = 0;
                    if let Some(relay) = allocate(client, bytes, relays.len())? {
                        poll.add(&relay.socket, relays.len())?;
                        port = relay.socket.local_addr()?.port();
                        relays.push(relay);
                    }
                    clients.send_to(&[REQUEST.as_slice(), &port.to_be_bytes()].concat(), client)?;
                }
            }
        }
    }
}

/// It answers.
pub fn is_up(socket: &UdpSocket) -> bool {
    // Nobody's channel: the answer is that there is no such relay.
    request(socket, 0, SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).is_ok()
}

/// Asks for a relay; returns its address.
pub fn request(socket: &UdpSocket, channel: u16, peer: SocketAddrV4) -> io::Result<SocketAddrV4> {
    let [high, low] = channel.to_be_bytes();
    let [p, q] = peer.port().to_be_bytes();
    socket.send(&[&REQUEST[..], &[high, low], &peer.ip().octets(), &[p, q]].concat())?;
    let mut answer = [0; 6];
    socket.set_read_timeout(Some(WAIT))?;
    match socket.recv(&mut answer)? {
        6 if answer.starts_with(&REQUEST) => {
            Ok(SocketAddrV4::new(Ipv4Addr::LOCALHOST, u16::from_be_bytes([answer[4], answer[5]])))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn open(port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
    socket.set_nonblocking(true)?;
    sys::set_buffers(&socket, BUFFERS);
    sys::set_gro(&socket, true)?;
    Ok(socket)
}

/// The next relay; channels are given in order, so that they are indexes.
fn allocate(client: SocketAddrV4, request: &[u8], next: usize) -> io::Result<Option<Relay>> {
    let &[_, _, _, _, high, low, a, b, c, d, p, q] = request else { return Ok(None) };
    let channel = u16::from_be_bytes([high, low]);
    if usize::from(channel.wrapping_sub(FIRST_CHANNEL)) != next {
        return Ok(None);
    }
    let peer = SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([p, q]));
    Ok(Some(Relay { socket: open(0)?, client, peer, channel }))
}

/// From clients to peers: runs through the same relay.
fn to_peers(relays: &[Relay], received: &Received) {
    let mut run = Run::new();
    let mut current = usize::MAX;
    for (_, bytes, stride) in received.trains() {
        for datagram in bytes.chunks(stride) {
            let &[high, low, _, _, ref payload @ ..] = datagram else { continue };
            let index = usize::from(u16::from_be_bytes([high, low]).wrapping_sub(FIRST_CHANNEL));
            if index != current || !run.takes(payload.len()) {
                if let Some(relay) = relays.get(current) {
                    run.send(&relay.socket, relay.peer);
                }
                current = index;
            }
            run.push(None, payload);
        }
    }
    if let Some(relay) = relays.get(current) {
        run.send(&relay.socket, relay.peer);
    }
}

/// From a peer to its client: all of it is one run, as long as the sizes are the same.
fn to_client(relay: &Relay, clients: &UdpSocket, received: &Received) {
    let Some((_, _, first)) = received.trains().next() else { return };
    // One header is good for all datagrams of the same size.
    let mut size = first;
    let mut header = head(relay.channel, size);
    let mut rest = received.trains().flat_map(|(_, bytes, stride)| bytes.chunks(stride)).peekable();
    while rest.peek().is_some() {
        let mut run = Run::new();
        while let Some(payload) = rest.next_if(|payload| payload.len() == size && run.takes(size + 4)) {
            run.push(Some(&header), payload);
        }
        run.send(clients, relay.client);
        if let Some(next) = rest.peek() {
            size = next.len();
            header = head(relay.channel, size);
        }
    }
}

fn head(channel: u16, length: usize) -> [u8; 4] {
    let ([a, b], [c, d]) = (channel.to_be_bytes(), (length as u16).to_be_bytes());
    [a, b, c, d]
}

/// Datagrams of one size for one destination.
struct Run<'a> {
    slices: [IoSlice<'a>; 2 * RUN],
    used: usize,
    datagrams: usize,
    size: usize,
}

impl<'a> Run<'a> {
    fn new() -> Self {
        Self { slices: [IoSlice::new(&[]); 2 * RUN], used: 0, datagrams: 0, size: 0 }
    }

    fn takes(&self, size: usize) -> bool {
        let fits = self.datagrams < RUN && (self.datagrams + 1) * size <= RUN_BYTES;
        self.datagrams == 0 || size == self.size && fits
    }

    fn push(&mut self, header: Option<&'a [u8; 4]>, payload: &'a [u8]) {
        for slice in header.map(|header| &header[..]).into_iter().chain([payload]) {
            self.slices[self.used] = IoSlice::new(slice);
            self.used += 1;
        }
        self.datagrams += 1;
        self.size = payload.len() + header.map_or(0, |header| header.len());
    }

    /// Empties it. What the kernel does not take is lost, and seen as such by the load generator.
    fn send(&mut self, socket: &UdpSocket, to: SocketAddrV4) {
        let segment = (self.datagrams > 1).then_some(self.size as u16);
        if self.datagrams > 0 {
            let _ = sys::send(socket.as_raw_fd(), Some(to), &self.slices[..self.used], segment);
        }
        (self.used, self.datagrams) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_holds_datagrams_of_one_size_up_to_what_the_kernel_takes() {
        let payload = [0; 1200];
        let mut run = Run::new();
        assert!(run.takes(1200));
        for count in 0..RUN {
            // An empty one takes any size.
            assert!(run.takes(1204) && run.takes(1203) == (count == 0));
            run.push(Some(&[0; 4]), &payload);
        }
        assert!(!run.takes(1204));
        let (large, mut run) = ([0; 30_000], Run::new());
        run.push(None, &large);
        run.push(None, &large);
        assert!(!run.takes(30_000));
    }

    #[test]
    fn datagrams_keep_their_bounds_and_order_both_ways() {
        let probe = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = probe.local_addr().unwrap().port();
        drop(probe);
        std::thread::spawn(move || run(port));
        let [client, peer] = [(); 2].map(|()| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            socket
        });
        client.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        while !is_up(&client) {}
        let peer_port = peer.local_addr().unwrap().port();
        let relay =
            request(&client, FIRST_CHANNEL, SocketAddrV4::new(Ipv4Addr::LOCALHOST, peer_port)).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let datagrams: Vec<Vec<u8>> = [100, 100, 100, 60, 200, 200, 100]
            .iter()
            .zip(1..)
            .map(|(size, byte)| vec![byte; *size])
            .collect();
        let mut buffer = [0; 2048];
        for datagram in &datagrams {
            let head = head(FIRST_CHANNEL, datagram.len());
            client.send(&[&head[..], datagram].concat()).unwrap();
        }
        for datagram in &datagrams {
            let (length, source) = peer.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], source), (&datagram[..], relay.into()));
        }
        for datagram in &datagrams {
            peer.send_to(datagram, relay).unwrap();
        }
        for datagram in &datagrams {
            let length = client.recv(&mut buffer).unwrap();
            let head = head(FIRST_CHANNEL, datagram.len());
            assert_eq!(buffer[..length], [&head[..], datagram].concat());
        }
    }
}
