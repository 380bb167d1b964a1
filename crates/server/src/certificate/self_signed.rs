//! The certificate Kaigi makes for itself, so that the first start needs nothing.

use std::fs::{DirBuilder, File};
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use x509_parser::prelude::X509Certificate;

use super::{Certificate, CertificateError, Loaded, remedy};
use crate::files::write_atomically;

/// The certificate's name in the data folder.
pub const CERTIFICATE_FILE: &str = "certificate.pem";
/// The private key's name in the data folder.
pub const KEY_FILE: &str = "key.pem";

const COMMON_NAME: &str = "Kaigi (self-signed)";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Browsers refuse more than 398 days.
const VALIDITY: Duration = DAY.saturating_mul(390);
/// Clocks of clients that run late must not see a certificate from the future.
const BACKDATED: Duration = DAY;
/// Made anew when less than this is left.
const RENEWED_BEFORE: Duration = DAY.saturating_mul(30);

/// Makes the self-signed pair in `data_dir` anew, whatever is there; a running server takes it over.
pub fn renew(data_dir: &Path, names: &[String]) -> Result<Certificate, CertificateError> {
    let now = SystemTime::now();
    make(data_dir, names, now)?;
    let loaded = Loaded::read(&data_dir.join(CERTIFICATE_FILE), &data_dir.join(KEY_FILE), now)?;
    Ok(Certificate::clone(&loaded.certificate))
}

/// Makes the pair when there is none, when it is about to expire, or when a crash left half of it.
pub(super) fn ensure(data_dir: &Path, names: &[String], now: SystemTime) -> Result<(), CertificateError> {
    let cert = data_dir.join(CERTIFICATE_FILE);
    let key = data_dir.join(KEY_FILE);
    match Loaded::read(&cert, &key, now) {
        Ok(loaded) if !is_due(&loaded.certificate, now) => return Ok(()),
        Ok(_) => tracing::info!("the self-signed certificate expires soon and is made anew"),
        Err(error) if error.is_missing() && !cert.exists() && !key.exists() => {}
        // A crash between the two renames leaves one new and one old file.
        Err(error @ (CertificateError::KeyMismatch { .. } | CertificateError::Expired { .. })) => {
            tracing::warn!("making a new self-signed certificate: {error}");
        }
        Err(error) if error.is_missing() => {
            tracing::warn!("making a new self-signed certificate: {error}");
        }
        // Anything else was put there by somebody: not ours to overwrite.
        Err(error) => return Err(error),
    }
    make(data_dir, names, now)
}

/// Whether Kaigi made it and it is time for the next one.
pub(super) fn is_due(certificate: &Certificate, now: SystemTime) -> bool {
    certificate.made_by_kaigi && certificate.not_after < now + RENEWED_BEFORE
}

pub(super) fn is_ours(leaf: &X509Certificate<'_>) -> bool {
    leaf.issuer().as_raw() == leaf.subject().as_raw()
        && leaf.subject().iter_common_name().any(|name| name.as_str() == Ok(COMMON_NAME))
}

pub(super) fn make(data_dir: &Path, names: &[String], now: SystemTime) -> Result<(), CertificateError> {
    let unwritable = |file: PathBuf| move |source| CertificateError::Unwritable { file, source };
    let (certificate, key) = generate(names, now).map_err(|e| CertificateError::Generate(e.to_string()))?;
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(unwritable(data_dir.into()))?;
    let (cert_file, key_file) = (data_dir.join(CERTIFICATE_FILE), data_dir.join(KEY_FILE));
    // The key first: a watcher that sees only it changed finds a mismatch and looks again.
    write_atomically(&key_file, key.as_bytes(), 0o600).map_err(unwritable(key_file))?;
    write_atomically(&cert_file, certificate.as_bytes(), 0o600).map_err(unwritable(cert_file))?;
    // The renames themselves; a file system that cannot do this loses at most a certificate we make again.
    let _ = File::open(data_dir).and_then(|folder| folder.sync_all());
    Ok(())
}

fn generate(names: &[String], now: SystemTime) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, COMMON_NAME);
    params.distinguished_name = subject;
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now - BACKDATED + VALIDITY).into();
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = alternatives(names)?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn alternatives(names: &[String]) -> Result<Vec<SanType>, rcgen::Error> {
    let mut alternatives = Vec::new();
    for name in ["localhost", "127.0.0.1", "::1"].into_iter().chain(names.iter().map(String::as_str)) {
        let alternative = match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            // A host name with other characters would make the whole certificate malformed.
            Err(_) if !remedy::is_host(name) => continue,
            Err(_) => SanType::DnsName(name.to_ascii_lowercase().try_into()?),
        };
        if !alternatives.contains(&alternative) {
            alternatives.push(alternative);
        }
    }
    Ok(alternatives)
}
