//! What is kept in the data folder between starts: the account, the certificate, and why the last order failed.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use instant_acme::AccountCredentials;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::files::write_atomically;

const ACCOUNT: &str = "account.json";
const FAILURE: &str = "failure.json";

/// Why the last order failed: for other processes, and for the next start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastFailure {
    /// Why, and what to do.
    pub why: String,
    /// When it failed.
    pub at: SystemTime,
    /// When it is tried again.
    pub again_at: SystemTime,
    /// Whether the authority has said so, so that a restart does not change it.
    pub limited: bool,
}

#[derive(Deserialize, Serialize)]
struct Written {
    why: String,
    at: u64,
    again_at: u64,
    limited: bool,
}

/// Reads it from an authority's folder; `None` when all is well.
pub fn last_failure(folder: &Path) -> Option<LastFailure> {
    let Written { why, at, again_at, limited } =
        serde_json::from_slice(&fs::read(folder.join(FAILURE)).ok()?).ok()?;
    let time = |seconds: u64| UNIX_EPOCH.checked_add(Duration::from_secs(seconds.min(1 << 40)));
    Some(LastFailure { why, at: time(at)?, again_at: time(again_at)?, limited })
}

pub(super) fn keep_failure(folder: &Path, failure: &Failure, again_at: SystemTime) {
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let written = Written {
        why: failure.why.clone(),
        at: seconds(SystemTime::now()),
        again_at: seconds(again_at),
        limited: failure.retry_after.is_some(),
    };
    // Only a help: it is in the log as well.
    let _ = write(folder, FAILURE, &serde_json::to_vec(&written).unwrap_or_default());
}

/// The account, if there is one that can be read.
pub(super) fn account(folder: &Path) -> Option<AccountCredentials> {
    let file = folder.join(ACCOUNT);
    match serde_json::from_slice(&fs::read(&file).ok()?) {
        Ok(account) => Some(account),
        Err(error) => {
            tracing::warn!("making a new ACME account: {} is damaged: {error}", file.display());
            None
        }
    }
}

pub(super) fn keep_account(folder: &Path, account: &AccountCredentials) -> io::Result<()> {
    write(folder, ACCOUNT, &serde_json::to_vec(account)?)
}

pub(super) fn forget_account(folder: &Path) {
    let _ = fs::remove_file(folder.join(ACCOUNT));
}

/// Chain and key at once. Whatever failed before is over.
pub(super) fn keep_certificate(file: &Path, pem: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    write(folder, &name, pem.as_bytes())?;
    let _ = fs::remove_file(folder.join(FAILURE));
    Ok(())
}

fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    write_atomically(&folder.join(name), content, 0o600)
}
