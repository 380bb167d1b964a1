//! As much of STUN (RFC 8489) as it takes to tell whose a Binding request is.

use crate::demux::MAGIC_COOKIE;

const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const USERNAME: u16 = 0x0006;
const HEADER: usize = 20;

/// The receiver's ICE user name fragment in a Binding request (RFC 8445 §7.2.2: `receiver:sender`); `None` for
/// anything else, above all for a plain STUN request, which has no USERNAME.
pub fn local_ufrag(message: &[u8]) -> Option<&str> {
    let head = message.get(..HEADER)?;
    if head[..2] != BINDING_REQUEST || head[4..8] != MAGIC_COOKIE {
        return None;
    }
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let mut attributes = message.get(HEADER..HEADER + length)?;
    while let Some((head, rest)) = attributes.split_first_chunk::<4>() {
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if kind == USERNAME {
            let name = std::str::from_utf8(rest.get(..length)?).ok()?;
            return name.split_once(':').map(|(receiver, _)| receiver);
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in attributes {
            body.extend_from_slice(&kind.to_be_bytes());
            body.extend_from_slice(&(value.len() as u16).to_be_bytes());
            body.extend_from_slice(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut message = vec![0, 1];
        message.extend_from_slice(&(body.len() as u16).to_be_bytes());
        message.extend_from_slice(&MAGIC_COOKIE);
        message.extend_from_slice(&[7; 12]);
        message.extend(body);
        message
    }

    #[test]
    fn the_receiver_is_before_the_colon() {
        assert_eq!(local_ufrag(&request(&[(0x8022, b"x"), (USERNAME, b"00abcdef:1234")])), Some("00abcdef"));
    }

    #[test]
    fn what_is_no_check_of_ice_has_none() {
        assert_eq!(local_ufrag(&request(&[])), None);
        assert_eq!(local_ufrag(&request(&[(USERNAME, b"nobody")])), None);
        let mut answer = request(&[(USERNAME, b"a:b")]);
        answer[0] = 1;
        assert_eq!(local_ufrag(&answer), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(message in proptest::collection::vec(any::<u8>(), 0..80), at in 0..60usize, byte in any::<u8>()) {
            let _ = local_ufrag(&message);
            let mut cut = request(&[(USERNAME, b"00abcdef:1234"), (0x24, &[0; 4])]);
            let last = cut.len() - 1;
            cut[at.min(last)] = byte;
            let _ = local_ufrag(&cut);
        }
    }
}
