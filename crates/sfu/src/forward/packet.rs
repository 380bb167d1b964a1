//! A publisher's packet.
#![allow(dead_code)]

use std::sync::Arc;
use std::time::Instant;

/// What the server forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Codec {
    Opus,
    Vp8,
    H264,
}

/// One RTP packet of a publisher, as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// Extended (RFC 3711 §3.3.1).
    pub sequence: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Arc<[u8]>,
    /// In -dBov, 0 to 127 (RFC 6464); the V bit is not used.
    pub audio_level: Option<u8>,
    pub received: Instant,
}
