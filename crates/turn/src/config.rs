//! Settings and limits.

use std::time::Duration;

use crate::{budget::Rate, credentials::Credentials, model::Family, policy::Policy};

/// What a server is to do.
#[derive(Clone)]
pub struct Config {
    /// Who may relay.
    pub credentials: Credentials,
    /// To whom.
    pub policy: Policy,
    /// Families of which relay sockets can be opened.
    pub families: Families,
    /// The system can set the DF bit; without it, DONT-FRAGMENT is an unknown attribute (RFC 8656 §7.2).
    pub dont_fragment: bool,
    /// The ports under which this process's SFU is a peer, at each of the server's own addresses. Data for it is
    /// handed over ([`Forward::Sfu`](crate::Forward::Sfu)), whether or not such a port is open outside.
    pub sfu_ports: Vec<u16>,
    /// Bounds.
    pub limits: Limits,
}

impl Config {
    /// Both families, DF, no SFU, default limits.
    pub fn new(credentials: Credentials, policy: Policy) -> Self {
        let families = Families { v4: true, v6: true };
        Self {
            credentials,
            policy,
            families,
            dont_fragment: true,
            sfu_ports: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// Which IP versions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl Families {
    pub(crate) fn has(self, family: Family) -> bool {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }
}

/// Bounds of every table, and what a full one answers.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Allocations of this server and those it [shares](crate::Server::sharing) quotas with: 508.
    pub allocations: usize,
    /// Allocations of one credential's account: 486.
    pub allocations_per_credential: usize,
    /// Permissions of one allocation: 508.
    pub permissions: usize,
    /// Channels of one allocation: 508.
    pub channels: usize,
    /// Payload bytes of one credential's account, each direction; more is dropped.
    pub bandwidth_per_credential: Option<Rate>,
    /// Payload bytes of one source address (IPv6: /64), each direction; more is dropped.
    pub bandwidth_per_source: Option<Rate>,
    /// Error answers to UDP requests without proof, per source network (IPv4 /24, IPv6 /48); none beyond.
    /// Streams need no budget: their handshake was the proof.
    pub unproven_answers: Rate,
    /// How long a nonce is good.
    pub nonce_lifetime: Duration,
    /// What an Allocate or Refresh gets that asks for less or nothing (RFC 8656 §3.2).
    pub default_lifetime: Duration,
    /// The most it gets.
    pub max_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        const MBIT: u64 = 1_000_000 / 8;
        Self {
            allocations: 10_000,
            allocations_per_credential: 128,
            permissions: 256,
            channels: 128,
            bandwidth_per_credential: Some(Rate { per_second: 100 * MBIT, burst: 25 * MBIT }),
            bandwidth_per_source: Some(Rate { per_second: 1000 * MBIT, burst: 250 * MBIT }),
            // An office of a thousand that joins at once, four candidates each.
            unproven_answers: Rate { per_second: 256, burst: 4096 },
            nonce_lifetime: Duration::from_secs(3600),
            default_lifetime: Duration::from_secs(600),
            max_lifetime: Duration::from_secs(3600),
        }
    }
}
