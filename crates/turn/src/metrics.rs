//! What happened, counted. All counters only grow.

use crate::model::{Dropped, Transport};

/// What one allocation carried, payload only. Up is from the client to its peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets from the client to peers.
    pub up_packets: u64,
    /// Bytes from the client to peers.
    pub up_bytes: u64,
    /// Packets from peers to the client.
    pub down_packets: u64,
    /// Bytes from peers to the client.
    pub down_bytes: u64,
}

impl Counters {
    fn add(&mut self, other: &Self) {
        let Self { up_packets, up_bytes, down_packets, down_bytes } = other;
        self.up_packets += up_packets;
        self.up_bytes += up_bytes;
        self.down_packets += down_packets;
        self.down_bytes += down_bytes;
    }

    pub(crate) fn up(&mut self, bytes: usize) {
        self.up_packets += 1;
        self.up_bytes += bytes as u64;
    }

    pub(crate) fn down(&mut self, bytes: usize) {
        self.down_packets += 1;
        self.down_bytes += bytes as u64;
    }
}

/// The error codes this server answers with.
pub const ERROR_CODES: [u16; 12] = [400, 401, 403, 420, 437, 438, 440, 441, 442, 443, 486, 508];

/// The causes of [`Dropped`], in the order of [`Metrics::dropped`].
pub const DROP_CAUSES: [&str; 12] = [
    "malformed",
    "not_a_request",
    "port_zero",
    "unknown_method",
    "over_budget",
    "in_progress",
    "no_allocation",
    "no_channel",
    "no_permission",
    "denied",
    "over_bandwidth",
    "too_long",
];

/// Everything counted by one [`Server`](crate::Server) since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Binding requests answered with an address.
    pub bindings: u64,
    /// Allocations made.
    pub allocations_created: u64,
    /// Allocations that ended.
    pub allocations_closed: u64,
    /// Relayed, by the client's transport: UDP, TCP, TLS.
    pub relayed: [Counters; 3],
    /// Data between two relays of ours, handed over inside the process (also counted in `relayed`).
    pub handed_over: u64,
    /// Error answers by code, in the order of [`ERROR_CODES`].
    pub refused: [u64; ERROR_CODES.len()],
    /// Messages and datagrams nothing came of, in the order of [`DROP_CAUSES`].
    pub dropped: [u64; DROP_CAUSES.len()],
}

impl Metrics {
    /// Adds what another server has counted.
    pub fn add(&mut self, other: &Self) {
        let Self {
            bindings,
            allocations_created,
            allocations_closed,
            relayed,
            handed_over,
            refused,
            dropped,
        } = other;
        self.bindings += bindings;
        self.allocations_created += allocations_created;
        self.allocations_closed += allocations_closed;
        self.relayed.iter_mut().zip(relayed).for_each(|(sum, more)| sum.add(more));
        self.handed_over += handed_over;
        self.refused.iter_mut().zip(refused).for_each(|(sum, more)| *sum += more);
        self.dropped.iter_mut().zip(dropped).for_each(|(sum, more)| *sum += more);
    }

    pub(crate) fn refuse(&mut self, code: u16) {
        if let Some(at) = ERROR_CODES.iter().position(|known| *known == code) {
            self.refused[at] += 1;
        }
    }

    pub(crate) fn drop(&mut self, cause: Dropped) {
        let at = match cause {
            Dropped::Malformed => 0,
            Dropped::NotARequest => 1,
            Dropped::PortZero => 2,
            Dropped::UnknownMethod => 3,
            Dropped::OverBudget => 4,
            Dropped::InProgress => 5,
            Dropped::NoAllocation => 6,
            Dropped::NoChannel => 7,
            Dropped::NoPermission => 8,
            Dropped::Denied(_) => 9,
            Dropped::OverBandwidth => 10,
            Dropped::TooLong => 11,
        };
        self.dropped[at] += 1;
    }

    pub(crate) fn up(&mut self, transport: Transport, bytes: usize) {
        self.relayed[transport.index()].up(bytes);
    }

    pub(crate) fn down(&mut self, transport: Transport, bytes: usize) {
        self.relayed[transport.index()].down(bytes);
    }
}
