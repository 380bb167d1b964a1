//! What the host in a client's URL stands for. Only names in our own certificate are looked up, so nobody can have
//! us ask for others; answers are kept for a while.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{net::lookup_host, sync::Semaphore, time::timeout};

/// How long an answer, or that there was none, is kept.
const FRESH: Duration = Duration::from_secs(60);

/// How long a client's offer waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Names that are kept: a wildcard certificate has any number of them.
const NAMES: usize = 64;

/// Look-ups at once; each takes a thread of the system's resolver.
const LOOKUPS: usize = 4;

pub(crate) struct Names {
    known: Mutex<HashMap<String, (Instant, Vec<IpAddr>)>>,
    lookups: Semaphore,
}

/// What is known of a host at once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Its addresses; none where it is not ours to look up.
    Addresses(Vec<IpAddr>),
    /// A name that has to be looked up.
    Unknown(String),
}

impl Names {
    pub(crate) fn new() -> Self {
        Self { known: Mutex::default(), lookups: Semaphore::new(LOOKUPS) }
    }

    /// `host` without port, `certified` the names the certificate is for.
    pub(crate) fn find(&self, host: &str, certified: &[String]) -> Found {
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        if let Ok(ip) = host.parse() {
            return Found::Addresses(vec![ip]);
        }
        let host = host.to_ascii_lowercase();
        if !certified.iter().any(|name| covers(name, &host)) {
            return Found::Addresses(Vec::new());
        }
        match self.lock().get(&host) {
            Some((at, ips)) if at.elapsed() < FRESH => Found::Addresses(ips.clone()),
            _ => Found::Unknown(host),
        }
    }

    /// Looks a name up; no answer in time is none.
    pub(crate) async fn look_up(&self, host: String) -> Vec<IpAddr> {
        let asked = async {
            let _permit = self.lookups.acquire().await.ok()?;
            lookup_host((host.as_str(), 0)).await.ok()
        };
        let answer = timeout(PATIENCE, asked).await.ok().flatten();
        let ips: Vec<IpAddr> = answer.into_iter().flatten().map(|address| address.ip()).collect();
        self.keep(host, ips.clone());
        ips
    }

    fn keep(&self, host: String, ips: Vec<IpAddr>) {
        let mut known = self.lock();
        known.retain(|_, (at, _)| at.elapsed() < FRESH);
        if known.len() < NAMES {
            known.insert(host, (Instant::now(), ips));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Vec<IpAddr>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// RFC 9525 §6.3: a wildcard stands for one whole label.
fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_certificate_are_looked_up() {
        let names = Names::new();
        let certified = ["meet.example.org".to_owned(), "*.example.net".to_owned(), "192.0.2.1".to_owned()];
        let found = |host| names.find(host, &certified);
        let none = || Found::Addresses(Vec::new());
        assert_eq!(found("203.0.113.5"), Found::Addresses(vec!["203.0.113.5".parse().unwrap()]));
        assert_eq!(found("[2001:db8::1]"), Found::Addresses(vec!["2001:db8::1".parse().unwrap()]));
        assert_eq!(found("Meet.Example.org."), Found::Unknown("meet.example.org".into()));
        assert_eq!(found("a.example.net"), Found::Unknown("a.example.net".into()));
        for foreign in ["example.org", "a.b.example.net", ".example.net", "example.net", "", "evil.test"] {
            assert_eq!(found(foreign), none(), "{foreign}");
        }
    }

    #[tokio::test]
    async fn an_answer_is_kept_and_so_is_that_there_is_none() {
        let names = Names::new();
        let certified = ["localhost".to_owned(), "nowhere.invalid".to_owned()];
        for name in &certified {
            assert_eq!(names.find(name, &certified), Found::Unknown(name.clone()));
            let ips = names.look_up(name.clone()).await;
            assert_eq!(ips.iter().any(IpAddr::is_loopback), name == "localhost", "{name}: {ips:?}");
            assert_eq!(names.find(name, &certified), Found::Addresses(ips));
        }
    }

    #[test]
    fn names_that_are_kept_have_a_bound() {
        let names = Names::new();
        (0..2 * NAMES).for_each(|n| names.keep(format!("{n}.example.net"), Vec::new()));
        assert_eq!(names.lock().len(), NAMES);
    }
}
