//! What one source of a publisher sends, in one or several layers.

use std::time::{Duration, Instant};

use super::cache::{Cache, Kept, Place};
use super::clock::{Clock, Mapping, ticks_between};
use super::keyframe::Requests;
use super::packet::{Codec, Contents, Packet};
use super::rate::Rate;

/// A track, numbered by the caller; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TrackId(pub(crate) u32);

/// Packets kept of a layer: about a second of video at 8 Mbit/s.
const VIDEO_PACKETS: usize = 1024;
const AUDIO_PACKETS: usize = 64;
/// A layer is active as long as its last packet is no older.
const ACTIVE: Duration = Duration::from_secs(1);
/// What a packet costs on its way to a subscriber besides its payload: RTP header, extensions, SRTP tag.
const OVERHEAD: usize = 40;
/// A slot may start with a keyframe that is past by so many packets and so much time at most: enough for all who
/// join at once to share one, and not so much that what came since is a burst.
const CATCH_UP: u64 = 64;
const CATCH_UP_AGE: Duration = Duration::from_millis(300);
/// A timestamp this far from the time that went by is not of the same clock as the one before.
const LEAP: Duration = Duration::from_secs(10);

/// A source of a publisher: its microphone, its camera, ...
#[derive(Debug)]
pub(crate) struct Track {
    id: TrackId,
    codec: Codec,
    layers: Vec<Layer>,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It is kept: offer it to the slots.
    Kept {
        /// A keyframe begins with it.
        keyframe: bool,
    },
    /// It was there already.
    Duplicate,
    /// It is too old, or of a layer the track does not have.
    Refused,
}

impl Track {
    pub(crate) fn new(id: TrackId, codec: Codec, layers: usize) -> Self {
        Self { id, codec, layers: (0..layers).map(|_| Layer::new(codec)).collect() }
    }

    pub(crate) fn id(&self) -> TrackId {
        self.id
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// Lowest first.
    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    pub(crate) fn layer(&self, layer: usize) -> Option<&Layer> {
        self.layers.get(layer)
    }

    /// Keeps a packet. A packet of padding is kept too and must be offered to the slots: they close the gap.
    pub(crate) fn push(&mut self, now: Instant, layer: usize, packet: Packet) -> Pushed {
        let codec = self.codec;
        match self.layers.get_mut(layer) {
            Some(layer) => layer.push(now, codec, packet),
            None => Pushed::Refused,
        }
    }

    /// A sender report of a layer (RFC 3550 §6.4.1); `clock` is its publisher's, the same for all its tracks.
    pub(crate) fn handle_sender_report(
        &mut self,
        now: Instant,
        layer: usize,
        ntp: u64,
        timestamp: u32,
        clock: &mut Clock,
    ) {
        if let Some(layer) = self.layers.get_mut(layer) {
            layer.mapping = Some(Mapping { at: clock.sample(now, ntp), timestamp });
        }
    }

    /// Somebody wants a keyframe of a layer. To be said again every second or so for as long as it is wanted.
    pub(crate) fn want_keyframe(&mut self, now: Instant, layer: usize) {
        if let Some(layer) = self.layers.get_mut(layer).filter(|_| self.codec.is_video()) {
            layer.requests.want(now);
        }
    }

    /// A layer to ask a keyframe of now.
    pub(crate) fn poll_keyframe(&mut self, now: Instant) -> Option<usize> {
        self.layers.iter_mut().position(|layer| layer.requests.poll(now))
    }

    /// When [`Self::poll_keyframe`] may have something.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.layers.iter().filter_map(|layer| layer.requests.poll_timeout()).min()
    }
}

/// One encoding of a track.
#[derive(Debug)]
pub(crate) struct Layer {
    cache: Cache,
    rate: Rate,
    height: Option<u16>,
    last: Option<Instant>,
    mapping: Option<Mapping>,
    /// The newest packet's timestamp and arrival.
    newest: Option<(u32, Instant)>,
    /// How often its numbering began anew.
    generation: u8,
    /// The last picture id, of 15 bits.
    picture: Option<u16>,
    /// Where the newest keyframe begins.
    keyframe: Option<u64>,
    requests: Requests,
}

impl Layer {
    fn new(codec: Codec) -> Self {
        Self {
            cache: Cache::new(if codec.is_video() { VIDEO_PACKETS } else { AUDIO_PACKETS }),
            rate: Rate::default(),
            height: None,
            last: None,
            mapping: None,
            newest: None,
            generation: 0,
            picture: None,
            keyframe: None,
            requests: Requests::default(),
        }
    }

