//! `kaigi.pid` in the data folder: locked while its writer lives.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

const NAME: &str = "kaigi.pid";
/// Longer than any that we write.
const MOST: u64 = 16 * 1024;

/// What the file says of the process that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub pid: u32,
    pub log: PathBuf,
    /// As bound; empty while it starts.
    pub listen: Vec<SocketAddr>,
    pub since: SystemTime,
}

#[derive(Deserialize, Serialize)]
struct Written {
    pid: u32,
    log: PathBuf,
    listen: Vec<SocketAddr>,
    since: u64,
}

/// What is known of the process that runs; `None` if none does, whatever is in the file.
pub fn read(data_dir: &Path) -> Option<Known> {
    let mut file = File::open(data_dir.join(NAME)).ok()?;
    if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
        return None;
    }
    let mut text = String::new();
    Read::by_ref(&mut file).take(MOST).read_to_string(&mut text).ok()?;
    let Written { pid, log, listen, since } = serde_json::from_str(&text).ok()?;
    Some(Known { pid, log, listen, since: UNIX_EPOCH + Duration::from_secs(since.min(1 << 40)) })
}

/// The file of this process. Dropped, the process is not known any more.
pub struct Held {
    file: File,
    written: Written,
}

impl Held {
    pub fn take(data_dir: &Path, log: &Path) -> Result<Self, String> {
        let path = data_dir.join(NAME);
        let failed = |error: io::Error| format!("cannot write {}: {error}", path.display());
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| "it runs already; `kaigi stop` ends it".to_owned())?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let written = Written { pid: std::process::id(), log: log.to_owned(), listen: Vec::new(), since };
        let mut held = Self { file, written };
        held.write().map_err(failed)?;
        Ok(held)
    }

    /// Where it serves.
    pub fn serves(&mut self, listen: &[SocketAddr]) {
        self.written.listen = listen.to_vec();
        if let Err(error) = self.write() {
            tracing::warn!("the file {NAME} cannot be written: {error}");
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let text = serde_json::to_vec(&self.written)?;
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(&text)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Not removed: who opens it just now would hold a lock on a file that nobody else sees.
        let _ = self.file.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_holds_it_is_known_and_only_one_can() {
        let scratch = tempfile::tempdir().unwrap();
        assert_eq!(read(scratch.path()), None);
        let mut held = Held::take(scratch.path(), Path::new("/log")).unwrap();
        let listen = ["[::1]:8443".parse().unwrap()];
        held.serves(&listen);
        let known = read(scratch.path()).unwrap();
        assert_eq!((known.pid, known.listen), (std::process::id(), listen.to_vec()));
        assert!(Held::take(scratch.path(), Path::new("/log")).is_err());
        let file = std::fs::read(scratch.path().join(NAME)).unwrap();
        drop(held);
        assert_eq!(read(scratch.path()), None);
        // As a crash would leave it.
        std::fs::write(scratch.path().join(NAME), file).unwrap();
        assert_eq!(read(scratch.path()), None);
        assert!(Held::take(scratch.path(), Path::new("/log")).is_ok());
    }
}
