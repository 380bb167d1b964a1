//! Certificates ordered from an authority by ACME (RFC 8555): proven on our own port by TLS-ALPN-01 (RFC 8737), or by
//! HTTP-01 where we hold a listener for plain HTTP; renewed at two thirds of their time.
//!
//! [`Acme::run`] orders, waits and orders again until it is dropped. What is issued goes to one file in the data
//! folder, which [`crate::certificate::Store`] follows as it follows everybody's files: nothing else is told.

mod attempt;
mod challenges;
mod failure;
mod https;
mod keeping;
mod schedule;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use metrics::{counter, gauge};
use tokio_rustls::rustls::server::ClientHello;

use crate::certificate::Certificate;
pub(crate) use challenges::Challenges;
use challenges::Kind;
pub use keeping::{LastFailure, last_failure};

/// Let's Encrypt.
pub const DEFAULT_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// What a validating authority offers, and nothing else (RFC 8737 §3).
pub(crate) const ALPN: &[u8] = b"acme-tls/1";

/// The most names in one certificate: Let's Encrypt's limit.
pub const MOST_HOSTS: usize = 100;

/// What is ordered, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The names of the certificate, at least one.
    pub hosts: Vec<String>,
    /// Mail address that the authority may write to.
    pub contact: Option<String>,
    /// The authority's directory.
    pub directory: String,
    /// The root certificate of a private authority's own server, PEM; else the system's roots count.
    pub ca: Option<PathBuf>,
}

impl Plan {
    /// Everything that belongs to this authority: trying another (a staging one) and coming back loses nothing.
    pub fn folder(&self, data_dir: &Path) -> PathBuf {
        let name = self.directory.split_once("://").map_or(self.directory.as_str(), |(_, rest)| rest);
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
        data_dir.join("acme").join(name.trim_matches('/').chars().map(plain).collect::<String>())
    }

    /// Chain and key, in one file so that they change at one instant.
    pub fn certificate_file(&self, data_dir: &Path) -> PathBuf {
        self.folder(data_dir).join("certificate.pem")
    }

    /// Whether a certificate is for all the hosts.
    pub fn is_covered_by(&self, certificate: &Certificate) -> bool {
        self.hosts.iter().all(|host| certificate.names.iter().any(|name| name.eq_ignore_ascii_case(host)))
    }
}

/// Whether the authority answers, and what its clock shows; why it does not, in words. Orders nothing.
pub async fn reach(plan: &Plan) -> Result<Option<SystemTime>, String> {
    let words = |why: https::Unreachable| failure::unreachable(&why);
    https::Https::new(plan.ca.as_deref()).map_err(words)?.look(&plan.directory).await.map_err(words)
}

/// How it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The names that are ordered.
    pub hosts: Vec<String>,
    /// What is being done.
    pub state: State,
}

/// What is being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A certificate is in use.
    Issued {
        /// When the next one is ordered.
        renews_at: SystemTime,
    },
    /// One is being ordered.
    Ordering,
    /// The last order failed.
    Failing {
        /// Why, and what to do.
        why: String,
        /// When it is tried again.
        again_at: SystemTime,
    },
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            State::Issued { .. } => "issued",
            State::Ordering => "ordering",
            State::Failing { .. } => "failing",
        }
    }
}

/// What of this machine matters to an authority.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// The port of TLS.
    pub(crate) tls_port: u16,
    /// Whether there is a listener for plain HTTP, too.
    pub(crate) http: bool,
    /// Addresses the machine is reached under by setting.
    pub(crate) public: Vec<IpAddr>,
}

/// Orders certificates.
#[derive(Debug)]
pub(crate) struct Acme {
    plan: Plan,
    folder: PathBuf,
    challenges: Arc<Challenges>,
    status: Mutex<Status>,
}

impl Acme {
    /// With the certificate that is served until the next one is issued.
    pub(crate) fn new(plan: Plan, data_dir: &Path, served: &Certificate) -> Self {
        let usable = !served.made_by_kaigi && plan.is_covered_by(served);
        let state =
            if usable { State::Issued { renews_at: schedule::renewal(served) } } else { State::Ordering };
        Self {
            folder: plan.folder(data_dir),
            challenges: Arc::default(),
            status: Mutex::new(Status { hosts: plan.hosts.clone(), state }),
            plan,
        }
    }

    /// Where a listener finds the answers to what validating authorities ask.
    pub(crate) fn challenges(&self) -> Arc<Challenges> {
        self.challenges.clone()
    }

    pub(crate) fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Orders what is due, for ever.
    pub(crate) async fn run(self: Arc<Self>, place: Place) {
        let mut failures: u32 = 0;
        if let State::Issued { renews_at } = self.status().state {
            self.enter(State::Issued { renews_at });
            schedule::until(renews_at).await;
        } else if let Some(failure) = keeping::last_failure(&self.folder)
            && failure.limited
        {
            // A restart must not knock at a door that said when to come back.
            let again_at = schedule::bounded(failure.again_at, SystemTime::now());
            tracing::warn!("{}; it is not asked before {}", failure.why, schedule::shown(again_at));
            self.enter(State::Failing { why: failure.why, again_at });
            schedule::until(again_at).await;
        }
        loop {
            self.enter(State::Ordering);
            let kind = Kind::choose(&place, failures);
            match attempt::order(&self.plan, &self.folder, &self.challenges, kind, &place).await {
                Ok(certificate) => {
                    failures = 0;
                    counter!("kaigi_acme_orders_total", "outcome" => "issued").increment(1);
                    let renews_at = schedule::renewal(&certificate);
                    tracing::info!(
                        hosts = self.plan.hosts.join(", "),
                        renewal = schedule::shown(renews_at),
                        "a certificate was issued"
                    );
                    self.enter(State::Issued { renews_at });
                    schedule::until(renews_at).await;
                }
                Err(failure) => {
                    failures = failures.saturating_add(1);
                    counter!("kaigi_acme_orders_total", "outcome" => "failed").increment(1);
                    let again_at = schedule::again(failures, failure.retry_after, SystemTime::now());
                    tracing::warn!(
                        again = schedule::shown(again_at),
                        "no certificate for {}: {}",
                        self.plan.hosts.join(", "),
                        failure.why
                    );
                    keeping::keep_failure(&self.folder, &failure, again_at);
                    self.enter(State::Failing { why: failure.why, again_at });
                    schedule::until(again_at).await;
                }
            }
        }
    }

    fn enter(&self, state: State) {
        for name in ["issued", "ordering", "failing"] {
            gauge!("kaigi_acme_state", "state" => name).set(f64::from(u8::from(name == state.name())));
        }
        self.status.lock().unwrap_or_else(PoisonError::into_inner).state = state;
    }
}

/// Whether a connection is an authority's that validates, and never anybody else's.
pub(crate) fn is_validation(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|mut offered| offered.next() == Some(ALPN) && offered.next().is_none())
}

#[cfg(test)]
mod tests;
