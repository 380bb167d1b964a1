//! Buffers for one batch of reads, and what is in them.

use std::{io::IoSliceMut, net::IpAddr};

use kaigi_packet::Receive;
use quinn_udp::{BATCH_SIZE, RecvMeta};

/// Room for one datagram, or for as many as the kernel joins into one read (GRO).
const BUFFER: usize = 64 * 1024;

/// Buffers for one batch of reads; one serves all sockets of a thread.
pub struct Batch {
    buffers: [Box<[u8]>; BATCH_SIZE],
    meta: [RecvMeta; BATCH_SIZE],
    filled: usize,
    /// For datagrams whose local address the system did not tell.
    bound: Option<IpAddr>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            // The pages of a buffer are taken when something is first written to them.
            buffers: std::array::from_fn(|_| vec![0; BUFFER].into_boxed_slice()),
            meta: [RecvMeta::default(); BATCH_SIZE],
            filled: 0,
            bound: None,
        }
    }
}

impl Batch {
    /// The most reads in a batch. Each brings a datagram, or several of one sender.
    pub const MOST: usize = BATCH_SIZE;

    /// What the last read brought, in the order of arrival.
    pub fn datagrams(&self) -> impl Iterator<Item = Receive<'_>> {
        self.meta.iter().zip(&self.buffers).take(self.filled).flat_map(|(meta, buffer)| {
            let local = meta.dst_ip.or(self.bound);
            let joined = &buffer[..meta.len.min(BUFFER)];
            // An empty datagram is one, too.
            let stride = meta.stride.clamp(1, BUFFER);
            let empty = joined.is_empty().then_some(joined);
            let payloads = joined.chunks(stride).chain(empty);
            payloads.map(move |payload| Receive { source: meta.addr, local, payload })
        })
    }

    /// The last read brought nothing.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Reads with `read` into at most `most` buffers.
    pub(crate) fn fill<E>(
        &mut self,
        most: usize,
        bound: Option<IpAddr>,
        read: impl FnOnce(&mut [IoSliceMut<'_>], &mut [RecvMeta]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        self.filled = 0;
        self.bound = bound;
        let most = most.clamp(1, BATCH_SIZE);
        let mut slices = self.buffers.each_mut().map(|buffer| IoSliceMut::new(buffer));
        self.filled = read(&mut slices[..most], &mut self.meta[..most])?;
        Ok(self.filled)
    }
}
