//! Every diagnosis against a file that the real `openssl` made, and the command it hands out run for real.

mod self_signed;
mod serving;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use super::error::DerKind;
use super::{CertificateError, Source, Store};

/// A scratch folder with `openssl` run inside it.
pub(super) struct Folder(TempDir);

impl Folder {
    /// `None` where there is no `openssl`: the test has nothing to judge.
    pub(super) fn with_openssl() -> Option<Self> {
        let found =
            Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success());
        if !found {
            eprintln!("skipped: there is no openssl");
        }
        found.then(Self::empty)
    }

    pub(super) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs one shell line and expects it to succeed.
    pub(super) fn sh(&self, line: &str) -> &Self {
        let output = Command::new("sh").args(["-ec", line]).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        self
    }

    pub(super) fn files(&self, cert: &str, key: &str) -> Source {
        Source::Files { cert: self.path(cert), key: self.path(key) }
    }

    pub(super) fn open(&self, cert: &str, key: &str) -> Result<Arc<Store>, CertificateError> {
        Store::open(self.files(cert, key))
    }

    pub(super) fn refuses(&self, cert: &str, key: &str) -> CertificateError {
        let error = self.open(cert, key).expect_err("must be refused");
        assert!(!error.to_string().contains('\n'), "one line: {error}");
        error
    }
}

/// What the issue says must load.
pub(super) const GOOD: &str =
    "openssl req -x509 -newkey rsa:2048 -keyout k.pem -out c.pem -nodes -subj /CN=meet.example.org";

#[test]
fn what_openssl_req_x509_makes_loads_whatever_the_key_type() {
    let Some(folder) = Folder::with_openssl() else { return };
    let san = "-addext subjectAltName=DNS:meet.example.org,IP:192.0.2.7";
    folder.sh(&format!("{GOOD} {san}"));
    let certificate = folder.open("c.pem", "k.pem").unwrap().current();
    assert_eq!(certificate.names, ["meet.example.org", "192.0.2.7"]);
    assert!(certificate.self_signed && !certificate.made_by_kaigi);
    assert_eq!(certificate.warnings, Vec::<String>::new());

    for algorithm in ["ec -pkeyopt ec_paramgen_curve:P-256", "ec -pkeyopt ec_paramgen_curve:P-384", "ed25519"]
    {
        folder.sh(&format!(
            "openssl req -x509 -newkey {algorithm} -keyout k.pem -out c.pem -nodes -subj /CN=x"
        ));
        folder.open("c.pem", "k.pem").unwrap();
    }
}

#[test]
fn the_fingerprint_is_the_one_openssl_and_browsers_show() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD).sh("openssl x509 -in c.pem -noout -fingerprint -sha256 > shown");
    let shown = std::fs::read_to_string(folder.path("shown")).unwrap();
    let certificate = folder.open("c.pem", "k.pem").unwrap().current();
    assert_eq!(shown.trim_end().split_once('=').unwrap().1, certificate.fingerprint);
}

#[test]
fn pkcs1_pkcs8_and_sec1_keys_load_and_one_file_may_hold_both() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD).sh("openssl rsa -in k.pem -traditional -out pkcs1.pem; grep -q 'BEGIN RSA' pkcs1.pem");
    folder.open("c.pem", "pkcs1.pem").unwrap();
    folder.sh("cat k.pem c.pem > both.pem; cat c.pem pkcs1.pem > both2.pem");
    folder.open("both.pem", "both.pem").unwrap();
    folder.open("both2.pem", "both2.pem").unwrap();

    // With the EC PARAMETERS block that `openssl ecparam` writes first.
    folder.sh("openssl ecparam -name prime256v1 -genkey -out sec1.pem; grep -q 'BEGIN EC PRIVATE' sec1.pem");
    folder.sh("openssl req -x509 -key sec1.pem -out ec.pem -subj /CN=x");
    folder.open("ec.pem", "sec1.pem").unwrap();
    folder.sh("sed 's/$/\\r/' ec.pem > dos.pem; printf '\\357\\273\\277' | cat - sec1.pem > bom.pem");
    folder.open("dos.pem", "bom.pem").unwrap();
}

#[test]
fn a_key_of_another_certificate_is_named_with_the_command_that_makes_a_pair() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD).sh("openssl genpkey -algorithm RSA -out other.pem");
    let error = folder.refuses("c.pem", "other.pem");
    assert!(error.to_string().contains("other.pem does not belong to the certificate in"), "{error}");
    let CertificateError::KeyMismatch { command, .. } = error else { panic!("{error:?}") };
    folder.sh(&command);
    assert_eq!(folder.open("c.pem", "other.pem").unwrap().current().names, ["meet.example.org"]);
}

