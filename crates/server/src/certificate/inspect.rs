//! Judges a pair: what makes it unusable is an error, what makes it unwise a warning.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use time::OffsetDateTime;
use tokio_rustls::rustls::sign::CertifiedKey;
use x509_parser::oid_registry::OID_PKCS1_SHA1WITHRSA;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::pem::Pair;
use super::{Certificate, CertificateError, provider, remedy, self_signed};

/// A certificate nearer to its end than this, or than a quarter of its whole time, is worth a warning.
const EXPIRES_SOON: Duration = Duration::from_secs(14 * 24 * 3600);
/// Baseline requirements of every browser since 2014.
const LEAST_RSA_BITS: usize = 2048;

pub(super) fn judge(pair: Pair, now: SystemTime) -> Result<(Certificate, CertifiedKey), CertificateError> {
    let Pair { cert_file, key_file, chain, key } = pair;
    let parsed = chain
        .iter()
        .enumerate()
        .map(|(index, der)| match X509Certificate::from_der(der) {
            Ok((_, certificate)) => Ok(certificate),
            Err(error) => Err(CertificateError::Damaged {
                file: cert_file.clone(),
                what: format!("certificate number {} in it cannot be understood ({error})", index + 1),
                command: remedy::new_pair(&cert_file, &key_file, &[]),
            }),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let Some(leaf) = parsed.first() else {
        return Err(CertificateError::no_certificate(cert_file, "it is empty".to_owned(), &key_file));
    };
    let names = names(leaf);

    // Before the key is loaded: the TLS library refuses a short RSA key without saying why.
    if let Some(bits) = rsa_bits(leaf).filter(|bits| *bits < LEAST_RSA_BITS) {
        let command = remedy::new_pair(&cert_file, &key_file, &names);
        return Err(CertificateError::WeakRsa { file: cert_file, bits, command });
    }
    let Ok(signing_key) = provider().key_provider.load_private_key(key) else {
        let command = remedy::new_pair(&cert_file, &key_file, &names);
        return Err(CertificateError::UnsupportedKey { file: key_file, command });
    };
    if let Some(public) = signing_key.public_key()
        && let Ok((_, public)) = SubjectPublicKeyInfo::from_der(&public)
    {
        let belongs = |certificate: &X509Certificate<'_>| {
            certificate.public_key().subject_public_key.data == public.subject_public_key.data
        };
        match parsed.iter().position(belongs) {
            Some(0) => {}
            Some(index) => {
                let command = remedy::leaf_first(&cert_file, index + 1);
                let subject = parsed[index].subject().to_string();
                let position = index + 1;
                return Err(CertificateError::LeafNotFirst { file: cert_file, position, subject, command });
            }
            None => {
                let command = remedy::new_pair(&cert_file, &key_file, &names);
                return Err(CertificateError::KeyMismatch { cert: cert_file, key: key_file, command });
            }
        }
    }
    if leaf.version() != X509Version::V3 {
        let command = remedy::new_certificate(&cert_file, &key_file, &names);
        let version = leaf.version().0.saturating_add(1);
        return Err(CertificateError::OldVersion { file: cert_file, version, command });
    }
    let end = leaf.validity().not_after.to_datetime();
    if SystemTime::from(end) < now {
        let command = remedy::new_certificate(&cert_file, &key_file, &names);
        return Err(CertificateError::Expired { file: cert_file, on: end.date().to_string(), command });
    }

    let made_by_kaigi = self_signed::is_ours(leaf);
    let mut warnings = warnings(&parsed, leaf, now, made_by_kaigi);
    if !has_alternative_names(leaf) {
        warnings.push(format!(
            "the certificate in {} lists no subject alternative names, so browsers refuse it; make a new one with: {}",
            cert_file.display(),
            remedy::new_certificate(&cert_file, &key_file, &names)
        ));
    }
    let certificate = Certificate {
        fingerprint: fingerprint(&chain[0]),
        names,
        not_before: leaf.validity().not_before.to_datetime().into(),
        not_after: end.into(),
        self_signed: is_self_signed(leaf),
        made_by_kaigi,
        warnings,
    };
    drop(parsed);
    Ok((certificate, CertifiedKey::new(chain, signing_key)))
}

fn warnings(
    chain: &[X509Certificate<'_>],
    leaf: &X509Certificate<'_>,
    now: SystemTime,
    ours: bool,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let start = leaf.validity().not_before.to_datetime();
    let end = leaf.validity().not_after.to_datetime();
    if SystemTime::from(start) > now {
        warnings
            .push(format!("the certificate is not valid before {start} (is this machine's clock right?)"));
    }
    let (begins, ends) = (SystemTime::from(start), SystemTime::from(end));
    let soon = EXPIRES_SOON.min(ends.duration_since(begins).unwrap_or_default() / 4);
    if !ours && ends < now + soon {
        warnings.push(format!("the certificate expires on {}", end.date()));
    }
    if let Ok(Some(usage)) = leaf.extended_key_usage()
        && !usage.value.server_auth
        && !usage.value.any
    {
        warnings
            .push("the certificate is not meant for servers (no serverAuth), so browsers refuse it".into());
    }
    if leaf.signature_algorithm.algorithm == OID_PKCS1_SHA1WITHRSA {
        warnings.push("the certificate is signed with SHA-1, which browsers refuse".into());
    }
    if chain.len() == 1 && !is_self_signed(leaf) {
        warnings.push(format!(
            "the certificate's file holds no certificate of its issuer ({}): unless browsers know that one \
             itself, some will refuse the connection; use the full chain (fullchain.pem)",
            leaf.issuer()
        ));
    }
    for (index, certificate) in chain.iter().enumerate().skip(1) {
        let end: OffsetDateTime = certificate.validity().not_after.to_datetime();
        if SystemTime::from(end) < now {
            warnings.push(format!(
                "certificate number {} of the chain ({}) expired on {}",
                index + 1,
                certificate.subject(),
                end.date()
            ));
        }
    }
    warnings
}

fn names(leaf: &X509Certificate<'_>) -> Vec<String> {
    let alternatives = leaf.subject_alternative_name().ok().flatten();
    let mut names: Vec<String> = alternatives
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        names.extend(leaf.subject().iter_common_name().filter_map(|cn| cn.as_str().ok()).map(str::to_owned));
    }
    names
}

fn has_alternative_names(leaf: &X509Certificate<'_>) -> bool {
    leaf.subject_alternative_name().ok().flatten().is_some_and(|names| !names.value.general_names.is_empty())
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

fn rsa_bits(certificate: &X509Certificate<'_>) -> Option<usize> {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => {
            let modulus = &key.modulus[key.modulus.iter().position(|byte| *byte != 0)?..];
            Some(modulus.len() * 8 - modulus.first()?.leading_zeros() as usize)
        }
        _ => None,
    }
}

fn is_self_signed(leaf: &X509Certificate<'_>) -> bool {
    leaf.issuer().as_raw() == leaf.subject().as_raw()
}

fn fingerprint(der: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, der);
    digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