    /// Bits per second over the last second, as they would go to one subscriber.
    pub(crate) fn bitrate(&self, now: Instant) -> u64 {
        self.rate.bits_per_second(now)
    }

    /// The height of its pictures, where its keyframes tell.
    pub(crate) fn height(&self) -> Option<u16> {
        self.height
    }

    /// Whether media came within the last second.
    pub(crate) fn active(&self, now: Instant) -> bool {
        self.last.is_some_and(|last| now.saturating_duration_since(last) <= ACTIVE)
    }

    /// Its last sender report.
    pub(crate) fn mapping(&self) -> Option<&Mapping> {
        self.mapping.as_ref()
    }

    pub(crate) fn generation(&self) -> u8 {
        self.generation
    }

    /// One past its newest sequence number.
    pub(crate) fn end(&self) -> u64 {
        self.cache.end()
    }

    pub(crate) fn find(&self, sequence: u64) -> Option<&Kept> {
        self.cache.find(sequence)
    }

    /// The packet whose sequence number ends with these bits.
    pub(crate) fn find_low(&self, low: u32) -> Option<&Kept> {
        self.cache.find_low(low)
    }

    /// The beginning of a keyframe so fresh that a slot can start there and catch up.
    pub(crate) fn fresh_keyframe(&self, now: Instant) -> Option<u64> {
        let sequence = self.keyframe.filter(|&sequence| self.end() - sequence <= CATCH_UP)?;
        let age = now.saturating_duration_since(self.find(sequence)?.packet.received);
        (age <= CATCH_UP_AGE && self.starts(sequence)).then_some(sequence)
    }

    /// Whether a decoder can start with this packet.
    pub(crate) fn starts(&self, sequence: u64) -> bool {
        let Some(kept) = self.find(sequence) else { return false };
        // H.264: an IDR picture without a parameter set starts nothing if a lost packet before it may have held one.
        kept.contents.keyframe
            && (kept.contents.parameters
                || sequence
                    .checked_sub(1)
                    .and_then(|before| self.find(before))
                    .is_some_and(|before| before.packet.timestamp != kept.packet.timestamp))
    }

    fn push(&mut self, now: Instant, codec: Codec, packet: Packet) -> Pushed {
        let sequence = packet.sequence;
        let newest = match self.cache.place(now, sequence) {
            Place::Duplicate => return Pushed::Duplicate,
            Place::Old => return Pushed::Refused,
            Place::Late => false,
            Place::Newest => {
                if self.leaps(codec, &packet) {
                    self.restart();
                }
                true
            }
            Place::Elsewhere => {
                self.restart();
                true
            }
        };
        let mut contents = Contents::parse(codec, &packet.payload);
        if let Some(descriptor) = &mut contents.descriptor {
            descriptor.widen(self.picture);
            if newest && descriptor.has_picture() {
                self.picture = Some(descriptor.picture);
            }
        }
        if newest {
            self.newest = Some((packet.timestamp, packet.received));
        }
        if !contents.empty {
            self.last = Some(now);
            self.rate.add(now, packet.payload.len() + OVERHEAD);
        }
        self.cache.insert(now, Kept { packet, contents });
        if contents.keyframe {
            self.height = contents.height.or(self.height);
            if self.starts(sequence) {
                self.keyframe = self.keyframe.max(Some(sequence));
                self.requests.fulfil();
            }
        }
        Pushed::Kept { keyframe: contents.keyframe }
    }

    /// Whether a packet's timestamp has nothing to do with the one before.
    fn leaps(&self, codec: Codec, packet: &Packet) -> bool {
        self.newest.is_some_and(|(timestamp, received)| {
            let rate = codec.clock_rate();
            let told = i64::from(packet.timestamp.wrapping_sub(timestamp) as i32);
            let elapsed = ticks_between(received, packet.received, rate);
            told.abs_diff(elapsed) > LEAP.as_secs() * u64::from(rate)
        })
    }

    /// Its numbers have nothing to do with those before: slots start it over.
    fn restart(&mut self) {
        self.cache.clear();
        self.mapping = None;
        self.newest = None;
        self.picture = None;
        self.keyframe = None;
        self.generation = self.generation.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;
