//! Binding.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Binds a UDP socket. IPv6 sockets do not take IPv4: each family has a socket of its own.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(address)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Binds several sockets to one address, among which the system spreads the senders: always the same socket for
/// the same sender. Port 0 is chosen once for all.
pub fn bind_shared(address: SocketAddr, sockets: usize) -> io::Result<Vec<UdpSocket>> {
    // The first is bound without SO_REUSEPORT, so that a port that is taken fails even where its owner would
    // share it; Linux looks at the option again when the next one is bound.
    let first = open(address)?;
    first.bind(&address.into())?;
    let mut bound = Vec::with_capacity(sockets);
    if sockets > 1 {
        first.set_reuse_port(true)?;
        let address = first.local_addr()?;
        bound.push(first.into());
        for _ in 1..sockets {
            let next = Socket::new(address.domain(), Type::DGRAM, Some(Protocol::UDP))?;
            prepare(&next, address.is_ipv6())?;
            next.set_reuse_port(true)?;
            next.bind(&address)?;
            bound.push(next.into());
        }
    } else {
        bound.push(first.into());
    }
    Ok(bound)
}

/// Goes on with sockets that another process bound to one address ([`bind_shared`]), and binds more beside them until
/// there are `sockets`. There may be more of them to begin with: nobody else would read what comes there.
pub fn join_shared(held: Vec<UdpSocket>, sockets: usize) -> io::Result<Vec<UdpSocket>> {
    let mut bound = Vec::with_capacity(held.len().max(sockets));
    for socket in held {
        socket.set_nonblocking(true)?;
        bound.push(socket);
    }
    if let Some(first) = bound.first().filter(|_| bound.len() < sockets) {
        SockRef::from(first).set_reuse_port(true)?;
        let address = first.local_addr()?;
        while bound.len() < sockets {
            let next = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
            prepare(&next, address.is_ipv6())?;
            next.set_reuse_port(true)?;
            next.bind(&address.into())?;
            bound.push(next.into());
        }
    }
    Ok(bound)
}

fn open(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    prepare(&socket, address.is_ipv6())?;
    Ok(socket)
}

fn prepare(socket: &Socket, ipv6: bool) -> io::Result<()> {
    if ipv6 {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)
}
