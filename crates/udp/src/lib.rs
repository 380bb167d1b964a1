//! UDP sockets that read in batches, know which local address a datagram came to, and answer from it.

use std::{
    io::{self, IoSliceMut},
    net::SocketAddr,
};

use kaigi_packet::{Receive, Transmit};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Type};
use tokio::{io::Interest, net::UdpSocket};

/// Room for one datagram, or for as many as the kernel joins into one read (GRO).
const BUFFER: usize = 64 * 1024;

/// A bound UDP socket of one address family.
#[derive(Debug)]
pub struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
}

impl Socket {
    /// Binds. IPv6 sockets do not take IPv4: each family has a socket of its own.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let io = UdpSocket::from_std(socket.into())?;
        let state = UdpSocketState::new(UdpSockRef::from(&io))?;
        Ok(Self { io, state })
    }

    /// The address it is bound to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// Waits for datagrams, gives each to `handle` and returns how many there were.
    pub async fn receive(&self, batch: &mut Batch, mut handle: impl FnMut(Receive<'_>)) -> io::Result<usize> {
        let count = loop {
            self.io.readable().await?;
            let mut buffers = batch.buffers.each_mut().map(|buffer| IoSliceMut::new(buffer));
            let read = self.io.try_io(Interest::READABLE, || {
                self.state.recv(UdpSockRef::from(&self.io), &mut buffers, &mut batch.meta)
            });
            match read {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                // ICMP "port unreachable" for something sent earlier: not about this socket.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error),
            }
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

    /// Sends at once, or fails with `WouldBlock`: a full socket buffer drops, it never waits.
    pub fn try_send(&self, transmit: &Transmit) -> io::Result<()> {
        self.io.try_io(Interest::WRITABLE, || {
            self.state.try_send(
                UdpSockRef::from(&self.io),
                &quinn_udp::Transmit {
                    destination: transmit.destination,
                    ecn: None,
                    contents: &transmit.payload,
                    segment_size: None,
                    src_ip: transmit.local,
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
            let Ok(socket) = Socket::bind(any.parse().unwrap()) else {
                assert!(any.starts_with('['), "IPv4 must work");
                continue;
            };
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
                socket
                    .receive(&mut batch, |receive| {
                        assert_eq!(receive.local, Some(target.ip()));
                        seen.push(receive.payload.to_vec());
                        let answer = Transmit {
                            destination: receive.source,
                            local: receive.local,
                            payload: receive.payload.to_vec(),
                        };
                        socket.try_send(&answer).unwrap();
                    })
                    .await
                    .unwrap();
            }
            assert_eq!(seen, [b"one".to_vec(), b"two".to_vec()]);
            let mut buffer = [0; 16];
            let (length, source) = client.recv_from(&mut buffer).await.unwrap();
            assert_eq!((&buffer[..length], source), (&b"one"[..], target));
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_refused() {
        let first = Socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = Socket::bind(first.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
