//! MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 with long-term keys (RFC 8489 §9.2.2, §14.5, §14.6).
//!
//! Our own and not stun-types': there the password algorithm (which key) and the integrity attribute (which
//! HMAC) are one choice, while RFC 8489 leaves all four combinations open. Comparisons take constant time.

use hmac::{Hmac, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use stun_types::{
    attribute::{Attribute, AttributeStaticType, Fingerprint, MessageIntegrity, MessageIntegritySha256},
    message::Message,
};
use subtle::ConstantTimeEq;

pub(crate) const HEADER: usize = 20;

/// PASSWORD-ALGORITHM: how a key is made from a password (RFC 8489 §18.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordAlgorithm {
    Md5,
    Sha256,
}

/// A long-term credential's key.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    bytes: [u8; 32],
    length: u8,
}

impl Key {
    /// RFC 8489 §18.5.1: a hash of `username ":" realm ":" password`.
    pub(crate) fn long_term(
        algorithm: PasswordAlgorithm,
        username: &[u8],
        realm: &[u8],
        password: &[u8],
    ) -> Self {
        let parts = [username, b":", realm, b":", password];
        let mut bytes = [0; 32];
        let length = match algorithm {
            PasswordAlgorithm::Md5 => {
                bytes[..16].copy_from_slice(&digest::<Md5>(&parts));
                16
            }
            PasswordAlgorithm::Sha256 => {
                bytes.copy_from_slice(&digest::<Sha256>(&parts));
                32
            }
        };
        Self { bytes, length }
    }

    /// Any key of at most 32 bytes, such as a short-term one.
    #[cfg(test)]
    pub(crate) fn raw(key: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes[..key.len()].copy_from_slice(key);
        Self { bytes, length: key.len() as u8 }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut digest = D::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().to_vec()
}

/// Which integrity attribute a request had, and so its answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Integrity {
    Sha1,
    Sha256,
}

/// The integrity attribute to check: SHA-256 if the message has it (RFC 8489 §9.2.4), with its offset.
#[derive(Clone, Copy)]
pub(crate) struct Present {
    pub(crate) kind: Integrity,
    offset: usize,
    length: usize,
}

pub(crate) fn present(message: &Message<'_>) -> Option<Present> {
    let mut found = None;
    for (offset, attribute) in message.iter_attributes() {
        let kind = match attribute.get_type() {
            MessageIntegrity::TYPE => Integrity::Sha1,
            MessageIntegritySha256::TYPE => Integrity::Sha256,
            _ => continue,
        };
        if found.is_none() || kind == Integrity::Sha256 {
            found = Some(Present { kind, offset, length: attribute.value.len() });
        }
    }
    found
}

/// Is the attribute the one this key makes? SHA-256 may be cut to 16 bytes or more (RFC 8489 §14.6).
pub(crate) fn verify(message: &Message<'_>, present: Present, key: &Key) -> bool {
    let Present { kind, offset, length } = present;
    let lengths_fit = match kind {
        Integrity::Sha1 => length == 20,
        Integrity::Sha256 => (16..=32).contains(&length) && length.is_multiple_of(4),
    };
    let bytes = message.as_bytes();
    let (Some(before), Some(claimed)) = (bytes.get(..offset), bytes.get(offset + 4..offset + 4 + length))
    else {
        return false;
    };
    if !lengths_fit {
        return false;
    }
    let made = mac(kind, key, before, offset + 4 + length - HEADER);
    made[..length].ct_eq(claimed).into()
}

/// Appends the integrity attribute.
pub(crate) fn sign(message: &mut Vec<u8>, kind: Integrity, key: &Key) {
    let (attribute, length) = match kind {
        Integrity::Sha1 => (MessageIntegrity::TYPE, 20),
        Integrity::Sha256 => (MessageIntegritySha256::TYPE, 32),
    };
    let made = mac(kind, key, message, message.len() + 4 + length - HEADER);
    message.extend(attribute.value().to_be_bytes());
    message.extend((length as u16).to_be_bytes());
    message.extend(&made[..length]);
    set_length(message);
}

/// Appends FINGERPRINT: a CRC, xored with "STUN" (RFC 8489 §14.7).
pub(crate) fn add_fingerprint(message: &mut Vec<u8>) {
    let length = (message.len() + 8 - HEADER) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
    let mut crc = Fingerprint::compute(&[message]);
    crc.iter_mut().zip(b"STUN").for_each(|(byte, mask)| *byte ^= mask);
    message.extend(Fingerprint::TYPE.value().to_be_bytes());
    message.extend(4u16.to_be_bytes());
    message.extend(crc);
}

fn set_length(message: &mut [u8]) {
    let length = (message.len() - HEADER) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
}

/// The HMAC over everything before the attribute, the header's length being one that ends with it.
fn mac(kind: Integrity, key: &Key, before: &[u8], length: usize) -> [u8; 32] {
    let length = (length as u16).to_be_bytes();
    let parts = [&before[..2], &length, &before[4..]];
    let mut made = [0; 32];
    match kind {
        Integrity::Sha1 => made[..20].copy_from_slice(&hmac_sha1(key.as_bytes(), &parts)),
        Integrity::Sha256 => made.copy_from_slice(&hmac_sha256(key.as_bytes(), &parts)),
    }
    made
}

/// HMAC-SHA1 (RFC 2104).
pub(crate) fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length")
    };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA256 (RFC 2104).
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length")
    };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// USERHASH (RFC 8489 §14.4).
pub(crate) fn userhash(username: &str, realm: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(&digest::<Sha256>(&[username.as_bytes(), b":", realm.as_bytes()]));
    hash
}
