//! What encoders make: VP8 in three simulcast layers (RFC 7741, temporal layers as Chromium's L1T3) and Opus.
//! Only the shape is real: descriptors, frame headers, sizes and timing; the pictures are [`Mark`]s.

use rand::{Rng as _, rngs::StdRng};

use crate::mark::Mark;

/// Pictures a second of a camera; a screen's encoder takes every second one.
pub const RATE: u64 = 30;
/// What fits a packet, as Chromium cuts frames.
const PAYLOAD: usize = 1100;
/// The frame's tag, start code and size (RFC 6386 §9.1).
const KEYFRAME_HEADER: usize = 10;

/// A layer's name, picture and bitrate.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    pub rid: &'static str,
    pub width: u16,
    pub height: u16,
    pub bits_per_second: u64,
    /// It takes one of so many pictures.
    pub every: u64,
}

/// What the web client sends of a camera, lowest first, and of a screen.
pub const QUALITIES: [Quality; 5] = [
    Quality { rid: "q", width: 320, height: 180, bits_per_second: 150_000, every: 1 },
    Quality { rid: "h", width: 640, height: 360, bits_per_second: 500_000, every: 1 },
    Quality { rid: "f", width: 1280, height: 720, bits_per_second: 1_700_000, every: 1 },
    Quality { rid: "q", width: 960, height: 540, bits_per_second: 500_000, every: 2 },
    Quality { rid: "f", width: 1920, height: 1080, bits_per_second: 1_500_000, every: 2 },
];
/// Which of them is the first of the screen's.
pub const SCREEN: usize = 3;

/// One RTP payload to send.
pub struct Payload {
    pub bytes: Vec<u8>,
    pub marker: bool,
}

/// The encoder of one layer.
pub struct Encoder {
    pub quality: Quality,
    publisher: u16,
    layer: u8,
    temporal_layers: bool,
    /// The signaling said that somebody watches this layer.
    active: bool,
    keyframe_wanted: bool,
    /// Keyframes made so far.
    pub keyframes: u32,
    frame: u32,
    /// The last frame of temporal layers 0 and 1.
    references: [u32; 2],
    /// Where in the pattern of temporal layers.
    phase: usize,
    picture_id: u16,
    tl0_picture_index: u8,
    /// Bytes that a keyframe took more than its share; the frames after it pay them back.
    debt: f64,
    /// Random starts of what RTP wants to start randomly (RFC 3550 §5.1).
    pub sequence: u64,
    pub timestamp_offset: u32,
}

impl Encoder {
    pub fn new(publisher: u16, layer: usize, temporal_layers: bool, rng: &mut StdRng) -> Self {
        Self {
            quality: QUALITIES[layer],
            publisher,
            layer: layer as u8,
            temporal_layers,
            active: layer < SCREEN,
            keyframe_wanted: true,
            keyframes: 0,
            frame: 0,
            references: [0; 2],
            phase: 0,
            picture_id: rng.random::<u16>() & 0x7FFF,
            tl0_picture_index: rng.random(),
            debt: 0.0,
            sequence: rng.random_range(0..60_000),
            timestamp_offset: rng.random(),
        }
    }

