//! The server's TLS certificate: PEM files of the operator's, or a self-signed one kept in the data folder.
//!
//! [`Store::open`] loads and judges it, [`Store::server_config`] serves it, and the future of
//! [`Store::watch`] swaps it when its files change, without touching connections that are already open.
//! What is wrong with a file is a [`CertificateError`], which names the file and the command that makes a
//! good one; what is merely unwise is a line in [`Certificate::warnings`].

mod error;
mod inspect;
mod pem;
mod remedy;
mod self_signed;
#[cfg(test)]
mod tests;
mod watch;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use tokio_rustls::rustls::sign::CertifiedKey;

pub use error::{CertificateError, DerKind};
pub use self_signed::{CERTIFICATE_FILE, KEY_FILE, renew};
use watch::Stamp;

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// PEM files of the operator's; both may be one file.
    Files {
        /// The certificate chain, the server's own certificate first.
        cert: PathBuf,
        /// The private key: PKCS#8, PKCS#1 or SEC1, not encrypted.
        key: PathBuf,
    },
    /// A self-signed certificate, made when there is none.
    SelfSigned {
        /// The folder that keeps `certificate.pem` and `key.pem`.
        data_dir: PathBuf,
        /// Host names and addresses for the next one that is made; `localhost` is always added. An existing
        /// certificate is kept when they change: people have clicked "proceed" on it.
        names: Vec<String>,
    },
}

impl Source {
    fn paths(&self) -> (PathBuf, PathBuf) {
        match self {
            Self::Files { cert, key } => (cert.clone(), key.clone()),
            Self::SelfSigned { data_dir, .. } => (data_dir.join(CERTIFICATE_FILE), data_dir.join(KEY_FILE)),
        }
    }
}

/// What a loaded certificate says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the leaf's DER as browsers show it: upper-case hex, colons between bytes.
    pub fingerprint: String,
    /// DNS names and addresses the certificate is for; the common name when it lists none.
    pub names: Vec<String>,
    /// When it stops being valid.
    pub not_after: SystemTime,
    /// Whether it is its own issuer, so that browsers will warn.
    pub self_signed: bool,
    /// Whether Kaigi made it, so that Kaigi may make it anew.
    pub made_by_kaigi: bool,
    /// Whole sentences for the operator: it works, but somebody will be refused.
    pub warnings: Vec<String>,
}

/// The certificate in use and the TLS configuration that serves it.
#[derive(Debug)]
pub struct Store {
    source: Source,
    current: Arc<Current>,
    server_config: Arc<ServerConfig>,
}

impl Store {
    /// Loads the certificate of `source`, or makes a self-signed one where the source asks for it.
    pub fn open(source: Source) -> Result<Arc<Self>, CertificateError> {
        let now = SystemTime::now();
        if let Source::SelfSigned { data_dir, names } = &source {
            self_signed::ensure(data_dir, names, now)?;
        }
        let (cert, key) = source.paths();
        let current = Arc::new(Current(ArcSwap::from_pointee(Loaded::read(&cert, &key, now)?)));
        let server_config = Arc::new(server_config(current.clone())?);
        Ok(Arc::new(Self { source, current, server_config }))
    }

    /// TLS 1.2 and 1.3 with ALPN `h2`, `http/1.1` and `stun.turn`; always the current certificate.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.server_config.clone()
    }

    /// The certificate that new connections get.
    pub fn current(&self) -> Arc<Certificate> {
        self.current.0.load().certificate.clone()
    }

    /// Follows the files until dropped: takes over what changed, keeps the old one when the new is bad (and
    /// says so once in the log), and makes the self-signed one anew before it expires.
    pub fn watch(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        watch::run(self.clone())
    }

    fn replace(&self, loaded: Loaded) {
        self.current.0.store(Arc::new(loaded));
    }
}

/// A pair that has passed every check, and what its files looked like just before it was read.
#[derive(Debug)]
struct Loaded {
    certificate: Arc<Certificate>,
    key: Arc<CertifiedKey>,
    stamp: Stamp,
}

impl Loaded {
    fn read(cert: &Path, key: &Path, now: SystemTime) -> Result<Self, CertificateError> {
        // Taken first: a file that changes while it is read then differs from its stamp and is read again.
        let stamp = Stamp::of(cert, key);
        let pair = pem::read_pair(cert, key)?;
        let (certificate, key) = inspect::judge(pair, now)?;
        Ok(Self { certificate: Arc::new(certificate), key: Arc::new(key), stamp })
    }
}

struct Current(ArcSwap<Loaded>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Current").field(&self.0.load().certificate).finish()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load().key.clone())
    }
}

fn server_config(current: Arc<Current>) -> Result<ServerConfig, CertificateError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| CertificateError::Tls(error.to_string()))?
        .with_no_client_auth()
        .with_cert_resolver(current);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), b"stun.turn".to_vec()];
    Ok(config)
}

/// Named, never the process default: another crate's default must not decide ours.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
