//! Tells protocols that share a port apart by their first bytes.

/// STUN's fixed bytes 4 to 7 (RFC 8489 §5).
pub const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

/// The most bytes [`tcp`] asks for.
pub const TCP_PREFIX: usize = 10;

/// What a datagram is, by its first byte (RFC 7983 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datagram {
    /// STUN or a TURN request: 0 to 3.
    Stun,
    /// DTLS: 20 to 63.
    Dtls,
    /// TURN ChannelData: 64 to 79, and to 127 for clients of RFC 5766 (docs/decisions): RFC 7983 gives 80 to
    /// 127 to nobody.
    ChannelData,
    /// SRTP or SRTCP: 128 to 191.
    Rtp,
}

/// Classifies a datagram; `None` is to be dropped.
pub fn udp(payload: &[u8]) -> Option<Datagram> {
    match payload.first()? {
        0..=3 => Some(Datagram::Stun),
        20..=63 => Some(Datagram::Dtls),
        64..=127 => Some(Datagram::ChannelData),
        128..=191 => Some(Datagram::Rtp),
        _ => None,
    }
}

/// What a TCP connection, or what is inside its TLS, turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// A TLS ClientHello (RFC 8446 §5.1: record type 22, version 3.x).
    Tls,
    /// STUN or TURN over TCP (RFC 8489 §6.2.2).
    Stun,
    /// STUN in RFC 4571 frames: ICE-TCP (RFC 6544 §3).
    FramedStun,
    /// An HTTP/1 request.
    Http1,
    /// The HTTP/2 connection preface (RFC 9113 §3.4).
    Http2,
}

/// How far the first bytes of a stream tell what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniff {
    /// It is this.
    Known(Stream),
    /// More bytes are needed.
    Partial,
    /// It is nothing we speak.
    Unknown,
}

const HTTP_METHODS: [&[u8]; 10] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"OPTIONS ",
    b"PATCH ",
    b"CONNECT ",
    b"TRACE ",
    b"QUERY ",
];
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP";

/// Classifies a stream by the bytes that came so far. At [`TCP_PREFIX`] bytes the answer is never `Partial`.
pub fn tcp(prefix: &[u8]) -> Sniff {
    let starts = |word: &[u8]| prefix.iter().zip(word).all(|(a, b)| a == b);
    match prefix {
        [] => return Sniff::Partial,
        [0x16] => return Sniff::Partial,
        [0x16, 0x03, ..] => return Sniff::Known(Stream::Tls),
        _ => {}
    }
    for (word, stream) in
        HTTP_METHODS.map(|word| (word, Stream::Http1)).into_iter().chain([(HTTP2_PREFACE, Stream::Http2)])
    {
        if starts(word) {
            return if prefix.len() >= word.len() { Sniff::Known(stream) } else { Sniff::Partial };
        }
    }
    let cookie_at = |offset: usize| prefix.get(offset..offset + 4) == Some(&MAGIC_COOKIE[..]);
    // Both STUN message types begin with two zero bits; a frame's length is below 64 KiB and not 0.
    if cookie_at(4) && prefix[0] < 4 {
        Sniff::Known(Stream::Stun)
    } else if cookie_at(6) && prefix[2] < 4 {
        Sniff::Known(Stream::FramedStun)
    } else if prefix.len() < TCP_PREFIX {
        Sniff::Partial
    } else {
        Sniff::Unknown
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_first_byte_of_a_datagram_is_as_rfc_7983_says() {
        for byte in 0..=255u8 {
            let wanted = match byte {
                0..=3 => Some(Datagram::Stun),
                20..=63 => Some(Datagram::Dtls),
                64..=127 => Some(Datagram::ChannelData),
                128..=191 => Some(Datagram::Rtp),
                _ => None,
            };
            assert_eq!(udp(&[byte, 0, 0]), wanted);
        }
        assert_eq!(udp(&[]), None);
    }

    #[test]
    fn streams_are_told_apart() {
        let stun = [0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xA4, 0x42, 1, 2];
        let framed = [0x00, 0x14, 0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xA4, 0x42];
        for (bytes, wanted) in [
            (&[0x16, 0x03, 0x01][..], Sniff::Known(Stream::Tls)),
            (&[0x16], Sniff::Partial),
            (&[0x16, 0x02, 0, 0, 0, 0, 0, 0, 0, 0], Sniff::Unknown),
            (b"GET / HTTP", Sniff::Known(Stream::Http1)),
            (b"OPTI", Sniff::Partial),
            (b"GETS / HTTP", Sniff::Unknown),
            (b"PRI * HTTP", Sniff::Known(Stream::Http2)),
            (&stun, Sniff::Known(Stream::Stun)),
            (&stun[..7], Sniff::Partial),
            (&framed, Sniff::Known(Stream::FramedStun)),
            (b"SSH-2.0-xx", Sniff::Unknown),
            (b"", Sniff::Partial),
        ] {
            assert_eq!(tcp(bytes), wanted, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn more_bytes_never_change_a_decision(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
            let mut decided = None;
            for end in 0..=bytes.len() {
                let now = tcp(&bytes[..end]);
                if let Some(before) = decided {
                    prop_assert_eq!(now, before);
                } else if now != Sniff::Partial {
                    decided = Some(now);
                }
            }
            prop_assert!(bytes.len() < TCP_PREFIX || decided.is_some());
        }
    }
}
