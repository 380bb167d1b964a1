//! Which thread a client's DTLS and SRTP is for, where that is another than the one the system gives it to.
//!
//! An entry comes from the owner itself, once it has seen an authentic check of ICE on that path; it ends when no
//! check has come for a while. So whoever only pretends to be at an address changes nothing here.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use kaigi_sfu::{Path, Via};

/// Browsers check each path every few seconds, and give a connection up that is silent for 30 (RFC 7675 §5.1).
const LIFETIME: Duration = Duration::from_secs(60);

/// A thread's clients of other threads.
const PATHS: usize = 65_536;

/// Of these, from one source address (IPv6: /64): one participant with many ports must not fill the table, and an
/// office behind one address has to fit. Relays are bounded by TURN's own limits.
const PATHS_OF_SOURCE: u32 = 2_048;

#[derive(Default)]
pub(crate) struct Owners {
    table: HashMap<Path, (u16, Instant), RandomState>,
    sources: HashMap<IpAddr, u32, RandomState>,
}

impl Owners {
    #[inline]
    pub(crate) fn of(&self, path: &Path) -> Option<u16> {
        if self.table.is_empty() {
            return None;
        }
        self.table.get(path).map(|(thread, _)| *thread)
    }

    pub(crate) fn learn(&mut self, now: Instant, path: Path, thread: u16) {
        let entry = (thread, now + LIFETIME);
        if let Some(known) = self.table.get_mut(&path) {
            *known = entry;
            return;
        }
        if self.table.len() >= PATHS {
            return;
        }
        if let Some(source) = source(&path) {
            let count = self.sources.entry(source).or_default();
            if *count >= PATHS_OF_SOURCE {
                return;
            }
            *count += 1;
        }
        self.table.insert(path, entry);
    }

    pub(crate) fn forget(&mut self, path: &Path) {
        if !self.table.is_empty() && self.table.remove(path).is_some() {
            uncount(&mut self.sources, path);
        }
    }

    pub(crate) fn forget_thread(&mut self, thread: u16) {
        self.retain(|owner, _| owner != thread);
    }

    pub(crate) fn forget_old(&mut self, now: Instant) {
        self.retain(|_, until| until > now);
    }

    fn retain(&mut self, keep: impl Fn(u16, Instant) -> bool) {
        let Self { table, sources } = self;
        table.retain(|path, (owner, until)| {
            let keeps = keep(*owner, *until);
            if !keeps {
                uncount(sources, path);
            }
            keeps
        });
    }
}

fn uncount(sources: &mut HashMap<IpAddr, u32, RandomState>, path: &Path) {
    let Some(source) = source(path) else { return };
    if let Some(count) = sources.get_mut(&source) {
        *count -= 1;
        if *count == 0 {
            sources.remove(&source);
        }
    }
}

fn source(path: &Path) -> Option<IpAddr> {
    match (path.via, path.remote.ip()) {
        (Via::Relay(_), _) => None,
        (_, IpAddr::V6(ip)) => Some(IpAddr::V6((u128::from(ip) >> 64 << 64).into())),
        (_, ip) => Some(ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source address for each thousand.
    fn path(n: u32) -> Path {
        let ip = std::net::Ipv4Addr::from(0xC633_0000 | (n / 1000));
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
        assert!(owners.sources.is_empty());
    }

    #[test]
    fn a_full_table_keeps_whom_it_knows() {
        let (mut owners, now) = (Owners::default(), Instant::now());
        (0..100_000).for_each(|n| owners.learn(now, path(n), 1));
        assert_eq!(owners.table.len(), PATHS);
        owners.learn(now, path(5), 2);
        assert_eq!((owners.of(&path(5)), owners.of(&path(99_999))), (Some(2), None));
        (0..100_000).for_each(|n| owners.forget(&path(n)));
        assert!(owners.table.is_empty() && owners.sources.is_empty());
    }

    #[test]
    fn one_source_takes_its_share_and_no_more() {
        let (mut owners, now) = (Owners::default(), Instant::now());
        let flood = |port| Path { remote: ([192, 0, 2, 1], port).into(), local: None, via: Via::Udp };
        (1..=60_000).for_each(|port| owners.learn(now, flood(port), 1));
        assert_eq!(owners.table.len(), PATHS_OF_SOURCE as usize);
        owners.learn(now, path(1), 1);
        assert_eq!(owners.of(&path(1)), Some(1));
        let relay = |port| Path { via: Via::Relay(8443), ..flood(port) };
        (1..=10_000).for_each(|port| owners.learn(now, relay(port), 1));
        assert_eq!(owners.of(&relay(10_000)), Some(1));
    }
}
