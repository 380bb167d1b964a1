//! What every packet carries: who sent it when, and bytes that only this packet has.

/// Bytes of the head; no payload is shorter.
pub const HEAD: usize = 24;

const NOISE: usize = 1 << 16;

/// Fills and checks payloads.
pub struct Payloads {
    noise: Box<[u8]>,
}

/// The head's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which run of packets; what is left of an earlier one does not count.
    pub run: u32,
    /// Which allocation it goes through.
    pub flow: u32,
    /// The how manieth packet of the run.
    pub number: u64,
    /// When it was sent.
    pub sent_ns: u64,
}

impl Payloads {
    /// The same noise for everybody.
    pub fn new() -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let noise = (0..NOISE).map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        });
        Self { noise: noise.collect() }
    }

    /// Writes a whole payload.
    pub fn fill(&self, head: Head, payload: &mut [u8]) {
        payload[..4].copy_from_slice(&head.run.to_le_bytes());
        payload[4..8].copy_from_slice(&head.flow.to_le_bytes());
        payload[8..16].copy_from_slice(&head.number.to_le_bytes());
        payload[16..HEAD].copy_from_slice(&head.sent_ns.to_le_bytes());
        let rest = &mut payload[HEAD..];
        rest.copy_from_slice(self.noise_of(head, rest.len()));
    }

    /// The head of a payload of this length, if every byte of the rest is as it was sent.
    pub fn check(&self, payload: &[u8], length: usize) -> Option<Head> {
        if payload.len() != length {
            return None;
        }
        let (head, rest) = payload.split_at_checked(HEAD)?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let head = Head { run: word(0), flow: word(4), number: long(8), sent_ns: long(16) };
        (rest == self.noise_of(head, rest.len())).then_some(head)
    }

    /// A piece of the noise at a place that depends on the packet.
    fn noise_of(&self, head: Head, length: usize) -> &[u8] {
        let mix = (head.number ^ u64::from(head.flow) << 40 ^ u64::from(head.run) << 20)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let start = (mix >> 32) as usize % (NOISE - length);
        &self.noise[start..start + length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Head = Head { run: 7, flow: 3, number: 41, sent_ns: 99 };

    #[test]
    fn what_was_filled_is_recognized() {
        let payloads = Payloads::new();
        for length in [160, 1200] {
            let mut payload = vec![0; length];
            payloads.fill(PACKET, &mut payload);
            assert_eq!(payloads.check(&payload, length), Some(PACKET));
        }
    }

    #[test]
    fn a_single_wrong_byte_or_another_length_is_noticed() {
        let payloads = Payloads::new();
        let mut payload = vec![0; 160];
        payloads.fill(PACKET, &mut payload);
        for at in HEAD..160 {
            payload[at] ^= 1;
            assert_eq!(payloads.check(&payload, 160), None, "byte {at}");
            payload[at] ^= 1;
        }
        assert_eq!(payloads.check(&payload[..159], 160), None);
        assert_eq!(payloads.check(&payload[..8], 8), None);
    }

    #[test]
    fn the_rest_of_one_packet_does_not_pass_for_another() {
        let payloads = Payloads::new();
        let (mut one, mut other) = (vec![0; 160], vec![0; 160]);
        payloads.fill(PACKET, &mut one);
        payloads.fill(Head { number: 42, ..PACKET }, &mut other);
        one[HEAD..].copy_from_slice(&other[HEAD..]);
        assert_eq!(payloads.check(&one, 160), None);
    }
}
