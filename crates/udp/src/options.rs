//! Socket options.

use std::{io, net::UdpSocket};

use nix::sys::socket::{getsockopt, setsockopt, sockopt};
use socket2::SockRef;

pub(crate) mod raw {
    //! Options nix does not name.
    use nix::sys::socket::sockopt::{GetStruct, SetStruct};

    /// Path MTU discovery and DF, IPv4.
    #[derive(Clone, Copy)]
    pub(crate) struct MtuDiscover;
    nix::setsockopt_impl!(
        MtuDiscover,
        libc::IPPROTO_IP,
        libc::IP_MTU_DISCOVER,
        libc::c_int,
        SetStruct<'_, libc::c_int>
    );

    #[cfg(test)]
    nix::getsockopt_impl!(
        MtuDiscover,
        libc::IPPROTO_IP,
        libc::IP_MTU_DISCOVER,
        libc::c_int,
        GetStruct<libc::c_int>
    );

    /// Path MTU discovery, IPv6.
    #[derive(Clone, Copy)]
    pub(super) struct MtuDiscover6;
    nix::setsockopt_impl!(
        MtuDiscover6,
        libc::IPPROTO_IPV6,
        libc::IPV6_MTU_DISCOVER,
        libc::c_int,
        SetStruct<'_, libc::c_int>
    );

    /// Memory and drops of a socket.
    #[derive(Clone, Copy)]
    pub(super) struct MemInfo;
    nix::getsockopt_impl!(MemInfo, libc::SOL_SOCKET, libc::SO_MEMINFO, [u32; 9], GetStruct<[u32; 9]>);
}

/// Bytes the system keeps for a socket each way, as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffers {
    /// Arrived and not yet read.
    pub receive: usize,
    /// Sent and not yet with the network card.
    pub send: usize,
}

impl Buffers {
    /// Sets them; what the system granted is less where `net.core.rmem_max` or `net.core.wmem_max` is.
    pub(crate) fn set(self, socket: &UdpSocket) -> io::Result<Self> {
        let socket = SockRef::from(socket);
        socket.set_recv_buffer_size(self.receive)?;
        socket.set_send_buffer_size(self.send)?;
        // Linux doubles what is asked for, for its own bookkeeping.
        Ok(Self { receive: socket.recv_buffer_size()? / 2, send: socket.send_buffer_size()? / 2 })
    }
}

/// Undoes what quinn-udp asks for and a relay has no use for: arrival times, ECN bits, and the local address
/// where the socket is bound to one. Each costs a control message per read.
pub(crate) fn tell_less(socket: &UdpSocket, ipv6: bool, has_address: bool) -> io::Result<()> {
    setsockopt(socket, sockopt::ReceiveTimestampns, &false)?;
    match ipv6 {
        false => SockRef::from(socket).set_recv_tos_v4(false)?,
        true => SockRef::from(socket).set_recv_tclass_v6(false)?,
    }
    if has_address {
        match ipv6 {
            false => setsockopt(socket, sockopt::Ipv4PacketInfo, &false)?,
            true => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &false)?,
        }
    }
    Ok(())
}

/// DF on what is sent from now on, or fragments where they are needed.
///
/// Without DF, IPv4 goes by the interface's MTU alone (`OMIT`): routers fragment, nobody can talk us into a
/// smaller path MTU by a forged ICMP message, and a run is never refused because of one. IPv6 has no fragments
/// by routers, so the path MTU has to be believed (`WANT`).
pub(crate) fn set_dont_fragment(socket: &UdpSocket, ipv6: bool, on: bool) -> io::Result<()> {
    if ipv6 {
        let mode = if on { libc::IPV6_PMTUDISC_PROBE } else { libc::IPV6_PMTUDISC_WANT };
        setsockopt(socket, raw::MtuDiscover6, &mode)?;
        setsockopt(socket, sockopt::Ipv6DontFrag, &on)?;
    } else {
        let mode = if on { libc::IP_PMTUDISC_PROBE } else { libc::IP_PMTUDISC_OMIT };
        setsockopt(socket, raw::MtuDiscover, &mode)?;
    }
    Ok(())
}

/// ICMP errors about what was sent come to the error queue.
pub(crate) fn queue_errors(socket: &UdpSocket, ipv6: bool) -> io::Result<()> {
    match ipv6 {
        false => setsockopt(socket, sockopt::Ipv4RecvErr, &true)?,
        true => setsockopt(socket, sockopt::Ipv6RecvErr, &true)?,
    }
    Ok(())
}

/// Datagrams the system dropped because the receive buffer was full, since the socket was made.
pub(crate) fn drops(socket: &UdpSocket) -> u32 {
    const SK_MEMINFO_DROPS: usize = 8;
    getsockopt(socket, raw::MemInfo).map_or(0, |info| info[SK_MEMINFO_DROPS])
}
