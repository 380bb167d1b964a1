//! What was agreed on for each m-line.

use crate::forward::Codec;
use crate::model::Source;

/// An audio or video m-line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// RFC 9143.
    pub mid: String,
    pub kind: Kind,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Video,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The client sends on it.
    Sends(SourceLine),
    /// We send on it.
    Slot(SlotLine),
    /// Nobody does.
    Idle,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceLine {
    pub source: Source,
    /// The simulcast layers, lowest first; empty: there is one layer without a name.
    pub rids: Vec<String>,
    /// In the order of preference.
    pub codecs: Vec<PayloadType>,
}

impl SourceLine {
    pub(crate) fn layers(&self) -> usize {
        self.rids.len().max(1)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlotLine {
    pub ssrc: u32,
    pub rtx_ssrc: Option<u32>,
    /// In the order of preference.
    pub codecs: Vec<PayloadType>,
    /// The identifiers of header extensions (RFC 8285), where negotiated.
    pub mid_ext: Option<u8>,
    pub twcc_ext: Option<u8>,
    pub level_ext: Option<u8>,
    pub cname: String,
}

/// A codec and its payload types, for media and for retransmissions (RFC 4588).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PayloadType {
    pub codec: Codec,
    pub pt: u8,
    pub rtx: Option<u8>,
}
