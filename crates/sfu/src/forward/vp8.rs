//! The VP8 payload descriptor (RFC 7741 §4.2) and the head of a keyframe (RFC 6386 §9.1).

use super::packet::Contents;

/// Picture ids are written with 15 bits.
pub(crate) const PICTURE_MASK: u16 = 0x7fff;

const EXTENDED: u8 = 0x80; // X
const START: u8 = 0x10; // S
const PARTITION: u8 = 0x07; // PID; the bit above it is reserved
const PICTURE_ID: u8 = 0x80; // I
const TL0_INDEX: u8 = 0x40; // L
const TEMPORAL_ID: u8 = 0x20; // T
const KEY_INDEX: u8 = 0x10; // K
const WIDE: u8 = 0x80; // M

/// A payload descriptor, read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// Its bytes at the start of the payload.
    pub(crate) length: u8,
    first: u8,
    flags: u8,
    /// The octet of TID, Y and KEYIDX.
    temporal: u8,
    /// TL0PICIDX, if [`Self::has_tl0`].
    pub(crate) tl0: u8,
    /// The picture id, if [`Self::has_picture`]: of 15 bits once [`Self::widen`] was called.
    pub(crate) picture: u16,
    wide: bool,
}

/// Reads a payload; `None` for one that is cut short.
pub(crate) fn parse(payload: &[u8]) -> Option<Contents> {
    let mut rest = payload.iter().copied();
    let mut descriptor =
        Descriptor { length: 0, first: rest.next()?, flags: 0, temporal: 0, tl0: 0, picture: 0, wide: false };
    if descriptor.first & EXTENDED != 0 {
        descriptor.flags = rest.next()?;
        if descriptor.has_picture() {
            let high = rest.next()?;
            descriptor.wide = high & WIDE != 0;
            descriptor.picture = u16::from(high & !WIDE);
            if descriptor.wide {
                descriptor.picture = descriptor.picture << 8 | u16::from(rest.next()?);
            }
        }
        if descriptor.has_tl0() {
            descriptor.tl0 = rest.next()?;
        }
        if descriptor.flags & (TEMPORAL_ID | KEY_INDEX) != 0 {
            descriptor.temporal = rest.next()?;
        }
    }
    descriptor.length = (payload.len() - rest.len()) as u8;
    let frame = &payload[usize::from(descriptor.length)..];
    // RFC 7741 §4.3: only the first packet of the first partition has the frame's header; its P bit is 0 in a
    // keyframe.
    let start = descriptor.first & START != 0 && descriptor.first & PARTITION == 0;
    let keyframe = start && frame.first()? & 1 == 0;
    Some(Contents {
        empty: false,
        keyframe,
        parameters: keyframe,
        height: if keyframe { height(frame) } else { None },
        descriptor: Some(descriptor),
    })
}

/// RFC 6386 §9.1: three octets of frame tag, the start code, then width and height of 14 bits each.
fn height(frame: &[u8]) -> Option<u16> {
    match frame {
        [_, _, _, 0x9d, 0x01, 0x2a, _, _, low, high, ..] => Some(u16::from_le_bytes([*low, *high]) & 0x3fff),
        _ => None,
    }
}

impl Descriptor {
    pub(crate) fn has_picture(&self) -> bool {
        self.flags & PICTURE_ID != 0
    }

    pub(crate) fn has_tl0(&self) -> bool {
        self.flags & TL0_INDEX != 0
    }

    /// Makes a picture id of 7 bits one of 15: the one nearest to `previous`, the layer's last.
    pub(crate) fn widen(&mut self, previous: Option<u16>) {
        if let (false, true, Some(previous)) = (self.wide, self.has_picture(), previous) {
            let ahead = self.picture.wrapping_sub(previous) & 0x7f;
            let step = if ahead < 0x40 { ahead } else { ahead | !0x7f };
            self.picture = previous.wrapping_add(step) & PICTURE_MASK;
        }
        self.wide = true;
    }

    /// Writes it with other numbers, the picture id always with 15 bits: packets of one picture keep equal sizes.
    pub(crate) fn write(&self, picture: u16, tl0: u8, out: &mut Vec<u8>) {
        out.push(self.first);
        if self.first & EXTENDED == 0 {
            return;
        }
        out.push(self.flags);
        if self.has_picture() {
            let [high, low] = picture.to_be_bytes();
            out.extend_from_slice(&[high | WIDE, low]);
        }
        if self.has_tl0() {
            out.push(tl0);
        }
        if self.flags & (TEMPORAL_ID | KEY_INDEX) != 0 {
            out.push(self.temporal);
        }
    }
}

#[cfg(test)]
mod tests;
