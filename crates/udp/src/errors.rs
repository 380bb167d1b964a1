//! The error queue of a socket: ICMP errors about what it sent.

use std::{
    io::{self, IoSliceMut},
    net::{SocketAddr, UdpSocket},
    os::fd::AsRawFd,
};

use nix::{
    errno::Errno,
    sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg},
};

/// An ICMP error about a datagram that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedError {
    /// Where that datagram was going.
    pub destination: SocketAddr,
    /// ICMP's type, of the version of `destination`.
    pub kind: u8,
    /// ICMP's code.
    pub code: u8,
    /// The next hop's MTU where the error tells one.
    pub mtu: u32,
}

/// Takes the next error from the queue; `None` when it is empty.
pub(crate) fn next(socket: &UdpSocket) -> io::Result<Option<QueuedError>> {
    let mut control = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
    loop {
        let mut start = [0];
        let mut start = [IoSliceMut::new(&mut start)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let message =
            match recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut start, Some(&mut control), flags) {
                Ok(message) => message,
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
        let error = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
                Some(error)
            }
            _ => None,
        });
        let destination = message.address.as_ref().and_then(address);
        // Errors of other kinds are of no use to anybody here.
        if let (Some(error), Some(destination)) = (error, destination)
            && let Some(error) = interpret(&error, destination)
        {
            return Ok(Some(error));
        }
    }
}

fn interpret(error: &libc::sock_extended_err, destination: SocketAddr) -> Option<QueuedError> {
    let (kind, code, mtu) = match error.ee_origin {
        libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6 => (error.ee_type, error.ee_code, error.ee_info),
        // Larger than our own interface takes: what a router would answer to it.
        libc::SO_EE_ORIGIN_LOCAL if error.ee_errno == libc::EMSGSIZE as u32 => {
            let (kind, code) = if destination.is_ipv4() { (3, 4) } else { (2, 0) };
            (kind, code, error.ee_info)
        }
        _ => return None,
    };
    Some(QueuedError { destination, kind, code, mtu })
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into())))
}
