//! The thread's share of the SFU: which datagrams are its own, which another thread's, and what the rest of the
//! process wants of it.

use std::sync::Arc;

use kaigi_packet::{
    demux::{self, Datagram},
    framing::rfc4571,
    stun,
};
use kaigi_sfu::Path;
use kaigi_turn::{Now, StreamId};

use super::{Media, now};
use crate::{
    Outbox,
    neighbours::Handed,
    outlet::Stream,
    sessions::{Connect, Waiting},
    thread_of,
};

impl Media {
    /// A check of ICE, DTLS, SRTP or SRTCP, from the network or a relay of this thread.
    #[inline]
    pub(super) fn handle_sfu(&mut self, now: Now, path: &Path, payload: &[u8]) {
        let neighbours = &self.outlet.neighbours;
        let owner = match stun::local_ufrag(payload) {
            Some(ufrag) => thread_of(ufrag, neighbours.count()),
            None => self.owners.of(path),
        };
        match owner {
            Some(thread) if thread != neighbours.own() => {
                self.outlet.hand_over(thread, Handed::Sfu(*path), payload);
            }
            _ => {
                self.sfu.handle_datagram(now.instant, path, payload);
                // A client that went over to a session of this thread with the same addresses.
                if owner.is_some() && self.sfu.knows_path(path) {
                    self.owners.forget(path);
                }
            }
        }
    }

    /// What a relay's client has sent to the SFU: as from the network, but nothing that is for TURN.
    #[inline]
    pub(super) fn handle_relayed(&mut self, now: Now, path: &Path, payload: &[u8]) {
        match demux::udp(payload) {
            Some(Datagram::Dtls | Datagram::Rtp) => self.handle_sfu(now, path, payload),
            Some(Datagram::Stun) if stun::local_ufrag(payload).is_some() => {
                self.handle_sfu(now, path, payload);
            }
            _ => {}
        }
    }

    /// What another thread has received for this one.
    pub(super) fn handle_handed(&mut self, now: Now, sender: u16, path: &Path, payload: &[u8]) {
        self.sfu.handle_datagram(now.instant, path, payload);
        // Before the answer leaves: what the client sends next is known to be for this thread.
        if demux::udp(payload) == Some(Datagram::Stun) && self.sfu.knows_path(path) {
            self.outlet.neighbours.claim(sender, path);
        }
    }

    /// A connection that begins with a check of ICE (RFC 6544). Without an authentic one it is closed.
    pub(super) fn open_ice(
        &mut self,
        now: Now,
        id: StreamId,
        path: Path,
        outbox: Arc<Outbox>,
        frames: &[u8],
    ) {
        self.outlet.streams.insert(id, Stream::ice(outbox, path));
        self.handle_ice_frames(now, id, frames);
        if !self.sfu.knows_path(&path) {
            self.outlet.streams.remove(&id);
        }
    }

    pub(super) fn handle_ice_frames(&mut self, now: Now, id: StreamId, frames: &[u8]) {
        let Some(path) = self.outlet.streams.get(&id).and_then(|stream| stream.path) else { return };
        let mut rest = frames;
        while let Some(frame) = rfc4571::next(rest) {
            self.sfu.handle_datagram(now.instant, &path, frame.content(rest));
            rest = &rest[frame.wire..];
        }
    }

    pub(super) fn close_ice(&mut self, id: StreamId) {
        if let Some(path) = self.outlet.streams.remove(&id).and_then(|stream| stream.path) {
            self.sfu.forget_path(&path);
        }
    }

    /// Does what the rest of the process wants.
    pub(crate) fn obey(&mut self) {
        let Waiting { ended, offers, views, sources } = self.outlet.neighbours.orders().take();
        if ended.is_empty() && offers.is_empty() && views.is_empty() && sources.is_empty() {
            return;
        }
        let now = now();
        ended.into_iter().for_each(|session| self.sfu.disconnect(now.instant, session));
        offers.into_iter().for_each(|offer| self.answer(now, offer));
        views.into_iter().for_each(|(session, view)| self.sfu.set_view(session, view));
        sources.into_iter().for_each(|(session, may)| self.sfu.set_sources(now.instant, session, may));
        self.finish(now);
    }

    fn answer(&mut self, now: Now, connect: Connect) {
        let Connect { session, room, participant, offer, candidates } = connect;
        let answer = self.sfu.connect(now.instant, session, room, &participant, &offer, &candidates);
        self.reports.answer(session, answer);
    }
}
