//! The keys of a DTLS handshake (RFC 5764), shared out so that each is used by one side only.
//!
//! str0m decrypts what a peer sends, we encrypt what it receives. With AES-GCM a nonce must never come twice under
//! one key (RFC 7714 §8.1, §9.1), and str0m counts its own SRTCP. So str0m does not get the key we send with at all:
//! [`provider`] wraps the DTLS implementation, keeps the real keys for [`crate::srtp`], and passes on a substitute for
//! our own half. What str0m encrypts with the substitute never leaves the process: the endpoint opens it and seals
//! it again with the one [`Sealer`](crate::srtp::Sealer) there is.

pub(crate) mod opening;

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion, KeyingMaterial};
use str0m::crypto::CryptoError;
use str0m::crypto::dtls::{
    DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion, SrtpProfile,
};

/// What one direction of one session is encrypted with (RFC 3711 §3.2.1).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Master {
    pub key: Vec<u8>,
    pub salt: Vec<u8>,
}

/// The outcome of a DTLS handshake.
#[derive(Clone)]
pub(crate) struct Keys {
    pub profile: SrtpProfile,
    /// What we send with.
    pub ours: Master,
    /// What str0m believes we send with.
    pub substitute: Master,
    /// What the peer sends with.
    pub theirs: Master,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// Where the keys of one session appear once its handshake is done.
pub(crate) type Captured = Arc<OnceLock<Keys>>;

/// str0m's cryptography, with what we need to know about wrapped.
pub(crate) fn provider() -> CryptoProvider {
    static DTLS: Capturing = Capturing;
    static SRTP: opening::Noting = opening::Noting;
    CryptoProvider { dtls_provider: &DTLS, srtp_provider: &SRTP, ..str0m::crypto::from_feature_flags() }
}

thread_local! {
    /// Where the DTLS instance made last on this thread will put its keys.
    static LATEST: RefCell<Option<Captured>> = const { RefCell::new(None) };
}

/// Runs `build`, which makes one `Rtc` with our [`provider`], and returns where that one's keys will appear; `None` if
/// it was not made with this provider.
///
/// A provider is `'static` and is not told whom an instance is for. The thread-local is the way back out of
/// this one synchronous call and holds nothing before or after it, so no session can be given another's keys.
pub(crate) fn captured<T>(build: impl FnOnce() -> T) -> (T, Option<Captured>) {
    LATEST.set(None);
    let built = build();
    (built, LATEST.take())
}

#[derive(Debug)]
struct Capturing;

impl DtlsProvider for Capturing {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        str0m::crypto::from_feature_flags().dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let inner = str0m::crypto::from_feature_flags().dtls_provider.new_dtls(cert, now, version, mtu)?;
        let captured = Captured::default();
        LATEST.set(Some(captured.clone()));
        Ok(Box::new(Instance { inner, captured }))
    }
}

#[derive(Debug)]
struct Instance {
    inner: Box<dyn DtlsInstance>,
    captured: Captured,
}

impl DtlsInstance for Instance {
    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        match self.inner.poll_output(buf) {
            DtlsOutput::KeyingMaterial(material, profile) => {
                let client = self.inner.is_active();
                let Some((keys, passed_on)) = share(&material, profile, client) else {
                    // A profile we cannot speak: without our keys the session never connects and times out.
                    return DtlsOutput::KeyingMaterial(material, profile);
                };
                // There is one handshake per instance; renegotiation is not supported.
                let _ = self.captured.set(keys);
                DtlsOutput::KeyingMaterial(passed_on, profile)
            }
            other => other,
        }
    }

    fn set_active(&mut self, active: bool) {
        self.inner.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.inner.handle_packet(packet)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.inner.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.inner.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.inner.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.inner.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.inner.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.inner.close()
    }
}

/// Splits what DTLS exports (RFC 5764 §4.2: client's key, server's key, client's salt, server's salt), and makes what
/// str0m gets instead of it.
fn share(material: &[u8], profile: SrtpProfile, client: bool) -> Option<(Keys, KeyingMaterial)> {
    let (key, salt) = lengths(profile)?;
    if material.len() != 2 * (key + salt) {
        return None;
    }
    let (keys, salts) = material.split_at(2 * key);
    let master = |second: bool| {
        let n = usize::from(second);
        Master { key: keys[n * key..(n + 1) * key].to_vec(), salt: salts[n * salt..(n + 1) * salt].to_vec() }
    };
    let (ours, theirs) = (master(!client), master(client));
    // Only has to be a different key; nothing encrypted with it is ever sent.
    let substitute = Master { key: ours.key.iter().map(|byte| !byte).collect(), salt: ours.salt.clone() };

    let (first, second) = if client { (&substitute, &theirs) } else { (&theirs, &substitute) };
    let passed_on = [&first.key[..], &second.key, &first.salt, &second.salt].concat();
    Some((Keys { profile, ours, substitute, theirs }, KeyingMaterial::new(&passed_on)))
}

/// The lengths of master key and master salt in bytes (RFC 5764 §4.1.2, RFC 7714 §14.2).
fn lengths(profile: SrtpProfile) -> Option<(usize, usize)> {
    match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Some((16, 14)),
        SrtpProfile::AEAD_AES_128_GCM => Some((16, 12)),
        SrtpProfile::AEAD_AES_256_GCM => Some((32, 12)),
        _ => None,
    }
}
