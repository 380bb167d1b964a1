//! What can be wrong with a certificate: always the operator's to mend, so each says how.

use std::io;
use std::path::PathBuf;

use super::remedy;

/// Why a certificate cannot be served. Displays as one line: the file, what is wrong, what to run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file is missing, a folder, or not ours to read.
    #[error("cannot read {}: {}", .file.display(), reason(.source))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The binary form was given where PEM is expected.
    #[error("{} is {kind} in binary (DER) form, not PEM; convert it with: {command}", .file.display())]
    Der {
        /// The file.
        file: PathBuf,
        /// What it holds.
        kind: DerKind,
        /// Converts it.
        command: String,
    },
    /// No `CERTIFICATE` block.
    #[error("{} holds no certificate ({holds}); make a certificate and key with: {command}", .file.display())]
    NoCertificate {
        /// The file.
        file: PathBuf,
        /// What it holds instead, in words.
        holds: String,
        /// Makes a pair.
        command: String,
    },
    /// No private key block.
    #[error("{} holds no private key ({holds}); make a certificate and key with: {command}", .file.display())]
    NoKey {
        /// The file.
        file: PathBuf,
        /// What it holds instead, in words.
        holds: String,
        /// Makes a pair.
        command: String,
    },
    /// The key was given as certificate and the certificate as key.
    #[error(
        "{} (given as the certificate) holds a private key and {} (given as the key) holds a certificate: exchange the two settings",
        .cert.display(), .key.display()
    )]
    Swapped {
        /// What was given as the certificate.
        cert: PathBuf,
        /// What was given as the key.
        key: PathBuf,
    },
    /// The private key asks for a passphrase, which nobody is there to type.
    #[error("the private key in {} is encrypted with a passphrase; decrypt it with: {command} and use that file as the key", .file.display())]
    EncryptedKey {
        /// The file.
        file: PathBuf,
        /// Writes a decrypted copy.
        command: String,
    },
    /// A block that is cut off or not base64 or not the structure it says it is.
    #[error("{} is damaged: {what}; make a certificate and key anew with: {command}", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Which block, and how.
        what: String,
        /// Makes a pair.
        command: String,
    },
    /// An algorithm TLS in browsers does not use (DSA, secp256k1, Ed448, …).
    #[error("the private key in {} is of a kind that Kaigi cannot use (RSA of 2048 to 8192 bits or EC P-256, P-384, P-521 is needed); make a certificate and key with: {command}", .file.display())]
    UnsupportedKey {
        /// The file.
        file: PathBuf,
        /// Makes a pair.
        command: String,
    },
    /// The key belongs to another certificate.
    #[error("the private key in {} does not belong to the certificate in {}; make a pair that matches with: {command}", .key.display(), .cert.display())]
    KeyMismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Makes a pair.
        command: String,
    },
    /// The key belongs to a later certificate of the chain.
    #[error(
        "{}: the server's own certificate ({subject}) is number {position} in the file and has to come first, before those that signed it: move its block to the top, for example with: {command}",
        .file.display()
    )]
    LeafNotFirst {
        /// The chain's file.
        file: PathBuf,
        /// Counted from 1.
        position: usize,
        /// Its subject.
        subject: String,
        /// Writes that certificate alone, to be put before the rest.
        command: String,
    },
    /// The validity is over.
    #[error("the certificate in {} expired on {on}; make a new one with: {command}", .file.display())]
    Expired {
        /// The file.
        file: PathBuf,
        /// The last day, `YYYY-MM-DD`.
        on: String,
        /// Makes a new one.
        command: String,
    },
    /// Not X.509 version 3, so it cannot name the hosts it is for and browsers refuse it.
    #[error("the certificate in {} is X.509 version {version}, which browsers refuse (made without extensions); make a version 3 one with: {command}", .file.display())]
    OldVersion {
        /// The file.
        file: PathBuf,
        /// 1 or 2.
        version: u32,
        /// Makes a version 3 one.
        command: String,
    },
    /// An RSA key below 2048 bits.
    #[error("the certificate in {} has an RSA key of {bits} bits, which browsers refuse (2048 is the least); make a stronger pair with: {command}", .file.display())]
    WeakRsa {
        /// The file.
        file: PathBuf,
        /// The modulus' length in bits.
        bits: usize,
        /// Makes a pair.
        command: String,
    },
    /// The self-signed pair cannot be stored.
    #[error("cannot write {}: {}", .file.display(), reason(.source))]
    Unwritable {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The self-signed pair cannot be made: ours to mend.
    #[error("cannot make a self-signed certificate: {0}")]
    Generate(String),
    /// The TLS library refuses its own configuration: ours to mend.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// What a binary file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerKind {
    /// An X.509 certificate.
    Certificate,
    /// A private key.
    Key,
    /// A PKCS#12 container (`.p12`, `.pfx`).
    Pkcs12,
}

impl std::fmt::Display for DerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Certificate => "a certificate",
            Self::Key => "a private key",
            Self::Pkcs12 => "a PKCS#12 container",
        })
    }
}

impl CertificateError {
    /// Whether the file is simply not there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    pub(super) fn no_certificate(file: PathBuf, holds: String, key: &std::path::Path) -> Self {
        let command = remedy::new_pair(&file, key, &[]);
        Self::NoCertificate { file, holds, command }
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied (the user that Kaigi runs as needs access to it and to every folder above it)"
                .to_owned()
        }
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::NotADirectory => "a part of its path is a file, not a folder".to_owned(),
        _ => error.to_string(),
    }
}
