//! The folder that keeps secrets and the self-signed certificate.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where it is when `data-dir` does not say: systemd's state folder for the unit (`StateDirectory=kaigi`),
/// else the user's own data folder, else the system's.
pub fn usual(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    // The XDG specification has relative paths ignored.
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("STATE_DIRECTORY")
        .or_else(|| folder("XDG_DATA_HOME").map(|data| data.join("kaigi")))
        .or_else(|| folder("HOME").map(|home| home.join(".local/share/kaigi")))
        .unwrap_or_else(|| PathBuf::from("/var/lib/kaigi"))
}

/// Makes the folder, readable by its owner only, and sees that files can be made in it.
pub fn prepare(dir: &Path) -> Result<(), String> {
    let because = |error: io::Error| {
        format!(
            "cannot use the data folder {}: {}; choose another with --data-dir",
            dir.display(),
            reason(&error)
        )
    };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(because)?;
    // Trying is the only way to know: modes say nothing about read-only mounts, quotas or full disks.
    let probe = dir.join(format!(".probe.{}", std::process::id()));
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&probe).map_err(because)?;
    fs::remove_file(&probe).map_err(because)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::AlreadyExists => "it is a file, not a folder".into(),
        io::ErrorKind::NotADirectory => "a part of its path is a file, not a folder".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn systemd_then_xdg_then_home_then_var_lib_say_where() {
        let set = [("STATE_DIRECTORY", "/state/kaigi"), ("XDG_DATA_HOME", "/xdg"), ("HOME", "/home/ann")];
        let usual_with = |from: usize| {
            usual(|name| set[from..].iter().find(|(set, _)| *set == name).map(|(_, value)| value.into()))
        };
        let expected = ["/state/kaigi", "/xdg/kaigi", "/home/ann/.local/share/kaigi", "/var/lib/kaigi"];
        for (from, expected) in expected.iter().enumerate() {
            assert_eq!(usual_with(from), Path::new(expected));
        }
    }

    #[test]
    fn a_new_folder_is_its_owners_alone_and_left_empty() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("a/b");
        prepare(&dir).unwrap();
        assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(dir.read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_its_place_is_one_line_that_names_it_and_the_flag() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("file");
        fs::write(&file, "").unwrap();
        for dir in [file.clone(), file.join("below")] {
            let error = prepare(&dir).unwrap_err();
            assert!(error.contains(&dir.display().to_string()) && error.contains("--data-dir"), "{error}");
            assert!(error.contains("is a file, not a folder") && !error.contains('\n'), "{error}");
        }
    }
}
