//! Relay sockets: opening them at the right address and finding them again.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

use kaigi_turn::{Family, FiveTuple, RelayError, RelayId};
use kaigi_udp::{Buffers, Role, Socket};

/// How often a port is tried anew until it is an even one.
const EVEN_TRIES: usize = 32;

/// A client's bandwidth for some tens of milliseconds; memory is taken only while something waits.
const BUFFERS: Buffers = Buffers { receive: 512 * 1024, send: 512 * 1024 };

/// An open relay.
pub(crate) struct Relay {
    pub(crate) id: RelayId,
    pub(crate) socket: Socket,
    /// As the client is told.
    pub(crate) relayed: SocketAddr,
    /// It waits for its turn to be read.
    pub(crate) waits: bool,
    /// Drops of the kernel that are counted already.
    pub(crate) drops: u32,
}

impl Relay {
    /// Drops of the kernel since the last call.
    pub(crate) fn new_drops(&mut self) -> u64 {
        let drops = self.socket.kernel_drops();
        u64::from(drops.wrapping_sub(std::mem::replace(&mut self.drops, drops)))
    }
}

/// All open relays, by the core's dense index.
#[derive(Default)]
pub(crate) struct Relays(Vec<Option<Box<Relay>>>);

impl Relays {
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&Relay> {
        self.0.get(index)?.as_deref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut Relay> {
        self.0.get_mut(index)?.as_deref_mut()
    }

    pub(crate) fn insert(&mut self, relay: Relay) {
        let index = relay.id.index();
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(Box::new(relay));
    }

    pub(crate) fn remove(&mut self, id: RelayId) -> Option<Box<Relay>> {
        self.0.get_mut(id.index())?.take_if(|relay| relay.id == id)
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.0.iter().flatten().map(|relay| relay.relayed)
    }

    /// One more than the highest index.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Addresses that relays may have.
pub(crate) struct Addresses {
    pub(crate) local: Vec<IpAddr>,
    pub(crate) public: Vec<IpAddr>,
}

impl Addresses {
    /// Opens a socket where this client's peers can reach it. Returns it with the address the client is told.
    pub(crate) fn open(
        &self,
        family: Family,
        even_port: bool,
        client: &FiveTuple,
    ) -> Result<(Socket, SocketAddr), RelayError> {
        let of_family = |ip: &IpAddr| Family::of(*ip) == family;
        let local = self.local_for(family, client).ok_or(RelayError::FamilyNotSupported)?;
        let socket = bind(local, even_port).and_then(|socket| Socket::new(socket, Role::Relay, BUFFERS));
        let socket = socket.map_err(|error| match error.kind() {
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported => RelayError::FamilyNotSupported,
            _ => RelayError::NoCapacity,
        })?;
        let outside = self.public.iter().copied().find(of_family).filter(|_| !local.is_loopback());
        let relayed = SocketAddr::new(outside.unwrap_or(local), socket.local_addr().port());
        Ok((socket, relayed))
    }

    /// The address the client has reached is one it, and most likely its peers, can reach. Of the other family
    /// it gets the machine's, and where that is loopback alone, who came over loopback gets that.
    fn local_for(&self, family: Family, client: &FiveTuple) -> Option<IpAddr> {
        let of_family = |ip: &IpAddr| Family::of(*ip) == family;
        let reached = client.server.filter(|ip| !ip.is_unspecified());
        let loopback = match family {
            Family::V4 => IpAddr::from(Ipv4Addr::LOCALHOST),
            Family::V6 => IpAddr::from(Ipv6Addr::LOCALHOST),
        };
        reached
            .filter(of_family)
            .or_else(|| self.local.iter().copied().find(of_family))
            .or_else(|| reached.filter(IpAddr::is_loopback).map(|_| loopback))
    }
}

fn bind(address: IpAddr, even_port: bool) -> io::Result<UdpSocket> {
    // Held until an even one is found, or the system would give the same again.
    let mut odd = Vec::new();
    for _ in 0..EVEN_TRIES {
        let socket = kaigi_udp::bind(SocketAddr::new(address, 0))?;
        if !even_port || socket.local_addr()?.port() % 2 == 0 {
            return Ok(socket);
        }
        odd.push(socket);
    }
    Err(io::ErrorKind::AddrInUse.into())
}

#[cfg(test)]
mod tests {
    use kaigi_turn::Transport;

    use super::*;

    #[test]
    fn a_relay_is_where_the_clients_peers_can_reach_it() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let machine = |local: &[&str]| Addresses {
            local: local.iter().map(|text| ip(text)).collect(),
            public: Vec::new(),
        };
        let (dual, v4_only, alone) =
            (machine(&["192.0.2.1", "2001:db8::1"]), machine(&["192.0.2.1"]), machine(&[]));
        for (addresses, reached, v4, v6) in [
            (&dual, Some("192.0.2.2"), Some("192.0.2.2"), Some("2001:db8::1")),
            (&dual, Some("::1"), Some("192.0.2.1"), Some("::1")),
            (&dual, Some("0.0.0.0"), Some("192.0.2.1"), Some("2001:db8::1")),
            (&dual, None, Some("192.0.2.1"), Some("2001:db8::1")),
            (&v4_only, Some("192.0.2.2"), Some("192.0.2.2"), None),
            (&v4_only, Some("127.0.0.1"), Some("127.0.0.1"), Some("::1")),
            (&alone, Some("::1"), Some("127.0.0.1"), Some("::1")),
            (&alone, None, None, None),
        ] {
            let client = FiveTuple {
                client: SocketAddr::new(ip("198.51.100.1"), 5000),
                server: reached.map(ip),
                transport: Transport::Udp,
            };
            assert_eq!(addresses.local_for(Family::V4, &client), v4.map(ip), "{reached:?}");
            assert_eq!(addresses.local_for(Family::V6, &client), v6.map(ip), "{reached:?}");
        }
    }
}
