//! RTP headers as they are written for subscribers (RFC 3550 §5.1, RFC 8285 §4.2).

use super::packet::Codec;

const VERSION: u8 = 2 << 6;
const PADDING: u8 = 1 << 5;
const EXTENSION: u8 = 1 << 4;
const MARKER: u8 = 1 << 7;
/// The longest MID that fits an element, with the other two elements and the block's header.
const LONGEST: usize = 28;

/// What the subscriber's m-line says about a slot.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) ssrc: u32,
    /// The stream of retransmissions (RFC 4588); `None` without RTX.
    pub(crate) rtx_ssrc: Option<u32>,
    /// What the subscriber takes.
    pub(crate) formats: Vec<Format>,
    pub(crate) mid: String,
    /// Ids of header extensions; `None` for those that were not negotiated.
    pub(crate) mid_extension: Option<u8>,
    pub(crate) transport_extension: Option<u8>,
    pub(crate) level_extension: Option<u8>,
}

/// A codec with its payload types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) codec: Codec,
    pub(crate) payload_type: u8,
    pub(crate) rtx_payload_type: Option<u8>,
}

/// The fields that differ from packet to packet.
pub(crate) struct Header {
    pub(crate) padding: bool,
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    /// The transport-wide sequence number.
    pub(crate) transport: u16,
    pub(crate) level: Option<u8>,
}

/// The extension block of a slot, always of the same size: values change in place.
#[derive(Clone, Debug)]
pub(crate) struct Extensions {
    block: [u8; LONGEST],
    length: usize,
    transport: Option<usize>,
    level: Option<(usize, u8)>,
}

impl Extensions {
    pub(crate) fn new(line: &Line) -> Self {
        let mut extensions = Self { block: [0; LONGEST], length: 4, transport: None, level: None };
        let usable = |id: &u8| (1..=14).contains(id);
        if let Some(id) = line.mid_extension.filter(usable)
            && (1..=16).contains(&line.mid.len())
        {
            extensions.element(id, line.mid.as_bytes());
        }
        if let Some(id) = line.transport_extension.filter(usable) {
            extensions.transport = Some(extensions.element(id, &[0; 2]));
        }
        if let Some(id) = line.level_extension.filter(usable) {
            // Two octets of padding (RFC 8285 §4.1.1) as long as the publisher tells no level.
            extensions.level = Some((extensions.length, id << 4));
            extensions.length += 2;
        }
        extensions.length = extensions.length.next_multiple_of(4);
        let words = (extensions.length / 4 - 1) as u8;
        extensions.block[..4].copy_from_slice(&[0xbe, 0xde, 0, words]);
        if words == 0 {
            extensions.length = 0;
        }
        extensions
    }

    /// Appends an element; where its value begins.
    fn element(&mut self, id: u8, value: &[u8]) -> usize {
        let at = self.length + 1;
        self.block[self.length] = id << 4 | (value.len() - 1) as u8;
        self.block[at..at + value.len()].copy_from_slice(value);
        self.length = at + value.len();
        at
    }

    /// Bytes of a header with these extensions.
    pub(crate) fn header_size(&self) -> usize {
        12 + self.length
    }

    /// Appends a header.
    pub(crate) fn write(&self, header: &Header, out: &mut Vec<u8>) {
        let mut first = VERSION;
        if header.padding {
            first |= PADDING;
        }
        if self.length > 0 {
            first |= EXTENSION;
        }
        let mut fixed = [0; 12];
        fixed[0] = first;
        fixed[1] = header.payload_type | if header.marker { MARKER } else { 0 };
        fixed[2..4].copy_from_slice(&header.sequence.to_be_bytes());
        fixed[4..8].copy_from_slice(&header.timestamp.to_be_bytes());
        fixed[8..].copy_from_slice(&header.ssrc.to_be_bytes());
        out.extend_from_slice(&fixed);
        let start = out.len();
        out.extend_from_slice(&self.block[..self.length]);
        if let Some(at) = self.transport {
            out[start + at..start + at + 2].copy_from_slice(&header.transport.to_be_bytes());
        }
        if let (Some((at, element)), Some(level)) = (self.level, header.level) {
            // RFC 6464 §3: the V bit stays 0.
            out[start + at..start + at + 2].copy_from_slice(&[element, level & 0x7f]);
        }
    }
}

#[cfg(test)]
mod tests;
