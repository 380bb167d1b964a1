//! RTCP (RFC 3550 §6, RFC 4585, RFC 5104, transport-wide congestion control): what peers say, read with bounds, and
//! the one compound we write.

#[cfg(test)]
mod tests;

/// Packet types.
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
const EXTENDED_REPORT: u8 = 207;

/// A packet reports at most this many transport-wide sequence numbers; 16 bits of them could come in a few bytes.
const MOST_ARRIVALS: usize = 4096;

/// The packets of a compound, as far as they are well-formed (RFC 3550 §6.1).
pub(crate) fn packets(compound: &[u8]) -> impl Iterator<Item = Packet<'_>> {
    let mut rest = compound;
    std::iter::from_fn(move || {
        loop {
            let (packet, after) = split(rest)?;
            rest = after;
            // Unknown kinds are skipped, not fatal (RFC 3550 §6.1).
            if let Some(packet) = read(packet) {
                return Some(packet);
            }
        }
    })
}

/// One RTCP packet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Packet<'a> {
    SenderReport {
        ssrc: u32,
        ntp: u64,
        rtp: u32,
        blocks: Blocks<'a>,
    },
    ReceiverReport {
        blocks: Blocks<'a>,
    },
    Description,
    Bye,
    ExtendedReport,
    Nack {
        ssrc: u32,
        entries: Words<'a>,
    },
    PictureLoss {
        ssrc: u32,
    },
    FullIntraRequest {
        entries: Words<'a>,
    },
    Transport(TransportFeedback<'a>),
    /// REMB: bits per second.
    EstimatedBitrate(u64),
}

/// A report block (RFC 3550 §6.4.1): how one of our SSRCs arrives at its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReportBlock {
    pub ssrc: u32,
    /// Lost since the last report, of 256.
    pub fraction_lost: u8,
    /// Lost since the beginning; negative with duplicates.
    pub lost: i32,
    pub highest_sequence: u32,
    /// In units of the RTP clock.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time of the last sender report; 0 if none came.
    pub last_report: u32,
    /// Since the last sender report came, in 1/65536 s.
    pub delay: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks<'a>(&'a [u8]);

impl<'a> Blocks<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = ReportBlock> + 'a {
        self.0.chunks_exact(24).map(|block| ReportBlock {
            ssrc: word(block, 0),
            fraction_lost: block[4],
            // 24 bits with a sign.
            lost: ((word(block, 4) << 8) as i32) >> 8,
            highest_sequence: word(block, 8),
            jitter: word(block, 12),
            last_report: word(block, 16),
            delay: word(block, 20),
        })
    }
}

/// A list of 32-bit words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = u32> + 'a {
        self.0.chunks_exact(4).map(|bytes| word(bytes, 0))
    }

    /// Read as generic NACKs (RFC 4585 §6.2.1): the sequence numbers.
    pub(crate) fn sequences(self) -> impl Iterator<Item = u16> + 'a {
        self.iter().flat_map(|entry| {
            let (first, mask) = ((entry >> 16) as u16, entry as u16);
            let more = (0..16u16).filter(move |bit| mask & (1 << bit) != 0);
            std::iter::once(first).chain(more.map(move |bit| first.wrapping_add(bit + 1)))
        })
    }

    /// Read as full intra requests (RFC 5104 §4.3.1.1): the SSRCs.
    pub(crate) fn intra_requests(self) -> impl Iterator<Item = u32> + 'a {
        self.0.chunks_exact(8).map(|entry| word(entry, 0))
    }
}

/// Which transport-wide sequence numbers arrived, and when (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct TransportFeedback<'a> {
    pub base: u16,
    /// How many sequence numbers it speaks of, from `base` on.
    pub count: u16,
    /// Of 64 ms, with a sign, of 24 bits.
    pub reference: i32,
    chunks_and_deltas: &'a [u8],
}

/// A sequence number and when it arrived, in units of 250 µs of the receiver's clock; `None`: it did not.
pub(crate) type Arrival = (u16, Option<i64>);

impl TransportFeedback<'_> {
    /// Appends every sequence number it speaks of; returns whether the packet was complete. What was read before an
    /// error stays: it is as good as any other feedback.
    pub(crate) fn arrivals(&self, out: &mut Vec<Arrival>) -> bool {
        let count = usize::from(self.count);
        if count > MOST_ARRIVALS {
            return false;
        }
        // First the chunks, to find where the deltas begin.
        let mut at = 0;
        let mut listed = 0;
        while listed < count {
            let Some(chunk) = self.chunk(at) else { return false };
            listed += chunk.len();
            at += 2;
        }
        let mut deltas = &self.chunks_and_deltas[at..];
        let mut time = i64::from(self.reference) * 256;
        let mut sequence = self.base;
        let mut left = count;
        for chunk in (0..at).step_by(2).filter_map(|at| self.chunk(at)) {
            for n in 0..chunk.len().min(left) {
                let arrival = match chunk.symbol(n) {
                    0 => None,
                    1 => {
                        let Some((delta, rest)) = deltas.split_first() else { return false };
                        deltas = rest;
                        time += i64::from(*delta);
                        Some(time)
                    }
                    2 => {
                        let Some((delta, rest)) = deltas.split_first_chunk() else { return false };
                        deltas = rest;
                        time += i64::from(i16::from_be_bytes(*delta));
                        Some(time)
                    }
                    // Reserved.
                    _ => return false,
                };
                out.push((sequence, arrival));
                sequence = sequence.wrapping_add(1);
            }
            left = left.saturating_sub(chunk.len());
        }
        true
    }

    fn chunk(&self, at: usize) -> Option<Chunk> {
        let bytes = self.chunks_and_deltas.get(at..at + 2)?;
        Some(Chunk(u16::from_be_bytes([bytes[0], bytes[1]])))
    }
}

