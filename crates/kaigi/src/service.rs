//! What a service manager (systemd, or whoever sets `NOTIFY_SOCKET`) is told: that the server is ready, that it is alive,
//! that it stops. Without one, nothing happens. And what it is to keep: the sockets, for the server after a restart or a crash.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use kaigi_server::Pulse;
use sd_notify::NotifyState;

/// File descriptors that go with one message (the kernel's `SCM_MAX_FD` is 253).
const MOST_FDS: usize = 250;
/// The name of our sockets in the store.
const STORED: &str = "kaigi";

/// Says that the server serves, and from now on, as often as is asked for, that it still does. The latter is only said
/// after it was tried: a process whose threads hang falls silent and is restarted.
pub fn ready(pulse: Pulse, status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    tokio::spawn(watch(pulse, patience));
}

/// Gives all sockets to systemd's store (`FileDescriptorStoreMax=` of the unit), in place of what is in it: who connects while
/// the service restarts waits, and is not refused.
pub fn keep(sockets: &[OwnedFd]) {
    tell(&[NotifyState::FdStoreRemove, NotifyState::FdName(STORED)]);
    for some in sockets.chunks(MOST_FDS) {
        let some: Vec<BorrowedFd<'_>> = some.iter().map(AsFd::as_fd).collect();
        warn(sd_notify::notify_with_fds(&[NotifyState::FdStore, NotifyState::FdName(STORED)], &some));
    }
}

/// Says that the server stops by itself.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Half of the patience is what systemd's own documentation advises; two thirds of that are for the trial.
async fn watch(pulse: Pulse, patience: Duration) {
    let mut ticks = tokio::time::interval(patience / 3);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match pulse.feel(patience / 4).await {
            Ok(()) => tell(&[NotifyState::Watchdog]),
            Err(what) => tracing::error!("the watchdog is not told that all is well: {what}"),
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    warn(sd_notify::notify(states));
}

fn warn(told: io::Result<()>) {
    if let Err(error) = told {
        tracing::warn!("the service manager cannot be told anything: {error}");
    }
}
