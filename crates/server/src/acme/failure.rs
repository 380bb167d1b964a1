//! Failures in words: who is at fault, and what to do.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use instant_acme::{Error, Problem};

use super::challenges::Kind;
use super::https::Unreachable;
use super::{Place, Plan, schedule};

/// How long the DNS may take.
const LOOKUP: Duration = Duration::from_secs(5);
/// An authority's words are passed on, but not pages of them.
const MOST_WORDS: usize = 500;

/// Why there is no certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// Whole sentences.
    pub(super) why: String,
    /// The authority is not to be asked before.
    pub(super) retry_after: Option<SystemTime>,
}

impl Failure {
    pub(super) fn new(why: String) -> Self {
        Self { why, retry_after: None }
    }
}

/// What went wrong, not yet explained.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A host could not be proven to be ours.
    Validation {
        host: String,
        problem: Problem,
        /// Whether anybody asked this server while the authority validated.
        asked: bool,
    },
    /// Whatever the protocol library says.
    Acme(Error),
    /// Words of our own.
    Ours(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Acme(error)
    }
}

impl Refusal {
    pub(super) async fn explain(
        self,
        plan: &Plan,
        kind: Kind,
        place: &Place,
        retry_after: Option<SystemTime>,
    ) -> Failure {
        match self {
            Self::Validation { host, problem, asked } => {
                let seen = Seen { leads_to: look_up(&host).await, own: own_addresses(place), asked };
                Failure::new(validation(&host, kind, &problem, &seen))
            }
            Self::Acme(Error::Api(problem)) => refused(plan, &problem, retry_after),
            Self::Acme(Error::Other(error)) => match error.downcast_ref::<Unreachable>() {
                Some(why) => Failure::new(unreachable(why)),
                None => Failure::new(error.to_string()),
            },
            Self::Acme(Error::Timeout(_)) => {
                Failure::new("the authority did not decide in time; it is asked again".into())
            }
            Self::Acme(Error::Json(_)) => Failure::new(format!(
                "what answers at {} does not speak ACME: see acme-directory",
                plan.directory
            )),
            Self::Acme(error) => Failure::new(error.to_string()),
            Self::Ours(why) => Failure::new(why),
        }
    }
}

/// What this machine knows of a host.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) leads_to: Vec<IpAddr>,
    pub(super) own: Vec<IpAddr>,
    pub(super) asked: bool,
}

impl Seen {
    /// Certainly elsewhere: a NAT in front would leave a private machine's own addresses unlike the public one.
    fn is_elsewhere(&self) -> bool {
        !self.leads_to.is_empty() && !self.leads_to.iter().any(|address| self.own.contains(address))
    }

    fn place(&self, host: &str) -> String {
        let leads_to = list(&self.leads_to);
        match (self.leads_to.is_empty(), self.is_elsewhere()) {
            (true, _) => format!("{host} has no address in the DNS as seen from here"),
            (false, true) => format!(
                "{host} leads to {leads_to}, which is no address of this machine ({}): right only if a NAT passes it on",
                list(&self.own)
            ),
            (false, false) => format!("{host} leads to {leads_to}, which is this machine"),
        }
    }
}

/// Why a host could not be proven.
pub(super) fn validation(host: &str, kind: Kind, problem: &Problem, seen: &Seen) -> String {
    let port = kind.port();
    let place = seen.place(host);
    let cause = match validation_kind(problem) {
        "dns" => format!(
            "the authority finds no usable address of {host} in the DNS: add an A (or AAAA) record that leads to this server"
        ),
        "caa" => format!(
            "a CAA record in the DNS of {host} forbids this authority: add it there, or choose another"
        ),
        "rateLimited" => "the authority's rate limit is reached".into(),
        "connection" if !seen.asked => format!(
            "the authority cannot connect to TCP port {port} of {host}: open it in every firewall, and forward it to this \
             server; {place}"
        ),
        _ if !seen.asked => format!(
            "another server answers on port {port} of {host}, for nobody asked this one: let the DNS lead here, and let no \
             proxy or CDN end TLS before it; {place}"
        ),
        _ => format!(
            "the authority came here, but was not content with the answer (another server may share the name, by another \
             address or behind a load balancer); {place}"
        ),
    };
    format!("{cause}. {}", says(problem))
}

