//! Long-term credentials on the server's side (RFC 8489 §9.2.4), in the order given there.

use std::time::Duration;

use stun_types::{
    attribute::{AttributeStaticType, AttributeType, Nonce, Realm, Userhash, Username},
    message::Message,
};

use crate::{
    credentials::Credentials,
    integrity::{self, Integrity, Key, PasswordAlgorithm},
    model::{FiveTuple, Now},
    nonce::{self, Features, NonceKey, Validity},
};

/// PASSWORD-ALGORITHMS as always sent: SHA-256 first, then MD5, no parameters (RFC 8489 §14.11).
pub(crate) const PASSWORD_ALGORITHMS: [u8; 8] = [0, 2, 0, 0, 0, 1, 0, 0];

const PASSWORD_ALGORITHM: AttributeType = AttributeType::new(0x001D);
const PASSWORD_ALGORITHMS_TYPE: AttributeType = AttributeType::new(0x8002);

/// A request whose sender is proven.
pub(crate) struct Proven {
    pub(crate) username: String,
    /// What quotas go by.
    pub(crate) account: String,
    pub(crate) key: Key,
    pub(crate) integrity: Integrity,
}

/// Why a request's sender is not proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unproven {
    /// 400.
    BadRequest,
    /// 401, with a fresh nonce.
    Unauthorized,
    /// 438, with a fresh nonce.
    StaleNonce,
}

pub(crate) struct Authentication<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) key: &'a NonceKey,
    pub(crate) nonce_lifetime: Duration,
}

impl Authentication<'_> {
    pub(crate) fn prove(
        &self,
        now: Now,
        from: &FiveTuple,
        message: &Message<'_>,
    ) -> Result<Proven, Unproven> {
        let present = integrity::present(message).ok_or(Unproven::Unauthorized)?;
        let username = message.attribute::<Username>().ok();
        let userhash = message.attribute::<Userhash>().ok();
        let nonce = message.attribute::<Nonce>().map_err(|_| Unproven::BadRequest)?;
        if !message.has_attribute(Realm::TYPE) || username.is_none() && userhash.is_none() {
            return Err(Unproven::BadRequest);
        }
        let algorithm = password_algorithm(message, nonce.nonce())?;
        let username = match (&username, &userhash) {
            (Some(username), _) => Some(username.username()),
            (None, Some(hash)) => self.credentials.by_hash(hash.hash()),
            (None, None) => None,
        };
        let candidate = username
            .and_then(|username| self.credentials.candidate(username, algorithm, now))
            .ok_or(Unproven::Unauthorized)?;
        let (account, key) = candidate
            .keys
            .into_iter()
            .find(|(_, key)| integrity::verify(message, present, key))
            .ok_or(Unproven::Unauthorized)?;
        let validity = nonce::check(self.key, from, now, self.features(), self.nonce_lifetime, nonce.nonce());
        if validity == Validity::Stale {
            return Err(Unproven::StaleNonce);
        }
        Ok(Proven { username: candidate.username, account, key, integrity: present.kind })
    }

    /// For a 401 or 438.
    pub(crate) fn fresh_nonce(&self, now: Now, from: &FiveTuple) -> String {
        nonce::make(self.key, from, now, self.features())
    }

    fn features(&self) -> Features {
        Features { username_anonymity: self.credentials.anonymity() }
    }
}

/// Bid-down protection: who saw the nonce's feature bit has to repeat PASSWORD-ALGORITHMS unchanged.
fn password_algorithm(message: &Message<'_>, nonce: &str) -> Result<PasswordAlgorithm, Unproven> {
    let chosen = message.raw_attribute(PASSWORD_ALGORITHM);
    let offered = message.raw_attribute(PASSWORD_ALGORITHMS_TYPE);
    if chosen.is_none() && offered.is_none() {
        return Ok(PasswordAlgorithm::Md5);
    }
    if nonce::announces_password_algorithms(nonce) {
        let unchanged = offered.is_some_and(|offered| *offered.value == PASSWORD_ALGORITHMS);
        if chosen.is_none() || !unchanged {
            return Err(Unproven::BadRequest);
        }
    }
    match chosen.as_ref().map(|chosen| &*chosen.value) {
        None | Some([0, 1, 0, 0]) => Ok(PasswordAlgorithm::Md5),
        Some([0, 2, 0, 0]) => Ok(PasswordAlgorithm::Sha256),
        Some(_) => Err(Unproven::BadRequest),
    }
}
