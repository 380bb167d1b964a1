//! Frames that wait for a TCP or TLS connection to take them. Media that has waited too long is worth nothing, so
//! the age of a frame decides what is dropped; the bytes have a bound that a connection within its bandwidth
//! never reaches.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// A frame that has waited longer is dropped.
pub const STALE: Duration = Duration::from_millis(500);

/// Bytes that may wait; what does not fit is dropped. Half a second at 160 Mbit/s.
const MOST_BYTES: usize = 10_000_000;

/// Bytes taken at once, unless a single frame is longer: what is taken no longer grows stale.
const TAKE: usize = 64 * 1024;

/// Room that is kept while nothing waits.
const IDLE_BYTES: usize = 256 * 1024;

/// Frames on their way from a media thread to a connection.
#[derive(Default)]
pub struct Outbox {
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Default)]
struct Queue {
    bytes: VecDeque<u8>,
    /// When each was queued, and its length.
    frames: VecDeque<(Instant, usize)>,
    /// Frames that were dropped and not told of yet.
    dropped: u64,
    closed: bool,
}

impl Outbox {
    /// Queues a frame, given in pieces, and drops those that are stale. Returns how many were dropped since the
    /// last call. Call [`ring`](Self::ring) when there is no more to queue for now.
    pub fn push(&self, now: Instant, pieces: &[&[u8]]) -> u64 {
        let mut queue = self.lock();
        queue.drop_stale(now);
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        if queue.bytes.len() + length <= MOST_BYTES {
            pieces.iter().for_each(|piece| queue.bytes.extend(*piece));
            queue.frames.push_back((now, length));
        } else {
            queue.dropped += 1;
        }
        std::mem::take(&mut queue.dropped)
    }

    /// Wakes whoever waits in [`take`](Self::take).
    pub fn ring(&self) {
        self.filled.notify_one();
    }

    /// Nothing more will be queued.
    pub fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Waits until there are frames that are not stale, and appends all that wait to `taken`, up to a bound.
    /// `false` when the outbox is closed and empty.
    pub async fn take(&self, taken: &mut Vec<u8>) -> bool {
        loop {
            {
                let mut queue = self.lock();
                queue.drop_stale(Instant::now());
                queue.take(taken);
                if !taken.is_empty() || queue.closed {
                    return !taken.is_empty();
                }
            }
            self.filled.notified().await;
        }
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        self.lock().bytes.len()
    }

    /// Whether anything will still be queued.
    #[cfg(test)]
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn drop_stale(&mut self, now: Instant) {
        let stale = self
            .frames
            .iter()
            .take_while(|(queued, _)| now.saturating_duration_since(*queued) > STALE)
            .count();
        let length: usize = self.frames.drain(..stale).map(|(_, length)| length).sum();
        self.bytes.drain(..length);
        self.dropped += stale as u64;
    }

    fn take(&mut self, taken: &mut Vec<u8>) {
        let mut length = 0;
        while let Some((_, next)) = self.frames.front()
            && (length == 0 || length + next <= TAKE)
        {
            length += next;
            self.frames.pop_front();
        }
        taken.extend(self.bytes.drain(..length));
        if self.bytes.is_empty() {
            self.bytes.shrink_to(IDLE_BYTES);
            self.frames.shrink_to(IDLE_BYTES / 1024);
        }
    }
}

#[cfg(test)]
mod tests;
