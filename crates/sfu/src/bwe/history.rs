//! What was sent, by transport-wide sequence number, until the receiver tells of it.

use super::Cluster;

/// As a power of two, so that a sequence number's place is its low bits.
const FEWEST: usize = 256;
const MOST: usize = 4096;
/// Feedback that is older than this is not waited for.
const KEPT_US: u64 = 3_000_000;

#[derive(Clone, Copy, Debug)]
struct Entry {
    sent_us: u64,
    sequence: u16,
    bytes: u16,
    cluster: u16,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Empty,
    OnItsWay,
    Lost,
    Acked,
}

const EMPTY: Entry = Entry { sent_us: 0, sequence: 0, bytes: 0, cluster: 0, state: State::Empty };

const _: () = assert!(size_of::<Entry>() == 16);

/// A packet that got through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    pub(super) sent_us: u64,
    pub(super) bytes: u16,
    pub(super) cluster: Option<Cluster>,
}

/// A ring that grows while it would forget what may still be told of.
#[derive(Debug)]
pub(super) struct History {
    entries: Box<[Entry]>,
    newest_us: u64,
}

impl History {
    pub(super) fn new() -> Self {
        Self { entries: vec![EMPTY; FEWEST].into_boxed_slice(), newest_us: 0 }
    }

    #[inline]
    pub(super) fn push(&mut self, sent_us: u64, sequence: u16, bytes: u16, cluster: Option<Cluster>) {
        let old = self.entries[self.place(sequence)];
        if old.state == State::OnItsWay && sent_us.saturating_sub(old.sent_us) < KEPT_US {
            self.grow();
        }
        let place = self.place(sequence);
        let cluster = cluster.map_or(0, Cluster::number);
        self.entries[place] = Entry { sent_us, sequence, bytes, cluster, state: State::OnItsWay };
        self.newest_us = sent_us;
    }

    /// It has arrived, and that is news.
    pub(super) fn acked(&mut self, sequence: u16) -> Option<Packet> {
        let place = self.place(sequence);
        let entry = self.entries.get_mut(place).filter(|entry| entry.sequence == sequence)?;
        if !matches!(entry.state, State::OnItsWay | State::Lost) {
            return None;
        }
        entry.state = State::Acked;
        Some(Packet { sent_us: entry.sent_us, bytes: entry.bytes, cluster: Cluster::of(entry.cluster) })
    }

    /// It has not arrived. When it was sent, if that is news.
    pub(super) fn lost(&mut self, sequence: u16) -> Option<u64> {
        let place = self.place(sequence);
        let entry = &mut self.entries[place];
        let news = entry.sequence == sequence && entry.state == State::OnItsWay;
        if news {
            entry.state = State::Lost;
        }
        news.then_some(entry.sent_us)
    }

    /// When the newest was sent.
    pub(super) fn newest_us(&self) -> u64 {
        self.newest_us
    }

    #[inline]
    fn place(&self, sequence: u16) -> usize {
        usize::from(sequence) & (self.entries.len() - 1)
    }

    #[cold]
    fn grow(&mut self) {
        if self.entries.len() == MOST {
            return;
        }
        let grown = vec![EMPTY; self.entries.len() * 2].into_boxed_slice();
        let old = std::mem::replace(&mut self.entries, grown);
        for entry in old.iter().filter(|entry| entry.state != State::Empty) {
            let place = self.place(entry.sequence);
            self.entries[place] = *entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_told_of_once() {
        let mut history = History::new();
        history.push(10, 7, 100, None);
        assert!(history.acked(8).is_none());
        assert_eq!(history.lost(7), Some(10));
        assert_eq!(history.lost(7), None);
        // It was only late.
        assert_eq!(history.acked(7).map(|packet| (packet.sent_us, packet.bytes)), Some((10, 100)));
        assert!(history.acked(7).is_none());
        assert_eq!(history.lost(7), None);
    }

    #[test]
    fn it_remembers_as_many_as_it_may_and_no_more() {
        let mut history = History::new();
        for sequence in 0..6000u16 {
            history.push(u64::from(sequence), sequence, 1, None);
        }
        assert_eq!(history.entries.len(), MOST);
        assert!(history.acked(6000 - MOST as u16 - 1).is_none());
        assert!(history.acked(6000 - MOST as u16).is_some());
    }

    #[test]
    fn it_stays_small_when_all_is_told() {
        let mut history = History::new();
        for turn in 0..200_000u64 {
            history.push(turn, turn as u16, 1, None);
            assert!(history.acked(turn as u16).is_some());
        }
        assert_eq!(history.entries.len(), FEWEST);
    }
}
