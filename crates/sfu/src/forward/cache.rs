//! A layer's newest packets, for retransmissions and for slots that start late.

use std::time::{Duration, Instant};

use super::packet::{Contents, Packet};

/// How long packets are kept: as long as anybody still asks for one.
const AGE: Duration = Duration::from_secs(1);
const FEWEST: usize = 32;
/// A packet further behind or ahead than this belongs to another numbering: the publisher began anew.
const LEAP: u64 = 1 << 14;

/// A packet with what was read out of it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) packet: Packet,
    pub(crate) contents: Contents,
}

/// A ring indexed by sequence number; it grows with the bitrate, up to a bound.
#[derive(Debug)]
pub(crate) struct Cache {
    entries: Vec<Option<Kept>>,
    most: usize,
    /// One past the newest sequence number; 0 before the first packet.
    end: u64,
    /// Nothing before it is kept.
    begin: u64,
}

/// Where a packet's number falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The newest of all.
    Newest,
    /// Behind a newer one, and missing so far.
    Late,
    Duplicate,
    /// Too old to be of use.
    Old,
    /// It belongs to another numbering.
    Elsewhere,
}

impl Cache {
    /// Holds up to `most` packets, a power of two.
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: Vec::new(), most, end: 0, begin: 0 }
    }

    /// One past the newest sequence number.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn find(&self, sequence: u64) -> Option<&Kept> {
        if self.entries.is_empty() {
            return None;
        }
        self.entries[self.index(sequence)].as_ref().filter(|kept| kept.packet.sequence == sequence)
    }

    /// The packet whose sequence number ends with these bits.
    pub(crate) fn find_low(&self, low: u32) -> Option<&Kept> {
        let behind = (self.end as u32).wrapping_sub(low);
        self.find(self.end.checked_sub(u64::from(behind))?)
    }

    pub(crate) fn place(&mut self, now: Instant, sequence: u64) -> Place {
        self.forget(now);
        if self.end == 0 {
            Place::Newest
        } else if sequence.abs_diff(self.end) > LEAP {
            Place::Elsewhere
        } else if sequence >= self.end {
            Place::Newest
        } else if sequence < self.begin {
            Place::Old
        } else if self.find(sequence).is_some() {
            Place::Duplicate
        } else {
            Place::Late
        }
    }

    /// Keeps a packet that [`Self::place`] calls newest or late.
    pub(crate) fn insert(&mut self, now: Instant, kept: Kept) {
        let sequence = kept.packet.sequence;
        if self.end == 0 {
            self.begin = sequence;
        }
        self.end = self.end.max(sequence + 1);
        self.forget(now);
        self.grow();
        let index = self.index(sequence);
        self.entries[index] = Some(kept);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.most);
    }

    /// Lets go of what the ring has no room for and of what is too old; a hole is kept as long as what comes after it.
    fn forget(&mut self, now: Instant) {
        let room = self.end.saturating_sub(self.most as u64);
        let mut oldest = self.begin;
        while oldest + 1 < self.end {
            if let Some(kept) = self.find(oldest) {
                if oldest >= room && now.saturating_duration_since(kept.packet.received) < AGE {
                    break;
                }
                let index = self.index(oldest);
                self.entries[index] = None;
                self.begin = oldest + 1;
            }
            oldest += 1;
        }
        self.begin = self.begin.max(room);
    }

    fn grow(&mut self) {
        let span = (self.end - self.begin) as usize;
        if span <= self.entries.len() {
            return;
        }
        let size = span.next_power_of_two().clamp(FEWEST.min(self.most), self.most);
        let before = std::mem::replace(&mut self.entries, vec![None; size]);
        for kept in before.into_iter().flatten() {
            let index = self.index(kept.packet.sequence);
            self.entries[index] = Some(kept);
        }
    }

    fn index(&self, sequence: u64) -> usize {
        sequence as usize & (self.entries.len() - 1)
    }
}

#[cfg(test)]
mod tests;
