//! What a validating authority is answered while an order runs. Both listeners look here; nothing is here otherwise.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use instant_acme::{ChallengeType, KeyAuthorization};
use rcgen::{CertificateParams, CustomExtension, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::Place;
use crate::certificate::provider;

/// Where an HTTP-01 answer is asked for (RFC 8555 §8.3).
const WELL_KNOWN: &str = "/.well-known/acme-challenge/";

/// How a host is proven to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A certificate shown on port 443.
    TlsAlpn,
    /// A file served on port 80.
    Http,
}

impl Kind {
    /// The way that is likelier to work here, and the other one every second time. One at a time: every failure counts
    /// against the authority's limit.
    pub(super) fn choose(place: &Place, failures: u32) -> Self {
        let likelier = if place.tls_port == 443 || !place.http { Kind::TlsAlpn } else { Kind::Http };
        match likelier {
            _ if !place.http => Kind::TlsAlpn,
            Kind::TlsAlpn if failures % 2 == 1 => Kind::Http,
            Kind::Http if failures % 2 == 1 => Kind::TlsAlpn,
            likelier => likelier,
        }
    }

    pub(super) fn challenge(self) -> ChallengeType {
        match self {
            Kind::TlsAlpn => ChallengeType::TlsAlpn01,
            Kind::Http => ChallengeType::Http01,
        }
    }

    /// The port that an authority comes to, always.
    pub(super) fn port(self) -> u16 {
        match self {
            Kind::TlsAlpn => 443,
            Kind::Http => 80,
        }
    }
}

/// The answers of the order that runs: as many as it has hosts.
#[derive(Default)]
pub(crate) struct Challenges {
    certificates: Mutex<HashMap<String, Arc<CertifiedKey>>>,
    files: Mutex<HashMap<String, String>>,
    asked: AtomicU32,
}

impl std::fmt::Debug for Challenges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Challenges")
    }
}

impl Challenges {
    /// The certificate that proves `host`.
    pub(crate) fn certificate(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        locked(&self.certificates).get(&host.to_ascii_lowercase()).cloned()
    }

    /// What is served under a path of plain HTTP, where it is an authority's question.
    pub(crate) fn file(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(WELL_KNOWN)?;
        self.asked.fetch_add(1, Ordering::Relaxed);
        locked(&self.files).get(token).cloned()
    }

    /// Begins to answer for `host`; whatever an order began ends with its [`Answering`].
    pub(super) fn answer(
        &self,
        kind: Kind,
        host: &str,
        token: &str,
        key: &KeyAuthorization,
    ) -> Result<(), rcgen::Error> {
        match kind {
            Kind::Http => {
                locked(&self.files).insert(token.to_owned(), key.as_str().to_owned());
            }
            Kind::TlsAlpn => {
                let proof = Arc::new(proof(host, key.digest().as_ref())?);
                locked(&self.certificates).insert(host.to_ascii_lowercase(), proof);
            }
        }
        Ok(())
    }

    pub(super) fn begin(&self) -> Answering<'_> {
        self.asked.store(0, Ordering::Relaxed);
        Answering(self)
    }
}

/// An order that is answered for.
pub(super) struct Answering<'a>(&'a Challenges);

impl Answering<'_> {
    /// Whether anybody has asked since it began: whether the authority found its way here at all.
    pub(super) fn was_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        locked(&self.0.certificates).clear();
        locked(&self.0.files).clear();
    }
}

/// RFC 8737 §3: self-signed, for this one name, with the digest in a critical extension.
fn proof(host: &str, digest: &[u8]) -> Result<CertifiedKey, rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(vec![host.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?;
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let signing = provider().key_provider.load_private_key(der).map_err(|_| rcgen::Error::RemoteKeyError)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], signing))
}

fn locked<T>(map: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
