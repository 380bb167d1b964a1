//! Everything a thread owns, and how a datagram passes through it: read, through the core, into the egress.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use foldhash::fast::RandomState;
use kaigi_packet::{
    Receive,
    demux::{self, Datagram},
    framing,
};
use kaigi_turn::{
    Event, Family, FiveTuple, Forward, IcmpError, Now, Outcome, Output, RelayError, RelayId, Server,
    StreamId, Transport,
};
use kaigi_udp::{Batch, Filled, Socket};
use mio::{Interest, Registry, unix::SourceFd};

use crate::{
    Input, Outbox,
    counters::Io,
    egress::{Egress, From, Route},
    neighbours::{Inbox, Neighbours},
    relays::{Addresses, Relay, Relays},
    thread::relay_token,
};

/// Reads of a relay in one turn: a client's peers send less than all clients together.
const RELAY_READS: usize = 8;

/// ICMP errors that are looked at in one turn.
const ERRORS: usize = 16;

/// A connection without an allocation is closed after this: whoever wants to relay has asked by then, and what
/// holds a place must have shown a credential.
const UNUSED: Duration = Duration::from_secs(30);

/// Relays whose drops are looked at in one go: each costs a system call.
const DROPS_SWEPT: usize = 256;

pub(crate) struct Media {
    pub(crate) turn: Server,
    pub(crate) shared: Vec<Socket>,
    pub(crate) relays: Relays,
    pub(crate) neighbours: Neighbours,
    pub(crate) registry: Registry,
    pub(crate) addresses: Addresses,
    pub(crate) io: Io,
    egress: Egress,
    streams: HashMap<StreamId, Stream, RandomState>,
    /// Streams with frames that their connections were not told of yet.
    filled: Vec<StreamId>,
    /// By shared socket: drops of the kernel that are counted already.
    drops: Vec<u32>,
    /// Where the next sweep for drops of relays begins.
    swept: usize,
    warned: bool,
}

/// A connection's outbox. When the thread forgets the connection, or panics, it is closed.
struct Stream {
    outbox: Arc<Outbox>,
    filled: bool,
    /// Since when it has no allocation.
    unused: Option<Instant>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.outbox.close();
    }
}

impl Media {
    pub(crate) fn new(
        turn: Server,
        shared: Vec<Socket>,
        neighbours: Neighbours,
        registry: Registry,
        addresses: Addresses,
    ) -> Self {
        let drops = shared.iter().map(Socket::kernel_drops).collect();
        Self {
            turn,
            shared,
            relays: Relays::default(),
            neighbours,
            registry,
            addresses,
            io: Io::default(),
            egress: Egress::new(),
            streams: HashMap::default(),
            filled: Vec::new(),
            drops,
            swept: 0,
            warned: false,
        }
    }

    /// One turn of a socket that everybody talks to.
    pub(crate) fn read_shared(&mut self, index: usize, batch: &mut Batch) -> io::Result<Filled> {
        let filled = self.shared[index].receive(batch, Batch::MOST)?;
        // Whatever has caused a datagram that is here now was told before: a relay that its sender knows of.
        self.learn();
        let now = now();
        for receive in batch.datagrams() {
            self.io.received += 1;
            self.handle_datagram(now, &receive);
        }
        self.io.receives += u64::from(!batch.is_empty());
        self.finish(now);
        Ok(filled)
    }

    /// One turn of a relay. A relay that is closed has nothing to read.
    pub(crate) fn read_relay(&mut self, index: usize, batch: &mut Batch) -> io::Result<Filled> {
        let Some(relay) = self.relays.get(index) else { return Ok(Filled { drained: true }) };
        let id = relay.id;
        let filled = relay.socket.receive(batch, RELAY_READS)?;
        let now = now();
        for receive in batch.datagrams() {
            self.io.received += 1;
            if let Ok(forward) = self.turn.handle_peer(now, id, receive.source, receive.payload) {
                self.forward(now, forward, receive.payload);
            }
        }
        self.io.receives += u64::from(!batch.is_empty());
        self.finish(now);
        Ok(filled)
    }

    /// ICMP errors about what a relay has sent.
    pub(crate) fn read_errors(&mut self, index: usize) {
        let now = now();
        for _ in 0..ERRORS {
            let Some(relay) = self.relays.get(index) else { return };
            let Ok(Some(error)) = relay.socket.next_error() else { break };
            let id = relay.id;
            let error =
                IcmpError { peer: error.destination, kind: error.kind, code: error.code, data: error.mtu };
            self.turn.handle_icmp(now, id, &error);
        }
        self.finish(now);
    }

    /// What other threads tell of their relays.
    pub(crate) fn learn(&mut self) {
        self.neighbours.learn(&mut self.turn, &self.relays);
    }