#[test]
fn an_encrypted_key_comes_with_the_command_that_decrypts_it() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD).sh("openssl pkcs8 -topk8 -in k.pem -passout pass:secret -out new.pem");
    folder.sh("openssl rsa -in k.pem -aes128 -traditional -passout pass:secret -out old.pem");
    for key in ["new.pem", "old.pem"] {
        let CertificateError::EncryptedKey { command, .. } = folder.refuses("c.pem", key) else { panic!() };
        folder.sh(&format!("{command} -passin pass:secret"));
        let decrypted = key.replace(".pem", ".decrypted.pem");
        folder.open("c.pem", &decrypted).unwrap();
    }
}

#[test]
fn an_expired_certificate_says_since_when_and_the_command_keeps_key_and_names() {
    let Some(folder) = Folder::with_openssl() else { return };
    // By rcgen: openssl refuses to make one that has expired.
    let key = rcgen::KeyPair::generate().unwrap();
    let names = ["a.example", "*.b.example", "2001:db8::7"];
    let mut params = rcgen::CertificateParams::new(names.map(str::to_owned)).unwrap();
    params.not_after = rcgen::date_time_ymd(2020, 2, 29);
    std::fs::write(folder.path("c.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(folder.path("k.pem"), key.serialize_pem()).unwrap();
    let CertificateError::Expired { on, command, .. } = folder.refuses("c.pem", "k.pem") else { panic!() };
    assert_eq!(on, "2020-02-29");
    let key = std::fs::read(folder.path("k.pem")).unwrap();
    folder.sh(&command);
    assert_eq!(folder.open("c.pem", "k.pem").unwrap().current().names, names);
    assert_eq!(std::fs::read(folder.path("k.pem")).unwrap(), key);
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_a_warning() {
    let folder = Folder::empty();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2124, 1, 1);
    std::fs::write(folder.path("c.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(folder.path("k.pem"), key.serialize_pem()).unwrap();
    let warnings = folder.open("c.pem", "k.pem").unwrap().current().warnings.clone();
    assert!(warnings.iter().any(|warning| warning.contains("not valid before 2124-01-01")), "{warnings:?}");
}

#[test]
fn x509_version_1_is_refused_with_the_command_that_makes_version_3() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh("openssl req -newkey rsa:2048 -nodes -keyout k.pem -out r.pem -subj /CN=meet.example.org");
    folder.sh("openssl x509 -req -in r.pem -signkey k.pem -out c.pem -days 30");
    let error = folder.refuses("c.pem", "k.pem");
    let CertificateError::OldVersion { version: 1, command, .. } = error else { panic!("{error:?}") };
    assert!(command.contains("-addext subjectAltName=DNS:meet.example.org"), "{command}");
    folder.sh(&command);
    assert_eq!(folder.open("c.pem", "k.pem").unwrap().current().warnings, Vec::<String>::new());

    folder.sh("openssl x509 -req -in r.pem -signkey k.pem -out v1.pem -days 30; cat v1.pem k.pem > both.pem");
    let CertificateError::OldVersion { command, .. } = folder.refuses("both.pem", "both.pem") else {
        panic!()
    };
    folder.sh(&command);
    folder.open("both.pem", "both.pem").unwrap();
}

#[test]
fn rsa_of_1024_bits_is_refused_with_the_command_that_makes_2048() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(&GOOD.replace("2048", "1024"));
    let error = folder.refuses("c.pem", "k.pem");
    let CertificateError::WeakRsa { bits: 1024, command, .. } = error else { panic!("{error:?}") };
    folder.sh(&command);
    folder.open("c.pem", "k.pem").unwrap();
}

#[test]
fn exchanged_files_are_recognised() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD);
    assert!(matches!(folder.refuses("k.pem", "c.pem"), CertificateError::Swapped { .. }));
}

#[test]
fn a_file_without_the_wanted_block_says_what_it_holds() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder
        .sh(GOOD)
        .sh("openssl req -new -key k.pem -subj /CN=x -out request.pem; touch empty; echo hi > text");
    for (cert, holds) in [
        ("request.pem", "only: CERTIFICATE REQUEST"),
        ("empty", "it is empty"),
        ("text", "it has no -----BEGIN line"),
    ] {
        let error = folder.refuses(cert, "k.pem").to_string();
        assert!(error.contains("holds no certificate") && error.contains(holds), "{error}");
    }
    let error = folder.refuses("c.pem", "c.pem").to_string();
    assert!(error.contains("holds no private key (only: CERTIFICATE)"), "{error}");
}

#[test]
fn keys_of_other_kinds_are_refused_as_such() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -nodes -keyout k.pem -out c.pem -subj /CN=x");
    assert!(matches!(folder.refuses("c.pem", "k.pem"), CertificateError::UnsupportedKey { .. }));
    folder.sh(GOOD).sh(
        "printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\\nAAAA\\n-----END OPENSSH PRIVATE KEY-----\\n' > ssh",
    );
    assert!(matches!(folder.refuses("c.pem", "ssh"), CertificateError::UnsupportedKey { .. }));
}

