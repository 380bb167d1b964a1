//! Which thread a client's DTLS and SRTP is for, where that is another than the one the system gives it to.
//!
//! An entry comes from the owner itself, once it has seen an authentic check of ICE on that path; it ends when no
//! check has come for a while. So whoever only pretends to be at an address changes nothing here.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use kaigi_sfu::Path;

/// Browsers check each path every few seconds, and give a connection up that is silent for 30 (RFC 7675 §5.1).
const LIFETIME: Duration = Duration::from_secs(60);

/// A thread's clients of other threads.
const PATHS: usize = 65_536;

#[derive(Default)]
pub(crate) struct Owners(HashMap<Path, (u16, Instant), RandomState>);

impl Owners {
    #[inline]
    pub(crate) fn of(&self, path: &Path) -> Option<u16> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(path).map(|(thread, _)| *thread)
    }

    pub(crate) fn learn(&mut self, now: Instant, path: Path, thread: u16) {
        if self.0.len() < PATHS || self.0.contains_key(&path) {
            self.0.insert(path, (thread, now + LIFETIME));
        }
    }

    pub(crate) fn forget(&mut self, path: &Path) {
        if !self.0.is_empty() {
            self.0.remove(path);
        }
    }

    pub(crate) fn forget_thread(&mut self, thread: u16) {
        self.0.retain(|_, (owner, _)| *owner != thread);
    }

    pub(crate) fn forget_old(&mut self, now: Instant) {
        self.0.retain(|_, (_, until)| *until > now);
    }
}

#[cfg(test)]
mod tests {
    use kaigi_sfu::Via;

    use super::*;

    fn path(n: u32) -> Path {
        let ip = std::net::Ipv4Addr::from(0xC633_6400 | n >> 16);
        Path { remote: (ip, n as u16).into(), local: None, via: Via::Udp }
    }

    #[test]
    fn an_entry_lives_as_long_as_it_is_confirmed() {
        let (mut owners, start) = (Owners::default(), Instant::now());
        owners.learn(start, path(1), 3);
        owners.learn(start + LIFETIME / 2, path(1), 4);
        owners.learn(start, path(2), 3);
        owners.forget_old(start + LIFETIME);
        assert_eq!((owners.of(&path(1)), owners.of(&path(2))), (Some(4), None));
        owners.forget_thread(4);
        assert_eq!(owners.of(&path(1)), None);
    }

    #[test]
    fn a_full_table_keeps_whom_it_knows() {
        let (mut owners, now) = (Owners::default(), Instant::now());
        (0..100_000).for_each(|n| owners.learn(now, path(n), 1));
        assert_eq!(owners.0.len(), PATHS);
        owners.learn(now, path(5), 2);
        assert_eq!((owners.of(&path(5)), owners.of(&path(99_999))), (Some(2), None));
    }
}
