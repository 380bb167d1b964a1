//! The thread's TURN server: its clients, their relays and their connections.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use kaigi_packet::framing;
use kaigi_sfu::{Path, Via};
use kaigi_turn::{Event, Family, FiveTuple, Forward, Now, Outcome, Output, RelayError, RelayId};
use mio::{Interest, unix::SourceFd};

use super::Media;
use crate::{Outbox, outlet::Stream, relays::Relay, thread::relay_token};

impl Media {
    pub(super) fn open_turn(&mut self, now: Now, from: &FiveTuple, outbox: Arc<Outbox>) {
        if let Some(id) = from.transport.stream() {
            self.outlet.streams.insert(id, Stream::turn(outbox, now.instant));
        }
    }

    pub(super) fn handle_turn_frames(&mut self, now: Now, from: &FiveTuple, frames: &[u8]) {
        let mut rest = frames;
        while let Ok(Some(frame)) = framing::turn::next(rest) {
            self.handle_client(now, from, frame.content(rest));
            rest = &rest[frame.wire..];
        }
    }

    pub(super) fn close_turn(&mut self, now: Now, from: &FiveTuple) {
        if let Some(id) = from.transport.stream() {
            self.outlet.streams.remove(&id);
        }
        self.turn.handle_stream_closed(now, from);
    }

    #[inline]
    pub(super) fn handle_client(&mut self, now: Now, from: &FiveTuple, message: &[u8]) {
        match self.turn.handle_client(now, from, message) {
            Outcome::Forward(forward) => self.forward(now, &forward, message),
            Outcome::Handled => self.drain(now),
            Outcome::Dropped(_) => {}
        }
    }

    #[inline]
    pub(super) fn forward(&mut self, now: Now, forward: &Forward, message: &[u8]) {
        if let Forward::Sfu { from, to, payload } = forward {
            let path = Path { remote: *from, local: Some(to.ip()), via: Via::Relay(to.port()) };
            return self.handle_relayed(now, &path, &message[payload.clone()]);
        }
        self.outlet.forward(now.instant, forward, message);
    }

    /// Does what the TURN server has queued.
    pub(super) fn drain(&mut self, now: Now) {
        while let Some(output) = self.turn.poll_output() {
            match output {
                Output::Message { client, payload } => self.outlet.send(now.instant, &client, &[&payload]),
                Output::OpenRelay { relay, family, even_port, client } => {
                    let opened = self.open(relay, family, even_port, &client);
                    self.turn.handle_relay_opened(now, relay, opened);
                }
                Output::CloseRelay(id) => {
                    // What it has still to send goes first: its index may be another's soon.
                    self.outlet.flush();
                    if let Some(mut relay) = self.outlet.relays.remove(id) {
                        self.outlet.io.drops_relays += relay.new_drops();
                        self.outlet.neighbours.closed(relay.relayed);
                    }
                }
                Output::Event(event) => {
                    match &event {
                        Event::Created { relays, client, .. } => {
                            let neighbours = &self.outlet.neighbours;
                            relays.iter().flatten().for_each(|(_, relayed)| neighbours.opened(*relayed));
                            self.note_use(client, None);
                        }
                        Event::Closed { client, .. } => self.note_use(client, Some(now.instant)),
                        Event::Refreshed { .. } => {}
                    }
                    log(&event, self.outlet.neighbours.own());
                }
            }
        }
    }

    fn note_use(&mut self, client: &FiveTuple, unused: Option<Instant>) {
        if let Some(stream) = client.transport.stream().and_then(|id| self.outlet.streams.get_mut(&id)) {
            stream.unused = unused;
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
        let token = relay_token(self.outlet.shared.len(), id.index());
        self.registry
            .register(&mut SourceFd(&fd), token, Interest::READABLE)
            .map_err(|_| RelayError::NoCapacity)?;
        self.outlet.relays.insert(Relay { id, socket, relayed, waits: false, drops: 0 });
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
