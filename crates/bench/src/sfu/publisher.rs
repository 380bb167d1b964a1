//! A participant's sending side: frames by the clock, packets in the bursts of a browser's pacer, keyframes when
//! they are asked for.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use str0m::media::{Mid, Pt, Rid};

use crate::{
    check::describe,
    clip::{AUDIO_MS, FRAMES, LAYERS},
    sent::{Log, Sent, Source},
};

/// The names of the layers, lowest first.
pub const RIDS: [&str; LAYERS] = ["q", "h", "f"];

/// Browsers send what is due this often, ...
const BURST: Duration = Duration::from_millis(5);

/// ... at so many times the bitrate they encode with.
const PACE: u64 = 5;
const PACE_DIVISOR: u64 = 2;

/// As browsers do, no more than one keyframe in so many frames: 300 ms.
const KEYFRAME_FRAMES: u32 = 9;

/// As what first sequence numbers are.
const FIRST_SEQUENCE: u64 = 1000;

/// Encodes, paces and sends.
pub struct Publisher {
    streams: Vec<Stream>,
    /// Media time runs this much faster than the clock.
    speed: f64,
    next_frame: Instant,
    next_audio: Instant,
    next_burst: Instant,
    /// Stream, packet of the clip, timestamp.
    queue: VecDeque<(usize, u32, u32)>,
    bytes_a_burst: usize,
    /// Negative decibels below overload that the microphone claims (RFC 6464).
    audio_level: i8,
    /// Written since the last [`Self::stamp`]: log and position.
    written: Vec<(usize, u64)>,
}

/// What one stream is sent as.
pub struct Line {
    /// The log it is noted in.
    pub log: usize,
    /// Its m-line.
    pub mid: Mid,
    /// Its payload type.
    pub pt: Pt,
}

/// A packet to be sent.
pub struct Rtp {
    /// Its m-line.
    pub mid: Mid,
    /// Its simulcast layer.
    pub rid: Option<Rid>,
    /// RTP's.
    pub pt: Pt,
    /// Extended.
    pub sequence: u64,
    /// RTP's.
    pub timestamp: u32,
    /// RTP's.
    pub marker: bool,
    /// For the header extension of RFC 6464; sound only.
    pub level: Option<i8>,
    /// RTP's.
    pub payload: Vec<u8>,
}

struct Stream {
    line: Line,
    source: Source,
    rid: Option<Rid>,
    frame: usize,
    timestamp: u32,
    sequence: u64,
    picture: u16,
    tl0: u8,
    wants_keyframe: bool,
    /// Frames since the last keyframe that was asked for.
    since_keyframe: u32,
    active: bool,
}

impl Publisher {
    /// Sends these, from now on.
    pub fn new(
        lines: Vec<Line>,
        logs: &[Log],
        bitrates: [u64; LAYERS],
        audio_level: i8,
        now: Instant,
    ) -> Self {
        let streams: Vec<Stream> = lines.into_iter().map(|line| Stream::new(line, logs)).collect();
        let active = streams.iter().filter_map(|stream| match stream.source {
            Source::Video(layer) => Some(bitrates[layer]),
            Source::Audio => None,
        });
        let paced = active.sum::<u64>() * PACE / PACE_DIVISOR;
        let bytes_a_burst = (paced as f64 * BURST.as_secs_f64() / 8.0) as usize;
        Self {
            streams,
            speed: 1.0,
            next_frame: now,
            next_audio: now,
            next_burst: now,
            queue: VecDeque::new(),
            bytes_a_burst,
            audio_level,
            written: Vec::new(),
        }
    }

    /// Packets that leave at once, at most, sound not counted.
    pub fn burst_packets(&self) -> usize {
        self.bytes_a_burst / 1000 + 1
    }

    /// Lets time run faster or slower.
    pub fn set_speed(&mut self, speed: f64) {
        self.speed = speed;
    }

    /// A keyframe of this layer, or of all, is asked for: the next frame is one.
    pub fn want_keyframe(&mut self, mid: Mid, rid: Option<Rid>) {
        for stream in self.streams.iter_mut().filter(|stream| stream.line.mid == mid) {
            stream.wants_keyframe |= rid.is_none() || stream.rid == rid;
        }
    }

    /// The server says which layers anybody watches.
    pub fn set_active(&mut self, layers: [bool; LAYERS]) {
        for stream in &mut self.streams {
            if let Source::Video(layer) = stream.source {
                stream.wants_keyframe |= layers[layer] && !stream.active;
                stream.active = layers[layer];
            }
        }
    }

    /// When something is to be sent.
    pub fn due(&self) -> Instant {
        let media = self.next_frame.min(self.next_audio);
        if self.queue.is_empty() { media } else { media.min(self.next_burst) }
    }

