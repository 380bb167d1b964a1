//! The folder that keeps secrets and the self-signed certificate.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::settings::Settings;

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

/// Where it is with these settings.
pub fn of(settings: &Settings) -> PathBuf {
    settings.data_dir.clone().unwrap_or_else(|| usual(|name| std::env::var_os(name)))
}

/// Makes the folder, readable by its owner only, and sees that files can be made in it.
pub fn prepare(dir: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| reason(&error));
    made.and_then(|()| try_out(dir)).map_err(|why| {
        format!("cannot use the data folder {}: {why}; choose another with --data-dir", dir.display())
    })
}

/// Sees that files can be made in the folder; why not, otherwise.
pub fn try_out(dir: &Path) -> Result<(), String> {
    // Trying is the only way to know: modes say nothing about read-only mounts, quotas or full disks.
    let probe = dir.join(format!(".probe.{}", std::process::id()));
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&probe)
        .and_then(|_| fs::remove_file(&probe))
        .map_err(|error| reason(&error))
}

/// Whether a folder that is not there could be made, as far as that can be known without making it.
pub fn could_make(dir: &Path) -> Result<(), String> {
    let above = dir.ancestors().skip(1).find(|above| above.as_os_str().is_empty() || above.exists());
    let above = above.filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !above.is_dir() {
        return Err("a part of its path is a file, not a folder".into());
    }
    access(above, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| format!("{} in {}", reason(&error.into()), above.display()))
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
    fn whether_it_could_be_made_is_known_without_making_it() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("a/b");
        assert_eq!(could_make(&dir), Ok(()));
        assert_eq!(could_make(Path::new("data")), Ok(()), "below the working folder");
        fs::write(scratch.path().join("a"), "").unwrap();
        assert!(could_make(&dir).unwrap_err().contains("is a file"));
        assert!(!dir.exists());
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
