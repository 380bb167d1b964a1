//! One of a subscriber's m-lines: a continuous stream of its own, whatever fills it.

use std::time::{Duration, Instant};

use super::cache::Kept;
use super::clock::{Mapping, ticks_between};
use super::header::{Extensions, Format, Header, Line};
use super::history::{Entry, History};
use super::numbering::{Skips, Window};
use super::packet::Codec;
use super::track::{Layer, Track, TrackId};
use super::vp8::PICTURE_MASK;

/// The first sequence number: low, so that losing the first packets leaves no doubt about SRTP's rollover counter.
const FIRST: u64 = 1;
/// Sender reports and arrival times may disagree so much about how far apart two layers are.
const TOLERANCE: Duration = Duration::from_secs(1);
/// Bytes of retransmissions a slot may send at once; half of what it sends is added, up to this.
const ALLOWANCE: u32 = 64 * 1024;
/// Probing repeats packets as old as this at most, in sequence numbers.
const PROBE_DEPTH: u64 = 64;

/// A subscriber's slot.
#[derive(Debug)]
pub(crate) struct Slot {
    line: Line,
    extensions: Extensions,
    /// What is to fill it.
    assigned: Option<(TrackId, usize)>,
    /// What fills it. Most slots are empty most of the time.
    run: Option<Box<Run>>,
    window: Window,
    last: Option<Last>,
    /// Ticks by which the slot's timestamps are ahead, because they must not go back.
    lead: i64,
    picture: u16,
    tl0: u8,
    packets: u32,
    octets: u32,
    history: History,
    /// The next sequence number of the retransmissions.
    repeats: u64,
    allowance: u32,
    /// The packet that probing repeats next.
    probe: u64,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Bytes of the RTP packet, unencrypted.
    pub(crate) bytes: usize,
    pub(crate) ssrc: u32,
    /// Its sequence number, never wrapped, for SRTP's rollover counter.
    pub(crate) sequence: u64,
    /// A new source or layer starts with it: what came after it may wait for [`Slot::catch_up`].
    pub(crate) began: bool,
}

/// The sender's part of a report (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SenderInfo {
    pub(crate) ssrc: u32,
    pub(crate) ntp: u64,
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

/// A stretch of packets of one layer, and what turns their numbers into the slot's.
#[derive(Debug)]
struct Run {
    track: TrackId,
    layer: usize,
    generation: u8,
    format: Format,
    first: u64,
    /// One past the newest packet.
    end: u64,
    /// Added to a sequence number after the newest; it wraps.
    shift: u64,
    skips: Skips,
    timestamp: u32,
    picture: u16,
    tl0: u8,
}

/// The newest packet that was sent.
#[derive(Clone, Copy, Debug)]
struct Last {
    timestamp: u32,
    /// Its publisher's.
    original: u32,
    received: Instant,
}

impl Slot {
    pub(crate) fn new(now: Instant, line: Line) -> Self {
        let video = line.formats.iter().any(|format| format.codec.is_video());
        Self {
            extensions: Extensions::new(&line),
            line,
            assigned: None,
            run: None,
            window: Window::new(FIRST),
            last: None,
            lead: 0,
            picture: 0,
            tl0: 0,
            packets: 0,
            octets: 0,
            history: History::new(now, video),
            repeats: FIRST,
            allowance: ALLOWANCE / 4,
            probe: 0,
        }
    }

    pub(crate) fn line(&self) -> &Line {
        &self.line
    }

    /// What fills it from now on. Another track ends the present one at once; another layer takes over with its next
    /// keyframe. [`Self::catch_up`] may have a first packet already.
    pub(crate) fn assign(&mut self, assigned: Option<(TrackId, usize)>) {
        self.assigned = assigned;
        let stays = |run: &Run| assigned.is_some_and(|(track, _)| track == run.track);
        if !self.run.as_deref().is_some_and(stays) {
            self.run = None;
        }
    }

    /// What is to fill it.
    pub(crate) fn assigned(&self) -> Option<(TrackId, usize)> {
        self.assigned
    }

    /// What fills it: what is assigned, or the layer before until the assigned one starts.
    pub(crate) fn current(&self) -> Option<(TrackId, usize)> {
        self.run.as_ref().map(|run| (run.track, run.layer))
    }

    /// The layer of the assigned track it needs a keyframe of to start.
    pub(crate) fn wants_keyframe_of(&self) -> Option<usize> {
        self.assigned.filter(|_| self.current() != self.assigned).map(|(_, layer)| layer)
    }

