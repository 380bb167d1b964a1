//! Relay sockets: opening them at the right address and finding them again.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    rc::Rc,
};

use kaigi_turn::{Family, FiveTuple, RelayError, RelayId};
use kaigi_udp::Socket;
use tokio::task::AbortHandle;

/// How often a port is tried anew until it is an even one.
const EVEN_TRIES: usize = 32;

/// An open relay.
pub(crate) struct Relay {
    pub(crate) id: RelayId,
    pub(crate) socket: Rc<Socket>,
    /// Reads from it.
    pub(crate) reader: AbortHandle,
}

/// All open relays, by the core's dense index.
#[derive(Default)]
pub(crate) struct Relays(Vec<Option<Relay>>);

impl Relays {
    pub(crate) fn get(&self, id: RelayId) -> Option<&Relay> {
        self.0.get(id.index())?.as_ref().filter(|relay| relay.id == id)
    }

    pub(crate) fn insert(&mut self, relay: Relay) {
        let index = relay.id.index();
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(relay);
    }

    pub(crate) fn remove(&mut self, id: RelayId) {
        if let Some(slot) = self.0.get_mut(id.index())
            && slot.as_ref().is_some_and(|relay| relay.id == id)
            && let Some(relay) = slot.take()
        {
            relay.reader.abort();
        }
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
        // The address the client has reached is one it, and most likely its peers, can reach.
        let arrived = client.server.filter(|ip| of_family(ip) && !ip.is_unspecified());
        let local = arrived
            .or_else(|| self.local.iter().copied().find(of_family))
            .ok_or(RelayError::FamilyNotSupported)?;
        let socket = bind(local, even_port).map_err(|error| match error.kind() {
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported => RelayError::FamilyNotSupported,
            _ => RelayError::NoCapacity,
        })?;
        let port = socket.local_addr().map_err(|_| RelayError::NoCapacity)?.port();
        let outside = self.public.iter().copied().find(of_family).filter(|_| !local.is_loopback());
        Ok((socket, SocketAddr::new(outside.unwrap_or(local), port)))
    }
}

fn bind(address: IpAddr, even_port: bool) -> io::Result<Socket> {
    // Held until an even one is found, or the system would give the same again.
    let mut odd = Vec::new();
    for _ in 0..EVEN_TRIES {
        let socket = kaigi_udp::bind(SocketAddr::new(address, 0))?;
        if !even_port || socket.local_addr()?.port() % 2 == 0 {
            return Socket::new(socket);
        }
        odd.push(socket);
    }
    Err(io::ErrorKind::AddrInUse.into())
}
