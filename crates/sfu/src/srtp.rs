//! SRTP and SRTCP (RFC 3711, RFC 7714): what goes to a peer is sealed in place at the end of a buffer, what comes
//! as SRTCP is opened in place.
//!
//! A session has exactly one [`Sealer`], and it alone holds the keys we send with ([`crate::keys`]). Its SRTCP index
//! counts all packets of the session, whatever their SSRC, so no nonce comes twice. For RTP the caller gives the
//! extended sequence number: one SSRC must never use one twice.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{error::Unspecified, hmac};
use str0m::crypto::dtls::SrtpProfile;

use crate::keys::{Keys, Master};

/// What a sealed packet is longer than a plain one at most, in bytes: an SRTCP index and a tag.
pub(crate) const OVERHEAD: usize = 4 + GCM_TAG;

const GCM_TAG: usize = 16;
/// HMAC-SHA1-80 (RFC 3711 §5.2).
const CM_TAG: usize = 10;
/// The fixed part of an RTP header.
const RTP_HEADER: usize = 12;
/// What of an RTCP packet is not encrypted (RFC 3711 §3.4).
const RTCP_HEADER: usize = 8;
/// The SRTCP index is of 31 bits; the one above says "encrypted".
const ENCRYPTED: u32 = 1 << 31;
/// SRTCP senders remembered per session: each is an SSRC of an authenticated peer.
const MOST_SENDERS: usize = 256;

/// Our packet could not be sealed: it has no complete header, or all indices are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the packet cannot be encrypted")]
pub(crate) struct NotSealed;

/// Why a packet of a peer was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOpened {
    #[error("the packet is not encrypted with this session's keys")]
    Forged,
    #[error("the packet came before, or is older than what is remembered")]
    Replayed,
}

/// How a packet that was opened stands to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// None of its sender has a higher index.
    Newest,
    Late,
}

/// Encrypts what we send.
pub(crate) struct Sealer {
    rtp: Cipher,
    rtcp: Cipher,
    rtcp_index: u32,
}

impl Sealer {
    pub(crate) fn new(keys: &Keys) -> Result<Self, Unspecified> {
        Self::of(keys.profile, &keys.ours)
    }

    fn of(profile: SrtpProfile, master: &Master) -> Result<Self, Unspecified> {
        let [rtp, rtcp] = Cipher::pair(profile, master)?;
        Ok(Self { rtp, rtcp, rtcp_index: 0 })
    }

