//! Where everything leaves: sockets, connections and other threads.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use foldhash::fast::RandomState;
use kaigi_packet::framing::rfc4571;
use kaigi_sfu::{Path, Sink, Via};
use kaigi_turn::{FiveTuple, Forward, Now, Server, StreamId, Transport};
use kaigi_udp::Socket;

use crate::{
    Outbox,
    counters::Io,
    egress::{Egress, From, Route},
    neighbours::{Handed, Neighbours},
    relays::Relays,
};

pub(crate) struct Outlet {
    pub(crate) shared: Vec<Socket>,
    pub(crate) relays: Relays,
    pub(crate) neighbours: Neighbours,
    pub(crate) streams: HashMap<StreamId, Stream, RandomState>,
    pub(crate) io: Io,
    egress: Egress,
    /// Streams with frames that their connections were not told of yet.
    filled: Vec<StreamId>,
}

/// A connection's outbox. When the thread forgets the connection, or panics, it is closed.
pub(crate) struct Stream {
    outbox: Arc<Outbox>,
    filled: bool,
    /// Since when a connection that speaks TURN has no allocation.
    pub(crate) unused: Option<Instant>,
    /// The path of one that speaks ICE.
    pub(crate) path: Option<Path>,
}

impl Stream {
    pub(crate) fn turn(outbox: Arc<Outbox>, now: Instant) -> Self {
        Self { outbox, filled: false, unused: Some(now), path: None }
    }

    pub(crate) fn ice(outbox: Arc<Outbox>, path: Path) -> Self {
        Self { outbox, filled: false, unused: None, path: Some(path) }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.outbox.close();
    }
}

impl Outlet {
    pub(crate) fn new(shared: Vec<Socket>, neighbours: Neighbours) -> Self {
        Self {
            shared,
            relays: Relays::default(),
            neighbours,
            streams: HashMap::default(),
            io: Io::default(),
            egress: Egress::new(),
            filled: Vec::new(),
        }
    }

    /// To a TURN client, in pieces.
    #[inline]
    pub(crate) fn send(&mut self, now: Instant, client: &FiveTuple, parts: &[&[u8]]) {
        match client.transport {
            Transport::Udp => {
                if let Some(route) = self.route(client.client, client.server) {
                    self.push(route, parts);
                }
            }
            Transport::Tcp(id) | Transport::Tls(id) => self.queue(now, id, parts),
        }
    }

    /// What the TURN server has decided about a message. What is for the SFU of this thread is not for here.
    #[inline]
    pub(crate) fn forward(&mut self, now: Instant, forward: &Forward, message: &[u8]) {
        match forward {
            Forward::Peer { relay, peer, payload, dont_fragment } => {
                let from = From::Relay(relay.index());
                let route = Route { from, destination: *peer, local: None, dont_fragment: *dont_fragment };
                self.push(route, &[&message[payload.clone()]]);
            }
            Forward::Client { client, head, payload, padding } => {
                let padding = &[0; 3][..usize::from(*padding)];
                self.send(now, client, &[head, &message[payload.clone()], padding]);
            }
            Forward::Neighbour { thread, from, to, payload } => {
                let handed = Handed::Relay { from: *from, to: *to };
                self.hand_over(*thread, handed, &message[payload.clone()]);
            }
            Forward::Sfu { .. } => {}
        }
    }

    #[inline]
    pub(crate) fn hand_over(&mut self, thread: u16, handed: Handed, payload: &[u8]) {
        self.io.lost_handovers += self.neighbours.hand_over(thread, handed, payload) as u64;
    }

    /// Lets everything go.
    pub(crate) fn flush(&mut self) {
        self.flush_sockets();
        self.io.lost_handovers += self.neighbours.flush() as u64;
        for id in self.filled.drain(..) {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.filled = false;
                stream.outbox.ring();
            }
        }
    }

    #[inline]
    fn push(&mut self, route: Route, parts: &[&[u8]]) {
        self.egress.push(route, parts);
        self.flush_if_full();
    }

    #[inline]
    fn flush_if_full(&mut self) {
        if self.egress.is_full() {
            self.flush_sockets();
        }
    }

    fn flush_sockets(&mut self) {
        let (shared, relays) = (&self.shared, &self.relays);
        let socket = |from| match from {
            From::Shared(index) => shared.get(index),
            From::Relay(index) => relays.get(index).map(|relay| &relay.socket),
        };
        self.egress.flush(socket, &mut self.io);
    }

    fn queue(&mut self, now: Instant, id: StreamId, parts: &[&[u8]]) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        self.io.lost_frames += stream.outbox.push(now, parts);
        if !std::mem::replace(&mut stream.filled, true) {
            self.filled.push(id);
        }
    }

    /// From the socket the client talks to: the one bound to that address, or to all of its family.
    #[inline]
    fn route(&self, client: SocketAddr, server: Option<IpAddr>) -> Option<Route> {
        let socket = self.shared.iter().position(|socket| {
            let local = socket.local_addr();
            let all = local.ip().is_unspecified() && local.is_ipv4() == client.is_ipv4();
            all || server == Some(local.ip())
        });
        let from = From::Shared(socket?);
        Some(Route { from, destination: client, local: server, dont_fragment: false })
    }
}

/// Where the SFU writes: straight into the egress what goes to UDP.
pub(crate) struct SfuOutlet<'a> {
    pub(crate) outlet: &'a mut Outlet,
    pub(crate) turn: &'a mut Server,
    pub(crate) now: Now,
    /// Room for what goes elsewhere.
    pub(crate) scratch: &'a mut Vec<u8>,
}

impl Sink for SfuOutlet<'_> {
    #[inline]
    fn datagram(&mut self, path: &Path, write: impl FnOnce(&mut Vec<u8>)) {
        match path.via {
            Via::Udp => {
                let Some(route) = self.outlet.route(path.remote, path.local) else { return };
                self.outlet.egress.push_with(route, write);
                self.outlet.flush_if_full();
            }
            Via::Stream(id) => self.frame(StreamId(id), write),
            Via::Relay(port) => self.relay(path, port, write),
        }
    }
}

impl SfuOutlet<'_> {
    fn frame(&mut self, id: StreamId, write: impl FnOnce(&mut Vec<u8>)) {
        self.scratch.clear();
        write(self.scratch);
        if self.scratch.is_empty() {
            return;
        }
        if let Some(header) = rfc4571::header(self.scratch.len()) {
            self.outlet.queue(self.now.instant, id, &[&header, self.scratch]);
        }
    }

    fn relay(&mut self, path: &Path, port: u16, write: impl FnOnce(&mut Vec<u8>)) {
        self.scratch.clear();
        write(self.scratch);
        let Some(local) = path.local.filter(|_| !self.scratch.is_empty()) else { return };
        let from = SocketAddr::new(local, port);
        // What is refused is counted there.
        if let Ok(forward) = self.turn.handle_sfu(self.now, from, path.remote, self.scratch) {
            self.outlet.forward(self.now.instant, &forward, self.scratch);
        }
    }
}
