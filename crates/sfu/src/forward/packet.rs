//! A publisher's packet and what is read out of it, once.

use std::sync::Arc;
use std::time::Instant;

use super::{h264, vp8};

/// What a track is encoded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Codec {
    Opus,
    Vp8,
    H264,
}

impl Codec {
    /// RTP timestamp ticks per second (RFC 7587 §4.1, RFC 7741 §4.1, RFC 6184 §5.1).
    pub(crate) fn clock_rate(self) -> u32 {
        match self {
            Codec::Opus => 48_000,
            Codec::Vp8 | Codec::H264 => 90_000,
        }
    }

    pub(crate) fn is_video(self) -> bool {
        self != Codec::Opus
    }
}

/// One RTP packet of a publisher, as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// Its sequence number, extended so that it never wraps.
    pub(crate) sequence: u64,
    /// Its RTP timestamp.
    pub(crate) timestamp: u32,
    /// The marker bit: the last of a picture, or the first of a talk spurt.
    pub(crate) marker: bool,
    /// Its payload without padding; empty for a packet of nothing but padding.
    pub(crate) payload: Arc<[u8]>,
    /// -dBov, 0..=127 (RFC 6464); the V bit is not used.
    pub(crate) audio_level: Option<u8>,
    /// When it arrived.
    pub(crate) received: Instant,
}

/// What the forwarding needs to know of a payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Nothing in it is worth sending: padding only, or unreadable. It takes no number of a slot.
    pub(crate) empty: bool,
    /// A keyframe begins in it.
    pub(crate) keyframe: bool,
    /// What a decoder needs to start is in it: always with a VP8 keyframe, an SPS with H.264.
    pub(crate) parameters: bool,
    /// The picture's height, where a keyframe tells.
    pub(crate) height: Option<u16>,
    /// The VP8 payload descriptor, which slots rewrite.
    pub(crate) descriptor: Option<vp8::Descriptor>,
}

impl Contents {
    const EMPTY: Contents =
        Contents { empty: true, keyframe: false, parameters: false, height: None, descriptor: None };

    pub(crate) fn parse(codec: Codec, payload: &[u8]) -> Self {
        if payload.is_empty() {
            return Self::EMPTY;
        }
        match codec {
            Codec::Opus => Self::default(),
            Codec::Vp8 => vp8::parse(payload).unwrap_or(Self::EMPTY),
            Codec::H264 => h264::parse(payload).unwrap_or(Self::EMPTY),
        }
    }
}