    /// Encrypts the RTP packet that begins at `start` and ends the buffer. `sequence` is its extended sequence number
    /// (RFC 3711 §3.3.1); its lower 16 bits are those of the header.
    pub(crate) fn seal_rtp(
        &mut self,
        buffer: &mut Vec<u8>,
        start: usize,
        sequence: u64,
    ) -> Result<(), NotSealed> {
        let packet = buffer.get(start..).ok_or(NotSealed)?;
        let header = rtp_header_len(packet).ok_or(NotSealed)?;
        let ssrc = word(packet, 8);
        debug_assert_eq!(u16::from_be_bytes([packet[2], packet[3]]), sequence as u16);
        let rollover = ((sequence >> 16) as u32).to_be_bytes();
        // RFC 3711 §3.3.1: the index is of 48 bits.
        let nonce = self.rtp.nonce(ssrc, sequence & 0xffff_ffff_ffff);
        match &self.rtp {
            Cipher::Gcm { key, .. } => {
                let (header, payload) = buffer[start..].split_at_mut(header);
                let nonce = Nonce::assume_unique_for_key(gcm(nonce));
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(&*header), payload)
                    .map_err(|_| NotSealed)?;
                buffer.extend_from_slice(tag.as_ref());
            }
            Cipher::Counter { key, auth, .. } => {
                counter(key, nonce, &mut buffer[start + header..]).map_err(|_| NotSealed)?;
                let tag = hmac_of(auth, &[&buffer[start..], &rollover]);
                buffer.extend_from_slice(&tag.as_ref()[..CM_TAG]);
            }
        }
        Ok(())
    }

    /// Encrypts the RTCP packet, compound or not, that begins at `start` and ends the buffer.
    pub(crate) fn seal_rtcp(&mut self, buffer: &mut Vec<u8>, start: usize) -> Result<(), NotSealed> {
        let packet = buffer.get(start..).filter(|packet| packet.len() >= RTCP_HEADER).ok_or(NotSealed)?;
        let ssrc = word(packet, 4);
        // RFC 3711 §9.2: after 2^31 packets new keys are due; at a hundred a second that is after 248 days.
        let index = self.rtcp_index;
        if index & ENCRYPTED != 0 {
            return Err(NotSealed);
        }
        self.rtcp_index += 1;
        let nonce = self.rtcp.nonce(ssrc, u64::from(index));
        let trailer = (ENCRYPTED | index).to_be_bytes();
        match &self.rtcp {
            Cipher::Gcm { key, .. } => {
                let (header, payload) = buffer[start..].split_at_mut(RTCP_HEADER);
                // RFC 7714 §9.2: the index is authenticated, and follows the tag.
                let mut associated = [0; RTCP_HEADER + 4];
                associated[..RTCP_HEADER].copy_from_slice(header);
                associated[RTCP_HEADER..].copy_from_slice(&trailer);
                let nonce = Nonce::assume_unique_for_key(gcm(nonce));
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(associated), payload)
                    .map_err(|_| NotSealed)?;
                buffer.extend_from_slice(tag.as_ref());
                buffer.extend_from_slice(&trailer);
            }
            Cipher::Counter { key, auth, .. } => {
                counter(key, nonce, &mut buffer[start + RTCP_HEADER..]).map_err(|_| NotSealed)?;
                buffer.extend_from_slice(&trailer);
                let tag = hmac_of(auth, &[&buffer[start..]]);
                buffer.extend_from_slice(&tag.as_ref()[..CM_TAG]);
            }
        }
        Ok(())
    }
}

/// Decrypts SRTCP, and tells whether SSRCs are the peer's.
pub(crate) struct Opener {
    rtp: Cipher,
    rtcp: Cipher,
    seen: HashMap<u32, Window, foldhash::fast::RandomState>,
    vouched: HashSet<u32, foldhash::fast::RandomState>,
}

impl Opener {
    /// For what the peer sends.
    pub(crate) fn new(keys: &Keys) -> Result<Self, Unspecified> {
        Self::of(keys.profile, &keys.theirs)
    }

    /// For what str0m would send.
    pub(crate) fn of_substitute(keys: &Keys) -> Result<Self, Unspecified> {
        Self::of(keys.profile, &keys.substitute)
    }

    fn of(profile: SrtpProfile, master: &Master) -> Result<Self, Unspecified> {
        let [rtp, rtcp] = Cipher::pair(profile, master)?;
        Ok(Self { rtp, rtcp, seen: HashMap::default(), vouched: HashSet::default() })
    }

