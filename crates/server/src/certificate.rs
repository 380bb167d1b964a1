//! The server's TLS certificate: PEM files of the operator's, one ordered by ACME, or a self-signed one; the latter two
//! are kept in the data folder.
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

use crate::acme::{self, Acme, Challenges};

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
    /// One that an authority issues by ACME; until it has, the self-signed one.
    Acme {
        /// The folder that keeps both.
        data_dir: PathBuf,
        /// For the self-signed one, as above.
        names: Vec<String>,
        /// What is ordered, and where.
        plan: acme::Plan,
    },
}

impl Source {
    /// Where the certificate to be served is now.
    fn paths(&self) -> (PathBuf, PathBuf) {
        let own = |data_dir: &Path| (data_dir.join(CERTIFICATE_FILE), data_dir.join(KEY_FILE));
        match self {
            Self::Files { cert, key } => (cert.clone(), key.clone()),
            Self::SelfSigned { data_dir, .. } => own(data_dir),
            Self::Acme { data_dir, plan, .. } => {
                let issued = plan.certificate_file(data_dir);
                if issued.exists() { (issued.clone(), issued) } else { own(data_dir) }
            }
        }
    }

    /// The folder and the names for a certificate of our own, where that may be served.
    fn self_signed(&self) -> Option<(&Path, &[String])> {
        match self {
            Self::Files { .. } => None,
            Self::SelfSigned { data_dir, names } | Self::Acme { data_dir, names, .. } => {
                Some((data_dir, names))
            }
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
    /// When it began to be valid.
    pub not_before: SystemTime,
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
    acme: Option<Arc<Acme>>,
    server_config: Arc<ServerConfig>,
}

impl Store {
    /// Loads the certificate of `source`, or makes a self-signed one where the source asks for it.
    pub fn open(source: Source) -> Result<Arc<Self>, CertificateError> {
        let now = SystemTime::now();
        let issued = match &source {
            Source::Acme { data_dir, plan, .. } => issued(&plan.certificate_file(data_dir), now)?,
            _ => None,
        };
        let loaded = match (issued, source.self_signed()) {
            (Some(issued), _) => issued,
            (None, own) => {
                if let Some((data_dir, names)) = own {
                    self_signed::ensure(data_dir, names, now)?;
                }
                let (cert, key) = source.paths();
                Loaded::read(&cert, &key, now)?
            }
        };
        let acme = match &source {
            Source::Acme { data_dir, plan, .. } => {
                Some(Arc::new(Acme::new(plan.clone(), data_dir, &loaded.certificate)))
            }
            _ => None,
        };
        let challenges = acme.as_ref().map(|acme| acme.challenges());
        let current = Arc::new(Current { loaded: ArcSwap::from_pointee(loaded), challenges });
        let server_config = Arc::new(server_config(current.clone())?);
        Ok(Arc::new(Self { source, current, acme, server_config }))
    }

    /// What orders certificates, where one does.
    pub(crate) fn acme(&self) -> Option<&Arc<Acme>> {
        self.acme.as_ref()
    }

    /// How ordering certificates by ACME goes, where they are.
    pub fn acme_status(&self) -> Option<acme::Status> {
        self.acme.as_ref().map(|acme| acme.status())
    }

    /// TLS 1.2 and 1.3 with ALPN `h2`, `http/1.1` and `stun.turn`; always the current certificate.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.server_config.clone()
    }

    /// The certificate that new connections get.
    pub fn current(&self) -> Arc<Certificate> {
        self.current.loaded.load().certificate.clone()
    }

    /// Follows the files until dropped: takes over what changed, keeps the old one when the new is bad (and
    /// says so once in the log), and makes the self-signed one anew before it expires.
    pub fn watch(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        watch::run(self.clone())
    }

    fn replace(&self, loaded: Loaded) {
        self.current.loaded.store(Arc::new(loaded));
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

/// Reads and judges a certificate whose key is in the same file.
pub(crate) fn read(file: &Path, now: SystemTime) -> Result<Certificate, CertificateError> {
    Loaded::read(file, file, now).map(|loaded| Certificate::clone(&loaded.certificate))
}

/// The certificate that an authority has issued, if there is one that can be served.
fn issued(file: &Path, now: SystemTime) -> Result<Option<Loaded>, CertificateError> {
    match Loaded::read(file, file, now) {
        Ok(loaded) => Ok(Some(loaded)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error @ CertificateError::Unreadable { .. }) => Err(error),
        Err(error) => {
            // Out of the way, or it would be looked at again and again; a new one is ordered at once.
            tracing::warn!("ordering a new certificate: {error}");
            std::fs::rename(file, file.with_extension("old"))
                .map_err(|source| CertificateError::Unwritable { file: file.into(), source })?;
            Ok(None)
        }
    }
}

struct Current {
    loaded: ArcSwap<Loaded>,
    challenges: Option<Arc<Challenges>>,
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Current").field(&self.loaded.load().certificate).finish()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if let Some(challenges) = &self.challenges
            && acme::is_validation(&hello)
        {
            return challenges.certificate(hello.server_name()?);
        }
        Some(self.loaded.load().key.clone())
    }
}

fn server_config(current: Arc<Current>) -> Result<ServerConfig, CertificateError> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| CertificateError::Tls(error.to_string()))?
        .with_no_client_auth();
    let challenged = current.challenges.is_some();
    let mut config = config.with_cert_resolver(current);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), b"stun.turn".to_vec()];
    if challenged {
        // Last: only who offers nothing else gets it.
        config.alpn_protocols.push(acme::ALPN.to_vec());
    }
    Ok(config)
}

/// Named, never the process default: another crate's default must not decide ours.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
