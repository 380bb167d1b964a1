//! What goes into the core and what comes out of it.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    ops::{Deref, Range},
    time::{Duration, Instant},
};

use crate::{metrics::Counters, policy::Denial};

/// The time, as both clocks show it.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For deadlines; must never go back.
    pub instant: Instant,
    /// For credentials: seconds since the Unix epoch.
    pub unix_s: u64,
}

/// One TCP or TLS connection, numbered by the caller; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u64);

/// How a client talks to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A TCP connection.
    Tcp(StreamId),
    /// TLS over TCP.
    Tls(StreamId),
}

impl Transport {
    /// The connection, if it is one.
    pub fn stream(self) -> Option<StreamId> {
        match self {
            Transport::Udp => None,
            Transport::Tcp(id) | Transport::Tls(id) => Some(id),
        }
    }

    /// `udp`, `tcp` or `tls`, for metrics' labels.
    pub fn name(self) -> &'static str {
        ["udp", "tcp", "tls"][self.index()]
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Transport::Udp => 0,
            Transport::Tcp(_) => 1,
            Transport::Tls(_) => 2,
        }
    }
}

/// Client and server addresses and the transport between them: what names an allocation (RFC 8656 §3.2). All
/// messages of one stream name the same addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiveTuple {
    /// The client as we see it: the server-reflexive address.
    pub client: SocketAddr,
    /// Which of our addresses it talks to, where the system tells. The port is one for the whole server.
    pub server: Option<IpAddr>,
    /// UDP, or which stream.
    pub transport: Transport,
}

/// A relay socket. Dense: [`RelayId::index`] stays below the most relays ever open at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RelayId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl RelayId {
    /// For tables of the caller's own; a closed relay's index is used again.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// An IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The version of an address.
    pub fn of(ip: IpAddr) -> Self {
        if ip.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Family::V4 => 0,
            Family::V6 => 1,
        }
    }
}

/// Why a relay socket could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayError {
    /// No port (or no even one) is free, or the system refused: 508.
    NoCapacity,
    /// The system has no address of this family: 440.
    FamilyNotSupported,
}

/// What became of a client's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Data to send on now; nothing was queued.
    Forward(Forward),
    /// Taken; drain the outputs.
    Handled,
    /// Nothing comes of it.
    Dropped(Dropped),
}

/// Where a piece of the message that was handed in goes. The payload is a range of *that* slice, so the caller
/// sends it from where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forward {
    /// From a relay socket to a peer: the payload and nothing else.
    Peer {
        /// From this socket.
        relay: RelayId,
        /// To this peer.
        peer: SocketAddr,
        /// What.
        payload: Range<usize>,
        /// With the DF bit set (RFC 8656 §15).
        dont_fragment: bool,
    },
    /// To a client: `head`, the payload, then `padding` zero bytes, as one datagram or stream frame.
    Client {
        /// To this client, from the address it talks to.
        client: FiveTuple,
        /// Before the payload: ChannelData's or a Data indication's.
        head: Head,
        /// What.
        payload: Range<usize>,
        /// 0 to 3.
        padding: u8,
    },
    /// To the media thread that owns the relay `to`, for its [`Server::handle_handover`](crate::Server::handle_handover).
    Neighbour {
        /// The thread, as named in [`Server::add_neighbour`](crate::Server::add_neighbour).
        thread: u16,
        /// The sender's relayed address.
        from: SocketAddr,
        /// The receiver's relayed address.
        to: SocketAddr,
        /// What.
        payload: Range<usize>,
    },
    /// To the SFU of this process; what it answers comes back by [`Server::handle_sfu`](crate::Server::handle_sfu).
    Sfu {
        /// The client's relayed address.
        from: SocketAddr,
        /// The address of ours it was sent to; an answer has to come from it.
        to: SocketAddr,
        /// What.
        payload: Range<usize>,
    },
}

/// The bytes that come before a payload, at most 48: a Data indication with an IPv6 peer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Head {
    bytes: [u8; Head::MOST],
    length: u8,
}

impl Head {
    const MOST: usize = 48;

    pub(crate) fn new() -> Self {
        Self { bytes: [0; Self::MOST], length: 0 }
    }