    /// Whether the SSRC of an SRTP packet is known to be used by the peer, by this packet or one before. The first
    /// packets of an SSRC have a rollover counter of zero (RFC 3711 §3.3.1).
    pub(crate) fn vouch(&mut self, packet: &[u8], scratch: &mut Vec<u8>) -> Result<(), NotOpened> {
        let header = rtp_header_len(packet).ok_or(NotOpened::Forged)?;
        let ssrc = word(packet, 8);
        if self.vouched.contains(&ssrc) {
            return Ok(());
        }
        if packet.len() < header + self.rtp.tag_len() || self.vouched.len() >= MOST_SENDERS {
            return Err(NotOpened::Forged);
        }
        let sequence = u64::from(u16::from_be_bytes([packet[2], packet[3]]));
        match &self.rtp {
            Cipher::Gcm { key, .. } => {
                let nonce = Nonce::assume_unique_for_key(gcm(self.rtp.nonce(ssrc, sequence)));
                scratch.clear();
                scratch.extend_from_slice(&packet[header..]);
                key.open_in_place(nonce, Aad::from(&packet[..header]), scratch)
                    .map_err(|_| NotOpened::Forged)?;
            }
            Cipher::Counter { auth, .. } => {
                let (signed, tag) = packet.split_at(packet.len() - CM_TAG);
                let expected = hmac_of(auth, &[signed, &[0; 4]]);
                aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..CM_TAG], tag)
                    .map_err(|_| NotOpened::Forged)?;
            }
        }
        self.vouched.insert(ssrc);
        Ok(())
    }

    /// Decrypts an SRTCP packet; what is left of it is the RTCP packet. Refused, it is of no use any more.
    pub(crate) fn open_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<Freshness, NotOpened> {
        let tag = self.rtcp.tag_len();
        if packet.len() < RTCP_HEADER + 4 + tag {
            return Err(NotOpened::Forged);
        }
        let ssrc = word(packet, 4);
        let index_at = match &self.rtcp {
            Cipher::Gcm { .. } => packet.len() - 4,
            Cipher::Counter { .. } => packet.len() - CM_TAG - 4,
        };
        let trailer = word(packet, index_at);
        // WebRTC has no SRTCP that is not encrypted (RFC 8827 §6.5).
        if trailer & ENCRYPTED == 0 {
            return Err(NotOpened::Forged);
        }
        let index = trailer & !ENCRYPTED;
        // RFC 3711 §3.3.2: the replay list is kept by SSRC, and only moved by packets that are authentic.
        let known = self.seen.get(&ssrc);
        if known.is_some_and(|window| !window.accepts(index)) {
            return Err(NotOpened::Replayed);
        }
        if known.is_none() && self.seen.len() >= MOST_SENDERS {
            return Err(NotOpened::Replayed);
        }
        let nonce = self.rtcp.nonce(ssrc, u64::from(index));
        match &self.rtcp {
            Cipher::Gcm { key, .. } => {
                let mut associated = [0; RTCP_HEADER + 4];
                associated[..RTCP_HEADER].copy_from_slice(&packet[..RTCP_HEADER]);
                associated[RTCP_HEADER..].copy_from_slice(&trailer.to_be_bytes());
                let nonce = Nonce::assume_unique_for_key(gcm(nonce));
                key.open_in_place(nonce, Aad::from(associated), &mut packet[RTCP_HEADER..index_at])
                    .map_err(|_| NotOpened::Forged)?;
                packet.truncate(index_at - GCM_TAG);
            }
            Cipher::Counter { key, auth, .. } => {
                let (signed, tag) = packet.split_at(index_at + 4);
                let expected = hmac_of(auth, &[signed]);
                aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..CM_TAG], tag)
                    .map_err(|_| NotOpened::Forged)?;
                packet.truncate(index_at);
                counter(key, nonce, &mut packet[RTCP_HEADER..]).map_err(|_| NotOpened::Forged)?;
            }
        }
        let window = self.seen.entry(ssrc).or_default();
        window.insert(index);
        Ok(if index == window.highest { Freshness::Newest } else { Freshness::Late })
    }
}

/// The last 128 indices of one sender (RFC 3711 §3.3.2 wants at least 64).
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    highest: u32,
    /// Bit n: `highest - n` came.
    came: u128,
}

impl Window {
    fn accepts(&self, index: u32) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(age) => age < u128::BITS && self.came & (1 << age) == 0,
        }
    }

    fn insert(&mut self, index: u32) {
        match self.highest.checked_sub(index) {
            None => {
                let ahead = index - self.highest;
                self.came = self.came.checked_shl(ahead).unwrap_or(0) | 1;
                self.highest = index;
            }
            Some(age) => self.came |= 1u128.checked_shl(age).unwrap_or(0),
        }
    }
}

/// The session key, salt and authentication key of RTP or of RTCP in one direction.
// Three to a session, and on the path of every packet: not behind a pointer.
#[allow(clippy::large_enum_variant)]
enum Cipher {
    Gcm { key: LessSafeKey, salt: u128 },
    Counter { key: EncryptingKey, salt: u128, auth: hmac::Key },
}

impl Cipher {
    /// The ciphers for RTP and RTCP.
    fn pair(profile: SrtpProfile, master: &Master) -> Result<[Self; 2], Unspecified> {
        // RFC 3711 §4.3.2: the labels of key, authentication key and salt.
        Ok([Self::derive(profile, master, [0, 1, 2])?, Self::derive(profile, master, [3, 4, 5])?])
    }