/// The kind of a failed validation. Not every authority tells apart by type what RFC 8555 §6.7 does.
fn validation_kind(problem: &Problem) -> &str {
    let detail = problem.detail.as_deref().unwrap_or_default().to_ascii_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| detail.contains(word));
    match name(problem) {
        "unauthorized" | "malformed"
            if speaks_of(&["no such host", "nxdomain", "no valid ip", "lookup", "could not resolve"]) =>
        {
            "dns"
        }
        "unauthorized" | "malformed"
            if speaks_of(&["failed to connect", "connection refused", "timeout", "timed out"]) =>
        {
            "connection"
        }
        name => name,
    }
}

fn refused(plan: &Plan, problem: &Problem, retry_after: Option<SystemTime>) -> Failure {
    let hosts = plan.hosts.join(", ");
    let cause = match name(problem) {
        "rateLimited" => {
            let when = retry_after.map_or_else(String::new, |at| format!(" until {}", schedule::shown(at)));
            let why = format!("the authority's rate limit is reached{when}. {}", says(problem));
            return Failure { why, retry_after };
        }
        "rejectedIdentifier" | "malformed" if problem_is_about_names(problem) => {
            format!("the authority issues no certificate for {hosts}: it has to be a name in the public DNS")
        }
        "invalidContact" | "unsupportedContact" => "the authority does not take the address of acme-contact".into(),
        "externalAccountRequired" => {
            "this authority wants accounts that are bound to one of its website, which Kaigi cannot do: choose another \
             with acme-directory"
                .into()
        }
        "userActionRequired" => "the authority wants its (new) terms agreed to: see what it says".into(),
        "serverInternal" => "the authority has a fault of its own; it is asked again".into(),
        _ => "the authority refused the order".into(),
    };
    Failure { why: format!("{cause}. {}", says(problem)), retry_after }
}

fn problem_is_about_names(problem: &Problem) -> bool {
    name(problem) == "rejectedIdentifier"
        || problem
            .detail
            .as_deref()
            .is_some_and(|detail| detail.contains("identifier") || detail.contains("omain"))
}

pub(super) fn unreachable(why: &Unreachable) -> String {
    match why {
        Unreachable::Tls(_, error) if error.to_string().contains("NotValidYet") => {
            format!("{why}: is this machine's clock right?")
        }
        Unreachable::Tls(_, error) if error.to_string().contains("UnknownIssuer") => {
            format!("{why}: a private authority's root certificate goes to acme-ca")
        }
        why => why.to_string(),
    }
}

/// `urn:ietf:params:acme:error:dns` → `dns`.
fn name(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|urn| urn.rsplit(':').next()).unwrap_or_default()
}

/// The authority's own words, for those who look them up.
fn says(problem: &Problem) -> String {
    let mut words = problem.detail.clone().unwrap_or_default();
    for sub in &problem.subproblems {
        words.push_str(&format!("; {sub}"));
    }
    let words: String = words.chars().filter(|c| !c.is_control()).take(MOST_WORDS).collect();
    format!("It says: {} ({})", words.trim_end_matches('.'), name(problem))
}

fn list(addresses: &[IpAddr]) -> String {
    let mut shown: Vec<String> = addresses.iter().take(4).map(ToString::to_string).collect();
    if addresses.len() > shown.len() {
        shown.push("…".into());
    }
    shown.join(", ")
}

async fn look_up(host: &str) -> Vec<IpAddr> {
    match tokio::time::timeout(LOOKUP, tokio::net::lookup_host((host, 443))).await {
        Ok(Ok(found)) => {
            let mut found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            found.dedup();
            found
        }
        _ => Vec::new(),
    }
}

fn own_addresses(place: &Place) -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let usable = interfaces.into_iter().map(|interface| interface.ip()).filter(|ip| !ip.is_loopback());
    place.public.iter().copied().chain(usable).collect()
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::TlsAlpn => "TLS-ALPN-01",
            Kind::Http => "HTTP-01",
        })
    }
}
