//! Which peers a client may reach through this server. Pure functions: an address, the settings, and what is
//! inside the process go in, a verdict comes out.
//!
//! The order, after the address is looked through for IPv4 addresses hidden in it ([`hidden`]):
//! 1. exactly something inside the process (a live relay of ours, the SFU): handed over, never sent;
//! 2. any other address of ours: denied, unless a rule names exactly it;
//! 3. what a deny rule covers, then what no allow rule covers and is in a [special range](special_range) or on
//!    a port below 1024: denied;
//! 4. the rest, global unicast: allowed.
//!
//! Deny wins over allow. An allow rule lifts the range it names, not what hides inside: allowing
//! `64:ff9b::/96` (NAT64) does not allow `64:ff9b::10.0.0.1`. Only a rule with ports lifts ports below 1024.

mod contradictions;
mod net;
mod openings;
mod ranges;

use std::net::{IpAddr, SocketAddr};

pub use contradictions::Contradiction;
pub use net::{Net, Rule, RuleError};
pub use openings::Opening;
pub use ranges::{hidden, special_range};

use crate::model::RelayId;

/// Ports below this one belong to services, never to media.
pub const FIRST_PEER_PORT: u16 = 1024;

/// The settings.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    allow: Vec<Rule>,
    deny: Vec<Rule>,
    own: Vec<IpAddr>,
}

/// A peer inside this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// A live relay of this core.
    Relay(RelayId),
    /// A live relay of another media thread's core.
    Neighbour(u16),
    /// The SFU, under one of its addresses or its virtual candidate's.
    Sfu,
}

/// What is to be done with data for a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Hand it over inside the process.
    Inside(Inside),
    /// Send it from the relay socket.
    Outside,
    /// Answer 403, or drop it.
    Denied(Denial),
}

/// Why a peer is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// An address of this server, open or hidden.
    OwnAddress,
    /// A deny rule covers it.
    Rule,
    /// It is in this special range.
    Range(&'static str),
    /// Port 0, or below 1024 without a rule that names the port.
    Port,
}

impl Policy {
    /// Rules as the operator gave them. `own` are all addresses of this server, public ones in front of a
    /// 1:1 NAT included; loopback need not be named, it is a special range.
    pub fn new(allow: Vec<Rule>, deny: Vec<Rule>, own: Vec<IpAddr>) -> Self {
        let mut policy = Self { allow, deny, own: Vec::new() };
        policy.set_own(own);
        policy
    }

    /// The server's addresses have changed.
    pub fn set_own(&mut self, own: Vec<IpAddr>) {
        self.own = own.into_iter().filter(|ip| !ip.is_loopback() && !ip.is_unspecified()).collect();
    }

    /// CreatePermission: the address alone, RFC 8656 ignores the port. `inside`: a live relay of ours (or
    /// another peer inside the process) has this address.
    pub fn judge_address(&self, ip: IpAddr, inside: bool) -> Result<(), Denial> {
        if inside { Ok(()) } else { self.judge_outside(ip, None) }
    }

    /// ChannelBind and Send: address and port. `inside` is what has exactly this address in this process.
    pub fn judge(&self, peer: SocketAddr, inside: Option<Inside>) -> Verdict {
        if let Some(inside) = inside {
            return Verdict::Inside(inside);
        }
        match self.judge_outside(peer.ip(), Some(peer.port())) {
            Ok(()) => Verdict::Outside,
            Err(denial) => Verdict::Denied(denial),
        }
    }

    /// Is this an address under which the server itself is reached, loopback ones included?
    pub(crate) fn is_ours(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.own.contains(&ip)
    }

    /// What contradicts or weakens itself in these rules, for `kaigi check` to explain.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        contradictions::find(&self.allow, &self.deny, &self.own)
    }

    /// What these rules open that is closed by default, for `kaigi check` to say what it means.
    pub fn openings(&self) -> Vec<Opening> {
        openings::find(&self.allow, &self.deny, &self.own)
    }

    fn judge_outside(&self, ip: IpAddr, port: Option<u16>) -> Result<(), Denial> {
        if port == Some(0) {
            return Err(Denial::Port);
        }
        let hidden = hidden(ip);
        if self.is_own(ip) && !self.allow.iter().any(|rule| rule.is_exactly(ip) && rule.covers(ip, port)) {
            return Err(Denial::OwnAddress);
        }
        if hidden.iter().flatten().any(|ip| self.is_own(*ip)) {
            return Err(Denial::OwnAddress);
        }
        if self.deny.iter().any(|rule| rule.denies(ip, port)) {
            return Err(Denial::Rule);
        }
        let allowed = self.allow.iter().any(|rule| rule.covers(ip, port));
        if !allowed && let Some(range) = special_range(ip) {
            return Err(Denial::Range(range));
        }
        let low = port.is_some_and(|port| port < FIRST_PEER_PORT);
        if low && !self.allow.iter().any(|rule| rule.names_port() && rule.covers(ip, port)) {
            return Err(Denial::Port);
        }
        // What hides inside an allowed address must not be denied and has to be allowed itself; IPv4 hides
        // nothing more.
        hidden.iter().flatten().try_for_each(|ip| self.judge_outside(*ip, port))
    }

    /// The unspecified address reaches the sender's own host on most systems.
    fn is_own(&self, ip: IpAddr) -> bool {
        ip.is_unspecified() || self.own.contains(&ip)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::samples_of_all_ranges;
