//! UDP sockets that read in batches, know which local address a datagram came to, answer from it, and send runs
//! of datagrams in one call.
//!
//! Never blocks and never waits: whoever owns a socket learns from a poller of its own when there is something
//! to read. Each socket belongs to one thread.

mod batch;
mod bind;
mod errors;
mod offload;
mod options;
mod socket;

pub use batch::Batch;
pub use bind::{bind, bind_shared, join_shared};
pub use errors::QueuedError;
pub use offload::{Offload, offload};
pub use options::Buffers;
pub use socket::{Filled, Role, SendError, Socket};

/// The longest datagram that goes into a run ([`Socket::send`]): it fits any path that carries IPv6 (1,280 bytes
/// less the headers), so the system has no reason to refuse the whole run.
pub const RUN_SEGMENT: usize = 1232;

/// The most datagrams in a run, a limit of Linux.
pub const RUN_DATAGRAMS: usize = 64;

/// The most bytes in a run: with all headers it stays below 64 kB.
pub const RUN_BYTES: usize = 65_000;

#[cfg(test)]
mod tests;
