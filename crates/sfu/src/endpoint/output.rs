//! What comes out of an endpoint.

use crate::forward::{Codec, Packet};
use crate::model::{CloseReason, Path};
use crate::rtcp;
use crate::srtp::NotOpened;

/// Why a datagram was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it is no STUN, DTLS, SRTP or SRTCP")]
    Malformed,
    #[error("the STUN username is not this session's")]
    Username,
    #[error("it came by a path that no authenticated check came by")]
    UnknownPath,
    #[error("it is not authentic")]
    Forged,
    #[error("it came before")]
    Replayed,
    /// Media only: str0m does not tell these apart.
    #[error("it came before, is too late, or of a stream that was not announced")]
    Unwanted,
    #[error("there are no keys for it yet")]
    NoKeys,
    #[error("the session is closed")]
    Closed,
}

impl From<NotOpened> for Refused {
    fn from(error: NotOpened) -> Self {
        match error {
            NotOpened::Forged => Self::Forged,
            NotOpened::Replayed => Self::Replayed,
        }
    }
}

/// Why a message was not sent on a data channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotSent {
    #[error("the data channel is not open")]
    NotOpen,
    #[error("the client does not read what waits for it already")]
    Full,
    #[error("the message is larger than the client takes")]
    TooLarge,
}

/// What a peer says about what it receives: our slots.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Feedback {
    Report(rtcp::ReportBlock),
    /// These did not arrive.
    Nack {
        ssrc: u32,
        sequences: Vec<u16>,
    },
    /// It cannot decode without a keyframe (PLI or FIR).
    KeyframeRequest {
        ssrc: u32,
    },
    /// Transport-wide, in the order of the numbers.
    Arrivals(Vec<rtcp::Arrival>),
    /// REMB, in bits per second.
    EstimatedBitrate(u64),
}

#[derive(Debug)]
pub(crate) enum Output {
    /// A datagram to send.
    Transmit(Path, Vec<u8>),
    /// ICE and DTLS are up; [`Endpoint::sealer`] is there.
    Connected,
    /// A packet the client sent; `line` and `layer` count in [`Endpoint::lines`].
    Media {
        line: usize,
        layer: usize,
        codec: Codec,
        packet: Packet,
    },
    Feedback(Feedback),
    /// The client is asked for so many packets once more, and told of so many that are lost.
    Missed {
        asked: u64,
        lost: u64,
    },
    /// A sender report about a layer: one instant on both its clocks.
    SenderReport {
        line: usize,
        layer: usize,
        ntp: u64,
        rtp: u32,
    },
    /// A data channel can be used.
    ChannelOpen(u16),
    Data {
        channel: u16,
        #[cfg_attr(not(test), expect(dead_code, reason = "messages are passed on as binary"))]
        binary: bool,
        data: Vec<u8>,
    },
    /// The last output.
    Closed(CloseReason),
}