    /// A PLI came: the next frame is a keyframe.
    pub fn want_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }

    /// Pauses or resumes the layer; what resumes begins with a keyframe, as browsers' encoders do.
    pub fn set_active(&mut self, active: bool) {
        self.keyframe_wanted |= active && !self.active;
        self.active = active;
    }

    pub fn is_active(&self) -> bool {
        self.active
    }

    /// The next frame's packets; none while paused.
    pub fn encode(&mut self, captured_us: u64, rng: &mut StdRng) -> Vec<Payload> {
        if !self.active {
            return vec![];
        }
        let key = std::mem::take(&mut self.keyframe_wanted);
        let temporal = self.begin_frame(key);
        let size = self.size(key, temporal, rng);
        let count = size.div_ceil(PAYLOAD);
        let mark = Mark {
            publisher: self.publisher,
            layer: self.layer,
            frame: self.frame,
            reference: if key { self.frame } else { self.reference(temporal) },
            index: 0,
            count: count as u16,
            captured_us,
        };
        if temporal < 2 {
            self.references[usize::from(temporal)] = self.frame;
        }
        if temporal == 0 {
            self.references[1] = self.frame;
        }
        (0..count)
            .map(|index| {
                // Equal shares, those that differ by a byte last, as Chromium's packetizer does.
                let share = (size + index) / count;
                let bytes = self.packet(key, temporal, Mark { index: index as u16, ..mark }, share);
                Payload { bytes, marker: index + 1 == count }
            })
            .collect()
    }

    /// Counts on, and says which temporal layer comes.
    fn begin_frame(&mut self, key: bool) -> u8 {
        const PATTERN: [u8; 4] = [0, 2, 1, 2];
        self.frame += 1;
        self.picture_id = (self.picture_id + 1) & 0x7FFF;
        self.phase = if key { 0 } else { (self.phase + 1) % PATTERN.len() };
        let temporal = if self.temporal_layers { PATTERN[self.phase] } else { 0 };
        if temporal == 0 {
            self.tl0_picture_index = self.tl0_picture_index.wrapping_add(1);
        }
        if key {
            self.keyframes += 1;
        }
        temporal
    }

    fn reference(&self, temporal: u8) -> u32 {
        // The picture before a frame of layer 2 is always of layer 0 or 1, whichever came later.
        if temporal == 2 { self.references[1] } else { self.references[0] }
    }

    fn size(&mut self, key: bool, temporal: u8, rng: &mut StdRng) -> usize {
        let mean = self.quality.bits_per_second as f64 / 8.0 / (RATE / self.quality.every) as f64;
        let weight = match (self.temporal_layers, temporal) {
            (true, 0) => 1.6,
            (true, 1) => 1.0,
            (true, _) => 0.7,
            _ => 1.0,
        };
        let noise = rng.random_range(0.6..1.4);
        let size = if key {
            self.debt += mean * 5.0;
            mean * 6.0 * noise
        } else {
            let pay = self.debt.min(mean * 0.25);
            self.debt -= pay;
            (mean * weight - pay) * noise
        };
        (size as usize).max(KEYFRAME_HEADER + Mark::LENGTH)
    }

    fn packet(&self, key: bool, temporal: u8, mark: Mark, share: usize) -> Vec<u8> {
        let first = mark.index == 0;
        let mut out = Vec::with_capacity(share + 8);
        self.descriptor(&mut out, temporal, first, key);
        let header = out.len();
        if first {
            self.frame_header(&mut out, key);
        }
        let taken = out.len() - header;
        mark.write(&mut out, share.saturating_sub(taken));
        out
    }

    /// The payload descriptor (RFC 7741 §4.2), its fields as libwebrtc sends them.
    fn descriptor(&self, out: &mut Vec<u8>, temporal: u8, first: bool, key: bool) {
        const X: u8 = 0x80;
        const N: u8 = 0x20;
        const S: u8 = 0x10;
        let droppable = temporal == 2;
        out.push(X | if droppable { N } else { 0 } | if first { S } else { 0 });
        let extended = self.picture_id | 0x8000;
        if !self.temporal_layers {
            out.push(0x80);
            out.extend(extended.to_be_bytes());
            return;
        }
        out.push(0x80 | 0x40 | 0x20);
        out.extend(extended.to_be_bytes());
        out.push(self.tl0_picture_index);
        let sync = key || temporal > 0 && self.phase == 1;
        out.push(temporal << 6 | u8::from(sync) << 5);
    }

    /// The frame's header (RFC 6386 §9.1).
    fn frame_header(&self, out: &mut Vec<u8>, key: bool) {
        const SHOW: u8 = 0x10;
        out.extend([SHOW | u8::from(!key), 0, 0]);
        if key {
            out.extend([0x9D, 0x01, 0x2A]);
            out.extend(self.quality.width.to_le_bytes());
            out.extend(self.quality.height.to_le_bytes());
        }
    }
}

/// A microphone with an Opus encoder behind it: 20 ms a packet, next to nothing in silence (DTX).
pub struct Microphone {
    publisher: u16,
    packet: u32,
    speaking: bool,
    pub sequence: u64,
    pub timestamp_offset: u32,
}

/// One Opus packet to send.
pub struct Sound {
    pub bytes: Vec<u8>,
    /// −dBov (RFC 6464): 127 is silence.
    pub level: u8,
}

impl Microphone {
    /// Milliseconds a packet holds.
    pub const FRAME_MS: u64 = 20;

    pub fn new(publisher: u16, rng: &mut StdRng) -> Self {
        Self {
            publisher,
            packet: 0,
            speaking: false,
            sequence: rng.random_range(0..60_000),
            timestamp_offset: rng.random(),
        }
    }

    pub fn speak(&mut self, speaking: bool) {
        self.speaking = speaking;
    }

    /// The packet of the 20 ms that begin here, unless silence spares it: then one of 20 comes.
    pub fn encode(&mut self, captured_us: u64, rng: &mut StdRng) -> Option<Sound> {
        let tick = captured_us / 1000 / Self::FRAME_MS;
        if !self.speaking && !tick.is_multiple_of(20) {
            return None;
        }
        self.packet += 1;
        let mark = Mark {
            publisher: self.publisher,
            layer: Mark::AUDIO,
            frame: self.packet,
            reference: self.packet,
            index: 0,
            count: 1,
            captured_us,
        };
        // Configuration 31, mono, one frame (RFC 6716 §3.1).
        let mut bytes = vec![0xF8];
        let length = if self.speaking { rng.random_range(60..110) } else { 0 };
        mark.write(&mut bytes, length);
        let level = if self.speaking { rng.random_range(20..36) } else { 127 };
        Some(Sound { bytes, level })
    }
}
