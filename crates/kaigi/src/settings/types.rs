//! The values settings may have. Each parser's error completes the sentence "expected …".

mod bandwidth;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

pub use bandwidth::Bandwidth;
use ipnet::IpNet;
use kaigi_server::policy::{Rule, RuleError};
use serde::Serialize;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// What a parser wanted: a text that completes "expected …".
pub type Expected = String;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    #[default]
    On,
    Off,
}

impl Tls {
    pub fn parse(text: &str) -> Result<Self, Expected> {
        match text {
            "on" | "true" => Ok(Self::On),
            "off" | "false" => Ok(Self::Off),
            _ => Err("\"on\" or \"off\"".into()),
        }
    }
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::On { "on" } else { "off" })
    }
}

/// When a new log file is begun, besides when the old one is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// At midnight UTC.
    #[default]
    Daily,
    Never,
}

impl Rotation {
    pub fn parse(text: &str) -> Result<Self, Expected> {
        match text {
            "daily" => Ok(Self::Daily),
            "never" => Ok(Self::Never),
            _ => Err("\"daily\" or \"never\"".into()),
        }
    }
}

impl fmt::Display for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Daily { "daily" } else { "never" })
    }
}

/// A number of bytes, written with an optional unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub u64);

const UNITS: &[(&str, u64)] = &[
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
];

impl ByteSize {
    pub fn parse(text: &str) -> Result<Self, Expected> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = text[digits.len()..].trim();
        let factor = match unit {
            "" | "B" => Some(1),
            _ => UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, factor)| *factor),
        };
        digits
            .parse::<u64>()
            .ok()
            .zip(factor)
            .and_then(|(number, factor)| number.checked_mul(factor))
            .map(Self)
            .ok_or_else(|| "a size such as \"100MB\" (kB, MB, GB, KiB, MiB, GiB), or 0 for no limit".into())
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor)) {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A level for everything and levels for single modules: `info,kaigi_server::signaling=debug`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    pub fn parse(text: &str) -> Result<Self, Expected> {
        const EXPECTED: &str = "a level (off, error, warn, info, debug, trace), or levels for single modules \
                                such as \"info,kaigi_server::signaling=debug\"";
        // Stricter than `Targets`, which takes a misspelt level for a module that logs everything.
        for directive in text.split(',') {
            let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
            let known = level.parse::<LevelFilter>().is_ok() && level.parse::<u8>().is_err();
            if !known || directive.starts_with('=') {
                return Err(EXPECTED.into());
            }
        }
        text.parse::<Targets>().map_err(|_| EXPECTED)?;
        Ok(Self(text.to_owned()))
    }

    /// The filter. Libraries that would write a line for every malformed packet anybody sends are silent,
    /// unless they are named.
    pub fn targets(&self) -> Targets {
        let targets = self.0.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
        PER_PACKET
            .iter()
            .filter(|name| !self.0.contains(**name))
            .fold(targets, |targets, name| targets.with_target(*name, LevelFilter::ERROR))
    }
}

/// `NAME:PASSWORD` of somebody who may use the TURN server.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct TurnUser {
    pub name: String,
    pub password: String,
}

impl TurnUser {
    pub fn parse(text: &str) -> Result<Self, Expected> {
        match text.split_once(':') {
            Some((name, password)) if !name.is_empty() && !password.is_empty() => {
                Ok(Self { name: name.to_owned(), password: password.to_owned() })
            }
            _ => Err("NAME:PASSWORD".into()),
        }
    }
}

impl From<TurnUser> for String {
    fn from(user: TurnUser) -> Self {
        format!("{}:{}", user.name, user.password)
    }
}

impl fmt::Debug for TurnUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:***", self.name)
    }
}

/// Modules of libraries that log what peers send.
const PER_PACKET: [&str; 1] = ["stun_types"];

impl Default for LogLevel {
    fn default() -> Self {
        Self("info".into())
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub fn socket_address(text: &str) -> Result<SocketAddr, Expected> {
    text.parse().map_err(|_| "an address with a port, such as \"0.0.0.0:8443\" or \"[::]:8443\"".into())
}

pub fn ip_address(text: &str) -> Result<IpAddr, Expected> {
    text.parse().map_err(|_| "an IP address, such as \"203.0.113.7\"".into())
}

/// A network, or one address.
pub fn network(text: &str) -> Result<IpNet, Expected> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "an address or a network, such as \"127.0.0.1\" or \"10.0.0.0/8\"".into())
}

