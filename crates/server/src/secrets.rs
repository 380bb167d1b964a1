//! The server's one secret, and what is signed with it: session cookies and resume tokens. It lives in the
//! data folder, so that both outlast a restart.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRngCore, rngs::OsRng};

pub(crate) const FILE: &str = "secret.key";
const BYTES: usize = 32;

/// Signs texts for one purpose each; a text signed for one purpose is worth nothing for another.
#[derive(Debug)]
pub(crate) struct Secrets {
    key: [u8; BYTES],
}

impl Secrets {
    /// Reads the secret, or makes it at the first start (mode 0600).
    pub(crate) fn open(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => {
                let key = bytes.try_into().map_err(|_| {
                    let text = format!("it does not hold {BYTES} bytes; delete it to have a new one made");
                    io::Error::new(io::ErrorKind::InvalidData, text)
                })?;
                Ok(Self { key })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = random();
                let temporary = data_dir.join(format!("{FILE}.new"));
                let _ = fs::remove_file(&temporary);
                let mut file =
                    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
                file.write_all(&key)?;
                file.sync_all()?;
                fs::rename(&temporary, &path)?;
                Ok(Self { key })
            }
            Err(error) => Err(error),
        }
    }

    /// The text, signed: base64url of it, a dot, base64url of its HMAC-SHA-256.
    pub(crate) fn sign(&self, purpose: &str, text: &[u8]) -> String {
        let tag = hmac::sign(&self.key_for(purpose), text);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(tag))
    }

    /// The text of what [`Secrets::sign`] made for the same purpose; `None` if anything about it is wrong.
    pub(crate) fn verify(&self, purpose: &str, signed: &str) -> Option<Vec<u8>> {
        let (text, tag) = signed.split_once('.')?;
        let text = URL_SAFE_NO_PAD.decode(text).ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.key_for(purpose), &text, &tag).ok()?;
        Some(text)
    }

    /// A key for something else, which tells nothing of the secret.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; BYTES] {
        self.tag(purpose, b"")
    }

    /// Stands for a text that must not be kept itself, and which nobody without the secret can try guesses at.
    pub(crate) fn tag(&self, purpose: &str, text: &[u8]) -> [u8; BYTES] {
        let mut tag = [0; BYTES];
        tag.copy_from_slice(hmac::sign(&self.key_for(purpose), text).as_ref());
        tag
    }

    fn key_for(&self, purpose: &str) -> hmac::Key {
        let master = hmac::Key::new(hmac::HMAC_SHA256, &self.key);
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&master, purpose.as_bytes()).as_ref())
    }
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without a source of randomness nothing here is safe; a kernel that has none cannot run a server.
    #[allow(clippy::expect_used)]
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random identifier of 96 bits, in base64url.
pub(crate) fn random_id() -> String {
    URL_SAFE_NO_PAD.encode(random::<12>())
}

/// Stands for a text where the text itself must not be kept.
pub(crate) fn digest(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..12])
}

/// Compares in a time that tells nothing about where the difference is.
pub(crate) fn equal(a: &str, b: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_signature_outlasts_a_restart_and_serves_one_purpose() {
        let dir = tempfile::tempdir().unwrap();
        let signed = Secrets::open(dir.path()).unwrap().sign("session", b"text");
        let again = Secrets::open(dir.path()).unwrap();
        assert_eq!(again.verify("session", &signed).as_deref(), Some(&b"text"[..]));
        assert_eq!(again.verify("resume", &signed), None);
        let other = tempfile::tempdir().unwrap();
        assert_eq!(Secrets::open(other.path()).unwrap().verify("session", &signed), None);
    }

    #[test]
    fn what_was_tampered_with_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(dir.path()).unwrap();
        let signed = secrets.sign("session", b"text");
        for bad in ["", ".", "a.b", &signed[1..], &signed[..signed.len() - 2], &signed.replace('.', "")] {
            assert_eq!(secrets.verify("session", bad), None, "{bad}");
        }
    }

    #[test]
    fn the_secret_is_readable_by_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        Secrets::open(dir.path()).unwrap();
        let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_secret_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "short").unwrap();
        assert!(Secrets::open(dir.path()).unwrap_err().to_string().contains("delete it"));
    }
}
