//! The certificate Kaigi makes for itself.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};

use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::super::{CERTIFICATE_FILE, CertificateError, KEY_FILE, Source, Store, renew, self_signed};
use super::{Folder, GOOD};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn source(folder: &Folder, names: &[&str]) -> Source {
    Source::SelfSigned {
        data_dir: folder.path("data"),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[test]
fn the_first_start_makes_one_that_browsers_accept_after_a_click() {
    let folder = Folder::empty();
    let store =
        Store::open(source(&folder, &["Box", "192.168.1.7", "fd00::7", "no host!", "localhost"])).unwrap();
    let certificate = store.current();
    assert_eq!(certificate.names, ["localhost", "127.0.0.1", "::1", "box", "192.168.1.7", "fd00::7"]);
    assert!(certificate.self_signed && certificate.made_by_kaigi);
    assert_eq!(certificate.warnings, Vec::<String>::new());

    let der = store.current.loaded.load().key.cert[0].clone();
    let (_, leaf) = X509Certificate::from_der(&der).unwrap();
    assert_eq!(leaf.subject().to_string(), "CN=Kaigi (self-signed)");
    assert!(matches!(leaf.public_key().parsed(), Ok(PublicKey::EC(point)) if point.key_size() == 256));
    assert!(leaf.extended_key_usage().unwrap().unwrap().value.server_auth);
    let validity = leaf.validity();
    let days = (validity.not_after.timestamp() - validity.not_before.timestamp()) / 86_400;
    assert_eq!(days, 390);
}

#[test]
fn its_key_is_readable_by_its_owner_only_and_nothing_else_is_left_in_the_folder() {
    let folder = Folder::empty();
    Store::open(source(&folder, &[])).unwrap();
    let mode = |name: &str| folder.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/key.pem"), 0o600);
    assert_eq!(mode("data/certificate.pem"), 0o600);
    let mut left: Vec<_> =
        folder.path("data").read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [CERTIFICATE_FILE, KEY_FILE]);
}

#[test]
fn a_restart_keeps_it_even_when_names_and_addresses_changed() {
    let folder = Folder::empty();
    let before = Store::open(source(&folder, &["10.0.0.1"])).unwrap().current();
    let inode = folder.path("data/certificate.pem").metadata().unwrap().ino();
    let after = Store::open(source(&folder, &["10.0.0.2", "box"])).unwrap().current();
    assert_eq!(before, after);
    assert_eq!(inode, folder.path("data/certificate.pem").metadata().unwrap().ino());
}

#[test]
fn renew_makes_a_new_one_with_a_new_key_at_once() {
    let folder = Folder::empty();
    let before = Store::open(source(&folder, &[])).unwrap().current();
    let key = std::fs::read(folder.path("data/key.pem")).unwrap();
    let after = renew(&folder.path("data"), &["10.0.0.2".to_owned()]).unwrap();
    assert_ne!(before.fingerprint, after.fingerprint);
    assert!(after.names.contains(&"10.0.0.2".to_owned()));
    assert_ne!(key, std::fs::read(folder.path("data/key.pem")).unwrap());
}

#[test]
fn it_is_made_anew_only_in_its_last_thirty_days() {
    let folder = Folder::empty();
    let data = folder.path("data");
    let born = |days_ago: u32| {
        self_signed::make(&data, &[], SystemTime::now() - DAY * days_ago).unwrap();
        let made = std::fs::read(data.join(CERTIFICATE_FILE)).unwrap();
        Store::open(source(&folder, &[])).unwrap();
        made == std::fs::read(data.join(CERTIFICATE_FILE)).unwrap()
    };
    assert!(born(358), "31 days are left: kept");
    assert!(!born(360), "29 days are left: made anew");
    assert!(!born(500), "expired: made anew");
}

#[test]
fn half_a_pair_left_by_a_crash_is_made_anew() {
    let folder = Folder::empty();
    let first = Store::open(source(&folder, &[])).unwrap().current();
    for name in [CERTIFICATE_FILE, KEY_FILE] {
        std::fs::remove_file(folder.path("data").join(name)).unwrap();
        let next = Store::open(source(&folder, &[])).unwrap().current();
        assert_ne!(first.fingerprint, next.fingerprint);
    }
    let key = folder.path("data").join(KEY_FILE);
    std::fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    Store::open(source(&folder, &[])).unwrap();
}

#[test]
fn what_somebody_put_into_the_data_folder_is_used_and_never_overwritten() {
    let Some(folder) = Folder::with_openssl() else { return };
    folder.sh(GOOD).sh("mkdir data; cp c.pem data/certificate.pem; openssl pkcs8 -topk8 -in k.pem -passout pass:x -out data/key.pem");
    let error = Store::open(source(&folder, &[])).expect_err("must be refused");
    assert!(matches!(error, CertificateError::EncryptedKey { .. }));
    folder.sh("cmp c.pem data/certificate.pem; cp k.pem data/key.pem");
    let certificate = Store::open(source(&folder, &[])).unwrap().current();
    assert_eq!(certificate.names, ["meet.example.org"]);
    folder.sh("cmp c.pem data/certificate.pem");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = Folder::empty();
    std::fs::write(folder.path("data"), "a file").unwrap();
    let error = Store::open(source(&folder, &[])).expect_err("must be refused").to_string();
    assert!(error.contains(&folder.path("data").display().to_string()), "{error}");
}
