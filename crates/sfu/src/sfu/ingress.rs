//! What comes from clients: datagrams to their sessions, media to tracks and from there to whom it concerns.

use std::time::Instant;

use crate::{
    endpoint::{Feedback, Output, Refused as Why, Role},
    forward::{Codec, Packet, Pushed, Track, TrackId},
    model::{Event, Path, RoomId, Source},
    relay,
    room::{Published, Room},
    rtcp,
    session::{Index, Pending},
};

use super::{Sfu, Timer};

/// Packets that may wait for one subscriber until the next flush: many times what a batch of reads can make.
const MOST_PENDING: usize = 8192;

/// Bytes of data messages that may wait for a receiver that does not read.
const MOST_BUFFERED: usize = 1 << 20;

/// Units of a transport-wide reference time (64 ms) and of an arrival (250 µs) in microseconds.
const ARRIVAL_US: i64 = 250;
const ARRIVALS_PER_REFERENCE: i64 = 256;

impl Sfu {
    /// A datagram came on this path: STUN with a USERNAME, DTLS, SRTP or SRTCP.
    pub fn handle_datagram(&mut self, now: Instant, path: &Path, datagram: &[u8]) {
        // The first two bits of STUN are zero, and its type comes first (RFC 8489 §5).
        let stun = datagram.first().is_some_and(|first| *first < 4);
        let index = if stun {
            kaigi_packet::stun::local_ufrag(datagram).and_then(|ufrag| self.by_ufrag.get(ufrag))
        } else {
            self.by_path.get(path)
        };
        let Some(index) = index.copied() else {
            let count = if stun { &mut self.refused.stun } else { &mut self.refused.unknown_path };
            *count += 1;
            return;
        };
        let Some(session) = self.sessions.get_mut(index as usize) else { return };
        let handled = session.endpoint.handle_datagram(now, path, datagram);
        match handled {
            // What was authentic makes its path known; a session keeps few of them.
            Ok(()) if stun => {
                session.note_path(now);
                self.by_path.insert(*path, index);
            }
            Ok(()) => {}
            Err(why) => self.note_refused(why, datagram),
        }
        self.drain(now, index);
    }

    /// RTCP of a session as it is after decryption.
    #[cfg(fuzzing)]
    pub fn handle_plain_rtcp(&mut self, now: Instant, session: crate::model::SessionId, compound: &[u8]) {
        let Some(index) = self.by_id.get(&session).copied() else { return };
        if let Some(session) = self.sessions.get_mut(index as usize) {
            session.endpoint.handle_plain_rtcp(compound);
        }
        self.drain(now, index);
    }

    /// Takes out what a session's endpoint has to say now. What it has to ask str0m for waits for the end of the batch.
    pub(super) fn drain(&mut self, now: Instant, index: Index) {
        while let Some(session) = self.sessions.get_mut(index as usize)
            && let Some(output) = session.endpoint.poll_known()
        {
            self.handle_output(now, index, output);
        }
        self.note_touched(index);
    }

    /// At the end of a batch: everything that was put off, for all sessions that anything has happened to.
    pub(super) fn finish(&mut self, now: Instant) {
        while let Some(index) = self.touched.pop() {
            while let Some(session) = self.sessions.get_mut(index as usize)
                && let Some(output) = session.endpoint.poll()
            {
                self.handle_output(now, index, output);
            }
            if let Some(session) = self.sessions.get_mut(index as usize) {
                session.touched = false;
                self.schedule(now, index);
            }
        }
    }

    fn handle_output(&mut self, now: Instant, index: Index, output: Output) {
        let Some(session) = self.sessions.get_mut(index as usize) else { return };
        match output {
            Output::Transmit(path, datagram) => self.outgoing.push((path, datagram)),
            Output::Media { line, layer, codec, packet } => {
                self.handle_media(now, index, (line, layer, codec), packet);
            }
            Output::SenderReport { line, layer, ntp, rtp } => {
                let at = session.publishes.get(line).copied().flatten();
                if let Some(published) = at.and_then(|at| self.tracks.get_mut(at)) {
                    published.track.handle_sender_report(now, layer, ntp, rtp, &mut session.clock);
                }
            }
            Output::Missed { asked, lost } => {
                session.counters.missed_packets += asked;
                session.counters.lost_upstream += lost;
            }
            Output::Feedback(feedback) => self.handle_feedback(now, index, feedback),
            Output::Connected => {
                let id = session.id;
                self.note_stale(index);
                self.events.push_back(Event::Connected(id));
            }
            Output::ChannelOpen(channel) => tracing::trace!(channel, "a data channel is open"),
            Output::Data { channel, binary: _, data } => self.handle_data(now, index, channel, &data),
            Output::Closed(reason) => {
                let id = session.id;
                self.remove(now, index);
                self.events.push_back(Event::Closed(id, reason));
            }
        }
    }

