//! Which numbers a slot has used, and which of a publisher's numbers take none.

/// Numbers that a late packet can still fill.
const WINDOW: u64 = 512;
/// Runs of skipped numbers that are remembered.
const RANGES: usize = 16;

/// Which of a slot's newest sequence numbers were sent. None is ever sent twice: with AES-GCM, two packets under
/// one number would give the key away.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    sent: [u64; (WINDOW / 64) as usize],
    next: u64,
}

impl Window {
    pub(crate) fn new(first: u64) -> Self {
        Self { sent: [0; (WINDOW / 64) as usize], next: first }
    }

    /// The number after the newest.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Moves on: the numbers in between are holes until they are claimed.
    pub(crate) fn advance(&mut self, next: u64) {
        if next - self.next >= WINDOW {
            self.sent = [0; (WINDOW / 64) as usize];
        } else {
            for number in self.next..next {
                self.sent[Self::word(number)] &= !Self::bit(number);
            }
        }
        self.next = next;
    }

    /// Marks a number as sent; `false` if it was, or may have been.
    pub(crate) fn claim(&mut self, number: u64) -> bool {
        if number >= self.next || number + WINDOW < self.next {
            return false;
        }
        let (word, bit) = (Self::word(number), Self::bit(number));
        let free = self.sent[word] & bit == 0;
        self.sent[word] |= bit;
        free
    }

    fn word(number: u64) -> usize {
        (number / 64 % (WINDOW / 64)) as usize
    }

    fn bit(number: u64) -> u64 {
        1 << (number % 64)
    }
}

/// Runs of a publisher's sequence numbers that take no number of the slot.
#[derive(Clone, Debug)]
pub(crate) struct Skips {
    /// First and last of each, the newest at `newest`; zeros where there is none.
    ranges: [(u64, u64); RANGES],
    newest: usize,
    /// All before are forgotten.
    begin: u64,
}

impl Skips {
    /// None, for numbers from this one on.
    pub(crate) fn new(begin: u64) -> Self {
        Self { ranges: [(0, 0); RANGES], newest: 0, begin }
    }

    /// Adds a number that is newer than all before.
    pub(crate) fn add(&mut self, number: u64) {
        let last = &mut self.ranges[self.newest].1;
        if *last != 0 && *last + 1 == number {
            *last = number;
            return;
        }
        self.newest = (self.newest + 1) % RANGES;
        let (_, forgotten) = std::mem::replace(&mut self.ranges[self.newest], (number, number));
        if forgotten != 0 {
            self.begin = forgotten + 1;
        }
    }

    /// How many numbers after this one are skipped; `None` if it is skipped itself or too old to tell.
    pub(crate) fn after(&self, number: u64) -> Option<u64> {
        if number < self.begin {
            return None;
        }
        let mut count = 0;
        for age in 0..RANGES {
            let (first, last) = self.ranges[(self.newest + RANGES - age) % RANGES];
            if last < number || last == 0 {
                break;
            }
            if first <= number {
                return None;
            }
            count += last - first + 1;
        }
        Some(count)
    }
}

#[cfg(test)]
mod tests;
