//! What a slot has sent, so that it can be sent again: where each packet came from, and what was written in it.

use std::time::{Duration, Instant};

use super::track::TrackId;

/// Packets that can be sent again: more than a second of video at 3 Mbit/s, and of sound.
const VIDEO: usize = 512;
const AUDIO: usize = 64;

/// One packet; 24 bytes, of which there are many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The lower bits of its number in the slot.
    pub(crate) number: u32,
    /// The lower bits of its publisher's sequence number.
    pub(crate) sequence: u32,
    pub(crate) track: TrackId,
    pub(crate) timestamp: u32,
    pub(crate) picture: u16,
    /// When it was sent again, in milliseconds, which wrap after a minute; 0: never.
    repeated: u16,
    pub(crate) layer: u8,
    pub(crate) generation: u8,
    pub(crate) tl0: u8,
    /// `false` where nothing was recorded yet.
    recorded: bool,
}

/// A ring of entries, made when the first packet is sent.
#[derive(Debug)]
pub(crate) struct History {
    opened: Instant,
    size: usize,
    entries: Vec<Entry>,
}

impl History {
    pub(crate) fn new(now: Instant, video: bool) -> Self {
        Self { opened: now, size: if video { VIDEO } else { AUDIO }, entries: Vec::new() }
    }

    pub(crate) fn record(&mut self, number: u64, entry: Entry) {
        if self.entries.is_empty() {
            self.entries = vec![Entry { recorded: false, ..entry }; self.size];
        }
        self.entries[number as usize % self.size] = Entry { number: number as u32, ..entry };
    }

    pub(crate) fn find(&self, number: u64) -> Option<&Entry> {
        let entry = self.entries.get(number as usize % self.size)?;
        (entry.number == number as u32 && entry.recorded).then_some(entry)
    }

    /// Whether it was sent again less than this long ago.
    pub(crate) fn just_repeated(&self, now: Instant, entry: &Entry, within: Duration) -> bool {
        let ago = Duration::from_millis(u64::from(self.stamp(now).wrapping_sub(entry.repeated)));
        entry.repeated != 0 && ago < within
    }

    /// It is sent again now.
    pub(crate) fn repeat(&mut self, now: Instant, number: u64) {
        let stamp = self.stamp(now);
        if let Some(entry) = self.entries.get_mut(number as usize % self.size) {
            entry.repeated = stamp;
        }
    }

    fn stamp(&self, now: Instant) -> u16 {
        (now.saturating_duration_since(self.opened).as_millis() as u16).max(1)
    }
}

impl Entry {
    pub(crate) fn new(track: TrackId, layer: u8, generation: u8, sequence: u64, timestamp: u32) -> Self {
        Self {
            number: 0,
            sequence: sequence as u32,
            track,
            timestamp,
            picture: 0,
            repeated: 0,
            layer,
            generation,
            tl0: 0,
            recorded: true,
        }
    }
}

#[cfg(test)]
mod tests;