/// A packet status chunk (§3.1.3, §3.1.4).
#[derive(Clone, Copy)]
struct Chunk(u16);

impl Chunk {
    fn len(self) -> usize {
        match (self.0 >> 15, self.0 >> 14 & 1) {
            // A run of one symbol.
            (0, _) => usize::from(self.0 & 0x1fff),
            (_, 0) => 14,
            _ => 7,
        }
    }

    fn symbol(self, n: usize) -> u16 {
        match (self.0 >> 15, self.0 >> 14 & 1) {
            (0, _) => self.0 >> 13 & 3,
            // One bit: not received, received with a small delta.
            (_, 0) => self.0 >> (13 - n) & 1,
            _ => self.0 >> (12 - 2 * n) & 3,
        }
    }
}

/// Writes a compound of a sender report without report blocks and a description with the CNAME (RFC 3550 §6.4.1, §6.5).
pub(crate) fn write_sender_report(out: &mut Vec<u8>, report: &SenderReport, cname: &str) {
    header(out, 0, SENDER_REPORT, 24);
    out.extend_from_slice(&report.ssrc.to_be_bytes());
    out.extend_from_slice(&report.ntp.to_be_bytes());
    out.extend_from_slice(&report.rtp.to_be_bytes());
    out.extend_from_slice(&report.packets.to_be_bytes());
    out.extend_from_slice(&report.bytes.to_be_bytes());

    let cname = &cname.as_bytes()[..cname.len().min(255)];
    // SSRC, item type, length, text, and at least one zero that ends the list.
    let len = (4 + 2 + cname.len() + 1).next_multiple_of(4);
    header(out, 1, DESCRIPTION, len);
    let start = out.len();
    out.extend_from_slice(&report.ssrc.to_be_bytes());
    out.extend_from_slice(&[1, cname.len() as u8]);
    out.extend_from_slice(cname);
    out.resize(start + len, 0);
}

/// What a sender report says of one of our SSRCs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SenderReport {
    pub ssrc: u32,
    /// Seconds since 1900 in 32.32 bits.
    pub ntp: u64,
    /// The same instant on the RTP clock.
    pub rtp: u32,
    /// Sent since the beginning.
    pub packets: u32,
    /// Of payload, sent since the beginning.
    pub bytes: u32,
}

fn header(out: &mut Vec<u8>, count: u8, kind: u8, body: usize) {
    // The length counts words without the first.
    let words = (body / 4) as u16;
    out.extend_from_slice(&[0x80 | count, kind]);
    out.extend_from_slice(&words.to_be_bytes());
}

/// The first packet of a compound and the rest.
fn split(compound: &[u8]) -> Option<(&[u8], &[u8])> {
    let header = compound.get(..4)?;
    // RFC 3550 §6.4.1: version 2.
    if header[0] >> 6 != 2 {
        return None;
    }
    let len = 4 + 4 * usize::from(u16::from_be_bytes([header[2], header[3]]));
    compound.split_at_checked(len)
}

fn read(packet: &[u8]) -> Option<Packet<'_>> {
    let count = usize::from(packet[0] & 0x1f);
    let body = unpadded(packet)?.get(4..)?;
    let blocks = |at: usize| body.get(at..at + 24 * count).map(Blocks);
    Some(match (packet[1], count) {
        (SENDER_REPORT, _) => Packet::SenderReport {
            blocks: blocks(24)?,
            ssrc: word(body, 0),
            ntp: u64::from(word(body, 4)) << 32 | u64::from(word(body, 8)),
            rtp: word(body, 12),
        },
        (RECEIVER_REPORT, _) => Packet::ReceiverReport { blocks: blocks(4)? },
        (DESCRIPTION, _) => Packet::Description,
        (BYE, _) if body.len() >= 4 * count => Packet::Bye,
        (EXTENDED_REPORT, _) => Packet::ExtendedReport,
        (TRANSPORT_FEEDBACK, 1) if body.len() >= 12 => {
            Packet::Nack { ssrc: word(body, 4), entries: Words(&body[8..]) }
        }
        (TRANSPORT_FEEDBACK, 15) if body.len() >= 16 => Packet::Transport(TransportFeedback {
            base: (word(body, 8) >> 16) as u16,
            count: word(body, 8) as u16,
            reference: (word(body, 12) as i32) >> 8,
            chunks_and_deltas: &body[16..],
        }),
        (PAYLOAD_FEEDBACK, 1) if body.len() >= 8 => Packet::PictureLoss { ssrc: word(body, 4) },
        (PAYLOAD_FEEDBACK, 4) if body.len() >= 16 => Packet::FullIntraRequest { entries: Words(&body[8..]) },
        // draft-alvestrand-rmcat-remb-03 §2.2: 6 bits of exponent, 18 of mantissa.
        (PAYLOAD_FEEDBACK, 15) if body.len() >= 16 && &body[8..12] == b"REMB" => {
            let (exponent, mantissa) = (word(body, 12) >> 18 & 0x3f, u64::from(word(body, 12) & 0x3_ffff));
            Packet::EstimatedBitrate(
                mantissa.checked_shl(exponent).filter(|bits| bits >> exponent == mantissa)?,
            )
        }
        _ => return None,
    })
}

/// RFC 3550 §6.4.1: the last byte of the padding says how long it is.
fn unpadded(packet: &[u8]) -> Option<&[u8]> {
    if packet[0] & 0x20 == 0 {
        return Some(packet);
    }
    let padding = usize::from(*packet.last()?);
    (padding > 0).then(|| packet.len().checked_sub(padding))?.map(|len| &packet[..len])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