    fn note_refused(&mut self, why: Why, datagram: &[u8]) {
        let refused = &mut self.refused;
        let count = match (why, datagram.first()) {
            (Why::UnknownPath, _) => &mut refused.unknown_path,
            (_, Some(0..=3)) => &mut refused.stun,
            (_, Some(20..=63)) => &mut refused.dtls,
            _ => &mut refused.srtp,
        };
        *count += 1;
    }

    fn handle_media(
        &mut self,
        now: Instant,
        index: Index,
        (line, layer, codec): (usize, usize, Codec),
        packet: Packet,
    ) {
        let Some(session) = self.sessions.get_mut(index as usize) else { return };
        session.counters.received_packets += 1;
        session.counters.received_bytes += packet.payload.len() as u64;
        if let Some(source) = session.endpoint.source(line)
            && !session.sources.has(source)
        {
            session.counters.forbidden_packets += 1;
            session.dropped = session.dropped.with(source, true);
            return;
        }
        let at = match session.publishes.get(line).copied().flatten() {
            Some(at) if self.tracks.get(at).is_some_and(|published| published.codec == codec) => at,
            before => {
                if let Some(before) = before {
                    self.unpublish(now, before);
                }
                let Some(at) = self.publish(now, index, line, codec) else { return };
                at
            }
        };
        let Some(published) = self.tracks.get_mut(at) else { return };
        if let Some(voice) = published.voice
            && let Some(room) = self.rooms.get_mut(&published.room)
        {
            let resting = room.speakers.poll_timeout().is_none();
            room.speakers.heard(now, voice, packet.audio_level);
            if let Some(due) = room.speakers.poll_timeout().filter(|_| resting) {
                self.due.insert((due, Timer::Room(published.room)));
            }
        }
        let sequence = packet.sequence;
        if !matches!(published.track.push(now, layer, packet), Pushed::Kept { .. }) {
            return;
        }
        let bit = 1u8.checked_shl(layer as u32).unwrap_or(0);
        let layer = layer as u8;
        for subscriber in &published.subscribers {
            if subscriber.uses & bit == 0 {
                continue;
            }
            let Some(session) = self.sessions.get_mut(subscriber.session as usize) else { continue };
            if session.pending.len() >= MOST_PENDING {
                session.counters.queue_drops += 1;
                continue;
            }
            session.pending.push(Pending::Packet { at, layer, slot: subscriber.slot, sequence });
            if !std::mem::replace(&mut session.busy, true) {
                self.busy.push(subscriber.session);
            }
        }
    }

    /// A track begins with its first packet.
    fn publish(&mut self, now: Instant, index: Index, line: usize, codec: Codec) -> Option<usize> {
        let session = self.sessions.get_mut(index as usize)?;
        let Role::Sends(sends) = &session.endpoint.lines().get(line)?.role else { return None };
        let (source, layers) = (sends.source, sends.layers());
        let room = self.rooms.get_mut(&session.room)?;
        let voice = (!codec.is_video()).then(|| room.speakers.add(session.id, source));
        let id = TrackId(self.next_track);
        self.next_track = self.next_track.wrapping_add(1);
        let track = Track::new(id, codec, layers);
        let place = (session.room, index, line);
        let at = self.tracks.insert(Published::new(track, place, source, codec, voice));
        *session.publishes.get_mut(line)? = Some(at);
        if codec.is_video() {
            self.due.insert((now, Timer::Track(at)));
        }
        self.note_room(place.0);
        self.service_room(now, place.0);
        Some(at)
    }

    /// A track has ended, and with it what filled its subscribers' slots.
    pub(super) fn unpublish(&mut self, _now: Instant, at: usize) {
        let Some(published) = self.tracks.try_remove(at) else { return };
        self.due.retain(|(_, timer)| *timer != Timer::Track(at));
        if let Some(session) = self.sessions.get_mut(published.publisher as usize) {
            session.publishes.iter_mut().filter(|held| **held == Some(at)).for_each(|held| *held = None);
        }
        for subscriber in &published.subscribers {
            let Some(session) = self.sessions.get_mut(subscriber.session as usize) else { continue };
            if let Some(seat) = session.seat_mut(subscriber.slot)
                && seat.held.is_some_and(|held| held.at == at)
            {
                seat.slot.assign(None);
                (seat.held, seat.paused) = (None, false);
            }
            self.note_stale(subscriber.session);
        }
        if let Some(voice) = published.voice
            && let Some(room) = self.rooms.get_mut(&published.room)
        {
            room.speakers.remove(voice);
        }
        self.note_room(published.room);
    }