    /// Hands over what is due.
    pub fn write(&mut self, now: Instant, logs: &mut [Log], send: &mut impl FnMut(Rtp)) {
        let faster = |time: Duration| time.div_f64(self.speed);
        let (frame, audio, burst) = (
            faster(Duration::from_secs(1) / FRAMES),
            faster(Duration::from_millis(AUDIO_MS.into())),
            faster(BURST),
        );
        if now >= self.next_frame {
            self.next_frame = next(self.next_frame, frame, now);
            for index in 0..self.streams.len() {
                if self.streams[index].source != Source::Audio && self.streams[index].active {
                    let range = self.streams[index].next_frame(logs);
                    let timestamp = self.streams[index].timestamp;
                    self.queue.extend(range.map(|packet| (index, packet, timestamp)));
                }
            }
        }
        if now >= self.next_audio {
            self.next_audio = next(self.next_audio, audio, now);
            for index in 0..self.streams.len() {
                if self.streams[index].source == Source::Audio {
                    let range = self.streams[index].next_frame(logs);
                    let timestamp = self.streams[index].timestamp;
                    for packet in range {
                        self.write_packet(logs, send, (index, packet, timestamp));
                    }
                }
            }
        }
        if now >= self.next_burst && !self.queue.is_empty() {
            self.next_burst = now + burst;
            let mut bytes = 0;
            while bytes < self.bytes_a_burst
                && let Some(next) = self.queue.pop_front()
            {
                bytes += self.write_packet(logs, send, next);
            }
        }
    }

    /// What was written leaves at this moment.
    pub fn stamp(&mut self, at_ns: u64, logs: &mut [Log]) {
        self.written.drain(..).for_each(|(log, position)| logs[log].set_time(position, at_ns));
    }

    /// Returns how many bytes it was.
    fn write_packet(
        &mut self,
        logs: &mut [Log],
        send: &mut impl FnMut(Rtp),
        (index, number, timestamp): (usize, u32, u32),
    ) -> usize {
        let stream = &mut self.streams[index];
        let log = &mut logs[stream.line.log];
        let packet = &log.layer().packets[number as usize];
        let audio = stream.source == Source::Audio;
        if packet.first && !audio {
            stream.picture = stream.picture.wrapping_add(1) & 0x7fff;
            stream.tl0 = stream.tl0.wrapping_add(1);
        }
        let payload = match audio {
            true => packet.payload.clone(),
            false => describe(packet.first, stream.picture, stream.tl0, &packet.payload),
        };
        let length = payload.len();
        let rtp = Rtp {
            mid: stream.line.mid,
            rid: stream.rid,
            pt: stream.line.pt,
            sequence: stream.sequence,
            timestamp,
            marker: packet.last && !audio,
            level: audio.then_some(self.audio_level),
            payload,
        };
        stream.sequence += 1;
        let sent =
            Sent { packet: number, timestamp, picture: stream.picture, tl0: stream.tl0, at_ns: u64::MAX };
        self.written.push((stream.line.log, log.push(sent)));
        send(rtp);
        length
    }
}

impl Stream {
    fn new(line: Line, logs: &[Log]) -> Self {
        let source = logs[line.log].source();
        let rid = match source {
            Source::Video(layer) => Some(RIDS[layer].into()),
            Source::Audio => None,
        };
        Self {
            line,
            source,
            rid,
            frame: 0,
            timestamp: 90_000,
            sequence: FIRST_SEQUENCE,
            picture: 0,
            tl0: 0,
            wants_keyframe: true,
            since_keyframe: KEYFRAME_FRAMES,
            active: true,
        }
    }

    /// Its packets.
    fn next_frame(&mut self, logs: &[Log]) -> std::ops::Range<u32> {
        let layer = logs[self.line.log].layer();
        self.since_keyframe = self.since_keyframe.saturating_add(1);
        if self.wants_keyframe && self.since_keyframe >= KEYFRAME_FRAMES {
            (self.wants_keyframe, self.since_keyframe) = (false, 0);
            self.frame = layer.keyframe_after(self.frame);
        }
        let (range, _) = layer.frames[self.frame].clone();
        self.frame = (self.frame + 1) % layer.frames.len();
        self.timestamp = self.timestamp.wrapping_add(match self.source {
            Source::Audio => 48 * AUDIO_MS,
            Source::Video(_) => 90_000 / FRAMES,
        });
        range
    }
}

/// By the clock; what is late is not caught up with.
fn next(due: Instant, interval: Duration, now: Instant) -> Instant {
    let next = due + interval;
    if next < now { now } else { next }
}
