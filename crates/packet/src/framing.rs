//! Frames in a stream of bytes: TURN over TCP or TLS, and RFC 4571. Nothing is copied: a caller keeps the bytes
//! that came so far in a buffer of its own, asks for the frame at its start, uses it in place and drops it.
//!
//! A buffer of [`turn::MOST`] or [`rfc4571::MOST`] bytes always holds a whole frame.

/// A whole frame at the start of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where its content begins.
    pub start: usize,
    /// Where its content ends, padding left out.
    pub end: usize,
    /// How many bytes of the buffer it takes.
    pub wire: usize,
}

impl Frame {
    /// Its content.
    pub fn content<'a>(&self, buffer: &'a [u8]) -> &'a [u8] {
        &buffer[self.start..self.end]
    }
}

/// The stream holds something else; there is no way to find the next frame, so it has to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAFrame;

/// STUN messages and TURN ChannelData, told apart by their first two bits (RFC 8489 §6.2.2, RFC 8656 §12.5).
pub mod turn {
    use super::{Frame, NotAFrame};
    use crate::demux::MAGIC_COOKIE;

    /// The longest frame: ChannelData of 65,535 bytes and its padding (a STUN message is at most 65,552).
    pub const MOST: usize = 4 + 65_536 + 12;

    const STUN_HEADER: usize = 20;
    const CHANNEL_HEADER: usize = 4;

    /// The frame at the start of the buffer; `None` until all of it (ChannelData's padding too) is there.
    /// Wrong bytes are noticed as soon as they come: a type, a length that is no multiple of 4, a cookie.
    pub fn next(buffer: &[u8]) -> Result<Option<Frame>, NotAFrame> {
        match buffer.first() {
            None => Ok(None),
            Some(0x00..=0x3F) => stun(buffer),
            // Channels 0x4000 to 0x7FFF, as in RFC 5766 §11 (RFC 8656 §12 has clients use those below 0x5000).
            Some(0x40..=0x7F) => Ok(channel_data(buffer)),
            Some(_) => Err(NotAFrame),
        }
    }

    /// How many bytes at the start of the buffer are whole frames.
    pub fn whole(buffer: &[u8]) -> Result<usize, NotAFrame> {
        let mut end = 0;
        while let Some(frame) = next(&buffer[end..])? {
            end += frame.wire;
        }
        Ok(end)
    }

    fn stun(buffer: &[u8]) -> Result<Option<Frame>, NotAFrame> {
        let cookie = buffer.get(4..).unwrap_or_default();
        if cookie.iter().zip(&MAGIC_COOKIE).any(|(byte, wanted)| byte != wanted) {
            return Err(NotAFrame);
        }
        let Some(&[high, low]) = buffer.get(2..4) else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if !length.is_multiple_of(4) {
            return Err(NotAFrame);
        }
        let wire = STUN_HEADER + length;
        Ok((buffer.len() >= wire).then_some(Frame { start: 0, end: wire, wire }))
    }

    fn channel_data(buffer: &[u8]) -> Option<Frame> {
        let &[high, low] = buffer.get(2..4)? else { return None };
        let end = CHANNEL_HEADER + usize::from(u16::from_be_bytes([high, low]));
        let wire = end.next_multiple_of(4);
        (buffer.len() >= wire).then_some(Frame { start: 0, end, wire })
    }

    /// Zero bytes that have to follow ChannelData with this many bytes of payload.
    pub fn padding(payload: usize) -> usize {
        payload.next_multiple_of(4) - payload
    }
}

/// Packets behind a 16-bit length (RFC 4571 §2): ICE-TCP.
pub mod rfc4571 {
    use super::Frame;

    /// The longest frame.
    pub const MOST: usize = 2 + 65_535;

    /// The frame at the start of the buffer; `None` until all of it is there. A null frame has no content.
    pub fn next(buffer: &[u8]) -> Option<Frame> {
        let &[high, low] = buffer.get(..2)? else { return None };
        let wire = 2 + usize::from(u16::from_be_bytes([high, low]));
        (buffer.len() >= wire).then_some(Frame { start: 2, end: wire, wire })
    }

    /// What goes before a packet; `None` if it is too long.
    pub fn header(payload: usize) -> Option<[u8; 2]> {
        u16::try_from(payload).ok().map(u16::to_be_bytes)
    }
}

#[cfg(test)]
mod tests;