    /// Appends this subscriber's copy of a packet the track keeps. `None`: not for this slot, or it takes no number.
    pub(crate) fn forward(
        &mut self,
        track: &Track,
        layer: usize,
        sequence: u64,
        transport: u16,
        out: &mut Vec<u8>,
    ) -> Option<Sent> {
        let source = track.layer(layer)?;
        let kept = source.find(sequence)?;
        let began = match &self.run {
            Some(run) if run.is_of(track, layer, source) => false,
            _ => {
                self.begin(track, layer, source, kept)?;
                true
            }
        };
        let sent = self.send(kept, transport, out)?;
        Some(Sent { began, ..sent })
    }

    /// Appends the next packet that the track already has and this slot has not sent: call it again until it returns
    /// `None` after [`Self::assign`] and after a packet that [`Sent::began`].
    pub(crate) fn catch_up(
        &mut self,
        now: Instant,
        track: &Track,
        transport: u16,
        out: &mut Vec<u8>,
    ) -> Option<Sent> {
        let (_, layer) = self.assigned.filter(|(id, _)| *id == track.id())?;
        let source = track.layer(layer)?;
        match &self.run {
            Some(run) if run.is_of(track, layer, source) => {
                let mut next = run.end;
                while next < source.end() {
                    let kept = source.find(next);
                    if let Some(sent) = kept.and_then(|kept| self.send(kept, transport, out)) {
                        return Some(sent);
                    }
                    next += 1;
                }
                None
            }
            _ => {
                let sequence = source.fresh_keyframe(now)?;
                // Not behind what was shown already: that would put the new source ahead of its time for good.
                let received = source.find(sequence)?.packet.received;
                if self.last.is_some_and(|last| received < last.received) {
                    return None;
                }
                self.forward(track, layer, sequence, transport, out)
            }
        }
    }

