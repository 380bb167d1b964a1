//! Data messages between participants of a room, as their envelopes travel on the data channel:
//! to the server `[2][n][n × (length, participant)][frame]`, where no receivers mean everybody; from it
//! `[2][1][length][sender][frame]`. The frame inside is the clients' business.

/// The envelope's version.
const VERSION: u8 = 2;

/// Bytes of a whole message, envelope included: what every browser takes in one piece.
pub(crate) const MOST_BYTES: usize = 128 * 1024;

/// Whom a message is for, and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Letter<'a> {
    /// Receivers; empty for everybody in the room.
    pub(crate) to: Vec<&'a str>,
    pub(crate) frame: &'a [u8],
}

/// Opens what a client sent; `None` for anything else.
pub(crate) fn open(message: &[u8]) -> Option<Letter<'_>> {
    let (&[version, count], mut rest) = message.split_first_chunk::<2>()?;
    if version != VERSION || message.len() > MOST_BYTES {
        return None;
    }
    let mut to = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let (&length, tail) = rest.split_first()?;
        let (name, tail) = tail.split_at_checked(usize::from(length))?;
        to.push(std::str::from_utf8(name).ok()?);
        rest = tail;
    }
    Some(Letter { to, frame: rest })
}

/// What the receivers get. `sender` is an identifier of the server's own, at most 255 bytes.
pub(crate) fn seal(sender: &str, frame: &[u8]) -> Vec<u8> {
    let name = &sender.as_bytes()[..sender.len().min(255)];
    let mut message = Vec::with_capacity(3 + name.len() + frame.len());
    message.extend_from_slice(&[VERSION, 1, name.len() as u8]);
    message.extend_from_slice(name);
    message.extend_from_slice(frame);
    message
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_letter_names_its_receivers() {
        let message = [&[2, 2, 3][..], b"ann", &[3], b"bob", b"hello"].concat();
        assert_eq!(open(&message), Some(Letter { to: vec!["ann", "bob"], frame: b"hello" }));
        assert_eq!(open(&[2, 0, 1, 2]), Some(Letter { to: vec![], frame: &[1, 2] }));
    }

    #[test]
    fn what_is_cut_or_of_another_version_is_no_letter() {
        for message in [&[][..], &[2], &[1, 0, 0], &[2, 1], &[2, 1, 4, b'a'], &[2, 1, 2, 0xFF, 0xFE]] {
            assert_eq!(open(message), None, "{message:?}");
        }
        assert_eq!(open(&[&[2, 0][..], &vec![0; MOST_BYTES]].concat()), None);
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(sender in "[a-z0-9]{1,40}", frame in proptest::collection::vec(any::<u8>(), 0..99)) {
            let sealed = seal(&sender, &frame);
            prop_assert_eq!(open(&sealed), Some(Letter { to: vec![&sender], frame: &frame }));
        }

        #[test]
        fn no_bytes_panic(message in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = open(&message);
        }
    }
}