/// Peers of the TURN server: a network, or one address, on all ports or on some.
pub fn peer_rule(text: &str) -> Result<Rule, Expected> {
    text.parse().map_err(|error| match error {
        RuleError::Form(_) => "an address or a network, with ports if only these are meant, such as \
                               \"10.0.0.0/8\", \"10.1.2.3:443\", \"10.0.0.0/8:5000-6000\" or \"[fd00::7]:443\""
            .into(),
        RuleError::HostBits(_) => {
            "the first address of the network, or the one address without a prefix length".into()
        }
        RuleError::Ports(_) => "ports from 1 to 65535, such as \":443\" or \":5000-6000\"".into(),
    })
}

/// `scheme://host[:port]` as browsers send it in `Origin`, or `*`.
pub fn origin(text: &str) -> Result<String, Expected> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_plain = |host: &str| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
    };
    if text == "*" || host.is_some_and(is_plain) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("an origin without a path, such as \"https://www.example.org\", or \"*\"".into())
    }
}

/// One source of the CSP directive `frame-ancestors`: nothing that could end the directive.
pub fn csp_source(text: &str) -> Result<String, Expected> {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !";,".contains(c)) {
        Ok(text.to_owned())
    } else {
        Err("\"'self'\", \"'none'\" or an origin such as \"https://www.example.org\"".into())
    }
}

/// A secret that travels in an HTTP header.
pub fn token(text: &str) -> Result<String, Expected> {
    if text.chars().all(|c| c.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("ASCII letters, digits and signs without spaces".into())
    }
}

/// A name that a public authority can look up.
pub fn acme_host(text: &str) -> Result<String, Expected> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = text.contains('.') && text.len() <= 253 && text.split('.').all(label);
    // No top-level domain is a number, so an address is never taken for a name.
    let is_address = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    if is_name && !is_address {
        return Ok(text.to_ascii_lowercase());
    }
    Err(match text.starts_with("*.") {
        true => "a host name without a wildcard, which cannot be proven by ports 443 and 80: name each host"
            .into(),
        false => {
            "a full host name such as \"meet.example.org\" (with letters of other scripts: its xn-- form)"
                .into()
        }
    })
}

pub fn mail_address(text: &str) -> Result<String, Expected> {
    match text.split_once('@') {
        Some((name, host))
            if !name.is_empty()
                && host.contains('.')
                && text.chars().all(|c| c.is_ascii_graphic() && !",;<>?".contains(c)) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("a mail address such as \"admin@example.org\"".into()),
    }
}

pub fn acme_directory(text: &str) -> Result<String, Expected> {
    match text.strip_prefix("https://") {
        Some(rest) if !rest.is_empty() && text.chars().all(|c| c.is_ascii_graphic()) => Ok(text.to_owned()),
        _ => Err("the https address of an ACME directory, such as \
                  \"https://acme-staging-v02.api.letsencrypt.org/directory\""
            .into()),
    }
}

pub fn count(text: &str) -> Result<usize, Expected> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "a whole number from 1".into())
}

pub fn media_threads(text: &str) -> Result<usize, Expected> {
    let most = kaigi_server::MOST_MEDIA_THREADS;
    count(text).ok().filter(|count| *count <= most).ok_or_else(|| format!("a whole number from 1 to {most}"))
}

/// Beyond 16, one port's traffic is rarely what keeps a machine busy; who has more of it can say so.
pub fn a_thread_for_each_core() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(16))
}

/// A browser allocates for each of its addresses, and again when its network changes: fewer would fail calls.
pub fn allocations_of_one(text: &str) -> Result<usize, Expected> {
    let expected = || "a whole number from 64, which a busy office behind one credential needs".into();
    text.parse().ok().filter(|count| *count >= 64).ok_or_else(expected)
}

/// An hour is longer than anything that is waited for.
pub fn seconds(text: &str) -> Result<u32, Expected> {
    text.parse().ok().filter(|seconds| *seconds <= 3600).ok_or_else(|| "whole seconds, from 0 to 3600".into())
}

pub fn count_or_none(text: &str) -> Result<usize, Expected> {
    text.parse().map_err(|_| "a whole number".into())
}

/// The URL of a STUN or TURN server (RFC 7064, RFC 7065).
pub fn ice_url(text: &str) -> Result<String, Expected> {
    let host = text.split_once(':').filter(|(scheme, _)| ["stun", "stuns", "turn", "turns"].contains(scheme));
    match host {
        Some((_, host)) if !host.is_empty() && !host.starts_with('/') && !host.contains([' ', '@']) => {
            Ok(text.to_owned())
        }
        _ => Err("a URL such as \"stun:stun.example.org:3478\" or \"turn:turn.example.org\"".into()),
    }
}
