//! From two files to a certificate chain and a private key, saying what a file holds when it is not that.

use std::fs;
use std::path::{Path, PathBuf};

use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::error::DerKind;
use super::{CertificateError, remedy};

/// A chain and a key as they were found, not yet judged.
pub(super) struct Pair {
    pub cert_file: PathBuf,
    pub key_file: PathBuf,
    /// At least one.
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

pub(super) fn read_pair(cert: &Path, key: &Path) -> Result<Pair, CertificateError> {
    let cert_text = PemText::read(cert)?;
    let key_text = PemText::read(key)?;
    if cert_text.has_key()
        && !cert_text.has_certificate()
        && key_text.has_certificate()
        && !key_text.has_key()
    {
        return Err(CertificateError::Swapped { cert: cert.into(), key: key.into() });
    }
    let damaged = |file: &Path, what: String| CertificateError::Damaged {
        file: file.into(),
        what,
        command: remedy::new_pair(cert, key, &[]),
    };

    if !cert_text.has_certificate() {
        return Err(CertificateError::no_certificate(cert.into(), cert_text.holds(), key));
    }
    if key_text.has_encrypted_key() {
        return Err(CertificateError::EncryptedKey { file: key.into(), command: remedy::decrypt(key) });
    }
    if !key_text.has_key() {
        let command = remedy::new_pair(cert, key, &[]);
        return Err(CertificateError::NoKey { file: key.into(), holds: key_text.holds(), command });
    }
    let chain = CertificateDer::pem_slice_iter(&cert_text.bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| damaged(cert, words(&error)))?;
    if chain.is_empty() {
        return Err(CertificateError::no_certificate(cert.into(), cert_text.holds(), key));
    }
    let key_der = match PrivateKeyDer::from_pem_slice(&key_text.bytes) {
        Ok(key_der) => key_der,
        Err(pem::Error::NoItemsFound) => {
            // A key in a container of its own: OPENSSH, DSA.
            let command = remedy::new_pair(cert, key, &[]);
            return Err(CertificateError::UnsupportedKey { file: key.into(), command });
        }
        Err(error) => return Err(damaged(key, words(&error))),
    };
    Ok(Pair { cert_file: cert.into(), key_file: key.into(), chain, key: key_der })
}

struct PemText {
    bytes: Vec<u8>,
    /// What stands between `-----BEGIN ` and `-----`, in order.
    labels: Vec<String>,
    legacy_encryption: bool,
}

impl PemText {
    fn read(file: &Path) -> Result<Self, CertificateError> {
        let mut bytes =
            fs::read(file).map_err(|source| CertificateError::Unreadable { file: file.into(), source })?;
        if let Some(kind) = der_kind(&bytes) {
            return Err(CertificateError::Der {
                file: file.into(),
                kind,
                command: remedy::to_pem(file, kind),
            });
        }
        if bytes.starts_with(b"\xef\xbb\xbf") {
            // A byte order mark of a Windows editor would hide the first block.
            bytes.drain(..3);
        }
        let text = String::from_utf8_lossy(&bytes);
        let labels = text
            .lines()
            .filter_map(|line| line.strip_prefix("-----BEGIN ")?.trim_end().strip_suffix("-----"))
            .map(str::to_owned)
            .collect();
        // RFC 1421 headers, which `openssl rsa -aes128 -traditional` still writes.
        let legacy_encryption =
            text.lines().any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"));
        Ok(Self { bytes, labels, legacy_encryption })
    }

    fn has_certificate(&self) -> bool {
        self.labels.iter().any(|label| label == "CERTIFICATE")
    }

    fn has_key(&self) -> bool {
        self.labels.iter().any(|label| label.ends_with("PRIVATE KEY"))
    }

    fn has_encrypted_key(&self) -> bool {
        self.legacy_encryption || self.labels.iter().any(|label| label == "ENCRYPTED PRIVATE KEY")
    }

    /// What the file holds, in words that stand in brackets after "holds no …".
    fn holds(&self) -> String {
        if self.bytes.is_empty() {
            "it is empty".to_owned()
        } else if self.labels.is_empty() {
            "it has no -----BEGIN line".to_owned()
        } else {
            format!("only: {}", self.labels.join(", "))
        }
    }
}

/// Tells the binary forms apart; `None` for text.
fn der_kind(bytes: &[u8]) -> Option<DerKind> {
    if bytes.first() != Some(&0x30) || bytes.windows(11).any(|w| w == b"-----BEGIN ") {
        return None;
    }
    if X509Certificate::from_der(bytes).is_ok() {
        return Some(DerKind::Certificate);
    }
    // RFC 7292 §4: PFX ::= SEQUENCE { version INTEGER {v3(3)}, … }, its length in the short, long or
    // (Windows exports) indefinite form. Keys begin with version 0 or 1.
    let length_bytes = match bytes.get(1)? {
        length if *length <= 0x80 => 0,
        length => usize::from(length & 0x7f),
    };
    match bytes.get(2 + length_bytes..5 + length_bytes)? {
        [0x02, 0x01, 0x03] => Some(DerKind::Pkcs12),
        [0x02, 0x01, 0x00 | 0x01] => Some(DerKind::Key),
        // EncryptedPrivateKeyInfo begins with an algorithm; `openssl pkey` asks for its passphrase.
        [0x30, ..] => Some(DerKind::Key),
        _ => None,
    }
}

fn words(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("the block's end ({}) is missing", String::from_utf8_lossy(end_marker))
        }
        pem::Error::IllegalSectionStart { line } => {
            format!("a block's first line is malformed: {}", String::from_utf8_lossy(line).trim_end())
        }
        pem::Error::Base64Decode(_) => "a block is not valid base64".to_owned(),
        other => other.to_string(),
    }
}
