//! A socket of one thread.

use std::{
    cell::Cell,
    io::{self, ErrorKind},
    net::{SocketAddr, UdpSocket},
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
};

use kaigi_packet::Transmit;
use quinn_udp::{UdpSockRef, UdpSocketState};

use crate::{Batch, Buffers, QueuedError, errors, options};

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Many talk to it, on a known port.
    Shared,
    /// One client's relay: ICMP errors about what it sends are asked for.
    Relay,
}

/// A bound UDP socket of one address family.
#[derive(Debug)]
pub struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    role: Role,
    granted: Buffers,
    dont_fragment: Cell<bool>,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// There was no more: an edge-triggered poller will tell when there is again.
    pub drained: bool,
}

/// Why datagrams were not sent. They are lost: nobody waits for a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The socket's send buffer is full.
    BufferFull,
    /// The system had no memory, or the interface's queue is full.
    NoBuffers,
    /// The system does not take several datagrams at once for this destination any more: send one by one.
    OneByOne,
    /// Anything else: no route, too long, a firewall.
    Refused(ErrorKind),
}

impl Socket {
    /// Takes a socket from [`bind`](crate::bind) or [`bind_shared`](crate::bind_shared).
    pub fn new(io: UdpSocket, role: Role, buffers: Buffers) -> io::Result<Self> {
        let local = io.local_addr()?;
        let state = prepare(&io, local, role)?;
        let granted = buffers.set(&io)?;
        Ok(Self { io, state, local, role, granted, dont_fragment: Cell::new(false) })
    }

    /// The address it is bound to.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The size of its buffers; less than was asked for where the system's limits are low.
    pub fn buffers(&self) -> Buffers {
        self.granted
    }

    /// Reads what is there, in at most `most` reads, into `batch`. Nothing there is no error.
    pub fn receive(&self, batch: &mut Batch, most: usize) -> io::Result<Filled> {
        let unspecified = self.local.ip().is_unspecified();
        let bound = (!unspecified).then_some(self.local.ip());
        let read =
            batch.fill(most, bound, |slices, meta| self.state.recv(UdpSockRef::from(&self.io), slices, meta));
        match read {
            Ok(count) => Ok(Filled { drained: count < most.min(Batch::MOST) }),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Filled { drained: true }),
            // An ICMP error about something sent earlier, told in the place of a datagram; there may be more.
            Err(error) if is_about_a_peer(error.kind()) => Ok(Filled { drained: false }),
            Err(error) => Err(error),
        }
    }

    /// Sends at once, or not at all. A socket bound to one address needs no `local`.
    pub fn send(&self, transmit: &Transmit<'_>) -> Result<(), SendError> {
        let several = transmit.segment < transmit.payload.len();
        if several && !self.sends_runs() {
            return Err(SendError::OneByOne);
        }
        let unspecified = self.local.ip().is_unspecified();
        let transmit = quinn_udp::Transmit {
            destination: transmit.destination,
            ecn: None,
            contents: transmit.payload,
            segment_size: several.then_some(transmit.segment),
            src_ip: transmit.local.filter(|_| unspecified),
        };
        let mut outcome = self.state.try_send(UdpSockRef::from(&self.io), &transmit);
        // Told once, in the place of this datagram, which was not sent.
        if let Err(error) = &outcome
            && is_about_a_peer(error.kind())
        {
            outcome = self.state.try_send(UdpSockRef::from(&self.io), &transmit);
        }
        outcome.map_err(|error| match (error.kind(), error.raw_os_error()) {
            (ErrorKind::WouldBlock, _) => SendError::BufferFull,
            (_, Some(libc::ENOBUFS | libc::ENOMEM)) => SendError::NoBuffers,
            (_, Some(libc::EINVAL | libc::EIO)) if several => SendError::OneByOne,
            (kind, _) => SendError::Refused(kind),
        })
    }

    /// From now on with the DF bit, or without. Costs nothing when it is so already.
    pub fn set_dont_fragment(&self, on: bool) -> io::Result<()> {
        if self.dont_fragment.get() != on {
            options::set_dont_fragment(&self.io, self.local.is_ipv6(), on)?;
            self.dont_fragment.set(on);
        }
        Ok(())
    }

    /// Can it send several datagrams in one call? quinn-udp stops for good after one that was refused, whatever
    /// the reason.
    pub fn sends_runs(&self) -> bool {
        self.state.max_gso_segments() > 1
    }

    /// Forgets that a run was refused, if one was.
    pub fn try_runs_again(&mut self) -> io::Result<()> {
        if !self.sends_runs() {
            self.state = prepare(&self.io, self.local, self.role)?;
            self.dont_fragment.set(false);
        }
        Ok(())
    }

    /// The next ICMP error about what was sent; for relays only.
    pub fn next_error(&self) -> io::Result<Option<QueuedError>> {
        errors::next(&self.io)
    }

    /// Datagrams the system dropped because nobody read them in time, since the socket was bound.
    pub fn kernel_drops(&self) -> u32 {
        options::drops(&self.io)
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.io.as_raw_fd()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}

fn prepare(io: &UdpSocket, local: SocketAddr, role: Role) -> io::Result<UdpSocketState> {
    let state = UdpSocketState::new(UdpSockRef::from(io))?;
    let ipv6 = local.is_ipv6();
    options::tell_less(io, ipv6, !local.ip().is_unspecified())?;
    options::set_dont_fragment(io, ipv6, false)?;
    if role == Role::Relay {
        options::queue_errors(io, ipv6)?;
    }
    Ok(state)
}

/// Errors that ICMP messages turn into.
fn is_about_a_peer(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable)
}
