//! What travels between the sockets and the cores: packets as values, and telling by first bytes what
//! they are. Contains no networking code.

pub mod demux;
pub mod framing;
pub mod stun;

use std::net::{IpAddr, SocketAddr};

/// A datagram that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receive<'a> {
    /// Who sent it.
    pub source: SocketAddr,
    /// Which of our addresses it was sent to, where the system tells.
    pub local: Option<IpAddr>,
    /// What it holds.
    pub payload: &'a [u8],
}

/// One or several datagrams to send to one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    /// To whom.
    pub destination: SocketAddr,
    /// From which of our addresses: an answer comes from the address that was asked.
    pub local: Option<IpAddr>,
    /// What they hold, one after the other.
    pub payload: &'a [u8],
    /// Bytes of each; the last may be shorter. A single datagram has as many as `payload`.
    pub segment: usize,
}
