//! Everything that ends before it serves.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::support::Folder;

#[test]
fn version_names_product_and_version() {
    let run = Folder::new().kaigi(&["--version"]);
    assert_eq!((run.code, run.stdout.trim()), (Some(0), concat!("kaigi ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn help_names_every_kind_of_setting_and_an_unknown_flag_is_a_usage_error() {
    let help = Folder::new().kaigi(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("--listen") && help.stdout.contains("KAIGI_TLS_CERT"), "{}", help.stdout);
    let run = Folder::new().kaigi(&["--lisen", "x"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("--listen"), "{}", run.stderr);
}

#[test]
fn check_of_nothing_is_fine() {
    let run = Folder::new().kaigi(&["check"]);
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (Some(0), "configuration is fine\n", "")
    );
}

#[test]
fn check_prints_what_differs_from_the_defaults_and_where_it_was_given() {
    let folder = Folder::new();
    fs::write(folder.path("kaigi.toml"), "max-rooms = 5\nmax-participants = 10000\ncreate-key = 'geheim'\n")
        .unwrap();
    let run = folder.kaigi_with(&[("KAIGI_LOG_KEEP", "3")], &["check", "--tls", "off"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let expected = "configuration is fine\n  \
                    tls = \"off\"  (--tls)\n  \
                    create-key = \"***\"  (kaigi.toml:3:14)\n  \
                    max-rooms = 5  (kaigi.toml:1:13)\n  \
                    log-keep = 3  (KAIGI_LOG_KEEP)\n";
    assert_eq!(run.stdout, expected);
}

#[test]
fn check_prints_all_mistakes_at_once_with_line_and_nearest_key() {
    let folder = Folder::new();
    fs::write(folder.path("my.toml"), "lisen = ['0.0.0.0:1']\nlog-level = 'loud'\ntls-cert = 'c.pem'\n")
        .unwrap();
    let run = folder.kaigi(&["check", "--config", "my.toml"]);
    assert_eq!(run.code, Some(1));
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.stderr);
    assert_eq!(lines[0], "my.toml:1:1: unknown key `lisen`, did you mean `listen`?");
    assert!(lines[1].starts_with("my.toml:2:13: log-level: expected a level"), "{}", run.stderr);
    assert!(lines[2].starts_with("my.toml:3:12: tls-cert: is set but `tls-key` is not"), "{}", run.stderr);
}

#[test]
fn check_judges_the_certificate_too_and_makes_nothing() {
    let folder = Folder::new();
    fs::write(folder.path("kaigi.toml"), "tls-cert = 'c.pem'\ntls-key = 'k.pem'\n").unwrap();
    let run = folder.kaigi(&["check"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.starts_with("kaigi.toml:1:12: cannot read c.pem: there is no such file"),
        "{}",
        run.stderr
    );
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 1);
}

#[test]
fn check_explains_rules_for_turn_peers_that_contradict_each_other() {
    let folder = Folder::new();
    fs::write(folder.path("kaigi.toml"), "turn-allow-peer = [\"10.1.0.0/16\"]\n").unwrap();
    let run = folder.kaigi(&["check", "--turn-deny-peer", "10.0.0.0/8"]);
    assert_eq!(run.code, Some(0), "it works, if not as meant: {}", run.stderr);
    let expected = "warning: kaigi.toml:1:20: turn-allow-peer: allowing peers 10.1.0.0/16 has no effect: denying \
                    10.0.0.0/8 covers it, and deny wins; remove one of them (turn-deny-peer: --turn-deny-peer)\n";
    assert_eq!(run.stderr, expected);
}

#[test]
fn a_wrong_setting_stops_serve_with_one_line() {
    let run = Folder::new().kaigi(&["--listen", "8443"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    let expected = "kaigi: --listen: expected an address with a port, such as \"0.0.0.0:8443\" or \"[::]:8443\", \
                    found \"8443\"\n";
    assert_eq!(run.stderr, expected);
}

#[test]
fn a_settings_file_that_was_named_must_exist() {
    let run = Folder::new().kaigi(&["serve", "--config", "none.toml"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with("kaigi: none.toml: cannot be read"), "{}", run.stderr);
    let run = Folder::new().kaigi_with(&[("KAIGI_CONFIG", "other.toml")], &["serve"]);
    assert!(run.stderr.starts_with("kaigi: other.toml: cannot be read"), "{}", run.stderr);
}

#[test]
fn an_unusable_data_folder_stops_serve_with_one_line_that_names_it_and_the_flag() {
    let folder = Folder::new();
    // A file in its place: that stops root, too.
    fs::write(folder.path("file"), "").unwrap();
    let run = folder.kaigi(&["serve", "--listen", "127.0.0.1:0", "--data-dir", "file"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("data folder file") && run.stderr.contains("--data-dir"), "{}", run.stderr);
}

#[test]
fn a_log_file_that_cannot_be_opened_stops_serve_with_one_line() {
    let run =
        Folder::new().kaigi(&["--listen", "127.0.0.1:0", "--data-dir", "d", "--log-file", "no/such/log"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("log file no/such/log"), "{}", run.stderr);
}

#[test]
fn cert_renew_makes_the_pair_and_each_time_another_one() {
    let folder = Folder::new();
    let fingerprint = || {
        let run = folder.kaigi(&["cert", "renew", "--data-dir", "data"]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        assert!(run.stdout.starts_with("data/certificate.pem\nSHA-256 "), "{}", run.stdout);
        run.stdout
    };
    assert_ne!(fingerprint(), fingerprint());
    let mode = |name: &str| fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/key.pem")), (0o700, 0o600));
}

#[test]
fn without_data_dir_the_users_own_data_folder_is_used() {
    let folder = Folder::new();
    folder.kaigi(&["cert", "renew"]);
    assert!(folder.path(".local/share/kaigi/certificate.pem").exists());
}
