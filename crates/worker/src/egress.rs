//! What leaves: the datagrams of one batch of reads, gathered into runs of equal size to one destination, each
//! sent by one system call (GSO). On Linux a datagram that is sent alone costs about five times what it costs in
//! a long run, so everything here serves runs.
//!
//! The order of datagrams to one destination is kept. Datagrams to others in between do not break a run.

use std::net::{IpAddr, SocketAddr};

use kaigi_packet::Transmit;
use kaigi_udp::{RUN_BYTES, RUN_DATAGRAMS, RUN_SEGMENT, SendError, Socket};

use crate::counters::Io;

/// Bytes that are gathered before they are sent, at most (and one datagram more).
const ARENA: usize = 256 * 1024;

/// Places for runs that can still grow. Two destinations that fall on one place break each other's runs, which
/// costs time and nothing else.
const PLACES: usize = 256;

/// Which of the thread's sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// One that everybody talks to, by its index.
    Shared(usize),
    /// The relay with this index.
    Relay(usize),
}

/// Everything the datagrams of a run have in common, besides their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) from: From,
    pub(crate) destination: SocketAddr,
    pub(crate) local: Option<IpAddr>,
    pub(crate) dont_fragment: bool,
}

#[derive(Default)]
pub(crate) struct Egress {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    runs: Vec<Run>,
    /// The run that was opened last for a route, by a hash of the route. Often out of date: a run is what says
    /// whose it is.
    places: Vec<u32>,
    gathered: Vec<u8>,
}

struct Run {
    route: Route,
    segment: usize,
    datagrams: usize,
    bytes: usize,
    /// Its last datagram was shorter, or must stay alone.
    closed: bool,
    first: usize,
    last: usize,
}

/// Datagrams of one run that lie next to each other in the arena.
struct Piece {
    start: usize,
    end: usize,
    next: usize,
}

impl Egress {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(ARENA + 65_536),
            places: vec![0; PLACES],
            gathered: Vec::with_capacity(RUN_BYTES),
            ..Self::default()
        }
    }

    /// Time to [`flush`](Self::flush).
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= ARENA
    }

    /// Adds a datagram, given in pieces.
    #[inline]
    pub(crate) fn push(&mut self, route: Route, parts: &[&[u8]]) {
        let start = self.bytes.len();
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.add(route, start);
    }

    /// Adds the datagram that `write` appends, if it appends any.
    #[inline]
    pub(crate) fn push_with(&mut self, route: Route, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        if self.bytes.len() > start {
            self.add(route, start);
        }
    }

    /// Adds the datagram that lies at the end of the arena.
    #[inline]
    fn add(&mut self, route: Route, start: usize) {
        let (end, place) = (self.bytes.len(), place(&route));
        let length = end - start;
        let at = self.places[place] as usize;
        if let Some(run) = self.runs.get_mut(at)
            && run.takes(&route, length)
        {
            run.datagrams += 1;
            run.bytes += length;
            run.closed = length < run.segment;
            if self.pieces[run.last].end == start {
                self.pieces[run.last].end = end;
            } else {
                self.pieces[run.last].next = self.pieces.len();
                run.last = self.pieces.len();
                self.pieces.push(Piece { start, end, next: usize::MAX });
            }
            return;
        }
        self.places[place] = self.runs.len() as u32;
        let piece = self.pieces.len();
        self.pieces.push(Piece { start, end, next: usize::MAX });
        self.runs.push(Run {
            route,
            segment: length,
            datagrams: 1,
            bytes: length,
            closed: length == 0 || length > RUN_SEGMENT,
            first: piece,
            last: piece,
        });
    }

    /// Sends everything, each run from the socket that `socket` finds.
    pub(crate) fn flush<'a>(&mut self, socket: impl Fn(From) -> Option<&'a Socket>, io: &mut Io) {
        for run in &self.runs {
            let Some(socket) = socket(run.route.from) else { continue };
            let first = &self.pieces[run.first];
            let payload = if run.first == run.last {
                &self.bytes[first.start..first.end]
            } else {
                self.gathered.clear();
                let mut next = run.first;
                while let Some(piece) = self.pieces.get(next) {
                    self.gathered.extend_from_slice(&self.bytes[piece.start..piece.end]);
                    next = piece.next;
                }
                &self.gathered
            };
            run.send(socket, payload, io);
        }
        self.runs.clear();
        self.pieces.clear();
        self.bytes.clear();
    }
}

impl Run {
    #[inline]
    fn takes(&self, route: &Route, length: usize) -> bool {
        !self.closed
            && self.route == *route
            && (1..=self.segment).contains(&length)
            && self.datagrams < RUN_DATAGRAMS
            && self.bytes + length <= RUN_BYTES
    }

    fn send(&self, socket: &Socket, payload: &[u8], io: &mut Io) {
        let Route { destination, local, dont_fragment, .. } = self.route;
        // Where the system cannot set the bit, the datagram goes without.
        let _ = socket.set_dont_fragment(dont_fragment);
        let ran = socket.sends_runs();
        let transmit = Transmit { destination, local, payload, segment: self.segment };
        match socket.send(&transmit) {
            Ok(()) => {
                io.sends += 1;
                io.sent += self.datagrams as u64;
            }
            Err(SendError::OneByOne) => {
                io.runs_refused += u64::from(ran);
                for payload in payload.chunks(self.segment) {
                    match socket.send(&Transmit { payload, segment: payload.len(), ..transmit }) {
                        Ok(()) => {
                            io.sends += 1;
                            io.sent += 1;
                        }
                        Err(error) => count(io, error, 1),
                    }
                }
            }
            Err(error) => count(io, error, self.datagrams as u64),
        }
    }
}

fn count(io: &mut Io, error: SendError, datagrams: u64) {
    match error {
        SendError::BufferFull => io.lost_buffer_full += datagrams,
        SendError::NoBuffers => io.lost_no_buffers += datagrams,
        SendError::OneByOne | SendError::Refused(_) => io.lost_refused += datagrams,
    }
}

#[inline]
fn place(route: &Route) -> usize {
    let from = match route.from {
        From::Shared(index) => index as u64,
        From::Relay(index) => 1 << 32 | index as u64,
    };
    let ip = match route.destination.ip() {
        IpAddr::V4(ip) => u64::from(u32::from(ip)),
        IpAddr::V6(ip) => {
            let bits = u128::from(ip);
            (bits >> 64) as u64 ^ bits as u64
        }
    };
    let mixed =
        (ip ^ u64::from(route.destination.port()) << 40 ^ from << 20).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 56) as usize % PLACES
}

#[cfg(test)]
mod tests;
