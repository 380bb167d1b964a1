//! What the kernel does for us, asked without sending anything.

use std::{io, net::Ipv4Addr};

use quinn_udp::{UdpSockRef, UdpSocketState};

/// Datagrams the kernel takes and gives in one call; 1 where it cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offload {
    /// Sending (GSO).
    pub gso_segments: usize,
    /// Receiving (GRO).
    pub gro_segments: usize,
}

/// Asks with a socket of its own.
pub fn offload() -> io::Result<Offload> {
    let socket = crate::bind((Ipv4Addr::UNSPECIFIED, 0).into())?;
    let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
    Ok(Offload { gso_segments: state.max_gso_segments(), gro_segments: state.gro_segments() })
}
