//! Networks and rules, and how the operator writes them.

use std::{fmt, net::IpAddr, ops::RangeInclusive, str::FromStr};

/// A network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    base: IpAddr,
    prefix: u8,
}

impl Net {
    /// The network of `base` with this many leading bits; host bits are ignored.
    pub const fn new(base: IpAddr, prefix: u8) -> Self {
        Self { base, prefix }
    }

    /// Is the address in it? An IPv4 network never holds an IPv6 address, mapped ones included.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.base, ip) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => {
                let differ = u32::from(base) ^ u32::from(ip);
                differ.checked_shr(32 - u32::from(self.prefix.min(32))).unwrap_or(0) == 0
            }
            (IpAddr::V6(base), IpAddr::V6(ip)) => {
                let differ = u128::from(base) ^ u128::from(ip);
                differ.checked_shr(128 - u32::from(self.prefix.min(128))).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// Is all of `other` in it?
    pub fn holds(&self, other: &Net) -> bool {
        self.prefix <= other.prefix && self.contains(other.base)
    }

    /// The first address.
    pub fn base(&self) -> IpAddr {
        self.base
    }

    /// How many leading bits count.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    fn is_host(&self) -> bool {
        self.prefix == width(self.base)
    }

    fn has_host_bits(&self) -> bool {
        let (bits, width) = match self.base {
            IpAddr::V4(ip) => (u128::from(u32::from(ip)), 32),
            IpAddr::V6(ip) => (u128::from(ip), 128),
        };
        let host = width - u32::from(self.prefix);
        host > 0 && bits & (u128::MAX >> (128 - host)) != 0
    }
}

fn width(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_host() { write!(f, "{}", self.base) } else { write!(f, "{}/{}", self.base, self.prefix) }
    }
}

/// Peers that are allowed or denied: a network, on all ports or on some. Written `192.0.2.0/24`,
/// `192.0.2.7:443`, `10.0.0.0/8:5000-6000`, `2001:db8::/32`, `[2001:db8::7]:443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    net: Net,
    ports: Option<RangeInclusive<u16>>,
}

/// Why a rule could not be read; shown to the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Not of the form.
    #[error(
        "`{0}` is not an address or a network; write for example 192.0.2.0/24, 192.0.2.7:443 or [2001:db8::7]:443"
    )]
    Form(String),
    /// The address has bits set that the prefix length leaves out.
    #[error(
        "`{0}` names an address inside the network; write the network's first address, or the address without the prefix length"
    )]
    HostBits(String),
    /// The ports are none.
    #[error("`{0}` names no port; ports are 1 to 65535, a range is written 5000-6000")]
    Ports(String),
}

impl Rule {
    /// The whole network, all ports from 1024.
    pub fn new(net: Net) -> Self {
        Self { net, ports: None }
    }

    /// Only these ports, below 1024 too.
    pub fn on_ports(net: Net, ports: RangeInclusive<u16>) -> Self {
        Self { net, ports: Some(ports) }
    }

    /// Where it applies.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// With the port unknown (CreatePermission), an allow rule for some ports already opens the address.
    pub(super) fn covers(&self, ip: IpAddr, port: Option<u16>) -> bool {
        self.net.contains(ip) && self.has_port(port).unwrap_or(true)
    }

    /// With the port unknown, a deny rule for some ports does not yet close the address.
    pub(super) fn denies(&self, ip: IpAddr, port: Option<u16>) -> bool {
        self.net.contains(ip) && self.has_port(port).unwrap_or(false)
    }

    pub(super) fn is_exactly(&self, ip: IpAddr) -> bool {
        self.net.is_host() && self.net.base == ip
    }

    pub(super) fn names_port(&self) -> bool {
        self.ports.is_some()
    }

    /// All that the other rule covers.
    pub(super) fn holds(&self, other: &Rule) -> bool {
        let ports = match (&self.ports, &other.ports) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) => mine.contains(theirs.start()) && mine.contains(theirs.end()),
        };
        ports && self.net.holds(&other.net)
    }

    fn has_port(&self, port: Option<u16>) -> Option<bool> {
        match &self.ports {
            None => Some(true),
            Some(ports) => port.map(|port| ports.contains(&port)),
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let text = text.trim();
        if let Some(net) = parse_net(text) {
            return with_base(net, text).map(Rule::new);
        }
        let form = || RuleError::Form(text.to_owned());
        let (net, ports) = text.rsplit_once(':').ok_or_else(form)?;
        let bare = net.strip_prefix('[').and_then(|net| net.strip_suffix(']'));
        // Without brackets an IPv6 address and a port cannot be told apart.
        let net = match bare {
            Some(bare) => parse_net(bare),
            None => parse_net(net).filter(|net| net.base.is_ipv4()),
        };
        let net = with_base(net.ok_or_else(form)?, text)?;
        let ports = parse_ports(ports).ok_or_else(|| RuleError::Ports(text.to_owned()))?;
        Ok(Rule::on_ports(net, ports))
    }
}

fn parse_net(text: &str) -> Option<Net> {
    let (base, prefix) = match text.split_once('/') {
        Some((base, prefix)) if prefix.bytes().all(|b| b.is_ascii_digit()) => {
            (base, Some(prefix.parse().ok()?))
        }
        Some(_) => return None,
        None => (text, None),
    };
    let base: IpAddr = base.parse().ok()?;
    let prefix = prefix.unwrap_or(width(base));
    (prefix <= width(base)).then_some(Net { base, prefix })
}

fn with_base(net: Net, text: &str) -> Result<Net, RuleError> {
    if net.has_host_bits() { Err(RuleError::HostBits(text.to_owned())) } else { Ok(net) }
}

fn parse_ports(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
    (first > 0 && first <= last).then_some(first..=last)
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ports) = &self.ports else { return write!(f, "{}", self.net) };
        if self.net.base.is_ipv6() {
            write!(f, "[{}]:", self.net)?
        } else {
            write!(f, "{}:", self.net)?
        }
        if ports.start() == ports.end() {
            write!(f, "{}", ports.start())
        } else {
            write!(f, "{}-{}", ports.start(), ports.end())
        }
    }
}