    /// What a connection tells.
    pub(crate) fn handle_input(&mut self, input: Input) {
        // As above: this thread may have been interrupted for long since it last learned.
        self.learn();
        let now = now();
        match input {
            Input::StreamOpened { from, outbox } => {
                if let Some(id) = from.transport.stream() {
                    self.streams.insert(id, Stream { outbox, filled: false, unused: Some(now.instant) });
                }
            }
            Input::StreamFrames { from, frames } => {
                let mut rest = &frames[..];
                while let Ok(Some(frame)) = framing::turn::next(rest) {
                    self.handle_client(now, &from, frame.content(rest));
                    rest = &rest[frame.wire..];
                }
            }
            Input::StreamClosed { from } => {
                if let Some(id) = from.transport.stream() {
                    self.streams.remove(&id);
                }
                self.turn.handle_stream_closed(now, &from);
            }
            #[cfg(test)]
            Input::Panic { .. } => panic!("a test wants to see this"),
        }
        self.finish(now);
    }

    /// Data from other threads, one parcel of it; `false` when there is none.
    pub(crate) fn receive_handover(&mut self, inbox: &Inbox) -> bool {
        let now = now();
        let Some(parcel) = Neighbours::next(inbox) else { return false };
        for (from, to, payload) in parcel.datagrams() {
            if let Ok(forward) = self.turn.handle_handover(now, from, to, payload) {
                self.forward(now, forward, payload);
            }
        }
        self.neighbours.keep(parcel);
        self.finish(now);
        true
    }

    /// What is due by now.
    pub(crate) fn handle_timeout(&mut self) {
        let now = now();
        self.turn.handle_timeout(now);
        self.finish(now);
    }

    /// Looks after sockets and connections, about once a second while there is traffic or an unused connection.
    pub(crate) fn look_after(&mut self, now: Instant) {
        self.streams.retain(|_, stream| {
            stream.unused.is_none_or(|since| now.saturating_duration_since(since) < UNUSED)
        });
        for (socket, counted) in self.shared.iter_mut().zip(&mut self.drops) {
            let drops = socket.kernel_drops();
            self.io.drops_shared += u64::from(drops.wrapping_sub(std::mem::replace(counted, drops)));
            if !socket.sends_runs() {
                // The reason may have been one destination. If it is not, that costs one refused call a second.
                let _ = socket.try_runs_again();
            }
        }
        if self.io.runs_refused > 0 && !self.warned {
            self.warned = true;
            tracing::warn!(
                "the system refused to send several datagrams at once (GSO), so sending costs more: see whether the \
                 network card or a tunnel lacks UDP segmentation or checksum offload (`ethtool -k`)"
            );
        }
        for _ in 0..DROPS_SWEPT.min(self.relays.len()) {
            self.swept = (self.swept + 1) % self.relays.len();
            if let Some(relay) = self.relays.get_mut(self.swept) {
                self.io.drops_relays += relay.new_drops();
            }
        }
    }

    /// Whether there are connections whose time may end although nothing happens.
    pub(crate) fn has_unused_streams(&self) -> bool {
        self.streams.values().any(|stream| stream.unused.is_some())
    }

    /// One datagram from somebody, on a shared socket.
    #[inline]
    fn handle_datagram(&mut self, now: Now, receive: &Receive<'_>) {
        match demux::udp(receive.payload) {
            Some(Datagram::Stun | Datagram::ChannelData) => {
                let from =
                    FiveTuple { client: receive.source, server: receive.local, transport: Transport::Udp };
                self.handle_client(now, &from, receive.payload);
            }
            // The SFU's, as soon as there is one; Binding requests with USERNAME are then its own, too.
            Some(Datagram::Dtls | Datagram::Rtp) | None => {}
        }
    }

    #[inline]
    fn handle_client(&mut self, now: Now, from: &FiveTuple, message: &[u8]) {
        match self.turn.handle_client(now, from, message) {
            Outcome::Forward(forward) => self.forward(now, forward, message),
            Outcome::Handled => self.drain(now),
            Outcome::Dropped(_) => {}
        }
    }

    #[inline]
    fn forward(&mut self, now: Now, forward: Forward, message: &[u8]) {
        match forward {
            Forward::Peer { relay, peer, payload, dont_fragment } => {
                let from = From::Relay(relay.index());
                let route = Route { from, destination: peer, local: None, dont_fragment };
                self.push(route, &[&message[payload]]);
            }
            Forward::Client { client, head, payload, padding } => {
                let padding = &[0; 3][..usize::from(padding)];
                self.send(now, &client, &[&head, &message[payload], padding]);
            }
            Forward::Neighbour { thread, from, to, payload } => {
                let lost = self.neighbours.hand_over(thread, from, to, &message[payload]);
                self.io.lost_handovers += lost as u64;
            }
        }
    }

