//! The settings of a public server, as a file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};

use crate::cli::Flags;
use crate::settings::{KEYS, Loaded};

/// The file that a service reads.
pub const USUAL: &str = "/etc/kaigi/kaigi.toml";

/// Where the service keeps its data.
const DATA: &str = "/var/lib/kaigi";

/// Settings that are paths.
const PATHS: [&str; 6] = ["acme-ca", "data-dir", "log-file", "site-dir", "tls-cert", "tls-key"];

/// The file's text: what a public server needs, and what was given by flags, which win.
pub fn compose(hosts: &[String], flags: &Flags) -> String {
    let given = flags.values();
    let list = |items: &[&str]| Value::from(items.to_vec());
    let mut values = Dict::new();
    values.insert("data-dir".into(), Value::from(DATA));
    values.insert("listen".into(), list(&["0.0.0.0:443", "[::]:443"]));
    values.insert("http-redirect".into(), Value::from("0.0.0.0:80"));
    // Somebody's own certificate takes the place of one that is ordered.
    if !given.contains_key("tls-cert") && !given.contains_key("tls-key") {
        values.insert("acme".into(), Value::from(hosts.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    values.extend(given.into_iter().map(|(name, value)| {
        // A flag's path starts here, a file's at the file.
        let here = value.as_str().filter(|_| PATHS.contains(&name.as_str())).map(std::path::absolute);
        match here {
            Some(Ok(path)) => (name, Value::from(path.to_string_lossy().into_owned())),
            _ => (name, value),
        }
    }));
    let mut text = format!(
        "# Written by `kaigi setup {}`. Every setting is explained in kaigi.example.toml;\n\
         # `kaigi check` says what is wrong with this file.\n\n",
        hosts.join(" ")
    );
    for key in KEYS {
        if let Some(value) = values.get(key.name) {
            text.push_str(&format!("{} = {}\n", key.name, written(value)));
        }
    }
    text
}

fn written(value: &Value) -> String {
    match value {
        Value::Array(_, items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        value => toml::Value::from(value.as_str().unwrap_or_default()).to_string(),
    }
}

/// The settings as they will be; all that is wrong with them otherwise.
pub fn judge(path: &Path, text: &str) -> Result<Loaded, String> {
    let trial = tempfile::Builder::new().suffix(".toml").tempfile().and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        Ok(file)
    });
    let trial = trial.map_err(|error| format!("no temporary file: {error}"))?;
    let loaded = Loaded::read(&Flags::default(), Some(trial.path()), std::iter::empty());
    if loaded.problems.is_empty() {
        return Ok(loaded);
    }
    let trial = trial.path().display().to_string();
    let problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    Err(problems.join("\n").replace(&trial, &path.display().to_string()))
}

/// Nobody's work is lost: there is no file, the package's, or one with the same settings.
pub fn is_replaceable(path: &Path, text: &str) -> bool {
    match fs::read_to_string(path) {
        Ok(old) => {
            settings(&old) == settings(text) || settings(&old).iter().all(|line| line.starts_with("data-dir"))
        }
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn settings(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Writes the file at one instant, for the service's group to read, and keeps the old one; whether it had to.
pub fn write(path: &Path, text: &str) -> Result<bool, String> {
    let failed = |error: io::Error| {
        let hint = if error.kind() == io::ErrorKind::PermissionDenied { ": run this with sudo" } else { "" };
        format!("cannot write {}: {error}{hint}", path.display())
    };
    let old = fs::metadata(path).ok();
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let new: PathBuf = path.with_extension("toml.new");
    let group =
        old.as_ref().map(MetadataExt::gid).or_else(|| fs::metadata(folder).ok().map(|folder| folder.gid()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o640)
        .open(&new)
        .and_then(|mut file| {
            // Secrets may be among the flags, so nobody else reads it.
            let _ = chown(&new, None, group);
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| if old.is_some() { fs::rename(path, path.with_extension("toml.old")) } else { Ok(()) })
        .and_then(|()| fs::rename(&new, path));
    written.map(|()| true).map_err(failed)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn flags(arguments: &[&str]) -> Flags {
        let all = ["kaigi", "check"].iter().chain(arguments);
        Cli::try_parse_from(all).unwrap().flags
    }

    #[test]
    fn it_is_a_public_server_and_flags_win() {
        let hosts = ["meet.example.org".to_owned(), "www.example.org".to_owned()];
        let text = compose(&hosts, &flags(&["--http-redirect=0.0.0.0:8080", "--create-key=a\"b"]));
        let loaded =
            judge(Path::new("kaigi.toml"), &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        assert_eq!(loaded.settings.acme, hosts);
        assert_eq!(loaded.settings.listen[0].port(), 443);
        assert_eq!(loaded.settings.http_redirect, Some("0.0.0.0:8080".parse().unwrap()));
        assert_eq!(loaded.settings.create_key.as_deref(), Some("a\"b"));
        let own = compose(&hosts, &flags(&["--tls-cert=/c.pem", "--tls-key=/k.pem"]));
        assert!(
            judge(Path::new("kaigi.toml"), &own).is_ok_and(|loaded| loaded.settings.acme.is_empty()),
            "{own}"
        );
    }

    #[test]
    fn a_host_that_no_authority_can_prove_is_told_before_anything_is_written() {
        let text = compose(&["192.0.2.1".into()], &Flags::default());
        let problems = judge(Path::new("/etc/kaigi/kaigi.toml"), &text).err().unwrap();
        assert!(
            problems.starts_with("/etc/kaigi/kaigi.toml:") && problems.contains("a full host name"),
            "{problems}"
        );
    }

    #[test]
    fn somebodys_settings_are_not_replaced_unasked_and_kept() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("etc/kaigi.toml");
        let text = compose(&["meet.example.org".into()], &Flags::default());
        assert!(is_replaceable(&path, &text));
        assert_eq!(write(&path, &text), Ok(true));
        assert_eq!(write(&path, &text), Ok(false));
        assert!(is_replaceable(&path, &format!("# other words\n{text}")));
        fs::write(&path, include_str!("../../../../packaging/kaigi.toml")).unwrap();
        assert!(is_replaceable(&path, &text), "the package's own");
        fs::write(&path, "max-rooms = 3\n").unwrap();
        assert!(!is_replaceable(&path, &text));
        assert_eq!(write(&path, &text), Ok(true));
        assert_eq!(fs::read_to_string(path.with_extension("toml.old")).unwrap(), "max-rooms = 3\n");
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o640);
    }
}
