//! The sockets of the one port: bound here, or taken over from systemd or from the Kaigi that ran before.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
    os::fd::{AsFd, OwnedFd},
};

use socket2::{Socket, Type};

use crate::{StartError, listener, takeover::Predecessor};

/// Sockets that are bound and listen already.
#[derive(Default)]
pub struct Inherited {
    tcp: Vec<TcpListener>,
    udp: Vec<UdpSocket>,
    pub(crate) predecessor: Option<Predecessor>,
}

impl fmt::Debug for Inherited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inherited").field("tcp", &self.tcp).field("udp", &self.udp).finish_non_exhaustive()
    }
}

impl Inherited {
    /// What systemd holds for this service (socket activation, `LISTEN_FDS`), if anything.
    pub fn from_systemd() -> io::Result<Self> {
        let mut passed = listenfd::ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..passed.len() {
            if let Ok(Some(listener)) = passed.take_tcp_listener(index) {
                inherited.tcp.push(listener);
            } else if let Some(socket) = passed.take_udp_socket(index)? {
                inherited.udp.push(socket);
            }
        }
        Ok(inherited)
    }

    pub(crate) fn new(fds: Vec<OwnedFd>, predecessor: Predecessor) -> io::Result<Self> {
        let mut inherited = Self { predecessor: Some(predecessor), ..Self::default() };
        for fd in fds {
            let socket = Socket::from(fd);
            match socket.r#type()? {
                Type::STREAM => inherited.tcp.push(socket.into()),
                _ => inherited.udp.push(socket.into()),
            }
        }
        Ok(inherited)
    }

    /// Listens on an address, with the socket that does so already if there is one.
    pub(crate) fn listen(&mut self, address: SocketAddr) -> io::Result<tokio::net::TcpListener> {
        let held = self.tcp.iter().position(|held| held.local_addr().is_ok_and(|local| local == address));
        let Some(held) = held else { return listener::bind(address) };
        let held = self.tcp.swap_remove(held);
        held.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(held)
    }

    /// Binds the UDP sockets of all threads on an address, with those that are bound already among them.
    fn bind_udp(&mut self, address: SocketAddr, threads: usize) -> io::Result<Vec<UdpSocket>> {
        let is_here = |held: &mut UdpSocket| held.local_addr().is_ok_and(|local| local == address);
        let held: Vec<UdpSocket> = self.udp.extract_if(.., is_here).collect();
        if held.is_empty() {
            return kaigi_worker::bind(address, threads);
        }
        kaigi_worker::join(held, threads)
    }

    /// Addresses that nothing was done with.
    pub(crate) fn left(&self) -> impl Iterator<Item = SocketAddr> {
        let tcp = self.tcp.iter().filter_map(|held| held.local_addr().ok());
        tcp.chain(self.udp.iter().filter_map(|held| held.local_addr().ok()))
    }
}

/// All sockets of a server, once more: whoever holds these can go on with them.
pub(crate) fn copies<'a>(
    tcp: impl Iterator<Item = &'a tokio::net::TcpListener>,
    udp: &[Vec<UdpSocket>],
) -> io::Result<Vec<OwnedFd>> {
    let tcp = tcp.map(|listener| listener.as_fd().try_clone_to_owned());
    tcp.chain(udp.iter().flatten().map(|socket| socket.as_fd().try_clone_to_owned())).collect()
}

pub(crate) fn bind_tcp(
    listen: &[SocketAddr],
    inherited: &mut Inherited,
) -> Result<(Vec<tokio::net::TcpListener>, u16), StartError> {
    let first = listen.first().ok_or(StartError::NoAddress)?;
    if let Some(other) = listen.iter().find(|address| address.port() != first.port()) {
        return Err(StartError::Ports(*first, *other));
    }
    let mut listeners: Vec<tokio::net::TcpListener> = Vec::new();
    let mut port = first.port();
    for address in listen {
        let address = SocketAddr::new(address.ip(), port);
        match inherited.listen(address) {
            Ok(listener) => {
                if let Ok(bound) = listener.local_addr() {
                    port = bound.port();
                }
                listeners.push(listener);
            }
            Err(error) if no_ipv6(address.ip(), &error) && listen.len() > 1 => {
                tracing::warn!("this machine has no IPv6; serving IPv4 only");
            }
            Err(error) => return Err(bind_error("TCP", address, error)),
        }
    }
    Ok((listeners, port))
}

/// The sockets of each media thread.
pub(crate) fn bind_udp(
    tcp: &[tokio::net::TcpListener],
    threads: usize,
    inherited: &mut Inherited,
) -> Result<Vec<Vec<UdpSocket>>, StartError> {
    let threads = threads.max(1);
    let mut sockets: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
    for address in tcp.iter().filter_map(|listener| listener.local_addr().ok()) {
        let bound = inherited.bind_udp(address, threads);
        let bound = bound.map_err(|error| bind_error("UDP", address, error))?;
        // Where a server with more threads ran before, some threads read several.
        bound.into_iter().enumerate().for_each(|(index, socket)| sockets[index % threads].push(socket));
    }
    Ok(sockets)
}

/// A kernel without IPv6 refuses the family, one with IPv6 switched off the address.
fn no_ipv6(address: IpAddr, error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97;
    let unsupported = error.raw_os_error() == Some(EAFNOSUPPORT);
    address.is_ipv6() && (unsupported || error.kind() == io::ErrorKind::AddrNotAvailable)
}

pub(crate) fn bind_error(protocol: &'static str, address: SocketAddr, error: io::Error) -> StartError {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => return StartError::PortTaken { protocol, address },
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need a privilege: `setcap cap_net_bind_service=+ep` on the program, or choose a port \
             above with --listen ADDR:PORT"
        }
        io::ErrorKind::AddrNotAvailable => "; no interface has this address: `ip address` lists them",
        _ => "",
    };
    StartError::Bind { protocol, address, error, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_that_is_there_is_used_again_and_another_address_is_not_touched() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, left) = (held.local_addr().unwrap(), other.local_addr().unwrap());
        let mut inherited = Inherited { tcp: vec![other, held], ..Inherited::default() };
        let (listeners, port) = bind_tcp(&[address], &mut inherited).unwrap();
        assert_eq!((listeners.len(), port), (1, address.port()));
        let client = std::net::TcpStream::connect(address).unwrap();
        let (_, peer) = listeners[0].accept().await.unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
        assert_eq!(inherited.left().collect::<Vec<_>>(), [left]);
        assert!(listener::bind(address).is_err(), "without taking over the port is taken");
    }

    #[tokio::test]
    async fn as_many_threads_as_wanted_share_the_udp_sockets_of_before() {
        for (before, now) in [(1, 3), (3, 1), (2, 2)] {
            let tcp = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let address = tcp.local_addr().unwrap();
            let udp = kaigi_worker::bind(address, before).unwrap();
            let mut inherited = Inherited { udp, ..Inherited::default() };
            let threads = bind_udp(&[tcp], now, &mut inherited).unwrap();
            assert_eq!(threads.len(), now);
            assert!(threads.iter().all(|sockets| !sockets.is_empty()), "{before} {now}");
            assert_eq!(threads.iter().flatten().count(), before.max(now));
            assert_eq!(inherited.left().count(), 0);
        }
    }

    #[test]
    fn copies_listen_on() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _in = runtime.enter();
        let tcp = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = tcp.local_addr().unwrap();
        let fds = copies([&tcp].into_iter(), &[kaigi_worker::bind(address, 2).unwrap()]).unwrap();
        drop(tcp);
        assert_eq!(fds.len(), 3);
        std::net::TcpStream::connect(address).unwrap();
    }
}
