//! The stateless nonce: proof that the client's address is its own, without a table.
//!
//! 29 characters: the nonce cookie and security features (RFC 8489 §9.2, 13 characters), then base64url of a
//! time stamp (3 bytes, units of 16 s) and 9 bytes of an HMAC over it and the 5-tuple. Short, so that a 401
//! stays within 100 bytes.

use std::{net::IpAddr, time::Duration};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use subtle::ConstantTimeEq;

use crate::{
    integrity::hmac_sha256,
    model::{FiveTuple, Now},
};

const COOKIE: &str = "obMatJos2";
const UNIT_S: u64 = 16;
const STAMPS: u32 = 1 << 24;
const TOKEN_AT: usize = COOKIE.len() + 4;
const LENGTH: usize = TOKEN_AT + 16;

/// The key of all nonces of one server, random at start; media threads may share it.
#[derive(Clone)]
pub struct NonceKey(pub [u8; 32]);

/// What a nonce is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    Fresh,
    /// Too old, another client's, another server's, or made up.
    Stale,
}

/// RFC 8489 §9.2.1: bits of the security feature set, counted from the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Features {
    pub(crate) username_anonymity: bool,
}

impl Features {
    /// Base64 of 24 bits: password algorithms are bit 0, username anonymity is bit 1.
    fn encoded(self) -> &'static str {
        if self.username_anonymity { "AAAD" } else { "AAAB" }
    }
}

/// Does this nonce, ours or not, announce password algorithms?
pub(crate) fn announces_password_algorithms(nonce: &str) -> bool {
    let features = nonce.strip_prefix(COOKIE).and_then(|rest| rest.get(..4));
    features
        .and_then(|features| STANDARD.decode(features).ok())
        .is_some_and(|bits| bits.get(2).is_some_and(|low| low & 1 != 0))
}

pub(crate) fn make(key: &NonceKey, from: &FiveTuple, now: Now, features: Features) -> String {
    let mut nonce = String::with_capacity(LENGTH);
    nonce.push_str(COOKIE);
    nonce.push_str(features.encoded());
    URL_SAFE_NO_PAD.encode_string(token(key, from, stamp(now), features), &mut nonce);
    nonce
}

pub(crate) fn check(
    key: &NonceKey,
    from: &FiveTuple,
    now: Now,
    features: Features,
    lifetime: Duration,
    nonce: &str,
) -> Validity {
    let mut token_bytes = [0; 12];
    let decoded = match (nonce.get(..TOKEN_AT), nonce.get(TOKEN_AT..)) {
        (Some(head), Some(rest)) if rest.len() == 16 => {
            head.strip_prefix(COOKIE) == Some(features.encoded())
                && URL_SAFE_NO_PAD.decode_slice(rest, &mut token_bytes).is_ok()
        }
        _ => false,
    };
    let then = u32::from_be_bytes([0, token_bytes[0], token_bytes[1], token_bytes[2]]);
    let authentic: bool = token(key, from, then, features).ct_eq(&token_bytes).into();
    // Time may step back a little; a stamp from the future is then one from long ago.
    let age = stamp(now).wrapping_sub(then).wrapping_add(1) % STAMPS;
    let fresh = u64::from(age) <= lifetime.as_secs() / UNIT_S + 1;
    if decoded && authentic && fresh { Validity::Fresh } else { Validity::Stale }
}

fn stamp(now: Now) -> u32 {
    (now.unix_s / UNIT_S) as u32 % STAMPS
}

fn token(key: &NonceKey, from: &FiveTuple, stamp: u32, features: Features) -> [u8; 12] {
    let stamp = stamp.to_be_bytes();
    let client = ip_bytes(from.client.ip());
    let server = from.server.map(ip_bytes).unwrap_or_default();
    let transport = [from.transport.index() as u8, u8::from(features.username_anonymity)];
    let made =
        hmac_sha256(&key.0, &[&stamp, &client, &from.client.port().to_be_bytes(), &server, &transport]);
    let mut token = [0; 12];
    token[..3].copy_from_slice(&stamp[1..]);
    token[3..].copy_from_slice(&made[..9]);
    token
}

fn ip_bytes(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}
