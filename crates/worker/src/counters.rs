//! What the threads count.

use crate::batches::Batches;

/// Everything counted by the TURN servers, the SFU and the sockets. All counters only grow; what is open does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// By the TURN servers.
    pub turn: kaigi_turn::Metrics,
    /// By the SFU.
    pub sfu: kaigi_sfu::Metrics,
    /// By what is around them.
    pub io: Io,
    /// How long the threads worked at a time.
    pub batches: Batches,
    /// What there is now.
    pub open: Open,
}

/// What the cores hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Allocations.
    pub allocations: usize,
    /// Permissions of all allocations; they expire on their next use.
    pub permissions: usize,
    /// Channels of all allocations, likewise.
    pub channels: usize,
    /// Sessions of the SFU.
    pub sessions: usize,
}

/// What sockets and queues have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Io {
    /// Datagrams read.
    pub received: u64,
    /// System calls that read at least one.
    pub receives: u64,
    /// Datagrams sent.
    pub sent: u64,
    /// System calls that sent them: fewer, the longer the runs.
    pub sends: u64,
    /// Datagrams lost because a socket's send buffer was full (`EAGAIN`).
    pub lost_buffer_full: u64,
    /// Datagrams lost because the system had no buffers (`ENOBUFS`).
    pub lost_no_buffers: u64,
    /// Datagrams the system refused to send for another reason.
    pub lost_refused: u64,
    /// Times the system refused a run, so that a socket went over to sending one by one.
    pub runs_refused: u64,
    /// Datagrams the system dropped because the threads did not read the shared port fast enough.
    pub drops_shared: u64,
    /// The same for relay sockets.
    pub drops_relays: u64,
    /// Datagrams for a relay or session of another thread that did not keep up.
    pub lost_handovers: u64,
    /// Frames lost on their way to a TCP or TLS client that did not read: too old, or too many.
    pub lost_frames: u64,
    /// Threads that panicked and started anew.
    pub restarts: u64,
}

impl Metrics {
    pub(crate) fn add(&mut self, other: &Self) {
        self.turn.add(&other.turn);
        self.sfu.total.add(&other.sfu.total);
        self.sfu.refused.add(&other.sfu.refused);
        self.sfu.rooms.extend_from_slice(&other.sfu.rooms);
        self.io.add(&other.io);
        self.batches.add(&other.batches);
        self.open.allocations += other.open.allocations;
        self.open.permissions += other.open.permissions;
        self.open.channels += other.open.channels;
        self.open.sessions += other.open.sessions;
    }
}

impl Io {
    fn add(&mut self, other: &Self) {
        let Self {
            received,
            receives,
            sent,
            sends,
            lost_buffer_full,
            lost_no_buffers,
            lost_refused,
            runs_refused,
            drops_shared,
            drops_relays,
            lost_handovers,
            lost_frames,
            restarts,
        } = other;
        self.received += received;
        self.receives += receives;
        self.sent += sent;
        self.sends += sends;
        self.lost_buffer_full += lost_buffer_full;
        self.lost_no_buffers += lost_no_buffers;
        self.lost_refused += lost_refused;
        self.runs_refused += runs_refused;
        self.drops_shared += drops_shared;
        self.drops_relays += drops_relays;
        self.lost_handovers += lost_handovers;
        self.lost_frames += lost_frames;
        self.restarts += restarts;
    }
}
