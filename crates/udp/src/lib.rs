//! UDP sockets that read in batches, know which local address a datagram came to, and answer from it.

use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
};

use kaigi_packet::Receive;
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Type};
use tokio::{io::Interest, net::UdpSocket};

/// Room for one datagram, or for as many as the kernel joins into one read (GRO).
const BUFFER: usize = 64 * 1024;

/// Binds a UDP socket, to be used by a [`Socket`] of whichever thread it is for. IPv6 sockets do not take
/// IPv4: each family has a socket of its own.
pub fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// A bound UDP socket of one address family, belonging to the runtime it was made in.
#[derive(Debug)]
pub struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
}

impl Socket {
    /// Takes a socket from [`bind`].
    pub fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        let io = UdpSocket::from_std(socket)?;
        let state = UdpSocketState::new(UdpSockRef::from(&io))?;
        Ok(Self { io, state })
    }

    /// The address it is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// Waits until there may be something to receive.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Gives each datagram that is there to `handle`, and returns how many there were; none is no error.
    pub fn try_receive(&self, batch: &mut Batch, mut handle: impl FnMut(Receive<'_>)) -> io::Result<usize> {
        let mut buffers = batch.buffers.each_mut().map(|buffer| IoSliceMut::new(buffer));
        let read = self.io.try_io(Interest::READABLE, || {
            self.state.recv(UdpSockRef::from(&self.io), &mut buffers, &mut batch.meta)
        });
        let count = match read {
            Ok(count) => count,
            // Nothing there, or an ICMP "port unreachable" for something sent earlier: not about this socket.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionRefused) =>
            {
                0
            }
            Err(error) => return Err(error),
        };
        let mut datagrams = 0;
        for (meta, buffer) in batch.meta.iter().zip(&batch.buffers).take(count) {
            let bytes = &buffer[..meta.len.min(BUFFER)];
            for payload in bytes.chunks(meta.stride.max(1)) {
                datagrams += 1;
                handle(Receive { source: meta.addr, local: meta.dst_ip, payload });
            }
        }
        Ok(datagrams)
    }

    /// Sends at once, or fails with `WouldBlock`: a full socket buffer drops, it never waits. `local` is the
    /// address it leaves from; a socket bound to one address needs none.
    pub fn try_send(&self, destination: SocketAddr, local: Option<IpAddr>, payload: &[u8]) -> io::Result<()> {
        self.io.try_io(Interest::WRITABLE, || {
            self.state.try_send(
                UdpSockRef::from(&self.io),
                &quinn_udp::Transmit {
                    destination,
                    ecn: None,
                    contents: payload,
                    segment_size: None,
                    src_ip: local,
                },
            )
        })
    }
}

/// Buffers for one batch of reads.
pub struct Batch {
    buffers: [Box<[u8]>; BATCH_SIZE],
    meta: [RecvMeta; BATCH_SIZE],
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            buffers: std::array::from_fn(|_| vec![0; BUFFER].into_boxed_slice()),
            meta: [RecvMeta::default(); BATCH_SIZE],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_datagram_is_answered_from_the_address_it_was_sent_to() {
        for (any, local) in [("0.0.0.0:0", "127.0.0.2"), ("[::]:0", "::1")] {
            let Ok(socket) = bind(any.parse().unwrap()) else {
                assert!(any.starts_with('['), "IPv4 must work");
                continue;
            };
            let socket = Socket::new(socket).unwrap();
            let port = socket.local_addr().unwrap().port();
            let client =
                UdpSocket::bind(if local == "::1" { "[::1]:0" } else { "127.0.0.1:0" }).await.unwrap();
            let target = SocketAddr::new(local.parse().unwrap(), port);
            for payload in [&b"one"[..], b"two"] {
                client.send_to(payload, target).await.unwrap();
            }
            let mut seen = Vec::new();
            let mut batch = Batch::default();
            while seen.len() < 2 {
                socket.readable().await.unwrap();
                socket
                    .try_receive(&mut batch, |receive| {
                        assert_eq!(receive.local, Some(target.ip()));
                        seen.push(receive.payload.to_vec());
                        socket.try_send(receive.source, receive.local, receive.payload).unwrap();
                    })
                    .unwrap();
            }
            assert_eq!(seen, [b"one".to_vec(), b"two".to_vec()]);
            let mut buffer = [0; 16];
            let (length, source) = client.recv_from(&mut buffer).await.unwrap();
            assert_eq!((&buffer[..length], source), (&b"one"[..], target));
        }
    }

    #[test]
    fn a_taken_port_is_refused() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = bind(first.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