#[test]
fn a_damaged_block_is_told_apart_from_a_wrong_one() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder
        .sh(GOOD)
        .sh("head -c 500 c.pem > cut.pem; sed '3s/^..../!!!!/' c.pem > odd.pem; head -c 900 k.pem > ck.pem");
    for (cert, key) in [("cut.pem", "k.pem"), ("odd.pem", "k.pem"), ("c.pem", "ck.pem")] {
        assert!(matches!(folder.refuses(cert, key), CertificateError::Damaged { .. }));
    }
}

#[test]
fn binary_files_come_with_the_command_that_converts_them() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD);
    folder
        .sh("openssl x509 -in c.pem -outform DER -out c.der; openssl pkey -in k.pem -outform DER -out k.der");
    folder.sh("openssl pkcs12 -export -in c.pem -inkey k.pem -passout pass: -out both.p12");
    let convert = |cert: &str, key: &str, expected: DerKind| {
        let error = folder.refuses(cert, key);
        let CertificateError::Der { kind, command, .. } = error else { panic!("{error:?}") };
        assert_eq!(kind, expected);
        folder.sh("rm c.pem k.pem || true").sh(&command.replace("pkcs12", "pkcs12 -passin pass:"));
    };
    folder.sh("cp k.pem kept.pem");
    convert("c.der", "k.pem", DerKind::Certificate);
    folder.open("c.pem", "kept.pem").unwrap();
    folder.sh("cp c.pem keptc.pem");
    convert("keptc.pem", "k.der", DerKind::Key);
    folder.open("keptc.pem", "k.pem").unwrap();
    convert("both.p12", "both.p12", DerKind::Pkcs12);
    folder.open("both.pem", "both.pem").unwrap();
}

#[test]
fn a_missing_file_and_a_folder_are_named() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD).sh("mkdir folder");
    assert!(folder.refuses("none.pem", "k.pem").to_string().contains("none.pem: there is no such file"));
    assert!(folder.refuses("c.pem", "folder").to_string().contains("it is a folder"));
    assert!(folder.refuses("c.pem/x", "k.pem").to_string().contains("is a file, not a folder"));
}

#[test]
fn a_certificate_without_alternative_names_is_a_warning_with_a_command() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD);
    let certificate = folder.open("c.pem", "k.pem").unwrap().current();
    assert_eq!(certificate.names, ["meet.example.org"]);
    let [warning] = &certificate.warnings[..] else { panic!("{:?}", certificate.warnings) };
    let command = warning.split_once("make a new one with: ").unwrap().1;
    folder.sh(command);
    assert_eq!(folder.open("c.pem", "k.pem").unwrap().current().warnings, Vec::<String>::new());
}

/// A root, an intermediate and a server's certificate: `root.pem`, `middle.pem`, `c.pem` with `k.pem`.
pub(super) fn make_chain(folder: &Folder) {
    let ca = "basicConstraints=critical,CA:TRUE";
    folder.sh(&format!(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout rk.pem -out root.pem -subj /CN=Root -addext {ca}"
    ));
    folder.sh(&format!(
        "openssl req -newkey rsa:2048 -nodes -keyout mk.pem -subj /CN=Middle -out m.csr; echo {ca} > m.ext; \
         openssl x509 -req -in m.csr -CA root.pem -CAkey rk.pem -CAcreateserial -extfile m.ext -out middle.pem; \
         openssl req -newkey rsa:2048 -nodes -keyout k.pem -subj /CN=localhost -out c.csr; \
         echo subjectAltName=DNS:localhost > c.ext; \
         openssl x509 -req -in c.csr -CA middle.pem -CAkey mk.pem -CAcreateserial -extfile c.ext -out c.pem"
    ));
}

#[test]
fn a_chain_that_does_not_begin_with_the_leaf_says_which_one_it_is() {
    let Some(folder) = Folder::with_openssl() else { return };
    make_chain(&folder);
    folder.sh("cat middle.pem c.pem root.pem > chain.pem");
    let error = folder.refuses("chain.pem", "k.pem");
    let CertificateError::LeafNotFirst { position: 2, subject, command, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(subject, "CN=localhost");
    folder.sh(&command).sh("cat c.pem middle.pem root.pem | cmp - chain.ordered.pem");
    let certificate = folder.open("chain.ordered.pem", "k.pem").unwrap().current();
    assert!(!certificate.self_signed);
    assert_eq!(certificate.warnings, Vec::<String>::new());
}

#[test]
fn a_leaf_without_its_issuer_is_a_warning() {
    let Some(folder) = Folder::with_openssl() else { return };
    make_chain(&folder);
    let warnings = folder.open("c.pem", "k.pem").unwrap().current().warnings.clone();
    assert!(warnings.iter().any(|warning| warning.contains("use the full chain")), "{warnings:?}");
}

#[cfg(unix)]
#[test]
fn a_file_we_may_not_read_says_so() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD).sh("chmod 000 k.pem");
    if std::fs::read(Path::new(&folder.path("k.pem"))).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    assert!(folder.refuses("c.pem", "k.pem").to_string().contains("permission denied"));
}
