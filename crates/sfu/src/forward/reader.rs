//! Reads RTP as a receiver does, for tests; it shares nothing with what writes.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rtp {
    pub(super) marker: bool,
    pub(super) payload_type: u8,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    /// Id and value of each extension.
    pub(super) extensions: Vec<(u8, Vec<u8>)>,
    /// Bytes before the payload.
    pub(super) header: usize,
    /// Without padding.
    pub(super) payload: Vec<u8>,
    /// Bytes of padding.
    pub(super) padding: usize,
}

pub(super) fn read(packet: &[u8]) -> Rtp {
    assert_eq!(packet[0] >> 6, 2, "version");
    assert_eq!(packet[0] & 0x0f, 0, "no CSRCs");
    let word = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().unwrap());
    let mut header = 12;
    let mut extensions = Vec::new();
    if packet[0] & 0x10 != 0 {
        assert_eq!(word(12) >> 16, 0xbede);
        let mut block = &packet[16..16 + 4 * (word(12) as usize & 0xffff)];
        header = 16 + block.len();
        while let Some((&first, rest)) = block.split_first() {
            block = rest;
            if first != 0 {
                let (value, rest) = block.split_at(usize::from(first & 15) + 1);
                extensions.push((first >> 4, value.to_vec()));
                block = rest;
            }
        }
    }
    let padding = if packet[0] & 0x20 != 0 { usize::from(*packet.last().unwrap()) } else { 0 };
    assert!(packet[0] & 0x20 == 0 || padding > 0);
    Rtp {
        marker: packet[1] & 0x80 != 0,
        payload_type: packet[1] & 0x7f,
        sequence: (word(0) & 0xffff) as u16,
        timestamp: word(4),
        ssrc: word(8),
        extensions,
        header,
        payload: packet[header..packet.len() - padding].to_vec(),
        padding,
    }
}

/// A VP8 payload descriptor: picture id, TL0PICIDX, whether a keyframe begins, and where the frame's bytes begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vp8 {
    pub(super) picture: Option<u16>,
    pub(super) tl0: Option<u8>,
    pub(super) start: bool,
    pub(super) keyframe: bool,
    pub(super) length: usize,
}

pub(super) fn read_vp8(payload: &[u8]) -> Vp8 {
    let start = payload[0] & 0x17 == 0x10;
    let (mut at, mut picture, mut tl0) = (1, None, None);
    if payload[0] & 0x80 != 0 {
        let flags = payload[1];
        at = 2;
        if flags & 0x80 != 0 {
            assert!(payload[at] & 0x80 != 0, "picture ids have 15 bits");
            picture = Some(u16::from_be_bytes([payload[at] & 0x7f, payload[at + 1]]));
            at += 2;
        }
        if flags & 0x40 != 0 {
            tl0 = Some(payload[at]);
            at += 1;
        }
        if flags & 0x30 != 0 {
            at += 1;
        }
    }
    Vp8 { picture, tl0, start, keyframe: start && payload[at] & 1 == 0, length: at }
}