    fn derive(profile: SrtpProfile, master: &Master, labels: [u8; 3]) -> Result<Self, Unspecified> {
        let mut key = vec![0; master.key.len()];
        derive(master, labels[0], &mut key)?;
        // Salts of 96 and of 112 bits, at the lower end of a number.
        let mut salt = [0; 16];
        let salt_at = 16 - master.salt.len();
        derive(master, labels[2], &mut salt[salt_at..])?;
        let salt = u128::from_be_bytes(salt);
        match profile {
            SrtpProfile::AEAD_AES_128_GCM => Self::gcm(&AES_128_GCM, &key, salt),
            SrtpProfile::AEAD_AES_256_GCM => Self::gcm(&AES_256_GCM, &key, salt),
            SrtpProfile::AES128_CM_SHA1_80 => {
                let mut auth = [0; 20];
                derive(master, labels[1], &mut auth)?;
                Ok(Self::Counter {
                    key: EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, &key)?)?,
                    salt,
                    auth: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &auth),
                })
            }
            _ => Err(Unspecified),
        }
    }

    fn gcm(
        algorithm: &'static aws_lc_rs::aead::Algorithm,
        key: &[u8],
        salt: u128,
    ) -> Result<Self, Unspecified> {
        Ok(Self::Gcm { key: LessSafeKey::new(UnboundKey::new(algorithm, key)?), salt })
    }

    /// The initialization vector of a packet, for RTP and RTCP alike.
    fn nonce(&self, ssrc: u32, index: u64) -> u128 {
        let (ssrc, index) = (u128::from(ssrc), u128::from(index));
        match self {
            // RFC 7714 §8.1, §9.1: 96 bits.
            Self::Gcm { salt, .. } => (ssrc << 48 | index) ^ salt,
            // RFC 3711 §4.1.1: 128 bits, of which the lowest 16 count blocks.
            Self::Counter { salt, .. } => salt << 16 ^ ssrc << 64 ^ index << 16,
        }
    }

    fn tag_len(&self) -> usize {
        match self {
            Self::Gcm { .. } => GCM_TAG,
            Self::Counter { .. } => CM_TAG,
        }
    }
}

/// RFC 3711 §4.3.1 with a key derivation rate of zero, §4.3.3: AES in counter mode as the pseudo-random function;
/// RFC 6188 §2 with 256 bits. A salt of 96 bits counts as followed by 16 bits of zeros (RFC 7714 §11).
fn derive(master: &Master, label: u8, out: &mut [u8]) -> Result<(), Unspecified> {
    let mut x = [0; 16];
    x.get_mut(..master.salt.len()).ok_or(Unspecified)?.copy_from_slice(&master.salt);
    x[7] ^= label;
    let algorithm = if master.key.len() == 32 { &AES_256 } else { &AES_128 };
    let key = EncryptingKey::ctr(UnboundCipherKey::new(algorithm, &master.key)?)?;
    out.fill(0);
    counter(&key, u128::from_be_bytes(x), out)
}

/// AES in counter mode, in place.
fn counter(key: &EncryptingKey, iv: u128, data: &mut [u8]) -> Result<(), Unspecified> {
    let context = EncryptionContext::Iv128(FixedLength::from(iv.to_be_bytes()));
    key.less_safe_encrypt(data, context).map(drop)
}

fn hmac_of(key: &hmac::Key, parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    context.sign()
}

fn gcm(nonce: u128) -> [u8; 12] {
    let [_, _, _, _, nonce @ ..] = nonce.to_be_bytes();
    nonce
}

/// How much of an RTP packet is not encrypted: header, CSRCs, header extension (RFC 3550 §5.1, §5.3.1).
fn rtp_header_len(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let mut len = RTP_HEADER + 4 * usize::from(first & 0x0f);
    if first & 0x10 != 0 {
        let words = packet.get(len + 2..len + 4)?;
        len += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    (packet.len() >= len).then_some(len)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