    /// ChannelData's header (RFC 8656 §12.4).
    pub(crate) fn channel_data(number: u16, length: u16) -> Self {
        let mut head = Self::new();
        head.bytes[..2].copy_from_slice(&number.to_be_bytes());
        head.bytes[2..4].copy_from_slice(&length.to_be_bytes());
        head.length = 4;
        head
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let start = usize::from(self.length);
        let end = (start + bytes.len()).min(Self::MOST);
        self.bytes[start..end].copy_from_slice(&bytes[..end - start]);
        self.length = end as u8;
    }
}

impl Deref for Head {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Head").field(&&**self).finish()
    }
}

/// Why nothing came of a message or datagram. Each is counted in [`Metrics`](crate::Metrics).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Dropped {
    /// Not a STUN message or ChannelData, or a wrong FINGERPRINT, or an indication without what it needs.
    Malformed,
    /// A response, or an indication only servers send: nobody waits for an answer (RFC 8489 §6.3.2).
    NotARequest,
    /// From or to port 0, where no answer can go.
    PortZero,
    /// A method this server does not speak (RFC 8489 §6.3: silently discarded).
    UnknownMethod,
    /// An answer without proof of the sender's address would exceed its network's budget.
    OverBudget,
    /// A retransmission of an Allocate that is being worked on.
    InProgress,
    /// Data over a 5-tuple that has no allocation, or for a relay that is closed.
    NoAllocation,
    /// Data on a channel that is not bound.
    NoChannel,
    /// To or from a peer without permission (RFC 8656 §9).
    NoPermission,
    /// To a peer the policy denies.
    Denied(Denial),
    /// More than the bandwidth of the credential or the source address.
    OverBandwidth,
    /// Too long to be framed.
    TooLong,
}

/// Something for the caller to do or to note, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this to a client: an answer, or a Data indication that tells an ICMP error.
    Message {
        /// To whom, from the address it talks to.
        client: FiveTuple,
        /// A whole STUN message, a multiple of 4 bytes: already a stream frame.
        payload: Vec<u8>,
    },
    /// Open a relay socket, bound to a port of the system's choice, and say how it went with
    /// [`Server::handle_relay_opened`](crate::Server::handle_relay_opened).
    OpenRelay {
        /// Its name from now on.
        relay: RelayId,
        /// Its family.
        family: Family,
        /// The port has to be even (RFC 8656 §18.7).
        even_port: bool,
        /// For whom: the relayed address shall be one that this client's peers can reach.
        client: FiveTuple,
    },
    /// Close a relay socket (or forget about opening it).
    CloseRelay(RelayId),
    /// For logs and metrics.
    Event(Event),
}

/// A step in an allocation's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It lives.
    Created {
        /// Numbers this allocation in the log.
        allocation: u64,
        /// Whose.
        client: FiveTuple,
        /// The credential's account: personal data.
        account: String,
        /// XOR-RELAYED-ADDRESS, IPv4 and IPv6, each with its relay.
        relays: [Option<(RelayId, SocketAddr)>; 2],
        /// The granted lifetime.
        lifetime: Duration,
    },
    /// Its lifetime was prolonged.
    Refreshed {
        /// Which.
        allocation: u64,
        /// The granted lifetime.
        lifetime: Duration,
    },
    /// It is gone.
    Closed {
        /// Which.
        allocation: u64,
        /// Whose.
        client: FiveTuple,
        /// Why.
        reason: CloseReason,
        /// How long it lived.
        age: Duration,
        /// What it carried.
        counters: Counters,
    },
}

/// Why an allocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The client said so (Refresh with lifetime 0).
    Released,
    /// It was not refreshed in time.
    Expired,
    /// Its stream was closed.
    StreamClosed,
}

/// Why the next timeout exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An allocation (of one family) ends if it is not refreshed.
    AllocationExpires,
    /// A relay socket should have been opened by then.
    RelayOpening,
}

/// An ICMP error about a datagram a relay sent (RFC 8656 §11.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// Where that datagram was going.
    pub peer: SocketAddr,
    /// ICMP's type, of the version of `peer`.
    pub kind: u8,
    /// ICMP's code.
    pub code: u8,
    /// The next hop's MTU where the error tells one, otherwise 0.
    pub data: u32,
}
