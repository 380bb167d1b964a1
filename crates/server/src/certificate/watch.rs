//! Follows the certificate's files by looking at them every few seconds.
//!
//! Looking beats being notified: renewal tools replace files, symbolic links or whole mounted folders, and
//! network file systems notify nobody.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{MissedTickBehavior, interval};

use super::{Certificate, CertificateError, Loaded, Store, self_signed};

const INTERVAL: Duration = Duration::from_secs(2);
/// Looks at unchanged bad files before it is worth a warning: a certificate and its key are two writes.
const SETTLED: u32 = 5;
/// Looks between two attempts to renew: an hour.
const RENEW_AGAIN: u32 = 1800;

pub(super) async fn run(store: Arc<Store>) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watch = Watch::default();
    loop {
        ticks.tick().await;
        // A file system that hangs must not stop a thread that serves connections.
        let looked = {
            let store = store.clone();
            tokio::task::spawn_blocking(move || {
                let seen = watch.look(&store, SystemTime::now());
                (watch, seen)
            })
        };
        let Ok((state, seen)) = looked.await else { return };
        watch = state;
        report(&seen);
        show_expiry(&store.current());
    }
}

fn show_expiry(certificate: &Certificate) {
    let expiry = certificate.not_after.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    metrics::gauge!("kaigi_certificate_expiry_timestamp_seconds").set(expiry.as_secs_f64());
}

fn report(seen: &Seen) {
    match seen {
        Seen::Unchanged | Seen::Unsettled => {}
        Seen::Replaced(certificate) => {
            tracing::info!(fingerprint = certificate.fingerprint, "the certificate was replaced");
            for warning in &certificate.warnings {
                tracing::warn!("{warning}");
            }
        }
        Seen::Bad(error) => {
            tracing::warn!("the certificate's files changed, but the old one stays in use: {error}");
        }
        Seen::NotRenewed(error) => {
            tracing::warn!("the self-signed certificate expires soon and cannot be made anew: {error}");
        }
    }
}

/// What one look found.
#[derive(Debug)]
pub(super) enum Seen {
    Unchanged,
    /// Changed and not usable, perhaps because the other half is still being written.
    Unsettled,
    Replaced(Arc<Certificate>),
    /// Not usable and no longer changing. Told once.
    Bad(CertificateError),
    NotRenewed(CertificateError),
}

#[derive(Default)]
pub(super) struct Watch {
    /// The files that could not be loaded, and how often they looked like this.
    bad: Option<(Stamp, u32)>,
    /// Looks to let pass before the next attempt to renew.
    renew_in: u32,
}

impl Watch {
    pub(super) fn look(&mut self, store: &Store, now: SystemTime) -> Seen {
        let (cert, key) = store.source.paths();
        let current = store.current.loaded.load_full();
        let stamp = Stamp::of(&cert, &key);
        if stamp == current.stamp {
            self.bad = None;
            return self.renew_if_due(store, &current, now);
        }
        match Loaded::read(&cert, &key, now) {
            Ok(loaded) => {
                self.bad = None;
                let same = loaded.certificate.fingerprint == current.certificate.fingerprint;
                let certificate = loaded.certificate.clone();
                store.replace(loaded);
                if same { Seen::Unchanged } else { Seen::Replaced(certificate) }
            }
            Err(error) => {
                let looks = match self.bad {
                    Some((bad, looks)) if bad == stamp => looks.saturating_add(1),
                    _ => 1,
                };
                self.bad = Some((stamp, looks));
                if looks == SETTLED { Seen::Bad(error) } else { Seen::Unsettled }
            }
        }
    }

    fn renew_if_due(&mut self, store: &Store, current: &Loaded, now: SystemTime) -> Seen {
        let Some((data_dir, names)) = store.source.self_signed() else { return Seen::Unchanged };
        if !self_signed::is_due(&current.certificate, now) {
            return Seen::Unchanged;
        }
        if self.renew_in > 0 {
            self.renew_in -= 1;
            return Seen::Unchanged;
        }
        let (cert, key) = store.source.paths();
        match self_signed::make(data_dir, names, now).and_then(|()| Loaded::read(&cert, &key, now)) {
            Ok(loaded) => {
                let certificate = loaded.certificate.clone();
                store.replace(loaded);
                Seen::Replaced(certificate)
            }
            Err(error) => {
                self.renew_in = RENEW_AGAIN;
                Seen::NotRenewed(error)
            }
        }
    }
}

/// Enough of two files' metadata to notice a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp([Option<FileStamp>; 2]);

impl Stamp {
    pub(super) fn of(cert: &Path, key: &Path) -> Self {
        Self([FileStamp::of(cert), FileStamp::of(key)])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileStamp {
    device: u64,
    inode: u64,
    length: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    /// Seconds and nanoseconds; a mode that was corrected shows only here.
    changed: (i64, i64),
}

impl FileStamp {
    fn of(file: &Path) -> Option<Self> {
        // Follows symbolic links, which is what renewal tools exchange.
        let metadata = fs::metadata(file).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}