    /// Something has changed that everybody in the room may receive.
    pub(super) fn note_room(&mut self, room: RoomId) {
        let members: Vec<Index> = self
            .rooms
            .get(&room)
            .map(|room: &Room| room.members.iter().copied().collect())
            .unwrap_or_default();
        members.into_iter().for_each(|index| self.note_stale(index));
    }

    fn handle_feedback(&mut self, now: Instant, index: Index, feedback: Feedback) {
        let Some(session) = self.sessions.get_mut(index as usize) else { return };
        match feedback {
            Feedback::Arrivals(arrivals) => {
                let Some(first) = arrivals.iter().find_map(|(_, arrival)| *arrival) else {
                    session.bandwidth.handle_feedback(
                        now,
                        0,
                        arrivals.iter().map(|(number, _)| (*number, None)),
                    );
                    return;
                };
                let reference = first.div_euclid(ARRIVALS_PER_REFERENCE);
                let after = |arrival: i64| (arrival - reference * ARRIVALS_PER_REFERENCE) * ARRIVAL_US;
                let packets = arrivals.iter().map(|(number, arrival): &rtcp::Arrival| {
                    (*number, arrival.map(|arrival| i32::try_from(after(arrival)).unwrap_or(i32::MAX)))
                });
                session.bandwidth.handle_feedback(now, (reference & 0xFF_FFFF) as u32, packets);
            }
            Feedback::EstimatedBitrate(bitrate) => session.bandwidth.handle_remb(bitrate),
            Feedback::Nack { ssrc, sequences } => {
                session.counters.nacked_packets += sequences.len() as u64;
                let Some(slot) = session.slot_of(ssrc) else { return };
                let room = MOST_PENDING.saturating_sub(session.pending.len());
                session.counters.queue_drops += sequences.len().saturating_sub(room) as u64;
                let again = |sequence| Pending::Again { slot, sequence };
                session.pending.extend(sequences.into_iter().take(room).map(again));
                self.note_busy(index);
            }
            Feedback::KeyframeRequest { ssrc } => {
                session.counters.keyframe_requests += 1;
                let Some(slot) = session.slot_of(ssrc) else { return };
                let current = session.seat_mut(slot).and_then(|seat| {
                    let (id, layer) = seat.slot.current().or_else(|| seat.slot.assigned())?;
                    seat.held.filter(|held| held.id == id).map(|held| (held.at, layer))
                });
                let Some((at, layer)) = current else { return };
                if let Some(published) = self.tracks.get_mut(at) {
                    published.track.want_keyframe(now, layer);
                    self.ask_for_keyframes(now, at);
                }
            }
            Feedback::Report(report) => {
                // The sum falls when what was late came after all.
                if let Some(seat) = session.slot_of(report.ssrc).and_then(|slot| session.seat_mut(slot)) {
                    let new = report.lost.saturating_sub(seat.lost).max(0);
                    seat.lost = seat.lost.max(report.lost);
                    session.counters.lost_packets += u64::from(new.unsigned_abs());
                }
            }
        }
    }

    /// Passes a data message on to others of the room.
    fn handle_data(&mut self, now: Instant, index: Index, channel: u16, data: &[u8]) {
        let Some(session) = self.sessions.get_mut(index as usize) else { return };
        let Some(letter) = relay::open(data) else {
            session.counters.data_drops += 1;
            return;
        };
        let message = relay::seal(&session.name, letter.frame);
        let members: Vec<Index> = self.rooms.get(&session.room).map_or_else(Vec::new, |room| {
            room.members.iter().copied().filter(|member| *member != index).collect()
        });
        let (mut sent, mut lost) = (0, letter.to.len() as u64);
        for member in members {
            let Some(receiver) = self.sessions.get_mut(member as usize) else { continue };
            let named = letter.to.contains(&&*receiver.name);
            if !letter.to.is_empty() && !named {
                continue;
            }
            lost = lost.saturating_sub(u64::from(named));
            let full = receiver.endpoint.buffered(channel) + message.len() > MOST_BUFFERED;
            if !full && receiver.endpoint.send(now, channel, true, &message).is_ok() {
                sent += 1;
            } else {
                lost += 1;
            }
            self.drain(now, member);
        }
        if let Some(session) = self.sessions.get_mut(index as usize) {
            session.counters.data_messages += sent;
            session.counters.data_drops += lost;
        }
    }

    /// Where in the table of tracks a session's source is.
    pub(super) fn find_track(&self, index: Index, source: Source) -> Option<usize> {
        let publishes = &self.sessions.get(index as usize)?.publishes;
        let is_it = |at: &usize| self.tracks.get(*at).is_some_and(|published| published.source == source);
        publishes.iter().flatten().copied().find(is_it)
    }
}
