//! The `openssl` commands that error messages hand out, ready to be pasted into a shell.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::DerKind;

/// Makes a key and a certificate for `names`, writing both files.
pub(super) fn new_pair(cert: &Path, key: &Path, names: &[String]) -> String {
    format!(
        "openssl req -x509 -newkey rsa:2048 -nodes {} -keyout {} -out {}",
        subject(names),
        quote(key),
        quote(cert)
    )
}

/// Makes a new certificate for the key that is there.
pub(super) fn new_certificate(cert: &Path, key: &Path, names: &[String]) -> String {
    if cert == key {
        // Writing the certificate would overwrite the key that is being read.
        return new_pair(cert, key, names);
    }
    format!("openssl req -x509 -key {} {} -out {}", quote(key), subject(names), quote(cert))
}

/// Writes a copy of the key without its passphrase.
pub(super) fn decrypt(key: &Path) -> String {
    format!("openssl pkey -in {} -out {}", quote(key), quote(&beside(key, "decrypted.pem")))
}

/// Writes a PEM copy of a binary file.
pub(super) fn to_pem(file: &Path, kind: DerKind) -> String {
    let from = quote(file);
    let to = quote(&beside(file, "pem"));
    match kind {
        DerKind::Certificate => format!("openssl x509 -inform DER -in {from} -out {to}"),
        DerKind::Key => format!("openssl pkey -inform DER -in {from} -out {to}"),
        DerKind::Pkcs12 => format!("openssl pkcs12 -in {from} -nodes -out {to}"),
    }
}

/// Writes a copy of a chain that begins with its certificate number `position`.
pub(super) fn leaf_first(chain: &Path, position: usize) -> String {
    let from = quote(chain);
    let to = quote(&beside(chain, "ordered.pem"));
    // Not openssl: it would read the first block only.
    let pick = |which: &str| format!("awk '/-----BEGIN CERTIFICATE-----/{{n++}} n{which}{position}' {from}");
    format!("{{ {}; {}; }} > {to}", pick("=="), pick("!="))
}

fn subject(names: &[String]) -> String {
    let usable: Vec<&str> = names.iter().map(String::as_str).filter(|name| is_host(name)).collect();
    let names = if usable.is_empty() { vec!["localhost"] } else { usable };
    let alternatives: Vec<String> = names
        .iter()
        .map(|name| match name.parse::<IpAddr>() {
            Ok(address) => format!("IP:{address}"),
            Err(_) => format!("DNS:{name}"),
        })
        .collect();
    format!(
        "-days 365 -subj {} -addext {}",
        quote_text(&format!("/CN={}", names[0])),
        quote_text(&format!("subjectAltName={}", alternatives.join(",")))
    )
}

/// Whether `name` can stand in a subjectAltName: an address, or a DNS name with an optional wildcard.
pub(super) fn is_host(name: &str) -> bool {
    name.parse::<IpAddr>().is_ok()
        || (!name.is_empty()
            && name.len() <= 253
            && name.strip_prefix("*.").unwrap_or(name).split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            }))
}

fn beside(file: &Path, extension: &str) -> PathBuf {
    let beside = file.with_extension(extension);
    if beside == file { file.with_extension(format!("new.{extension}")) } else { beside }
}

fn quote(path: &Path) -> String {
    quote_text(&path.to_string_lossy())
}

fn quote_text(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=,@%+-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_spaces_and_quotes_survive_a_shell() {
        let command = decrypt(Path::new("/srv/my keys/bob's.pem"));
        assert_eq!(
            command,
            r"openssl pkey -in '/srv/my keys/bob'\''s.pem' -out '/srv/my keys/bob'\''s.decrypted.pem'"
        );
    }

    #[test]
    fn names_become_dns_and_ip_alternatives_and_unusable_ones_are_left_out() {
        let names = ["Jane Doe".to_owned(), "meet.example.org".to_owned(), "192.0.2.7".to_owned()];
        let command = new_pair(Path::new("c.pem"), Path::new("k.pem"), &names);
        assert!(command.contains("-subj /CN=meet.example.org"), "{command}");
        assert!(command.contains("subjectAltName=DNS:meet.example.org,IP:192.0.2.7"), "{command}");
    }

    #[test]
    fn a_new_certificate_never_overwrites_the_key_it_is_made_with() {
        let both = Path::new("both.pem");
        assert!(new_certificate(both, both, &[]).contains("-newkey"));
    }
}
