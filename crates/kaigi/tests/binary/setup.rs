//! From an installed program to settings.

// Helpers of tests are not tests to clippy.toml's allowances.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use super::support::Folder;

const SETUP: [&str; 5] =
    ["setup", "meet.example.org", "--config=etc/kaigi.toml", "--data-dir=data", "--listen=127.0.0.1:0"];

/// With an authority that is not there, so that nobody outside is asked.
fn setup(folder: &Folder, more: &[&str]) -> super::support::Run {
    folder.kaigi(
        &[&SETUP[..], &["--http-redirect=127.0.0.1:0", "--acme-directory=https://localhost:1/"], more]
            .concat(),
    )
}

#[test]
fn it_writes_settings_says_what_to_open_and_ends_as_doctor_does() {
    let folder = Folder::new();
    let run = setup(&folder, &["--acme-contact=admin@example.org"]);
    let written = fs::read_to_string(folder.path("etc/kaigi.toml")).unwrap_or_else(|_| panic!("{run:?}"));
    for line in [
        "acme = [\"meet.example.org\"]",
        "acme-contact = \"admin@example.org\"",
        "listen = [\"127.0.0.1:0\"]",
    ] {
        assert!(written.contains(line), "{line}: {written}");
    }
    for words in
        ["nft add rule", "outbound everything", "kaigi serve --daemon --config etc/kaigi.toml", "settings "]
    {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    assert!(run.stdout.contains("cannot connect to localhost:1"), "{}", run.stdout);
    let check = folder.kaigi(&["check", "--config=etc/kaigi.toml"]);
    assert_eq!(check.code, Some(0), "{}", check.stderr);
}

#[test]
fn settings_of_others_stay_unless_it_is_told_to_replace_them() {
    let folder = Folder::new();
    fs::create_dir(folder.path("etc")).unwrap();
    fs::write(folder.path("etc/kaigi.toml"), "max-rooms = 3\n").unwrap();
    let refused = setup(&folder, &[]);
    assert!(refused.code == Some(1) && refused.stderr.contains("`--yes` replaces it"), "{refused:?}");
    setup(&folder, &["--yes"]);
    assert_eq!(fs::read_to_string(folder.path("etc/kaigi.toml.old")).unwrap(), "max-rooms = 3\n");
    assert!(fs::read_to_string(folder.path("etc/kaigi.toml")).unwrap().contains("meet.example.org"));
}

#[test]
fn a_host_that_cannot_be_is_told_at_once() {
    let folder = Folder::new();
    let run = folder.kaigi(&["setup", "192.0.2.1", "--config=etc/kaigi.toml"]);
    assert!(run.code == Some(1) && run.stderr.contains("expected a full host name"), "{run:?}");
    assert!(!folder.path("etc").exists());
}