    #[inline]
    fn send(&mut self, now: Now, client: &FiveTuple, parts: &[&[u8]]) {
        match client.transport {
            Transport::Udp => {
                let Some(socket) = self.socket_for(client.client, client.server) else { return };
                let route = Route {
                    from: From::Shared(socket),
                    destination: client.client,
                    local: client.server,
                    dont_fragment: false,
                };
                self.push(route, parts);
            }
            Transport::Tcp(id) | Transport::Tls(id) => {
                let Some(stream) = self.streams.get_mut(&id) else { return };
                self.io.lost_frames += stream.outbox.push(now.instant, parts);
                if !stream.filled {
                    stream.filled = true;
                    self.filled.push(id);
                }
            }
        }
    }

    #[inline]
    fn push(&mut self, route: Route, parts: &[&[u8]]) {
        self.egress.push(route, parts);
        if self.egress.is_full() {
            self.flush();
        }
    }

    /// The socket a client talks to: the one bound to that address, or to all of its family.
    #[inline]
    fn socket_for(&self, client: SocketAddr, server: Option<IpAddr>) -> Option<usize> {
        self.shared.iter().position(|socket| {
            let local = socket.local_addr();
            let all = local.ip().is_unspecified() && local.is_ipv4() == client.is_ipv4();
            all || server == Some(local.ip())
        })
    }

    /// Does what the core has queued, then lets everything go.
    fn finish(&mut self, now: Now) {
        self.drain(now);
        self.flush();
    }

    fn drain(&mut self, now: Now) {
        while let Some(output) = self.turn.poll_output() {
            match output {
                Output::Message { client, payload } => self.send(now, &client, &[&payload]),
                Output::OpenRelay { relay, family, even_port, client } => {
                    let opened = self.open(relay, family, even_port, &client);
                    self.turn.handle_relay_opened(now, relay, opened);
                }
                Output::CloseRelay(id) => {
                    // What it has still to send goes first: its index may be another's soon.
                    self.flush();
                    if let Some(mut relay) = self.relays.remove(id) {
                        self.io.drops_relays += relay.new_drops();
                        self.neighbours.closed(relay.relayed);
                    }
                }
                Output::Event(event) => {
                    match &event {
                        Event::Created { relays, client, .. } => {
                            relays.iter().flatten().for_each(|(_, relayed)| self.neighbours.opened(*relayed));
                            self.note_use(client, None);
                        }
                        Event::Closed { client, .. } => self.note_use(client, Some(now.instant)),
                        Event::Refreshed { .. } => {}
                    }
                    log(&event, self.neighbours.own());
                }
            }
        }
    }

    fn note_use(&mut self, client: &FiveTuple, unused: Option<Instant>) {
        if let Some(stream) = client.transport.stream().and_then(|id| self.streams.get_mut(&id)) {
            stream.unused = unused;
        }
    }

    fn flush(&mut self) {
        let (shared, relays) = (&self.shared, &self.relays);
        let socket = |from| match from {
            From::Shared(index) => shared.get(index),
            From::Relay(index) => relays.get(index).map(|relay| &relay.socket),
        };
        self.egress.flush(socket, &mut self.io);
        self.io.lost_handovers += self.neighbours.flush() as u64;
        for id in self.filled.drain(..) {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.filled = false;
                stream.outbox.ring();
            }
        }
    }

    fn open(
        &mut self,
        id: RelayId,
        family: Family,
        even_port: bool,
        client: &FiveTuple,
    ) -> Result<SocketAddr, RelayError> {
        let (socket, relayed) = self.addresses.open(family, even_port, client)?;
        let fd = std::os::fd::AsRawFd::as_raw_fd(&socket);
        let token = relay_token(self.shared.len(), id.index());
        self.registry
            .register(&mut SourceFd(&fd), token, Interest::READABLE)
            .map_err(|_| RelayError::NoCapacity)?;
        self.relays.insert(Relay { id, socket, relayed, waits: false, drops: 0 });
        Ok(relayed)
    }
}

/// A line for each step of an allocation's life; whose it is does not stand in it.
fn log(event: &Event, thread: u16) {
    match event {
        Event::Created { allocation, client, lifetime, .. } => {
            tracing::info!(
                thread,
                allocation,
                transport = client.transport.name(),
                seconds = lifetime.as_secs(),
                "relay opened"
            );
        }
        Event::Refreshed { allocation, lifetime } => {
            tracing::debug!(thread, allocation, seconds = lifetime.as_secs(), "relay refreshed");
        }
        Event::Closed { allocation, reason, age, counters, .. } => {
            tracing::info!(
                thread,
                allocation,
                ?reason,
                seconds = age.as_secs(),
                up_bytes = counters.up_bytes,
                down_bytes = counters.down_bytes,
                "relay closed"
            );
        }
    }
}

fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { instant: Instant::now(), unix_s: unix.as_secs() }
}