    /// Appends a packet again as RTX (RFC 4588), asked for by its sequence number; at most once in a round trip and
    /// within the slot's allowance.
    pub(crate) fn retransmit<'a>(
        &mut self,
        now: Instant,
        sequence: u16,
        round_trip: Duration,
        track: impl Fn(TrackId) -> Option<&'a Track>,
        transport: u16,
        out: &mut Vec<u8>,
    ) -> Option<Sent> {
        let behind = (self.window.next() as u16).wrapping_sub(sequence);
        let number = self.window.next().checked_sub(u64::from(behind))?;
        let entry = self.history.find(number)?;
        if self.history.just_repeated(now, entry, round_trip) {
            return None;
        }
        let most = usize::try_from(self.allowance).unwrap_or(usize::MAX);
        let sent = self.repeat(number, most, track, transport, out)?;
        self.history.repeat(now, number);
        self.allowance -= sent.bytes as u32;
        Some(sent)
    }

    /// Appends a packet of at most `most` bytes that tells the subscriber nothing new: a recent one again, or padding.
    /// `None` without RTX, or if not even padding fits.
    pub(crate) fn probe<'a>(
        &mut self,
        most: usize,
        track: impl Fn(TrackId) -> Option<&'a Track>,
        transport: u16,
        out: &mut Vec<u8>,
    ) -> Option<Sent> {
        let newest = self.window.next() - 1;
        for _ in 0..8 {
            if self.probe > newest || self.probe + PROBE_DEPTH < newest || self.probe == 0 {
                self.probe = newest;
            }
            let number = self.probe;
            self.probe = number.saturating_sub(1);
            if let Some(sent) = self.repeat(number, most, &track, transport, out) {
                return Some(sent);
            }
        }
        self.pad(most, transport, out)
    }

    /// A sender report for this moment, `ntp` by our clock: the publisher's own, in this slot's timestamps. `None` as
    /// long as the publisher has sent none.
    pub(crate) fn sender_report(&self, now: Instant, ntp: u64, track: &Track) -> Option<SenderInfo> {
        let run = self.run.as_ref().filter(|run| run.track == track.id())?;
        let mapping =
            track.layer(run.layer).filter(|layer| layer.generation() == run.generation)?.mapping()?;
        Some(SenderInfo {
            ssrc: self.line.ssrc,
            ntp,
            timestamp: mapping.timestamp_at(now, track.codec().clock_rate()).wrapping_add(run.timestamp),
            packets: self.packets,
            octets: self.octets,
        })
    }

    /// Starts a run with this packet, if it is of what is assigned and a decoder can start there.
    fn begin(&mut self, track: &Track, layer: usize, source: &Layer, kept: &Kept) -> Option<()> {
        let sequence = kept.packet.sequence;
        if self.run.as_ref().is_some_and(|run| run.track == track.id() && run.layer == layer) {
            // The publisher began anew: what came before has nothing to do with this.
            self.run = None;
        }
        if self.assigned != Some((track.id(), layer)) || kept.contents.empty {
            return None;
        }
        let video = track.codec().is_video();
        if if video { !source.starts(sequence) } else { sequence + 1 != source.end() } {
            return None;
        }
        let format = *self.line.formats.iter().find(|format| format.codec == track.codec())?;
        let timestamp = self.align(track, source, kept);
        let descriptor = kept.contents.descriptor.unwrap_or_default();
        self.run = Some(Box::new(Run {
            track: track.id(),
            layer,
            generation: source.generation(),
            format,
            first: sequence,
            end: sequence,
            shift: self.window.next().wrapping_sub(sequence),
            skips: Skips::new(sequence),
            timestamp: timestamp.wrapping_sub(kept.packet.timestamp),
            picture: self.picture.wrapping_add(1).wrapping_sub(descriptor.picture),
            tl0: self.tl0.wrapping_add(1).wrapping_sub(descriptor.tl0),
        }));
        Some(())
    }

    /// The slot's timestamp for the first packet of a run: as much later than the last one as it was captured later,
    /// or, where sender reports do not tell, arrived later; and later in any case.
    fn align(&mut self, track: &Track, source: &Layer, kept: &Kept) -> u32 {
        let Some(last) = self.last else { return kept.packet.timestamp };
        let rate = track.codec().clock_rate();
        let arrived = ticks_between(last.received, kept.packet.received, rate);
        let tolerance = (TOLERANCE.as_secs() * u64::from(rate)) as i64;
        let elapsed = self
            .run
            .as_ref()
            .filter(|run| run.track == track.id())
            .and_then(|run| track.layer(run.layer).filter(|layer| layer.generation() == run.generation))
            .and_then(|before| {
                let mapping: &Mapping = before.mapping()?;
                Some(source.mapping()?.ticks_since(kept.packet.timestamp, mapping, last.original, rate))
            })
            .filter(|captured| (captured - arrived).abs() <= tolerance)
            .unwrap_or(arrived);
        // Audio packets must not overlap: 20 ms is what a packet of Opus holds.
        let least = if track.codec() == Codec::Opus { 960 } else { 1 };
        let wanted = elapsed - self.lead;
        let step = wanted.max(least);
        // What is too much now is taken off the next time.
        self.lead = (step - wanted).min(tolerance);
        last.timestamp.wrapping_add(step as u32)
    }

    /// Appends a packet of the run, unless it takes no number or its number is taken.
    fn send(&mut self, kept: &Kept, transport: u16, out: &mut Vec<u8>) -> Option<Sent> {
        let run = self.run.as_mut()?;
        let (packet, contents) = (&kept.packet, &kept.contents);
        let (sequence, first) = (packet.sequence, run.first);
        let number =
            if sequence >= run.end { run.next(sequence, contents.empty) } else { Some(run.late(sequence)?) };
        self.window.advance(run.end.wrapping_add(run.shift));
        let number = number.filter(|&number| self.window.claim(number))?;

        let timestamp = packet.timestamp.wrapping_add(run.timestamp);
        let descriptor = contents.descriptor.unwrap_or_default();
        let mut entry = Entry::new(run.track, run.layer as u8, run.generation, sequence, timestamp);
        entry.picture = descriptor.picture.wrapping_add(run.picture) & PICTURE_MASK;
        entry.tl0 = descriptor.tl0.wrapping_add(run.tl0);
        let header = Header {
            padding: contents.empty,
            // RFC 3551 §4.1: the first packet of a talk spurt is marked, and to its listener this is one.
            marker: packet.marker && !contents.empty || !run.format.codec.is_video() && sequence == first,
            payload_type: run.format.payload_type,
            sequence: number as u16,
            timestamp,
            ssrc: self.line.ssrc,
            transport,
            level: packet.audio_level,
        };
        let start = out.len();
        self.extensions.write(&header, out);
        if contents.empty {
            // A hole that turns out to be padding: its number was kept free, so it is filled with padding of our own.
            out.push(1);
        } else {
            write_payload(kept, &entry, out);
            self.octets =
                self.octets.wrapping_add((out.len() - start - self.extensions.header_size()) as u32);
        }
        let bytes = out.len() - start;

        self.packets = self.packets.wrapping_add(1);
        // By timestamps, not by sequence numbers: a late packet can hold the newest picture all the same.
        let ahead = |last: Last| timestamp.wrapping_sub(last.timestamp) as i32 >= 0;
        if sequence == first || self.last.is_none_or(ahead) {
            self.last = Some(Last { timestamp, original: packet.timestamp, received: packet.received });
            if descriptor.has_picture() {
                self.picture = entry.picture;
            }
            if descriptor.has_tl0() {
                self.tl0 = entry.tl0;
            }
        }
        if self.line.rtx_ssrc.is_some() {
            self.history.record(number, entry);
            self.allowance = (self.allowance + bytes as u32 / 2).min(ALLOWANCE);
        }
        Some(Sent { bytes, ssrc: self.line.ssrc, sequence: number, began: false })
    }

    /// Appends the packet of this number as RTX: the original sequence number, then the payload (RFC 4588 §4).
    fn repeat<'a>(
        &mut self,
        number: u64,
        most: usize,
        track: impl Fn(TrackId) -> Option<&'a Track>,
        transport: u16,
        out: &mut Vec<u8>,
    ) -> Option<Sent> {
        let entry = *self.history.find(number)?;
        let track = track(entry.track)?;
        let layer = track.layer(usize::from(entry.layer))?;
        if layer.generation() != entry.generation {
            return None;
        }
        let kept = layer.find_low(entry.sequence)?;
        // A picture id may grow by one octet.
        if self.extensions.header_size() + 2 + kept.packet.payload.len() + 1 > most {
            return None;
        }
        let payload_type =
            self.line.formats.iter().find(|format| format.codec == track.codec())?.rtx_payload_type?;
        let header = Header {
            padding: false,
            marker: kept.packet.marker,
            payload_type,
            sequence: self.repeats as u16,
            timestamp: entry.timestamp,
            ssrc: self.line.rtx_ssrc?,
            transport,
            level: None,
        };
        let start = out.len();
        self.extensions.write(&header, out);
        out.extend_from_slice(&(number as u16).to_be_bytes());
        if !kept.contents.empty {
            write_payload(kept, &entry, out);
        }
        Some(self.repeated(header.ssrc, out.len() - start))
    }

    /// Appends nothing but padding (RFC 3550 §5.1) to the retransmissions.
    fn pad(&mut self, most: usize, transport: u16, out: &mut Vec<u8>) -> Option<Sent> {
        let count = most.checked_sub(self.extensions.header_size())?.min(255);
        if count == 0 {
            return None;
        }
        let header = Header {
            padding: true,
            marker: false,
            payload_type: self.line.formats.iter().find_map(|format| format.rtx_payload_type)?,
            sequence: self.repeats as u16,
            timestamp: self.last.map_or(0, |last| last.timestamp),
            ssrc: self.line.rtx_ssrc?,
            transport,
            level: None,
        };
        let start = out.len();
        self.extensions.write(&header, out);
        out.resize(out.len() + count - 1, 0);
        out.push(count as u8);
        Some(self.repeated(header.ssrc, out.len() - start))
    }

    fn repeated(&mut self, ssrc: u32, bytes: usize) -> Sent {
        let sequence = self.repeats;
        self.repeats += 1;
        Sent { bytes, ssrc, sequence, began: false }
    }
}

impl Run {
    fn is_of(&self, track: &Track, layer: usize, source: &Layer) -> bool {
        self.track == track.id() && self.layer == layer && self.generation == source.generation()
    }

    /// The number of a packet newer than all before; none if there is nothing in it.
    fn next(&mut self, sequence: u64, empty: bool) -> Option<u64> {
        self.end = sequence + 1;
        if empty {
            self.skips.add(sequence);
            self.shift = self.shift.wrapping_sub(1);
            return None;
        }
        Some(sequence.wrapping_add(self.shift))
    }

    /// The number that was kept free for a packet that comes late.
    fn late(&self, sequence: u64) -> Option<u64> {
        Some(sequence.wrapping_add(self.shift).wrapping_add(self.skips.after(sequence)?))
    }
}

fn write_payload(kept: &Kept, entry: &Entry, out: &mut Vec<u8>) {
    let payload = &kept.packet.payload;
    match &kept.contents.descriptor {
        Some(descriptor) => {
            descriptor.write(entry.picture, entry.tl0, out);
            out.extend_from_slice(&payload[usize::from(descriptor.length)..]);
        }
        None => out.extend_from_slice(payload),
    }
}

#[cfg(test)]
mod tests;
