//! Everything a thread owns, and how a datagram passes through it: read, through the core, into the egress.

mod sfu;
mod turn;

use std::{
    io,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use kaigi_packet::{
    Receive,
    demux::{self, Datagram},
    stun,
};
use kaigi_sfu::{Path, Sfu, Via};
use kaigi_turn::{FiveTuple, IcmpError, Now, Server, Transport};
use kaigi_udp::{Batch, Filled, Socket};
use mio::Registry;

use crate::{
    Input,
    neighbours::{Handed, Inbox, Neighbours},
    outlet::{Outlet, SfuOutlet},
    owners::Owners,
    relays::Addresses,
    sessions::Reports,
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
    pub(crate) sfu: Sfu,
    pub(crate) outlet: Outlet,
    registry: Registry,
    addresses: Addresses,
    owners: Owners,
    reports: std::sync::Arc<Reports>,
    scratch: Vec<u8>,
    /// By shared socket: drops of the kernel that are counted already.
    drops: Vec<u32>,
    /// Where the next sweep for drops of relays begins.
    swept: usize,
    warned: bool,
}

impl Media {
    pub(crate) fn new(
        (turn, sfu): (Server, Sfu),
        shared: Vec<Socket>,
        neighbours: Neighbours,
        registry: Registry,
        addresses: Addresses,
        reports: std::sync::Arc<Reports>,
    ) -> Self {
        let drops = shared.iter().map(Socket::kernel_drops).collect();
        Self {
            turn,
            sfu,
            outlet: Outlet::new(shared, neighbours),
            registry,
            addresses,
            owners: Owners::default(),
            reports,
            scratch: Vec::new(),
            drops,
            swept: 0,
            warned: false,
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.turn.poll_timeout().map(|(due, _)| due).into_iter().chain(self.sfu.poll_timeout()).min()
    }

    /// One turn of a socket that everybody talks to.
    pub(crate) fn read_shared(&mut self, index: usize, batch: &mut Batch) -> io::Result<Filled> {
        let filled = self.outlet.shared[index].receive(batch, Batch::MOST)?;
        // Whatever has caused a datagram that is here now was told before: a relay that its sender knows of, or
        // whose its sender is.
        self.learn();
        let now = now();
        for receive in batch.datagrams() {
            self.outlet.io.received += 1;
            self.handle_datagram(now, &receive);
        }
        self.outlet.io.receives += u64::from(!batch.is_empty());
        self.finish(now);
        Ok(filled)
    }

    /// One turn of a relay. A relay that is closed has nothing to read.
    pub(crate) fn read_relay(&mut self, index: usize, batch: &mut Batch) -> io::Result<Filled> {
        let Some(relay) = self.outlet.relays.get(index) else { return Ok(Filled { drained: true }) };
        let id = relay.id;
        let filled = relay.socket.receive(batch, RELAY_READS)?;
        let now = now();
        for receive in batch.datagrams() {
            self.outlet.io.received += 1;
            if let Ok(forward) = self.turn.handle_peer(now, id, receive.source, receive.payload) {
                self.forward(now, &forward, receive.payload);
            }
        }
        self.outlet.io.receives += u64::from(!batch.is_empty());
        self.finish(now);
        Ok(filled)
    }

    /// ICMP errors about what a relay has sent.
    pub(crate) fn read_errors(&mut self, index: usize) {
        let now = now();
        for _ in 0..ERRORS {
            let Some(relay) = self.outlet.relays.get(index) else { return };
            let Ok(Some(error)) = relay.socket.next_error() else { break };
            let id = relay.id;
            let error =
                IcmpError { peer: error.destination, kind: error.kind, code: error.code, data: error.mtu };
            self.turn.handle_icmp(now, id, &error);
        }
        self.finish(now);
    }

    /// What other threads tell of their relays and clients.
    pub(crate) fn learn(&mut self) {
        self.outlet.neighbours.learn(&mut self.turn, &self.outlet.relays, &mut self.owners);
    }

    /// What a connection tells.
    pub(crate) fn handle_input(&mut self, input: Input) {
        // As above: this thread may have been interrupted for long since it last learned.
        self.learn();
        let now = now();
        match input {
            Input::StreamOpened { from, outbox } => self.open_turn(now, &from, outbox),
            Input::StreamFrames { from, frames } => self.handle_turn_frames(now, &from, &frames),
            Input::StreamClosed { from } => self.close_turn(now, &from),
            Input::IceOpened { id, remote, local, outbox, frames } => {
                let path = Path { remote, local: Some(local), via: Via::Stream(id.0) };
                self.open_ice(now, id, path, outbox, &frames);
            }
            Input::IceFrames { id, frames } => self.handle_ice_frames(now, id, &frames),
            Input::IceClosed { id } => self.close_ice(id),
            #[cfg(test)]
            Input::Panic { .. } => panic!("a test wants to see this"),
        }
        self.finish(now);
    }

    /// Data from other threads, one parcel of it; `false` when there is none.
    pub(crate) fn receive_handover(&mut self, inbox: &Inbox) -> bool {
        let now = now();
        let Some(parcel) = Neighbours::next(inbox) else { return false };
        for (handed, payload) in parcel.datagrams() {
            match handed {
                Handed::Relay { from, to } => {
                    if let Ok(forward) = self.turn.handle_handover(now, from, to, payload) {
                        self.forward(now, &forward, payload);
                    }
                }
                Handed::Sfu(path) => self.handle_handed(now, parcel.sender, &path, payload),
            }
        }
        self.outlet.neighbours.keep(parcel);
        self.finish(now);
        true
    }

    /// What is due by now.
    pub(crate) fn handle_timeout(&mut self) {
        let now = now();
        self.turn.handle_timeout(now);
        self.sfu.handle_timeout(now.instant);
        self.finish(now);
    }

    /// Looks after sockets and connections, about once a second while there is traffic or an unused connection.
    pub(crate) fn look_after(&mut self, now: Instant) {
        let sfu = &self.sfu;
        self.outlet.streams.retain(|_, stream| {
            let used = stream.unused.is_none_or(|since| now.saturating_duration_since(since) < UNUSED);
            used && stream.path.is_none_or(|path| sfu.knows_path(&path))
        });
        self.owners.forget_old(now);
        for (socket, counted) in self.outlet.shared.iter_mut().zip(&mut self.drops) {
            let drops = socket.kernel_drops();
            self.outlet.io.drops_shared += u64::from(drops.wrapping_sub(std::mem::replace(counted, drops)));
            if !socket.sends_runs() {
                // The reason may have been one destination. If it is not, that costs one refused call a second.
                let _ = socket.try_runs_again();
            }
        }
        if self.outlet.io.runs_refused > 0 && !self.warned {
            self.warned = true;
            tracing::warn!(
                "the system refused to send several datagrams at once (GSO), so sending costs more: see whether the \
                 network card or a tunnel lacks UDP segmentation or checksum offload (`ethtool -k`)"
            );
        }
        let relays = &mut self.outlet.relays;
        for _ in 0..DROPS_SWEPT.min(relays.len()) {
            self.swept = (self.swept + 1) % relays.len();
            if let Some(relay) = relays.get_mut(self.swept) {
                self.outlet.io.drops_relays += relay.new_drops();
            }
        }
    }

    /// Whether there are connections whose time may end although nothing happens.
    pub(crate) fn has_unused_streams(&self) -> bool {
        self.outlet.streams.values().any(|stream| stream.unused.is_some() || stream.path.is_some())
    }

    /// One datagram from somebody, on a shared socket.
    #[inline]
    fn handle_datagram(&mut self, now: Now, receive: &Receive<'_>) {
        let Receive { source, local, payload } = *receive;
        let path = || Path { remote: source, local, via: Via::Udp };
        match demux::udp(payload) {
            Some(Datagram::Dtls | Datagram::Rtp) => self.handle_sfu(now, &path(), payload),
            // With USERNAME it is a check of ICE (RFC 8445 §7.2.2), without it just a question.
            Some(Datagram::Stun) if stun::local_ufrag(payload).is_some() => {
                self.handle_sfu(now, &path(), payload);
            }
            Some(Datagram::Stun | Datagram::ChannelData) => {
                let from = FiveTuple { client: source, server: local, transport: Transport::Udp };
                self.handle_client(now, &from, payload);
            }
            None => {}
        }
    }

    /// Does what the cores have queued, then lets everything go.
    fn finish(&mut self, now: Now) {
        self.drain(now);
        let Self { turn, sfu, outlet, scratch, reports, .. } = self;
        sfu.flush(now.instant, &mut SfuOutlet { outlet, turn, now, scratch });
        reports.add(std::iter::from_fn(|| sfu.poll_event()));
        self.outlet.flush();
    }
}

fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { instant: Instant::now(), unix_s: unix.as_secs() }
}
